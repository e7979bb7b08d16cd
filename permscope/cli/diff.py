"""`permscope diff`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from permscope import cache
from permscope.cli.exit_codes import ExitCode
from permscope.cli.machine_formats import write_findings
from permscope.cli.options import format_option, screen_options
from permscope.cli.sides import Sides, read_sides
from permscope.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from permscope.audit.config import Config
    from permscope.collect.templates.options import LoadOptions
    from permscope.graph.model import PermissionGraph

FORMATS = ("text", "json", "markdown", "sarif", "junit", "github", "gitlab", "csv")
_BOUND = ("account", "region", "partition", "stack_name", "parameter", "parameters")


def binding_options(command: Callable[..., None]) -> Callable[..., None]:
    """What binds templates on both sides; the command gets `LoadOptions` as `options`."""
    import functools

    @functools.wraps(command)
    def run(**given: Any) -> None:
        from permscope.collect.templates.options import LoadOptions

        bound = {name: given.pop(name) for name in _BOUND}
        values = {}
        for item in bound.pop("parameter"):
            key, equals, value = item.partition("=")
            if not equals or not key:
                raise ConfigError(f"`--parameter {item}` is not KEY=VALUE")
            values[key] = value
        files = tuple(bound.pop("parameters"))
        command(options=LoadOptions(parameters=values, parameter_files=files, **bound), **given)

    decorators = (
        click.option("--account", help="12-digit id of the account the templates are deployed to."),
        click.option("--region", help="Region they are deployed to."),
        click.option("--partition", help="`aws`, `aws-cn`, `aws-us-gov`, ..."),
        click.option("--stack-name", help="Name of the stack."),
        click.option("--parameter", metavar="KEY=VALUE", multiple=True, help="Value of a parameter; repeatable."),
        click.option("--parameters", metavar="FILE", multiple=True, help="CLI or CodePipeline JSON, samconfig.toml."),
    )
    for decorator in reversed(decorators):
        run = decorator(run)
    return run


@click.command("diff")
@click.argument("paths", metavar="[OLD NEW] | [PATH]...", nargs=-1)
@click.option("--base", metavar="REF", help="Read the old version from this git revision; PATHs are the new one.")
@binding_options
@format_option(*FORMATS)
@click.option("--exit-code", is_flag=True, help="Exit 1 when something new can happen.")
@screen_options
def command(
    *,
    paths: tuple[str, ...],
    base: str | None,
    options: LoadOptions,
    format_: str,
    exit_code: bool,
    console: Callable[[], Console],
) -> None:
    """What a change lets happen that was not possible before.

    OLD and NEW are files, directories, snapshots or git revisions; with --base REF the old version comes from git and
    the new one is the working tree. Renames, moved files, reordering and policies written differently are no change.
    """
    config = read_config()
    with cache.sharing():  # a change leaves most of both versions alike
        sides = read_sides(paths, base, options, config)
    old, new = graphs(sides, config)
    diff = sides.compare(old, new)
    errors = sides.new.errors
    match format_:
        case "text":
            from permscope.report.diff_text import print_diff

            print_diff(diff, errors, console())
        case "json":
            from permscope.report.diff_json import render_diff

            sys.stdout.write(render_diff(diff, errors))
        case _:
            from permscope.audit.gate import as_finding

            findings = tuple(map(as_finding, diff.risks))
            if format_ == "markdown":
                from permscope.report.markdown import render_diff as render_markdown

                sys.stdout.write(render_markdown(diff, findings, command=sides.command))
            else:
                write_findings(format_, findings, errors, new)
    if sides.incomplete:
        sys.exit(ExitCode.INCOMPLETE)
    if exit_code and diff.risks:
        sys.exit(ExitCode.FINDINGS)


def read_config(path: str | None = None) -> Config:
    """`permscope.yaml`, or the defaults."""
    from permscope.audit.config import load_config

    return load_config(Path(path) if path else None)


def graphs(sides: Sides, config: Config) -> tuple[PermissionGraph, PermissionGraph]:
    """The graphs of both versions."""
    from permscope.graph.build import build_graph

    return build_graph(sides.old, config.trusted), build_graph(sides.new, config.trusted)
