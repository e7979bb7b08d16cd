"""The cache gives back what was kept, and nothing that anybody else may have put there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from permscope import cache
from permscope.inventory.located import LocatedDict, LocatedStr
from permscope.inventory.source import Source


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache folder of the test's own."""
    monkeypatch.delenv("PERMSCOPE_NO_CACHE", raising=False)
    monkeypatch.setenv("PERMSCOPE_CACHE_DIR", str(tmp_path / "kept"))
    cache._folder.cache_clear()
    yield tmp_path / "kept"
    cache._folder.cache_clear()


def test_what_is_kept_comes_back_with_its_places(folder: Path) -> None:
    """Located values keep their lines through the cache."""
    assert folder is not None
    value = LocatedDict({LocatedStr("a", Source("t.yaml", 1)): LocatedStr("b", Source("t.yaml", 2))})
    cache.keep("document", cache.digest("x"), value)
    found = cache.fetch("document", cache.digest("x"))
    assert found == value
    assert next(iter(found.values())).source == Source("t.yaml", 2)


def test_another_content_is_another_entry(folder: Path) -> None:
    """Parts are told apart by their borders too."""
    assert folder is not None
    assert cache.digest("ab", "c") != cache.digest("a", "bc")
    cache.keep("document", cache.digest("x"), 1)
    assert cache.fetch("document", cache.digest("y")) is None
    assert cache.fetch("facts", cache.digest("x")) is None


def test_a_broken_entry_is_passed_over(folder: Path) -> None:
    """A cut-off file costs time, not a run."""
    cache.keep("document", cache.digest("x"), [1, 2, 3])
    (folder / f"document-{cache.digest('x')}").write_bytes(b"\x80\x05broken")
    assert cache.fetch("document", cache.digest("x")) is None


def test_a_folder_that_others_may_write_to_is_not_used(folder: Path) -> None:
    """Nobody else's objects are loaded."""
    folder.mkdir()
    folder.chmod(0o777)
    assert not cache.is_on()
    cache.keep("document", "x", 1)
    assert list(folder.iterdir()) == []


def test_it_can_be_turned_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`PERMSCOPE_NO_CACHE` leaves no trace."""
    monkeypatch.setenv("PERMSCOPE_NO_CACHE", "1")
    cache._folder.cache_clear()
    cache.keep("document", "x", 1)
    assert not folder.exists()


def test_a_run_that_shares_remembers_the_very_object() -> None:
    """Both versions of a comparison hold the same facts, whether or not the folder is used."""
    value = [1]
    with cache.sharing():
        cache.remember("facts", "x", value)
        with cache.sharing():
            assert cache.recall("facts", "x") is value
        assert cache.recall("facts", "x") is value
        assert cache.recall("facts", "y") is None
    assert cache.recall("facts", "x") is None


def test_outside_of_a_run_that_shares_nothing_is_remembered() -> None:
    """A long-lived process does not gather what it read."""
    cache.remember("facts", "x", [1])
    assert cache.recall("facts", "x") is None
    assert not cache.is_sharing()
