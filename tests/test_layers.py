"""The folder list is the flow: each package imports only from those above it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "permscope"
LAYERS = [
    "lazy",
    "cache",
    "errors",
    "catalog",
    "inventory",
    "services",
    "collect",
    "policy",
    "graph",
    "audit",
    "report",
    "tui",
    "cli",
]
OUTSIDE = {"version", "__init__", "__main__", "api"}  # the version has no layer; the package and its API see all


def layer_of(module: str) -> str:
    """The layer of a dotted module name such as `permscope.graph.build`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports_of(path: Path) -> list[tuple[int, str]]:
    """Line and name of every permscope module that a file imports, those under TYPE_CHECKING excepted."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "permscope":
            names = (
                [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "permscope" else [node.module]
            )
            found.extend((node.lineno, str(name)) for name in names)
        elif isinstance(node, ast.Import):
            found.extend((node.lineno, alias.name) for alias in node.names if alias.name.split(".")[0] == "permscope")
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_its_own_layer_and_those_above(path: Path) -> None:
    """No package reaches back down the flow."""
    own = path.relative_to(PACKAGE).with_suffix("").parts[0]
    if own in OUTSIDE:
        return
    allowed = set(LAYERS[: LAYERS.index(own) + 1]) | {"version"}
    wrong = [f"line {line}: {name}" for line, name in imports_of(path) if layer_of(name) not in allowed]
    assert wrong == []


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_heavy_packages_are_imported_only_where_they_are_used(path: Path) -> None:
    """`--help` and small commands never pay for boto3, networkx, samtranslator or policyuniverse."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    heavy = {"boto3", "botocore", "networkx", "samtranslator", "policyuniverse", "textual"}
    if path.relative_to(PACKAGE).parts[0] == "tui":
        heavy -= {"textual"}  # the explorer is what it is made of
    found = []
    for node in tree.body:
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        found.extend(name for name in names if name.split(".")[0] in heavy)
    assert found == []
