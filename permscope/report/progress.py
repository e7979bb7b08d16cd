"""Progress bars of a collection, on stderr: one for everything, one for each account and Region being read."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Bars:
    """Told by a collection how far it is.

    Args:
        progress: rich's display.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self._readers: Mapping[str, int] = {}
        self._all: TaskID | None = None
        self._parts: dict[str, TaskID] = {}

    def parts(self, readers: Mapping[str, int]) -> None:
        """These parts will be read, each with so many readers."""
        self._readers = readers
        self._all = self._progress.add_task(f"{len(readers)} accounts' Regions", total=sum(readers.values()))

    def read(self, part: str, reader: str) -> None:
        """A reader is done."""
        with self._lock:
            if part not in self._parts:
                self._parts[part] = self._progress.add_task(part, total=self._readers.get(part))
            self._progress.update(self._parts[part], description=f"{part} {reader}", advance=1)
            if self._all is not None:
                self._progress.advance(self._all)

    def done(self, part: str) -> None:
        """A part is done."""
        with self._lock:
            task = self._parts.pop(part, None)
            if task is not None:
                self._progress.remove_task(task)


@contextmanager
def bars() -> Iterator[Bars]:
    """Bars on stderr that go when the collection ends."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield Bars(progress)
