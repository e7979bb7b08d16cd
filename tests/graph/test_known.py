"""Which known thing an ARN pattern names."""

from __future__ import annotations

import pytest

from permscope.graph.known import KnownArns

OWN = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/orders"


@pytest.mark.parametrize(
    ("pattern", "rest"),
    [
        (OWN, ""),
        (f"{OWN}/index/*", "/index/*"),
        (f"{OWN}*", "*"),
        (OWN.replace("${AWS::Partition}", "aws"), ""),
        ("arn:aws:dynamodb:*:*:table/orders", ""),
    ],
)
def test_a_pattern_names_the_thing_it_begins_with(pattern: str, rest: str) -> None:
    """Its own ARN, what is below it, or its name and a wildcard."""
    known = KnownArns()
    known.add(OWN, "orders")
    assert [(found.id, found.rest, dict(found.assumes)) for found in known.named_by(pattern)] == [("orders", rest, {})]


@pytest.mark.parametrize(
    "pattern",
    [
        "arn:aws:dynamodb:*:*:table/*",
        "arn:aws:dynamodb:*:*:table/ord*",
        "arn:aws:dynamodb:${AWS::Region}:111122223333:table/orders",
        "arn:aws:dynamodb:*:*:table/orders-archive",
        "arn:aws:sqs:*:*:table/orders",
        "*",
        "orders",
    ],
)
def test_wider_patterns_and_other_accounts_name_nothing(pattern: str) -> None:
    """A literal account is another one than the template's own."""
    known = KnownArns()
    known.add(OWN, "orders")
    assert known.named_by(pattern) == ()


def test_a_literal_region_is_assumed() -> None:
    """The same thing if the template is deployed there."""
    known = KnownArns()
    known.add(OWN, "orders")
    (found,) = known.named_by("arn:aws:dynamodb:us-east-1:${AWS::AccountId}:table/orders")
    assert found.assumes == {"AWS::Region": "us-east-1"}


def test_a_secret_is_known_by_its_name_without_the_random_part() -> None:
    """AWS documents it (https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html)."""
    known = KnownArns()
    known.add("arn:aws:secretsmanager:us-east-1:111122223333:secret:db", "secret")
    for end in ("-??????", "-*", "*"):
        pattern = f"arn:aws:secretsmanager:us-east-1:111122223333:secret:db{end}"
        assert [found.id for found in known.named_by(pattern)] == ["secret"]


@pytest.mark.parametrize("end", ["", "-??????", "-*", "*", "-AbCdEf"])
def test_a_secret_of_a_template_is_known_by_its_name_in_any_partition(end: str) -> None:
    """A template knows the name it gives, and that six characters come behind it."""
    known = KnownArns()
    known.add("arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:app/db-??????", "secret")
    pattern = f"arn:aws:secretsmanager:${{AWS::Region}}:${{AWS::AccountId}}:secret:app/db{end}"
    assert [found.id for found in known.named_by(pattern)] == ([] if end == "-AbCdEf" else ["secret"])
