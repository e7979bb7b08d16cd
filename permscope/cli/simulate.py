"""`permscope simulate`."""

from __future__ import annotations

import sys
from typing import BinaryIO

import click

from permscope.cli.exit_codes import ExitCode
from permscope.cli.options import explain_option


@click.command("simulate")
@click.argument("cases", metavar="[FILE]", type=click.File("rb"), default="-")
@explain_option
def command(*, cases: BinaryIO, explain: bool) -> None:
    """Decide requests, one JSON line each, in order; FILE is standard input when it is left out.

    A line that is no request answers with `error`, and the rest goes on. With --explain each answer says why: the
    statements that decide, and for an implicit deny what is missing and what nearly allows it.
    """
    from permscope.policy.simulate import simulate_lines

    failed = False
    out = sys.stdout
    for answer in simulate_lines((line.decode("utf-8", "replace") for line in cases), explained=explain):
        failed = failed or '"decision": "' not in answer
        out.write(answer)
        out.write("\n")
    if failed:
        sys.exit(ExitCode.INCOMPLETE)
