"""Account ids become pseudonyms that are always the same, everywhere in a snapshot."""

from __future__ import annotations

import json
import re
import time
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


def test_ids_are_replaced_wherever_they_stand() -> None:
    """In ARNs, names, hosts, URLs, prose and longer numbers; as the console writes them; numbers that are none stay."""
    text = json.dumps(
        {
            "arn": "arn:aws:iam::111122223333:role/app",
            "name": "logs-111122223333-eu",
            "alone": "444455556666",
            "longer": "bucket1111222233330001",
            "prose": "account `555566667777` cannot be read",
            "url": "https://sqs.eu-west-1.amazonaws.com/666677778888/orders",
            "image": "777788889999.dkr.ecr.eu-west-1.amazonaws.com/shop:1",
            "member": "arn:aws:organizations::111122223333:account/o-exampleorgid/888899990000",
            "tag": "owned by 1111-2222-3333",
            "policy": json.dumps({"AWS": "999900001111"}),
            "number": "1234567890123",
            "date": "2026-1111-2222-3334",
            "dashes": "0000-1111-2222-3333-4444",
            "unique_id": "AROAEXAMPLE123456789",
            "key": "ASIAEXAMPLE123456789",
        }
    )
    found = json.loads(redactor(["111122223333"])(text))
    hidden = pseudonym("111122223333")
    assert found["arn"] == f"arn:aws:iam::{hidden}:role/app"
    assert found["name"] == f"logs-{hidden}-eu"
    assert found["alone"] == pseudonym("444455556666")
    assert found["longer"] == f"bucket{hidden}0001"
    assert found["tag"] == f"owned by {hidden[:4]}-{hidden[4:8]}-{hidden[8:]}"
    assert (found["number"], found["date"]) == ("1234567890123", "2026-1111-2222-3334")
    assert found["dashes"] == f"0000-{hidden[:4]}-{hidden[4:8]}-{hidden[8:]}-4444"
    accounts = ("111122223333", "555566667777", "666677778888", "777788889999", "888899990000", "999900001111")
    everything = json.dumps(found)
    assert not [account for account in accounts if account in everything]
    assert all(pseudonym(account) in everything for account in accounts)
    assert found["key"] != "ASIAEXAMPLE123456789"
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


def test_a_long_snapshot_is_redacted_in_one_go() -> None:
    """Thousands of accounts take no longer than a few: time grows with the text alone."""
    text = " ".join(f"arn:aws:iam::{100000000000 + number}:role/r" for number in range(20_000))
    began = time.process_time()
    found = redactor([])(text)
    assert "100000000001" not in found
    assert time.process_time() - began < 10
