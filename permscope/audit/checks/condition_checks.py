"""What is wrong with single conditions: anybody meets them, nothing does, or the operator does not fit the key.

How operators treat keys that are not in the request:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache, partial
from typing import Any

from permscope.audit.findings import Hit
from permscope.audit.predicates import Taken, finder
from permscope.audit.subjects import Subject
from permscope.audit.world import StatementView
from permscope.catalog.actions import load
from permscope.catalog.condition_keys import condition_keys
from permscope.inventory.located import source_of
from permscope.inventory.policies import ConditionEntry, PolicyKind, Statement
from permscope.inventory.source import NOWHERE
from permscope.inventory.tokens import has_token
from permscope.lazy import regex

_MFA = frozenset({"aws:multifactorauthpresent", "aws:multifactorauthage"})
# Keys that say who calls and that are missing from many requests.
_MAY_BE_MISSING = frozenset(
    """aws:sourcearn aws:sourceaccount aws:sourceorgid aws:sourceorgpaths aws:principalorgid aws:principalorgpaths
    aws:sourcevpc aws:sourcevpce aws:vpcsourceip aws:sourceidentity sts:externalid aws:sourceowner aws:username
    aws:calledvia aws:calledviafirst aws:calledvialast aws:sourceip""".lower().split()
)
_TAG_KEYS = ("aws:principaltag/", "aws:resourcetag/", "aws:requesttag/")
_FORGEABLE = frozenset({"aws:useragent", "aws:referer"})
# Many-valued keys whose absence asks for nothing more, so that `ForAllValues` may pass without them.
_HARMLESS_WHEN_MISSING = frozenset({"aws:tagkeys", "dynamodb:attributes", "dynamodb:select"})
_VALUES = ("operator", "key", "values", "reason", "fix")
_MANY_ACTIONS = 60
_WIDE_IPV4, _WIDE_IPV6 = 8, 16
_DATE = regex(r"\d{4}-\d{2}-\d{2}(?:T.*)?|-?\d+(?:\.\d+)?")
_NUMBER = regex(r"[+-]?\d+(?:\.\d+)?")


def _parts(operator: str) -> tuple[str, str, bool]:
    """Set prefix, lower-case name, and whether it ends in `IfExists`."""
    name = operator.strip().lower()
    prefix = ""
    for candidate in ("forallvalues:", "foranyvalue:"):
        if name.startswith(candidate):
            prefix, name = candidate, name[len(candidate) :]
    return prefix, name.removesuffix("ifexists"), name.endswith("ifexists")


def _statement(subject: Subject) -> Statement:
    view: StatementView = subject.it
    return view.statement


def _hit(statement: Statement, entry: ConditionEntry, reason: str, **more: str) -> Hit:
    place = entry.source if entry.source is not NOWHERE and entry.source.line else source_of(entry.key)
    return Hit(
        element=f"{entry.operator} {entry.key}",
        source=place if place is not NOWHERE and place.line else statement.source,
        values={
            "operator": entry.operator,
            "key": entry.key,
            "values": ", ".join(f"`{value}`" for value in entry.values[:3]),
            "reason": reason,
            "fix": "",
            **more,
        },
        statement=statement,
    )


@finder("statement", values=_VALUES)
def conditions_everybody_meets(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each condition of an `Allow` that any caller meets: a value that matches everything, or a key he sets himself."""
    statement = _statement(subject)
    for entry in statement.conditions:
        reason = _met_by_all(entry)
        if reason:
            yield _hit(statement, entry, reason)


def _met_by_all(entry: ConditionEntry) -> str:
    prefix, name, if_exists = _parts(entry.operator)
    key = entry.key.lower()
    if if_exists or prefix == "forallvalues:" or not entry.values:
        return ""  # those have rules of their own
    wild = name in ("stringlike", "arnlike", "arnequals") and any(not value.strip("*") for value in entry.values)
    if wild and "tag/" not in key:  # of a tag it asks that there is one
        return "`*` matches every value"
    if name == "ipaddress" and any(value.endswith("/0") for value in entry.values):
        return "the range holds every address"
    if key in _FORGEABLE and not name.startswith("null"):
        return "any caller can send what he likes there"
    negated = "not" in name and name != "null"
    if negated and (key in _MAY_BE_MISSING - {"aws:sourceip"} or key.startswith(_TAG_KEYS)):
        return "it holds for every request without that key"
    return ""


@finder("statement", values=_VALUES)
def mfa_that_is_not_asked_for(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each condition on MFA that lets callers without it through: long-term keys do not send the key at all."""
    statement = _statement(subject)
    allows = statement.effect == "Allow"
    for entry in statement.conditions:
        if entry.key.lower() not in _MFA:
            continue
        _, name, if_exists = _parts(entry.operator)
        wants = {value.lower() for value in entry.values}
        present = entry.key.lower() == "aws:multifactorauthpresent"
        if allows and if_exists:
            reason = "`IfExists` holds for callers with long-term keys, who never send the key"
            fix = f"{entry.operator[: -len('IfExists')]}: {{{entry.key}: {', '.join(entry.values)}}}"
        elif allows and name == "null" and "false" in wants and present:
            reason = "the key is there for temporary credentials without MFA too, with the value `false`"
            fix = 'Bool: {"aws:MultiFactorAuthPresent": "true"}'
        elif not allows and name == "bool" and not if_exists and wants == {"false"} and _alone(statement, entry):
            reason = "callers with long-term keys never send the key, so the Deny passes them by"
            fix = 'BoolIfExists: {"aws:MultiFactorAuthPresent": "false"}'
        else:
            continue
        yield _hit(statement, entry, reason, fix=fix)


def _alone(statement: Statement, entry: ConditionEntry) -> bool:
    """Whether no sibling of the entry speaks of MFA as well."""
    return not any(other is not entry and other.key.lower() in _MFA for other in statement.conditions)


@finder("statement", values=_VALUES)
def for_all_values_of_nothing(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each `ForAllValues` of an `Allow` that a request without the key passes."""
    statement = _statement(subject)
    guarded = {
        entry.key.lower()
        for entry in statement.conditions
        if _parts(entry.operator)[1] == "null" and all(value.lower() == "false" for value in entry.values)
    }
    for entry in statement.conditions:
        key = entry.key.lower()
        if _parts(entry.operator)[0] != "forallvalues:" or key in guarded or key in _HARMLESS_WHEN_MISSING:
            continue
        view: StatementView = subject.it
        if key == "dynamodb:leadingkeys" and "dynamodb:Scan" not in view.actions:
            continue
        yield _hit(statement, entry, "it holds for every request that does not have the key")


@finder("statement", values=_VALUES)
def if_exists_on_allow(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each `...IfExists` of an `Allow` on a key that says who calls: without the key the condition holds."""
    statement = _statement(subject)
    for entry in statement.conditions:
        key = entry.key.lower()
        named = key in _MAY_BE_MISSING or key.startswith("aws:principaltag/")
        _, name, if_exists = _parts(entry.operator)
        if if_exists and name != "null" and named and not _guarded(statement, key):
            yield _hit(statement, entry, "it holds for every request without that key")


def _guarded(statement: Statement, key: str) -> bool:
    """Whether another condition of the statement limits who calls, so that the optional one may be optional."""
    for entry in statement.conditions:
        _, name, if_exists = _parts(entry.operator)
        other = entry.key.lower()
        if not if_exists and "not" not in name and other != key and (other in _MAY_BE_MISSING or ":aud" in other):
            return True
    return False


# Keys and actions


@lru_cache(maxsize=4096)
def _supports(action: str, key: str) -> bool:
    """Whether requests for an action can have a condition key of its service."""
    details = load().details(action)
    known = (*details.condition_keys, *(one for kind in details.resource_types for one in kind.condition_keys))
    return any(_same_key(one.lower(), key) for one in known)


def _same_key(documented: str, key: str) -> bool:
    if documented == key:
        return True
    head, hole, _ = documented.replace("<", "${").replace("/tag-key", "/${").partition("${")
    return bool(hole) and key.startswith(head)


# Services whose keys go with requests to every service, or with far more than the action table says.
_EVERYWHERE = frozenset(
    """aws saml sts cognito-identity graph.facebook.com accounts.google.com www.amazon.com lambda ec2 ecs ssm glue
    codebuild iot eks kms rds identitystore bedrock-agentcore bedrock s3 sns sqs""".lower().split()
)
# Keys of these services that only some of their own actions know.
_TELLING_KEYS = {
    "s3:prefix": ("s3",),
    "s3:delimiter": ("s3",),
    "s3:max-keys": ("s3",),
    "s3:x-amz-acl": ("s3",),
    "s3:x-amz-server-side-encryption": ("s3",),
    "s3:x-amz-server-side-encryption-aws-kms-key-id": ("s3",),
}


@finder("statement", values=(*_VALUES, "actions"))
def keys_no_request_has(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each key of a service that requests for the statement's actions never have: it never allows, or never denies."""
    statement = _statement(subject)
    view: StatementView = subject.it
    yield from _unknown_keys(statement)
    if view.kind == "trust" or statement.actions is None:
        return
    yield from _tags_no_request_has(statement)
    for entry in statement.conditions:
        key = entry.key.lower()
        prefix = key.partition(":")[0]
        _, name, if_exists = _parts(entry.operator)
        services = _TELLING_KEYS.get(key)
        if services is None and (prefix in _EVERYWHERE or "." in prefix or not load().is_known_service(prefix)):
            continue
        if if_exists or "not" in name or name == "null" or condition_keys().type_of(key) is None:
            continue
        dead = _dead_actions(statement, key, frozenset(services or (prefix,)))
        if dead and (statement.effect == "Allow" or len(dead) == len(statement.actions)):
            effect = "is never allowed" if statement.effect == "Allow" else "is never denied"
            shown = ", ".join(f"`{action}`" for action in dead[:4])
            yield _hit(statement, entry, f"a request for it has no such key, so it {effect}", actions=shown)


def _unknown_keys(statement: Statement) -> Iterator[Hit]:
    """Keys that AWS does not document: global ones, and those of a service that are nearly one of its own."""
    for entry in statement.conditions:
        key = entry.key.lower()
        prefix, colon, name = key.partition(":")
        if not colon and not has_token(entry.key) and "${" not in key:
            hit = _hit(statement, entry, "a key begins with the service or the provider it is of, such as `aws:`")
            hit.values["actions"] = "any action"
            yield hit
        if has_token(entry.key) or "${" in key or not name or condition_keys().type_of(key) is not None:
            continue
        known = _keys_of(prefix)
        near = [known[each] for each in get_close_matches(key, known, n=1, cutoff=0.85)]
        if not near and prefix != "aws":
            continue
        hit = _hit(statement, entry, f"AWS documents no such key{f', and `{near[0]}` is close' if near else ''}")
        hit.values["actions"] = "any action"
        hit.confidence = "medium"
        yield hit


@lru_cache(maxsize=256)
def _keys_of(prefix: str) -> Mapping[str, str]:
    """The keys of a prefix in lower case, with their own spelling."""
    return {key.lower(): key for key in condition_keys() if key.lower().startswith(f"{prefix}:")}


def _tags_no_request_has(statement: Statement) -> Iterator[Hit]:
    """Tags of a request that only reads, and tags of resources of services that do not know them.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html
    """
    for entry in statement.conditions:
        key = entry.key.lower()
        _, name, if_exists = _parts(entry.operator)
        if if_exists or "not" in name or name == "null" or has_token(entry.key):
            continue
        if key == "aws:tagkeys" or key.startswith("aws:requesttag/"):
            dead = _elements(statement, partial(_reads_without, key))
        elif key.startswith("aws:resourcetag/"):
            dead = _elements(statement, _knows_no_tags)
        else:
            continue
        if dead and (statement.effect == "Allow" or len(dead) == len(statement.actions or ())):
            effect = "is never allowed" if statement.effect == "Allow" else "is never denied"
            shown = ", ".join(f"`{action}`" for action in dead[:4])
            yield _hit(statement, entry, f"a request for it has no such key, so it {effect}", actions=shown)


def _elements(statement: Statement, is_dead: Callable[[str], bool]) -> list[str]:
    """The action elements all of whose actions are dead."""
    catalog = load()
    found = []
    for text in statement.actions or ():
        actions = catalog.expand(text)
        if actions and len(actions) <= _MANY_ACTIONS and all(catalog.is_known(one) and is_dead(one) for one in actions):
            found.append(str(text))
    return found


def _reads_without(key: str, action: str) -> bool:
    """Whether an action changes nothing and its requests do not have a key."""
    return load().access_level(action) in ("Read", "List") and not _supports(action, key)


def _knows_no_tags(action: str) -> bool:
    return not _knows_tags(action.partition(":")[0])


@lru_cache(maxsize=256)
def _knows_tags(service: str) -> bool:
    """Whether any action of a service can be allowed by a tag of its resource."""
    return any(_supports(action, "aws:resourcetag/x") for action in load().actions_of(service))


def _dead_actions(statement: Statement, key: str, services: frozenset[str]) -> list[str]:
    """The action elements none of whose actions knows the key: of the key's service, or single ones of another."""
    catalog = load()
    found = []
    for text in statement.actions or ():
        prefix = text.partition(":")[0].lower()
        actions = catalog.expand(text)
        is_of_another = prefix not in services and len(actions) == 1 and not services <= _EVERYWHERE
        if not (prefix in services or is_of_another) or not actions or len(actions) > _MANY_ACTIONS:
            continue
        if not any(_supports(action, key) for action in actions if catalog.is_known(action)):
            found.append(str(text))
    return found


# Operators and values


_FORMS = {
    "numeric": ("a number", _NUMBER),
    "date": ("a date", _DATE),
    "bool": ("`true` or `false`", regex(r"true|false", re.IGNORECASE)),
    "null": ("`true` or `false`", regex(r"true|false", re.IGNORECASE)),
}
_EQUALS = ("stringequals", "stringnotequals", "stringequalsignorecase", "stringnotequalsignorecase")


@finder("statement", values=_VALUES)
def operators_that_do_not_fit(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each operator that compares a value as what it is not, or a wildcard that it does not know."""
    statement = _statement(subject)
    for entry in statement.conditions:
        _, name, _ = _parts(entry.operator)
        for value in entry.values:
            reason = _misfit(name, entry.key.lower(), value)
            if reason:
                yield _hit(statement, entry, reason)
                break


def _misfit(name: str, key: str, value: str) -> str:
    if has_token(value) or "${" in value:
        plain = name in ("stringequals", "stringnotequals") and value.endswith("*")
        return _no_wildcard(name, key) if plain else ""
    for start, (what, form) in _FORMS.items():
        if name.startswith(start) and form.fullmatch(value) is None:
            return f"`{value}` is not {what}"
    if name in ("ipaddress", "notipaddress") and "," not in value and not _is_range(value):  # a list as one text
        return f"`{value}` is no address range"
    if key == "aws:sourceip" and name.startswith("string") and "/" in value:
        return f"`{value}` is compared as text, which no address is equal to; `IpAddress` knows ranges"
    if name in _EQUALS and condition_keys().type_of(key) == "Date":
        return (
            f"`{value}` is compared as text, and no moment is written just so; `DateLessThan` and its like know times"
        )
    if name.startswith("arn") and not value.startswith("arn:") and value.strip("*"):
        return f"`{value}` is no ARN"
    if name in ("stringequals", "stringnotequals", "stringequalsignorecase") and ("*" in value or "?" in value):
        kind = condition_keys().type_of(key) or ""
        looks_meant = value.endswith("*") or "ARN" in kind.upper()
        return _no_wildcard(name, key) if looks_meant and len(value) > 1 else ""
    return ""


def _no_wildcard(name: str, key: str) -> str:
    meant = "ArnLike" if key in ("aws:sourcearn", "aws:principalarn") else "StringLike"
    meant = meant.replace("Like", "NotLike") if "not" in name else meant
    return f"it takes `*` for a star, where `{meant}` takes it for anything"


def _is_range(value: str) -> bool:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return True


def _is_for_examples(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    """Whether a range is one that documents use in place of a public one (RFC 5737, RFC 3849)."""
    examples = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
    return any(
        network.version == one.version and network.subnet_of(one)  # type: ignore[arg-type]
        for one in map(ipaddress.ip_network, examples)
    )


@finder("statement", values=_VALUES)
def unknown_operators(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each condition operator that IAM does not have."""
    from permscope.policy.conditions.condition import OPERATORS

    statement = _statement(subject)
    for entry in statement.conditions:
        _, name, if_exists = _parts(entry.operator)
        if name == "null" and if_exists:
            yield _hit(statement, entry, "`Null` asks whether a key is there; `IfExists` says nothing beside it")
        elif name != "null" and name not in OPERATORS and not has_token(entry.operator):
            yield _hit(statement, entry, "IAM has no such operator")


@finder("statement", values=_VALUES)
def odd_ip_ranges(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each range of `aws:SourceIp` that is private, so that no caller on the internet has it, or very wide."""
    statement = _statement(subject)
    for entry in statement.conditions:
        if entry.key.lower() != "aws:sourceip" or _parts(entry.operator)[1] not in ("ipaddress", "notipaddress"):
            continue
        for value in entry.values:
            if not _is_range(value) or value.endswith("/0"):
                continue
            network = ipaddress.ip_network(value, strict=False)
            least = _WIDE_IPV4 if network.version == 4 else _WIDE_IPV6  # noqa: PLR2004 (IPv4)
            if network.is_private and not _is_for_examples(network):
                reason = f"`{value}` is private, and `aws:SourceIp` holds public addresses only"
                yield _hit(statement, entry, reason, fix="aws:VpcSourceIp, with aws:SourceVpc beside it")
            elif network.prefixlen < least:
                yield _hit(statement, entry, f"`{value}` holds a large part of the internet", fix="the ranges you own")


# Tokens in function policies


@finder("statement", values=_VALUES)
def plain_event_source_tokens(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each `lambda:EventSourceToken` that stands in the template as text; ids of Alexa skills are no secrets."""
    statement = _statement(subject)
    view: StatementView = subject.it
    if view.policy.kind is not PolicyKind.RESOURCE:
        return
    for entry in statement.conditions:
        if entry.key.lower() != "lambda:eventsourcetoken":
            continue
        for value in entry.values:
            if value and not has_token(value) and not value.startswith("amzn1."):
                hit = _hit(statement, entry, "")
                place = source_of(value)
                if place is not NOWHERE and place.line:
                    hit.source = place
                hit.element = entry.key
                yield hit
                break
