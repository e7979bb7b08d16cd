"""What role trust policies ask of those who assume the role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from permscope.audit.conditions import base_key, is_positive
from permscope.audit.fields import Subject
from permscope.audit.findings import Hit
from permscope.audit.generated import is_generated
from permscope.audit.predicates import Taken, finder
from permscope.audit.principals import GITHUB, service_name
from permscope.audit.world import StatementView
from permscope.catalog.actions import load
from permscope.inventory.located import source_of
from permscope.inventory.policies import ConditionEntry, Statement
from permscope.inventory.source import Source
from permscope.inventory.tokens import has_unknown
from permscope.lazy import regex

# Services whose documentation asks for `aws:SourceArn` or `aws:SourceAccount` in the trust policy.
_SENDS_SOURCE = frozenset(
    ["scheduler", "pipes", "states", "bedrock", "transfer", "kendra", "qbusiness.application", "sagemaker", "iot"]
)
_LOOSE_SUBJECT = regex(r"repo:[^/*:]+/(?:\*|[^:]*\*:?\*?)(?::\*)?|repo:[^/*:]+/[^:*]+:\*|repo:[^/*:]+/?\*")


def _place(text: str, default: Source) -> Source:
    place = source_of(text)
    return place if place.line else default


def _text_hit(view: StatementView, text: str, **values: str) -> Hit:
    return Hit(
        element=str(text),
        source=_place(text, view.statement.source),
        values={"text": str(text), **values},
        statement=view.statement,
    )


def _has(statement: Statement, *keys: str) -> bool:
    return any(base_key(entry.key) in keys and is_positive(entry.operator) for entry in statement.conditions)


@finder("statement", values=("text",))
def whole_service_actions(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each `Action` of a statement that is `*` or every action of a service."""
    view: StatementView = subject.it
    for text in view.statement.actions or ():
        if not text.strip("*:") or text.endswith(":*"):
            yield _text_hit(view, text)


@finder("statement", values=("text",))
def loose_github_subjects(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each GitHub subject that names an organization or repository, but no branch, tag or environment."""
    view: StatementView = subject.it
    for entry in _claims(view.statement, "sub"):
        for value in entry.values:
            if _LOOSE_SUBJECT.fullmatch(value) and not has_unknown(value):
                yield _text_hit(view, value)


def _claims(statement: Statement, claim: str) -> Iterator[ConditionEntry]:
    for entry in statement.conditions:
        key = base_key(entry.key)
        if key == f"{GITHUB}:{claim}":
            yield entry


@finder("statement", values=("text",))
def saml_without_audience(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each SAML provider that is trusted without `SAML:aud`."""
    view: StatementView = subject.it
    if _has(view.statement, "saml:aud", "saml:iss", "saml:sub", "saml:sub_type"):
        return
    for who, principal in zip(view.who, view.statement.principals or (), strict=True):
        if who.kind == "federated" and ":saml-provider/" in who.text:
            yield _text_hit(view, principal.value)


@finder("statement", values=("text",))
def cognito_without_pool(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Cognito identities trusted whatever pool, anybody's included, they come from."""
    view: StatementView = subject.it
    if _has(view.statement, "cognito-identity.amazonaws.com:aud"):
        return
    for who, principal in zip(view.who, view.statement.principals or (), strict=True):
        if who.text == "cognito-identity.amazonaws.com":
            yield _text_hit(view, principal.value)


@finder("statement", values=("text",))
def services_trusted_without_source(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each service that could say for whom it acts, trusted without asking it; roles that SAM makes are left out."""
    view: StatementView = subject.it
    keys = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths", "sts:externalid")
    if _has(view.statement, *keys) or is_generated(view.statement):
        return
    for who, principal in zip(view.who, view.statement.principals or (), strict=True):
        if who.kind == "service" and service_name(who.text) in _SENDS_SOURCE:
            yield _text_hit(view, principal.value)


@finder("statement", values=("text", "wanted"))
def actions_that_do_not_fit(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """An identity provider trusted with `sts:AssumeRole` only, which it can never call."""
    view: StatementView = subject.it
    catalog = load()
    fits = catalog.action_set(("sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"))
    kinds = {who.kind for who in view.who}
    if kinds != {"federated"} or not fits.isdisjoint(view.actions) or "sts:AssumeRole" not in view.actions:
        return
    saml = any(":saml-provider/" in who.text for who in view.who)
    text = (view.statement.actions or ("",))[0]
    yield _text_hit(view, text, wanted="sts:AssumeRoleWithSAML" if saml else "sts:AssumeRoleWithWebIdentity")
