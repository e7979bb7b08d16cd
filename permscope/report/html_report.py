"""`--format html`: one file that needs nothing else, opens from a disk, and runs no text of a template.

Data stand in a `<script type="application/json">` block, escaped so that nothing in it ends the block; the page's own
script and style are the only ones its Content-Security-Policy lets run, by their hashes; every name reaches the page
through `textContent`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from permscope.audit.findings import Finding
from permscope.errors import PermscopeError
from permscope.graph.model import PermissionGraph
from permscope.report.html_data import report_document

_ASSETS = Path(__file__).parent / "html"
_SCRIPTS = (
    "cytoscape.min.js",
    "cytoscape-dagre.min.js",
    "data.js",
    "ways.js",
    "groups.js",
    "page.js",
    "drawing.js",
    "report.js",
)
_IN_JSON = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def render(
    graph: PermissionGraph,
    findings: Sequence[Finding] | None = None,
    errors: Sequence[PermscopeError] = (),
    *,
    rules: int = 0,
) -> str:
    """The report as the text of one HTML file.

    Args:
        graph: the permission graph.
        findings: of an audit; None for the graph alone.
        errors: inputs that could not be read.
        rules: how many rules were run.
    """
    document = report_document(graph, findings, errors, rules=rules)
    style = _asset("report.css")
    scripts = [_asset(name) for name in _SCRIPTS]
    page = _asset("report.html")
    parts = {
        "policy": _policy([style], scripts),
        "licences": _asset("LICENSES.txt").replace("--", "- -"),
        "style": style,
        "data": in_script(document),
        "scripts": "\n".join(f"<script>{script}</script>" for script in scripts),
    }
    before, *rest = page.split("{{")
    made = [before]
    for part in rest:  # one pass, so that nothing in a part is taken for a place of its own
        name, _, after = part.partition("}}")
        made += [parts[name], after]
    return "".join(made)


def in_script(value: Any) -> str:
    """JSON that neither ends a script block nor starts a comment in one."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character, escape in _IN_JSON.items():
        text = text.replace(character, escape)
    return text


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _policy(styles: Sequence[str], scripts: Sequence[str]) -> str:
    """What the page may load and run: its own script and style, and nothing else."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(map(_hash, scripts))}",
            f"style-src {' '.join(map(_hash, styles))}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
