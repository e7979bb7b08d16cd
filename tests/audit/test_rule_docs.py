"""The pages about rules say what the rules say."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_pages_are_up_to_date() -> None:
    """Each rule has the page that `tools/build_rule_docs.py` writes, and no page is left over."""
    spec = importlib.util.spec_from_file_location("build_rule_docs", ROOT / "tools" / "build_rule_docs.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    written = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "rules").glob("*.md")}
    assert written == dict(tool.pages())
