"""Comments on a pull request that hold what they say and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable

from permscope.audit.findings import Finding
from permscope.inventory.facts import Unknown
from permscope.inventory.source import Source
from permscope.report import markdown


def _at(line: int) -> Source:
    return Source("app/template.yaml", line, 3)


def test_the_text_of_a_template_stays_text(rendered: Callable[[str], str]) -> None:
    """No HTML, image, link, mention or table cell of a template takes effect in a comment."""
    text = rendered("findings.md")
    outside = re.sub(r"`[^`\n]*`", "", text)
    assert "<img" not in outside
    assert "</script>" not in outside
    assert "](http" not in outside.replace("\\](", "")
    assert not re.search(r"(?<!&#64;)@team", outside)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 4 for row in rows)


def test_a_long_comment_fits_into_github() -> None:
    """A comment takes 65,536 characters; no table is cut in two."""
    many = tuple(
        Finding(rule="r", severity="high", resource="x", source=_at(at), message="m" * 2000, suppressed="s" * 2000)
        for at in range(200)
    )
    text = markdown.render(many, unknowns=[Unknown(what="parameter `Table`", why="it has no default")], command="c")
    assert len(text) < 65_536
    assert "More is left out" in text
