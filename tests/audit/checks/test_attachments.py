"""What managed policies and policy templates give."""

from __future__ import annotations

from typing import Any

import pytest

AWS = "arn:aws:iam::aws:policy/"
DENY_S3 = {"Effect": "Deny", "Action": ["s3:*", "s3-object-lambda:*"], "Resource": "*"}
FUNCTION = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Table: {Type: AWS::DynamoDB::Table}
  Page:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.12, Handler: a.b, InlineCode: x, Policies: [POLICY]}
"""


@pytest.mark.parametrize(
    ("name", "rule", "severity"),
    [
        ("AdministratorAccess", "admin-managed-attached", "critical"),
        ("IAMFullAccess", "elevated-managed-attached", "critical"),
        ("AmazonS3FullAccess", "elevated-managed-attached", "high"),
        ("AmazonSNSFullAccess", "elevated-managed-attached", "medium"),
        ("AmazonS3ReadOnlyAccess", None, None),
        ("service-role/AWSLambdaBasicExecutionRole", None, None),
    ],
)
def test_a_managed_policy_is_judged_by_its_document(
    audit: Any, role: Any, name: str, rule: str | None, severity: str | None
) -> None:
    """A whole service with its writes is too much; which service says how bad that is."""
    found = audit({"Role": role(ManagedPolicyArns=[f"{AWS}{name}"])})
    rules = {"admin-managed-attached", "elevated-managed-attached"} & set(found)
    assert rules == ({rule} if rule else set())
    assert [finding.severity for each in rules for finding in found[each]] == ([severity] if severity else [])


def test_a_policy_of_ones_own_with_such_a_name_gives_what_it_says(audit: Any, role: Any) -> None:
    """AWS's policies are those of AWS's account."""
    own = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:policy/AdministratorAccess"}
    assert "admin-managed-attached" not in audit({"Role": role(ManagedPolicyArns=[own])})


def test_what_a_deny_takes_away_is_not_given(audit: Any, role: Any) -> None:
    """The effective access counts, not the document alone."""
    attached = {"ManagedPolicyArns": [f"{AWS}AmazonS3FullAccess"]}
    assert "elevated-managed-attached" in audit({"Role": role(**attached)})
    assert "elevated-managed-attached" not in audit({"Role": role(DENY_S3, **attached)})


def test_the_line_that_attaches_a_policy_is_the_one_to_change(audit_text: Any) -> None:
    """Not the function, nor the role that SAM makes of it."""
    (finding,) = audit_text(FUNCTION.replace("POLICY", "AmazonDynamoDBFullAccess"))["elevated-managed-attached"]
    line = FUNCTION.splitlines().index(next(line for line in FUNCTION.splitlines() if "POLICY" in line)) + 1
    assert (finding.resource, finding.line, finding.guilty) == ("Page", line, "AmazonDynamoDBFullAccess")


@pytest.mark.parametrize(
    ("policy", "found"),
    [
        ("DynamoDBReadPolicy: {TableName: !Ref Table}", False),
        ("DynamoDBReadPolicy: {TableName: '*'}", True),
        ("KMSDecryptPolicy: {KeyId: '*'}", True),
        ("CloudWatchPutMetricPolicy: {}", False),
        ("VPCAccessPolicy: {}", False),
    ],
)
def test_a_policy_template_is_broad_where_it_could_name_something(audit_text: Any, policy: str, found: bool) -> None:
    """Actions that cannot be limited stay on `*` in templates as everywhere."""
    rules = audit_text(FUNCTION.replace("POLICY", policy))
    assert ("sam-policy-template-broad" in rules) is found
    if found:
        assert rules["sam-policy-template-broad"][0].guilty == policy.partition(":")[0]
