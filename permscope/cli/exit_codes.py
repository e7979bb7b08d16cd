"""Exit codes of every command."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command tells the shell."""

    OK = 0  # nothing at or above `--fail-on`
    FINDINGS = 1
    USAGE = 2  # wrong usage, or nothing readable
    INCOMPLETE = 3  # some input could not be read or collected
