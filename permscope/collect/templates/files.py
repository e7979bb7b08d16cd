"""Files next to a template: definitions, includes, nested templates; never one outside the template's root folder."""

from __future__ import annotations

import os.path
import re
from dataclasses import dataclass
from pathlib import Path

from permscope.collect.templates.document import MAX_BYTES

_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:|\$\{|\{\{|//")


class RefusedFileError(Exception):
    """A referenced file that is not read; the text says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a template stands.

    Attributes:
        file: path as shown to the user, with `/` between its parts.
        directory: folder that relative references start from; None for standard input.
        root: folder that no reference leaves; None where no file may be read.
    """

    file: str
    directory: Path | None = None
    root: Path | None = None


def is_local(reference: object) -> bool:
    """Whether a property value names a file rather than an S3 object, a URL or something unresolved."""
    return isinstance(reference, str) and bool(reference.strip()) and not _REMOTE.match(reference)


def locate(reference: str, place: Place) -> tuple[Path, Place]:
    """The file a template refers to, and the place of what is in it.

    Raises:
        RefusedFileError: for a file that does not exist or lies outside the root folder, also through a link.
    """
    if place.directory is None or place.root is None:
        raise RefusedFileError("a template from standard input has no files beside it")
    reference = reference.removeprefix("file://")
    path = Path(os.path.normpath(place.directory / reference))
    try:
        real = path.resolve()
        if not real.is_relative_to(place.root.resolve()):
            raise RefusedFileError("it lies outside the folder of the template")
        if not real.exists():
            raise RefusedFileError("there is no such file")
    except (OSError, ValueError, RuntimeError):  # a null byte, a name too long, links in a circle
        raise RefusedFileError("the path is not valid") from None
    shown = Path(os.path.normpath(Path(place.file).parent / reference)).as_posix()
    return path, Place(shown, path.parent, place.root)


def read_file(reference: str, place: Place) -> tuple[bytes, Place]:
    """The bytes of a file a template refers to, and where it stands.

    Raises:
        RefusedFileError: as `locate`, and for a file that cannot be read.
    """
    path, found = locate(reference, place)
    try:
        if not path.is_file():
            raise RefusedFileError("it is not a file")
        if path.stat().st_size > MAX_BYTES:
            raise RefusedFileError(f"it has more than {MAX_BYTES:,} bytes")
        return path.read_bytes(), found
    except OSError as error:
        raise RefusedFileError(f"it cannot be read: {(error.strerror or 'error').lower()}") from None


def root_of(directory: Path, given: Path | None = None) -> Path:
    """The folder that references may not leave: the repository, else the folder given, else the template's own."""
    for folder in (directory, *directory.parents):
        if (folder / ".git").exists():
            return folder
    return given or directory
