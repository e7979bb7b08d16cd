"""CDK cloud assemblies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from permscope.collect.assembly import stacks_of

Folder = Callable[[Mapping[str, str | bytes]], Path]
STACK = (
    '{"version": "1", "artifacts": {"S": {"type": "aws:cloudformation:stack", "environment": "%s", '
    '"properties": {"templateFile": "%s"}}}}'
)


@pytest.mark.parametrize(
    ("environment", "account", "region"),
    [
        ("aws://111122223333/eu-west-1", "111122223333", "eu-west-1"),
        ("aws://111122223333/us-gov-west-1", "111122223333", "us-gov-west-1"),
        ("aws://unknown-account/unknown-region", None, None),
        ("aws://111122223333/unknown-region", "111122223333", None),
        ("", None, None),
        ("aws://1/../x", None, None),
    ],
)
def test_a_stack_is_bound_to_where_the_app_deploys_it(
    folder: Folder, environment: str, account: str | None, region: str | None
) -> None:
    """An environment the app leaves open stays open."""
    root = folder({"manifest.json": STACK % (environment, "S.template.json")})
    ((path, options),) = stacks_of(root) or []
    assert (path.name, options.account, options.region) == ("S.template.json", account, region)


@pytest.mark.parametrize("name", ["../S.json", "/etc/passwd", "a/b.json", "..", ""])
def test_a_stack_file_elsewhere_is_no_part_of_the_assembly(folder: Folder, name: str) -> None:
    """A manifest names files beside itself."""
    assert stacks_of(folder({"manifest.json": STACK % ("", name)})) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"artifacts": {}}', '{"version": "1", "artifacts": []}', "[" * 9999])
def test_a_manifest_of_something_else_is_no_assembly(folder: Folder, text: str) -> None:
    """None tells it from an assembly without stacks."""
    assert stacks_of(folder({"manifest.json": text})) is None
