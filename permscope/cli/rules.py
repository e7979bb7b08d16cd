"""`permscope rules`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from permscope.cli.exit_codes import ExitCode
from permscope.cli.options import format_option, rules_option, screen_options, write_json
from permscope.errors import NameNotFoundError, RuleError

if TYPE_CHECKING:
    from rich.console import Console

    from permscope.audit.rules import Rule


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


def find_rule(rules: Sequence[Rule], name: str) -> list[Rule]:
    """The rules a name means: an id, or an alias that other tools or AWS use.

    Raises:
        NameNotFoundError: when no rule has that name.
    """
    import difflib

    wanted = name.lower()
    found = [rule for rule in rules if rule.id == wanted]
    found = found or [rule for rule in rules if wanted in (alias.lower() for alias in rule.aliases)]
    if found:
        return found
    names = [rule.id for rule in rules] + [alias for rule in rules for alias in rule.aliases]
    close = difflib.get_close_matches(name, names, n=3)
    hint = f"did you mean {', '.join(f'`{one}`' for one in close)}?" if close else "`permscope rules list` lists them"
    raise NameNotFoundError(f"no rule is called `{name}`", hint=hint)


def chosen(rules: Sequence[Rule], names: Sequence[str]) -> tuple[Rule, ...]:
    """All rules, or those that are named."""
    if not names:
        return tuple(rules)
    wanted = {rule.id for name in names for rule in find_rule(rules, name)}
    return tuple(rule for rule in rules if rule.id in wanted)
