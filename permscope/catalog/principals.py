"""Service principals: which names AWS is known to use.

AWS publishes no list. This one holds what AWS's own policies and service descriptions name, and a short hand-written
rest; a principal that is not in it is unverified, never wrong.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from permscope.lazy import regex

_FILE = Path(__file__).parent / "data" / "principals.txt"
_REGION = regex(r"[a-z]{2,4}(-[a-z]+)+-\d{1,2}")


class _Principals(NamedTuple):
    suffixes: tuple[str, ...]  # ".amazonaws.com.cn", longest first
    services: dict[str, str]  # name without suffix -> IAM prefix, or ""


@lru_cache(maxsize=1)
def _principals() -> _Principals:
    header, *lines = _FILE.read_text(encoding="ascii").splitlines()
    suffixes = [f".{suffix}" for suffix in header.split("\t")[1].split()]
    return _Principals(
        tuple(sorted(suffixes, key=lambda each: (-len(each), each))), dict(line.split("\t") for line in lines)
    )


def _label(principal: str) -> str | None:
    """The principal without partition suffix and region; None when it has the form of none."""
    known = _principals()
    if f"{principal}." in known.services:
        return f"{principal}."
    for suffix in known.suffixes:
        if principal.endswith(suffix):
            label = principal.removesuffix(suffix)
            head, _, last = label.rpartition(".")
            return head if head and label not in known.services and _REGION.fullmatch(last) else label
    return None


def is_known_service_principal(text: str) -> bool:
    """Tell whether the text is a service principal AWS is known to use, in any partition or region."""
    label = _label(text)
    return label is not None and label in _principals().services


def service_of(principal: str) -> str | None:
    """IAM prefix of the service behind a service principal: `lambda` for `edgelambda.amazonaws.com`.

    Returns:
        None for an unknown principal, and for the few that stand for no service with actions.
    """
    label = _label(principal)
    return _principals().services.get(label) or None if label is not None else None


def names() -> tuple[str, ...]:
    """The known principals of partition `aws`, sorted."""
    whole = (
        name.removesuffix(".") if name.endswith(".") else f"{name}.amazonaws.com" for name in _principals().services
    )
    return tuple(sorted(whole))
