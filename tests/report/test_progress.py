"""Bars that end where the work ends."""

from __future__ import annotations

import io

from rich.console import Console
from rich.progress import Progress

from permscope.report.progress import Bars


def test_a_part_has_a_bar_while_it_is_read() -> None:
    """And the bar of everything counts every reader once."""
    progress = Progress(console=Console(file=io.StringIO()))
    bars = Bars(progress)
    bars.parts({"a eu-west-1": 2, "a global": 1})
    for part, reader in (("a eu-west-1", "lambda"), ("a global", "iam"), ("a eu-west-1", "sqs")):
        bars.read(part, reader)
    everything, *parts = progress.tasks
    assert (everything.completed, everything.total) == (3, 3)
    assert {(task.description, task.completed, task.total) for task in parts} == {
        ("a eu-west-1 sqs", 2, 2),
        ("a global iam", 1, 1),
    }
    bars.done("a global")
    bars.done("never begun")
    assert [task.description for task in progress.tasks[1:]] == ["a eu-west-1 sqs"]
