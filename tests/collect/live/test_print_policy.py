"""The printed policy is what collection really calls: no action less, and none that changes or reveals anything."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import permscope.services
from permscope.catalog.actions import load
from permscope.collect.live.estate import Estate
from permscope.collect.live.print_policy import LARGEST, actions_of, collection_policies, operations, size_of
from permscope.services import live_readers

SERVICES = Path(permscope.services.__file__).parent
REVEALING = {
    "lambda:GetFunction",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "s3:GetObject",
    "dynamodb:GetItem",
    "sqs:ReceiveMessage",
    "kms:Decrypt",
}


def called_in(path: Path) -> set[str]:
    """Every `client.operation` that a service file writes down in a call of `session.call` or `session.pages`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("call", "pages"):
            first = [each.value for each in node.args[:2] if isinstance(each, ast.Constant)]
            if len(first) == 2:
                found.add(".".join(map(str, first)))
    return found


@cache
def apis_of(client: str) -> dict[str, str]:
    """Operation as in Python -> as requests are counted (`lambda.GetPolicy`)."""
    botocore = pytest.importorskip("botocore.session")
    from botocore import xform_name

    model = botocore.get_session().get_service_model(client)
    return {xform_name(each): f"{model.service_id.hyphenize()}.{each}" for each in model.operation_names}


@pytest.mark.parametrize("path", sorted(SERVICES.glob("*.py")), ids=lambda path: path.stem)
def test_every_call_a_service_file_makes_is_declared(path: Path) -> None:
    """What is called and not declared would be refused at run time."""
    assert called_in(path) <= set(operations())


@pytest.mark.parametrize("name", sorted(operations()))
def test_every_operation_exists_and_has_a_known_action(name: str) -> None:
    """In botocore and in IAM; what it hides is a clause."""
    client, _, operation = name.partition(".")
    assert operation in apis_of(client)
    actions = actions_of(name)
    assert actions
    hides = operations()[name]
    assert hides
    assert not hides.endswith(".")


def test_the_policy_only_reads() -> None:
    """No action writes, hands out permissions, or reveals code, secrets or data."""
    statements = [each for policy in collection_policies() for each in policy["Statement"]]
    actions = [
        action
        for each in statements
        for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
    ]
    catalog = load()
    levels = {action: catalog.details(action).access_level for action in actions if action != "apigateway:GET"}
    assert {action: level for action, level in levels.items() if level not in ("List", "Read")} == {}
    assert not REVEALING & set(actions)
    assert not [action for action in actions if "*" in action]


def test_each_policy_fits_a_managed_policy_and_together_they_allow_every_call() -> None:
    """No action is lost or given twice; a role may have ten managed policies.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    policies = collection_policies()
    assert all(size_of(policy) <= LARGEST for policy in policies)
    assert len(policies) <= 10
    statements = [each for policy in policies for each in policy["Statement"]]
    given = [action for each in statements if each["Sid"] == "Collect" for action in each["Action"]]
    needed = {action for name in operations() for action in actions_of(name)} - {"sts:AssumeRole"}
    assert sorted([*given, "apigateway:GET"]) == sorted(needed)
    assert given == sorted(given)


def test_api_keys_stay_out_of_reach() -> None:
    """`apigateway:GET` is one action for everything; the policy names the paths."""
    statements = [each for policy in collection_policies() for each in policy["Statement"]]
    resources = [each["Resource"] for each in statements if each["Action"] == "apigateway:GET"]
    assert len(resources) == 1
    assert "arn:aws:apigateway:*::/restapis/*" in resources[0]
    paths = {path.partition("::")[2] for path in resources[0]}
    assert not paths & {"*", "/*", "/apikeys", "/apikeys/*", "/usageplans/*"}


@pytest.mark.parametrize("name", ["dynamodb", "iam", "kinesis", "kms", "lambda", "organizations", "s3", "sns", "sqs"])
def test_a_reader_declares_nothing_it_never_calls(name: str) -> None:
    """A permission that is not needed is not asked for: each declared operation stands in the file once more."""
    reader = dict(live_readers())[name]
    source = Path(reader.read.__code__.co_filename).read_text(encoding="utf-8")
    for operation in reader.operations:
        assert source.count(operation.partition(".")[2]) > 1, operation


def test_a_collection_calls_nothing_else(aws: Any, deploy: Any, collect_live: Callable[..., Estate]) -> None:
    """The requests that reach the server are the ones the policy allows."""
    deploy.orders()
    estate = collect_live()
    named = (name.partition(".") for name in operations())
    assert set(estate.calls) <= {apis_of(client)[operation] for client, _, operation in named}


def test_what_is_said_not_to_be_called_is_not() -> None:
    """The documentation names, for each operation that is left out, what is called instead."""
    text = (Path(__file__).parents[3] / "docs" / "live.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:3] for line in text.partition("| not called |")[2].splitlines()[2:] if line[:1] == "|"]
    assert len(rows) > 20
    for left_out, instead in rows:
        client = left_out.strip(" `").partition(".")[0]
        names = [name if "." in name else f"{client}.{name}" for name in left_out.replace("`", "").split(", ")]
        names = [name.strip() for name in names]
        assert not set(names) & set(operations()), names
        for name in names:
            assert name.partition(".")[2] in apis_of(name.partition(".")[0]), name
        for called in re.findall(r"`([a-z0-9_.]+)`", instead):
            known = called if "." in called else f"{client}.{called}"
            assert known in operations() or f"sesv2.{called}" in operations(), known
