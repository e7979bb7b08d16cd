"""What roles may do, as edges."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.graph.model import Decision, EdgeKind, NodeKind

TABLE = "  Orders: {Type: AWS::DynamoDB::Table, Properties: {TableName: orders}}\n"


@pytest.mark.parametrize(
    ("resource", "target", "kind"),
    [
        ("!GetAtt Orders.Arn", "Orders", NodeKind.RESOURCE),
        ("!Sub '${Orders.Arn}/index/*'", "Orders", NodeKind.RESOURCE),
        ("!Sub 'arn:aws:dynamodb:*:*:table/orders'", "Orders", NodeKind.RESOURCE),
        ("!Sub '${Orders.Arn}*'", "Orders", NodeKind.RESOURCE),
        (
            "'arn:aws:dynamodb:us-east-1:111122223333:table/orders'",
            "table/orders",
            NodeKind.EXTERNAL,
        ),
        (
            "'arn:aws:dynamodb:us-east-1:111122223333:table/orders/index/*'",
            "table/orders",
            NodeKind.EXTERNAL,
        ),
        ("'arn:aws:dynamodb:*:*:table/*'", "arn:aws:dynamodb:*:*:table/*", NodeKind.RESOURCE_SET),
        ("'*'", "*", NodeKind.RESOURCE_SET),
    ],
)
def test_a_pattern_names_a_known_thing_a_stranger_or_a_set(
    world: Any, function: Any, resource: str, target: str, kind: NodeKind
) -> None:
    """A literal account is another account than the unbound one of the template."""
    made = world(TABLE, function("Fn", f"{{Effect: Allow, Action: 'dynamodb:Query', Resource: {resource}}}"))
    edge = made.edge(EdgeKind.CAN_ACCESS, "FnRole")
    node = made.graph.nodes[edge.target]
    assert (node.label, node.kind) == (target, kind)
    assert "dynamodb:Query" in edge.actions


def test_statements_about_one_thing_are_one_edge(world: Any, function: Any) -> None:
    """Two statements widen one edge and are both its reasons."""
    edge = world(
        TABLE,
        function(
            "Fn",
            "{Sid: A, Effect: Allow, Action: 'dynamodb:Query', Resource: !GetAtt Orders.Arn}",
            "{Sid: B, Effect: Allow, Action: 'dynamodb:PutItem', Resource: !GetAtt Orders.Arn}",
        ),
    ).edge(EdgeKind.CAN_ACCESS, "FnRole", "Orders")
    assert edge.actions.levels() == ("Read", "Write")
    assert [one.statement for one in edge.provenance] == ["A", "B"]
    assert edge.decision is Decision.ALLOW


def test_conditions_stay_on_the_edge(world: Any, function: Any) -> None:
    """An edge with conditions is conditional, and apart from one without."""
    text = "{{Effect: Allow, Action: {0}, Resource: !GetAtt Orders.Arn{1}}}"
    made = world(
        TABLE,
        function(
            "Fn",
            text.format("'dynamodb:Query'", ""),
            text.format("'dynamodb:Scan'", ", Condition: {IpAddress: {'aws:SourceIp': '10.0.0.0/8'}}"),
        ),
    )
    found = {
        edge.decision: (edge.actions.patterns(), dict(edge.conditions)) for edge in made.edges(EdgeKind.CAN_ACCESS)
    }
    assert found == {
        Decision.ALLOW: (("dynamodb:Query",), {}),
        Decision.CONDITIONAL: (("dynamodb:Scan",), {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}}),
    }


def test_what_is_denied_is_no_edge(world: Any, function: Any) -> None:
    """A Deny takes its actions off; nothing left means no edge."""
    made = world(
        TABLE,
        function(
            "Fn",
            "{Effect: Allow, Action: ['dynamodb:Query', 'dynamodb:Scan'], Resource: !GetAtt Orders.Arn}",
            "{Effect: Deny, Action: 'dynamodb:Scan', Resource: '*'}",
        ),
    )
    assert made.edge(EdgeKind.CAN_ACCESS, "FnRole").actions.patterns() == ("dynamodb:Query",)


def test_a_literal_region_is_a_condition_on_the_template(world: Any, function: Any) -> None:
    """The same table, where the template is deployed to that Region."""
    made = world(
        TABLE,
        function(
            "Fn",
            "{Effect: Allow, Action: 'dynamodb:Query', Resource: !Sub "
            "'arn:aws:dynamodb:eu-west-1:${AWS::AccountId}:table/orders'}",
        ),
    )
    edge = made.edge(EdgeKind.CAN_ACCESS, "FnRole", "Orders")
    assert edge.conditions == {"template": {"AWS::Region": ["eu-west-1"]}}
    assert edge.decision is Decision.CONDITIONAL


def test_access_to_another_account_depends_on_that_account(world: Any, function: Any) -> None:
    """AWS documents it (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html)."""
    made = world(
        function(
            "Fn", "{Effect: Allow, Action: 'sqs:SendMessage', Resource: 'arn:aws:sqs:us-east-1:111122223333:theirs'}"
        )
    )
    edge = made.edge(EdgeKind.CAN_ACCESS, "FnRole")
    assert edge.decision is Decision.CONDITIONAL
    assert edge.conditions == {"cross-account": {"policy-in-account": ["111122223333"]}}
    assert made.graph.nodes[edge.target].trusted is False


def test_the_right_to_invoke_and_to_pass_are_edges_of_their_own(world: Any, function: Any) -> None:
    """`can_invoke` to the function, `can_pass` to the role, with their conditions."""
    made = world(
        function(),
        function(
            "Boss",
            "{Effect: Allow, Action: 'lambda:InvokeFunction', Resource: !Sub '${Fn.Arn}*'}",
            "{Effect: Allow, Action: 'iam:PassRole', Resource: !GetAtt FnRole.Arn, "
            "Condition: {StringEquals: {'iam:PassedToService': lambda.amazonaws.com}}}",
        ),
    )
    assert made.edge(EdgeKind.CAN_INVOKE, "BossRole", "Fn").decision is Decision.ALLOW
    passes = made.edge(EdgeKind.CAN_PASS, "BossRole", "FnRole")
    assert passes.conditions == {"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com"]}}
    assert made.edges(EdgeKind.CAN_ACCESS, "BossRole") == []


@pytest.mark.parametrize(("suffix", "qualifier"), [("", None), (":live", "live"), (":*", "*")])
def test_a_qualified_grant_invokes_that_qualifier(
    world: Any, function: Any, suffix: str, qualifier: str | None
) -> None:
    """AWS documents it (https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html)."""
    made = world(
        function(),
        function("Boss", f"{{Effect: Allow, Action: 'lambda:InvokeFunction', Resource: !Sub '${{Fn.Arn}}{suffix}'}}"),
    )
    assert made.edge(EdgeKind.CAN_INVOKE, "BossRole", "Fn").qualifier == qualifier


def test_a_grant_on_everything_is_one_edge_to_one_set(world: Any, function: Any) -> None:
    """However many things the input has."""
    many = "".join(f"  T{at}: {{Type: AWS::DynamoDB::Table}}\n" for at in range(9))
    made = world(many, function("Fn", "{Effect: Allow, Action: '*', Resource: '*'}"))
    assert made.edge(EdgeKind.CAN_ACCESS, "FnRole").target == "set:*"


def test_a_role_that_is_elsewhere_may_do_what_the_template_lets_it(world: Any) -> None:
    """`Roles: [!Ref AuthRoleName]` gives a policy to a role nobody shows; a boundary of its own may still limit it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    graph = world("""Parameters: {AuthRoleName: {Type: String}}
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13}}
  Queue: {Type: AWS::SQS::Queue}
  Policy:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: p
      Roles: [!Ref AuthRoleName]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Action: lambda:InvokeFunction, Resource: !GetAtt Fn.Arn}
          - {Effect: Allow, Action: "sqs:*", Resource: !GetAtt Queue.Arn}
          - {Effect: Deny, Action: "sqs:DeleteQueue", Resource: "*"}
""")
    invokes = graph.edge(EdgeKind.CAN_INVOKE, "role/${AuthRoleName}", "Fn")
    touches = graph.edge(EdgeKind.CAN_ACCESS, "role/${AuthRoleName}", "Queue")
    assert {invokes.decision, touches.decision} == {Decision.CONDITIONAL}
    assert invokes.reason == "its boundary and its other policies are in no input"
    assert "sqs:SendMessage" in touches.actions
    assert "sqs:DeleteQueue" not in touches.actions
