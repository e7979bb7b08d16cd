"""Places as they are printed, which editors turn into links."""

from __future__ import annotations

import pytest

from permscope.inventory.source import NOWHERE, Source


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (Source("a/b.yaml", 3, 7), "a/b.yaml:3:7"),
        (Source("a/b.yaml", 3), "a/b.yaml:3"),
        (Source("a/b.yaml"), "a/b.yaml"),
        (Source("a/b.yaml", None, 7), "a/b.yaml"),
        (NOWHERE, "<unknown>"),
        (Source(call="lambda.get_policy", account="012345678901", region="eu-west-1"), None),
        (Source(call="iam.get_role", account="012345678901"), "iam.get_role 012345678901"),
    ],
)
def test_a_place_is_printed_as_far_as_it_is_known(source: Source, text: str | None) -> None:
    """A column without a line means nothing; a live place is its call, account and Region."""
    assert str(source) == (text or "lambda.get_policy 012345678901 eu-west-1")
