"""`permscope gate`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from permscope import cache
from permscope.cli.diff import FORMATS, binding_options, read_config
from permscope.cli.exit_codes import ExitCode
from permscope.cli.machine_formats import sarif_text, write_findings
from permscope.cli.options import format_option, rules_option, screen_options
from permscope.cli.sides import Sides, read_sides
from permscope.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from permscope.audit.config import Config
    from permscope.audit.findings import Finding
    from permscope.audit.gate import GatePolicy, GateResult
    from permscope.collect.templates.options import LoadOptions
    from permscope.graph.diff.compare import GraphDiff
    from permscope.graph.model import PermissionGraph

FAIL_ON = ("critical", "high", "medium", "low", "info", "never")


@click.command("gate")
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option("--base", metavar="REF", help="Git revision to compare with, such as origin/main; default: HEAD.")
@click.option("--old", metavar="PATH", help="Compare with this file, directory or snapshot instead of a revision.")
@binding_options
@click.option("--fail-on", type=click.Choice(FAIL_ON), help="Fail on anything new from here on; default: high.")
@click.option(
    "--forbid", metavar="KIND", multiple=True, help="Fail on this kind of change, such as new-public-entry; repeatable."
)
@click.option("--config", "config_path", metavar="FILE", help="Instead of the permscope.yaml found upwards.")
@rules_option
@format_option(*FORMATS)
@click.option("--summary", metavar="FILE", help="Append the Markdown report to this file besides.")
@click.option("--sarif", "sarif_file", metavar="FILE", help="Write SARIF to this file besides.")
@screen_options
def command(
    *,
    paths: tuple[str, ...],
    base: str | None,
    old: str | None,
    options: LoadOptions,
    fail_on: str | None,
    forbid: tuple[str, ...],
    config_path: str | None,
    rules: tuple[str, ...],
    format_: str,
    summary: str | None,
    sarif_file: str | None,
    console: Callable[[], Console],
) -> None:
    """Diff and audit for CI: fail on new risk.

    Compares PATHs (default: the working directory) with how they were at REF, and counts only what is new: changes of
    the graph, and findings that were not there. Contracts of permscope.yaml are checked as well.

    Exit code 0: pass, or somebody should look; 1: fail; 2: wrong usage; 3: some input could not be read.
    """
    config = read_config(config_path)
    with cache.sharing():  # a change leaves most of both versions alike
        sides = _sides(paths, base, old, options, config)
        policy = _policy(config, fail_on, forbid)
        result, after = _decide(sides, config, policy=policy, rules=rules, notes=_notes(config, base, old))
    errors = sides.new.errors
    command_line = sides.command.replace("permscope diff", "permscope gate", 1)
    if summary:
        from permscope.report.markdown import render_gate as render_summary

        _append(summary, render_summary(result, errors=errors, command=command_line))
    if sarif_file:
        _write(sarif_file, sarif_text(result.findings, errors, after.unknowns))
    match format_:
        case "text":
            from permscope.report.diff_text import print_gate

            print_gate(result, errors, console())
        case "json":
            from permscope.report.diff_json import render_gate

            sys.stdout.write(render_gate(result, errors))
        case "markdown":
            from permscope.report.markdown import render_gate as render_markdown

            sys.stdout.write(render_markdown(result, errors=errors, command=command_line))
        case _:
            kept = [each.contract.name for each in result.contracts if each.status.value == "pass"]
            headline = f"permscope gate: {result.verdict.value}"
            write_findings(format_, result.findings, errors, after, headline=headline, passed=kept)
    if sides.incomplete:
        sys.exit(ExitCode.INCOMPLETE)
    if result.verdict.value == "fail":
        sys.exit(ExitCode.FINDINGS)


def _sides(paths: tuple[str, ...], base: str | None, old: str | None, options: LoadOptions, config: Config) -> Sides:
    if old is None:
        return read_sides(paths, "HEAD" if base is None else base, options, config)
    if base is not None:
        raise ConfigError("the old version is either `--base` or `--old`")
    if len(paths) != 1:
        raise ConfigError("`--old PATH` compares with one PATH", hint="`permscope gate --old OLD NEW`")
    return read_sides((old, paths[0]), None, options, config)


def _policy(config: Config, fail_on: str | None, forbid: tuple[str, ...]) -> GatePolicy:
    from dataclasses import replace

    from permscope.audit.gate import parse_gate
    from permscope.inventory.source import NOWHERE

    policy = parse_gate(config.gate, config.source or NOWHERE, fail_on=config.fail_on)
    more = parse_gate({"forbid": list(forbid)}) if forbid else policy
    return replace(
        policy, forbid=(*policy.forbid, *more.forbid) if forbid else policy.forbid, fail_on=fail_on or policy.fail_on
    )


def _decide(
    sides: Sides, config: Config, *, policy: GatePolicy, rules: Iterable[str], notes: tuple[str, ...]
) -> tuple[GateResult, PermissionGraph]:
    from permscope.audit.config import Config
    from permscope.audit.contract_checks import check_contracts
    from permscope.audit.contracts import parse_contracts
    from permscope.audit.gate import decide
    from permscope.audit.run import run_audit
    from permscope.graph.decisions import Decisions
    from permscope.inventory.source import NOWHERE

    # What is suppressed is marked below, for changes and findings together.
    plain = Config(trusted=config.trusted)
    folders = [Path(folder) for folder in rules]
    audits = [run_audit(inventory, config=plain, rule_folders=folders) for inventory in (sides.old, sides.new)]
    for audit, inventory in zip(audits, (sides.old, sides.new), strict=True):
        if audit.graph.decisions is None:  # it was kept from an earlier run
            audit.graph.decisions = Decisions(inventory)
    before, after = audits
    diff = sides.compare(before.graph, after.graph)
    contracts = check_contracts(parse_contracts(config.contracts, config.source or NOWHERE), after.graph)
    changes, new_findings = _suppressed(diff, _of_rules(after.findings), sides, config)
    result = decide(
        diff,
        policy,
        old_findings=_of_rules(before.findings),
        new_findings=new_findings,
        changes=changes,
        contracts=contracts,
        notes=notes,
    )
    return result, after.graph


def _of_rules(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings without those about suppressions, which are a matter of the audit."""
    from dataclasses import replace

    return tuple(replace(each, suppressed=None) for each in findings if not each.rule.startswith("suppression-"))


def _suppressed(
    diff: GraphDiff, findings: tuple[Finding, ...], sides: Sides, config: Config
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Changes and findings with what the user lives with marked.

    Suppressions that are in vain are a matter of the audit, not of a change.
    """
    import datetime as dt

    from permscope.audit.gate import as_finding
    from permscope.audit.suppressions import read_suppressions, suppress

    given = (*config.ignore, *read_suppressions(sides.new.files))
    today = dt.datetime.now(dt.UTC).date()
    changes = tuple(map(as_finding, diff.risks))
    marked = suppress((*changes, *findings), given, today=today)
    return marked[: len(changes)], marked[len(changes) : len(changes) + len(findings)]


def _notes(config: Config, base: str | None, old: str | None) -> tuple[str, ...]:
    """Whether the change also changes what the gate goes by."""
    from permscope.collect.git import find_repository

    if old is not None or config.source is None or config.source.file is None:
        return ()
    repository = find_repository()
    if repository is None:
        return ()
    try:
        path = repository.path(config.source.file)
    except ConfigError:
        return ()  # it lies elsewhere, so no change of this repository can touch it
    try:
        commit, _ = repository.common_ancestor("HEAD" if base is None else base)
        before = repository.content(commit, path)
    except ConfigError:
        return ("the configuration is new with this change",)
    if before.splitlines() != Path(config.source.file).read_bytes().splitlines():
        return ("the configuration changed too, and the gate goes by the new one",)
    return ()


def _append(path: str, text: str) -> None:
    try:
        with Path(path).open("a", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise ConfigError(f"`{path}` cannot be written: {(error.strerror or 'error').lower()}") from None


def _write(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"`{path}` cannot be written: {(error.strerror or 'error').lower()}") from None
