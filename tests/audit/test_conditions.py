"""How much conditions restrict.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html (the meaning of public)
"""

from __future__ import annotations

import pytest

from permscope.audit.conditions import narrowing, shuts_out_outsiders, strength
from permscope.inventory.policies import ConditionEntry, Principal, Statement


@pytest.mark.parametrize(
    ("operator", "key", "value", "expected"),
    [
        ("StringEquals", "aws:PrincipalOrgID", "o-abcdef1234", "strong"),
        ("stringequals", "AWS:principalorgid", "o-abcdef1234", "strong"),
        ("ArnLike", "aws:SourceArn", "arn:aws:sns:us-east-1:111122223333:t", "strong"),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::bucket", "strong"),
        ("ArnLike", "aws:SourceArn", "*", "weak"),
        ("ArnLike", "aws:SourceArn", "arn:aws:sns:*:*:*", "weak"),
        ("StringEqualsIfExists", "aws:PrincipalOrgID", "o-abcdef1234", "weak"),
        ("StringNotEquals", "aws:PrincipalOrgID", "o-abcdef1234", "weak"),
        ("ForAllValues:StringEquals", "aws:PrincipalOrgID", "o-abcdef1234", "weak"),
        ("StringLike", "aws:UserAgent", "secret", "weak"),
        ("StringLike", "aws:Referer", "secret", "weak"),
        ("Bool", "aws:SecureTransport", "true", "weak"),
        ("IpAddress", "aws:SourceIp", "203.0.113.0/24", "strong"),
        ("IpAddress", "aws:SourceIp", "0.0.0.0/0", "weak"),
        ("StringEquals", "kms:ViaService", "s3.us-east-1.amazonaws.com", "weak"),
        ("StringEquals", "kms:CallerAccount", "111122223333", "strong"),
        ("StringEquals", "aws:PrincipalOrgID", "${Param::Org}", "unknown"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/x", "weak"),
    ],
)
def test_strength_of_a_condition(operator: str, key: str, value: str, expected: str) -> None:
    """Only a condition that strangers cannot meet is strong; what nobody knows is unknown."""
    assert strength([ConditionEntry(operator, key, (value,))]) == expected


def test_no_condition_is_none() -> None:
    """A statement without conditions has none."""
    assert strength([]) == "none"


def test_one_strong_key_makes_a_block_strong() -> None:
    """All keys of a block must be met, so the strongest decides."""
    weak = ConditionEntry("Bool", "aws:SecureTransport", ("true",))
    strong = ConditionEntry("StringEquals", "aws:SourceAccount", ("111122223333",))
    assert strength([weak, strong]) == "strong"


def test_one_open_value_makes_a_key_weak() -> None:
    """Any of the values meets a key."""
    assert strength([ConditionEntry("StringLike", "aws:PrincipalOrgID", ("o-abcdef1234", "*"))]) == "weak"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (ConditionEntry("StringNotEquals", "aws:PrincipalOrgID", ("o-abcdef1234",)), True),
        (ConditionEntry("NotIpAddress", "aws:SourceIp", ("203.0.113.0/24",)), True),
        (ConditionEntry("Null", "aws:SourceVpce", ("true",)), True),
        (ConditionEntry("Bool", "aws:SecureTransport", ("false",)), False),
        (ConditionEntry("StringEquals", "aws:PrincipalOrgID", ("o-bad0000000",)), False),
        (ConditionEntry("StringNotLike", "aws:PrincipalArn", ("*",)), False),
    ],
)
def test_a_deny_that_excepts_the_owner_shuts_outsiders_out(entry: ConditionEntry, expected: bool) -> None:
    """A negated identity key holds for every stranger; a TLS requirement for none of them."""
    statement = Statement(effect="Deny", actions=("*",), principals=(Principal("*", "*"),), conditions=(entry,))
    assert shuts_out_outsiders(statement) is expected


def test_what_only_asks_for_tls_narrows_nothing() -> None:
    """An identity statement is narrowed by tags or services, not by transport."""
    assert narrowing([ConditionEntry("Bool", "aws:SecureTransport", ("true",))]) == ""
    assert narrowing([ConditionEntry("StringEquals", "aws:ResourceTag/team", ("orders",))]) == "aws:ResourceTag/team"
