"""Credentials of users: how old, how used, and whether an administrator has a second factor.

Ages count to the time of IAM's report and not to today, so that a snapshot gives the same findings on every day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from permscope.audit.checks.breadth import admin_principals
from permscope.audit.checks.chains import way_to_administrator
from permscope.audit.findings import Hit
from permscope.audit.predicates import Taken, finder, predicate
from permscope.audit.subjects import Subject
from permscope.errors import RuleError
from permscope.graph.model import Decision, EdgeKind
from permscope.inventory.arn import account_of
from permscope.inventory.facts import Credentials, Role
from permscope.inventory.source import Source

_NAMES = ("first", "second")


@predicate("credentials")
def can_act(subject: Subject) -> bool:
    """There is a password or an access key to act with."""
    fact: Credentials = subject.it
    return fact.password is True or any(key.active for key in fact.access_keys)


@predicate("credentials")
def is_or_becomes_administrator(subject: Subject) -> bool:
    """The user is an administrator, or becomes one in steps that no condition (such as MFA) guards."""
    world, node = subject.world, subject.holder
    if node is None:
        return False
    if node.id in admin_principals(world) or way_to_administrator(world, node.id, sure=True):
        return True
    takeovers = world.graph.outgoing(node.id, EdgeKind.CAN_TAKE_OVER)
    return any(
        edge.target == node.id
        and edge.decision is Decision.ALLOW
        and edge.attributes.get("category") == "self-escalation"
        for edge in takeovers
    )


def _days(given: object, place: Source) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or given < 1:
        raise RuleError("expected a number of days", source=place)
    return given


@finder("credentials", values=("which", "days"), check=_days)
def old_access_keys(subject: Subject, parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each access key that can be used and is older than a number of days."""
    fact: Credentials = subject.it
    for name, key in zip(_NAMES, fact.access_keys, strict=False):
        age = _age(fact, key.last_rotated)
        if key.active and age is not None and age > parameters:
            yield _hit(f"the {name} access key", age)


@finder("credentials", values=("which", "days"), check=_days)
def unused_credentials(subject: Subject, parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """The password and each access key that was last used, or else made, more than a number of days ago."""
    fact: Credentials = subject.it
    if fact.password:
        idle = _age(fact, fact.password_last_used or fact.password_last_changed)
        if idle is not None and idle > parameters:
            yield _hit("the password", idle)
    for name, key in zip(_NAMES, fact.access_keys, strict=False):
        idle = _age(fact, key.last_used or key.last_rotated)
        if key.active and idle is not None and idle > parameters:
            yield _hit(f"the {name} access key", idle)


@finder("role", values=("said",), check=_days)
def unused_roles(subject: Subject, parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A role of a live account that nobody has assumed for a number of days, counted to the account's report.

    Those that AWS keeps for its own services are left out, and so are roles that are younger.
    """
    role = subject.fact
    if not isinstance(role, Role) or "/aws-service-role/" in role.arn or "/aws-reserved/" in role.arn:
        return
    reported = _reports(subject).get(account_of(role.arn) or "")
    age, idle = _between(role.created, reported), _between(role.last_used, reported)
    if age is None or age <= parameters or (role.last_used and (idle is None or idle <= parameters)):
        return
    said = (
        f"was last used {idle} days before the account's report"
        if idle is not None
        else f"was made {age} days before the account's report, and IAM remembers no use of it"
    )
    yield Hit(values={"said": said})


def _reports(subject: Subject) -> Mapping[str, str]:
    """The time of the credential report of each account."""
    memo = subject.world.memo
    if "reports" not in memo:
        memo["reports"] = {
            account_of(fact.principal_arn): fact.reported for fact in subject.world.inventory.of(Credentials)
        }
    known: dict[str, str] = memo["reports"]
    return known


def _hit(which: str, days: int) -> Hit:
    return Hit(element=which, values={"which": which, "days": str(days)})


def _age(fact: Credentials, since: str | None) -> int | None:
    """Whole days from a time to the report; None where either is not known."""
    return _between(since, fact.reported)


def _between(since: str | None, until: str | None) -> int | None:
    start, end = _moment(since), _moment(until)
    return (end - start).days if start is not None and end is not None else None


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found
