"""The parsed trees say what the files say, and never what they said before."""

from __future__ import annotations

import os
from pathlib import Path
from shutil import copytree

import pytest

from permscope.audit.rules import load_rules
from permscope.errors import RuleError
from permscope.graph import rule_files
from permscope.graph.rule_files import TREES, builtin_folder, read_folder, write_trees

RULE = Path("lambda", "permission-public.yaml")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the rules that permscope takes for its own, with trees beside it."""
    found = tmp_path / "rules"
    copytree(builtin_folder(), found)
    monkeypatch.setattr(rule_files, "builtin_folder", lambda: found)
    rule_files._built.cache_clear()
    write_trees(found)
    return found


def test_every_file_has_a_tree_after_the_build(folder: Path) -> None:
    """Rules and escalation paths alike, and of each the whole text."""
    files = list(read_folder(folder))
    assert len(files) == len([*folder.rglob("*.yaml")])
    assert all(file.tree["id"] in file.file and file.text == Path(file.file).read_bytes() for file in files)


def test_rules_of_trees_are_the_rules_of_their_texts(folder: Path) -> None:
    """In every text, tag and severity."""

    def shown(found: Path) -> list[tuple[object, ...]]:
        rules = load_rules([found], builtin=False)
        return [(rule.id, rule.family, rule.severity, rule.why_text, rule.fix_text, rule.references) for rule in rules]

    parsed = shown(folder)
    (folder / TREES).unlink()
    rule_files._built.cache_clear()
    assert shown(folder) == parsed
    assert len(parsed) > 100


def test_a_tree_counts_only_for_the_text_it_was_parsed_from(folder: Path) -> None:
    """A change that keeps size and time is seen; the other files keep their trees."""
    path = folder / RULE
    before = path.stat()
    path.write_text(path.read_text().replace("severity: critical", "severity: CRITICAL"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert [file.file for file in read_folder(folder) if file.tree is None] == [path.as_posix()]
    with pytest.raises(RuleError, match=r"permission-public\.yaml:3:11: no severity `CRITICAL`"):
        load_rules([folder], builtin=False)


def test_a_new_file_is_read_without_a_build(folder: Path) -> None:
    """A rule is one file; nothing else has to be written."""
    text = (folder / RULE).read_text().replace("id: permission-public", "id: my-rule")
    (folder / "lambda" / "my-rule.yaml").write_text(text)
    assert "my-rule" in {rule.id for rule in load_rules([folder], builtin=False)}


@pytest.mark.parametrize("data", [b"", b"\xff\xff", b"i\x01\x00\x00\x00"])
def test_trees_that_cannot_be_read_are_passed_over(folder: Path, data: bytes) -> None:
    """They only save time."""
    (folder / TREES).write_bytes(data)
    rule_files._built.cache_clear()
    assert {file.tree is None for file in read_folder(folder)} == {True}


def test_a_folder_of_the_user_has_no_trees(tmp_path: Path) -> None:
    """What lies beside foreign rules is never loaded."""
    copytree(builtin_folder() / "api", tmp_path / "api")
    write_trees(tmp_path)
    assert {file.tree is None for file in read_folder(tmp_path)} == {True}
