"""`permscope rules`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from permscope.audit.rules import Rule, load_rules
from permscope.cli.audit import AuditFormat, RulesFolder
from permscope.cli.exit_codes import ExitCode
from permscope.errors import NameNotFoundError, RuleError

app = typer.Typer(
    name="rules",
    help="List the rules, or check rule files.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.command("list")
def list_rules(
    *,
    rules: RulesFolder = None,
    format_: Annotated[AuditFormat, typer.Option("--format", help="How to write it.")] = AuditFormat.TEXT,
) -> None:
    """Every rule with its severity and title."""
    loaded = load_rules([Path(folder) for folder in rules or ()])
    if format_ is AuditFormat.JSON:
        rows = [
            {
                "id": rule.id,
                "family": rule.family,
                "severity": rule.severity,
                "title": rule.title,
                "aliases": list(rule.aliases),
                "tags": list(rule.tags),
            }
            for rule in loaded
        ]
        sys.stdout.write(json.dumps({"schema": "permscope/rules/1", "rules": rows}, indent=1) + "\n")
        return
    from permscope.report.terminal import SEVERITY_STYLES, make_console, text

    console = make_console()
    wide = max((len(rule.id) for rule in loaded), default=0)
    for rule in loaded:
        console.print(
            text((f"{rule.severity:9}", SEVERITY_STYLES[rule.severity]), (f"{rule.id:{wide}}  ", "bold"), rule.title)
        )


@app.command("check")
def check(
    folder: Annotated[list[str], typer.Argument(metavar="FOLDER...", help="Folders of rule files.")],
) -> None:
    """Check rule files: fields, names, severities; each mistake with its line."""
    from permscope.audit.rules import load_rule

    wrong = checked = 0
    for name in folder:
        if not Path(name).exists():
            raise RuleError(f"no rule folder `{name}`")
        files = (
            [Path(name)] if Path(name).is_file() else sorted([*Path(name).rglob("*.yaml"), *Path(name).rglob("*.yml")])
        )
        for path in files:
            checked += 1
            try:
                load_rule(path)
            except RuleError as error:
                wrong += 1
                sys.stderr.write(f"permscope: {error}\n")
    sys.stdout.write(f"{checked} rule files, {wrong} wrong\n")
    if wrong:
        raise typer.Exit(ExitCode.FINDINGS)


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
