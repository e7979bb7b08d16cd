"""Files next to a template: definitions, includes, nested templates; never one outside the template's root folder."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from permscope.collect.templates.document import MAX_BYTES

_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|arn:|\$\{|\{\{")


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
    directory: str | None = None
    root: str | None = None


def is_local(reference: object) -> bool:
    """Whether a property value names a file rather than an S3 object, a URL or something unresolved."""
    return isinstance(reference, str) and bool(reference.strip()) and not _REMOTE.match(reference)


def locate(reference: str, place: Place) -> Place:
    """The file a template refers to.

    Raises:
        RefusedFileError: for a file that does not exist or lies outside the root folder, also through a link.
    """
    if place.directory is None or place.root is None:
        raise RefusedFileError("a template from standard input has no files beside it")
    if "\x00" in reference:
        raise RefusedFileError("the path is not valid")
    path = os.path.normpath(os.path.join(place.directory, reference))
    real, root = os.path.realpath(path), os.path.realpath(place.root)
    if os.path.commonpath([real, root]) != root:
        raise RefusedFileError("it lies outside the folder of the template")
    if not os.path.exists(real):
        raise RefusedFileError("there is no such file")
    shown = os.path.normpath(os.path.join(os.path.dirname(place.file), reference)).replace(os.sep, "/")
    return Place(shown, os.path.dirname(path), place.root)


def read_file(reference: str, place: Place) -> tuple[bytes, Place]:
    """The bytes of a file a template refers to, and where it stands.

    Raises:
        RefusedFileError: as `locate`, and for a file that cannot be read.
    """
    found = locate(reference, place)
    path = os.path.join(found.directory or "", os.path.basename(found.file))
    try:
        if not os.path.isfile(path):
            raise RefusedFileError("it is not a file")
        if os.path.getsize(path) > MAX_BYTES:
            raise RefusedFileError(f"it has more than {MAX_BYTES:,} bytes")
        with open(path, "rb") as stream:
            return stream.read(), found
    except OSError as error:
        raise RefusedFileError(f"it cannot be read: {error.strerror or 'error'}") from None


def root_of(directory: str, given: str | None = None) -> str:
    """The folder that references may not leave: the repository, else the folder given, else the template's own."""
    current = os.path.abspath(directory)
    while True:
        if os.path.exists(os.path.join(current, ".git")):
            return current
        parent = os.path.dirname(current)
        if parent == current:
            return os.path.abspath(given or directory)
        current = parent
