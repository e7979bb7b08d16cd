"""Findings in the formats that other programs read, with the paths that those programs know files by."""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from permscope.errors import ConfigError
from permscope.lazy import regex

if TYPE_CHECKING:
    from permscope.audit.findings import Finding
    from permscope.errors import PermscopeError
    from permscope.graph.model import PermissionGraph
    from permscope.inventory.facts import Unknown
    from permscope.inventory.source import Source

_URL = regex(r"https?://[A-Za-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9._~%/-]*)?")
_OWNER_AND_NAME = regex(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)+")
# These put findings on lines of a repository, whatever folder of it permscope runs in.
_BY_REPOSITORY = frozenset({"sarif", "github", "gitlab"})


def write_findings(
    format_: str,
    findings: Sequence[Finding],
    errors: Sequence[PermscopeError],
    graph: PermissionGraph,
    *,
    headline: str = "",
    passed: Sequence[str] = (),
) -> None:
    """Write findings in one of the formats that other programs read."""
    if format_ in _BY_REPOSITORY and format_ != "sarif":
        findings, errors, _ = _from_root(findings, errors, ())
    match format_:
        case "sarif":
            sys.stdout.write(sarif_text(findings, errors, graph.unknowns))
        case "junit":
            from permscope.report import junit

            sys.stdout.write(junit.render(findings, errors=errors, passed=passed))
        case "github":
            from permscope.report import github

            sys.stdout.write(github.render(findings, errors=errors, headline=headline))
        case "gitlab":
            from permscope.report import gitlab

            sys.stdout.write(gitlab.render(findings, errors=errors))
        case "csv":
            from permscope.report import csv

            sys.stdout.write(csv.render(findings, errors=errors))
        case _:
            raise ConfigError(f"no format `{format_}`")


def sarif_text(findings: Sequence[Finding], errors: Sequence[PermscopeError], unknowns: Sequence[Unknown]) -> str:
    """Findings as SARIF."""
    from permscope.report import sarif

    findings, errors, unknowns = _from_root(findings, errors, unknowns)
    return sarif.render(findings, errors=errors, unknowns=unknowns, home=_home())


def _home() -> str | None:
    """Where permscope comes from: `PERMSCOPE_REPOSITORY` of the CI is `owner/name` on its server, or a URL."""
    said = os.environ.get("PERMSCOPE_REPOSITORY", "").strip()
    if _URL.fullmatch(said):
        return said
    server = os.environ.get("GITHUB_SERVER_URL") or os.environ.get("CI_SERVER_URL") or ""
    return f"{server.rstrip('/')}/{said}" if _OWNER_AND_NAME.fullmatch(said) and _URL.fullmatch(server) else None


def _from_root(
    findings: Sequence[Finding], errors: Sequence[PermscopeError], unknowns: Sequence[Unknown]
) -> tuple[Sequence[Finding], Sequence[PermscopeError], Sequence[Unknown]]:
    """The same with files by their path in the repository that one is in."""
    from dataclasses import replace

    from permscope.collect.git import find_repository

    try:
        repository = find_repository()
    except ConfigError:  # git does not trust the folder's owner; nothing else here needs git
        repository = None
    if repository is None:
        return findings, errors, unknowns

    def moved(source: Source) -> Source:
        return _moved(source, repository.top, repository.here)

    return (
        tuple(
            replace(each, source=moved(each.source), steps=tuple((label, moved(place)) for label, place in each.steps))
            for each in findings
        ),
        tuple(_with_sources(errors, moved)),
        tuple(replace(each, source=moved(each.source)) for each in unknowns),
    )


def _with_sources(errors: Iterable[PermscopeError], moved: Callable[[Source], Source]) -> Iterable[PermscopeError]:
    for error in errors:
        found = copy.copy(error)
        found.source = moved(error.source) if error.source is not None else None
        yield found


def _moved(source: Source, top: Path, here: PurePosixPath) -> Source:
    """A place by its path in a repository; one outside stays as it is."""
    from dataclasses import replace

    if source.file is None:
        return source
    path = Path(source.file)
    if path.is_absolute():
        real = Path(os.path.realpath(path.parent)) / path.name
        inside = real.relative_to(top).as_posix() if real.is_relative_to(top) else source.file
    else:
        inside = os.path.normpath(here / source.file).replace(os.sep, "/")
    return source if inside.startswith("../") or inside == source.file else replace(source, file=inside)
