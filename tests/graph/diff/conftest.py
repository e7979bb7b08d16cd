"""Two versions of a template, matched, as every comparison takes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import indent

import pytest

from permscope.collect.load import load
from permscope.collect.templates.options import LoadOptions
from permscope.graph.build import build_graph
from permscope.graph.diff.matching import Matching, match_graphs

Versions = Callable[[str, str], Matching]


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    """The resources of an old and a new template as a `Matching`."""

    def match(old: str, new: str) -> Matching:
        graphs = []
        for side, text in (("old", old), ("new", new)):
            path = tmp_path / side / "template.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(
                "Transform: AWS::Serverless-2016-10-31\nResources:\n" + indent(text, "  "),
                encoding="utf-8",
            )
            inventory = load([str(path)], LoadOptions(account="111122223333", region="eu-west-1"))
            assert inventory.errors == ()
            graphs.append(build_graph(inventory))
        return match_graphs(*graphs)

    return match
