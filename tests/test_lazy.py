"""What is made late behaves as what `dataclasses` and `re` make."""

from __future__ import annotations

import dataclasses
import pickle
import re
from dataclasses import field

import pytest

from permscope.lazy import dataclass, regex


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A frozen one."""

    name: str
    line: int = 1
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Room(Place):
    """One that inherits fields."""

    doors: int


@dataclass(slots=True)
class Run:
    """One that changes."""

    name: str
    seen: list[str] = field(default_factory=list)
    total: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        self.total = len(self.name)


def test_fields_defaults_and_keywords_are_those_of_the_class() -> None:
    """What is not given has its default, and what has none must be given, by keyword."""
    room = Room(name="hall", doors=2)
    assert (room.name, room.line, room.tags, room.doors) == ("hall", 1, (), 2)
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'name'"):
        Place()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Place("hall")  # type: ignore[misc]
    with pytest.raises(TypeError, match="unexpected keyword argument 'size'"):
        Place(name="hall", size=3)  # type: ignore[call-arg]


def test_a_default_is_made_for_each_object() -> None:
    """Two objects never share a list."""
    first, second = Run("a"), Run("b")
    first.seen.append("x")
    assert (first.seen, second.seen, first.total) == (["x"], [], 1)


def test_equality_and_hash_are_by_the_values_of_the_same_class() -> None:
    """A subclass with the same values is another thing; what changes has no hash."""
    assert Place(name="a") == Place(name="a") != Place(name="b")
    assert hash(Place(name="a")) == hash(Place(name="a"))
    assert Place(name="a") != Room(name="a", doors=1)
    assert Run("a") == Run("a")
    with pytest.raises(TypeError, match="unhashable"):
        hash(Run("a"))


def test_what_is_frozen_cannot_change() -> None:
    """Neither a field nor anything else is set or deleted."""
    place = Place(name="a")
    with pytest.raises(dataclasses.FrozenInstanceError):
        place.name = "b"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del place.name
    assert not hasattr(place, "__dict__")


def test_the_functions_of_dataclasses_work_on_it() -> None:
    """`fields`, `replace`, `asdict`, `repr`, pickling and positional patterns."""
    room = Room(name="hall", doors=2)
    assert [each.name for each in dataclasses.fields(Room)] == ["name", "line", "tags", "doors"]
    assert dataclasses.replace(room, doors=3) == Room(name="hall", doors=3)
    assert dataclasses.asdict(room) == {"name": "hall", "line": 1, "tags": (), "doors": 2}
    assert repr(room) == "Room(name='hall', line=1, tags=(), doors=2)"
    assert repr(Run("a")) == "Run(name='a', seen=[])"
    assert pickle.loads(pickle.dumps(room)) == room  # noqa: S301
    match Run("a"):
        case Run(name, seen):
            assert (name, seen) == ("a", [])


def test_a_pattern_answers_as_a_compiled_one() -> None:
    """Also when one of its methods is asked before any other, and it has no others."""
    late = regex("a(b+)", re.IGNORECASE)
    assert late.sub("x", "cABBd") == "cxd"
    assert late.flags & re.IGNORECASE
    found = late.fullmatch("abb")
    assert found is not None
    assert found[1] == "bb"
    with pytest.raises(AttributeError):
        late.nothing  # type: ignore[attr-defined] # noqa: B018


def test_a_pattern_that_is_wrong_is_an_error() -> None:
    """When it is first used."""
    with pytest.raises(re.error):
        regex("(").match("")
