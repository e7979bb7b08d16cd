"""Policies that AWS manages: `managed_policies.txt`, `managed_policies.bin`."""

from __future__ import annotations

import ast
import json
import zlib
from typing import Any

from builders.sources import MANAGED_POLICIES, WITHDRAWN_POLICIES, BuildError, Built, Wheels, compact

POLICIES_PER_CHUNK = 16


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
