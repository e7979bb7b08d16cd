"""Checks of the catalogue that no rule makes, and what makes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Elsewhere(NamedTuple):
    """A check that is no rule.

    Attributes:
        name: what the catalogue calls it.
        says: where it is found, as a sentence.
    """

    name: str
    says: str


_DIFF = "`permscope diff` and `permscope gate` report it as {}."
ELSEWHERE: Mapping[str, Elsewhere] = {
    "DIF001": Elsewhere("new-grant", _DIFF.format("`new-access`, or as `new-invoker` where it runs a function")),
    "DIF002": Elsewhere(
        "new-critical-action",
        _DIFF.format(
            "`access-level-rise` where the highest access level rises, and as broken contract where one forbids"
        ),
    ),
    "DIF003": Elsewhere("new-external-principal", _DIFF.format("`new-external-principal`")),
    "DIF004": Elsewhere("new-public-entry", _DIFF.format("`new-public-entry`")),
    "DIF005": Elsewhere("new-path", _DIFF.format("`new-escalation-path` or `new-exposure-path`")),
    "DIF006": Elsewhere("auth-weakened", _DIFF.format("`weakened`")),
    "DIF007": Elsewhere("access-removed", _DIFF.format("`access-removed`")),
    "DIF008": Elsewhere(
        "resource-replacement-drops-policy",
        _DIFF.format("`access-removed`, or as `wiring-broken` where something is wired to the resource"),
    ),
}
"""By code."""


def find_elsewhere(name: str) -> tuple[str, Elsewhere] | None:
    """The check of a code or name, in any case of letters, with its code."""
    wanted = name.lower()
    for code, check in ELSEWHERE.items():
        if wanted in (code.lower(), check.name):
            return code, check
    return None
