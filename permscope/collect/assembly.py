"""CDK cloud assemblies: which stacks `cdk synth` wrote, and where the app deploys them.

https://docs.aws.amazon.com/cdk/v2/guide/deploy.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from permscope.collect.templates.options import LoadOptions

MANIFEST = "manifest.json"
_MAX_BYTES = 64 * 1024 * 1024
_MAX_DEPTH = 10


def stacks_of(folder: Path, depth: int = 0) -> list[tuple[Path, LoadOptions]] | None:
    """Template file and deployment of each stack of an assembly and of those within (stages); None for no assembly."""
    artifacts = _artifacts(folder)
    if artifacts is None:
        return None
    stacks: list[tuple[Path, LoadOptions]] = []
    for artifact in artifacts.values():
        properties = artifact.get("properties") if isinstance(artifact, Mapping) else None
        if not isinstance(properties, Mapping):
            continue
        if artifact.get("type") == "cdk:cloud-assembly" and depth < _MAX_DEPTH:
            inner = _child(folder, properties.get("directoryName"))
            stacks.extend((stacks_of(inner, depth + 1) or ()) if inner else ())
        elif artifact.get("type") == "aws:cloudformation:stack":
            file = _child(folder, properties.get("templateFile"))
            if file is not None:
                stacks.append((file, _deployment(artifact, properties)))
    return stacks


def _artifacts(folder: Path) -> Mapping[str, Any] | None:
    path = folder / MANIFEST
    try:
        if path.stat().st_size > _MAX_BYTES:
            return None
        held = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    artifacts = held.get("artifacts") if isinstance(held, dict) and "version" in held else None
    return artifacts if isinstance(artifacts, dict) else None


def _child(folder: Path, name: object) -> Path | None:
    """A file or folder directly in the assembly; a name that leads elsewhere is no child."""
    if not isinstance(name, str) or not name or Path(name).name != name or name == "..":
        return None
    return folder / name


def _deployment(artifact: Mapping[str, Any], properties: Mapping[str, Any]) -> LoadOptions:
    """Account and Region of `aws://111122223333/eu-west-1`, where the app fixes them, and the stack's name."""
    environment = re.fullmatch(r"aws://([^/]+)/([^/]+)", str(artifact.get("environment", "")))
    account = environment[1] if environment and re.fullmatch(r"[0-9]{12}", environment[1]) else None
    region = environment[2] if environment and re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-[0-9]", environment[2]) else None
    name = properties.get("stackName")
    return LoadOptions(account=account, region=region, stack_name=name if isinstance(name, str) else None)
