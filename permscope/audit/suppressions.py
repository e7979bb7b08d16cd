"""Findings the user has decided to live with: named, reasoned, and with an end.

Three places, all with a reason:

* `Metadata: {permscope: {ignore: [{rule: url-auth-none, reason: a public page, until: 2027-01-31}]}}` on a resource;
* a comment `# permscope: ignore[url-auth-none] a public page` on the line, or alone on the line above;
  `ignore[url-auth-none until 2027-01-31]` ends it;
* `ignore:` in `permscope.yaml`, with a pattern for the resource.

What is suppressed stays in the findings and is counted. A suppression that has expired, has no reason, or suppresses
nothing is a finding itself.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from permscope.audit.findings import Finding, fingerprint
from permscope.catalog.wildcard import matches
from permscope.collect.snapshot import is_snapshot
from permscope.collect.templates.document import MAX_BYTES, parse_document
from permscope.errors import PermscopeError
from permscope.inventory.located import key_source, source_of
from permscope.inventory.source import Source
from permscope.lazy import dataclass, regex

_COMMENT = regex(r"#\s*permscope:\s*ignore\[([^\]]*)\]\s*(.*)$")
_MARK = regex(r"#\s*permscope:\s*ignore\[")
_LINE_BREAK = regex("\r\n|[\n\r\x85\u2028\u2029]")  # as YAML counts lines
_UNTIL = regex(r"\s+until\s+(\S+)\s*$")
_DATE = regex(r"\d{4}-\d{2}-\d{2}")

_START = 4096

UNUSED = "suppression-unused"
EXPIRED = "suppression-expired"
NO_REASON = "suppression-without-reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """One decision to ignore findings.

    Attributes:
        rule: rule id, or a pattern with `*`.
        resource: logical id, ARN, or a pattern; `*` for any.
        file: only findings in this file; None for any.
        lines: only findings on these lines; None for any.
        reason: why; empty where the user gave none, and then it does not hold.
        until: last day it holds.
        source: where it is written.
    """

    rule: str
    resource: str = "*"
    file: str | None = None
    lines: frozenset[int] | None = None
    reason: str = ""
    until: dt.date | None = None
    source: Source

    def covers(self, finding: Finding) -> bool:
        """Whether it is about a finding, expired or not."""
        if not matches(self.rule, finding.rule) or not matches(self.resource, finding.resource):
            return False
        if self.file is not None and finding.file != self.file:
            return False
        return self.lines is None or finding.line in self.lines


def parse_date(value: object) -> dt.date | None:
    """A day written `2027-01-31`; None for anything else."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            return None
    return None


def read_suppressions(files: Iterable[str]) -> tuple[Suppression, ...]:
    """The suppressions written in template files: metadata and comments, in file order."""
    found: list[Suppression] = []
    for file in files:
        try:
            path = Path(file)
            if not path.is_file() or path.stat().st_size > MAX_BYTES:
                continue
            data = path.read_bytes()
        except (OSError, ValueError):
            continue  # standard input, or gone since: its findings are simply not suppressed
        if b"permscope" in data and not is_snapshot(data[:_START]):
            text = data.decode("utf-8", "replace")
            found.extend(_comments(text, file))
            if "Metadata" in text:
                found.extend(_metadata(text, file))
    return tuple(found)


def _comments(text: str, file: str) -> Iterator[Suppression]:
    lines = _LINE_BREAK.split(text)
    marks = [
        (number, mark.start())
        for number, line in enumerate(lines)
        if "permscope" in line
        for mark in _MARK.finditer(line)
    ]
    quoted = _in_strings(text, marks)
    first: dict[int, int] = {}
    for number, column in marks:
        if (number, column) not in quoted:
            first.setdefault(number, column)
    for number, column in first.items():
        comment = _COMMENT.match(lines[number], column)
        if comment is not None:
            yield from _of_comment(comment, file, number + 1, alone=not lines[number][:column].strip())


def _of_comment(comment: re.Match[str], file: str, number: int, *, alone: bool) -> Iterator[Suppression]:
    rules, until = comment[1], None
    ending = _UNTIL.search(rules)
    if ending:
        rules, until = rules[: ending.start()], parse_date(ending[1]) or dt.date.min
    for rule in list(filter(None, (name.strip() for name in rules.split(",")))) or [""]:
        yield Suppression(
            rule=rule,
            file=file,
            lines=frozenset({number + 1} if alone else {number}),
            reason=comment[2].strip(),
            until=until,
            source=Source(file, number, comment.start() + 1),
        )


def _in_strings(text: str, places: list[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those of some places, in order, that are inside a value: in code, in quotes, in text of several lines."""
    found: set[tuple[int, int]] = set()
    if not places:
        return found
    import yaml

    with contextlib.suppress(yaml.YAMLError):  # the collector has said so; what stands before the mistake counts
        for token in yaml.scan(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if not isinstance(token, yaml.ScalarToken):
                continue
            begins = (token.start_mark.line, token.start_mark.column)
            if token.style in ("|", ">"):
                begins = (token.start_mark.line + 1, 0)  # a comment may stand behind the sign itself
            ends = (token.end_mark.line, token.end_mark.column)
            found.update(places[bisect_left(places, begins) : bisect_left(places, ends)])
    return found


def _metadata(text: str, file: str) -> Iterator[Suppression]:
    try:
        document = parse_document(text, file).value
    except PermscopeError:
        return  # the collector has said so
    resources = document.get("Resources") if isinstance(document, Mapping) else None
    for name, resource in resources.items() if isinstance(resources, Mapping) else ():
        metadata = resource.get("Metadata") if isinstance(resource, Mapping) else None
        if not isinstance(metadata, Mapping):
            continue
        own = metadata.get("permscope")
        entries = own.get("ignore") if isinstance(own, Mapping) else own
        for entry in entries if isinstance(entries, list) else [] if entries is None else [entries]:
            place = source_of(entry, key_source(metadata, "permscope"))
            # A bare rule, and whatever else is no mapping, has no reason and is said to hold nothing.
            given = entry if isinstance(entry, Mapping) else {"rule": entry if isinstance(entry, str) else ""}
            yield _entry(given, place, resource=str(name), file=file)


def _entry(entry: Mapping[str, Any], place: Source, *, resource: str, file: str | None) -> Suppression:
    until = entry.get("until")
    reason = entry.get("reason")
    return Suppression(
        rule=rule if isinstance(rule := entry.get("rule"), str) else "",
        resource=resource,
        file=file,
        reason=reason.strip() if isinstance(reason, str) else "",
        # A date that cannot be read must not make a suppression hold for ever.
        until=None if until is None else parse_date(str(until)) or dt.date.min,
        source=place,
    )


def suppress(
    findings: Iterable[Finding],
    suppressions: Iterable[Suppression],
    *,
    today: dt.date,
    rules: Collection[str] = (),
) -> tuple[Finding, ...]:
    """The findings with those suppressed marked, followed by the findings about suppressions themselves.

    Args:
        findings: of a run, all rules on: otherwise what suppresses nothing cannot be told.
        suppressions: from templates and from the configuration.
        today: the day to judge by.
        rules: ids of all rules, to tell a name that none has; empty where they are not known.
    """
    given = tuple(suppressions)
    used: set[int] = set()
    marked: list[Finding] = []
    for finding in findings:
        result = finding
        for number, suppression in enumerate(given):
            if not suppression.covers(finding):
                continue
            used.add(number)
            holds = suppression.reason and (suppression.until is None or suppression.until >= today)
            if holds and result.suppressed is None:
                result = replace(finding, suppressed=suppression.reason)
        marked.append(result)
    about = [item for number, each in enumerate(given) for item in _judge(each, today, rules, was_used=number in used)]
    return (*marked, *about)


def _judge(suppression: Suppression, today: dt.date, rules: Collection[str], *, was_used: bool) -> Iterator[Finding]:
    expired = suppression.until is not None and suppression.until < today
    if not suppression.rule:
        message = "a suppression names no rule, so it suppresses nothing"
        yield _about(UNUSED, "low", suppression, message, "Write it as `{rule: <id>, reason: <why>}`.")
    elif not suppression.reason:
        message = f"the suppression of `{suppression.rule}` gives no reason, so it does not hold"
        yield _about(NO_REASON, "medium", suppression, message, "Add the reason.")
    elif expired:
        day = "a day that is not written `2027-01-31`" if suppression.until == dt.date.min else suppression.until
        message = f"the suppression of `{suppression.rule}` ended on {day}"
        yield _about(EXPIRED, "low", suppression, message, "Correct what it suppressed, or give it a new end.")
    elif not was_used:
        message = f"the suppression of `{suppression.rule}` suppresses nothing"
        if rules and "*" not in suppression.rule and suppression.rule not in rules:
            near = get_close_matches(suppression.rule, rules, 1)
            message += f"; did you mean `{near[0]}`?" if near else ""
        yield _about(UNUSED, "info", suppression, message, "Remove it.")


def _about(rule: str, severity: str, suppression: Suppression, message: str, fix: str) -> Finding:
    resource = suppression.resource if suppression.resource != "*" else suppression.rule
    return Finding(
        rule=rule,
        title="A suppression that does not hold" if rule != UNUSED else "A suppression that suppresses nothing",
        severity=severity,
        resource=resource,
        source=suppression.source,
        message=message,
        why="A suppression nobody keeps an eye on hides the next real finding.",
        fix=fix,
        tags=("suppression",),
        fingerprint=fingerprint(rule, resource, suppression.rule),
    )
