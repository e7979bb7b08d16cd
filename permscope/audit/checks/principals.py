"""Whom the statements of function policies, resource policies and trust policies let in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from permscope.audit.conditions import base_key, entry_strength, is_positive, strength
from permscope.audit.findings import Hit
from permscope.audit.predicates import Taken, finder, predicate
from permscope.audit.subjects import Subject
from permscope.audit.world import PRINCIPAL_KINDS, StatementView, Who
from permscope.catalog.actions import load
from permscope.graph.mapping_reader import no_such
from permscope.inventory.arn import split_arn
from permscope.inventory.located import source_of
from permscope.inventory.policies import ConditionEntry, Principal, Statement
from permscope.inventory.source import NOWHERE, Source
from permscope.lazy import regex

_REGION = regex(r"(?:[a-z]{2}(?:-[a-z]+)+-\d|\$\{AWS::Region\})")


def service_name(principal: str) -> str:
    """A service principal without suffix and Region: `logs` for `logs.us-east-1.amazonaws.com`."""
    name = principal.lower()
    for suffix in (".amazonaws.com.cn", ".amazonaws.com", ".amazonaws.eu", ".amazon.com", ".${aws::urlsuffix}"):
        name = name.removesuffix(suffix)
    return ".".join(part for part in name.split(".") if not _REGION.fullmatch(part) and part != "${aws::region}")


def statement_of(subject: Subject) -> Statement:
    """The statement that a subject is."""
    statement: Statement = subject.it.statement
    return statement


def entries_about(statement: Statement, *keys: str) -> Iterator[ConditionEntry]:
    """The conditions of a statement on some keys, which are in lower case."""
    return (entry for entry in statement.conditions if base_key(entry.key) in keys)


def named_principals(view: StatementView) -> Iterator[tuple[Principal, Who]]:
    """Each principal as written, and understood."""
    return zip(view.statement.principals or (), view.who, strict=True)


def principal_hit(view: StatementView, principal: Principal, who: Who) -> Hit:
    """A hit at one principal, with `PRINCIPAL_VALUES`."""
    place = source_of(principal.value)
    statement = view.statement
    return Hit(
        element=who.text,
        source=place if place is not NOWHERE and place.line else statement.source,
        values={
            "principal": who.text,
            "account": who.account or "",
            "service": service_name(who.text) if who.kind == "service" else "",
            "source_arn": next((v for entry in entries_about(statement, "aws:sourcearn") for v in entry.values), ""),
        },
        statement=statement,
    )


PRINCIPAL_VALUES = ("principal", "account", "service", "source_arn")


def _kinds(given: object, place: Source) -> tuple[tuple[str, ...], bool]:
    items = given if isinstance(given, list) else [given]
    for item in items:
        if item not in PRINCIPAL_KINDS:
            raise no_such("principal kind", item, PRINCIPAL_KINDS, source_of(item, place))
    return tuple(str(item) for item in items), True


@finder("statement", values=PRINCIPAL_VALUES, check=_kinds)
def principals(subject: Subject, parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each principal of the kinds given; of foreign accounts only those nobody vouches for."""
    kinds, _ = parameters
    view: StatementView = subject.it
    for principal, who in named_principals(view):
        if who.kind in kinds and not who.trusted:
            yield principal_hit(view, principal, who)


@finder("statement", values=PRINCIPAL_VALUES)
def whole_account_principals(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each principal that stands for the own account: the ARN of its root, or its id."""
    view: StatementView = subject.it
    for principal, who in named_principals(view):
        parts = split_arn(who.text)
        if who.kind == "own" and (parts is None or parts.resource == "root"):
            yield principal_hit(view, principal, who)


@finder("statement", values=PRINCIPAL_VALUES)
def public_bucket_principals(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each principal that stands for everybody in a bucket policy, and whether S3 would take such a policy.

    Buckets made since April 2023 block public policies unless the block is turned off:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
    """
    view: StatementView = subject.it
    fact = subject.world.resource(view.holder.id) if view.holder else None
    given = fact.attributes.get("public_access_block_given") if fact else None
    for principal, who in named_principals(view):
        if who.kind == "public":
            hit = principal_hit(view, principal, who)
            if given is False:
                hit.unreachable = "S3 refuses the policy on buckets made since April 2023, and takes it on older ones"
                hit.severity, hit.confidence = "high", "medium"  # and a step lower for that reason
            yield hit


@predicate("statement")
def lets_url_callers_in(subject: Subject) -> bool:
    """A function policy statement that only serves a function URL without authentication."""
    statement = statement_of(subject)
    for entry in entries_about(statement, "lambda:functionurlauthtype", "lambda:invokedviafunctionurl"):
        if is_positive(entry.operator) and all(value.upper() in ("NONE", "TRUE") for value in entry.values):
            return True
    return False


@predicate("statement")
def outsiders_are_denied(subject: Subject) -> bool:
    """A Deny of the same resource keeps everybody outside the owner's organization, account or network out."""
    view: StatementView = subject.it
    return subject.world.shut_out(view, view.actions)


@predicate("statement")
def conditions_are_denied_elsewhere(subject: Subject) -> bool:
    """A Deny for everybody of the same policy excepts an address range, endpoint or network."""
    view: StatementView = subject.it
    keys = ("aws:sourceip", "aws:vpcsourceip", "aws:sourcevpce", "aws:sourcevpc")
    return any(
        statement.effect == "Deny"
        and any("not" in entry.operator.lower() and base_key(entry.key) in keys for entry in statement.conditions)
        for statement in view.siblings
    )


@predicate("statement")
def limited_to_organization_only(subject: Subject) -> bool:
    """Everybody of an organization is let in: `aws:PrincipalOrgID` is all that limits the statement."""
    statement = statement_of(subject)
    strong = [entry for entry in statement.conditions if entry_strength(entry) in ("strong", "unknown")]
    return bool(strong) and all(base_key(entry.key) == "aws:principalorgid" for entry in strong)


@predicate("statement")
def organization_is_trusted(subject: Subject) -> bool:
    """Every organization that the statement names is the user's own or one the user vouches for."""
    known = subject.world.own_organizations
    values = [value for entry in entries_about(statement_of(subject), "aws:principalorgid") for value in entry.values]
    return bool(values) and all(value in known for value in values)


@predicate("statement")
def lets_friends_in_only(subject: Subject) -> bool:
    """Everybody it lets in is of the own account, or of accounts or organizations the user vouches for."""
    view: StatementView = subject.it
    if not view.who:
        return False
    of_organization = limited_to_organization_only(subject) and organization_is_trusted(subject)
    return all(who.kind == "own" or who.trusted or (who.kind == "public" and of_organization) for who in view.who)


@finder("statement", values=("action", "principal"))
def more_than_invoking(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each action of a function policy beyond those that invoke the function."""
    view: StatementView = subject.it
    if any(service_name(who.text).startswith("replicator.lambda") for who in view.who):
        return
    catalog = load()
    allowed = catalog.expand("lambda:Invoke*")
    for text in view.statement.actions or ():
        if catalog.expand(text) - allowed:
            place = source_of(text)
            yield Hit(
                element=text,
                source=place if place.line else view.statement.source,
                values={"action": text, "principal": ", ".join(who.text for who in view.who)},
            )


@predicate("statement")
def bucket_blocks_public_policies(subject: Subject) -> bool:
    """The bucket's own public access block keeps a public policy from taking effect.

    A bucket of a template without such a block is new, and S3 then refuses the policy, or old and open to everybody:
    the template does not tell, so the block that new buckets have by default does not count here.
    """
    fact = subject.world.resource(subject.holder.id) if subject.holder else None
    if fact is None or fact.attributes.get("public_access_block_given") is False:
        return False
    return any(fact.attributes.get(name) is True for name in ("block_public_policy", "restrict_public_buckets"))


def strength_of(statement: Statement) -> str:
    """How much the conditions of a statement restrict who the caller can be."""
    return strength(statement.conditions)
