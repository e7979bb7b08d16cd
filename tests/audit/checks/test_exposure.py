"""Where other accounts get to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from permscope.audit.engine import run
from permscope.audit.rules import load_rules
from permscope.collect.load import LoadOptions, load
from permscope.graph.build import build_graph
from permscope.graph.trusted import TrustedParties


def test_a_trusted_account_is_no_outsider(tmp_path: Path, role: Any) -> None:
    """An account that the user vouches for may read what its role may read."""
    read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"}
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "999988887777"}, "Action": "sts:AssumeRole"}],
    }
    path = tmp_path / "template.json"
    path.write_text(
        json.dumps({"Resources": {"Partner": role(read, AssumeRolePolicyDocument=trust)}}), encoding="utf-8"
    )
    inventory = load([str(path)], LoadOptions())
    rules = load_rules()
    for trusted, expected in ((TrustedParties(), True), (TrustedParties(accounts=frozenset(["999988887777"])), False)):
        findings = run(build_graph(inventory, trusted), inventory, rules, trusted=trusted)
        assert ("external-account-to-data" in {finding.rule for finding in findings}) is expected
