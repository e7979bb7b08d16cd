"""Which conditions really limit who may use a statement.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

import pytest

from permscope.inventory.policies import ConditionEntry, PolicyKind
from permscope.policy.strength import condition_strength

PUBLIC = [
    ("StringEquals", "aws:SourceAccount", ["111111111111"], "strong"),
    ("StringEquals", "AWS:SourceAccount", ["${AWS::AccountId}"], "strong"),
    ("StringEquals", "aws:SourceAccount", ["${Param::Account}"], "unknown"),
    ("StringLike", "aws:SourceAccount", ["*"], "weak"),
    ("StringLike", "aws:SourceAccount", ["1*"], "weak"),
    ("StringEqualsIfExists", "aws:SourceAccount", ["111111111111"], "weak"),
    ("StringNotEquals", "aws:SourceAccount", ["111111111111"], "weak"),
    ("ForAllValues:StringEquals", "aws:SourceAccount", ["111111111111"], "weak"),
    ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", ["o-abc/r-1/ou-2/*"], "strong"),
    ("ArnLike", "aws:SourceArn", ["arn:aws:sns:eu-west-1:111111111111:t"], "strong"),
    ("ArnLike", "aws:SourceArn", ["arn:aws:sns:*:111111111111:*"], "strong"),
    ("ArnLike", "aws:SourceArn", ["arn:aws:sns:*:*:t"], "weak"),
    ("ArnLike", "aws:SourceArn", ["arn:aws:execute-api:*:*:*/*/GET/x"], "weak"),
    ("ArnLike", "aws:SourceArn", ["arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"], "strong"),
    ("ArnLike", "aws:SourceArn", ["arn:aws:s3:::bucket"], "strong"),
    ("ArnLike", "aws:SourceArn", ["arn:aws:s3:::bucket-*"], "strong"),
    ("ArnLike", "aws:SourceArn", ["arn:aws:s3:::*"], "weak"),
    ("ArnLike", "aws:SourceArn", ["*"], "weak"),
    ("ArnLike", "aws:SourceArn", ["${Param::Source}"], "unknown"),
    ("ArnLike", "aws:SourceArn", ["arn:aws:s3:::b", "arn:aws:s3:::*"], "weak"),
    ("ArnEquals", "aws:PrincipalArn", ["arn:aws:iam::111111111111:role/*"], "strong"),
    ("ArnLike", "aws:PrincipalArn", ["arn:aws:iam::*:role/app"], "weak"),
    ("StringEquals", "aws:PrincipalOrgID", ["o-abc"], "strong"),
    ("StringLike", "aws:PrincipalOrgID", ["o-*"], "weak"),
    ("StringEquals", "aws:PrincipalOrgID", ["${aws:ResourceOrgID}"], "strong"),
    ("StringEquals", "aws:PrincipalOrgID", ["${aws:PrincipalOrgID}"], "weak"),
    ("StringEquals", "aws:PrincipalTag/team", ["red"], "weak"),
    ("StringEquals", "aws:SourceVpce", ["vpce-1"], "strong"),
    ("IpAddress", "aws:SourceIp", ["203.0.113.0/24"], "strong"),
    ("IpAddress", "aws:SourceIp", ["0.0.0.0/0"], "weak"),
    ("IpAddress", "aws:SourceIp", ["0.0.0.0/1", "128.0.0.0/1"], "weak"),
    ("IpAddress", "aws:SourceIp", ["::/0"], "weak"),
    ("NotIpAddress", "aws:SourceIp", ["203.0.113.0/24"], "weak"),
    ("IpAddress", "aws:SourceIp", ["${Param::Cidr}"], "unknown"),
    ("StringEquals", "aws:UserAgent", ["x"], "weak"),
    ("StringLike", "aws:Referer", ["https://example.com/*"], "weak"),
    ("Bool", "aws:SecureTransport", ["true"], "weak"),
    ("Null", "aws:SourceArn", ["false"], "weak"),
    ("StringEquals", "lambda:EventSourceToken", ["amzn1.ask.skill.x"], "strong"),
    ("StringEquals", "lambda:FunctionUrlAuthType", ["AWS_IAM"], "strong"),
    ("StringEquals", "lambda:FunctionUrlAuthType", ["NONE"], "weak"),
    ("Bool", "lambda:InvokedViaFunctionUrl", ["true"], "weak"),
    ("StringEquals", "kms:CallerAccount", ["111111111111"], "strong"),
    ("StringEquals", "kms:ViaService", ["s3.eu-west-1.amazonaws.com"], "weak"),
    ("StringLike", "aws:userid", ["AROAEXAMPLE:*"], "strong"),
    ("StringLike", "aws:userid", ["*:bob"], "weak"),
    ("StringEquals", "sts:ExternalId", ["x"], "strong"),
    ("StringLike", "token.actions.githubusercontent.com:sub", ["repo:org/repo:*"], "strong"),
    ("StringLike", "token.actions.githubusercontent.com:sub", ["repo:org*"], "weak"),
    ("StringLike", "token.actions.githubusercontent.com:sub", ["repo:*"], "weak"),
    ("StringEquals", "token.actions.githubusercontent.com:aud", ["sts.amazonaws.com"], "weak"),
    ("StringEquals", "cognito-identity.amazonaws.com:aud", ["eu-west-1:pool"], "strong"),
    ("ForAnyValue:StringLike", "cognito-identity.amazonaws.com:amr", ["authenticated"], "weak"),
    ("StringEqual", "aws:SourceAccount", ["x"], "strong"),
]


@pytest.mark.parametrize(("operator", "key", "values", "expected"), PUBLIC)
def test_a_condition_limits_who_when_the_caller_cannot_choose_it(
    operator: str, key: str, values: list[str], expected: str
) -> None:
    """On a policy that names principals, only some keys and only some values name somebody."""
    entry = ConditionEntry(operator, key, tuple(values))
    assert condition_strength([entry], PolicyKind.RESOURCE) == expected


def test_the_strongest_condition_counts() -> None:
    """All conditions must hold, so one that limits is enough."""
    weak = ConditionEntry("Bool", "aws:SecureTransport", ("true",))
    strong = ConditionEntry("StringEquals", "aws:SourceAccount", ("111111111111",))
    unknown = ConditionEntry("StringEquals", "aws:SourceAccount", ("${Param::A}",))
    assert condition_strength([], PolicyKind.RESOURCE) == "none"
    assert condition_strength([weak], PolicyKind.TRUST) == "weak"
    assert condition_strength([weak, unknown], PolicyKind.RESOURCE) == "unknown"
    assert condition_strength([weak, unknown, strong], PolicyKind.RESOURCE) == "strong"


@pytest.mark.parametrize(
    ("operator", "key", "value", "expected"),
    [
        ("StringEquals", "iam:PassedToService", "lambda.amazonaws.com", "strong"),
        ("StringLike", "iam:PassedToService", "*", "weak"),
        ("StringEquals", "aws:ResourceTag/team", "red", "strong"),
        ("StringLike", "aws:ResourceTag/team", "*", "strong"),
        ("StringLike", "ec2:ResourceTag/team", "*", "strong"),
        ("StringLike", "aws:RequestTag/team", "${Param::Team}", "unknown"),
        ("Null", "aws:ResourceTag/team", "false", "strong"),
        ("Null", "aws:ResourceTag/team", "true", "weak"),
        ("Null", "aws:SourceVpce", "false", "weak"),
        ("StringEquals", "aws:UserAgent", "x", "weak"),
        ("StringNotEquals", "aws:ResourceTag/team", "red", "weak"),
        ("Bool", "aws:MultiFactorAuthPresent", "true", "strong"),
        ("BoolIfExists", "aws:MultiFactorAuthPresent", "true", "weak"),
    ],
)
def test_on_an_identity_policy_any_key_counts_that_the_caller_cannot_set(
    operator: str, key: str, value: str, expected: str
) -> None:
    """The caller is known there, so conditions limit what rather than who."""
    assert condition_strength([ConditionEntry(operator, key, (value,))], PolicyKind.INLINE) == expected
