"""`permscope explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from permscope.cli.audit import RulesFolder
from permscope.cli.options import NoColorOption, WidthOption


def run(
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help="A rule id, or the name another tool uses (CKV_AWS_301).")
    ],
    *,
    rules: RulesFolder = None,
    no_color: NoColorOption = False,
    width: WidthOption = None,
) -> None:
    """What a rule checks, why it matters, and how to fix what it finds."""
    from permscope.audit.rules import load_rules
    from permscope.cli.rules import find_rule
    from permscope.report.terminal import SEVERITY_STYLES, make_console, text

    console = make_console(width=width, no_color=no_color)
    for number, found in enumerate(find_rule(load_rules([Path(folder) for folder in rules or ()]), rule)):
        if number:
            console.print()
        console.print(text((found.id, "bold cyan"), "  ", (found.severity, SEVERITY_STYLES[found.severity])))
        console.print(text((found.title, "bold")))
        for heading, words in (("why", found.why_text), ("fix", found.fix_text)):
            console.print()
            console.print(text((f"{heading}: ", "bold green"), " ".join(words.split())))
        console.print()
        if found.aliases:
            console.print(text(("also known as: ", "bold"), ", ".join(found.aliases)))
        for reference in found.references:
            console.print(text((reference, "dim")))
