"""What a `Resource` pattern covers: everything, everything of a kind, or a part.

ARN formats come from AWS's action table
(https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
"""

from __future__ import annotations

from functools import cache, lru_cache

from permscope.catalog.actions import ActionSet, load
from permscope.catalog.wildcard import matches
from permscope.inventory.arn import ArnParts, split_arn
from permscope.inventory.tokens import TOKEN, has_unknown
from permscope.lazy import regex

_PLACEHOLDER = regex(r"\$\{[A-Za-z0-9]+\}")
_POLICY_VARIABLE = regex(r"\$\{[^}:]+:[^}:][^}]*\}")
_SAMPLE = "\x01"  # stands for a name that nobody could have meant
_ARN_FIELD = regex(r"(?:\$\{[^}]*\}|[^:])*")
# Placeholders whose values may hold a slash; of all others a slash ends the name.
_DEEP = regex(r"Object|Path|Parameter|LogGroup|LogStream|Key|Topic|Channel|Subject|Document|Resource|Secret|Alias")
_WORD = regex(r"(?<![A-Za-z0-9*?])[A-Za-z0-9]+(?![A-Za-z0-9*?])")
_OWN = "oWn"  # no format has such a word
_ANY_WORD = regex(r"[A-Za-z0-9]+")
_OPEN_WORD = regex(r"[*?][A-Za-z0-9]|[A-Za-z0-9][*?]")
_SHALLOW_SERVICES = frozenset({"s3", "dynamodb"})


def is_star(pattern: str) -> bool:
    """Whether a pattern matches every resource of every service (`*`, `arn:aws:*`, `arn:*:*:*:*:*`)."""
    return pattern.endswith("*") and (not pattern.strip("*") or _is_star(pattern))


@lru_cache(maxsize=20_000)
def _is_star(pattern: str) -> bool:
    if not pattern.startswith("arn:"):
        return False
    fields = []
    at = 0
    while at <= len(pattern):
        found = _ARN_FIELD.match(pattern, at)
        end = found.end() if found else at
        fields.append(pattern[at:end])
        at = end + 1
    tail = fields[2:] if len(fields) > 2 else fields[1:]  # noqa: PLR2004 (prefix and partition do not narrow)
    return bool(tail) and fields[-1].endswith("*") and all(text and not text.strip("*") for text in tail)


@lru_cache(maxsize=20_000)
def covers_type_for(pattern: str) -> ActionSet:
    """The actions for which an ARN pattern covers every resource of a type they act on (`table/*`).

    Account and Region of the pattern do not count: every table of one account is every table there is to lose.
    """
    parts = split_arn(pattern)
    if parts is None or "*" not in parts.resource or has_unknown(parts.service):
        return ActionSet.empty
    catalog = load()
    found = ActionSet.empty
    for service in (parts.service, *_ALSO_ON.get(parts.service, ())):
        if not catalog.is_known_service(service):
            continue
        for sample, actions in _samples(service):
            if _covers(parts, sample):
                found |= actions
    return found


@cache
def _samples(service: str) -> tuple[tuple[ArnParts, ActionSet], ...]:
    """Something of each type of a service whose ARN holds a name, with the actions on it."""
    found = (
        (split_arn(_PLACEHOLDER.sub(_SAMPLE, form)), actions) for form, actions in load().actions_by_arn_format(service)
    )
    return tuple((sample, actions) for sample, actions in found if sample is not None and _SAMPLE in sample.resource)


# Services whose actions act on resources that another service's ARNs name.
_ALSO_ON = {
    "iam": ("sts",),
    "kafka": ("kafka-cluster",),
    "rds": ("rds-data", "rds-db"),
    "s3": ("s3-object-lambda",),
    "es": ("opensearch",),
}


def _covers(pattern: ArnParts, parts: ArnParts) -> bool:
    if not matches(pattern.resource, parts.resource):
        return False
    # An access point has an account in its ARN, a bucket has none: `arn:aws:s3:::*` is about buckets.
    return (bool(pattern.account) or not parts.account) and (bool(pattern.region) or not parts.region)


_Element = tuple[str, str]  # a character, or "" for a run, and the characters that a run may not hold


@lru_cache(maxsize=20_000)
def _elements(pattern: str, *, is_format: bool) -> tuple[_Element, ...]:
    found: list[_Element] = []
    at = 0
    while at < len(pattern):
        token = None
        if pattern.startswith("${", at):
            token = (_PLACEHOLDER if is_format else TOKEN).match(pattern, at) or _POLICY_VARIABLE.match(pattern, at)
        if token is not None:
            text = token.group()
            if is_format:
                found.append(("", "" if _DEEP.search(text) else "/"))
            else:
                found.append(("", "" if has_unknown(text) or _POLICY_VARIABLE.fullmatch(text) else ":/"))
            at = token.end()
            continue
        letter = pattern[at]
        found.append(("", "") if letter == "*" else ("?", "") if letter == "?" else (letter, ""))
        at += 1
    return tuple(found)


def _intersect(one: tuple[_Element, ...], other: tuple[_Element, ...]) -> bool:
    """Whether some text matches both patterns; runs are as long as one likes."""
    seen: set[tuple[int, int]] = set()
    todo = [(0, 0)]
    while todo:
        place = todo.pop()
        if place in seen:
            continue
        seen.add(place)
        at, to = place
        if at == len(one) and to == len(other):
            return True
        left = one[at] if at < len(one) else None
        right = other[to] if to < len(other) else None
        if left is not None and left[0] == "":
            todo.append((at + 1, to))
            if right is not None and right[0] != "" and (right[0] == "?" or right[0] not in left[1]):
                todo.append((at, to + 1))
        if right is not None and right[0] == "":
            todo.append((at, to + 1))
            if left is not None and left[0] != "" and (left[0] == "?" or left[0] not in right[1]):
                todo.append((at + 1, to))
        if left and right and left[0] and right[0] and (left[0] == right[0] or "?" in (left[0], right[0])):
            todo.append((at + 1, to + 1))
    return False


@lru_cache(maxsize=100_000)
def can_match(pattern: str, arn_format: str) -> bool:
    """Whether any ARN of a format can match a pattern; what is not known may match."""
    if is_star(pattern):
        return True
    if not pattern.startswith("arn:"):
        return has_unknown(pattern) or "*" in pattern or "${" in pattern or pattern.startswith("execute-api:/")
    parts, wanted = split_arn(pattern), split_arn(arn_format)
    if wanted is None:
        return True
    if parts is None:
        return "*" in pattern or has_unknown(pattern)
    if "*" in parts.service or "?" in parts.service or has_unknown(parts.service):
        return True
    if parts.service != wanted.service and not wanted.service.startswith("${"):
        return False
    if not wanted.account and parts.account and parts.account.strip("*"):
        return False
    if wanted.account and not parts.account and parts.service == "s3":
        return False
    shallow = parts.service in _SHALLOW_SERVICES
    form = wanted.resource if shallow else _PLACEHOLDER.sub("${Object}", wanted.resource)
    return _can_meet(_alike(parts.resource, form), form)


@lru_cache(maxsize=20_000)
def _can_meet(resource: str, form: str) -> bool:
    return _intersect(_elements(resource, is_format=False), _elements(form, is_format=True))


def _alike(resource: str, form: str) -> str:
    """A resource with one word for each that only a placeholder of a format can hold: every table is alike."""
    words = _words_of(form) if "${" not in resource else None
    return resource if words is None else _WORD.sub(lambda found: found[0] if found[0] in words else _OWN, resource)


@cache
def _words_of(form: str) -> frozenset[str] | None:
    """The words that a format fixes; None where one of them may go on in a placeholder."""
    text = _PLACEHOLDER.sub("*", form)
    return None if _OPEN_WORD.search(text) else frozenset(_ANY_WORD.findall(text))


@cache
def formats_of(action: str) -> tuple[str, ...] | None:
    """ARN formats of an action of today; empty when it cannot be limited, None when it is not known."""
    catalog = load()
    if action not in catalog.everything:
        return None
    service = action.partition(":")[0]
    return tuple(text for text, actions in catalog.actions_by_arn_format(service) if action in actions)
