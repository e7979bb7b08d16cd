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

    RULE is a rule id, or the name another tool or AWS uses for the same check (`CKV_AWS_301`).
    """
    from permscope.audit.rules import load_rules
    from permscope.audit.run import find_rules
    from permscope.report.layout import print_line, put
    from permscope.report.terminal import SEVERITY_STYLES, text

    out = console()
    for number, found in enumerate(find_rules(load_rules([Path(folder) for folder in rules]), rule)):
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
