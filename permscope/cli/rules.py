"""`permscope rules`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from permscope.cli.exit_codes import ExitCode
from permscope.cli.options import format_option, rules_option, screen_options, write_json
from permscope.errors import RuleError, why_unreadable
from permscope.inventory.source import Source

if TYPE_CHECKING:
    from rich.console import Console


@click.group("rules")
def command() -> None:
    """List the rules, or check rule files."""


@command.command("list")
@rules_option
@format_option("text", "json")
@screen_options
def list_rules(*, rules: tuple[str, ...], format_: str, console: Callable[[], Console]) -> None:
    """Every rule with its title, worst first."""
    from permscope.audit.findings import SEVERITIES
    from permscope.audit.rules import load_rules
    from permscope.report.layout import print_groups
    from permscope.report.terminal import count, text

    loaded = load_rules([Path(folder) for folder in rules])
    if format_ == "json":
        names = ("id", "family", "severity", "title", "aliases", "tags")
        rows = [{name: getattr(rule, name) for name in names} for rule in loaded]
        write_json({"schema": "permscope/rules/1", "rules": rows})
        return
    out = console()
    out.print(text((count(len(loaded), "rule"), "bold"), ("; permscope explain RULE says more about one", "dim")))
    groups = {
        severity: [(text((rule.id, "bold")), text(rule.title)) for rule in loaded if rule.severity == severity]
        for severity in SEVERITIES
    }
    print_groups({severity: rows for severity, rows in groups.items() if rows}, out)


@command.command("check")
@click.argument("folder", nargs=-1, required=True)
def check(*, folder: tuple[str, ...]) -> None:
    """Check rule files; each mistake with its line.

    Fields, names of actions and nodes, severities: whatever would make a rule one that never fires.
    """
    from permscope.report.escape import visible
    from permscope.report.terminal import count

    wrong = checked = 0
    for name in folder:
        place = Path(name)
        if not place.exists():
            raise RuleError(f"no rule folder `{name}`")
        files = [place] if place.is_file() else sorted([*place.rglob("*.yaml"), *place.rglob("*.yml")])
        for path in files:
            checked += 1
            try:
                _load(path)
            except RuleError as error:
                wrong += 1
                sys.stderr.write(f"permscope: {visible(str(error))}\n")
    sys.stdout.write(f"{count(checked, 'rule file')}, {wrong} wrong\n")
    if wrong:
        sys.exit(ExitCode.FINDINGS)


def _load(path: Path) -> None:
    """Read a rule; in a folder `escalation` the file is an escalation path."""
    if path.parent.name != "escalation":
        from permscope.audit.rules import load_rule

        load_rule(path)
        return
    from permscope.graph.takeover.escalation import parse_path

    try:
        parse_path(path.read_text(encoding="utf-8"), path.as_posix())
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"cannot be read: {why_unreadable(error)}", source=Source(path.as_posix())) from None
