"""What AWS refuses, or ignores, in policy documents beyond their grammar.

The checks of AWS's own policy validator:
https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from permscope.audit.fields import Subject
from permscope.audit.findings import Hit
from permscope.audit.generated import is_generated
from permscope.audit.predicates import Taken, finder
from permscope.audit.world import PolicyView, StatementView, World
from permscope.catalog.actions import load
from permscope.catalog.principals import is_known_service_principal, names
from permscope.catalog.wildcard import matches
from permscope.inventory.arn import split_arn
from permscope.inventory.facts import Function, ManagedPolicy, Resource, ResourcePolicy
from permscope.inventory.located import source_of
from permscope.inventory.policies import Policy, PolicyKind, Statement
from permscope.inventory.source import NOWHERE, Source
from permscope.inventory.tokens import TOKEN, has_token, has_unknown
from permscope.lazy import regex

_VALUES = ("text", "reason", "policy", "fix")
_PARTITION = regex(r"aws(?:-[a-z]+)*|\*|aws\*|\?+")
_REGION = regex(r"(?:[a-z]{2,4}(?:-[a-z]+)+-\d{1,2})?")
_ACCOUNT = regex(r"\d{12}|aws|cloudfront|aws-managed|third-party|Snowflake|")
_SID = regex(r"[A-Za-z0-9]*")
_VARIABLE = regex(r"\$\{[a-z][A-Za-z0-9-]*:[^{}$]*\}")
_MOST_PATTERNS = 100  # that begin alike and are compared with a text
_OPEN_VARIABLE = regex(
    r"\$\{[a-zA-Z][A-Za-z0-9-]*:[A-Za-z/]+(?![^{}$]*\})|(?<!\$)\{aws:[A-Za-z/]+\}|\$(?:aws|saml|sts|s3):[a-zA-Z]|\$\{\s*\}"
)
_VERSIONS = ("2012-10-17", "2008-10-17")
_COLONS = 5
# Characters without white space, for whole documents: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_INLINE_QUOTA = {"Role": 10_240, "User": 2_048, "Group": 5_120}
_MANAGED_QUOTA, _TRUST_QUOTA = 6_144, 2_048
_RESOURCE_QUOTA = {"s3": 20_480, "lambda": 20_480, "secretsmanager": 20_480, "sns": 30_720, "events": 10_240}
_COMPLEX = 25


def _hit(place: Source, statement: Statement | None, text: str, reason: str, **more: str) -> Hit:
    at = place if place is not NOWHERE and place.line else statement.source if statement else NOWHERE
    return Hit(
        element=text,
        source=at,
        values={"text": text, "reason": reason, "policy": "", "fix": "", **more},
        statement=statement,
    )


# ARNs


@finder("statement", values=_VALUES)
def broken_arns(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each `Resource` that is no ARN, or an ARN with a field that none can have."""
    view: StatementView = subject.it
    statement = view.statement
    for text in (*(statement.resources or ()), *(statement.not_resources or ())):
        reason = _broken(subject.world, view, str(text))
        if reason:
            yield _hit(source_of(text), statement, str(text), reason)


def _broken(world: World, view: StatementView, text: str) -> str:
    if not text.strip("*") or has_unknown(text):
        return ""
    if not text.startswith("arn:"):
        if view.policy.kind is PolicyKind.RESOURCE or text.startswith(("*", "${", "execute-api:/")):
            return _name_for_arn(world, text) if view.policy.kind is not PolicyKind.RESOURCE else ""
        return "it must be an ARN or `*`"
    fields = TOKEN.sub("\x01", _VARIABLE.sub("\x01", text)).split(":", _COLONS)
    if len(fields) <= _COLONS:
        # A wildcard may stand for the fields that are missing, but not behind what none of them can begin with.
        head = fields[4].partition("*")[0] if len(fields) == _COLONS and "\x01" not in fields[4] else ""
        fits = text.endswith("*") and (not head or head.isdigit())
        return "" if fits else "an ARN has six fields"
    _, partition, service, region, account, resource = fields
    if "\x01" not in partition and _PARTITION.fullmatch(partition) is None:
        return f"there is no partition `{partition}`"
    if not service or not resource:
        return "the field of the service or the resource is empty"
    if not any(mark in region for mark in "\x01*?") and _REGION.fullmatch(region) is None:
        return f"`{region}` is no Region"
    if not any(mark in account for mark in "\x01*?") and _ACCOUNT.fullmatch(account) is None:
        return f"`{account}` is no account id"
    return _misplaced(service, region, account)


def _misplaced(service: str, region: str, account: str) -> str:
    """A Region or account in the ARN of a service that has none."""
    if service in ("iam", "cloudfront", "organizations", "route53") and region.strip("*"):
        return f"ARNs of `{service}` have no Region"
    if service in ("iam", "lambda", "dynamodb", "sqs", "sns", "secretsmanager", "states") and not account:
        return "" if service == "sqs" else f"ARNs of `{service}` have an account id"
    return ""


def _name_for_arn(world: World, text: str) -> str:
    """Where the name of a resource stands in place of its ARN (`!Ref Table`)."""
    facts: tuple[Resource | Function, ...] = (
        *world.inventory.resources.values(),
        *world.inventory.functions.values(),
    )
    for fact in facts:
        if fact.arn is not None and text == f"${{{fact.logical_id}}}" and fact.name == text:
            return f"`!Ref {fact.logical_id}` is a name, and an ARN is needed: `!GetAtt {fact.logical_id}.Arn`"
    return ""


# Whole documents


@finder("policy", values=_VALUES)
def odd_versions(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A document whose `Version` is missing or old; `medium` where it uses variables, which then are plain text."""
    view: PolicyView = subject.it
    policy = view.policy
    if not policy.statements or _is_generated(policy) or _is_permission(view):
        return
    version = policy.version
    if version == _VERSIONS[0] or (version is not None and has_token(version)):
        return
    variables = [text for statement in policy.statements for text in _texts(statement) if _VARIABLE.search(text)]
    if version is not None and version not in _VERSIONS:
        hit = _hit(policy.source, None, version, f"there is no version `{version}`")
        hit.severity = "medium"
    elif variables:
        hit = _hit(policy.source, None, version or "none", f"`{variables[0]}` is taken as it stands")
        hit.severity = "medium"
    elif view.kind == "resource" or (version is None and (view.kind == "trust" or _is_made_by_sam(view))):
        return  # AWS writes such documents itself, and nothing in it means anything else
    else:
        hit = _hit(policy.source, None, version or "none", "policy variables are not replaced in it")
        hit.severity = "info"
    hit.values["policy"] = policy.name
    yield hit


def _is_generated(policy: Policy) -> bool:
    return all(is_generated(statement) for statement in policy.statements)


def _is_made_by_sam(view: PolicyView) -> bool:
    """Whether SAM made the document of a list of statements, as those under `Policies` of a function are."""
    return view.policy.name.startswith(f"{view.policy.logical_id}RolePolicy")


def _is_permission(view: PolicyView) -> bool:
    """Whether the document was made of the properties of a resource (`AWS::Lambda::Permission`)."""
    if not isinstance(view.fact, ResourcePolicy):
        return False
    return ":lambda:" in view.fact.resource_arn


def _texts(statement: Statement) -> Iterator[str]:
    yield from statement.resources or statement.not_resources or ()
    for entry in statement.conditions:
        yield from entry.values


@finder("policy", values=_VALUES)
def odd_sids(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each `Sid` that stands twice, or has characters that IAM refuses; resource policies allow more of them."""
    view: PolicyView = subject.it
    sids = Counter(statement.sid for statement in view.policy.statements if statement.sid and not statement.only_if)
    strict = view.kind in ("identity", "trust")
    seen: set[str] = set()
    for statement in view.policy.statements:
        sid = statement.sid
        if not sid or has_token(sid):
            continue
        if sids[sid] > 1 and sid in seen:
            yield _hit(source_of(sid), statement, sid, "it stands twice in the document", policy=view.policy.name)
        elif strict and _SID.fullmatch(sid) is None:
            reason = "IAM takes letters and digits only"
            yield _hit(source_of(sid), statement, sid, reason, policy=view.policy.name)
        seen.add(sid)


@finder("policy", values=_VALUES)
def too_large(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A document that is larger than AWS takes; of what only the deployment settles the template's text counts."""
    view: PolicyView = subject.it
    quota = _quota(view)
    if quota is None:
        return
    size = len(json.dumps(_plain(view.policy), separators=(",", ":")))
    if size > quota:
        text = f"about {size:,} characters"
        yield _hit(view.policy.source, None, text, f"AWS takes {quota:,}", policy=view.policy.name)


def _quota(view: PolicyView) -> int | None:
    if isinstance(view.fact, ManagedPolicy):
        return _MANAGED_QUOTA
    if view.kind == "trust":
        return _TRUST_QUOTA
    if isinstance(view.fact, ResourcePolicy):
        parts = split_arn(view.fact.resource_arn)
        return _RESOURCE_QUOTA.get(parts.service) if parts else None
    return _INLINE_QUOTA.get(type(view.fact).__name__, _INLINE_QUOTA["Role"])


def _plain(policy: Policy) -> dict[str, Any]:
    found = []
    for statement in policy.statements:
        element: dict[str, Any] = {"Effect": statement.effect}
        for name, values in (
            ("Sid", statement.sid),
            ("Action", statement.actions),
            ("NotAction", statement.not_actions),
            ("Resource", statement.resources),
            ("NotResource", statement.not_resources),
        ):
            if values:
                element[name] = values if isinstance(values, str) or len(values) > 1 else values[0]
        for entry in statement.conditions:
            block = element.setdefault("Condition", {}).setdefault(entry.operator, {})
            block[entry.key] = entry.values if len(entry.values) > 1 else "".join(entry.values)
        for who in statement.principals or ():
            element.setdefault("Principal", {}).setdefault(who.kind, []).append(who.value)
        found.append(element)
    return {"Version": policy.version or "", "Statement": found}


@finder("policy", values=_VALUES)
def intricate_policies(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A document that nobody can read: a point per statement, and one for each thing that turns its meaning around."""
    view: PolicyView = subject.it
    if _is_generated(view.policy):
        return
    score = 0
    for statement in view.policy.statements:
        score += 1 + len(statement.conditions)
        score += 2 * (statement.not_actions is not None) + 2 * (statement.not_resources is not None)
        score += 2 * (statement.not_principals is not None) + (statement.effect == "Deny")
        score += sum(
            "not" in entry.operator.lower() or "ifexists" in entry.operator.lower() for entry in statement.conditions
        )
    if score > _COMPLEX:
        yield _hit(view.policy.source, None, view.policy.name, str(score), policy=view.policy.name)


# Elements


@finder("statement", values=_VALUES)
def broken_variables(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each policy variable that is not written as `${prefix:key}`, so that it stands for itself."""
    view: StatementView = subject.it
    for text in _texts(view.statement):
        found = _OPEN_VARIABLE.search(TOKEN.sub("", text))
        if found is not None:
            reason = "a variable is written `${aws:username}`"
            yield _hit(source_of(text), view.statement, str(text), reason)


@finder("statement", values=_VALUES)
def said_twice(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each action or resource of a statement that another one of it covers."""
    view: StatementView = subject.it
    statement = view.statement
    if is_generated(statement):
        return
    twin = _twin(subject.world, view)
    if twin is not None:
        yield _hit(statement.source, statement, twin.sid or "statement", "the statement stands twice in the policy")
        return
    for texts, what in ((statement.actions, "action"), (statement.resources, "resource")):
        covering = _Covering(texts or (), actions=what == "action")
        for at, text in enumerate(texts or ()):
            wider = covering.wider(at)
            if wider is not None:
                yield _hit(source_of(text), statement, str(text), f"the {what} `{wider}` covers it")


def _twin(world: World, view: StatementView) -> Statement | None:
    """An earlier statement of the same policy that says the same."""
    if len(view.policy.statements) == 1:
        return None
    key = ("twins", id(view.policy))
    firsts: dict[tuple[Any, ...], Statement] | None = world.memo.get(key)
    if firsts is None:
        firsts = world.memo[key] = {}
        for statement in view.policy.statements:
            firsts.setdefault(_said(statement), statement)
    first = firsts[_said(view.statement)]
    return first if first is not view.statement else None


def _said(statement: Statement) -> tuple[Any, ...]:
    """What a statement says, whatever order it says it in."""
    actions = (
        frozenset(map(str.lower, texts)) if texts else None for texts in (statement.actions, statement.not_actions)
    )
    return (
        statement.effect,
        *actions,
        *(frozenset(each) if each is not None else None for each in (statement.resources, statement.not_resources)),
        *(frozenset(each) if each is not None else None for each in (statement.principals, statement.not_principals)),
        frozenset(
            (entry.operator.lower(), entry.key.lower(), frozenset(entry.values)) for entry in statement.conditions
        ),
        statement.only_if,
    )


class _Covering:
    """The texts of one list, to ask which other one covers a text; a list may hold thousands."""

    def __init__(self, texts: tuple[str, ...], *, actions: bool) -> None:
        self._texts = texts
        self._own = [text.lower() if actions else text for text in texts]
        self._first: dict[str, int] = {}
        self._patterns: dict[str, list[int]] = {}
        for at, own in enumerate(self._own):
            if has_unknown(texts[at]):
                continue
            self._first.setdefault(own, at)
            if "*" in own:
                same = self._patterns.setdefault(re.split(r"[*?]", own, maxsplit=1)[0], [])
                if len(same) < _MOST_PATTERNS:
                    same.append(at)
        self._lengths = sorted({len(prefix) for prefix in self._patterns})

    def wider(self, at: int) -> str | None:
        """The first text that says the same before the one at a place, or covers it with a `*`."""
        own = self._own[at]
        if has_unknown(self._texts[at]):
            return None
        found = [self._first[own]] if self._first[own] < at else []
        for length in self._lengths:
            if length > len(own):
                break
            patterns = self._patterns.get(own[:length], ())
            covering = (each for each in patterns if self._own[each] != own and matches(self._own[each], own))
            found.extend(islice(covering, 1))
        return self._texts[min(found)] if found else None


# Principals


@finder("statement", values=_VALUES)
def broken_principals(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each principal that AWS refuses: an account id of another length, a service or provider that is none."""
    view: StatementView = subject.it
    statement = view.statement
    for principal in (*(statement.principals or ()), *(statement.not_principals or ())):
        text = str(principal.value)
        if has_unknown(text) or text == "*":
            continue
        reason, fix = _broken_principal(principal.kind, text)
        if reason:
            yield _hit(source_of(principal.value), statement, text, reason, fix=fix)


def _broken_principal(kind: str, text: str) -> tuple[str, str]:
    match kind:
        case "Service":
            return _broken_service(text)
        case "AWS":
            return _broken_aws(text)
        case "Federated":
            fits = text.startswith("arn:") or "." in text or has_token(text)
            return ("", "") if fits else ("a provider is named by its ARN or host", "the ARN of the provider")
        case _:
            return "", ""


def _broken_service(text: str) -> tuple[str, str]:
    if has_token(text):
        return "", ""
    if "*" in text or "?" in text:
        return "services cannot be named by pattern", "one service principal per line"
    if is_known_service_principal(text) or "." not in text:
        if "." not in text:
            return "a service principal is a host name", f"{text}.amazonaws.com"
        return "", ""
    from difflib import get_close_matches

    near = get_close_matches(text, names(), n=1, cutoff=0.85)
    return (f"no service is known by it, and `{near[0]}` is close", near[0]) if near else ("", "")


def _broken_aws(text: str) -> tuple[str, str]:
    if text.isdigit():
        wrong = len(text) != 12  # noqa: PLR2004 (digits of an account id)
        return ("an account id has 12 digits", '12 digits in quotes: "012345678901"') if wrong else ("", "")
    if re.fullmatch(r"A(?:ROA|IDA|GPA|KIA|SIA)[A-Z0-9]+", text) or has_token(text) or text.startswith("arn:"):
        group = ":group/" in text or (text.startswith("arn:") and text.count(":") < _COLONS)
        return ("a group is no principal", "the roles or users themselves") if group else ("", "")
    return "it is neither an account id nor an ARN", "arn:aws:iam::<account id>:role/<name>"


# Trust policies


@finder("statement", values=_VALUES)
def actions_of_no_trust(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each action of a trust policy that has nothing to do with assuming a role."""
    view: StatementView = subject.it
    catalog = load()
    for text in view.statement.actions or ():
        if has_token(text) or not text.strip("*"):
            continue
        if text.partition(":")[0].lower() != "sts" and catalog.expand(text):
            yield _hit(source_of(text), view.statement, str(text), "trust policies allow `sts:` actions only")


@finder("statement", values=_VALUES)
def redundant_principals(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each principal that stands twice in a statement, or beside `*`.

    A role beside the root of its account is not redundant: named itself it needs no identity policy.
    """
    view: StatementView = subject.it
    public = any(who.kind == "public" for who in view.who)
    seen: set[tuple[str, str]] = set()
    for principal, who in zip(view.statement.principals or (), view.who, strict=True):
        parts = split_arn(who.text) if principal.kind == "AWS" else None
        # The id of an account means its root.
        key = (principal.kind, parts.account if parts is not None and parts.resource == "root" else who.text)
        if key in seen:
            yield _hit(source_of(principal.value), view.statement, who.text, "it stands there twice")
        elif principal.kind == "AWS" and public and who.kind != "public":
            yield _hit(source_of(principal.value), view.statement, who.text, "`*` beside it holds it")
        seen.add(key)
