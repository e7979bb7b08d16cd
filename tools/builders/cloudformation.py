"""CloudFormation resource types: `cloudformation.txt`."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from typing import Any

from builders.arn_formats import ArnFormats
from builders.role_properties import role_properties
from builders.sources import TYPES, BuildError, Built, Wheels, curated
from builders.type_rows import TypeRow, pointer_path

SAM_TYPES = {
    "AWS::Serverless::Api": "AWS::ApiGateway::RestApi",
    "AWS::Serverless::Application": "AWS::CloudFormation::Stack",
    "AWS::Serverless::CapacityProvider": "AWS::Lambda::CapacityProvider",
    "AWS::Serverless::Function": "AWS::Lambda::Function",
    "AWS::Serverless::GraphQLApi": "AWS::AppSync::GraphQLApi",
    "AWS::Serverless::HttpApi": "AWS::ApiGatewayV2::Api",
    "AWS::Serverless::LayerVersion": "AWS::Lambda::LayerVersion",
    "AWS::Serverless::SimpleTable": "AWS::DynamoDB::Table",
    "AWS::Serverless::StateMachine": "AWS::StepFunctions::StateMachine",
    "AWS::Serverless::WebSocketApi": "AWS::ApiGatewayV2::Api",
}
SAM_NAMES = {
    "AWS::Serverless::Api": "Name",
    "AWS::Serverless::Application": "",
    "AWS::Serverless::CapacityProvider": "CapacityProviderName",
    "AWS::Serverless::Function": "FunctionName",
    "AWS::Serverless::GraphQLApi": "Name",
    "AWS::Serverless::HttpApi": "Name",
    "AWS::Serverless::LayerVersion": "LayerName",
    "AWS::Serverless::SimpleTable": "TableName",
    "AWS::Serverless::StateMachine": "Name",
    "AWS::Serverless::WebSocketApi": "Name",
}
ANY_ATTRIBUTE = "any"


def build_cloudformation(wheels: Wheels) -> Built:
    """`cloudformation.txt`: what `Ref` and `Fn::GetAtt` give, ARN forms, name and role properties of each type."""
    archive = wheels.archive(TYPES)
    members = [name for name in archive.namelist() if re.fullmatch(r".*/schemas/resources/\w+\.json", name)]
    schemas = {schema["typeName"]: schema for schema in (json.loads(archive.read(name)) for name in members)}
    open_types, extra_attributes = attribute_exceptions(wheels)
    formats = ArnFormats(wheels, schemas)
    reviewed = {row[0]: row[1:] for row in curated("cloudformation.txt")}
    rows: dict[str, TypeRow] = {}
    derived = 0
    for name in sorted({*schemas, *reviewed} - {"AWS::CloudFormation::CustomResource"}):
        schema = schemas.get(name, {"typeName": name, "properties": {}})
        attributes = sorted({*attributes_of(schema, name in open_types), *extra_attributes.get(name, ())})
        if name == "AWS::CloudFormation::Stack":
            attributes = [ANY_ATTRIBUTE]
        row = TypeRow(
            ref=ref_kind(schema),
            arns=(),
            arn_attribute=arn_attribute(schema),
            suffix="",
            name=name_property(schema),
            attributes=tuple(attributes),
            roles=tuple(sorted(role_properties(schema))),
        )
        found = formats.of(schema, row)
        row = row._replace(arns=found)
        derived += bool(found)
        if name in reviewed:
            row = with_review(name, row, reviewed[name], known=name in schemas)
        rows[name] = row
    for name, generated in SAM_TYPES.items():
        rows[name] = rows[generated]._replace(name=SAM_NAMES[name], roles=rows[name].roles if name in rows else ())
    lines = ["permscope cloudformation 1", *(rows[name].line(name) for name in sorted(rows))]
    return Built(
        {"cloudformation.txt": ("\n".join(lines) + "\n").encode("ascii")},
        {
            "types": len(rows),
            "types_with_arn": sum(bool(row.arns) for row in rows.values()),
            "types_with_derived_arn": derived,
            "types_with_role": sum(bool(row.roles) for row in rows.values()),
            "reviewed_types": len(reviewed),
        },
    )


def with_review(name: str, row: TypeRow, reviewed: list[str], *, known: bool) -> TypeRow:
    """The derived facts, overruled by the hand-written ones."""
    ref, arns, attribute, name_path = (each if each != "-" else "" for each in reviewed)
    attribute, _, suffix = attribute.partition("+")
    if known and attribute and attribute not in row.attributes and ANY_ATTRIBUTE not in row.attributes:
        raise BuildError(f"{name} has no attribute {attribute}")
    prefixed = tuple(f"arn:{{partition}}:{arn}" for arn in arns.split("|") if arn)
    return row._replace(ref=ref, arns=prefixed, arn_attribute=attribute, suffix=suffix, name=name_path)


def attribute_exceptions(wheels: Wheels) -> tuple[set[str], dict[str, list[str]]]:
    """Types all of whose properties `Fn::GetAtt` can read, and attributes missing in the schemas."""
    found = {}
    for node in ast.parse(wheels.text(TYPES, "cfnlint/schema/_getatts.py")).body:
        name = getattr(node.targets[0], "id", "") if isinstance(node, ast.Assign) else ""
        if isinstance(node, ast.Assign) and name in {"_all_property_types", "_exceptions"}:
            found[name] = ast.literal_eval(node.value)
    return set(found["_all_property_types"]), found["_exceptions"]


def attributes_of(schema: Mapping[str, Any], every_property: bool) -> set[str]:
    """What `Fn::GetAtt` accepts."""
    found = {pointer_path(pointer) for pointer in schema.get("readOnlyProperties", ())}
    return found | set(schema["properties"]) if every_property else found


def ref_kind(schema: Mapping[str, Any]) -> str:
    """What `Ref` returns, told from the primary identifier."""
    identifiers = [pointer_path(pointer) for pointer in schema.get("primaryIdentifier", ())]
    if len(identifiers) != 1:
        return "other"
    last = identifiers[0].rpartition(".")[2]
    if last.lower().endswith("arn"):
        return "arn"
    if last.lower().endswith(("url", "uri")):
        return "url"
    read_only = set(schema.get("readOnlyProperties", ()))
    if f"/properties/{identifiers[0].replace('.', '/')}" in read_only:
        return "name" if last.endswith("Name") else "id"
    return "name"


def arn_attribute(schema: Mapping[str, Any]) -> str:
    """The attribute that holds the resource's own ARN."""
    thing = schema["typeName"].rpartition("::")[2].lower()
    paths = [pointer_path(pointer) for pointer in schema.get("readOnlyProperties", ())]
    candidates = [path for path in paths if path.lower().endswith("arn") and "." not in path]
    for wanted in ("arn", f"{thing}arn"):
        for path in candidates:
            if path.lower() == wanted:
                return path
    identifiers = [pointer_path(pointer) for pointer in schema.get("primaryIdentifier", ())]
    own = [path for path in candidates if path in identifiers or thing.endswith(path.lower().removesuffix("arn"))]
    return own[0] if own else ""


def name_property(schema: Mapping[str, Any]) -> str:
    """The property that fixes the physical name."""
    thing = schema["typeName"].rpartition("::")[2]
    words = re.findall(r"[A-Z]+[a-z0-9]*", thing)
    identifiers = [pointer_path(pointer) for pointer in schema.get("primaryIdentifier", ())]
    read_only = {pointer_path(pointer) for pointer in schema.get("readOnlyProperties", ())}
    tails = ["".join(words[at:]) for at in range(len(words))]
    wanted = ["Name", *(f"{tail}Name" for tail in tails), f"{thing}Identifier", f"{words[0]}Name" if words else ""]
    chosen = [path for path in identifiers if path not in read_only and path in wanted]
    if not chosen and len(identifiers) == 1 and identifiers[0] not in read_only:
        chosen = [path for path in identifiers if not path.lower().endswith("arn")]
    if not chosen:
        parents = {f"{words[0]}Name"} if len(identifiers) > 1 and words else set()
        chosen = [path for path in wanted if path in schema["properties"] and path not in {*read_only, *parents}]
    return chosen[0] if chosen else ""
