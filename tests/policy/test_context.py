"""What the principal itself puts into the request context.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

import pytest

from permscope.policy.api import Policy
from permscope.policy.context import RequestContext
from permscope.policy.evaluate import decide, policy_layers
from permscope.policy.requester import parse_requester

A = "111111111111"
IMPLIED = [
    (f"arn:aws:iam::{A}:user/team/bob", "aws:PrincipalArn", f"arn:aws:iam::{A}:user/team/bob"),
    (f"arn:aws:iam::{A}:user/team/bob", "aws:username", "bob"),
    (f"arn:aws:iam::{A}:user/team/bob", "aws:PrincipalType", "User"),
    (f"arn:aws:iam::{A}:user/team/bob", "aws:PrincipalAccount", A),
    (f"arn:aws:iam::{A}:user/team/bob", "aws:PrincipalIsAWSService", "false"),
    (f"arn:aws:sts::{A}:assumed-role/app/s", "aws:PrincipalArn", f"arn:aws:iam::{A}:role/app"),
    (f"arn:aws:sts::{A}:assumed-role/app/s", "aws:PrincipalType", "AssumedRole"),
    (f"arn:aws:sts::{A}:assumed-role/app/s", "aws:username", None),
    (f"arn:aws:iam::{A}:root", "aws:PrincipalType", "Account"),
    (f"arn:aws:iam::{A}:root", "aws:userid", A),
    (f"arn:aws:sts::{A}:federated-user/eve", "aws:userid", f"{A}:eve"),
    (f"arn:aws:sts::{A}:federated-user/eve", "aws:PrincipalType", "FederatedUser"),
    ("*", "aws:PrincipalType", "Anonymous"),
    ("*", "aws:PrincipalAccount", "anonymous"),
    ("*", "aws:userid", "anonymous"),
    ("*", "aws:PrincipalArn", None),
    ("s3.amazonaws.com", "aws:PrincipalIsAWSService", "true"),
    ("s3.amazonaws.com", "aws:PrincipalServiceName", "s3.amazonaws.com"),
    ("s3.amazonaws.com", "aws:PrincipalServiceNamesList", "s3.amazonaws.com"),
    ("s3.amazonaws.com", "aws:PrincipalAccount", None),
    ("accounts.google.com", "aws:PrincipalArn", None),
]


@pytest.mark.parametrize(("principal", "key", "expected"), IMPLIED)
def test_what_follows_from_the_principal_is_filled_in(principal: str, key: str, expected: str | None) -> None:
    """Keys that AWS derives from the caller are there without being given."""
    context = RequestContext().with_requester(parse_requester(principal))
    assert context.values.get(key.lower()) == (None if expected is None else (expected,))


def test_a_given_key_is_kept_in_whatever_case() -> None:
    """What the caller of the engine says wins over what is derived."""
    context = RequestContext({"AWS:principalarn": ["x"]}).with_requester(parse_requester(f"arn:aws:iam::{A}:role/app"))
    assert context.values["aws:principalarn"] == ("x",)


@pytest.mark.parametrize(
    ("principal", "key", "absent"),
    [
        (f"arn:aws:iam::{A}:role/app", "aws:sourcearn", True),
        (f"arn:aws:iam::{A}:role/app", "aws:sourceaccount", True),
        (f"arn:aws:iam::{A}:role/app", "aws:sourceip", False),
        (f"arn:aws:iam::{A}:role/app", "aws:principalorgid", False),
        (f"arn:aws:iam::{A}:role/app", "aws:username", True),
        ("s3.amazonaws.com", "aws:sourcearn", False),
        ("s3.amazonaws.com", "aws:principalorgid", True),
        ("s3.amazonaws.com", "aws:principaltag/team", True),
        ("*", "aws:principalorgid", True),
    ],
)
def test_a_partial_context_knows_what_such_a_principal_never_carries(principal: str, key: str, absent: bool) -> None:
    """Only services send a source ARN, only IAM principals an organization."""
    context = RequestContext(complete=False).with_requester(parse_requester(principal))
    assert context.is_absent(key) is absent


def test_every_missing_key_of_a_complete_context_is_absent() -> None:
    """Nothing is unknown in a complete context; absent keys can be named in a partial one."""
    assert RequestContext().is_absent("aws:sourceip")
    partial = RequestContext(complete=False, absent=["aws:SourceIp"])
    assert partial.is_absent("aws:sourceip")
    assert not partial.is_absent("aws:sourcevpc")


def test_requests_that_share_a_context_are_decided_as_if_each_had_its_own() -> None:
    """Whoever asks, whatever for, and however often: the context remembers, and never mixes them up."""
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*",
             "Condition": {"StringEquals": {"aws:PrincipalAccount": "111111111111", "aws:SourceVpc": "vpc-1"}}},
            {"Effect": "Deny", "Action": "*", "Resource": "*",
             "Condition": {"StringEquals": {"s3:ResourceAccount": "222222222222"}}},
            {"Effect": "Deny", "Action": "kms:*", "Resource": "*",
             "Condition": {"StringEquals": {"kms:CallerAccount": "111111111111"}}},
        ],
    }  # fmt: skip
    layers = policy_layers(identity=[Policy.from_document(document).compiled])
    principals = [parse_requester(f"arn:aws:iam::{account * 12}:role/{name}") for account in "12" for name in "ab"]
    asked = [
        (requester, action, resource, account)
        for requester in principals
        for action, resource in (
            ("s3:GetObject", "arn:aws:s3:::b/k"),
            ("kms:Decrypt", "arn:aws:kms:eu-west-1:111111111111:key/k"),
            ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:222222222222:q"),
        )
        for account in (None, "111111111111", "222222222222")
    ]
    for complete, values in ((True, {"aws:SourceVpc": ["vpc-1"]}), (False, {}), (True, {})):
        shared = RequestContext(values, complete=complete)
        for requester, action, resource, account in asked * 3:
            own = RequestContext(values, complete=complete)
            expected = decide(requester, action, resource, account, own, layers)
            assert decide(requester, action, resource, account, shared, layers) == expected
