"""What realistic changes let happen, and that what is only written differently lets nothing happen.

Each file of `fixtures/changes` has an application and its pull requests: texts to replace (`edits`, of the application
or after `first`), or the files as they are `after`; the risks that must be named, all of them and no others, as
`kind: [actor, target]`; what the messages must say; how many things must be gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from permscope.collect.load import load
from permscope.collect.templates.options import LoadOptions
from permscope.graph.build import build_graph
from permscope.graph.diff.compare import GraphDiff, diff_graphs
from permscope.graph.model import PermissionGraph

FOLDER = Path(__file__).parents[3] / "fixtures" / "changes"
KNOWN = {"first", "edits", "after", "move", "risks", "says", "gone"}


def _cases() -> Iterable[Any]:
    for path in sorted(FOLDER.glob("*.yaml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        files = document.get("templates") or {"template.yaml": document["template"]}
        for name, change in document["changes"].items():
            assert set(change) <= KNOWN
            yield pytest.param(document, files, change, id=f"{path.stem}: {name}")


def _edited(files: Mapping[str, str], edits: Iterable[list[str]]) -> dict[str, str]:
    found = dict(files)
    for before, after, *names in edits:
        assert any(before in found[name] for name in names or found), before
        found |= {name: found[name].replace(before, after) for name in names or found}
    return found


def _graph(files: Mapping[str, str], folder: Path, account: str | None) -> PermissionGraph:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    inventory = load([str(folder)], LoadOptions(account=account))
    assert inventory.errors == ()
    return build_graph(inventory)


def _words(diff: GraphDiff) -> list[str]:
    return [f"{change.kind.value}: {change.message}" for change in diff.changes]


@pytest.mark.parametrize(("document", "files", "change"), list(_cases()))
def test_exactly_what_a_change_lets_happen_is_named(
    document: dict[str, Any], files: dict[str, str], change: dict[str, Any], tmp_path: Path
) -> None:
    """Every risk with its actor and target, and no other; nothing at all where only the writing changed."""
    before = _edited(files, change.get("first", ()))
    after = _edited(change.get("after", before), change.get("edits", ()))
    for old_name, new_name in change.get("move", {}).items():
        after[new_name] = after.pop(old_name)
    account = document.get("account")
    old, new = _graph(before, tmp_path / "old", account), _graph(after, tmp_path / "new", account)
    diff = diff_graphs(old, new)
    wanted = {(kind, *who) for risk in change.get("risks", ()) for kind, who in risk.items()}
    assert {(each.kind.value, each.actor, each.target) for each in diff.risks} == wanted, _words(diff)
    assert [words for words in change.get("says", ()) if words not in "\n".join(_words(diff))] == [], _words(diff)
    if "gone" in change:
        assert len(diff.removed) == change["gone"]
    if document.get("both_ways"):
        assert _words(diff) + _words(diff_graphs(new, old)) == []
