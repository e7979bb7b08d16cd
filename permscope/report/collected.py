"""What a collection came to, in a few lines: what was read, what it cost, and what could not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from permscope.inventory.facts import Function, Resource, Role, Unknown
from permscope.report.escape import visible

if TYPE_CHECKING:
    from permscope.collect.live.estate import Estate

_MOST = 40


def print_collected(
    estate: Estate, output: Path, seconds: float, out: TextIO, redact: Callable[[str], str] | None = None
) -> None:
    """Write the summary of a collection; `redact` changes its text as it did that of the snapshot."""
    counts = Counter(type(fact) for fact in estate.facts)
    resumed = f", {estate.resumed} of them earlier" if estate.resumed else ""
    read = ", ".join(
        (
            _number(counts[Function], "function"),
            _number(counts[Role], "role"),
            _number(counts[Resource], "other resource"),
        )
    )
    places = _number(estate.parts, "part", "parts (accounts' Regions and global services)")
    lines = [f"{_number(len(estate.accounts), 'account')}, {places} read{resumed} in {seconds:.1f} s: {read}"]
    each = estate.calls_per_thousand_functions
    cost = f", {each:,.0f} per 1,000 functions" if each is not None else ""
    lines.append(f"{_number(estate.calls.total(), 'API call')}{cost}")
    lines.extend(map(redact, _failures(estate.failures)) if redact else _failures(estate.failures))
    if estate.again:
        lines.append("the same command with `--resume` asks again for what was throttled, broken or expired")
    lines.append(f"wrote {output.as_posix()}")
    out.write("".join(f"{visible(line)}\n" for line in lines))


def _failures(failures: tuple[Unknown, ...]) -> list[str]:
    """One line for each operation and kind of failure, the most frequent first."""
    if not failures:
        return ["everything was read"]
    groups: dict[tuple[str, str, str], list[Unknown]] = {}
    for failure in failures:
        name = failure.source.call or failure.what
        groups.setdefault((failure.kind, name, failure.why), []).append(failure)
    lines = [f"{_number(len(failures), 'call')} failed; what they hide is unknown to every answer:"]
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    for (kind, name, why), members in ordered[:_MOST]:
        places = Counter(" ".join(filter(None, (one.source.account, one.source.region))) for one in members)
        where = ", ".join(place for place in list(places)[:3] if place)
        more = f" and {len(places) - 3} more" if len(places) > 3 else ""  # noqa: PLR2004
        lines.append(f"  {kind}: {name} ({len(members)}x{', ' if where else ''}{where}{more}): {why}")
    if len(ordered) > _MOST:
        lines.append(f"  and {len(ordered) - _MOST} more kinds of failure, all in the snapshot")
    return lines


def _number(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
