"""Actions and resources that never meet: over all statements together, however these are split."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest

from permscope.audit.checks import mismatches

BUCKET, OBJECTS = "arn:aws:s3:::orders", "arn:aws:s3:::orders/*"
OTHERS = "arn:aws:s3:::archive/*"
TABLE = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
QUEUE = "arn:aws:sqs:eu-west-1:111122223333:orders"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1"


def allow(actions: Any, resources: Any, effect: str = "Allow") -> dict[str, Any]:
    """A statement."""
    return {"Effect": effect, "Action": actions, "Resource": resources}


def test_objects_of_the_bucket_are_what_to_write_where_only_the_bucket_is_named(audit: Any, role: Any) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/security_iam_service-with-iam.html tells both apart."""
    resources = {
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Role": role(allow("s3:GetObject", {"Fn::GetAtt": ["Bucket", "Arn"]})),
        "Other": role(allow("s3:PutObject", "arn:aws:s3:::archive")),
    }
    fixes = [finding.fix for finding in audit(resources)["resource-mismatch"]]
    assert fixes == ['Write `!Sub "${Bucket.Arn}/*"`.', "Write `arn:aws:s3:::archive/*`."]


def test_an_action_that_takes_no_resource_is_told_apart_from_those_that_need_another(audit: Any, role: Any) -> None:
    """`kafka:GetBootstrapBrokers` can only be granted on `*`, and no ARN of a group or topic helps it.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonmanagedstreamingforapachekafka.html
    """
    statement = allow(
        ["kafka:GetBootstrapBrokers", "kafka-cluster:ReadData", "kafka-cluster:Connect"],
        "arn:aws:kafka:us-east-1:111122223333:cluster/orders/abc-1",
    )
    (finding,) = audit({"Role": role(statement)})["resource-mismatch"]
    assert ":topic/" in finding.fix
    assert finding.fix.endswith('and for `kafka:GetBootstrapBrokers` `Resource: "*"`, in a statement of its own.')


@pytest.mark.parametrize(
    ("actions", "resources", "wrong"),
    [
        (["s3:GetObject", "dynamodb:GetItem"], [OBJECTS, TABLE], False),
        (["s3:GetObject", "sqs:SendMessage", "dynamodb:GetItem"], [OBJECTS, QUEUE, TABLE], False),
        (["s3:GetObject", "s3:ListBucket"], [BUCKET, OBJECTS], False),
        (["s3:GetObject"], [BUCKET, OBJECTS], False),
        (["s3:GetObject"], [BUCKET, "*"], False),
        (["s3:GetObject", "dynamodb:GetItem"], [OBJECTS], True),
        (["s3:GetObject", "dynamodb:GetItem"], [OBJECTS, QUEUE], True),
        (["s3:GetObject"], [BUCKET, OTHERS], True),
        (["s3:GetObject"], [OBJECTS, KEY], True),
        (["s3:*"], [OBJECTS, KEY], False),
    ],
)
def test_splitting_a_statement_by_action_or_resource_changes_nothing(
    audit: Any, role: Any, actions: list[str], resources: list[str], wrong: bool
) -> None:
    """Each pair by itself may never meet; that matters only where the action or the resource has no other."""
    together = [allow(actions, resources)]
    by_action = [allow(action, resources) for action in actions]
    by_resource = [allow(actions, resource) for resource in resources]
    by_pair = [allow(action, resource) for action, resource in product(actions, resources)]
    verdicts = [
        "resource-mismatch" in audit({"Role": role(*each)}) for each in (together, by_action, by_resource, by_pair)
    ]
    assert verdicts == [wrong] * 4


def test_what_a_managed_policy_gives_is_not_missing(audit: Any, role: Any) -> None:
    """The access somebody counts on is there, by another policy."""
    managed = {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/AmazonS3FullAccess"]}
    statement = allow(["s3:GetObject", "s3:ListBucket"], OBJECTS)
    assert "resource-mismatch" not in audit({"Role": role(statement, **managed)})


def test_a_deny_that_does_not_hold_is_worse_than_an_allow_that_does_not_work(audit: Any, role: Any) -> None:
    """One leaves something open, the other breaks what it is for."""
    broken = audit({"Role": role(allow("s3:GetObject", BUCKET))})["resource-mismatch"]
    opened = audit({"Role": role(allow("s3:*", "*"), allow("s3:DeleteObject", BUCKET, "Deny"))})["resource-mismatch"]
    assert [finding.severity for finding in (*broken, *opened)] == ["medium", "high"]


@pytest.mark.parametrize("text", ["arn:aws:s3:::orders", "orders", "${Param}", ""])
def test_any_text_for_a_resource_is_taken(audit: Any, role: Any, text: str) -> None:
    """A resource that is no ARN has a rule of its own, and nothing here fails."""
    found = audit({"Role": role(allow(["s3:GetObject", "x", ""], [text]))})
    assert ("resource-mismatch" in found) is text.startswith("arn:")


def test_each_resource_is_looked_at_once_and_not_against_all_others(
    audit: Any, role: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A template may hold thousands of statements."""
    asked: list[str] = []

    def counting(text: str, resources: Iterable[str]) -> bool:
        asked.append(text)
        return fits_never(text, resources)

    fits_never = mismatches._never_fits
    monkeypatch.setattr(mismatches, "_never_fits", counting)
    both = ("good", "/*"), ("bad", "")
    names = [f"arn:aws:s3:::{name}-{number}{tail}" for number in range(200) for name, tail in both]
    found = audit({"Role": role(*(allow("s3:GetObject", name) for name in names))})["resource-mismatch"]
    assert len(found) == 200
    assert len(asked) < 6 * len(names)


@pytest.mark.parametrize(
    ("actions", "said"),
    [
        ("dynamodb:GetItem", "`dynamodb:GetItem` never acts on `arn:aws:s3:::orders`"),
        (["dynamodb:GetItem", "dynamodb:Query"], "`dynamodb:GetItem`, `dynamodb:Query` never act on"),
    ],
)
def test_one_action_acts_and_several_act(audit: Any, role: Any, actions: Any, said: str) -> None:
    """The verb agrees with how many actions there are."""
    (finding,) = audit({"Role": role(allow(actions, "arn:aws:s3:::orders"))})["resource-mismatch"]
    assert finding.message.startswith(said)
