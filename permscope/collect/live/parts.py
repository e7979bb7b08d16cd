"""Finished parts of a collection on disk, so that an interrupted one goes on where it stopped.

Beside `estate.json.zst` stands the folder `estate.json.zst.parts`, with one small snapshot per account and Region; it
goes when nothing is left to ask again.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from permscope.collect.live.collect import PartFacts
from permscope.collect.snapshot import read_snapshot, write_snapshot
from permscope.errors import InputError, SnapshotError


class PartsFolder:
    """The folder of one collection.

    Args:
        output: the snapshot that the collection makes.
    """

    def __init__(self, output: Path) -> None:
        self.path = output.with_name(f"{output.name}.parts")

    def start(self, *, resume: bool) -> dict[str, PartFacts]:
        """The parts that need not be read again; none, and an empty folder, unless the collection is resumed.

        Raises:
            InputError: when the folder cannot be made.
        """
        if not resume:
            shutil.rmtree(self.path, ignore_errors=True)
        try:
            self.path.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            why = (error.strerror or "error").lower()
            raise InputError(
                f"`{self.path}` cannot be made: {why}", hint="give an output in a folder that exists"
            ) from error
        found = {}
        for file in sorted(self.path.glob("*.json.zst")):
            try:
                snapshot = read_snapshot(file)
            except SnapshotError:
                continue
            for name in snapshot.resume:
                found[name] = PartFacts(name=name, facts=list(snapshot.facts))
        return found

    def keep(self, part: PartFacts) -> None:
        """Write a part down; one that should be asked again is kept, but not as finished."""
        file = self.path / f"{re.sub(r'[^A-Za-z0-9-]', '.', part.name)}.json.zst"
        write_snapshot(file, part.facts, resume=() if part.again else (part.name,))

    def finish(self, parts: Sequence[PartFacts]) -> bool:
        """Remove the folder, unless a part should be asked again; tells whether one should."""
        again = any(part.again for part in parts)
        if not again:
            shutil.rmtree(self.path, ignore_errors=True)
        return again
