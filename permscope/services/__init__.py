"""Everything permscope knows of each AWS service, one file per service; see `interface` for what a file may define."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import ModuleType

from permscope.services._live import LiveReader
from permscope.services.interface import TemplateReader

_INDEX = Path(__file__).with_name(".types.json")


@cache
def modules() -> tuple[ModuleType, ...]:
    """Every service module, by name."""
    return tuple(
        importlib.import_module(f"{__name__}.{found.name}")
        for found in pkgutil.iter_modules(__path__)
        if found.name != "interface" and not found.name.startswith("_")
    )


@cache
def template_readers() -> Mapping[str, tuple[TemplateReader, ...]]:
    """CloudFormation type -> the functions that read it; several services may read one type."""
    return _readers_in(modules())


def _readers_in(read: Iterable[ModuleType]) -> dict[str, tuple[TemplateReader, ...]]:
    found: dict[str, tuple[TemplateReader, ...]] = {}
    for module in read:
        for type_name, reader in getattr(module, "TEMPLATE", {}).items():
            found[type_name] = (*found.get(type_name, ()), reader)
    return found


def write_index() -> Path:
    """Write down which module reads which types, for the build: a run then imports only what its templates need."""
    types = {module.__name__.rpartition(".")[2]: sorted(getattr(module, "TEMPLATE", {})) for module in modules()}
    _INDEX.write_text(json.dumps({"content": _content(), "types": types}), encoding="utf-8")
    return _INDEX


@cache
def _index() -> Mapping[str, list[str]] | None:
    """Module -> the types it reads, as the build wrote it down; None where a file has changed since."""
    try:
        kept = json.loads(_INDEX.read_bytes())
        return kept["types"] if kept["content"] == _content() else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _content() -> str:
    """A digest of the source of every service."""
    found = sha256()
    with os.scandir(_INDEX.parent) as files:
        paths = sorted(file.path for file in files if file.name.endswith(".py"))
    for path in paths:
        with open(path, "rb", buffering=0) as stream:  # noqa: PTH123 - a hundred files in each run
            found.update(f"{os.path.basename(path)}\n".encode() + stream.read())  # noqa: PTH119
    return found.hexdigest()


def _modules_for(type_name: str) -> Iterable[ModuleType]:
    """The modules that read a type, by name; all of them where nobody has written down which."""
    index = _index()
    if index is None:
        return modules()
    return [
        importlib.import_module(f"{__name__}.{name}")
        for name, types in index.items()
        if type_name in types or any(key.endswith("*") and type_name.startswith(key[:-1]) for key in types)
    ]


@cache
def readers_for(type_name: str) -> tuple[TemplateReader, ...]:
    """The functions that read a CloudFormation type; a key that ends in `*` (`Custom::*`) is a prefix."""
    readers = _readers_in(_modules_for(type_name))
    by_prefix = (
        reader
        for pattern, found in readers.items()
        if pattern.endswith("*") and type_name.startswith(pattern[:-1])
        for reader in found
    )
    return (*readers.get(type_name, ()), *by_prefix)


@cache
def live_readers() -> tuple[tuple[str, LiveReader], ...]:
    """Every live reader with the name of the part it reads (`lambda`, `s3`, `s3.2`), by name.

    `LIVE` stands in the service's own file, or in `_live_<service>.py` where that would grow too long.
    """
    found: list[tuple[str, LiveReader]] = []
    for info in pkgutil.iter_modules(__path__):
        if info.name == "interface" or (info.name.startswith("_") and not info.name.startswith("_live_")):
            continue
        name = info.name.removeprefix("_live_").strip("_")
        module = importlib.import_module(f"{__name__}.{info.name}")
        for reader in getattr(module, "LIVE", ()):
            number = sum(known.partition(".")[0] == name for known, _ in found) + 1
            found.append((name if number == 1 else f"{name}.{number}", reader))
    return tuple(sorted(found, key=lambda each: each[0]))
