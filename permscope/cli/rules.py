"""`permscope rules`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from permscope.cli.exit_codes import ExitCode
from permscope.cli.options import format_option, rules_option, screen_options, write_json
from permscope.errors import RuleError

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
    """Every rule with its severity and title."""
    from permscope.audit.rules import load_rules
    from permscope.report.terminal import SEVERITY_STYLES, text

    loaded = load_rules([Path(folder) for folder in rules])
    if format_ == "json":
        names = ("id", "family", "severity", "title", "aliases", "tags")
        rows = [{name: getattr(rule, name) for name in names} for rule in loaded]
        write_json({"schema": "permscope/rules/1", "rules": rows})
        return
    out = console()
    wide = max((len(rule.id) for rule in loaded), default=0)
    for rule in loaded:
        out.print(
            text((f"{rule.severity:9}", SEVERITY_STYLES[rule.severity]), (f"{rule.id:{wide}}  ", "bold"), rule.title)
        )


@command.command("check")
@click.argument("folder", nargs=-1, required=True)
def check(*, folder: tuple[str, ...]) -> None:
    """Check rule files: fields, names, severities; each mistake with its line."""
    from permscope.audit.rules import load_rule
    from permscope.report.escape import visible

    wrong = checked = 0
    for name in folder:
        place = Path(name)
        if not place.exists():
            raise RuleError(f"no rule folder `{name}`")
        files = [place] if place.is_file() else sorted([*place.rglob("*.yaml"), *place.rglob("*.yml")])
        for path in files:
            checked += 1
            try:
                load_rule(path)
            except RuleError as error:
                wrong += 1
                sys.stderr.write(f"permscope: {visible(str(error))}\n")
    sys.stdout.write(f"{checked} rule files, {wrong} wrong\n")
    if wrong:
        sys.exit(ExitCode.FINDINGS)
