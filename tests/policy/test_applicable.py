"""Which actions can be about a resource, held to the catalogue's ARN formats."""

from __future__ import annotations

from collections import defaultdict

import pytest

from permscope.catalog.actions import load
from permscope.policy import applicable
from permscope.policy.applicable import applicable_actions, by_matched_resource, limit_to_resource
from permscope.policy.matching import encode
from permscope.policy.unrestrictable import ALL_BUCKETS, UNSCOPED


@pytest.mark.parametrize(
    ("arn", "inside", "outside"),
    [
        ("arn:aws:s3:::b", "s3:ListBucket", "s3:GetObject"),
        ("arn:aws:s3:::b/k", "s3:GetObject", "s3:ListBucket"),
        ("arn:aws:s3:::b/pre/*", "s3:GetObject", "s3:ListBucket"),
        ("arn:aws:dynamodb:r:1:table/T", "dynamodb:PutItem", "dynamodb:GetRecords"),
        ("arn:aws:dynamodb:r:1:table/T/index/I", "dynamodb:Query", "dynamodb:PutItem"),
        ("arn:aws:dynamodb:r:1:table/T/stream/S", "dynamodb:GetRecords", "dynamodb:PutItem"),
        ("arn:aws:lambda:r:1:function:f", "lambda:UpdateFunctionCode", "lambda:GetLayerVersion"),
        ("arn:aws:lambda:r:1:function:f:live", "lambda:InvokeFunction", "lambda:GetLayerVersion"),
        ("arn:aws:iam::1:role/r", "sts:AssumeRole", "iam:GetUser"),
        ("arn:aws:iam::1:role/r", "iam:PassRole", "iam:ListRoles"),
        ("arn:aws:kafka:r:1:group/c/u/g", "kafka-cluster:AlterGroup", "kafka-cluster:ReadData"),
        ("arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Queue}", "sqs:SendMessage", "sns:Publish"),
        ("arn:aws:*:*:*:*", None, None),
        ("*", None, None),
        ("not an arn", None, None),
    ],
)
def test_the_type_of_a_resource_decides_which_actions_are_about_it(
    arn: str, inside: str | None, outside: str | None
) -> None:
    """A table's actions are not its stream's; a pattern over all services tells nothing."""
    found = applicable_actions(encode(arn))
    if inside is None:
        assert found is None
    else:
        assert found is not None
        assert inside in found
        assert outside not in found


def test_an_unknown_type_keeps_every_action_that_can_be_limited() -> None:
    """What the catalogue does not know is not taken away."""
    catalog = load()
    assert "s3:GetObject" in limit_to_resource(catalog.action_set(["s3:*"]), "arn:aws:unheardof:::x")
    assert "s3:ListAllMyBuckets" not in limit_to_resource(catalog.action_set(["s3:*"]), "arn:aws:unheardof:::x")


def test_actions_without_resources_are_matched_apart() -> None:
    """On `*` they are matched by a text that only a wildcard matches."""
    actions = load().action_set(["s3:GetObject", "s3:ListAllMyBuckets", "dynamodb:ListTables"])
    found = {target: list(part) for target, part in by_matched_resource(actions, "*")}
    assert found == {
        "*": ["s3:GetObject"],
        UNSCOPED: ["dynamodb:ListTables"],
        ALL_BUCKETS: ["s3:ListAllMyBuckets"],
    }
    assert dict(by_matched_resource(actions, "arn:aws:sqs:r:1:q")) == {}


@pytest.mark.slow
def test_the_table_of_foreign_services_is_that_of_the_catalogue() -> None:
    """Every service whose actions are about another service's ARNs is listed."""
    catalog = load()
    foreign: dict[str, set[str]] = defaultdict(set)
    for prefix in catalog.services:
        for action in catalog.actions_of(prefix):
            for kind in catalog.details(action).resource_types:
                for form in kind.arn_formats:
                    owner = form.split(":")[2]
                    if owner != prefix and "$" not in owner:
                        foreign[owner].add(prefix)
    assert {owner: tuple(sorted(found)) for owner, found in foreign.items()} == applicable._ALSO


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("arn:aws:dynamodb:r:1:table/T", "arn:aws:dynamodb:r:1:table/index"),
        ("arn:aws:dynamodb:r:1:table/T/index/I", "arn:aws:dynamodb:r:1:table/Orders-2/index/J"),
        ("arn:aws:s3:::b/k", "arn:aws:s3:::accesspoint-logs/2026/x"),
        ("arn:aws:iam::1:role/r", "arn:aws:iam::1:role/team/role"),
    ],
)
def test_what_a_thing_is_called_does_not_matter(one: str, other: str) -> None:
    """Names are taken out before the formats are tried, words that formats fix are not."""
    assert applicable_actions(encode(one)) == applicable_actions(encode(other))


@pytest.mark.slow
def test_no_format_fixes_a_word_beside_a_wildcard() -> None:
    """Otherwise its service's names could not be taken out, and each ARN would be worked out by itself."""
    assert [prefix for prefix in load().services if applicable._literal_words(prefix) is None] == []


def test_an_arn_of_no_known_type_is_about_actions_of_its_own_service() -> None:
    """A broker's ARN has one colon before its type, so this one fits no format; still no other service acts on it.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonmq.html
    """
    actions = load().action_set(["mq:DescribeBroker", "ec2:CreateNetworkInterface", "secretsmanager:GetSecretValue"])
    assert list(limit_to_resource(actions, encode("arn:aws:mq:us-east-1:111122223333::*/*"))) == ["mq:DescribeBroker"]
