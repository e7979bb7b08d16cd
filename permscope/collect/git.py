"""Templates as they stood in a git revision, read without touching the working tree, the index or any reference.

Files are copied out of git's object store into a folder of their own outside the repository; no filter, hook or
attribute of the repository runs. Revision syntax: https://git-scm.com/docs/gitrevisions
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import field, replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from permscope import cache
from permscope.collect.discover import bare_path
from permscope.collect.load import LoadOptions, load, load_parts
from permscope.collect.templates.document import MAX_BYTES
from permscope.errors import ConfigError, InputError, PermscopeError
from permscope.inventory.inventory import Inventory
from permscope.lazy import dataclass

_SUFFIXES = frozenset(
    [
        *(".yaml", ".yml", ".json", ".template", ".cfn", ".cform", ".cloudformation", ".sam", ".toml", ".graphql"),
        *(".asl", ".txt", ".tpl", ".tmpl", ".stack", ".params", ".parameters", ".swagger", ".js", ".vtl", ""),
    ]
)
_SKIPPED = frozenset(["node_modules", "__pycache__", "site-packages", ".git"])
_FOLDER_HASH = "160000"
_LINK = "120000"
_MOST_FILES = 50_000
_DEEPEST = 40  # folders on the way to a submodule


@dataclass(frozen=True, slots=True)
class Repository:
    """A git work tree.

    Attributes:
        top: its root folder.
        here: folder that relative paths start from, relative to `top`.
    """

    top: Path
    here: PurePosixPath

    def git(self, *arguments: str, data: bytes | None = None) -> bytes:
        """The output of a git command.

        Raises:
            ConfigError: with what git says, when it fails or is not there.
        """
        return _git(self.top, *arguments, data=data)

    def commit(self, revision: str) -> str:
        """The commit a revision names.

        Raises:
            ConfigError: when there is none; in CI mostly because the checkout is shallow.
        """
        if revision.startswith("-") or not revision.strip() or "\0" in revision:
            raise ConfigError(f"`{revision}` is no git revision", hint="give a branch, a tag or a commit")
        found = self._resolved(f"{revision}^{{commit}}")
        if found is not None:
            return found
        if self._resolved(revision) is not None:
            raise ConfigError(f"`{revision}` is a file or folder of git, no commit", hint="give a branch or a commit")
        if self._resolved("HEAD") is None:
            raise ConfigError(
                f"git knows no revision `{revision}`, since nothing is committed yet", hint="commit first"
            )
        hint = "fetch it first; with actions/checkout set `fetch-depth: 0`, elsewhere `git fetch origin`"
        raise ConfigError(f"git knows no revision `{revision}`", hint=hint)

    def _resolved(self, revision: str) -> str | None:
        try:
            found = self.git("rev-parse", "--verify", "--quiet", "--end-of-options", revision)
        except ConfigError:
            return None
        return found.decode().strip()

    def is_empty(self) -> bool:
        """Whether nothing is committed yet."""
        return self._resolved("HEAD") is None

    def nothing(self) -> str:
        """The id of the tree without files, which git knows without having it."""
        return self.git("hash-object", "-t", "tree", "--stdin", data=b"").decode().strip()

    def is_shallow(self) -> bool:
        """Whether the history of the clone is cut off."""
        return self.git("rev-parse", "--is-shallow-repository").strip() == b"true"

    def has(self, commit: str, path: str) -> bool:
        """Whether a commit has a file or folder; the path is relative to the folder the user is in."""
        try:
            self.git("cat-file", "-e", f"{commit}:{self._whole(path)}")
        except ConfigError:
            return False
        return True

    def content(self, commit: str, path: str) -> bytes:
        """A file as a commit has it; the path is relative to the folder the user is in.

        Raises:
            ConfigError: when the commit has no such file.
        """
        return self.git("cat-file", "blob", f"{commit}:{self._whole(path)}")

    def _whole(self, path: str) -> str:
        whole = os.path.normpath(self.here / path)
        return "" if whole == "." else whole

    def ignored(self) -> frozenset[str]:
        """Absolute paths of files and folders that git ignores, so that no older version has them."""
        found = self.git("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
        return frozenset(str(self.top / os.fsdecode(row).rstrip("/")) for row in found.split(b"\0") if row)

    def common_ancestor(self, revision: str) -> tuple[str, bool]:
        """The commit where the work tree left a revision, and whether git found one; else the revision itself.

        What was merged into the base meanwhile is no part of the change.
        """
        commit = self.commit(revision)
        if revision == "HEAD":
            return commit, True
        try:
            found = self.git("merge-base", commit, "HEAD").decode().strip()
        except ConfigError:
            return commit, False
        return found or commit, bool(found)

    def path(self, given: str) -> str:
        """A path as the user gives it, relative to the folder he is in.

        Raises:
            ConfigError: for a path outside the repository.
        """
        base = os.path.join(os.path.realpath(self.top), *self.here.parts)  # noqa: PTH118 - text, nothing is looked up
        whole = os.path.normpath(os.path.join(base, given))  # noqa: PTH118
        if os.path.isabs(given):  # noqa: PTH117
            folder, name = os.path.split(os.path.normpath(given))
            whole = os.path.join(os.path.realpath(folder), name)  # noqa: PTH118
        top = os.path.realpath(self.top)
        if whole != top and not whole.startswith(top + os.sep):
            raise ConfigError(f"`{given}` lies outside the repository", hint="give paths inside it")
        return os.path.relpath(whole, base)


def find_repository(start: Path | None = None) -> Repository | None:
    """The repository a folder is in, or None."""
    folder = Path(os.path.realpath(start or Path.cwd()))
    try:
        found = _git(folder, "rev-parse", "--show-toplevel").decode("utf-8", "surrogateescape").rstrip("\n")
    except ConfigError as error:
        if "not a git repository" in error.message or "is not installed" in error.message:
            return None
        if "must be run in a work tree" in error.message:
            raise ConfigError("the repository has no work tree", hint="clone it, or give two paths") from None
        raise
    top = Path(os.path.realpath(found))
    return Repository(top, PurePosixPath(folder.relative_to(top).as_posix()))


def is_revision(text: str, start: Path | None = None) -> bool:
    """Whether a text names a commit of the repository one is in."""
    repository = find_repository(start)
    if repository is None:
        return False
    try:
        repository.commit(text)
    except ConfigError:
        return False
    return True


def load_revision(
    commit: str, paths: Sequence[str], options: LoadOptions, repository: Repository, notes: list[str] | None = None
) -> Inventory:
    """The inventory of paths as they were in a commit; `notes` gets what could not be had of it.

    Paths that were not there then are left out; broken templates are in `Inventory.errors`. Places are relative to the
    working directory, as they are for the work tree.
    """
    inside = [repository.path(each) for each in paths] or ["."]
    listing = list_files(repository, commit, named=[bare_path(each) for each in inside])
    if notes is not None:
        notes.extend(
            f"the submodule `{each}` is not here as it was then, so all of it counts as new" for each in listing.absent
        )
    name = None
    if cache.is_on() and not options.parameter_files:  # those may lie outside
        name = cache.digest("revision", repr((repository.here, inside, options, listing.content)))
        parts = cache.fetch("revision", name)
        known = load_parts(parts) if isinstance(parts, tuple) else None
        if known is not None:
            return known
    found = _load_listing(listing, inside, options, repository)
    if name is not None and found.parts:
        cache.keep("revision", name, found.parts)
    return found


def _load_listing(listing: Listing, inside: Sequence[str], options: LoadOptions, repository: Repository) -> Inventory:
    with tempfile.TemporaryDirectory(prefix="permscope-") as name:
        top = Path(name)
        listing.copy_to(top)
        here = top.joinpath(*repository.here.parts)
        if not here.is_dir():
            return Inventory(())
        with contextlib.chdir(here):
            there = [
                each for each in inside if Path(bare_path(each)).exists() or any(letter in each for letter in "*?[")
            ]
            return load_loosely(there, options) if there else Inventory(())


def load_loosely(paths: Sequence[str], options: LoadOptions) -> Inventory:
    """An inventory as `load` gives it, where nothing to read is no error, and values may be for other templates.

    A parameter that only the new version has is no mistake in the old one, so values come as from a file.
    """
    with tempfile.TemporaryDirectory(prefix="permscope-") as folder:
        if options.parameters:
            file = Path(folder) / "parameters.json"
            file.write_text(json.dumps({"Parameters": dict(options.parameters)}), encoding="utf-8")
            options = replace(options, parameters={}, parameter_files=(*options.parameter_files, str(file)))
        kept = tuple(each for each in options.parameter_files if Path(each).exists())
        try:
            return load(paths, replace(options, parameter_files=kept))
        except InputError as error:
            return Inventory((), errors=_real_errors(error))


def _real_errors(error: PermscopeError) -> tuple[PermscopeError, ...]:
    """An input that is broken; that there is none is no error in an older version."""
    nothing = error.message.startswith(("nothing to read", "there is no", "no template"))
    return () if nothing else (error,)


class _File(NamedTuple):
    """A file of a commit.

    Attributes:
        path: in its repository.
    """

    mode: str
    object_id: str
    path: PurePosixPath


@dataclass(slots=True)
class Listing:
    """The files of a commit that permscope may read.

    Attributes:
        groups: the files of each repository, and where that lies in the outermost one: submodules stand for themselves.
        absent: the submodules that are not here.
    """

    groups: list[tuple[Repository, PurePosixPath, list[_File]]] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)

    @property
    def content(self) -> list[tuple[str, str, str]]:
        """Kind, content and path of every file: the ids of git are digests."""
        return [(mode, object_id, str(at / path)) for _, at, files in self.groups for mode, object_id, path in files]

    def copy_to(self, top: Path) -> None:
        """Write every file into an empty folder, which stands for the root of the repository."""
        (top / ".git").mkdir()  # references between templates stay inside the repository
        links: list[tuple[Path, bytes]] = []
        for repository, at, files in self.groups:
            for file, content in zip(files, _contents(repository, files), strict=True):
                target = top.joinpath(*at.parts, *file.path.parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                if file.mode == _LINK:
                    links.append((target, content))
                else:
                    target.write_bytes(content)
        for target, content in links:
            _link(top, target, content)


def list_files(repository: Repository, commit: str, *, named: Sequence[str] = ()) -> Listing:
    """Every file of a commit that permscope may read.

    Args:
        repository: where it is.
        commit: which version.
        named: paths the user gives, whose files count whatever their ending.
    """
    wanted = {PurePosixPath(os.path.normpath(repository.here / each)).as_posix() for each in named}
    listing = Listing()
    _list(repository, commit, PurePosixPath(), wanted, listing)
    return listing


def _list(repository: Repository, commit: str, at: PurePosixPath, wanted: Collection[str], listing: Listing) -> None:
    """List a repository, or a submodule that lies `at` a folder of the outermost one."""
    found: list[_File] = []
    rows = repository.git("ls-tree", "-r", "-z", "--full-tree", "-l", "--end-of-options", commit)
    for row in rows.split(b"\0"):
        head, _, raw = row.partition(b"\t")
        if not raw:
            continue
        mode, _, object_id, size = head.decode().split()
        path = PurePosixPath(os.fsdecode(raw))
        if not _is_safe(path):
            continue
        if mode == _FOLDER_HASH:
            _submodule(repository, path, object_id, at / path, wanted, listing)
            continue
        whole = (at / path).as_posix()
        if whole not in wanted and (path.suffix.lower() not in _SUFFIXES or _SKIPPED & set(path.parts)):
            continue
        if size.isdigit() and int(size) <= MAX_BYTES:
            found.append(_File(mode, object_id, path))
    if len(found) > _MOST_FILES:
        raise ConfigError(f"the repository has more than {_MOST_FILES:,} files that may be templates")
    listing.groups.append((repository, at, found))


def _submodule(
    repository: Repository,
    path: PurePosixPath,
    commit: str,
    at: PurePosixPath,
    wanted: Collection[str],
    listing: Listing,
) -> None:
    """List a submodule as a commit has it, where its clone is here and knows that version."""
    folder = repository.top.joinpath(*path.parts)
    if len(at.parts) > _DEEPEST or not (folder / ".git").exists():
        # One that is not checked out has no new version either.
        if folder.is_dir() and any(folder.iterdir()):
            listing.absent.append(at.as_posix())
        return
    inner = Repository(folder, PurePosixPath())
    try:
        inner.git("cat-file", "-e", f"{commit}^{{commit}}")
    except ConfigError:
        listing.absent.append(at.as_posix())
        return
    _list(inner, commit, at, wanted, listing)


def _is_safe(path: PurePosixPath) -> bool:
    """Whether a path stays in its folder; git refuses others, but trees can be made by hand."""
    return not path.is_absolute() and not {"..", ".git", ""} & set(path.parts) and "\\" not in path.name


def _link(top: Path, target: Path, content: bytes) -> None:
    """A symbolic link, where it points into the folder."""
    to = os.fsdecode(content)
    whole = os.path.normpath(target.parent / to)
    if not Path(to).is_absolute() and whole.startswith(str(top) + os.sep):
        with contextlib.suppress(OSError):
            target.symlink_to(to)


def _contents(repository: Repository, found: Sequence[_File]) -> Iterator[bytes]:
    """The content of each object, in order: https://git-scm.com/docs/git-cat-file#_batch_output."""
    if not found:
        return
    asked = "".join(f"{file.object_id}\n" for file in found).encode()
    answer = repository.git("cat-file", "--batch", data=asked)
    at = 0
    for file in found:
        end = answer.index(b"\n", at)
        fields = answer[at:end].split()
        if len(fields) != 3:  # noqa: PLR2004 - id, type, size
            raise ConfigError(f"git has no content for the object {file.object_id}", hint="the clone may be partial")
        size = int(fields[2])
        yield answer[end + 1 : end + 1 + size]
        at = end + 1 + size + 1


def _git(folder: Path, *arguments: str, data: bytes | None = None) -> bytes:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, and arguments that git takes as names only
            ["git", "-c", "core.fsmonitor=false", "-C", str(folder), *arguments],  # noqa: S607 - the user's own git
            input=data,
            stdin=None if data is not None else subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env=environment,
        )
    except FileNotFoundError:
        raise ConfigError("git is not installed", hint="give two paths instead of a revision") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"git cannot be run: {error}") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        owned = any("dubious ownership" in line for line in said)
        hint = f"git config --global --add safe.directory {folder}" if owned else None
        raise ConfigError(f"git failed: {said[0].removeprefix('fatal: ') if said else 'no reason given'}", hint=hint)
    return done.stdout
