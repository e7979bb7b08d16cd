"""Hints for misspelt actions, and the short spelling of a set of actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from permscope.catalog.calls import iam_action

if TYPE_CHECKING:
    from permscope.catalog.actions import ActionCatalog

_WORTH_A_WILDCARD = 2
_TELLING = 8  # letters of a name that is only cut short


def closest(catalog: ActionCatalog, action: str) -> str | None:
    """The known action that a misspelt one most likely means, None when nothing is near."""
    from difflib import get_close_matches

    prefix, _, name = action.partition(":")
    called = iam_action(prefix, name)
    if called:
        return called[0]  # the name of the API call, or of the service in the SDK: `s3:ListObjects`
    if not catalog.is_known_service(prefix):
        near = get_close_matches(prefix.lower(), catalog.services, n=1, cutoff=0.7)
        if not near:
            return None
        prefix = near[0]
    names = {known.partition(":")[2].lower(): known for known in catalog.actions_of(prefix)}
    if name.lower() in names:
        return names[name.lower()]
    longer = [known for known in names if len(name) > _TELLING and known.startswith(name.lower())]
    near = longer[:1] or get_close_matches(name.lower(), names, n=1, cutoff=0.75)
    return names[near[0]] if near else None


def shortest_prefixes(names: list[str], mask: int) -> list[str]:
    """Write the names under a mask as names and `Prefix*` patterns that match nothing outside the mask.

    A prefix ends where a word of the name ends, so that a pattern says something to its reader.

    Args:
        names: all names of a service, sorted by lower case.
        mask: bit per name.
    """
    lower = [name.lower() for name in names]
    texts = []
    at = 0
    while at < len(names):
        if not mask >> at & 1:
            at += 1
            continue
        prefix, end = _widest(names[at], lower, mask, at)
        texts.append(f"{prefix}*" if end - at >= _WORTH_A_WILDCARD else names[at])
        at = max(end, at + 1)
    return texts


def _widest(name: str, lower: list[str], mask: int, at: int) -> tuple[str, int]:
    """The shortest word prefix of a name that starts at it and stays inside the mask, and where that ends."""
    for length in range(1, len(name) + 1):
        inside_word = length < len(name) and not (name[length].isupper() and not name[length - 1].isupper())
        prefix = name[:length].lower()
        if inside_word or (at and lower[at - 1].startswith(prefix)):
            continue
        end = at
        while end < len(lower) and lower[end].startswith(prefix) and mask >> end & 1:
            end += 1
        if end == len(lower) or not lower[end].startswith(prefix):
            return name[:length], end
    return name, at + 1
