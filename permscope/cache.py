r"""What was worked out before, kept in the user's cache folder by content.

An entry is found by a digest of everything it depends on: the content of the inputs, the options, and permscope itself.
So an entry is never out of date; it is only no longer asked for. The folder is `$PERMSCOPE_CACHE_DIR`, else
`$XDG_CACHE_HOME/permscope`, `%LOCALAPPDATA%\permscope` or `~/.cache/permscope`. `PERMSCOPE_NO_CACHE=1` turns it off.
An entry that cannot be read, or a folder that others may write to, is passed over: it is only a cache.

Within `sharing`, what one part of a run worked out is also at hand for another, as the very objects and whether or not
the folder is used: the two versions of a comparison have nearly everything in common.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

from permscope.version import __version__

_MOST_ENTRIES = 4000
READ_ERRORS = (
    OSError,
    EOFError,
    AttributeError,
    ImportError,
    IndexError,
    TypeError,
    ValueError,
)
WRITE_ERRORS = (TypeError, AttributeError, RecursionError)  # of what cannot be pickled


@cache
def _folder() -> Path | None:
    """The cache folder, or None where there is none that only this user may write to."""
    if os.environ.get("PERMSCOPE_NO_CACHE"):
        return None
    given = os.environ.get("PERMSCOPE_CACHE_DIR")
    if given:
        folder = Path(given)
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
        folder = Path(base) / "permscope" if base else Path.home() / ".cache" / "permscope"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except (OSError, RuntimeError):
        return None
    if hasattr(os, "getuid") and (found.st_uid != os.getuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)):
        return None
    return folder


@cache
def _program() -> bytes:
    """What tells this permscope from any other: its version, the interpreter, and the age and size of every file."""
    digest = hashlib.sha256(f"{__version__} {sys.version_info[:3]}".encode())
    root = os.path.dirname(__file__)  # noqa: PTH120 - many files, and os.walk is the quicker way
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(files):
            found = os.stat(os.path.join(folder, name))  # noqa: PTH116, PTH118
            digest.update(f"{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.digest()


def digest(*parts: str | bytes) -> str:
    """One name for all of these parts and this very permscope."""
    found = hashlib.sha256(_program() if is_on() else b"")
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
        found.update(len(data).to_bytes(8, "big"))
        found.update(data)
    return found.hexdigest()


def is_on() -> bool:
    """Whether anything is kept at all."""
    return _folder() is not None


_shared: ContextVar[dict[tuple[str, str], Any] | None] = ContextVar("_shared", default=None)


@contextlib.contextmanager
def sharing() -> Iterator[None]:
    """Until the end of this, `recall` finds what was given to `remember`."""
    before = _shared.set({} if _shared.get() is None else _shared.get())
    try:
        yield
    finally:
        _shared.reset(before)


def is_sharing() -> bool:
    """Whether a part of this run may meet what another one worked out."""
    return _shared.get() is not None


def recall(kind: str, name: str) -> Any:
    """What this run remembers under a name, or None."""
    known = _shared.get()
    return known.get((kind, name)) if known is not None else None


def remember(kind: str, name: str, value: object) -> None:
    """Have an object at hand for the rest of a run that shares; nobody may change it."""
    known = _shared.get()
    if known is not None:
        known[kind, name] = value


def fetch(kind: str, name: str) -> Any:
    """What was kept under a name, or None.

    Args:
        kind: what it is, such as `document`; also the first part of its file name.
        name: what `digest` gave for everything it depends on.
    """
    folder = _folder()
    if folder is None:
        return None
    import pickle

    try:
        with (folder / f"{kind}-{name}").open("rb") as stream:
            return pickle.load(stream)  # noqa: S301 - only this user may write there
    except (*READ_ERRORS, pickle.UnpicklingError):
        return None


def keep(kind: str, name: str, value: object) -> None:
    """Keep a value under a name; a value that cannot be kept is not."""
    folder = _folder()
    if folder is None:
        return
    import pickle

    with contextlib.suppress(OSError, pickle.PicklingError, *WRITE_ERRORS):
        data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
        temporary = folder / f".new-{os.urandom(8).hex()}"
        try:
            with open(temporary, "xb", opener=_only_for_me) as out:
                out.write(data)
            temporary.replace(folder / f"{kind}-{name}")
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _prune(folder)


def _only_for_me(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _prune(folder: Path) -> None:
    """Throw away the oldest half when there are too many entries; looked at once in a while."""
    if os.urandom(1)[0]:
        return
    entries = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
    if len(entries) > _MOST_ENTRIES:
        for path in entries[: len(entries) // 2]:
            path.unlink(missing_ok=True)
