"""AWS's SAM translator, imported without what most templates do not need, which is two thirds of its import time.

The translator brings boto3 to ask AWS, pydantic models of the resource types that came last, and jsonschema to check a
file of its own. While it is imported, stand-ins take their places. Those of boto3 and jsonschema stay, as nothing of
them is used; a model is imported for good when the translator asks for it. Versions that this was not tried with are
imported with all they bring.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_TRANSLATOR = "samtranslator.translator.translator"
_TRIED = frozenset(f"1.{minor}" for minor in range(110, 116))
_COMPAT = "samtranslator.compat"
_MODELS = "samtranslator.internal.schema_source."
_NEVER_USED = {
    "boto3": ("Session",),
    "botocore": (),
    "botocore.client": ("BaseClient",),
    "botocore.config": ("Config",),
    "botocore.exceptions": ("ClientError", "EndpointConnectionError"),
    "jsonschema": (),
    "jsonschema.exceptions": ("ValidationError",),
}


@cache
def import_translator() -> None:
    """Import it, once; with everything it brings where this version of it needs that."""
    if _TRANSLATOR in sys.modules:
        return
    try:
        with _stand_ins(late=_is_tried()):
            importlib.import_module(_TRANSLATOR)
    except Exception:  # noqa: BLE001 - another version may do anything with a stand-in
        for name in [each for each in sys.modules if each.partition(".")[0] == "samtranslator"]:
            del sys.modules[name]
        with _stand_ins(late=False):
            importlib.import_module(_TRANSLATOR)


def _is_tried() -> bool:
    version = str(getattr(importlib.import_module("samtranslator"), "__version__", ""))
    return version.rpartition(".")[0] in _TRIED


@contextmanager
def _stand_ins(*, late: bool) -> Iterator[None]:
    roots = ("botocore",) if not late else ("botocore", "jsonschema")
    wanted = {root for root in roots if root not in sys.modules}
    names = [name for name in _NEVER_USED if name.partition(".")[0].replace("boto3", "botocore") in wanted]
    for name in names:
        sys.modules[name] = _never_used(name)
    finder = _Finder()
    if late:
        sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        if late:
            sys.meta_path.remove(finder)
        for name in (*names, *finder.made):
            sys.modules.pop(name, None)
        for made in finder.made.values():
            made.is_importing = False


def _never_used(name: str) -> ModuleType:
    stand_in = ModuleType(name)
    for each in _NEVER_USED[name]:
        setattr(stand_in, each, type(each, (Exception,), {}))
    if name == "jsonschema":
        setattr(stand_in, "validate", _trusts)  # noqa: B010
    return stand_in


def _trusts(*_given: object) -> None:
    """The only thing the translator checks is a file of its own."""


class _Late(ModuleType):
    """A module that is imported for good when a function of the translator asks it for something.

    Attributes:
        is_importing: until then what the translator asks for only stands in an annotation.
    """

    is_importing = True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if not self.is_importing:
            return getattr(importlib.import_module(self.__name__), name)
        if self.__name__ == _COMPAT:
            return _LateName(self, name)
        return type(name, (), {"__class_getitem__": classmethod(lambda cls, _given: cls)})


class _LateName:
    """Something in a late module, such as the pydantic that the translator chose."""

    def __init__(self, module: _Late, name: str) -> None:
        self._module = module
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if self._module.is_importing:
            return type(name, (), {})
        return getattr(getattr(self._module, self._name), name)


class _Finder(MetaPathFinder, Loader):
    """Finds a late module for each model.

    Attributes:
        made: what it found, by name.
    """

    def __init__(self) -> None:
        self.made: dict[str, _Late] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A late module's, or none."""
        del path, target
        return ModuleSpec(fullname, self) if fullname == _COMPAT or fullname.startswith(_MODELS) else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """A late module."""
        made = self.made[spec.name] = _Late(spec.name)
        return made

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: that is what it is late for."""
