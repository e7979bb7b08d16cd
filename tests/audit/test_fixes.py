"""Texts to write instead, as a template can hold them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from permscope.audit.findings import Finding
from permscope.audit.fixes import of_place, plain_formats, readable_format
from permscope.inventory.source import Source


@pytest.mark.parametrize(
    ("arn_format", "written"),
    [
        (
            "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}",
            "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/<TableName>",
        ),
        ("arn:${Partition}:s3:::${BucketName}/${ObjectName}", "arn:${AWS::Partition}:s3:::<BucketName>/<ObjectName>"),
        ("*", "*"),
    ],
)
def test_what_a_template_knows_is_filled_in_and_the_rest_marked(arn_format: str, written: str) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html."""
    assert readable_format(arn_format) == written


@pytest.mark.parametrize(
    ("formats", "left"),
    [
        (["arn:s3:::b", "arn:s3:r:a:accesspoint/p"], ["arn:s3:::b"]),
        (["arn:s3:r:a:accesspoint/p"], ["arn:s3:r:a:accesspoint/p"]),
        ([], []),
    ],
)
def test_access_points_are_named_where_there_is_nothing_else(formats: list[str], left: list[str]) -> None:
    """Few buckets have one."""
    assert plain_formats(formats) == left


def test_what_sam_makes_is_referred_to_by_the_logical_id_it_gets(
    audit_text: Callable[[str], dict[str, list[Finding]]],
) -> None:
    """The queue of a rule's `DeadLetterConfig` is no part of the function, and nobody writes its policy's version.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html
    """
    found = audit_text("""
        Transform: AWS::Serverless-2016-10-31
        Resources:
          Fn:
            Type: AWS::Serverless::Function
            Properties:
              Runtime: python3.13
              Handler: a.b
              InlineCode: x
              EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: SQS}}}
              Events:
                Orders:
                  Type: EventBridgeRule
                  Properties:
                    Pattern: {source: [orders]}
                    DeadLetterConfig: {Type: SQS, QueueLogicalId: Failed}
        """)
    fixes = [finding.fix for finding in found["tls-not-enforced"]]
    assert any("Resource: !GetAtt Failed.Arn" in fix for fix in fixes)
    assert not any("Fn.Arn" in fix for fix in fixes)
    assert "version" not in found


def test_a_live_account_is_named_where_a_template_leaves_it_to_the_deployment() -> None:
    """So is its Region, where the thing is in one; identities are in none, and what has to be filled in stays."""
    arn = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/f:*"
    fix = f'Resource: !Sub "{arn}"'
    there = Source(call="lambda.list_functions", account="111122223333", region="cn-north-1")
    assert of_place(fix, there) == 'Resource: "arn:aws-cn:logs:cn-north-1:111122223333:log-group:/aws/lambda/f:*"'
    everywhere = of_place(fix, Source(call="iam.get_account_authorization_details", account="111122223333"))
    assert everywhere == fix.replace("${AWS::AccountId}", "111122223333")
    role = "arn:aws-us-gov:iam::111122223333:role/r"
    identity = Source(call="iam.get_account_authorization_details", account="111122223333")
    assert of_place('!Sub "arn:${AWS::Partition}:s3:::b/*"', identity, role) == '"arn:aws-us-gov:s3:::b/*"'
    condition = "StringEquals: {aws:SourceAccount: !Ref AWS::AccountId}"
    assert of_place(condition, identity) == 'StringEquals: {aws:SourceAccount: "111122223333"}'
    assert of_place(fix, Source(file="template.yaml", line=3)) == fix
