"""What AWS refuses, or ignores, in whole documents."""

from __future__ import annotations

import time
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from permscope.audit.checks.document_checks import _Covering
from permscope.catalog.wildcard import matches


@pytest.mark.parametrize(
    ("resource", "broken"),
    [
        ("*", False),
        ("arn:aws:s3:::orders/*", False),
        ("arn:aws:s3:::orders/${aws:username}/*", False),
        ("arn:*:dynamodb:*:*:table/x", False),
        ("arn:aws-us-gov:dynamodb:us-gov-west-1:111122223333:table/x", False),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", False),
        ("orders", True),
        ("arn:aws:dynamodb:us-east-1:12345:table/x", True),
        ("arn:amazon:s3:::orders", True),
        ("arn:aws:dynamodb:virginia:111122223333:table/x", True),
        ("arn:aws:iam:us-east-1:111122223333:role/x", True),
        ("arn:aws:s3", True),
    ],
)
def test_an_arn_that_cannot_exist_is_found(rules_of: Any, resource: str, broken: bool) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html says what the fields can be."""
    found = rules_of({"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource})
    assert ("invalid-arn" in found) is broken


def test_what_a_wildcard_covers_is_said_twice(audit: Any, role: Any) -> None:
    """The narrower of two action elements is the redundant one, in any case of letters."""
    statement = {"Effect": "Allow", "Action": ["S3:get*", "s3:GetObject"], "Resource": "arn:aws:s3:::b/*"}
    (finding,) = audit({"Role": role(statement)})["redundant"]
    assert finding.guilty == "s3:GetObject"


@pytest.mark.parametrize(
    ("principal", "broken"),
    [
        ({"Service": "lambda.amazonaws.com"}, False),
        ({"Service": "states.eu-west-1.amazonaws.com"}, False),
        ({"Service": "lamda.amazonaws.com"}, True),
        ({"AWS": "111122223333"}, False),
        ({"AWS": "1111"}, True),
        ({"AWS": "arn:aws:iam::111122223333:group/admins"}, True),
        ({"Federated": "cognito-identity.amazonaws.com"}, False),
    ],
)
def test_a_principal_that_cannot_exist_is_found(
    audit: Any,
    principal: dict[str, str],
    broken: bool,
) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html lists what can be."""
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:*"}]}
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}
    assert ("principal-invalid" in audit({"Role": role})) is broken


def test_a_list_of_thousands_is_compared_by_what_texts_begin_with() -> None:
    """The covering one is found, and the time does not grow with the square."""
    texts = (*(f"arn:aws:s3:::b{number}/*" for number in range(20_000)), "arn:aws:s3:::b7/x", "arn:aws:s3:::b8/*")
    covering = _Covering(texts, actions=False)
    began = time.process_time()
    found = {at: wider for at in range(len(texts)) if (wider := covering.wider(at)) is not None}
    assert found == {20_000: "arn:aws:s3:::b7/*", 20_001: "arn:aws:s3:::b8/*"}
    assert time.process_time() - began < 5  # a hundred times as long as it takes


@given(st.lists(st.text("aB*?", max_size=4), max_size=6))
def test_what_covers_a_text_is_the_first_that_covers_it(texts: list[str]) -> None:
    """The same as asking every other text in order."""
    covering = _Covering(tuple(texts), actions=False)
    for at, text in enumerate(texts):
        others = (
            other
            for place, other in enumerate(texts)
            if (text == other and place < at) or (text != other and "*" in other and matches(other, text))
        )
        assert covering.wider(at) == next(others, None)


def test_a_policy_that_sam_makes_for_an_event_needs_no_version(audit_text: Any) -> None:
    """SAM writes the policy with which Lambda reads the secret and the broker, so nobody can add a version to it.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-mq.html
    """
    text = """
        Transform: AWS::Serverless-2016-10-31
        Resources:
          Secret: {Type: AWS::SecretsManager::Secret}
          Fn:
            Type: AWS::Serverless::Function
            Properties:
              Runtime: python3.13
              Handler: a.b
              InlineCode: pass
              Events:
                Orders:
                  Type: MQ
                  Properties:
                    Broker: !Sub "arn:aws:mq:${AWS::Region}:${AWS::AccountId}:broker:orders:b-1"
                    Queues: [orders]
                    SourceAccessConfigurations: [{Type: BASIC_AUTH, URI: !Ref Secret}]
        """
    assert "version" not in audit_text(text)


@pytest.mark.parametrize(
    ("principal", "found"),
    [
        ("arn:aws:iam::111122223333:root", False),
        ("arn:aws:iam::111122223333:role/path/app", False),
        ("arn:aws:sts::111122223333:assumed-role/app/session", False),
        ("arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1EXAMPLE", False),
        ("arn:aws:iam::111122223333:policy/app", True),
        ("arn:aws:iam::111122223333:instance-profile/app", True),
        ("arn:aws:lambda:eu-west-1:111122223333:function:app", True),
    ],
)
def test_only_some_arns_are_principals(audit: Any, principal: str, found: bool) -> None:
    """Accounts, users, roles and sessions of these.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sqs:SendMessage", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    queue = {"Type": "AWS::SQS::Queue"}
    policy = {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Queue"}], "PolicyDocument": document}}
    assert ("principal-invalid" in audit({"Queue": queue, "Policy": policy})) is found


def test_a_condition_key_without_prefix_is_none(rules_of: Any) -> None:
    """A key is written `aws:key` or `service:key`.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html
    """
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*"}
    assert "unsupported-key" in rules_of({**statement, "Condition": {"StringEquals": {"username": "ann"}}})
    assert "unsupported-key" not in rules_of({**statement, "Condition": {"StringEquals": {"aws:username": "ann"}}})
