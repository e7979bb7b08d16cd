"""`permscope simulate`."""

from __future__ import annotations

import sys
from typing import BinaryIO

import click

from permscope.cli.exit_codes import ExitCode


@click.command("simulate")
@click.argument("cases", metavar="[FILE]", type=click.File("rb"), default="-")
def command(*, cases: BinaryIO) -> None:
    """Decide requests, one JSON line each, in order; FILE is standard input when it is left out.

    A line that is no request answers with `error`, and the rest goes on.
    """
    from permscope.policy.simulate import simulate_lines

    failed = False
    out = sys.stdout
    for answer in simulate_lines(line.decode("utf-8", "replace") for line in cases):
        failed = failed or '"error"' in answer
        out.write(answer)
        out.write("\n")
    if failed:
        sys.exit(ExitCode.INCOMPLETE)
