"""`permscope simulate`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from permscope.cli.exit_codes import ExitCode
from permscope.errors import InputError


def run(
    cases: Annotated[
        str, typer.Argument(metavar="FILE", help="File with one JSON request per line; `-` is standard input.")
    ] = "-",
) -> None:
    """Decide requests, one JSON line each, in order.

    A line that is no request answers with `error`, and the rest goes on.
    """
    from permscope.policy.simulate import simulate_lines

    failed = False
    try:
        source = sys.stdin.buffer if cases == "-" else open(cases, "rb")  # noqa: SIM115, PTH123 - closed below
    except OSError as error:
        raise InputError(f"`{cases}` cannot be read: {error.strerror}") from error
    out = sys.stdout
    with source:
        lines = (line.decode("utf-8", "replace") for line in source)
        for answer in simulate_lines(lines):
            failed = failed or '"error"' in answer
            out.write(answer)
            out.write("\n")
    if failed:
        raise typer.Exit(ExitCode.INCOMPLETE)
