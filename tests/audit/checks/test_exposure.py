"""Where other accounts get to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

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


OTHER = "arn:aws:iam::999988887777:root"
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"}
LOOK = {"Effect": "Allow", "Action": "cloudwatch:GetMetricData", "Resource": "*"}


@pytest.mark.parametrize(
    ("statement", "condition", "rule", "also"),
    [
        (READ, None, "external-account-to-data", {"trust-external-no-externalid", "trust-external-account"}),
        (READ, {"StringEquals": {"sts:ExternalId": "a1"}}, "external-account-to-data", {"trust-external-account"}),
        (LOOK, None, "trust-external-no-externalid", {"trust-external-account"}),
        (LOOK, {"StringEquals": {"sts:ExternalId": "a1"}}, "trust-external-account", set()),
    ],
)
def test_another_account_in_a_trust_policy_is_one_finding(
    audit: Any, role: Any, statement: Any, condition: Any, rule: str, also: set[str]
) -> None:
    """The one that says most, and it is known by the names of the others."""
    allow = {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [{**allow, **({"Condition": condition} if condition else {})}]}
    found = audit({"Partner": role(statement, AssumeRolePolicyDocument=trust)})
    about = {"external-account-to-data", "trust-external-no-externalid", "trust-external-account"}
    assert about & set(found) == {rule}
    (finding,) = found[rule]
    assert also <= set(finding.aliases)
    assert ("external id" in finding.message) is (condition is None)


@pytest.mark.parametrize(
    ("statement", "may", "keep"),
    [
        ({"Action": "s3:*", "Resource": "*"}, "the objects of every bucket", "objects"),
        ({"Action": "ssm:GetParameter", "Resource": "*"}, "every parameter", "parameters"),
        (
            {"Action": ["secretsmanager:GetSecretValue", "ssm:GetParameters"], "Resource": "*"},
            "every secret and every parameter",
            "secrets and parameters",
        ),
    ],
)
def test_what_the_public_may_read_is_said_in_words(
    audit: Any, role: Any, statement: dict[str, Any], may: str, keep: str
) -> None:
    """`*` says nothing, and the objects of a bucket are no secrets."""
    resources = {
        "Role": role({"Effect": "Allow", **statement}),
        "Fn": {
            "Type": "AWS::Lambda::Function",
            "Properties": {"Role": {"Fn::GetAtt": "Role.Arn"}, "Handler": "i.h", "Runtime": "python3.12"},
        },
        "Url": {
            "Type": "AWS::Lambda::Url",
            "Properties": {"TargetFunctionArn": {"Fn::GetAtt": "Fn.Arn"}, "AuthType": "NONE"},
        },
        **{
            name: {
                "Type": "AWS::Lambda::Permission",
                "Properties": {"FunctionName": {"Ref": "Fn"}, "Principal": "*", **more},
            }
            for name, more in (
                ("Open", {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"}),
                ("Through", {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True}),
            )
        },
    }
    (finding,) = audit(resources)["public-to-sensitive-data"]
    assert finding.message.endswith(f"and `Fn` behind it may read {may}")
    assert f"only the {keep} the code needs" in finding.fix
