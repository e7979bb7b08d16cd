"""What a credential report says of users: ages, use, and administrators without a second factor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from permscope.audit.engine import run
from permscope.audit.findings import Finding
from permscope.audit.rules import load_rules, parse_rule
from permscope.errors import RuleError
from permscope.graph.build import build_graph
from permscope.inventory.facts import AccessKey, Account, AnyFact, Credentials, Role, User
from permscope.inventory.inventory import Inventory
from permscope.inventory.policies import PolicyKind, parse_policy

ID = "111122223333"
ANN = f"arn:aws:iam::{ID}:user/ann"
ADMIN = ("arn:aws:iam::aws:policy/AdministratorAccess",)
REPORTED = "2026-11-01T12:00:00+00:00"
Found = dict[str, list[Finding]]


@pytest.fixture
def found() -> Callable[..., Found]:
    """Findings about `ann` by rule, with other facts."""

    def judge(*facts: AnyFact, policies: tuple[str, ...] = (), inline: Any = None, **said: Any) -> Found:
        document = {"Version": "2012-10-17", "Statement": inline or []}
        own = parse_policy(document, name="own", kind=PolicyKind.INLINE)
        user = User(arn=ANN, name="ann", managed_policy_arns=policies, inline_policies=(own,) if inline else ())
        credentials = Credentials(principal_arn=ANN, **{"reported": REPORTED, **said})
        inventory = Inventory([Account(id=ID), user, credentials, *facts])
        result: Found = {}
        for finding in run(build_graph(inventory), inventory, load_rules()):
            result.setdefault(finding.rule, []).append(finding)
        return result

    return judge


def admin_role(condition: dict[str, Any] | None = None) -> Role:
    """A role of an administrator that the account may assume."""
    statement = {"Effect": "Allow", "Principal": {"AWS": ANN}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [{**statement, **({"Condition": condition} if condition else {})}]}
    return Role(
        arn=f"arn:aws:iam::{ID}:role/boss",
        name="boss",
        trust=parse_policy(trust, name="trust", kind=PolicyKind.TRUST),
        managed_policy_arns=ADMIN,
    )


def test_a_user_that_becomes_an_administrator_counts_as_one(found: Callable[..., Found]) -> None:
    """What a stolen password gains is what the user can become."""
    assert "no-mfa-admin" in found(admin_role(), password=True, mfa=False)


def test_a_step_that_asks_for_mfa_is_closed_to_a_user_without(found: Callable[..., Found]) -> None:
    """The trust policy keeps out whoever signed in with a password alone."""
    with_mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    rules = found(admin_role(with_mfa), password=True, mfa=False)
    assert "no-mfa-admin" not in rules
    assert "user-no-mfa" in rules


def test_a_user_that_may_make_itself_an_administrator_counts_as_one(found: Callable[..., Found]) -> None:
    """Changing its own policies is one step."""
    inline = [{"Effect": "Allow", "Action": "iam:AttachUserPolicy", "Resource": ANN}]
    assert "no-mfa-admin" in found(inline=inline, password=True, mfa=False)


def test_an_administrator_without_mfa_is_said_once(found: Callable[..., Found]) -> None:
    """The lesser rule keeps quiet and is named by the greater one."""
    rules = found(policies=ADMIN, password=True, mfa=False)
    assert "user-no-mfa" not in rules
    assert "user-no-mfa" in rules["no-mfa-admin"][0].aliases


@pytest.mark.parametrize("said", [{}, {"password": True}, {"mfa": False}, {"access_keys": (AccessKey(active=True),)}])
def test_what_the_report_does_not_say_is_no_finding(found: Callable[..., Found], said: dict[str, Any]) -> None:
    """Unknown is neither a pass nor a finding."""
    rules = {"no-mfa-admin", "user-no-mfa", "access-key-old", "credentials-unused", "access-keys-two"}
    assert not rules & set(found(policies=ADMIN, **said))


@pytest.mark.parametrize(("made", "old"), [("2026-08-03T12:00:00Z", False), ("2026-08-02T11:00:00Z", True)])
def test_a_key_is_old_after_ninety_days(found: Callable[..., Found], made: str, old: bool) -> None:
    """Counted to the report, whatever day it is read on."""
    key = AccessKey(active=True, last_rotated=made, last_used=REPORTED)
    assert ("access-key-old" in found(access_keys=(key,))) is old


@pytest.mark.parametrize("reported", ["", "yesterday", "2026-13-45T00:00:00Z", "2026-01-01"])
def test_a_report_without_a_time_gives_no_ages(found: Callable[..., Found], reported: str) -> None:
    """And a key from after the report is not old either."""
    key = AccessKey(active=True, last_rotated="2026-02-01T12:00:00Z")
    assert "access-key-old" not in found(access_keys=(key,), reported=reported)


def test_each_unused_credential_is_named(found: Callable[..., Found]) -> None:
    """The password and the second key, with the days since they were used or made."""
    keys = (AccessKey(active=False), AccessKey(active=True, last_rotated="2026-01-01T12:00:00Z"))
    said = found(password=True, mfa=True, password_last_used="2026-05-01T12:00:00Z", access_keys=keys)
    assert sorted(item.message for item in said["credentials-unused"]) == [
        "the password of `ann` had not been used for 184 days when the report was made",
        "the second access key of `ann` had not been used for 304 days when the report was made",
    ]


def test_a_finding_about_the_root_user_names_it(found: Callable[..., Found]) -> None:
    """There is no IAM user to name."""
    root = Credentials(principal_arn=f"arn:aws:iam::{ID}:root", reported=REPORTED, mfa=False)
    (finding,) = found(root)["root-no-mfa"]
    assert finding.resource == f"arn:aws:iam::{ID}:root"
    assert f"of account {ID} signs in" in finding.message


OLD, LATE = "2026-01-01T12:00:00Z", "2026-10-30T12:00:00Z"


@pytest.mark.parametrize(
    ("created", "last_used", "said"),
    [
        (OLD, OLD, "was last used 304 days before the account's report"),
        (OLD, None, "was made 304 days before the account's report, and IAM remembers no use of it"),
        (OLD, LATE, None),
        (LATE, None, None),
        (None, OLD, None),
        (OLD, "once", None),
    ],
)
def test_a_role_is_unused_by_what_iam_remembers(
    found: Callable[..., Found], created: str | None, last_used: str | None, said: str | None
) -> None:
    """A young role may still find its use, and what cannot be read is not known."""
    made = replace(admin_role(), created=created, last_used=last_used)
    findings = found(made).get("role-not-used", [])
    assert [finding.message.partition(" ")[2] for finding in findings] == ([said] if said else [])


def test_without_a_report_of_the_account_no_role_is_unused(found: Callable[..., Found]) -> None:
    """There is nothing to count the days to."""
    made = replace(admin_role(), created=OLD, last_used=OLD, arn="arn:aws:iam::999988887777:role/boss")
    assert "role-not-used" not in found(made)


@pytest.mark.parametrize("days", ["many", "0", "true", "[90]"])
def test_days_are_a_number(days: str) -> None:
    """A rule that asks for nonsense is refused."""
    text = (
        "{id: x, title: t, severity: low, for_each: credentials, find: {old_access_keys: DAYS}, "
        "message: m, why: w, fix: f, references: [r]}"
    )
    with pytest.raises(RuleError, match="a number of days"):
        parse_rule(text.replace("DAYS", days), "x.yaml")
