"""Ways along permissions."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.graph.model import Decision
from permscope.graph.questions.paths import find_paths

TABLE = "  Orders: {Type: AWS::DynamoDB::Table}\n"
BUCKET = """\
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: pics
      NotificationConfiguration: {LambdaConfigurations: [{Event: 's3:ObjectCreated:*', Function: !GetAtt Fn.Arn}]}
  Allow:
    Type: AWS::Lambda::Permission
    Properties: {Action: 'lambda:InvokeFunction', FunctionName: !Ref Fn, Principal: s3.amazonaws.com}
"""
QUERY = "{Effect: Allow, Action: 'dynamodb:Query', Resource: !GetAtt Orders.Arn}"


def labels(path: Any) -> list[str]:
    """The nodes of a path."""
    return [path.hops[0].source.label, *(hop.target.label for hop in path.hops)]


def test_writing_to_a_source_runs_its_function(world: Any, function: Any) -> None:
    """Writer -> bucket -> function -> role -> table, each hop with its reason."""
    writer = function("Writer", "{Effect: Allow, Action: 's3:PutObject', Resource: !Sub '${Bucket.Arn}/*'}")
    made = world(TABLE, BUCKET, function("Fn", QUERY), writer)
    (path,) = find_paths(made.graph, made.node("Writer"), made.node("Orders"))
    assert labels(path) == ["Writer", "WriterRole", "Bucket", "Fn", "FnRole", "Orders"]
    assert path.decision is Decision.ALLOW
    assert all(hop.edge.provenance for hop in path.hops)


def test_reading_a_source_runs_nothing(world: Any, function: Any) -> None:
    """Data reached is not a source that was written to."""
    reader = function("Reader", "{Effect: Allow, Action: 's3:GetObject', Resource: !Sub '${Bucket.Arn}/*'}")
    made = world(TABLE, BUCKET, function("Fn", QUERY), reader)
    assert find_paths(made.graph, made.node("Reader"), made.node("Orders")) == []
    assert labels(find_paths(made.graph, made.node("Reader"), made.node("Bucket"))[0])[-1] == "Bucket"


def test_a_wiring_that_is_not_authorized_leads_nowhere(world: Any, function: Any) -> None:
    """A notification without a permission does not run the function."""
    made = world(TABLE, BUCKET.partition("  Allow:")[0], function("Fn", QUERY))
    assert find_paths(made.graph, made.node("Bucket"), made.node("Orders")) == []


def test_a_set_leads_to_the_thing_that_is_looked_for(world: Any, function: Any) -> None:
    """A grant on everything reaches the table, unless it is denied again."""
    wide = "{Effect: Allow, Action: 'dynamodb:*', Resource: '*'}"
    denied = "{Effect: Deny, Action: 'dynamodb:*', Resource: !Sub '${Orders.Arn}*'}"
    made = world(TABLE, function("Wide", wide), function("Denied", wide, denied))
    assert find_paths(made.graph, made.node("Wide"), made.node("Orders"))
    assert find_paths(made.graph, made.node("Denied"), made.node("Orders")) == []


def test_the_public_reaches_a_table_through_a_route(world: Any) -> None:
    """Route -> function -> role -> table."""
    made = world(
        TABLE,
        """\
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: a.b
      InlineCode: x
      Policies: [{DynamoDBReadPolicy: {TableName: !Ref Orders}}]
      Events: {Get: {Type: HttpApi, Properties: {Path: /orders, Method: GET}}}
""",
    )
    path = find_paths(made.graph, made.node("public"), made.node("Orders"))[0]
    assert labels(path) == ["public", "GET /orders", "Fn", "FnRole", "Orders"]


def test_the_public_comes_to_a_function_with_a_url_through_the_url(world: Any, function: Any) -> None:
    """Permissions for URLs allow no other call: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html."""
    url = """
  Url: {Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: !GetAtt Fn.Arn, AuthType: NONE}}
  One: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref Fn, Action: 'lambda:InvokeFunctionUrl',
    Principal: '*', FunctionUrlAuthType: NONE}}
  Two: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref Fn, Action: 'lambda:InvokeFunction',
    Principal: '*', InvokedViaFunctionUrl: true}}
"""
    made = world(url, function("Fn"))
    found = find_paths(made.graph, made.node("public"), made.node("FnRole"))
    assert [[hop.target.label for hop in path.hops] for path in found] == [["URL of Fn", "Fn", "FnRole"]]


def role(name: str, statements: str, trusts: str) -> str:
    """A role with one inline policy that trusts a principal."""
    return f"""\
  {name}:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: {{Effect: Allow, Principal: {{{trusts}}}, Action: 'sts:AssumeRole'}}
      Policies: [{{PolicyName: p, PolicyDocument: {{Version: '2012-10-17', Statement: [{statements}]}}}}]
"""


@pytest.mark.parametrize(
    ("action", "on", "found"),
    [
        ("sts:AssumeRole", "!GetAtt Strong.Arn", True),
        ("sts:*", "'*'", True),
        ("iam:GetRole", "!GetAtt Strong.Arn", False),
        ("sts:TagSession", "!GetAtt Strong.Arn", False),
        ("sts:AssumeRoleWithSAML", "'*'", False),
    ],
)
def test_only_who_becomes_a_role_goes_on_with_it(world: Any, action: str, on: str, found: bool) -> None:
    """To read a role, or to be allowed what is asked for beside `sts:AssumeRole`, is not to have its rights.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_permissions-required
    """
    weak = role("Weak", f"{{Effect: Allow, Action: '{action}', Resource: {on}}}", "Service: ec2.amazonaws.com")
    strong = role("Strong", QUERY, "AWS: !Ref 'AWS::AccountId'")
    made = world(TABLE, weak, strong)
    assert bool(find_paths(made.graph, made.node("Weak"), made.node("Orders"))) is found


@pytest.mark.parametrize(("action", "found"), [("lambda:InvokeFunction", True), ("lambda:GetFunction", False)])
def test_to_describe_a_function_is_not_to_run_it(world: Any, function: Any, action: str, found: bool) -> None:
    """What its role may do is reached by whoever runs it."""
    weak = role(
        "Weak", f"{{Effect: Allow, Action: '{action}', Resource: !GetAtt Fn.Arn}}", "Service: ec2.amazonaws.com"
    )
    made = world(TABLE, weak, function("Fn", QUERY))
    assert bool(find_paths(made.graph, made.node("Weak"), made.node("Orders"))) is found


@pytest.mark.parametrize(("denied", "found"), [("role/other", True), ("role/strong", False), ("role/s*", False)])
def test_a_role_that_is_denied_is_not_assumed_by_a_grant_on_every_role(world: Any, denied: str, found: bool) -> None:
    """A Deny on the role wins over an Allow on `*`, though the role trusts the account.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    """
    statements = (
        "{Effect: Allow, Action: 'sts:AssumeRole', Resource: '*'}, "
        f"{{Effect: Deny, Action: 'sts:*', Resource: !Sub 'arn:aws:iam::${{AWS::AccountId}}:{denied}'}}"
    )
    strong = role("Strong", QUERY, "AWS: !Ref 'AWS::AccountId'").replace(
        "Properties:", "Properties:\n      RoleName: strong"
    )
    made = world(TABLE, role("Weak", statements, "Service: ec2.amazonaws.com"), strong)
    assert bool(find_paths(made.graph, made.node("Weak"), made.node("Orders"))) is found
