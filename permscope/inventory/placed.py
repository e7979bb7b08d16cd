"""Values as bytes with their places apart, so that what only moved is known as the same.

Most edits move what stands below them and change nothing else. So a value is written with a number for each `Source`,
and the places beside it: two values that differ in nothing but the lines have the same `outline`, and what was made of
one of them is right for the other, once its lines are put right.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple, NoReturn

from permscope.cache import READ_ERRORS, WRITE_ERRORS
from permscope.inventory.source import NOWHERE, Source

FileLines = tuple[str, tuple[int, ...]]  # a file and the lines of it that are spoken of, in order
Lines = Mapping[str, Mapping[int, int]]  # file -> line then -> line now
_Place = tuple[str | None, int | None, int | None, str | None, str | None, str | None]  # the fields of `Source`


class Placed(NamedTuple):
    """A value as bytes.

    Attributes:
        data: the pickled value, each place a number.
        places: what the numbers mean.
    """

    data: bytes
    places: tuple[_Place, ...]

    @property
    def lines(self) -> tuple[FileLines, ...]:
        """The lines of each file that the value speaks of, files and lines in order."""
        found: dict[str, set[int]] = {}
        for file, line, *_ in self.places:
            if file is not None and line is not None:
                found.setdefault(file, set()).add(line)
        return tuple((file, tuple(sorted(lines))) for file, lines in sorted(found.items()))

    @property
    def outline(self) -> str:
        """A digest of all but which lines the places are on: their order counts, and which are the same line."""
        ranks = {file: {line: rank for rank, line in enumerate(lines)} for file, lines in self.lines}
        plain = [
            (file, line if file is None or line is None else ranks[file][line], *rest)
            for file, line, *rest in self.places
        ]
        found = hashlib.sha256(repr(plain).encode("utf-8", "surrogatepass"))
        found.update(self.data)
        return found.hexdigest()


def write(value: object) -> Placed | None:
    """A value as bytes; None for one that cannot be pickled."""
    import copyreg
    import io
    import pickle

    numbers: dict[Source, int] = {}
    places: list[_Place] = []

    def reduce(source: Source) -> tuple[object, tuple[int]]:
        number = numbers.setdefault(source, len(places))
        if number == len(places):
            places.append((source.file, source.line, source.column, source.call, source.account, source.region))
        return _at, (number,)

    out = io.BytesIO()
    pickler = pickle.Pickler(out, protocol=pickle.HIGHEST_PROTOCOL)
    table: dict[type, Any] = {**copyreg.dispatch_table, Source: reduce}
    pickler.dispatch_table = table
    try:
        pickler.dump(value)
    except (pickle.PicklingError, *WRITE_ERRORS):
        return None
    return Placed(out.getvalue(), tuple(places))


def read(placed: Placed, moved: Lines | None = None) -> Any:
    """The value, each thing in it new, its lines put right; None where it cannot be read.

    Args:
        placed: what `write` gave; only ever bytes that this user wrote.
        moved: for each file whose lines moved, where each of them is now; a line that is not among them is not guessed.
    """
    import pickle

    lines = moved or {}
    try:
        return _reader()(placed.data, [_source(place, lines) for place in placed.places]).load()
    except (LookupError, pickle.UnpicklingError, *READ_ERRORS):
        return None


def _source(place: _Place, moved: Lines) -> Source:
    file, line, column, call, account, region = place
    if line is not None and file is not None and file in moved:
        line = moved[file][line]
    found = Source(file, line, column, call, account, region)
    return NOWHERE if found == NOWHERE else found


@cache
def _reader() -> Any:
    """The class of what puts places where their numbers are; made when it is needed, as few runs do."""
    import io
    import pickle

    class Reader(pickle.Unpickler):
        def __init__(self, data: bytes, sources: list[Source]) -> None:
            super().__init__(io.BytesIO(data))
            self._sources = sources

        def find_class(self, module: str, name: str) -> Any:
            if name == _at.__name__ and module == __name__:
                return self._sources.__getitem__
            return super().find_class(module, name)

    return Reader


def _at(_number: int) -> NoReturn:
    """What stands for a place in the bytes."""
    raise TypeError("places are not read without their numbers")


def moved_lines(then: Iterable[FileLines], now: Iterable[FileLines]) -> dict[str, dict[int, int]] | None:
    """Where the lines of files are now that have moved; None where that is not one order of lines in another place.

    Args:
        then: files with the lines that are spoken of, as `Placed.lines` gives them; a file may come more than once.
        now: the same files, in the same order.
    """
    found: dict[str, dict[int, int]] = {}
    before, after = tuple(then), tuple(now)
    if before == after:
        return found
    if len(before) != len(after):
        return None
    for (file, old), (other, new) in zip(before, after, strict=True):
        if file != other or len(old) != len(new):
            return None
        known = found.setdefault(file, {})
        for line, moved in zip(old, new, strict=True):
            if known.setdefault(line, moved) != moved:
                return None
    for lines in found.values():
        in_order = [moved for _, moved in sorted(lines.items())]
        if any(one >= other for one, other in pairwise(in_order)):
            return None
    return {file: lines for file, lines in found.items() if any(line != moved for line, moved in lines.items())}


def names_a_line(placed: Placed, files: Iterable[str]) -> bool:
    """Whether a text of the value may say a line of one of these files, as `Source` writes it."""
    return any(f"{file}:".encode("utf-8", "surrogatepass") in placed.data for file in files)
