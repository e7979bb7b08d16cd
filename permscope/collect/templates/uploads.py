"""A nested template on S3, and the file beside its parent that was uploaded there.

Parents name their nested templates by URL (`https://<bucket>.s3.amazonaws.com/app/network.yaml`), as CloudFormation
wants it; in the repository the same file stands beside the parent or below it.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stack.html
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from permscope.lazy import regex

UPLOADED = "uploaded:"
"""What a reference to such a file begins with; the rest is the path of the URL as far as it is known."""

_HOST = regex(r"(?:https?|s3)://[^/]*/")
_FILE = regex(r"[\w.-]+\.(?:ya?ml|json|template)")
_PARAMETER = "${}"
_MOST_ENTRIES = 5_000
_DEEPEST = 6


def uploaded_reference(value: object) -> str | None:
    """The reference for a `TemplateURL` on S3 whose file name is written out; None for any other value.

    Args:
        value: as it stands in the template: text, or `Fn::Sub` or `Fn::Join` of texts and parameters.
    """
    text = _text_of(value)
    if text is None or not (_HOST.match(text) or "${" in text):
        return None
    known: list[str] = []
    for part in reversed(_HOST.sub("", text, count=1).partition("?")[0].split("/")):
        if "${" in part:
            break
        known.insert(0, part)
    return UPLOADED + "/".join(known) if known and _FILE.fullmatch(known[-1]) else None


def _text_of(value: object) -> str | None:
    match value:
        case str():
            return value
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), *_]}:
            return text
        case {"Fn::Join": [str(delimiter), [*parts]]}:
            return delimiter.join(part if isinstance(part, str) else _PARAMETER for part in parts)
    return None


def uploaded_file(reference: str, directory: Path, parent: str) -> Path | str:
    """The one file below a folder that can have been uploaded, or why there is none.

    Of several files of the name, the one whose folders are those of the URL.

    Args:
        reference: of `uploaded_reference`.
        directory: folder of the parent template.
        parent: file name of the parent template, which is not nested in itself.
    """
    wanted = reference.removeprefix(UPLOADED).split("/")
    by_likeness: dict[int, list[Path]] = {}
    for path in _named(directory, wanted[-1]):
        parts = path.relative_to(directory).parts
        if parts != (parent,):
            by_likeness.setdefault(_shared_end(parts, wanted), []).append(path)
    if not by_likeness:
        return "it is on S3, and no file of that name stands beside the template or below"
    best = by_likeness[max(by_likeness)]
    return best[0] if len(best) == 1 else "it is on S3, and several files of that name stand beside the template"


def _named(directory: Path, name: str) -> Iterator[Path]:
    """The files of a name in a folder and those below it, hidden and installed ones left out."""
    seen = 0
    for folder, folders, files in os.walk(directory):
        depth = len(Path(folder).relative_to(directory).parts)
        seen += len(files) + len(folders)
        if seen > _MOST_ENTRIES:
            return
        kept = [each for each in folders if not each.startswith(".") and each not in ("node_modules", "__pycache__")]
        folders[:] = sorted(kept) if depth < _DEEPEST else []
        if name in files:
            yield Path(folder, name)


def _shared_end(parts: tuple[str, ...], wanted: list[str]) -> int:
    count = 0
    for one, other in zip(reversed(parts), reversed(wanted), strict=False):
        if one != other:
            break
        count += 1
    return count
