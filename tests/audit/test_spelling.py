"""How a policy is spelled never changes what is found: every fixture is written in other ways and judged again."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permscope.audit.engine import run
from permscope.audit.rules import load_rules
from permscope.catalog.actions import load as load_catalog
from permscope.collect.load import LoadOptions, load
from permscope.graph.build import build_graph

FIXTURES = Path(__file__).parent.parent.parent / "fixtures" / "rules"
RULES_FOLDER = Path(__file__).parent.parent.parent / "rules"
FAMILIES = ("identity", "data", "passrole", "takeover", "trust", "conditions", "syntax", "hygiene")
# Without those about what is in no template.
NAMES = sorted(
    path.stem
    for family in FAMILIES
    for path in (RULES_FOLDER / family).glob("*.yaml")
    if (FIXTURES / path.name).is_file()
)
RULES = load_rules()
# Rules about the spelling itself, or about where a policy stands.
SPELLING = {
    "action-pattern-write",
    "group-inline",
    "inline-on-role",
    "malformed",
    "policy-complexity",
    "redundant",
    "sid",
    "size",
    "unattached-policy",
    "user-attached",
    "user-inline",
    "version",
}


class _Plain(yaml.SafeLoader):
    """YAML of a template, with short intrinsics in their long form and scalars as text."""


_Plain.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in found if tag.rpartition(":")[2] in ("bool", "null", "merge")]
    for letter, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _intrinsic(loader: _Plain, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix in ("Ref", "Condition"):
        return {suffix: value}
    return {f"Fn::{suffix}": value.split(".", 1) if suffix == "GetAtt" and isinstance(value, str) else value}


_Plain.add_multi_constructor("!", _intrinsic)


@cache
def _template(name: str) -> dict[str, Any]:
    template: dict[str, Any] = yaml.load((FIXTURES / f"{name}.yaml").read_text(encoding="utf-8"), _Plain)  # noqa: S506
    return template


def _verdict(folder: Path, template: dict[str, Any]) -> dict[str, str]:
    """The worst severity of each rule: one statement in two may be two findings, one of them a lesser one."""
    path = folder / "template.json"
    path.write_text(json.dumps(template), encoding="utf-8")
    inventory = load([path.as_posix()], LoadOptions())
    worst_last = reversed(run(build_graph(inventory), inventory, RULES))
    return {finding.rule: finding.severity for finding in worst_last if finding.rule not in SPELLING}


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _respelled(action: Any, chance: random.Random) -> Any:
    """An action in another case, or with a `?` that still means it alone."""
    catalog = load_catalog()
    if not isinstance(action, str) or not catalog.is_known(action):
        return action
    at = chance.randrange(action.index(":") + 1, len(action))
    wild = f"{action[:at]}?{action[at + 1 :]}"
    if chance.random() < 0.4 and set(catalog.expand(wild)) == set(catalog.expand(action)):
        action = wild
    return chance.choice([str.lower, str.upper, str.swapcase, str])(action)


def _pieces(statement: dict[str, Any], chance: random.Random, *, trust: bool) -> Iterator[dict[str, Any]]:
    """A statement in other words, in one or several."""
    changed = copy.deepcopy(statement)
    for name in ("Action", "NotAction"):
        if isinstance(changed.get(name), str | list):
            changed[name] = [_respelled(action, chance) for action in _as_list(changed[name])]
            chance.shuffle(changed[name])
    for name in ("Resource", "NotResource"):
        if isinstance(changed.get(name), list):
            chance.shuffle(changed[name])
    actions = changed.get("Action")
    if trust or changed.get("Effect") != "Allow" or not isinstance(actions, list) or chance.random() < 0.5:
        yield changed
        return
    changed.pop("Sid", None)
    for action in actions:
        resources = changed.get("Resource")
        if isinstance(resources, list) and chance.random() < 0.4:
            yield from ({**changed, "Action": action, "Resource": resource} for resource in resources)
        else:
            yield {**changed, "Action": [action]}


def _respell_documents(value: Any, chance: random.Random) -> None:
    if isinstance(value, list):
        for item in value:
            _respell_documents(item, chance)
    if not isinstance(value, dict):
        return
    for name, item in value.items():
        if isinstance(item, dict) and "Statement" in item:
            given_ = _as_list(item["Statement"])
            if all(isinstance(each, dict) and "Fn::If" not in each for each in given_):
                trust = name == "AssumeRolePolicyDocument"
                made = [piece for each in given_ for piece in _pieces(each, chance, trust=trust)]
                chance.shuffle(made)
                item["Statement"] = made[0] if len(made) == 1 and chance.random() < 0.5 else made
        else:
            _respell_documents(item, chance)


def _move_policies(template: dict[str, Any], chance: random.Random) -> None:
    """Inline policies of roles become policies of their own."""
    for name, resource in list(template["Resources"].items()):
        properties = resource.get("Properties") or {}
        policies = properties.get("Policies")
        if resource.get("Type") != "AWS::IAM::Role" or not isinstance(policies, list):
            continue
        kept = []
        for number, policy in enumerate(policies):
            if chance.random() < 0.4:
                kept.append(policy)
                continue
            own = {"PolicyDocument": policy["PolicyDocument"], "Roles": [{"Ref": name}]}
            kind = chance.choice(["Policy", "ManagedPolicy"])
            if kind == "Policy":
                own["PolicyName"] = f"{name}{number}"
            template["Resources"][f"{name}Own{number}"] = {"Type": f"AWS::IAM::{kind}", "Properties": own}
        properties["Policies"] = kept


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_spelling_never_changes_what_is_found(tmp_path: Path, name: str, seed: int) -> None:
    """Order, case, equivalent wildcards, split statements, and policies moved out of a role make no difference."""
    template = _template(name)
    chance = random.Random(seed)  # noqa: S311 (no secret is made)
    respelled = copy.deepcopy(template)
    _respell_documents(respelled, chance)
    if chance.random() < 0.5:
        _move_policies(respelled, chance)
    assert _verdict(tmp_path, respelled) == _verdict(tmp_path, template)
