"""Files next to a template: definitions, includes, nested templates; never one outside the template's root folder."""

from __future__ import annotations

import hashlib
import os.path
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from permscope.collect.templates.document import MAX_BYTES
from permscope.collect.templates.uploads import UPLOADED, uploaded_file
from permscope.lazy import dataclass, regex

_REMOTE = regex(r"[A-Za-z][A-Za-z0-9+.-]+:|\$\{|\{\{|//")


class RefusedFileError(Exception):
    """A referenced file that is not read; the text says why."""


@dataclass(slots=True)
class Reads:
    """What was read for a template besides itself.

    Attributes:
        base: folder of the template; folders are noted as seen from there.
        answers: (template, reference) -> digest and place of the file, or why it was refused.
    """

    base: Path | None = None
    answers: dict[tuple[str, str], str] = field(default_factory=dict)

    def note(self, place: Place, reference: str, answer: str) -> None:
        """Keep the answer to one reference."""
        if place.directory is not None and self.base is not None:
            template = place.directory / place.file.rpartition("/")[2]
            self.answers[os.path.relpath(template, self.base), reference] = answer


@dataclass(frozen=True, slots=True)
class Place:
    """Where a template stands.

    Attributes:
        file: path as shown to the user, with `/` between its parts.
        directory: folder that relative references start from; None for standard input.
        root: folder that no reference leaves; None where no file may be read.
        reads: where to note what is read from here; shared with the places of those files.
    """

    file: str
    directory: Path | None = None
    root: Path | None = None
    reads: Reads | None = field(default=None, compare=False, repr=False)


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
    if reference.startswith(UPLOADED):
        reference = _uploaded(reference, place.directory, place.file)
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
    return path, Place(shown, path.parent, place.root, place.reads)


def _uploaded(reference: str, directory: Path, file: str) -> str:
    try:
        found = uploaded_file(reference, directory, file.rpartition("/")[2])
    except (OSError, ValueError):
        raise RefusedFileError("the path is not valid") from None
    if isinstance(found, str):
        raise RefusedFileError(found)
    return os.path.relpath(found, directory)


def read_file(reference: str, place: Place) -> tuple[bytes, Place]:
    """The bytes of a file a template refers to, and where it stands.

    Raises:
        RefusedFileError: as `locate`, and for a file that cannot be read.
    """
    answer = ""
    try:
        data, found = _read(reference, place)
        answer = _answer(data, found, place) if place.reads else ""
    except RefusedFileError as error:
        answer = f"refused: {error}"
        raise
    finally:
        if place.reads is not None:
            place.reads.note(place, reference, answer)
    return data, found


def still_answered(answers: Mapping[tuple[str, str], str], place: Place) -> bool:
    """Whether every reference that was made for a template would be answered today as it was then."""
    if place.directory is None:
        return not answers
    for (template, reference), answer in answers.items():
        path = Path(os.path.normpath(place.directory / template))
        again = Place(path.name, path.parent, place.root)
        try:
            if _answer(*_read(reference, again), again) != answer:
                return False
        except RefusedFileError as error:
            if f"refused: {error}" != answer:
                return False
    return True


def _answer(data: bytes, found: Place, place: Place) -> str:
    """What was read and where: a file may be looked for in several folders."""
    where = os.path.relpath(found.directory or "", place.directory)
    return f"{hashlib.sha256(data).hexdigest()} {where}/{found.file.rpartition('/')[2]}"


def _read(reference: str, place: Place) -> tuple[bytes, Place]:
    path, found = locate(reference, place)
    try:
        if not path.is_file():
            raise RefusedFileError("it is not a file")
        if path.stat().st_size > MAX_BYTES:
            raise RefusedFileError(f"it has more than {MAX_BYTES:,} bytes")
        return path.read_bytes(), found
    except OSError as error:
        raise RefusedFileError(f"it cannot be read: {(error.strerror or 'error').lower()}") from None


def root_of(directory: Path, given: Path | None = None, known: dict[Path, Path | None] | None = None) -> Path:
    """The folder that references may not leave: the repository, else the folder given, else the template's own.

    Args:
        directory: of the template.
        given: the folder the user gave.
        known: repository of each folder that this run looked for it from; is added to.
    """
    known = {} if known is None else known
    tried: list[Path] = []
    found = None
    for folder in (directory, *directory.parents):
        if folder in known:
            found = known[folder]
            break
        tried.append(folder)
        if (folder / ".git").exists():
            found = folder
            break
    known.update(dict.fromkeys(tried, found))
    return found or given or directory
