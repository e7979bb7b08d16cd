"""Both versions of a comparison: paths, snapshots, git revisions, or the work tree against where it left a revision."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from permscope.errors import ConfigError

if TYPE_CHECKING:
    from permscope.audit.config import Config
    from permscope.collect.git import Repository
    from permscope.collect.templates.options import LoadOptions
    from permscope.errors import PermscopeError
    from permscope.graph.diff.compare import GraphDiff
    from permscope.graph.model import PermissionGraph
    from permscope.inventory.inventory import Inventory


class Sides(NamedTuple):
    """Both versions of a change, read.

    Attributes:
        command: what to type to see the same.
        notes: remarks about where the old version came from.
        is_part: whether the new version is templates that are deployed to what the old one is a snapshot of.
    """

    old: Inventory
    new: Inventory
    command: str
    notes: tuple[str, ...] = ()
    is_part: bool = False

    def compare(self, old: PermissionGraph, new: PermissionGraph) -> GraphDiff:
        """What changes from the graph of the old version to that of the new one."""
        from permscope.graph.diff.compare import diff_graphs

        diff = diff_graphs(old, new)
        return diff.of_part() if self.is_part else diff

    @property
    def incomplete(self) -> bool:
        """Whether something was not read that the answer is about: a template of the old version is history."""
        from permscope.errors import SnapshotError

        return bool(self.new.errors) or any(isinstance(error, SnapshotError) for error in self.old.errors)


def read_sides(paths: Sequence[str], base: str | None, options: LoadOptions, config: Config) -> Sides:
    """Read both versions; broken inputs are reported on stderr.

    Raises:
        ConfigError: when it is not clear what is to be compared with what.
    """
    options = replace(options, defaults=config.parameters)
    sides = _against_base(paths, base, options) if base is not None else _two(paths, options)
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
    from permscope.collect.discover import bare_path
    from permscope.collect.git import find_repository, load_revision
    from permscope.errors import InputError

    if not base.strip():
        raise ConfigError("`--base` is empty", hint="the variable it comes from is not set; name a branch or a commit")
    repository = find_repository()
    if repository is None:
        raise ConfigError("`--base` needs a git repository", hint="give two paths instead: `permscope diff OLD NEW`")
    if "-" in paths:
        raise ConfigError("standard input has no older version in git", hint="give files or directories")
    notes: list[str] = []
    commit = _old_commit(repository, base, notes)
    given = tuple(paths) or (".",)
    ignored = repository.ignored()
    for each in given:
        if ignored and _is_below(bare_path(each), ignored):
            hint = "make it from the old version too, and compare the two: `permscope gate --old OLD NEW`"
            raise ConfigError(f"git ignores `{each}`, so it has no older version", hint=hint)
    old = load_revision(commit, given, options, repository, notes)
    still = [
        each
        for each in given
        if Path(bare_path(each)).exists() or not repository.has(commit, repository.path(bare_path(each)))
    ]
    try:
        new = _load_now(still, replace(options, left_out=ignored), old)
    except InputError:
        if ignored:
            _check_nothing(given, options)
        raise
    words = ["permscope", "diff", "--base", base, *(each for each in given if each != ".")]
    return Sides(old, new, shlex.join(words), tuple(notes))


def _old_commit(repository: Repository, base: str, notes: list[str]) -> str:
    """The commit to compare with: where the work tree left a revision."""
    try:
        commit, has_ancestor = repository.common_ancestor(base)
    except ConfigError:
        if base == "HEAD" and repository.is_empty():
            notes.append("nothing is committed yet, so everything is new")
            return repository.nothing()
        raise
    if not has_ancestor:
        cut = "; the clone is shallow, fetch its whole history" if repository.is_shallow() else ""
        notes.append(f"git knows no common ancestor with `{base}`, so `{base}` itself is the old version{cut}")
    return commit


def _is_below(given: str, folders: frozenset[str]) -> bool:
    """Whether a path is one of some absolute paths, or lies below one."""
    path = Path(os.path.abspath(given))  # noqa: PTH100 - links stay
    return any(str(each) in folders for each in (path, *path.parents))


def _load_now(paths: Sequence[str], options: LoadOptions, old: Inventory) -> Inventory:
    """The new version; that a folder which had templates has none any more is no error."""
    from permscope.errors import InputError

    try:
        new = _load_new(paths, options)
        errors: Sequence[PermscopeError] = new.errors
    except InputError as error:
        errors = (error,)
        if not _emptied(paths, errors, old):
            raise
    emptied = _emptied(paths, errors, old)
    return _load_new([each for each in paths if each not in emptied], options) if emptied else new


def _emptied(paths: Sequence[str], errors: Sequence[PermscopeError], old: Inventory) -> list[str]:
    """The folders of the paths that have no template, and had one."""
    from permscope.collect.discover import bare_path

    said = {error.message for error in errors}
    return [
        each
        for each in paths
        if f"no template in `{Path(bare_path(each)).as_posix()}`" in said
        and any(Path(os.path.normpath(file)).is_relative_to(os.path.normpath(bare_path(each))) for file in old.files)
    ]


def _check_nothing(paths: Sequence[str], options: LoadOptions) -> None:
    """Refuse to call it a pass where the only templates are those that git ignores.

    Raises:
        ConfigError: when that is so.
    """
    everything = _load_new(paths, options)
    if everything.files:
        first = min(everything.files)
        hint = "make them from the old version too, and compare the two: `permscope gate --old OLD NEW`"
        raise ConfigError(f"git ignores every template here, such as `{first}`", hint=hint)


def _two(paths: Sequence[str], options: LoadOptions) -> Sides:
    if len(paths) != 2:  # noqa: PLR2004 - the old and the new one
        raise ConfigError("`permscope diff` compares two things", hint="`diff OLD NEW`, or `diff --base REF [PATH]...`")
    old, new = paths
    command = shlex.join(["permscope", "diff", old, new])
    if _is_snapshot(new) and not _is_snapshot(old):
        after = _side(new, options, old=False)
        before = _side(old, _there(after, options), old=True)
        return Sides(before, after, command, tuple(_unsettled(before, new)))
    before = _side(old, options, old=True)
    if not _is_snapshot(old) or _is_snapshot(new):
        return Sides(before, _side(new, options, old=False), command)
    after = _side(new, _there(before, options), old=False)
    left = f"what only `{old}` has is left out, since a deployment of templates takes nothing away from it"
    return Sides(before, after, command, (left, *_unsettled(after, old)), is_part=True)


def _is_snapshot(given: str) -> bool:
    from permscope.collect.snapshot import is_snapshot

    try:
        with Path(given).open("rb") as stream:
            return is_snapshot(stream.read(4096))
    except (OSError, ValueError):
        return False


def _there(snapshot: Inventory, options: LoadOptions) -> LoadOptions:
    """The options that read a template which does not say where it is deployed as being where a snapshot is."""
    from permscope.collect.deployment import deployment_of

    return replace(options, assumed=deployment_of(snapshot))


def _unsettled(templates: Inventory, snapshot: str) -> Iterator[str]:
    """What to say where a snapshot of several accounts or Regions leaves open which of them a template is for."""
    from permscope.collect.deployment import unsettled

    lacking = [f"`--{name}`" for name in unsettled(templates)]
    if lacking:
        yield (
            f"`{snapshot}` has more than one place where the templates may be deployed, so that not all names can "
            f"meet; give {' and '.join(lacking)}"
        )


def _side(given: str, options: LoadOptions, *, old: bool) -> Inventory:
    """A path, or a git revision, alone or with a path (`main`, `v1.2:app/template.yaml`)."""
    from permscope.collect.discover import bare_path
    from permscope.collect.git import find_repository, load_loosely, load_revision

    if given != "-" and not Path(bare_path(given)).exists() and not any(letter in given for letter in "*?["):
        repository = find_repository()
        revision, _, path = given.partition(":")
        if repository is not None:
            try:
                commit = repository.commit(revision)
            except ConfigError as error:
                hint = "give files, directories, snapshots or git revisions"
                raise ConfigError(f"`{given}` is neither a path nor a git revision", hint=hint) from error
            return load_revision(commit, (path,) if path else (".",), options, repository)
    if old and Path(bare_path(given)).exists():
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
