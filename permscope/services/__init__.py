"""Everything permscope knows of each AWS service, one file per service; see `interface` for what a file may define."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import ModuleType

from permscope.services._live import LiveReader
from permscope.services.interface import TemplateReader


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
    found: dict[str, tuple[TemplateReader, ...]] = {}
    for module in modules():
        for type_name, reader in getattr(module, "TEMPLATE", {}).items():
            found[type_name] = (*found.get(type_name, ()), reader)
    return found


@cache
def readers_for(type_name: str) -> tuple[TemplateReader, ...]:
    """The functions that read a CloudFormation type; a key that ends in `*` (`Custom::*`) is a prefix."""
    readers = template_readers()
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
