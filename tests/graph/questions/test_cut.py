"""The fewest statements to remove."""

from __future__ import annotations

from typing import Any

from permscope.graph.questions.cut import find_cut
from permscope.graph.questions.paths import find_paths

TABLE = "  Orders: {Type: AWS::DynamoDB::Table}\n"
QUERY = "{Sid: Query, Effect: Allow, Action: 'dynamodb:Query', Resource: !GetAtt Orders.Arn}"
SCAN = "{Sid: Scan, Effect: Allow, Action: 'dynamodb:Scan', Resource: !GetAtt Orders.Arn}"
CALL = "{Sid: Call, Effect: Allow, Action: 'lambda:InvokeFunction', Resource: [!GetAtt One.Arn, !GetAtt Two.Arn]}"


def names(cut: Any) -> list[str]:
    """The statements to remove."""
    return [one.statement for one in cut.statements]


def test_one_statement_that_every_path_needs_is_the_cut(world: Any, function: Any) -> None:
    """Two ways over two functions begin with one statement."""
    made = world(TABLE, function("Start", CALL), function("One", QUERY), function("Two", SCAN))
    start, end = made.node("StartRole"), made.node("Orders")
    assert len(find_paths(made.graph, start, end)) == 2
    cut = find_cut(made.graph, start, end)
    assert names(cut) == ["Call"]
    assert (cut.smallest, cut.possible) == (True, True)


def test_all_statements_of_a_permission_must_go(world: Any, function: Any) -> None:
    """The table stays in reach while one of two statements stands."""
    made = world(TABLE, function("Fn", QUERY, SCAN))
    assert sorted(names(find_cut(made.graph, made.node("FnRole"), made.node("Orders")))) == ["Query", "Scan"]


def test_what_else_would_stop_working_is_told(world: Any, function: Any) -> None:
    """A statement about two things is no harmless cut."""
    both = "{Sid: Both, Effect: Allow, Action: 'dynamodb:*', Resource: [!GetAtt Orders.Arn, !GetAtt Other.Arn]}"
    made = world(TABLE, "  Other: {Type: AWS::DynamoDB::Table}\n", function("Fn", both))
    cut = find_cut(made.graph, made.node("FnRole"), made.node("Orders"))
    assert [made.graph.nodes[edge.target].label for edge in cut.broken] == ["Other"]


def test_where_there_is_no_path_there_is_nothing_to_cut(world: Any, function: Any) -> None:
    """No statements, and that is enough."""
    made = world(TABLE, function("Fn"))
    cut = find_cut(made.graph, made.node("FnRole"), made.node("Orders"))
    assert (cut.statements, cut.possible) == ((), True)


def test_a_permission_of_anybody_else_keeps_a_trigger_working(world: Any, function: Any) -> None:
    """A schedule that has a permission of its own does not stop when the permission of everybody goes.

    https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
    """
    made = world(
        TABLE,
        function("Fn", QUERY),
        "  Nightly: {Type: AWS::Events::Rule, Properties: {ScheduleExpression: rate(1 day), "
        "Targets: [{Id: a, Arn: !GetAtt Fn.Arn}]}}\n"
        "  Own: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref Fn, Principal: events.amazonaws.com, "
        "Action: 'lambda:InvokeFunction', SourceArn: !GetAtt Nightly.Arn}}\n"
        "  Everybody: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref Fn, Principal: '*', "
        "Action: 'lambda:InvokeFunction'}}\n",
    )
    cut = find_cut(made.graph, made.node("public"), made.node("Orders"))
    assert names(cut) == ["Everybody"]
    assert cut.broken == ()
    from_rule = find_cut(made.graph, made.node("Nightly"), made.node("Orders"))
    assert len(from_rule.statements) == 1
    assert names(from_rule) == ["Query"]


def test_every_statement_that_is_enough_alone_is_offered(world: Any, function: Any) -> None:
    """The one that breaks nothing else comes first; what each of the others breaks besides is told."""
    call = "{Sid: Call, Effect: Allow, Action: 'lambda:InvokeFunction', Resource: [!GetAtt Fn.Arn, !GetAtt Other.Arn]}"
    made = world(TABLE, function("Start", call), function("Fn", QUERY), function("Other"))
    cut = find_cut(made.graph, made.node("StartRole"), made.node("Orders"))
    assert names(cut) == ["Query"]
    assert [(one.statement, [made.graph.nodes[edge.target].label for edge in one.broken]) for one in cut.instead] == [
        ("Call", ["Other"])
    ]


def test_a_policy_of_aws_is_taken_from_one_role(world: Any, function: Any) -> None:
    """Nobody can change it, and others that have it keep it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html#aws-managed-policies
    """
    reader = """
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess']
"""
    first = function("Fn").replace("    Properties:\n", "    Properties:" + reader, 1)
    second = function("Two").replace("    Properties:\n", "    Properties:" + reader, 1)
    made = world(TABLE, first, second)
    cut = find_cut(made.graph, made.node("FnRole"), made.node("Orders"))
    assert [one.holder.label for one in cut.statements if one.holder] == ["FnRole"]
    assert not [edge for edge in cut.broken if edge.source == made.node("TwoRole").id]


def test_ways_by_taking_over_can_be_cut(world: Any) -> None:
    """A takeover that a managed policy of AWS allows is through a thing or a service, which holds no policies."""
    role = (
        "  {}: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {{Statement: {{Effect: Allow, "
        "Principal: {{Service: ec2.amazonaws.com}}, Action: 'sts:AssumeRole'}}}}, "
        "ManagedPolicyArns: ['arn:aws:iam::aws:policy/{}']}}}}\n"
    ).format
    made = world(
        TABLE,
        role("Power", "PowerUserAccess"),
        role("Keeper", "IAMFullAccess"),
        role("Reader", "AmazonS3ReadOnlyAccess"),
    )
    cut = find_cut(made.graph, made.node("Keeper"), made.node("Reader"))
    assert [one.holder.label for one in cut.statements if one.holder] == ["Keeper"]
