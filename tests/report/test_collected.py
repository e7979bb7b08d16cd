"""What a collection came to, failures first where there are any."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from permscope.inventory.facts import Unknown
from permscope.inventory.source import Source
from permscope.report.collected import print_collected


def _said(**more: Any) -> list[str]:
    estate = {
        "facts": (),
        "accounts": ("111122223333",),
        "parts": 2,
        "resumed": 0,
        "calls": Counter({"iam.x": 1200}),
        "calls_per_thousand_functions": None,
        "failures": (),
        "again": False,
    }
    out = io.StringIO()
    print_collected(SimpleNamespace(**estate | more), Path("a/b.json"), 1.25, out)  # type: ignore[arg-type]
    return out.getvalue().splitlines()


def _denied(region: str, kind: str = "denied", call: str = "kms.get_key_policy") -> Unknown:
    return Unknown(what="key", why="AccessDenied", kind=kind, source=Source(call=call, account="1", region=region))


def test_a_whole_collection_is_four_lines() -> None:
    """Numbers are written with their separators."""
    first, *rest = _said()
    assert first.startswith("1 account, 2 parts (accounts' Regions and global services) read in 1.2 s: 0 functions,")
    assert rest == [
        "1,200 API calls",
        "everything was read",
        "wrote a/b.json",
    ]


def test_failures_of_one_call_are_one_line_with_their_places() -> None:
    """The most frequent first; where there are more than three places, how many more."""
    failures = (*map(_denied, ("a", "b", "c", "d", "a")), _denied("a", "throttled", "sqs.x"))
    lines = _said(failures=failures, again=True)
    assert lines[2] == "6 calls failed; what they hide is unknown to every answer:"
    assert lines[3] == "  denied: kms.get_key_policy (5x, 1 a, 1 b, 1 c and 1 more): AccessDenied"
    assert lines[4].startswith("  throttled: sqs.x (1x, 1 a)")
    assert "`--resume`" in lines[5]


def test_a_name_of_the_account_moves_no_cursor() -> None:
    """An error message of a service is data."""
    failure = Unknown(what="x", why="\x1b[2Jgone", kind="failed", source=Source(call="a.b"))
    assert "\\x1b[2Jgone" in _said(failures=(failure,))[3]
