"""An interrupted collection goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from permscope.collect.live.collect import PartFacts
from permscope.collect.live.estate import Estate
from permscope.collect.live.parts import PartsFolder
from permscope.errors import InputError
from permscope.inventory.facts import Function, Resource


class Interrupt:
    """Presses Ctrl-C as soon as a part is done."""

    def parts(self, readers: Any) -> None:
        """Nothing."""

    def read(self, part: str, reader: str) -> None:
        """Nothing."""

    def done(self, part: str) -> None:
        """Interrupt."""
        raise KeyboardInterrupt


def test_what_was_throttled_is_asked_again_and_nothing_else(
    aws: Any, deploy: Any, collect_live: Callable[..., Estate], tmp_path: Path
) -> None:
    """`--resume` reads only the parts in which a call may work now."""
    deploy.orders()
    aws.break_calls("ListQueues", code="ThrottlingException")
    first = collect_live()
    assert first.again
    assert (tmp_path / "estate.json.parts").is_dir()
    aws.faults.clear()
    aws.requests.clear()
    second = collect_live(resume=True)
    assert second.resumed == 1
    assert not any("GetAccountAuthorizationDetails" in text for text in aws.requests)
    assert [fact.name for fact in second.facts if isinstance(fact, Function)] == ["orders"]
    assert "orders" in {fact.name for fact in second.facts if isinstance(fact, Resource)}
    assert not second.again
    assert not (tmp_path / "estate.json.parts").exists()


def test_an_interruption_keeps_what_is_done_and_writes_no_snapshot(
    deploy: Any, collect_live: Callable[..., Estate], tmp_path: Path
) -> None:
    """The output is whole or not there."""
    deploy.orders()
    with pytest.raises(KeyboardInterrupt):
        collect_live(progress=Interrupt())
    assert not (tmp_path / "estate.json").exists()
    estate = collect_live(resume=True)
    assert [fact.name for fact in estate.facts if isinstance(fact, Function)] == ["orders"]


def test_a_denied_call_is_not_asked_again(aws: Any, deploy: Any, collect_live: Callable[..., Estate]) -> None:
    """Without other permissions it would be denied again."""
    deploy.orders()
    aws.break_calls("ListQueues", code="AccessDeniedException")
    assert not collect_live().again


def test_a_broken_part_is_read_again(tmp_path: Path) -> None:
    """A file that was cut off does not end the run."""
    folder = PartsFolder(tmp_path / "estate.json")
    folder.start(resume=False)
    folder.keep(PartFacts(name="111122223333/eu-west-1"))
    folder.keep(PartFacts(name="111122223333/global", again=True))
    (folder.path / "x.json.zst").write_bytes(b"\x28\xb5\x2f\xfdbroken")
    assert set(folder.start(resume=True)) == {"111122223333/eu-west-1"}
    assert folder.start(resume=False) == {}


def test_an_output_nowhere_is_an_error(tmp_path: Path) -> None:
    """Said before anything is read."""
    with pytest.raises(InputError, match="cannot be made"):
        PartsFolder(tmp_path / "missing" / "estate.json").start(resume=False)
