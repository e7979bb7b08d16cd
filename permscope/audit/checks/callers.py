"""Whether a trust policy makes sure who calls: external ids, MFA, and the claims of web identities."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from permscope.audit.checks.principals import (
    PRINCIPAL_VALUES,
    entries_about,
    named_principals,
    principal_hit,
    statement_of,
)
from permscope.audit.conditions import base_key, is_positive, strength
from permscope.audit.findings import Hit
from permscope.audit.predicates import Taken, finder, predicate
from permscope.audit.subjects import Subject
from permscope.audit.world import StatementView, Who
from permscope.catalog.wildcard import matches
from permscope.inventory.arn import split_arn
from permscope.inventory.located import source_of
from permscope.inventory.policies import ConditionEntry, Statement
from permscope.inventory.tokens import has_unknown
from permscope.lazy import regex

_WEB_IDENTITIES = ("accounts.google.com", "www.amazon.com", "graph.facebook.com")
GITHUB = "token.actions.githubusercontent.com"


@predicate("statement")
def proves_who_calls(subject: Subject) -> bool:
    """A trust statement asks an external caller for an external id, MFA, its organization or its exact identity."""
    return asks_who_calls(statement_of(subject))


def asks_who_calls(statement: Statement) -> bool:
    """Whether a trust statement asks for an external id, MFA or an organization."""
    keys = ("sts:externalid", "aws:principalorgid", "aws:principalorgpaths")
    for entry in entries_about(statement, *keys):
        if is_positive(entry.operator) and entry.values and not any(value.strip("*?") == "" for value in entry.values):
            return True
    return _asks_for_mfa(statement)


@predicate("statement")
def asks_for_an_external_id_only(subject: Subject) -> bool:
    """An external id is all that keeps strangers out, and it is no secret: whoever may read the role sees it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
    """
    conditions = statement_of(subject).conditions
    others = tuple(entry for entry in conditions if base_key(entry.key) != "sts:externalid")
    return len(others) < len(conditions) and strength(others) in ("none", "weak")


def _asks_for_mfa(statement: Statement) -> bool:
    """Whether nobody gets through without a second factor."""
    for entry in entries_about(statement, "aws:multifactorauthpresent", "aws:multifactorauthage"):
        name = entry.operator.lower()
        if name == "bool" and all(value.lower() == "true" for value in entry.values):
            return True
        if name.startswith("numericlessthan") and not name.endswith("ifexists"):
            return True
    return False


@predicate("statement")
def asks_for_more_than_the_account(subject: Subject) -> bool:
    """A trust statement asks a caller of the own account who it is, for MFA, or for something that only some know."""
    statement = statement_of(subject)
    keys = ("sts:externalid", "aws:principalarn", "aws:userid", "aws:username", "aws:sourceidentity", "aws:sourceip")
    for entry in statement.conditions:
        key = base_key(entry.key)
        if (key in keys or key.startswith("aws:principaltag/")) and is_positive(entry.operator):
            parts = [split_arn(value) for value in entry.values]
            named = all(part.resource.strip("*").partition("/")[2] if part else True for part in parts)
            if named and all(value.strip("*?") for value in entry.values):
                return True
    return _asks_for_mfa(statement)


def _oidc(who: Who) -> str:
    """Host of the OIDC provider, or the empty string."""
    if who.kind != "federated":
        return ""
    if "oidc-provider/" in who.text:
        return who.text.partition("oidc-provider/")[2]
    return who.text if who.text in _WEB_IDENTITIES else ""


def _claims(statement: Statement) -> Iterator[tuple[str, ConditionEntry]]:
    """Conditions on claims of a web identity token: claim name and entry."""
    for entry in statement.conditions:
        key = base_key(entry.key)
        if key.startswith(("aws:", "sts:", "iam:", "saml:")) or ":" not in key:
            continue
        yield key.rpartition(":")[2], entry


@finder("statement", values=PRINCIPAL_VALUES)
def oidc_without_claims(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each OIDC provider that is trusted whatever its token says."""
    view: StatementView = subject.it
    for principal, who in named_principals(view):
        host = _oidc(who)
        if not host or host in _BY_POOL:
            continue
        shared = host.partition("/")[0] in _SHARED
        claims = [(claim, entry) for claim, entry in _claims(view.statement) if _restricts(entry)]
        if shared:
            claims = [(claim, entry) for claim, entry in claims if claim != "aud" and not _is_for_anybody(entry)]
        if not claims:
            yield principal_hit(view, principal, who)


# Providers that give every customer tokens of the same issuer, so that the audience tells nothing; GitHub has a rule of
# its own. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
_SHARED = frozenset(
    [
        "agent.buildkite.com",
        "app.terraform.io",
        "gitlab.com",
        "oidc.codefresh.io",
        "proidc.upbound.io",
        "scalr.io",
        "studio.datachain.ai",
        "tokens.cloud.shisho.dev",
        "vstoken.actions.githubusercontent.com",
    ]
)
_BY_POOL = ("cognito-identity.amazonaws.com",)


def _is_for_anybody(entry: ConditionEntry) -> bool:
    """Whether a subject starts with a wildcard, if need be behind the name of its first part (`project_path:*`)."""
    like = "like" in entry.operator.lower()
    return like and any(re.match(r"(?:[a-z_]+:)?[*?]", value) for value in entry.values)


def _restricts(entry: ConditionEntry) -> bool:
    operator = (
        entry.operator.lower().removeprefix("forallvalues:").removeprefix("foranyvalue:").removesuffix("ifexists")
    )
    return operator in ("stringequals", "stringlike", "stringequalsignorecase") and all(
        value.strip("*?") for value in entry.values
    )


# Subjects that a stranger's repository can have: no owner is named, or only the beginning of one, which anybody may
# take for an organization of his own; without repository or owner, a stranger chooses the other claims.
_OPEN_SUBJECT = regex(r"(?:repo:|repository_owner:|repository:)?[^/:]*[*?].*|(?:repo:)?")
_OWNED = regex(r"(?:^|:)(?:repo|repository|repository_id|repository_owner|repository_owner_id|job_workflow_ref):")
# Claims of a GitHub token that tie it to a repository or its owner, besides `sub`.
_GITHUB_CLAIMS = ("sub", "repository", "repository_id", "repository_owner", "repository_owner_id", "job_workflow_ref")


@finder("statement", values=(*PRINCIPAL_VALUES, "subject"))
def github_without_subject(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """GitHub Actions trusted without naming an organization or repository."""
    view: StatementView = subject.it
    for principal, who in named_principals(view):
        if GITHUB not in _oidc(who):
            continue
        entries = [entry for claim, entry in _claims(view.statement) if claim in _GITHUB_CLAIMS]
        open_values = [(value, entry) for entry in entries for value in entry.values if _is_open(entry, value)]
        if any(_restricts(entry) and not any(item is entry for _, item in open_values) for entry in entries):
            continue
        hit = principal_hit(view, principal, who)
        hit.values["subject"] = open_values[0][0] if open_values else "none"
        if open_values:
            value, entry = open_values[0]
            place = source_of(value)
            hit.source = place if place.line else entry.source
        yield hit


def _is_open(entry: ConditionEntry, value: str) -> bool:
    """Whether a claim of a GitHub token may be that of a stranger's workflow."""
    if has_unknown(value):
        return False
    like = "like" in entry.operator.lower()
    if base_key(entry.key).endswith(":sub"):
        if _OWNED.search(value) is None:
            return True
        return like and _OPEN_SUBJECT.fullmatch(value) is not None
    return like and re.match(r"[^/]*[*?]", value) is not None


@predicate("statement")
def trusted_subjects_only(subject: Subject) -> bool:
    """Every subject that a trust statement names is one the user vouches for."""
    patterns = subject.world.trusted.oidc_subjects
    values = [value for claim, entry in _claims(statement_of(subject)) if claim == "sub" for value in entry.values]
    return bool(values) and all(any(matches(pattern, value) for pattern in patterns) for value in values)
