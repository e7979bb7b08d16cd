"""`permscope audit`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from permscope.audit.findings import Finding
from permscope.cli.exit_codes import ExitCode
from permscope.cli.options import (
    AccountOption,
    AsciiOption,
    NoColorOption,
    ParameterOption,
    ParametersOption,
    PartitionOption,
    Paths,
    RegionOption,
    StackNameOption,
    WidthOption,
    read_world,
)


class AuditFormat(StrEnum):
    """How the findings are written."""

    TEXT = "text"
    JSON = "json"


class Grouping(StrEnum):
    """What findings are put together by."""

    FUNCTION = "function"
    RULE = "rule"
    FILE = "file"


class FailOn(StrEnum):
    """The severity from which on a run fails."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"
    NEVER = "never"


RulesFolder = Annotated[
    list[str] | None, typer.Option("--rules", metavar="FOLDER", help="A folder of your own rules; repeatable.")
]


def run(
    paths: Paths = None,
    *,
    format_: Annotated[AuditFormat, typer.Option("--format", help="How to write it.")] = AuditFormat.TEXT,
    fail_on: Annotated[FailOn, typer.Option("--fail-on", help="Exit 1 from this severity on.")] = FailOn.HIGH,
    group_by: Annotated[Grouping, typer.Option("--group-by", help="How findings are grouped.")] = Grouping.FUNCTION,
    rules: RulesFolder = None,
    only: Annotated[
        list[str] | None, typer.Option("--rule", metavar="RULE", help="Only this rule; repeatable.")
    ] = None,
    account: AccountOption = None,
    region: RegionOption = None,
    partition: PartitionOption = None,
    stack_name: StackNameOption = None,
    parameter: ParameterOption = None,
    parameters: ParametersOption = None,
    no_color: NoColorOption = False,
    width: WidthOption = None,
    ascii_only: AsciiOption = False,
) -> None:
    """Findings: what is too broad, exposed or broken.

    Exit code 0: nothing at or above --fail-on; 1: findings; 2: wrong usage or nothing readable;
    3: some input could not be read.
    """
    from permscope.audit.engine import run as find
    from permscope.audit.rules import load_rules
    from permscope.cli.rules import chosen
    from permscope.graph.build import build_graph

    compiled = chosen(load_rules([Path(folder) for folder in rules or ()]), only or ())
    inventory = read_world(
        paths,
        account=account,
        region=region,
        partition=partition,
        stack_name=stack_name,
        parameter=parameter,
        parameters=parameters,
    )
    graph = build_graph(inventory)
    findings = find(graph, inventory, compiled)
    if format_ is AuditFormat.JSON:
        from permscope.report.audit_json import render

        sys.stdout.write(render(findings, graph, inventory.errors, len(compiled)))
    else:
        from permscope.report.audit_text import print_audit
        from permscope.report.terminal import make_console

        console = make_console(width=width, no_color=no_color, ascii_only=ascii_only)
        print_audit(findings, graph, inventory.errors, console, rules=len(compiled), group_by=group_by.value)
    raise typer.Exit(exit_code(findings, fail_on, incomplete=bool(inventory.errors)))


def exit_code(findings: tuple[Finding, ...], fail_on: FailOn, *, incomplete: bool) -> ExitCode:
    """What the shell is told; an incomplete run says so even if there are findings too."""
    if incomplete:
        return ExitCode.INCOMPLETE
    order = [severity.value for severity in FailOn]
    limit = order.index(fail_on.value)
    failing = fail_on is not FailOn.NEVER and any(
        order.index(finding.severity) <= limit for finding in findings if finding.suppressed is None
    )
    return ExitCode.FINDINGS if failing else ExitCode.OK
