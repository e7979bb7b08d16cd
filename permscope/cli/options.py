"""The options that several commands share, and what they make of them."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from permscope.cli.exit_codes import ExitCode
from permscope.errors import ConfigError
from permscope.report.json_text import indented

if TYPE_CHECKING:
    from rich.console import Console

    from permscope.audit.config import Config
    from permscope.inventory.inventory import Inventory

Command = Callable[..., None]
_CONFIG = "permscope.config"
_WORLD = ("account", "region", "partition", "stack_name", "parameter", "parameters")
_SCREEN = ("width", "no_color", "ascii_only")


def world_options(command: Command) -> Command:
    """`PATH...` and what binds a template; the command gets the `Inventory` as `inventory`."""

    @functools.wraps(command)
    def run(*, paths: tuple[str, ...], **options: Any) -> None:
        bound = {name: options.pop(name) for name in _WORLD}
        config = _configure(options.pop("config"))
        inventory = read_world(paths, **bound, configured_parameters=config.parameters)
        command(inventory=inventory, **options)
        if inventory.errors:
            sys.exit(ExitCode.INCOMPLETE)

    return _decorated(
        run,
        click.argument("paths", metavar="[PATH]...", nargs=-1),
        click.option("--account", help="12-digit id of the account the templates are deployed to."),
        click.option("--region", help="Region they are deployed to."),
        click.option("--partition", help="`aws`, `aws-cn`, `aws-us-gov`, ..."),
        click.option("--stack-name", help="Name of the stack."),
        click.option("--parameter", metavar="KEY=VALUE", multiple=True, help="Value of a parameter; repeatable."),
        click.option("--parameters", metavar="FILE", multiple=True, help="CLI or CodePipeline JSON, samconfig.toml."),
        click.option("--config", metavar="FILE", help="Configuration; default: permscope.yaml here or above."),
    )


def _configure(file: str | None) -> Config:
    """Read the configuration and keep it for `configured`."""
    from permscope.audit.config import load_config

    config = load_config(Path(file) if file else None)
    click.get_current_context().meta[_CONFIG] = config
    return config


def configured() -> Config:
    """The configuration of this run: the file found, or the defaults."""
    from permscope.audit.config import Config

    found = click.get_current_context().meta.get(_CONFIG)
    return found if isinstance(found, Config) else Config()


def screen_options(command: Command) -> Command:
    """How text is drawn; the command gets a function that makes the `Console` as `console`."""

    @functools.wraps(command)
    def run(**options: Any) -> None:
        drawn = {name: options.pop(name) for name in _SCREEN}

        def console() -> Console:
            from permscope.report.terminal import make_console

            return make_console(**drawn)

        command(console=console, **options)

    return _decorated(
        run,
        click.option("--width", type=click.IntRange(min=40), help="Columns; default: the terminal's."),
        click.option("--no-color", is_flag=True, help="No colour; NO_COLOR does the same."),
        click.option("--ascii", "ascii_only", is_flag=True, help="Draw with ASCII characters only."),
    )


def format_option(*formats: str) -> Callable[[Command], Command]:
    """`--format`; the first one is the default, and the command gets it as `format_`."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="How to write it.",
    )


explain_option = click.option("--explain", is_flag=True, help="Show the statements behind each answer.")
rules_option = click.option("--rules", metavar="FOLDER", multiple=True, help="A folder of your own rules; repeatable.")


def _decorated(command: Command, *decorators: Callable[[Any], Any]) -> Command:
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def read_world(
    paths: Iterable[str],
    *,
    account: str | None = None,
    region: str | None = None,
    partition: str | None = None,
    stack_name: str | None = None,
    parameter: Iterable[str] = (),
    parameters: Iterable[str] = (),
    configured_parameters: Mapping[str, str] | None = None,
) -> Inventory:
    """Read every input; broken ones are reported on stderr and kept in `Inventory.errors`."""
    from permscope.collect.load import LoadOptions, load
    from permscope.report.escape import visible

    bound = {}
    for item in parameter:
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise ConfigError(f"`--parameter {item}` is not KEY=VALUE")
        bound[key] = value
    options = LoadOptions(
        account=account,
        region=region,
        partition=partition,
        stack_name=stack_name,
        parameters=bound,
        parameter_files=tuple(parameters),
        defaults=configured_parameters or {},
    )
    inventory = load(list(paths) or ["."], options)
    for error in inventory.errors:
        sys.stderr.write(f"permscope: {visible(str(error))}\n")
    return inventory


def write_json(document: dict[str, Any]) -> None:
    """Write a JSON document to standard output."""
    sys.stdout.write(indented(document) + "\n")
