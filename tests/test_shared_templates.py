"""Every wiring that an independent reading of real templates finds is an edge of the graph.

The reading here uses nothing of permscope: plain YAML, logical ids found by looking for them in intrinsics and text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from permscope.collect.load import LoadOptions, load
from permscope.graph.build import build_graph
from permscope.graph.model import EdgeKind, NodeKind, PermissionGraph

TEMPLATES = Path(__file__).parent.parent.parent / "shared" / "templates"
FUNCTION_TYPES = ("AWS::Serverless::Function", "AWS::Lambda::Function")
# SAM events that make no trigger of their own function.
POLLED = {"SQS", "Kinesis", "DynamoDB", "MSK", "MQ", "SelfManagedKafka", "DocumentDB"}


class _Loader(yaml.SafeLoader):
    """Plain YAML; `!X value` becomes `{X: value}`."""


def _intrinsic(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {tag: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {tag: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {tag: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _intrinsic)


class Expected(NamedTuple):
    """A wiring that must be an edge into `function`."""

    function: str
    what: str


def raw_templates() -> list[Path]:
    """Files that hold `Resources` with types."""
    if not TEMPLATES.is_dir():
        return []
    found = []
    for path in sorted(TEMPLATES.rglob("*")):
        if path.suffix in (".yaml", ".yml", ".json") and path.is_file():
            try:
                document = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader
            except yaml.YAMLError:
                continue
            if isinstance(document, dict) and isinstance(document.get("Resources"), dict):
                found.append(path)
    return found


def mentions(value: Any) -> set[str]:
    """Every word in the strings of a value: the logical ids it may refer to are among them."""
    return set(re.findall(r"[A-Za-z0-9]+", json.dumps(value, default=str)))


def wirings(document: dict[str, Any]) -> Iterator[Expected]:
    """Each wiring of a function that can be seen in the raw template."""
    resources = document["Resources"]
    functions = {name for name, body in resources.items() if body.get("Type") in FUNCTION_TYPES}
    for name, body in resources.items():
        properties = body.get("Properties") or {}
        kind = body.get("Type", "")
        if kind == "AWS::Serverless::Function":
            for event, definition in (properties.get("Events") or {}).items():
                if isinstance(definition, dict) and "Type" in definition:
                    yield Expected(name, f"event {event} ({definition['Type']})")
            if "FunctionUrlConfig" in properties:
                yield Expected(name, "function URL")
        targets: dict[str, Any] = {
            "AWS::Lambda::EventSourceMapping": properties.get("FunctionName"),
            "AWS::Lambda::Url": properties.get("TargetFunctionArn"),
            "AWS::S3::Bucket": (properties.get("NotificationConfiguration") or {}).get("LambdaConfigurations")
            if isinstance(properties.get("NotificationConfiguration"), dict)
            else None,
            "AWS::Logs::SubscriptionFilter": properties.get("DestinationArn"),
            "AWS::Events::Rule": [
                target.get("Arn") for target in properties.get("Targets") or [] if isinstance(target, dict)
            ],
            "AWS::ApiGateway::Method": (properties.get("Integration") or {}).get("Uri")
            if isinstance(properties.get("Integration"), dict)
            else None,
            "AWS::Scheduler::Schedule": (properties.get("Target") or {}).get("Arn")
            if isinstance(properties.get("Target"), dict)
            else None,
            "AWS::Pipes::Pipe": [properties.get("Enrichment"), properties.get("Target")],
            "AWS::Cognito::UserPool": properties.get("LambdaConfig"),
            "AWS::SNS::Subscription": properties.get("Endpoint") if properties.get("Protocol") == "lambda" else None,
            "AWS::SecretsManager::RotationSchedule": properties.get("RotationLambdaARN"),
            "AWS::ElasticLoadBalancingV2::TargetGroup": properties.get("Targets"),
        }
        target = properties.get("ServiceToken") if kind.startswith("Custom::") else targets.get(kind)
        for function in sorted(mentions(target) & functions) if target is not None else ():
            yield Expected(function, f"{kind} {name}")


@cache
def graph_of(path: Path) -> PermissionGraph:
    """The graph of one template alone."""
    return build_graph(load([str(path)], LoadOptions()))


def function_nodes(graph: PermissionGraph) -> dict[str, str]:
    """Logical id -> node id of every function."""
    return {node.logical_id or node.label: node.id for node in graph.of_kind(NodeKind.FUNCTION)}


needs_templates = pytest.mark.skipif(not TEMPLATES.is_dir(), reason="the shared templates are not on this machine")


@needs_templates
@pytest.mark.parametrize("path", raw_templates(), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_every_wiring_of_a_raw_template_is_an_edge(path: Path) -> None:
    """Events, mappings, notifications, subscriptions, targets, integrations and URLs are all there, with their role."""
    document = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    graph = graph_of(path)
    nodes = function_nodes(graph)
    resources = document["Resources"]
    functions = {name for name, body in resources.items() if body.get("Type") in FUNCTION_TYPES}
    assert functions <= set(nodes), "every function is a node"
    missing_roles = [name for name in sorted(functions) if not any(graph.outgoing(nodes[name], EdgeKind.EXECUTES_AS))]
    told = {one.logical_id for one in graph.unknowns}
    assert [name for name in missing_roles if name not in told] == [], "every function has a role or says why not"
    expected: dict[str, list[str]] = {}
    for one in wirings(document):
        expected.setdefault(one.function, []).append(one.what)
    for function, wanted in expected.items():
        edges = list(graph.incoming(nodes[function], EdgeKind.TRIGGERS))
        assert len(edges) >= len(wanted), f"{function}: {wanted} but {[(e.source, e.event) for e in edges]}"
    for kind in (EdgeKind.TRIGGERS, EdgeKind.EXECUTES_AS):
        for edge in graph.edges_of(kind):
            assert edge.provenance, f"{edge.source} -> {edge.target} says where it comes from"
