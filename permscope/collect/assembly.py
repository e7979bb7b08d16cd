"""CDK cloud assemblies: which stacks `cdk synth` wrote, where the app deploys them, and where their assets are.

https://docs.aws.amazon.com/cdk/v2/guide/deploy.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from permscope.collect.templates.files import Place, RefusedFileError, read_file
from permscope.collect.templates.options import LoadOptions
from permscope.lazy import regex

MANIFEST = "manifest.json"
_ASSETS = ".assets.json"
_ASSET = regex(r"\b[0-9a-f]{64}\b")
_MOST_ASSET_FILES = 50
_MOST_VALUES = 200
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


def asset_of(value: object, place: Place) -> str | None:
    """The file of an asset that a property names by its hash, such as the template of a nested stack.

    The app says which file that is in the `*.assets.json` beside the template.

    Args:
        value: the property, unresolved: a URL of which the hash is one part.
        place: of the template.
    """
    found = next((found[0] for text in _texts(value) if (found := _ASSET.search(text))), None)
    if found is None or place.directory is None:
        return None
    own = re.sub(r"(\.nested)?\.template\.json$", "", Path(place.file).name) + _ASSETS
    try:
        names = sorted(
            (path.name for path in place.directory.glob(f"*{_ASSETS}")), key=lambda name: (name != own, name)
        )
    except OSError:
        return None
    for name in names[:_MOST_ASSET_FILES]:
        path = _asset_file(name, found, place)
        if path is not None:
            return path
    return None


def _texts(value: object) -> Iterator[str]:
    """The texts in a value, as far as an intrinsic function is worth looking into."""
    todo = [value]
    for _ in range(_MOST_VALUES):
        if not todo:
            return
        held = todo.pop()
        if isinstance(held, str):
            yield held
        elif isinstance(held, Mapping | list):
            todo.extend(held.values() if isinstance(held, Mapping) else held)


def _asset_file(manifest: str, digest: str, place: Place) -> str | None:
    try:
        held = json.loads(read_file(manifest, place)[0])
    except (RefusedFileError, ValueError, RecursionError):
        return None
    for step in ("files", digest, "source", "path"):
        held = held.get(step) if isinstance(held, Mapping) else None
    return held if isinstance(held, str) else None
