"""What is reused says nothing else than what is worked out anew, whatever was edited in between.

A folder of templates that depend on each other (exports and imports, a nested stack, grants on patterns and on
everything, a role that may rewrite functions) is edited at random, and after each edit every report is made twice: with
what earlier runs kept and the other version shares, and with neither.
"""

from __future__ import annotations

import ast
import copy
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from permscope import cache
from permscope.cli import permscope

World = dict[str, dict[str, Any]]
ACTIONS = (
    ["sqs:SendMessage"],
    ["sqs:*"],
    ["lambda:InvokeFunction"],
    ["iam:PassRole", "lambda:CreateFunction"],
    ["lambda:UpdateFunctionCode", "s3:GetObject"],
    ["dynamodb:GetItem", "dynamodb:PutItem"],
    ["*"],
)
RESOURCES: tuple[Any, ...] = (
    "*",
    "arn:aws:lambda:*:*:function:worker-*",
    "arn:aws:iam::*:role/*",
    {"Fn::ImportValue": "jobs-arn"},
    {"Fn::Sub": "arn:aws:dynamodb:${AWS::Region}:${AWS::AccountId}:table/orders"},
    "arn:aws:sqs:eu-west-1:111122223333:jobs",
)
CONDITIONS: tuple[Any, ...] = (
    None,
    {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}},
)
GIT = shutil.which("git") is not None
CONFIGS = ("", "trusted:\n  accounts: ['999988887777']\n", "fail_on: low\n")


def role(*statements: dict[str, Any], trust: Any = "lambda.amazonaws.com") -> dict[str, Any]:
    """A role with one policy."""
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": trust}}]
            },
            "Policies": [{"PolicyName": "own", "PolicyDocument": {"Statement": list(statements)}}],
        },
    }


def allow(actions: Any, resource: Any) -> dict[str, Any]:
    """A statement of an identity policy."""
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


def function(role_id: str, **properties: Any) -> dict[str, Any]:
    """A function that runs with a role of its template."""
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.12",
            "Handler": "a.b",
            "Code": {"S3Bucket": "artifacts", "S3Key": "code.zip"},
            "Role": {"Fn::GetAtt": [role_id, "Arn"]},
            "MemorySize": 128,
            **properties,
        },
    }


def world() -> World:
    """Templates that depend on each other in every way templates can."""
    return {
        "shared.json": {
            "Resources": {
                "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}},
                "Orders": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "orders"}},
                "Artifacts": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "artifacts"}},
                "Open": {
                    "Type": "AWS::SQS::QueuePolicy",
                    "Properties": {
                        "Queues": [{"Ref": "Jobs"}],
                        "PolicyDocument": {
                            "Statement": [
                                {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sqs:SendMessage"},
                            ]
                        },
                    },
                },
            },
            "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Jobs", "Arn"]}, "Export": {"Name": "jobs-arn"}}},
        },
        "worker.json": {
            "Resources": {
                "Role": role(allow(["sqs:ReceiveMessage", "sqs:DeleteMessage"], {"Fn::ImportValue": "jobs-arn"})),
                "Worker": function("Role", FunctionName="worker-one"),
                "Source": {
                    "Type": "AWS::Lambda::EventSourceMapping",
                    "Properties": {
                        "EventSourceArn": {"Fn::ImportValue": "jobs-arn"},
                        "FunctionName": {"Ref": "Worker"},
                    },
                },
            }
        },
        "front.json": {
            "Resources": {
                "Role": role(allow(ACTIONS[2], RESOURCES[1]), allow(["dynamodb:*"], RESOURCES[4])),
                "Front": function("Role"),
                "Url": {
                    "Type": "AWS::Lambda::Url",
                    "Properties": {"AuthType": "NONE", "TargetFunctionArn": {"Ref": "Front"}},
                },
                "Let": {
                    "Type": "AWS::Lambda::Permission",
                    "Properties": {
                        "Action": "lambda:InvokeFunctionUrl",
                        "FunctionName": {"Ref": "Front"},
                        "Principal": "*",
                        "FunctionUrlAuthType": "NONE",
                    },
                },
            }
        },
        "deployer.json": {
            "Resources": {
                "Role": role(allow(ACTIONS[3], "*"), allow(["lambda:UpdateFunctionCode"], "*")),
                "Deployer": function("Role"),
            }
        },
        "parent.json": {
            "Resources": {"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "inner.json"}}}
        },
        "inner.json": {
            "Resources": {
                "Role": role(allow(["*"], "*"), trust="ec2.amazonaws.com"),
                "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "news"}},
            }
        },
    }


def statements(value: Any) -> Iterator[dict[str, Any]]:
    """Every statement in a template."""
    if isinstance(value, dict):
        if "Effect" in value:
            yield value
        for item in value.values():
            yield from statements(item)
    elif isinstance(value, list):
        for item in value:
            yield from statements(item)


class Folder:
    """The templates as they are now, and how far each is moved down."""

    def __init__(self) -> None:
        self.world = world()
        self.blank: dict[str, dict[int, int]] = {}
        self.config = ""

    def edit(self, data: st.DataObject) -> None:
        """One random edit."""
        name = data.draw(st.sampled_from(sorted(self.world)), label="file")
        template = self.world[name]
        kind = data.draw(
            st.sampled_from(
                ["statement", "statement", "add", "remove", "export", "memory", "blank", "blank", "rename", "config"]
            ),
            label="edit",
        )
        found = list(statements(template))
        if kind == "statement" and found:
            self.alter(data, data.draw(st.sampled_from(found)))
        elif kind == "add":
            template["Resources"][f"New{len(template['Resources'])}"] = data.draw(
                st.sampled_from(
                    [
                        role(allow(["iam:*"], "*")),
                        {"Type": "AWS::S3::Bucket"},
                        {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}},
                        {
                            "Type": "AWS::Lambda::Permission",
                            "Properties": {
                                "Action": "lambda:InvokeFunction",
                                "FunctionName": "worker-one",
                                "Principal": "999988887777",
                            },
                        },
                    ]
                )
            )
        elif kind == "remove" and len(template["Resources"]) > 1:
            del template["Resources"][data.draw(st.sampled_from(sorted(template["Resources"])))]
        elif kind == "export" and "Outputs" in template:
            target = data.draw(st.sampled_from(["Jobs", "Orders", "Artifacts"]))
            template["Outputs"]["Arn"]["Value"] = {"Fn::GetAtt": [target, "Arn"]}
        elif kind == "memory":
            for resource in template["Resources"].values():
                if "MemorySize" in resource.get("Properties", {}):
                    resource["Properties"]["MemorySize"] += 64
            template["Description"] = data.draw(st.sampled_from(["one", "two"]))
        elif kind == "blank":
            lines = self.blank.setdefault(name, {})
            at = data.draw(st.integers(0, 60))
            lines[at] = data.draw(st.integers(0, 3))
        elif kind == "rename" and name not in ("parent.json", "inner.json"):
            self.world[f"{name[:1]}-{name}"] = self.world.pop(name)
        elif kind == "config":
            self.config = data.draw(st.sampled_from(CONFIGS))

    @staticmethod
    def alter(data: st.DataObject, statement: dict[str, Any]) -> None:
        """Another action, resource, condition or effect, or none."""
        part = data.draw(st.sampled_from(["Action", "Resource", "Condition", "Effect", "Sid"]))
        if part == "Action" and "Resource" in statement:
            statement["Action"] = data.draw(st.sampled_from(ACTIONS))
        elif part == "Resource" and "Resource" in statement:
            statement["Resource"] = data.draw(st.sampled_from(RESOURCES))
        elif part == "Condition":
            statement["Condition"] = data.draw(st.sampled_from(CONDITIONS)) or {}
        elif part == "Effect":
            statement["Effect"] = data.draw(st.sampled_from(["Allow", "Deny"]))
        else:
            statement["Sid"] = data.draw(st.sampled_from(["One", "Two"]))

    def write(self, top: Path) -> None:
        """The folder on disk, each blank line where it belongs."""
        shutil.rmtree(top, ignore_errors=True)
        top.mkdir(parents=True)
        for name, template in self.world.items():
            blank = self.blank.get(name, {})
            lines = json.dumps(template, indent=1).splitlines()
            text = "\n".join("\n" * blank.get(number, 0) + line for number, line in enumerate(lines))
            (top / name).write_text(text, encoding="utf-8")


TWIN = {
    "Resources": {
        "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}},
        "Role": role(allow(["sqs:*"], RESOURCES[-1])),
        "Worker": function("Role", FunctionName="worker-one"),
    },
    "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Jobs", "Arn"]}, "Export": {"Name": "other-arn"}}},
}


@contextmanager
def reusing(folder: Path | None) -> Iterator[None]:
    """Runs that keep what they work out in a folder, and share it; or that do neither."""
    with pytest.MonkeyPatch.context() as patch:
        if folder is None:
            patch.setenv("PERMSCOPE_NO_CACHE", "1")
            patch.setattr(cache, "sharing", nullcontext)
        else:
            patch.delenv("PERMSCOPE_NO_CACHE", raising=False)
            patch.setenv("PERMSCOPE_CACHE_DIR", str(folder))
        cache._folder.cache_clear()
        yield
    cache._folder.cache_clear()


def reports(config: Path) -> list[str]:
    """Every kind of report on the folder `new`, and on what changed since `old`."""
    options = ["--config", str(config)]
    commands = [
        ["audit", "new", "--format", "json", *options],
        ["audit", "new", "--width", "120", *options],
        ["graph", "new", "--format", "json", *options],
        ["gate", "--old", "old", "new", "--format", "json", *options],
        ["diff", "old", "new", "--format", "markdown"],
        *([["gate", "new", "--base", "HEAD", "--format", "json", *options]] if GIT else []),
    ]
    said = []
    for command in commands:
        result = CliRunner().invoke(permscope, command)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        said.append(f"{command} {result.exit_code}\n{result.output}")
    return said


def commit(top: Path) -> None:
    """Make what `new` is now the version that git knows."""
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    for command in (("init", "-q"), ("add", "new"), ("commit", "-q", "--allow-empty", "-m", "edit")):
        subprocess.run(["git", *identity, *command], cwd=top, check=True, capture_output=True)  # noqa: S603, S607


@settings(
    max_examples=5,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_reports_are_the_same_with_and_without_what_was_kept(
    data: st.DataObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After every edit, each report is byte for byte the one that a run without any memory makes."""
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        monkeypatch.chdir(top)
        folder = Folder()
        if data.draw(st.booleans(), label="names of two"):
            folder.world["twin.json"] = copy.deepcopy(TWIN)
        folder.write(top / "new")
        config = top / "permscope.yaml"
        config.write_text("", encoding="utf-8")
        with reusing(top / "kept"):
            reports_before = CliRunner().invoke(permscope, ["audit", "new", "--format", "json"]).output
        assert json.loads(reports_before)["findings"]
        for _ in range(data.draw(st.integers(2, 4), label="edits")):
            folder.edit(data)
            if GIT:
                commit(top)
            shutil.rmtree(top / "old", ignore_errors=True)
            (top / "new").rename(top / "old")
            folder.write(top / "new")
            config.write_text(folder.config, encoding="utf-8")
            with reusing(None):
                expected = reports(config)
            with reusing(top / "kept"):
                assert reports(config) == expected
                assert reports(config) == expected


# Graph and findings follow their facts to other lines. What reads files of its own may calculate with lines of those.
PACKAGE = Path(__file__).parent.parent / "permscope"
AFTER_COLLECTION = [
    path
    for package in ("policy", "graph", "audit")
    for path in sorted((PACKAGE / package).rglob("*.py"))
    if path.name not in ("located_yaml.py", "suppressions.py")
]


@pytest.mark.parametrize("path", AFTER_COLLECTION, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_calculates_with_the_line_of_a_fact(path: Path) -> None:
    """Lines are compared, sorted and copied; a text says one only as `Source` writes it, so that it can be found."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.BinOp | ast.FormattedValue | ast.AugAssign):
            used = [each for each in ast.walk(node) if isinstance(each, ast.Attribute) and each.attr == "line"]
            assert not used, f"{path.name}:{node.lineno} makes something of a line"
