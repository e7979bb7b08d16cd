"""Annotations of GitHub that no name of a template can forge."""

from __future__ import annotations

import re
from collections.abc import Callable


def test_every_line_is_one_command_of_ours(rendered: Callable[[str], str]) -> None:
    """A name with a line feed and `::` starts no command of its own."""
    lines = rendered("findings.github.txt").splitlines()
    *commands, headline = lines
    assert len(commands) == 4
    assert all(
        re.match(r"::(error|warning|notice) (file=[^,:]+,line=\d+,col=\d+,)?title=[^,:]+::", each) for each in commands
    )
    assert headline == "permscope gate: fail"
