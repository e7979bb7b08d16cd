"""The command line: one file per command, loaded when it is called."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from permscope.cli.exit_codes import ExitCode
from permscope.errors import PermscopeError
from permscope.version import __version__

# Command -> what `permscope --help` says of it. The module of a command has its name, with `_` for `-`.
COMMANDS = {
    "audit": "Findings: what is too broad, exposed or broken.",
    "graph": "Who invokes what, and what touches what.",
    "who-can": "Who may do an action on a resource.",
    "what-can": "Everything a principal or function may do.",
    "path": "How one node reaches another, hop by hop.",
    "explain": "What a rule checks, why, and how to fix what it finds.",
    "rules": "List the rules, or check rule files.",
    "simulate": "Decide requests from stdin, one JSON line each.",
}


class LazyGroup(TyperGroup):
    """A group that imports a command's module only when that command is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The commands in the order people meet them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, imported now."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"permscope.cli.{cmd_name.replace('-', '_')}")
        if hasattr(module, "app"):
            return typer.main.get_command(module.app)
        single = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        single.command(cmd_name, help=module.run.__doc__)(module.run)
        return typer.main.get_command(single)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The list of commands, without importing any of them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


app = typer.Typer(
    cls=LazyGroup,
    name="permscope",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"permscope {__version__}\n")
        raise typer.Exit


@app.callback()
def permscope(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    """Who can invoke your Lambda functions, what they can touch, and what is wrong with that."""
    del version


def main() -> None:
    """Run the command line; deliberate errors become one line on stderr, never a traceback."""
    try:
        app(prog_name="permscope")
    except PermscopeError as error:
        from permscope.report.escape import visible

        sys.stderr.write(f"permscope: {visible(str(error))}\n")
        sys.exit(ExitCode.USAGE)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(ExitCode.OK)
