"""The files of a rule folder, with the trees that were parsed when permscope was built.

Parsing three hundred small YAML files takes longer than auditing a template. So the build parses them once and writes
their trees into one file beside them, each with the text it was parsed from. A tree counts only while its file holds
that very text, byte for byte; what was changed or added since is parsed, and its tree kept in the user's cache. Trees
know no places: who finds a mistake in one parses the text, and says where it is.
"""

from __future__ import annotations

import contextlib
import marshal
import os
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from permscope import cache
from permscope.errors import RuleError
from permscope.graph.located_yaml import parse_located
from permscope.inventory.source import Source

TREES = ".parsed"
_FORMAT = 4  # of marshal; every supported Python reads it
_READ_ERRORS = (OSError, EOFError, ValueError, TypeError)

Trees = dict[str, tuple[bytes, Any]]


class RuleFile(NamedTuple):
    """One file.

    Attributes:
        file: its path, with `/` between its parts.
        family: the folder it stands in.
        text: its content.
        tree: plain dicts, lists and scalars; None where nobody has parsed this text before.
    """

    file: str
    family: str
    text: bytes
    tree: Any = None


def builtin_folder() -> Path:
    """Where the rules that come with permscope are: inside the installed package, otherwise in the checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "rules"
    return installed if installed.is_dir() else package.parent / "rules"


def read_folder(folder: Path, *, without: str | None = None) -> Iterator[RuleFile]:
    """Every YAML file under a folder, by path.

    Args:
        folder: where to look.
        without: name of folders to pass over.

    Raises:
        RuleError: for a file that cannot be read.
    """
    texts = file_texts(folder, without=without)
    trees = _known_trees(folder, texts)
    for name, text in texts.items():
        family = name.rpartition("/")[0].rpartition("/")[2] or folder.name
        kept = trees.get(name)
        yield RuleFile(f"{folder.as_posix()}/{name}", family, text, kept[1] if kept and kept[0] == text else None)


def write_trees(folder: Path) -> Path:
    """Parse every file of a folder and write the trees beside them, for the build."""
    data = marshal.dumps(_parsed(file_texts(folder)), _FORMAT)
    where = folder / TREES
    where.write_bytes(data)
    return where


def file_texts(folder: Path, *, without: str | None = None) -> dict[str, bytes]:
    """Path below the folder, with `/`, to content, of every YAML file, sorted by the parts of the path.

    Raises:
        RuleError: for a file that cannot be read.
    """
    root = str(folder)
    found: dict[str, bytes] = {}
    for place, folders, names in os.walk(root):  # many small files: three times as quick as with pathlib
        if without in folders:
            folders.remove(without)
        for name in names:
            if name.endswith((".yaml", ".yml")):
                path = f"{place}{os.sep}{name}"
                try:
                    with open(path, "rb", buffering=0) as stream:  # noqa: PTH123
                        found[path[len(root) + 1 :].replace(os.sep, "/")] = stream.read()
                except OSError as error:
                    raise RuleError(f"cannot be read: {error}", source=Source(Path(path).as_posix())) from None
    return {name: found[name] for name in sorted(found, key=lambda name: name.split("/"))}


def _known_trees(folder: Path, texts: Mapping[str, bytes]) -> Trees:
    """What is parsed already: by the build, and of what is new since, by an earlier run."""
    root = builtin_folder()
    if folder != root and root not in folder.parents:
        return {}
    below = "" if folder == root else f"{folder.relative_to(root).as_posix()}/"
    built = {name.removeprefix(below): tree for name, tree in _built(root).items() if name.startswith(below)}
    new = {name: text for name, text in texts.items() if name not in built or built[name][0] != text}
    if not new or not cache.is_on():
        return built
    name = cache.digest("rules", *(part for item in new.items() for part in item))
    kept = cache.fetch("rules", name)
    if not isinstance(kept, dict):
        kept = _parsed(new)
        cache.keep("rules", name, kept)
    return {**built, **kept}


@lru_cache(maxsize=1)
def _built(root: Path) -> Trees:
    try:
        with (root / TREES).open("rb") as stream:
            found = marshal.load(stream)  # noqa: S302 - it stands beside permscope's own code
    except _READ_ERRORS:
        return {}
    return found if isinstance(found, dict) else {}


def _parsed(texts: Mapping[str, bytes]) -> Trees:
    """The trees of the files that are YAML; of the others, who reads them says what is wrong."""
    found: Trees = {}
    for name, text in texts.items():
        with contextlib.suppress(RuleError, UnicodeDecodeError):
            found[name] = (text, _plain(parse_located(text.decode("utf-8"), name, RuleError)))
    return found


def _plain(value: Any) -> Any:
    """A tree of the plain types that `marshal` knows."""
    match value:
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case str():
            return str(value)
        case _:
            return value
