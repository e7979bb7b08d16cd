"""Account ids become pseudonyms that are always the same, everywhere in a snapshot."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import given

from permscope.collect.live.estate import Estate
from permscope.collect.live.redact import pseudonym, redactor
from permscope.collect.load import load
from permscope.graph.build import build_graph


@given(st.from_regex(r"\A[0-9]{12}\Z"), st.text(max_size=5))
def test_a_pseudonym_looks_like_an_account_and_is_always_the_same(account: str, key: str) -> None:
    """Twelve digits, so everything that reads ARNs goes on working."""
    assert re.fullmatch(r"9\d{11}", pseudonym(account, key))
    assert pseudonym(account, key) == pseudonym(account, key)


def test_a_key_changes_every_pseudonym() -> None:
    """Without the key nobody recomputes them."""
    assert pseudonym("111122223333") != pseudonym("111122223333", "secret")


def test_ids_are_replaced_in_arns_names_and_alone() -> None:
    """Also inside names; longer numbers, and digits that are no account, stay."""
    text = json.dumps(
        {
            "arn": "arn:aws:iam::111122223333:role/app",
            "name": "logs-111122223333-eu",
            "alone": "444455556666",
            "longer": "1111222233334",
            "other": "at 123456789012 o'clock",
            "unique_id": "AROAEXAMPLE123456789",
        }
    )
    found = json.loads(redactor(["111122223333"])(text))
    hidden = pseudonym("111122223333")
    assert found["arn"] == f"arn:aws:iam::{hidden}:role/app"
    assert found["name"] == f"logs-{hidden}-eu"
    assert found["alone"] == pseudonym("444455556666")
    assert found["longer"] == "1111222233334"
    assert found["other"] == "at 123456789012 o'clock"
    assert re.fullmatch(r"AROA[A-Z2-7]{16}", found["unique_id"])
    assert found["unique_id"] != "AROAEXAMPLE123456789"


def test_a_redacted_snapshot_gives_a_graph_of_the_same_shape(
    deploy: Any, collect_live: Callable[..., Estate], tmp_path: Path
) -> None:
    """Only the names of accounts differ."""
    deploy.orders()
    collect_live()
    collect_live(output="redacted.json", redact=redactor([], "key"))
    text = (tmp_path / "redacted.json").read_text(encoding="utf-8")
    assert "123456789012" not in text
    plain = build_graph(load([str(tmp_path / "estate.json")]))
    redacted = build_graph(load([str(tmp_path / "redacted.json")]))
    hidden = pseudonym("123456789012", "key")
    assert {node.replace("123456789012", hidden) for node in plain.nodes} == set(redacted.nodes)
    assert len(plain.edges) == len(redacted.edges)
