"""`permscope explain`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from permscope.cli.options import rules_option, screen_options

if TYPE_CHECKING:
    from rich.console import Console


@click.command("explain")
@click.argument("rule")
@rules_option
@screen_options
def command(*, rule: str, rules: tuple[str, ...], console: Callable[[], Console]) -> None:
    """What RULE checks, why it matters, and how to fix what it finds.

    RULE is a rule id, the name another tool or AWS uses for the same check (`CKV_AWS_301`), a way to gain rights
    (`lambda-004`), which is explained with the rules that report it, or a kind of change (`new-public-entry`).
    """
    from permscope.audit.elsewhere import find_elsewhere
    from permscope.audit.path_rules import find_path
    from permscope.audit.rules import load_rules
    from permscope.audit.run import find_rules
    from permscope.report.layout import print_line, put
    from permscope.report.terminal import SEVERITY_STYLES, text

    out = console()
    told = find_elsewhere(rule)
    if told is not None:
        code, check = told
        print_line(text((check.name, "bold cyan"), (f"  {code}, which is no rule", "bold")), out, hang=2)
        print_line(text(check.says), out)
        return
    meant = find_rules(load_rules([Path(folder) for folder in rules]), rule)
    path = None if any(rule.lower() == found.id for found in meant) else find_path(rule)
    if path is not None:
        print_line(text((path.id, "bold cyan"), (f"  {path.title}", "bold")), out, hang=2)
        needs = ", ".join(f"{need.action} ({need.on})" for need in path.needs)
        for heading, words in (("needs", needs), ("why", path.why)):
            if not words:
                continue
            print_line(text((f"{heading}: ", "bold green"), words), out, hang=len(heading) + 2)
        for reference in path.references:
            put(text((reference, "dim")), out)
    for number, found in enumerate(meant, start=path is not None):
        if number:
            out.print()
        severity = (found.severity, SEVERITY_STYLES[found.severity])
        print_line(text((found.id, "bold cyan"), "  ", severity, (f"  {found.title}", "bold")), out, hang=2)
        for heading, words in (("why", found.why_text), ("fix", found.fix_text)):
            out.print()
            first, *rest = words.strip().splitlines() or [""]
            print_line(text((f"{heading}: ", "bold green"), first), out, hang=5)
            for line in rest:
                put(text(" " * 5, line), out)
        out.print()
        if found.aliases:
            print_line(text(("also known as: ", "bold"), ", ".join(found.aliases)), out, hang=5)
        for reference in found.references:
            put(text((reference, "dim")), out)
