"""The inputs of a run: templates found by content in files, directories and globs, CDK assemblies, standard input."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import field, replace
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from permscope import cache
from permscope.collect.assembly import MANIFEST, stacks_of
from permscope.collect.snapshot import is_snapshot
from permscope.collect.templates.document import MAX_BYTES, LateDocument, decode, parse_document
from permscope.collect.templates.files import Place, Reads, root_of
from permscope.collect.templates.options import LoadOptions
from permscope.collect.templates.stack import may_nest
from permscope.collect.templates.transforms import check_shape
from permscope.collect.templates.world import Template
from permscope.errors import InputError, PermscopeError, TemplateError
from permscope.inventory.source import Source
from permscope.lazy import dataclass, regex

_SKIPPED = frozenset(["node_modules", "__pycache__", "site-packages", "venv", "bower_components"])
_TEMPLATE_SUFFIXES = frozenset([".yaml", ".yml", ".json", ".template", ".cfn", ".cform", ".cloudformation", ".sam"])
_MAYBE_SUFFIXES = frozenset(["", ".txt", ".tpl", ".tmpl", ".stack"])
_MAYBE_BYTES = 2 * 1024 * 1024
_LARGE_JSON = 256 * 1024

_RESOURCES = regex(rb"(?m)(?:^|[{,\s])[\"']?Resources[\"']?\s*:")
_TYPE = regex(rb"[A-Za-z0-9]+::[A-Za-z0-9]+")
_DECLARED = regex(rb"(?m)^Resources[ \t]*:|^\s*\"Resources\"\s*:|AWSTemplateFormatVersion")


_DEPLOYED = regex(r"(?s)(?P<path>.+)@[0-9]{12}(?:/[a-z]{2,}(?:-[a-z]+)+-[0-9]+)?")


class _Reading(NamedTuple):
    """For which place a file was read, and whether somebody named the very file."""

    account: str | None
    region: str | None
    named: bool

    def is_elsewhere(self, other: _Reading) -> bool:
        """Whether both say where they are, and that is not the same place."""
        if other.named and not self.named:
            return False
        if None in (self.account, other.account) or (self.region is None) is not (other.region is None):
            return False
        return (self.account, self.region) != (other.account, other.region)


@dataclass(slots=True)
class Found:
    """What a run reads.

    Attributes:
        templates: parsed, in the order of the command line, directories sorted.
        errors: inputs that cannot be used.
        snapshots: files that hold facts of a live account rather than a template.
        met: how many files there were, those that were read before included.
        roots: the repository of each folder that was looked at.
    """

    templates: list[Template] = field(default_factory=list)
    errors: list[PermscopeError] = field(default_factory=list)
    snapshots: list[Path] = field(default_factory=list)
    met: int = 0
    roots: dict[Path, Path | None] = field(default_factory=dict)
    _seen: dict[Path, list[_Reading]] = field(default_factory=dict)

    def first_time(self, path: Path, options: LoadOptions, *, named: bool = False, folder: Path | None = None) -> bool:
        """Whether a file was not read before for the same place, under another name.

        A template may be read for several places, each of which is told; what somebody names is for no others. `folder`
        is where the file lies, without any link, where that is known.
        """
        reading = _Reading(options.account, options.region, named)
        real = path.resolve() if folder is None or path.is_symlink() else folder / path.name
        known = self._seen.setdefault(real, [])
        is_new = all(reading.is_elsewhere(each) for each in known)
        if is_new:
            known.append(reading)
        self.met += 1
        return is_new

    def check_deployment(self, path: Path, options: LoadOptions) -> None:
        """An error where a template that was read for one account or Region is named for what may be another one."""
        wanted = _Reading(options.account, options.region, named=True)
        known = self._seen.get(path.resolve(), ())
        if any(each.place.file == _shown(path) for each in self.templates) and all(
            each[:2] != wanted[:2] for each in known
        ):
            hint = "name it for each of its accounts or Regions (`PATH@ACCOUNT/REGION`), before the folder it is in"
            shown = _shown(path)
            self.errors.append(InputError(f"`{shown}` is named for an account or Region, and without", hint=hint))

    def refuse(self, path: Path, error: OSError) -> None:
        """Keep a file or folder that cannot be read as an error."""
        reason = (error.strerror or "error").lower()
        self.errors.append(InputError(f"`{path.as_posix()}` cannot be read: {reason}"))


def discover(paths: list[str], base: LoadOptions) -> Found:
    """Find and parse every template the paths name, each bound to the account written behind its path."""
    found = Found()
    for named in paths:
        try:
            given, options = _deployed(named, base)
            path = Path(given)
            if given == "-":
                data = sys.stdin.buffer.read(MAX_BYTES + 1)
                _parse(data, Place("<stdin>"), found, options, named=True)
            elif path.is_dir():
                _directory(path, found, options)
            elif path.exists():
                _named_file(path, found, options)
            elif any(character in given for character in "*?["):
                _pattern(given, found, options)
            else:
                hint = "check the path; `-` reads standard input"
                found.errors.append(InputError(f"there is no file or directory `{given}`", hint=hint))
        except OSError as error:
            found.refuse(path, error)
        except ValueError:  # a null byte
            found.errors.append(InputError("a path is not valid", hint="check the path"))
    if any(base.assumed):
        found.templates = [replace(each, options=each.options.settled()) for each in found.templates]
    return found


def _deployed(named: str, options: LoadOptions) -> tuple[str, LoadOptions]:
    """`PATH@ACCOUNT` and `PATH@ACCOUNT/REGION`; a file that really has such a name is that file."""
    given = bare_path(named)
    if given == named:
        return named, options
    account, _, region = named[len(given) + 1 :].partition("/")
    return given, replace(options, account=account, region=region or options.region)


def bare_path(named: str) -> str:
    """The path in what the command line names, without the account and Region that may follow it."""
    found = _DEPLOYED.fullmatch(named)
    return named if found is None or os.path.lexists(named) else found["path"]


def _named_file(path: Path, found: Found, options: LoadOptions) -> None:
    if path.name == MANIFEST and _assembly(path.parent, found, options):
        return
    if not path.is_file():
        found.errors.append(InputError(f"`{path.as_posix()}` is not a regular file", hint="give a file or a directory"))
        return
    if not found.first_time(path, options, named=True):
        found.check_deployment(path, options)
        return
    if _holds_facts(path):
        found.snapshots.append(path)
        return
    with path.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    _parse(data, _place(path, found), found, options, named=True)


def _holds_facts(path: Path) -> bool:
    with path.open("rb") as stream:
        return is_snapshot(stream.read(4096))


def _place(path: Path, found: Found, given: Path | None = None) -> Place:
    directory = Path(os.path.abspath(path)).parent  # noqa: PTH100 - `..` goes, links stay
    root = root_of(directory, Path(os.path.abspath(given)) if given else None, found.roots)  # noqa: PTH100
    return Place(_shown(path), directory, root, Reads(directory))


def _shown(path: Path) -> str:
    return Path(os.path.normpath(path)).as_posix()


def _parse(data: bytes, place: Place, found: Found, options: LoadOptions, *, named: bool) -> None:
    """Parse a file the user or a manifest named; one that is no template is an error."""
    try:
        document = parse_document(decode(data, place.file), place.file)
        check_shape(document.value, place)
    except TemplateError as error:
        found.errors.append(error)
        return
    found.templates.append(
        Template(place=place, document=document, digest=sha256(data).hexdigest(), options=options, named=named)
    )


def _pattern(pattern: str, found: Found, options: LoadOptions) -> None:
    import glob

    matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - the pattern may be absolute
    before = len(found.templates) + len(found.errors) + len(found.snapshots)
    for match in matches:
        path = Path(match)
        if not path.is_dir():
            if path.is_file() and _holds_facts(path):
                found.snapshots.append(path)
            else:
                _candidate(path, found, options, None)
        elif not pattern.endswith("**"):
            _folders(path, found, options)
    if before == len(found.templates) + len(found.errors) + len(found.snapshots):
        hint = "quote the pattern and check the path"
        found.errors.append(InputError(f"no template matches `{pattern}`", hint=hint))


def _directory(path: Path, found: Found, options: LoadOptions) -> None:
    """Every template below a directory; the build output of SAM is read only where its source is not there."""
    before = len(found.templates) + len(found.errors) + found.met
    _folders(path, found, options)
    build = path / ".aws-sam" / "build" / "template.yaml"
    if before == len(found.templates) + len(found.errors) + found.met and build.is_file():
        _folders(build.parent, found, options)
    if before == len(found.templates) + len(found.errors) + found.met:
        hint = "a template is a YAML or JSON file with a `Resources` section"
        found.errors.append(InputError(f"no template in `{path.as_posix()}`", hint=hint))


def _folders(path: Path, found: Found, options: LoadOptions) -> None:
    for real, files in _walk(path, found, options):
        for file in files:
            if _is_in(file, options.left_out):
                continue
            try:
                _candidate(file, found, options, path, real)
            except OSError as error:
                found.refuse(file, error)


def _is_in(path: Path, paths: frozenset[str]) -> bool:
    return bool(paths) and os.path.abspath(path) in paths  # noqa: PTH100 - links stay


def _walk(path: Path, found: Found, options: LoadOptions) -> Iterator[tuple[Path, list[Path]]]:
    """The files of each folder to look in, parents first, and where it really is.

    Hidden folders, packages, and links out or back up are left out; a CDK assembly is read as such.
    """
    root = path.resolve()
    seen: set[Path] = set()
    todo = [path]
    while todo:
        folder = todo.pop()
        real = folder.resolve()
        if real in seen or not real.is_relative_to(root):
            continue
        seen.add(real)
        if _assembly(folder, found, options):
            continue
        try:
            files, folders = _children(folder)
        except OSError as error:
            found.refuse(folder, error)
            continue
        yield real, files
        todo.extend(
            child
            for child in reversed(folders)
            if not child.name.startswith(".")
            and child.name not in _SKIPPED
            and not (child / "pyvenv.cfg").is_file()
            and not _is_in(child, options.left_out)
        )


def _children(folder: Path) -> tuple[list[Path], list[Path]]:
    """The files and the folders in a folder, links to them included, each sorted."""
    files: list[Path] = []
    folders: list[Path] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            child = folder / entry.name
            is_folder = child.is_dir() if entry.is_symlink() else entry.is_dir()
            (folders if is_folder else files).append(child)
    return sorted(files), sorted(folders)


def _candidate(path: Path, found: Found, options: LoadOptions, given: Path | None, folder: Path | None = None) -> None:
    """A file of a directory or a glob: read if its content says it is a template."""
    suffix = path.suffix.lower()
    is_likely = suffix in _TEMPLATE_SUFFIXES
    if not (is_likely or suffix in _MAYBE_SUFFIXES) or not path.is_file():
        return
    if path.stat().st_size > (MAX_BYTES if is_likely else _MAYBE_BYTES):
        return
    data = path.read_bytes()
    if not looks_like_template(data) or _is_other_json(data) or not found.first_time(path, options, folder=folder):
        return
    place = _place(path, found, given)
    digest = sha256(data).hexdigest()
    kept_as = cache.digest("outline", digest) if cache.is_on() or cache.is_sharing() else None
    nests = cache.recall("outline", kept_as) if kept_as is not None else None
    if kept_as is not None and nests is None:
        nests = cache.fetch("outline", kept_as)
    if isinstance(nests, bool):  # it was a template before
        late = LateDocument(data, place.file)
        found.templates.append(Template(place=place, document=late, digest=digest, options=options, nests=nests))
        return
    try:
        document = parse_document(decode(data, place.file), place.file)
    except TemplateError as error:
        if _DECLARED.search(data):
            found.errors.append(error)
        return
    try:
        value = check_shape(document.value, place)
    except TemplateError as error:
        if isinstance(document.value, dict) and "AWSTemplateFormatVersion" in document.value:
            found.errors.append(error)
        return
    if "AWSTemplateFormatVersion" in value or "Transform" in value or _has_types(value["Resources"]):
        nests = may_nest(value)
        if kept_as is not None:
            cache.keep("outline", kept_as, nests)
            cache.remember("outline", kept_as, nests)
        found.templates.append(Template(place=place, document=document, digest=digest, options=options, nests=nests))


def looks_like_template(data: bytes) -> bool:
    """Whether bytes may be a template: a `Resources` section and a resource type; UTF-16 text is looked at too."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data.replace(b"\x00", b"")
    return _RESOURCES.search(data) is not None and (
        _TYPE.search(data) is not None or _DECLARED.search(data) is not None
    )


def _is_other_json(data: bytes) -> bool:
    """Whether a large file is JSON without `Resources` at its top; to parse it with places takes ten times as long."""
    if len(data) < _LARGE_JSON or data.lstrip()[:1] not in (b"{", b"["):
        return False
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return False  # a broken template is an error with a place
    return not (isinstance(value, dict) and isinstance(value.get("Resources"), dict))


def _has_types(resources: dict[str, object]) -> bool:
    return any(isinstance(resource, dict) and "::" in str(resource.get("Type", "")) for resource in resources.values())


def _assembly(folder: Path, found: Found, options: LoadOptions) -> bool:
    """Read the stacks of a CDK assembly; false where the folder is none."""
    stacks = stacks_of(folder) if (folder / MANIFEST).is_file() else None
    for path, deployment in stacks or ():
        if not path.is_file():
            found.errors.append(
                InputError(
                    f"the manifest names `{path.name}`, which does not exist",
                    source=Source(_shown(folder / MANIFEST)),
                    hint="run `cdk synth` again",
                )
            )
            continue
        bound = options.bound(account=deployment.account, region=deployment.region, stack_name=deployment.stack_name)
        if found.first_time(path, bound):
            with path.open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
            _parse(data, _place(path, found, folder), found, bound, named=False)
    return stacks is not None
