"""`permscope what-can --as-policy`."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from permscope.cli import permscope

ORDERS = str(Path(__file__).parents[2] / "fixtures" / "orders" / "template.yaml")


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    done = CliRunner().invoke(permscope, ["what-can", *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_a_function_is_written_as_one_policy() -> None:
    """Every statement of its role, in one document, and nothing else on standard output."""
    code, out, err = run("StoreOrder", ORDERS, "--as-policy")
    (statement,) = json.loads(out)["Statement"]
    assert (code, err) == (0, "")
    assert statement["Resource"] == "*"
    assert {"dynamodb:*", "logs:PutLogEvents", "sqs:ReceiveMessage"} <= set(statement["Action"])


def test_wildcards_are_no_longer_than_names() -> None:
    """The short form says the same with fewer characters."""
    plain, short = (run("PlaceOrder", ORDERS, "--as-policy", *more)[1] for more in ((), ("--wildcards",)))
    assert len(short) <= len(plain)
    assert "sqs:SendMessage*" in json.dumps(json.loads(short)) or "sqs:SendMessage" in short


def test_wildcards_alone_are_a_mistake() -> None:
    """The option means nothing without a policy."""
    code, _, err = run("StoreOrder", ORDERS, "--wildcards")
    assert code == 2
    assert "--as-policy" in err
