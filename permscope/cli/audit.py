"""`permscope audit`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from permscope.cli.exit_codes import ExitCode
from permscope.cli.options import format_option, rules_option, screen_options, world_options

if TYPE_CHECKING:
    from rich.console import Console

    from permscope.audit.findings import Finding
    from permscope.inventory.inventory import Inventory

FAIL_ON = ("critical", "high", "medium", "low", "info", "never")


@click.command("audit")
@world_options
@format_option("text", "json")
@click.option("--fail-on", type=click.Choice(FAIL_ON), default="high", show_default=True, help="Exit 1 from here on.")
@click.option(
    "--group-by", type=click.Choice(["function", "rule", "file"]), default="function", show_default=True, help="Order."
)
@rules_option
@click.option("--rule", "only", metavar="RULE", multiple=True, help="Only this rule; repeatable.")
@screen_options
def command(
    *,
    inventory: Inventory,
    format_: str,
    fail_on: str,
    group_by: str,
    rules: tuple[str, ...],
    only: tuple[str, ...],
    console: Callable[[], Console],
) -> None:
    """Findings: what is too broad, exposed or broken.

    Exit code 0: nothing at or above --fail-on; 1: findings; 2: wrong usage or nothing readable; 3: some input could not
    be read.
    """
    from permscope.audit.engine import run as find
    from permscope.audit.rules import load_rules
    from permscope.cli.rules import chosen
    from permscope.graph.build import build_graph

    compiled = chosen(load_rules([Path(folder) for folder in rules]), only)
    graph = build_graph(inventory)
    findings = find(graph, inventory, compiled)
    if format_ == "json":
        from permscope.report.audit_json import render

        sys.stdout.write(render(findings, graph, inventory.errors, len(compiled)))
    else:
        from permscope.report.audit_text import print_audit

        print_audit(findings, graph, inventory.errors, console(), rules=len(compiled), group_by=group_by)
    if not inventory.errors and fails(findings, fail_on):
        sys.exit(ExitCode.FINDINGS)


def fails(findings: tuple[Finding, ...], fail_on: str) -> bool:
    """Whether a finding that is not suppressed is at or above a severity."""
    limit = FAIL_ON.index(fail_on)
    return fail_on != "never" and any(
        FAIL_ON.index(finding.severity) <= limit for finding in findings if finding.suppressed is None
    )
