"""Who can do something."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from permscope.collect.load import LoadOptions, load
from permscope.errors import NameNotFoundError
from permscope.graph.build import build_graph
from permscope.graph.model import Decision
from permscope.graph.questions.asking import find_thing, who_can

TABLE = "  Orders: {Type: AWS::DynamoDB::Table, Properties: {TableName: orders-v1}}\n"
BUCKET = "  Pics: {Type: AWS::S3::Bucket, Properties: {BucketName: pics}}\n"
READ = "{Effect: Allow, Action: 'dynamodb:Query', Resource: !GetAtt Orders.Arn}"
WIDE = "{Effect: Allow, Action: 'dynamodb:*', Resource: '*'}"
PERMISSION = (
    "  Allow: {Type: AWS::Lambda::Permission, Properties: {Action: 'lambda:InvokeFunction', FunctionName: !Ref Fn, "
    "Principal: s3.amazonaws.com}}\n"
)


def test_who_can_finds_grants_on_the_thing_and_on_sets_that_hold_it(world: Any, function: Any) -> None:
    """A role with `*` counts; one whose Deny takes the table away does not."""
    denied = "{Effect: Deny, Action: 'dynamodb:*', Resource: !Sub '${Orders.Arn}*'}"
    made = world(
        TABLE, function("Exact", READ), function("Wide", WIDE), function("Denied", WIDE, denied), function("Other")
    )
    answers = who_can(made.graph, "dynamodb:Query", "Orders")
    assert {one.principal.label: one.decision for one in answers} == {
        "ExactRole": Decision.ALLOW,
        "WideRole": Decision.ALLOW,
    }
    assert all(one.provenance for one in answers)


def test_who_can_knows_services(world: Any, function: Any) -> None:
    """The resource policy's principals are answers, too."""
    answers = who_can(world(function(), PERMISSION).graph, "lambda:InvokeFunction", "Fn")
    assert [one.principal.label for one in answers] == ["s3.amazonaws.com"]


def test_who_can_refuses_an_action_that_is_none(world: Any, function: Any) -> None:
    """A misspelt action is an error with a hint, not an empty answer."""
    with pytest.raises(NameNotFoundError) as error:
        who_can(world(function()).graph, "dynamodb:Qery", "Fn")
    assert "dynamodb:Query" in (error.value.hint or "")


def test_an_answer_has_only_what_was_asked(world: Any, function: Any) -> None:
    """Other actions of the edge, and statements about them, are no part of the answer."""
    statements = (
        "{Sid: Read, Effect: Allow, Action: ['dynamodb:Query', 'dynamodb:Scan'], Resource: !GetAtt Orders.Arn}",
        "{Sid: Write, Effect: Allow, Action: 'dynamodb:PutItem', Resource: !GetAtt Orders.Arn}",
    )
    (answer,) = who_can(world(TABLE, function("Fn", *statements)).graph, "dynamodb:Query", "Orders")
    assert list(answer.edge.actions) == ["dynamodb:Query"]
    assert [one.statement for one in answer.provenance] == ["Read"]


def test_a_principal_answers_once(world: Any, function: Any) -> None:
    """A grant on the table and one on every table are one answer with two statements."""
    (answer,) = who_can(world(TABLE, function("Fn", READ, WIDE)).graph, "dynamodb:Query", "Orders")
    assert len(answer.provenance) == 2


def test_what_is_sure_is_not_said_again_under_conditions(world: Any, function: Any) -> None:
    """A conditional grant adds nothing to one that surely holds."""
    maybe = READ.replace("}", ", Condition: {IpAddress: {'aws:SourceIp': 10.0.0.0/8}}}")
    answers = who_can(world(TABLE, function("Fn", READ, maybe)).graph, "dynamodb:Query", "Orders")
    assert [one.decision for one in answers] == [Decision.ALLOW]


@pytest.mark.parametrize(("arn", "names"), [("arn:aws:s3:::pics/in/x", ["FnRole"]), ("arn:aws:s3:::pics/out/x", [])])
def test_a_part_of_a_thing_is_asked_about_itself(world: Any, function: Any, arn: str, names: list[str]) -> None:
    """A grant on one prefix of a bucket says nothing about another prefix."""
    made = world(BUCKET, function("Fn", "{Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::pics/in/*'}"))
    assert [one.principal.label for one in who_can(made.graph, "s3:GetObject", arn)] == names


def test_a_wide_grant_under_a_conditional_deny_says_what_limits_it(world: Any, function: Any) -> None:
    """The decision is about the very resource."""
    deny = (
        "{Sid: NotFromOutside, Effect: Deny, Action: 'dynamodb:*', Resource: !GetAtt Orders.Arn, "
        "Condition: {NotIpAddress: {'aws:SourceIp': 10.0.0.0/8}}}"
    )
    (answer,) = who_can(world(TABLE, function("Fn", WIDE, deny)).graph, "dynamodb:Query", "Orders")
    assert answer.decision is Decision.CONDITIONAL
    assert answer.edge.reason == "limited by `NotFromOutside`"


OBJECTS = "{Effect: Allow, Action: 's3:*', Resource: '*'}"
SECRET = "{Effect: Deny, Action: 's3:GetObject', Resource: 'arn:aws:s3:::pics/secret'}"


@pytest.mark.parametrize(
    ("arn", "decisions"), [("arn:aws:s3:::pics/k", [Decision.ALLOW]), ("arn:aws:s3:::pics/secret", [])]
)
@pytest.mark.parametrize("bucket", [BUCKET, ""])
def test_one_denied_object_leaves_the_others(
    world: Any, function: Any, arn: str, decisions: list[Decision], bucket: str
) -> None:
    """What limits a wide grant is asked about the very object, in the input or not.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    """
    answers = who_can(world(bucket, function("Fn", OBJECTS, SECRET)).graph, "s3:GetObject", arn)
    assert [one.decision for one in answers] == decisions


@pytest.mark.parametrize(
    ("arn", "decisions"), [("arn:aws:s3:::pics/k", [Decision.ALLOW]), ("arn:aws:s3:::pics/secret", [])]
)
def test_an_object_denied_by_its_bucket_is_denied(
    world: Any, function: Any, arn: str, decisions: list[Decision]
) -> None:
    """The bucket's policy is asked about the very object, too."""
    policy = """\
  PicsPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Pics
      PolicyDocument:
        Version: '2012-10-17'
        Statement: {Effect: Deny, Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::pics/secret'}
"""
    answers = who_can(world(BUCKET, policy, function("Fn", OBJECTS)).graph, "s3:GetObject", arn)
    assert [one.decision for one in answers if one.principal.label == "FnRole"] == decisions


@pytest.mark.parametrize(("action", "found"), [("s3:ListBucket", True), ("s3:GetObject", False)])
def test_all_but_the_objects_of_a_bucket_is_the_bucket_too(world: Any, function: Any, action: str, found: bool) -> None:
    """`NotResource: bucket/*` leaves out objects and no bucket.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notresource.html
    """
    rest = "{Effect: Allow, Action: 's3:*', NotResource: 'arn:aws:s3:::pics/*'}"
    assert bool(who_can(world(BUCKET, function("Fn", rest)).graph, action, "Pics")) is found


def test_users_that_manage_their_own_credentials_are_found(world: Any) -> None:
    """Each for itself, nobody for another.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_iam_credentials_console.html
    """
    users = """\
  Bob: {Type: AWS::IAM::User, Properties: {UserName: bob, ManagedPolicyArns: [!Ref Own]}}
  Eve: {Type: AWS::IAM::User, Properties: {UserName: eve, ManagedPolicyArns: [!Ref Own]}}
  Own:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: '2012-10-17'
        Statement: {Effect: Allow, Action: 'iam:CreateAccessKey', Resource: 'arn:aws:iam::*:user/${aws:username}'}
"""
    answers = who_can(world(users).graph, "iam:CreateAccessKey", "Bob")
    assert [(one.principal.label, one.decision) for one in answers] == [("Bob", Decision.ALLOW)]


def test_a_bucket_policy_with_a_condition_lets_a_role_at_its_objects(world: Any, function: Any) -> None:
    """In one account that is enough, below the prefix it names and under its condition."""
    policy = """\
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Pics
      PolicyDocument:
        Statement:
          Effect: Allow
          Principal: {AWS: !GetAtt FnRole.Arn}
          Action: s3:GetObject
          Resource: !Sub '${Pics.Arn}/open/*'
          Condition: {StringEquals: {'aws:SourceVpce': vpce-1}}
"""
    graph = world(BUCKET, function(), policy).graph
    answers = who_can(graph, "s3:GetObject", "arn:aws:s3:::pics/open/a.png")
    assert [(one.principal.label, one.decision) for one in answers] == [("FnRole", Decision.CONDITIONAL)]
    assert who_can(graph, "s3:GetObject", "arn:aws:s3:::pics/shut/a.png") == []


OUTSIDE = """\
{Effect: Deny, Principal: '*', Action: 'sqs:*', Resource: '*', Condition: {StringNotEquals: {'aws:SourceVpc': vpc-1}}}\
"""
EVERYTHING = "{Effect: Allow, Action: '*', Resource: '*'}"


def guarded(kind: str, policy_type: str, on: str, statements: str) -> str:
    """A queue or topic with a policy."""
    return f"""\
  Thing: {{Type: {kind}}}
  ThingPolicy:
    Type: {policy_type}
    Properties:
      {on}: [!Ref Thing]
      PolicyDocument: {{Version: '2012-10-17', Statement: [{statements}]}}
"""


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        ("{Effect: Deny, Principal: '*', Action: 'sqs:*', Resource: '*'}", []),
        ("{Effect: Deny, Principal: {AWS: !Ref 'AWS::AccountId'}, Action: 'sqs:SendMessage', Resource: '*'}", []),
        ("{Effect: Deny, Principal: {AWS: !GetAtt FnRole.Arn}, NotAction: 'sqs:ReceiveMessage', Resource: '*'}", []),
        ("{Effect: Deny, Principal: '*', Action: 'sqs:ReceiveMessage', Resource: '*'}", [Decision.ALLOW]),
        ("{Effect: Deny, Principal: {AWS: '999999999999'}, Action: 'sqs:*', Resource: '*'}", [Decision.ALLOW]),
        (OUTSIDE, [Decision.CONDITIONAL]),
    ],
)
def test_a_grant_on_everything_does_not_pass_a_deny_of_the_thing(
    world: Any, function: Any, statements: str, found: list[Decision]
) -> None:
    """A Deny in the queue's policy wins over whatever the role has, also where that names no queue.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    """
    queue = guarded("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "Queues", statements)
    answers = who_can(world(queue, function("Fn", EVERYTHING)).graph, "sqs:SendMessage", "Thing")
    assert [one.decision for one in answers if one.principal.label == "FnRole"] == found


@pytest.mark.parametrize(
    ("principal", "found"),
    [("!Sub 'arn:aws:iam::${AWS::AccountId}:root'", True), ("!GetAtt FnRole.Arn", True), ("!GetAtt Other.Arn", False)],
)
def test_a_grant_on_everything_reaches_a_key_that_agrees(
    world: Any, function: Any, principal: str, found: bool
) -> None:
    """A key policy lets in whom it names, and hands over to identity policies only where it names the account.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    made = world(
        f"""\
  Other:
    Type: AWS::IAM::Role
    Properties: {{AssumeRolePolicyDocument: {{}}}}
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: '2012-10-17'
        Statement: {{Effect: Allow, Principal: {{AWS: {principal}}}, Action: 'kms:*', Resource: '*'}}
""",
        function("Fn", EVERYTHING),
    )
    assert ("FnRole" in [one.principal.label for one in who_can(made.graph, "kms:Decrypt", "Key")]) is found


@pytest.mark.parametrize(("action", "found"), [("sts:AssumeRole", False), ("sts:TagSession", True)])
def test_a_trust_policy_that_denies_everybody_of_the_account_denies_a_role_of_it(
    world: Any, function: Any, action: str, found: bool
) -> None:
    """An Allow for `*` does not make up for it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html
    """
    target = f"""\
  Target:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {{Effect: Allow, Principal: {{AWS: '*'}}, Action: 'sts:AssumeRole'}}
          - {{Effect: Deny, Principal: {{AWS: !Ref 'AWS::AccountId'}}, Action: '{action}'}}
"""
    answers = who_can(world(target, function("Fn", EVERYTHING)).graph, "sts:AssumeRole", "Target")
    assert ("FnRole" in [one.principal.label for one in answers]) is found


def test_whom_a_bucket_names_may_read_its_objects(world: Any, function: Any) -> None:
    """Its policy suffices in its own account, asked about a single object too."""
    policy = """\
  PicsPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Pics
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal: {AWS: !GetAtt FnRole.Arn}
            Action: 's3:GetObject'
            Resource: 'arn:aws:s3:::pics/*'
"""
    answers = who_can(world(BUCKET, policy, function("Fn")).graph, "s3:GetObject", "arn:aws:s3:::pics/k")
    assert [(one.principal.label, one.decision) for one in answers] == [("FnRole", Decision.ALLOW)]


@pytest.mark.parametrize(
    ("qualifier", "names"), [("", ["s3.amazonaws.com"]), (":live", []), (":$LATEST", ["s3.amazonaws.com"])]
)
def test_a_permission_on_a_function_is_none_on_its_alias(
    world: Any, function: Any, qualifier: str, names: list[str]
) -> None:
    """Each version and alias has a policy of its own.

    https://docs.aws.amazon.com/lambda/latest/dg/versioning-aliases-permissions.html
    """
    made = world(function("Fn"), PERMISSION)
    arn = f"{made.node('Fn').arn}{qualifier}"
    assert [one.principal.label for one in who_can(made.graph, "lambda:InvokeFunction", arn)] == names


@pytest.mark.parametrize("below", ["", "/key"])
def test_an_arn_that_several_templates_define_is_none_to_answer_for(tmp_path: Path, below: str) -> None:
    """Each has a policy of its own, so the answer would be that of one of them."""
    text = "Resources: {Store: {Type: AWS::S3::Bucket, Properties: {BucketName: shared}}}"
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    graph = build_graph(load([str(tmp_path)], LoadOptions()))
    with pytest.raises(NameNotFoundError, match="could be 2 things") as caught:
        find_thing(graph, f"arn:aws:s3:::shared{below}")
    assert caught.value.hint == "say which: `a/Store`, `b/Store`"
    assert find_thing(graph, "arn:aws:s3:::other/key") == (None, "arn:aws:s3:::other/key")
