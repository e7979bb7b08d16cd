"""Audits of small templates."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from permscope.audit.engine import run
from permscope.audit.findings import Finding
from permscope.audit.rules import load_rules
from permscope.collect.load import LoadOptions, load
from permscope.graph.build import build_graph

Audit = Callable[[dict[str, Any]], dict[str, list[Finding]]]


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    """Findings of the resources of a template, by rule."""

    def audited(resources: dict[str, Any]) -> dict[str, list[Finding]]:
        path = tmp_path / "template.json"
        path.write_text(json.dumps({"Resources": resources}), encoding="utf-8")
        inventory = load([str(path)], LoadOptions())
        found: dict[str, list[Finding]] = {}
        for finding in run(build_graph(inventory), inventory, load_rules()):
            found.setdefault(finding.rule, []).append(finding)
        return found

    return audited


@pytest.fixture
def audit_text(tmp_path: Path) -> Callable[[str], dict[str, list[Finding]]]:
    """Findings of a template given as YAML text, by rule."""

    def audited(text: str) -> dict[str, list[Finding]]:
        path = tmp_path / "template.yaml"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        inventory = load([str(path)], LoadOptions())
        found: dict[str, list[Finding]] = {}
        for finding in run(build_graph(inventory), inventory, load_rules()):
            found.setdefault(finding.rule, []).append(finding)
        return found

    return audited


@pytest.fixture
def rules_of(audit: Audit) -> Callable[[dict[str, Any]], set[str]]:
    """The rules that find something in a role with one statement."""
    return lambda statement: set(audit({"Role": _role(statement)}))


@pytest.fixture
def role() -> Callable[..., dict[str, Any]]:
    """Makes a role with an inline policy of the statements given."""
    return _role


def _role(*statements: dict[str, Any], service: str = "lambda.amazonaws.com", **properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
            },
            "Policies": [
                {"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}
            ]
            if statements
            else [],
            **properties,
        },
    }


@pytest.fixture
def function_text() -> Callable[..., str]:
    """Writes a template with the function `Fn` and its role: statements of the role, properties of the function."""
    return _function_text


def _function_text(*statements: str, properties: str = "Timeout: 3") -> str:
    policy = "".join(f"\n              - {statement}" for statement in statements) or " []"
    return f"""
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{{Effect: Allow, Principal: {{Service: lambda.amazonaws.com}}, Action: sts:AssumeRole}}]
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement:{policy}
  Fn:
    Type: AWS::Lambda::Function
    Properties: {{Code: {{ZipFile: x}}, Handler: a.b, Runtime: python3.12, Role: !GetAtt Role.Arn, {properties}}}
"""
