"""Becoming another principal."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.graph.model import Decision, EdgeKind
from permscope.graph.takeover.rights import passes_to

STRONG = "{Effect: Allow, Action: 's3:*', Resource: '*'}"
PASS = "{{Effect: Allow, Action: 'iam:PassRole', Resource: {0}{1}}}"
TO = ", Condition: {{StringEquals: {{'iam:PassedToService': {0}}}}}"
CREATE = "{Effect: Allow, Action: ['lambda:CreateFunction', 'lambda:InvokeFunction'], Resource: '*'}"


SCHEDULED = """\
  Daily:
    Type: AWS::Events::Rule
    Properties: {ScheduleExpression: rate(1 day), Targets: [{Id: a, Arn: !GetAtt Strong.Arn}]}
  Allow:
    Type: AWS::Lambda::Permission
    Properties: {Action: 'lambda:InvokeFunction', FunctionName: !Ref Strong, Principal: events.amazonaws.com}
"""
INVOKE = "{Effect: Allow, Action: 'lambda:InvokeFunction', Resource: '*'}"


def takes(world: Any, function: Any, *statements: str) -> list[tuple[str, str, Decision]]:
    """Whom the weak role can take over, how, and how surely."""
    made = world(function("Strong", STRONG), function("Weak", *statements))
    return [
        (made.graph.nodes[edge.target].label, edge.attributes["category"], edge.decision)
        for edge in made.edges(EdgeKind.CAN_TAKE_OVER, "WeakRole")
    ]


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        ((CREATE, PASS.format("!GetAtt StrongRole.Arn", "")), [("StrongRole", "new-work", Decision.ALLOW)]),
        (
            (CREATE, PASS.format("!GetAtt StrongRole.Arn", TO.format("lambda.amazonaws.com"))),
            [("StrongRole", "new-work", Decision.ALLOW)],
        ),
        ((CREATE, PASS.format("!GetAtt StrongRole.Arn", TO.format("ec2.amazonaws.com"))), []),
        ((CREATE,), []),
        ((PASS.format("'*'", ""),), []),
        (("{Effect: Allow, Action: 'ec2:RunInstances', Resource: '*'}", PASS.format("'*'", "")), []),
        (
            ("{Effect: Allow, Action: 'lambda:UpdateFunction*', Resource: !GetAtt Strong.Arn}", INVOKE),
            [("StrongRole", "existing-work", Decision.ALLOW)],
        ),
        (("{Effect: Allow, Action: 'lambda:UpdateFunctionCode', Resource: !GetAtt Weak.Arn}",), []),
        (
            ("{Effect: Allow, Action: 'iam:PutRolePolicy', Resource: !GetAtt WeakRole.Arn}",),
            [("WeakRole", "self-escalation", Decision.ALLOW)],
        ),
        (("{Effect: Allow, Action: 'iam:PutRolePolicy', Resource: !GetAtt StrongRole.Arn}",), []),
        (
            ("{Effect: Allow, Action: 'iam:UpdateAssumeRolePolicy', Resource: !GetAtt StrongRole.Arn}",),
            [("StrongRole", "principal-access", Decision.ALLOW)],
        ),
        (("{Effect: Allow, Action: '*', Resource: '*'}",), []),
    ],
)
def test_each_primitive_needs_all_its_parts(
    world: Any, function: Any, statements: tuple[str, ...], found: list[tuple[str, str, Decision]]
) -> None:
    """A role that trusts Lambda is not passed to EC2; who may do everything has nothing to gain."""
    statements = tuple(
        each.replace("!GetAtt Weak.Arn", "!Sub 'arn:aws:lambda:*:*:function:${AWS::StackName}-weak'")
        for each in statements
    )
    statements = tuple(
        each.replace("!GetAtt WeakRole.Arn", "!Sub 'arn:aws:iam::${AWS::AccountId}:role/weak'") for each in statements
    )

    def named(name: str, *own: str) -> str:
        text: str = function(name, *own)
        return text.replace("      Policies:", "      RoleName: weak\n      Policies:") if name == "Weak" else text

    assert takes(world, named, *statements) == found


def test_a_take_over_says_how(world: Any, function: Any) -> None:
    """The reason is a clause, the paths are ids of the table, the statements are its provenance."""
    made = world(
        function("Strong", STRONG),
        function("Weak", "{Effect: Allow, Action: 'lambda:UpdateFunctionCode', Resource: !GetAtt Strong.Arn}"),
        SCHEDULED,
    )
    edge = made.edge(EdgeKind.CAN_TAKE_OVER)
    assert edge.reason == "changes what `Strong` does, which runs as `StrongRole` (lambda:UpdateFunctionCode)"
    assert edge.attributes["paths"] == ("lambda-003",)
    assert [one.logical_id for one in edge.provenance] == ["WeakRole"]


@pytest.mark.parametrize(
    ("conditions", "answer"),
    [
        ({}, True),
        ({"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com"]}}, True),
        ({"StringEqualsIfExists": {"iam:passedtoservice": ["ec2.amazonaws.com"]}}, False),
        ({"StringLike": {"iam:PassedToService": ["lambda.*"]}}, True),
        ({"StringNotEquals": {"iam:PassedToService": ["lambda.amazonaws.com"]}}, False),
        ({"ArnLike": {"iam:PassedToService": ["x"]}}, None),
        ({"ArnLike": {"iam:AssociatedResourceArn": ["x"]}}, True),
    ],
)
def test_passed_to_service_decides_to_whom(conditions: dict[str, Any], answer: bool | None) -> None:
    """AWS documents the key (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html)."""
    assert passes_to(conditions, "lambda.amazonaws.com") is answer


@pytest.mark.parametrize(
    ("statements", "latent"),
    [
        (("{Effect: Allow, Action: 'lambda:UpdateFunctionCode', Resource: !GetAtt Strong.Arn}",), "something"),
        ((PASS.format("!GetAtt StrongRole.Arn", ""), CREATE.replace(", 'lambda:InvokeFunction'", "")),
         "`lambda:InvokeFunction`"),
        ((CREATE, PASS.format("'arn:aws:iam::*:role/none'", "")),
         "a stronger role"),
    ],
)  # fmt: skip
def test_what_lacks_one_piece_is_latent(world: Any, function: Any, statements: tuple[str, ...], latent: str) -> None:
    """No edge, but the missing piece by name."""
    made = world(function("Strong", STRONG), function("Weak", *statements))
    assert made.edges(EdgeKind.CAN_TAKE_OVER, "WeakRole") == []
    assert any(one.missing.startswith(latent) for one in made.graph.latent)


@pytest.mark.parametrize(
    ("extra", "statement", "path"),
    [
        ("Code: {S3Bucket: builds, S3Key: strong.zip}",
         "{Effect: Allow, Action: 's3:PutObject', Resource: 'arn:aws:s3:::builds/*'}", "lambda-code-001"),
        ("Code: {ImageUri: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/app:latest'}",
         "{Effect: Allow, Action: 'ecr:*', Resource: 'arn:aws:ecr:eu-west-1:111122223333:repository/app'}",
         "lambda-image-001"),
        ("Code: {ZipFile: x}, Layers: ['arn:aws:lambda:eu-west-1:111122223333:layer:deps:3']",
         "{Effect: Allow, Action: 'lambda:PublishLayerVersion', Resource: 'arn:aws:lambda:*:*:layer:deps'}",
         "lambda-layer-002"),
    ],
)  # fmt: skip
def test_whoever_writes_the_code_acts_as_the_function_one_day(
    world: Any, function: Any, extra: str, statement: str, path: str
) -> None:
    """From the next deployment on, so under conditions."""
    strong = function("Strong", STRONG).replace("Code: {ZipFile: 'x'}", extra)
    made = world(strong, function("Weak", statement), account="111122223333")
    edge = made.edge(EdgeKind.CAN_TAKE_OVER, "WeakRole", "StrongRole")
    assert edge.attributes["paths"] == (path,)
    assert edge.decision is Decision.CONDITIONAL


def test_a_deny_takes_a_way_away(world: Any, function: Any) -> None:
    """All policies of a principal count, also those that forbid."""
    deny = "{Effect: Deny, Action: 'iam:PassRole', Resource: '*'}"
    assert takes(world, function, CREATE, PASS.format("!GetAtt StrongRole.Arn", ""), deny) == []


def test_a_role_that_is_no_stronger_is_no_gain(world: Any, function: Any) -> None:
    """Writing logs is routine."""
    made = world(function("Plain"), function("Weak", CREATE, PASS.format("!GetAtt PlainRole.Arn", "")))
    assert made.edges(EdgeKind.CAN_TAKE_OVER) == []
