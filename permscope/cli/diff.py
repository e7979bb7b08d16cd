"""`permscope diff`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from permscope.cli.exit_codes import ExitCode
from permscope.cli.options import format_option, screen_options
from permscope.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from permscope.audit.config import Config
    from permscope.collect.templates.options import LoadOptions
    from permscope.errors import PermscopeError
    from permscope.graph.model import PermissionGraph
    from permscope.inventory.inventory import Inventory

FORMATS = ("text", "json", "markdown", "sarif", "junit", "github", "gitlab", "csv")
_BOUND = ("account", "region", "partition", "stack_name", "parameter", "parameters")


class Sides(NamedTuple):
    """Both versions of a change, read.

    Attributes:
        command: what to type to see the same.
        notes: remarks about where the old version came from.
    """

    old: Inventory
    new: Inventory
    command: str
    notes: tuple[str, ...] = ()

    @property
    def incomplete(self) -> bool:
        """Whether something was not read that the answer is about: a template of the old version is history."""
        from permscope.errors import SnapshotError

        return bool(self.new.errors) or any(isinstance(error, SnapshotError) for error in self.old.errors)


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
    from permscope.graph.diff import diff_graphs

    config = read_config()
    sides = read_sides(paths, base, options, config)
    old, new = graphs(sides, config)
    diff = diff_graphs(old, new)
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


def write_findings(
    format_: str,
    findings: Sequence[Any],
    errors: Sequence[PermscopeError],
    graph: PermissionGraph,
    *,
    headline: str = "",
    passed: Sequence[str] = (),
) -> None:
    """Write findings in one of the formats that other programs read."""
    match format_:
        case "sarif":
            from permscope.report import sarif

            sys.stdout.write(sarif.render(findings, errors=errors, unknowns=graph.unknowns))
        case "junit":
            from permscope.report import junit

            sys.stdout.write(junit.render(findings, errors=errors, passed=passed))
        case "github":
            from permscope.report import github

            sys.stdout.write(github.render(findings, errors=errors, headline=headline))
        case "gitlab":
            from permscope.report import gitlab

            sys.stdout.write(gitlab.render(findings, errors=errors))
        case "csv":
            from permscope.report import csv

            sys.stdout.write(csv.render(findings, errors=errors))
        case _:
            raise ConfigError(f"no format `{format_}`")


def read_config(path: str | None = None) -> Config:
    """`permscope.yaml`, or the defaults."""
    from permscope.audit.config import load_config

    return load_config(Path(path) if path else None)


def graphs(sides: Sides, config: Config) -> tuple[PermissionGraph, PermissionGraph]:
    """The graphs of both versions."""
    from permscope.graph.build import build_graph

    return build_graph(sides.old, config.trusted), build_graph(sides.new, config.trusted)


def read_sides(paths: Sequence[str], base: str | None, options: LoadOptions, config: Config) -> Sides:
    """Read both versions; broken inputs are reported on stderr.

    Raises:
        ConfigError: when it is not clear what is to be compared with what.
    """
    from dataclasses import replace

    options = replace(options, defaults=config.parameters)
    sides = _against_base(paths, base, options) if base else _two(paths, options)
    _report(sides.new.errors, "")
    _report(sides.old.errors, "in the old version: ")
    for note in sides.notes:
        sys.stderr.write(f"permscope: {note}\n")
    return sides


def _report(errors: Sequence[PermscopeError], where: str) -> None:
    from permscope.report.escape import visible

    for error in errors:
        sys.stderr.write(f"permscope: {where}{visible(str(error))}\n")


def _against_base(paths: Sequence[str], base: str, options: LoadOptions) -> Sides:
    from permscope.collect.git import find_repository, load_revision

    repository = find_repository()
    if repository is None:
        raise ConfigError("`--base` needs a git repository", hint="give two paths instead: `permscope diff OLD NEW`")
    if "-" in paths:
        raise ConfigError("standard input has no older version in git", hint="give files or directories")
    commit, has_ancestor = repository.common_ancestor(base)
    given = tuple(paths) or (".",)
    notes: tuple[str, ...] = ()
    if not has_ancestor:
        notes = (f"git knows no common ancestor with `{base}`, so `{base}` itself is the old version",)
    new = _load_new(given, options)
    old = load_revision(commit, given, options, repository)
    return Sides(old, new, " ".join(["permscope diff --base", base, *(each for each in given if each != ".")]), notes)


def _two(paths: Sequence[str], options: LoadOptions) -> Sides:
    if len(paths) != 2:  # noqa: PLR2004 - the old and the new one
        raise ConfigError("`permscope diff` compares two things", hint="`diff OLD NEW`, or `diff --base REF [PATH]...`")
    old, new = paths
    return Sides(_side(old, options, old=True), _side(new, options, old=False), f"permscope diff {old} {new}")


def _side(given: str, options: LoadOptions, *, old: bool) -> Inventory:
    """A path, or a git revision, alone or with a path (`main`, `v1.2:app/template.yaml`)."""
    from permscope.collect.git import find_repository, load_loosely, load_revision

    if given != "-" and not Path(given).exists() and not any(letter in given for letter in "*?["):
        repository = find_repository()
        revision, _, path = given.partition(":")
        if repository is not None:
            try:
                commit = repository.commit(revision)
            except ConfigError as error:
                hint = "give files, directories, snapshots or git revisions"
                raise ConfigError(f"`{given}` is neither a path nor a git revision", hint=hint) from error
            return load_revision(commit, (path,) if path else (".",), options, repository)
    if old and Path(given).exists():
        return load_loosely((given,), options)
    return _load_new((given,), options)


def _load_new(paths: Sequence[str], options: LoadOptions) -> Inventory:
    """The new version; that there are no templates in a folder any more is no error."""
    from permscope.collect.load import load
    from permscope.errors import InputError
    from permscope.inventory.inventory import Inventory

    try:
        return load(list(paths), options)
    except InputError as error:
        if error.message.startswith("nothing to read"):
            return Inventory(())
        raise
