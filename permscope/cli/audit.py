"""`permscope audit`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from permscope.cli.exit_codes import ExitCode
from permscope.cli.options import configured, format_option, rules_option, screen_options, world_options
from permscope.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from permscope.audit.config import Config
    from permscope.audit.findings import Finding
    from permscope.audit.run import Audit
    from permscope.graph.model import PermissionGraph
    from permscope.inventory.inventory import Inventory

FAIL_ON = ("critical", "high", "medium", "low", "info", "never")


@click.command("audit")
@world_options
@format_option("text", "json", "html", "sarif", "markdown", "junit", "github", "gitlab", "csv")
@click.option("--fail-on", type=click.Choice(FAIL_ON), help="Exit 1 from this severity on.  [default: high]")
@click.option(
    "--group-by",
    type=click.Choice(["function", "rule", "file"]),
    default="function",
    show_default=True,
    help="What the findings stand under.",
)
@click.option("--focus", metavar="NAME", help="Show only the findings about this function, role or route.")
@click.option("--all", "whole", is_flag=True, help="Every finding in full, however many there are.")
@rules_option
@click.option("--rule", "only", metavar="RULE", multiple=True, help="Only this rule; repeatable.")
@click.option("--baseline", metavar="FILE", type=Path, help="Findings that are known and do not count.")
@click.option("--write-baseline", metavar="FILE", type=Path, help="Write what is found now as a baseline.")
@screen_options
def command(
    *,
    inventory: Inventory,
    format_: str,
    fail_on: str | None,
    group_by: str,
    focus: str | None,
    whole: bool,
    rules: tuple[str, ...],
    only: tuple[str, ...],
    baseline: Path | None,
    write_baseline: Path | None,
    console: Callable[[], Console],
) -> None:
    """Findings: what is too broad, exposed or broken.

    Exit code 0: nothing at or above --fail-on; 1: findings; 2: wrong usage or nothing readable; 3: some input could not
    be read.
    """
    from permscope.audit.run import run_audit

    if (focus or whole) and format_ != "text":
        raise click.UsageError(f"--{'focus' if focus else 'all'} is for text; --format {format_} has everything")
    config = configured()
    audit = run_audit(
        inventory, config=config, rule_folders=[Path(folder) for folder in rules], only=only, baseline=baseline
    )
    if write_baseline is not None:
        _write_baseline(write_baseline, audit.findings)
    graph, findings = audit.graph, (*_contracts(audit, inventory, config), *audit.findings)
    if format_ == "json":
        from permscope.report.audit_json import render

        sys.stdout.write(render(findings, graph, inventory.errors, audit.rules))
    elif format_ == "html":
        from permscope.report.html_report import render as render_html

        sys.stdout.write(render_html(graph, findings, inventory.errors, rules=audit.rules))
    elif format_ == "markdown":
        from permscope.report.markdown import render as render_markdown

        sys.stdout.write(render_markdown(findings, errors=inventory.errors, unknowns=graph.unknowns))
    elif format_ != "text":
        from permscope.cli.machine_formats import write_findings

        write_findings(format_, findings, inventory.errors, graph)
    else:
        from permscope.report.audit_text import print_audit

        print_audit(
            findings,
            graph,
            inventory.errors,
            console(),
            rules=audit.rules,
            group_by=group_by,
            focus=None if focus is None else _around(graph, focus),
            whole=whole,
        )
    if not inventory.errors and fails(findings, fail_on or config.fail_on or "high"):
        sys.exit(ExitCode.FINDINGS)


def _around(graph: PermissionGraph, name: str) -> set[str]:
    """A node, what acts with it or it acts with, and the routes in front of it."""
    from permscope.graph.model import EdgeKind, NodeKind
    from permscope.graph.questions.queries import find_node

    node = find_node(graph, name)
    found = {node.id}
    found |= {edge.target for edge in graph.outgoing(node.id, EdgeKind.EXECUTES_AS)}
    found |= {edge.source for edge in graph.incoming(node.id, EdgeKind.EXECUTES_AS)}
    sources = (graph.nodes[edge.source] for edge in graph.incoming(node.id, EdgeKind.TRIGGERS))
    return found | {source.id for source in sources if source.kind is NodeKind.ROUTE}


def _contracts(audit: Audit, inventory: Inventory, config: Config) -> tuple[Finding, ...]:
    """The contracts of the configuration that do not hold, as findings."""
    if config.contracts is None:
        return ()
    from permscope.audit.contract_checks import check_contracts
    from permscope.audit.contracts import as_findings, parse_contracts
    from permscope.graph.decisions import Decisions
    from permscope.inventory.source import NOWHERE

    if audit.graph.decisions is None:  # the graph was kept from an earlier run
        audit.graph.decisions = Decisions(inventory)
    return as_findings(check_contracts(parse_contracts(config.contracts, config.source or NOWHERE), audit.graph))


def _write_baseline(path: Path, findings: tuple[Finding, ...]) -> None:
    from permscope.audit.baseline import render_baseline

    try:
        path.write_text(render_baseline(findings), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"`{path}` cannot be written: {error.strerror}") from error


def fails(findings: tuple[Finding, ...], fail_on: str) -> bool:
    """Whether a finding that is not suppressed is at or above a severity."""
    limit = FAIL_ON.index(fail_on)
    return fail_on != "never" and any(
        FAIL_ON.index(finding.severity) <= limit for finding in findings if finding.suppressed is None
    )
