"""Reads a template into facts with the readers of `permscope.services`, for the tests of single services."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from permscope.inventory.facts import AnyFact
from permscope.inventory.located import LocatedDict, LocatedList, LocatedStr, source_of
from permscope.inventory.source import Source
from permscope.services import readers_for
from permscope.services.interface import Stack, TemplateResource

# type -> (property that names it, ARN without its leading "arn:<partition>:", what Ref returns)
_R = "${AWS::Region}:${AWS::AccountId}"
_IDENTITIES = {
    "AWS::Lambda::Function": ("FunctionName", f"lambda:{_R}:function:NAME", "NAME"),
    "AWS::IAM::Role": ("RoleName", "iam::${AWS::AccountId}:rolePATHNAME", "NAME"),
    "AWS::IAM::User": ("UserName", "iam::${AWS::AccountId}:userPATHNAME", "NAME"),
    "AWS::IAM::Group": ("GroupName", "iam::${AWS::AccountId}:groupPATHNAME", "NAME"),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", "iam::${AWS::AccountId}:policyPATHNAME", "ARN"),
    "AWS::S3::Bucket": ("BucketName", "s3:::NAME", "NAME"),
    "AWS::SNS::Topic": ("TopicName", f"sns:{_R}:NAME", "ARN"),
    "AWS::SQS::Queue": (
        "QueueName",
        f"sqs:{_R}:NAME",
        "https://sqs.${AWS::Region}.${AWS::URLSuffix}/${AWS::AccountId}/NAME",
    ),
    "AWS::DynamoDB::Table": ("TableName", f"dynamodb:{_R}:table/NAME", "NAME"),
    "AWS::Kinesis::Stream": ("Name", f"kinesis:{_R}:stream/NAME", "NAME"),
    "AWS::KMS::Key": ("-", f"kms:{_R}:key/NAME", "NAME"),
    "AWS::Events::EventBus": ("Name", f"events:{_R}:event-bus/NAME", "NAME"),
    "AWS::SecretsManager::Secret": ("Name", f"secretsmanager:{_R}:secret:NAME", "ARN"),
}


def _build(node: yaml.Node) -> Any:
    source = Source("template.yaml", node.start_mark.line + 1, node.start_mark.column + 1)
    if node.tag.startswith("!") and node.tag != "!":
        name = "Ref" if node.tag == "!Ref" else f"Fn::{node.tag[1:]}"
        node.tag = ""
        value = _build(node)
        if name == "Fn::GetAtt" and isinstance(value, str):
            value = value.split(".", 1)
        return LocatedDict({name: value}, source)
    if isinstance(node, yaml.MappingNode):
        return LocatedDict(((_build(key), _build(value)) for key, value in node.value), source)
    if isinstance(node, yaml.SequenceNode):
        return LocatedList((_build(item) for item in node.value), source)
    scalar = {"true": True, "false": False}.get(node.value) if node.style is None else None
    return LocatedStr(node.value, source) if scalar is None else scalar


class _Reader:
    def __init__(self, template: dict[str, Any]) -> None:
        self.stack = Stack()
        self.resources = template["Resources"]

    def identity(self, logical_id: str) -> tuple[str, str | None, str]:
        resource = self.resources[logical_id]
        properties = resource.get("Properties", LocatedDict())
        if resource["Type"] in ("AWS::Lambda::Alias", "AWS::Lambda::Version"):
            function = self.resolve(properties["FunctionName"])
            arn = self.stack.function_arn(function)
            name = properties.get("Name", f"${{{logical_id}.Version}}")
            return name, f"{arn}:{name}", f"{arn}:{name}"
        naming, arn, ref = _IDENTITIES.get(resource["Type"], ("-", "", "NAME"))
        name = self.resolve(properties[naming]) if naming in properties else f"${{{logical_id}}}"
        path = properties.get("Path", "/")
        arn = f"arn:${{AWS::Partition}}:{arn}".replace("PATH", path).replace("NAME", name) if arn else None
        return name, arn, (arn or "") if ref == "ARN" else ref.replace("NAME", name)

    def resolve(self, value: Any) -> Any:
        match value:
            case {"Ref": str(name)}:
                if name not in self.resources:
                    return LocatedStr(
                        f"${{{name}}}" if name.startswith("AWS::") else f"${{Param::{name}}}", source_of(value)
                    )
                return LocatedStr(self.identity(name)[2], source_of(value))
            case {"Fn::GetAtt": [str(name), str(attribute)]}:
                arn = self.identity(name)[1]
                known = attribute.endswith("Arn") and attribute != "StreamArn" and arn
                return LocatedStr(arn if known else f"${{{name}.{attribute}}}", source_of(value))
            case {"Fn::Sub": str(text)}:
                return LocatedStr(re.sub(r"\$\{([^}:]+)\}", self.substitute, text), source_of(value))
            case dict():
                return LocatedDict(((key, self.resolve(item)) for key, item in value.items()), source_of(value))
            case list():
                return LocatedList((self.resolve(item) for item in value), source_of(value))
            case _:
                return value

    def substitute(self, found: re.Match[str]) -> str:
        name, _, attribute = found[1].partition(".")
        value = {"Fn::GetAtt": [name, attribute]} if attribute else {"Ref": name}
        return str(self.resolve(LocatedDict(value)))

    def facts(self) -> list[AnyFact]:
        for logical_id, resource in self.resources.items():
            name, arn, ref = self.identity(logical_id)
            self.stack.resources[logical_id] = TemplateResource(
                logical_id=logical_id,
                type=resource["Type"],
                properties=self.resolve(resource.get("Properties", LocatedDict())),
                stack=self.stack,
                source=logical_id.source,
                origin=logical_id,
                name=name,
                arn=arn,
                ref=ref,
            )
        found: list[AnyFact] = []
        for resource in self.stack.resources.values():
            for reader in readers_for(resource.type):
                found.extend(reader(resource))
            found.extend(resource.unknowns)
        return found


@pytest.fixture
def read() -> Callable[[str], list[AnyFact]]:
    """Read template text (its `Resources`, or all of it) into facts."""

    def read_template(text: str) -> list[AnyFact]:
        return _Reader(_build(yaml.compose(text, Loader=yaml.CSafeLoader))).facts()

    return read_template
