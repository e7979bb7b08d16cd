"""The command line: one file per command, loaded when it is called."""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import sys
from typing import NoReturn

import click

from permscope.cli.exit_codes import ExitCode
from permscope.errors import NothingReadError, PermscopeError
from permscope.version import __version__

# Command -> what `permscope --help` says of it. The module of a command has its name, with `_` for `-`.
COMMANDS = {
    "audit": "Findings: what is too broad, exposed or broken.",
    "graph": "Who invokes what, and what touches what.",
    "who-can": "Who may do an action on a resource.",
    "what-can": "Everything a principal or function may do.",
    "diff": "What a change lets happen that was not possible before.",
    "gate": "Diff and audit for CI: fail on new risk.",
    "path": "How one node reaches another, hop by hop.",
    "explore": "Walk the graph in the terminal, with the keyboard.",
    "explain": "What a rule checks, why, and how to fix what it finds.",
    "init": "Write a commented permscope.yaml and print the CI snippet.",
    "rules": "List the rules, or check rule files.",
    "collect": "Read live accounts into a snapshot.",
    "simulate": "Decide requests from stdin, one JSON line each.",
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order people meet them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"permscope.cli.{cmd_name.replace('-', '_')}")
        command = module.command
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of the first word; of a word that is none, what it may be meant to be."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            import difflib

            close = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = f"Did you mean '{close[0]}'?" if close else f"Commands are {', '.join(COMMANDS)}."
            ctx.fail(f"No such command '{name}'. {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any of them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    name="permscope",
    help="Who can invoke your Lambda functions, what they can touch, and what is wrong with that.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="permscope", message="%(prog)s %(version)s")
def permscope() -> None:
    """Nothing happens before a command is chosen."""


def main() -> None:
    """Run the command line; deliberate errors become one line on stderr, never a traceback."""
    gc.set_threshold(5_000_000, 50, 1_000)  # facts and graphs are many small objects that live as long as the process
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        permscope(prog_name="permscope")
    except PermscopeError as error:
        from permscope.report.escape import visible

        for each in error.errors if isinstance(error, NothingReadError) else (error,):
            sys.stderr.write(f"permscope: {visible(str(each))}\n")
        _leave(ExitCode.USAGE)
    except OSError as error:
        if error.filename is not None:
            raise
        _say_not_written(error)
        os._exit(ExitCode.USAGE)  # what is left in the buffer cannot be written either
    except SystemExit as leaving:
        _leave(leaving.code)


def _leave(code: str | int | None) -> NoReturn:
    """End the process without taking every object down first, which takes longer than reading a small template."""
    if not (code is None or isinstance(code, int)):
        sys.exit(code)
    atexit._run_exitfuncs()  # noqa: SLF001 - what the interpreter itself calls here
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        os._exit(ExitCode.FINDINGS)  # as click does when a reader such as `head` has gone
    except OSError as error:
        _say_not_written(error)
        os._exit(ExitCode.USAGE)
    os._exit(code or 0)


def _say_not_written(error: OSError) -> None:
    sys.stderr.write(f"permscope: the output cannot be written: {(error.strerror or 'error').lower()}\n")
    sys.stderr.flush()
