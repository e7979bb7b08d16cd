"""What is made when it is first needed, because a run uses a part of what it imports.

`dataclass` stands for `dataclasses.dataclass`, and `regex` for `re.compile`: a run on one template would otherwise
spend a third of its time on compiling methods and patterns that it never calls.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass
    from re import compile as regex

__all__ = ["dataclass", "regex"]

_MISSING = dataclasses.MISSING
_METHODS = ("fullmatch", "match", "search", "sub", "subn", "split", "findall", "finditer", "pattern", "flags")


class _Pattern:
    """A regular expression that is compiled when it is first asked something."""

    def __init__(self, text: str, flags: int = 0) -> None:
        self._given = (text, flags)

    def __getattr__(self, name: str) -> Any:
        if name not in _METHODS:
            raise AttributeError(name)
        compiled = re.compile(*self._given)
        self.__dict__.update((method, getattr(compiled, method)) for method in _METHODS)
        return getattr(compiled, name)


def _dataclass(*, frozen: bool = False, slots: bool, kw_only: bool = False, eq: bool = True) -> Callable[[type], Any]:
    """What `dataclasses.dataclass` with these options does; only with slots.

    The fields are made by `dataclasses`, so that `fields`, `replace` and `asdict` work. Comparison, hash and `repr`
    need no code of their own; `__init__` is compiled when the first object is made. `__post_init__` sets a field that
    is not in `__init__`.
    """

    def make(cls: type) -> Any:
        own = {name for name in ("__eq__", "__hash__", "__repr__") if cls.__dict__.get(name)}
        made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)(cls)
        values = _values(tuple(field.name for field in dataclasses.fields(made) if field.compare))
        methods: dict[str, Any] = {"__repr__": _repr}
        if eq:
            methods |= {"__eq__": _equality(values), "__hash__": _hashing(values) if frozen else None}
        for name, method in methods.items():
            if name not in own:
                setattr(made, name, method)
        made.__init__ = _first_init(made, frozen=frozen)
        if frozen:
            made.__getstate__, made.__setstate__ = _first_get_state(made), _first_set_state(made)
            made.__setattr__, made.__delattr__ = _refuse_to_set, _refuse_to_delete
        return made

    return make


def _first_init(made: Any, *, frozen: bool) -> Callable[..., None]:
    """An `__init__` that makes the real one and steps back."""

    def init(self: object, *args: Any, **given: Any) -> None:
        made.__init__ = _compiled_init(made, frozen=frozen)
        made.__init__(self, *args, **given)

    return init


def _compiled_init(made: Any, *, frozen: bool) -> Callable[..., None]:
    """The `__init__` of a class: a parameter and an assignment for each field."""
    known: dict[str, Any] = {"_missing": _MISSING}
    positional, keywords, lines = ["self"], list[str](), list[str]()
    for field in dataclasses.fields(made):
        name = value = parameter = field.name
        if field.default is not _MISSING:
            known[f"_default_{name}"] = field.default
            parameter = f"{name}=_default_{name}"
        elif field.default_factory is not _MISSING:
            known[f"_make_{name}"] = field.default_factory
            parameter = f"{name}=_missing"
            value = f"_make_{name}() if {name} is _missing else {name}"
        if not field.init:
            continue  # `__post_init__` sets it
        (keywords if field.kw_only else positional).append(parameter)
        known[f"_set_{name}"] = getattr(made, name).__set__
        lines.append(f"_set_{name}(self, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(made, "__post_init__"):
        lines.append("self.__post_init__()")
    parameters = ", ".join((*positional, *(["*", *keywords] if keywords else ())))
    body = "\n ".join(lines or ["pass"])
    exec(f"def __init__({parameters}):\n {body}", known)  # noqa: S102 - as `dataclasses` does
    init: Callable[..., None] = known["__init__"]
    init.__qualname__ = f"{made.__qualname__}.__init__"
    init.__module__ = made.__module__
    return init


def _values(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """Reads the values of all fields."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda one: tuple(getattr(one, name) for name in names)


def _equality(values: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any, Any], Any]:
    def __eq__(self: Any, other: Any) -> Any:  # noqa: N807
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _hashing(values: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any], int]:
    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(values(self))

    return __hash__


def _repr(self: Any) -> str:
    shown = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{type(self).__qualname__}({shown})"


def _first_get_state(made: Any) -> Callable[[Any], tuple[Any, ...]]:
    """A `__getstate__` that makes the reader of a class and steps back."""

    def get_state(self: Any) -> tuple[Any, ...]:
        values = _values(tuple(field.name for field in dataclasses.fields(made)))
        made.__getstate__ = lambda self: values(self)  # noqa: PLW0108 - what `attrgetter` gives is no method
        return values(self)

    return get_state


def _first_set_state(made: Any) -> Callable[[Any, tuple[Any, ...]], None]:
    """A `__setstate__` that finds the setters of a class and steps back."""

    def set_state(self: Any, state: tuple[Any, ...]) -> None:
        setters = [getattr(made, field.name).__set__ for field in dataclasses.fields(made)]

        def __setstate__(self: Any, state: tuple[Any, ...]) -> None:  # noqa: N807
            for setter, value in zip(setters, state, strict=True):
                setter(self, value)

        made.__setstate__ = __setstate__
        __setstate__(self, state)

    return set_state


def _refuse_to_set(self: Any, name: str, value: object) -> None:
    del value
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r} of {type(self).__name__}")


def _refuse_to_delete(self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r} of {type(self).__name__}")


if not TYPE_CHECKING:
    dataclass = _dataclass
    regex = _Pattern
