"""The inputs of a run: templates found by content in files, directories and globs, CDK assemblies, standard input."""

from __future__ import annotations

import glob
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from permscope.collect.templates.collect import Template
from permscope.collect.templates.document import MAX_BYTES, decode, parse_document
from permscope.collect.templates.files import Place, root_of
from permscope.collect.templates.options import LoadOptions
from permscope.collect.templates.stack import check_shape
from permscope.errors import InputError, PermscopeError, TemplateError
from permscope.inventory.source import Source

_SKIPPED = frozenset(["node_modules", "__pycache__", "site-packages", "venv", "bower_components"])
_TEMPLATE_SUFFIXES = (".yaml", ".yml", ".json", ".template", ".cfn", ".cform", ".cloudformation", ".sam")
_MAYBE_SUFFIXES = ("", ".txt", ".tpl", ".tmpl", ".yaml.txt", ".stack")
_MAYBE_BYTES = 2 * 1024 * 1024
_SECTION = re.compile(rb"(?m)(?:^|[{,\s])[\"']?Resources[\"']?\s*:")
_TYPE = re.compile(rb"[A-Za-z0-9]+::[A-Za-z0-9]+")
_MANIFEST = "manifest.json"

Hook = Callable[[bytes, str], bool]


@dataclass(slots=True)
class Found:
    """What a run reads.

    Attributes:
        templates: parsed, in the order of the command line, directories sorted.
        errors: inputs that cannot be used.
        snapshots: files that are no templates but that a later reader may know.
    """

    templates: list[Template] = field(default_factory=list)
    errors: list[PermscopeError] = field(default_factory=list)
    snapshots: list[str] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def first_time(self, path: str) -> bool:
        """Whether a file was not read before under another name."""
        real = os.path.realpath(path)
        if real in self._seen:
            return False
        self._seen.add(real)
        return True


def discover(paths: list[str], options: LoadOptions) -> Found:
    """Find and parse every template the paths name."""
    found = Found()
    for path in paths:
        if path == "-":
            _standard_input(found, options)
        elif os.path.isdir(path):
            _directory(path, found, options)
        elif os.path.exists(path):
            _named_file(path, found, options)
        elif any(character in path for character in "*?["):
            _pattern(path, found, options)
        else:
            found.errors.append(InputError(f"there is no file or directory `{path}`", hint="check the path"))
    return found


def _standard_input(found: Found, options: LoadOptions) -> None:
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    place = Place("<stdin>")
    _parse(data, place, found, options, named=True)


def _named_file(path: str, found: Found, options: LoadOptions) -> None:
    if os.path.basename(path) == _MANIFEST and _assembly(os.path.dirname(path) or ".", found, options, path):
        return
    if path.endswith((".json.gz", ".json.zst", ".gz", ".zst")):
        found.snapshots.append(path)
        return
    if not found.first_time(path):
        return
    data = _read(path, found)
    if data is not None:
        _parse(data, _place(path), found, options, named=True)


def _place(path: str, given: str | None = None) -> Place:
    directory = os.path.dirname(os.path.abspath(path))
    return Place(_shown(path), directory, root_of(directory, given))


def _shown(path: str) -> str:
    shown = os.path.normpath(path)
    return shown.replace(os.sep, "/")


def _read(path: str, found: Found) -> bytes | None:
    try:
        if not os.path.isfile(path):
            found.errors.append(InputError(f"`{path}` is not a regular file"))
            return None
        with open(path, "rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        found.errors.append(InputError(f"`{path}` cannot be read: {(error.strerror or 'error').lower()}"))
        return None


def _parse(data: bytes, place: Place, found: Found, options: LoadOptions, *, named: bool) -> None:
    """Parse one file; one that is no template is an error only where the user named it."""
    try:
        document = parse_document(decode(data, place.file), place.file)
        check_shape(document.value, place)
    except TemplateError as error:
        found.errors.append(error)
        return
    found.templates.append(Template(place=place, document=document, options=options, named=named))


def _pattern(pattern: str, found: Found, options: LoadOptions) -> None:
    matches = sorted(glob.glob(pattern, recursive=True))
    if not matches:
        found.errors.append(InputError(f"nothing matches `{pattern}`", hint="quote the pattern and check the path"))
    for path in matches:
        if os.path.isdir(path):
            if not pattern.endswith("**"):
                _directory(path, found, options)
        else:
            _candidate(path, found, options, None)


def _candidate(path: str, found: Found, options: LoadOptions, given: str | None) -> None:
    """A file of a directory or a glob: read if its content says it is a template."""
    name = os.path.basename(path).lower()
    suffix = os.path.splitext(name)[1]
    is_likely = name.endswith(_TEMPLATE_SUFFIXES)
    if not is_likely and suffix not in _MAYBE_SUFFIXES:
        return
    try:
        if not os.path.isfile(path) or os.path.getsize(path) > (MAX_BYTES if is_likely else _MAYBE_BYTES):
            return
        with open(path, "rb") as stream:
            data = stream.read()
    except OSError as error:
        found.errors.append(InputError(f"`{path}` cannot be read: {(error.strerror or 'error').lower()}"))
        return
    if not looks_like_template(data) or not found.first_time(path):
        return
    place = _place(path, given)
    try:
        document = parse_document(decode(data, place.file), place.file)
    except TemplateError as error:
        if _is_declared(data):
            found.errors.append(error)
        return
    try:
        value = check_shape(document.value, place)
    except TemplateError:
        return
    if "AWSTemplateFormatVersion" in value or "Transform" in value or _has_types(value["Resources"]):
        found.templates.append(Template(place=place, document=document, options=options))


def _has_types(resources: dict[str, object]) -> bool:
    return any(isinstance(resource, dict) and "::" in str(resource.get("Type", "")) for resource in resources.values())


def looks_like_template(data: bytes) -> bool:
    """Whether bytes may be a template: a `Resources` section and a resource type, or UTF-16 text that must be parsed."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return b"R\x00e\x00s\x00o\x00u\x00r\x00c\x00e\x00s" in data
    return _SECTION.search(data) is not None and (_TYPE.search(data) is not None or b"AWSTemplateFormatVersion" in data)


def _is_declared(data: bytes) -> bool:
    """Whether broken text is meant to be a template, so that skipping it would hide something."""
    return re.search(rb"(?m)^Resources[ \t]*:|^\s*\"Resources\"\s*:|AWSTemplateFormatVersion", data) is not None


def _directory(path: str, found: Found, options: LoadOptions) -> None:
    """Every template below a directory; a CDK assembly is read through its manifest."""
    before = len(found.templates), len(found.errors)
    if os.path.isfile(os.path.join(path, ".aws-sam", "build", "template.yaml")) and not _has_source_template(path):
        path = os.path.join(path, ".aws-sam", "build")
    for folder in _walk(path):
        if _assembly(folder, found, options, os.path.join(folder, _MANIFEST)):
            continue
        try:
            names = sorted(os.listdir(folder))
        except OSError as error:
            found.errors.append(InputError(f"`{folder}` cannot be read: {(error.strerror or 'error').lower()}"))
            continue
        for name in names:
            child = os.path.join(folder, name)
            if not os.path.isdir(child):
                _candidate(child, found, options, path)
    if before == (len(found.templates), len(found.errors)):
        found.errors.append(
            InputError(f"no template in `{path}`", hint="a template is a YAML or JSON file with a `Resources` section")
        )


def _has_source_template(path: str) -> bool:
    return any(os.path.isfile(os.path.join(path, name)) for name in ("template.yaml", "template.yml", "template.json"))


def _walk(path: str) -> Iterator[str]:
    """The folders to look in, parents first; hidden ones, packages and links back up are left out."""
    seen: set[tuple[int, int]] = set()
    todo = [path]
    while todo:
        folder = todo.pop()
        try:
            status = os.stat(folder)
            names = sorted(os.listdir(folder), reverse=True)
        except OSError:
            yield folder
            continue
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        yield folder
        if os.path.isfile(os.path.join(folder, _MANIFEST)) and _stacks_of(folder) is not None:
            continue
        for name in names:
            child = os.path.join(folder, name)
            if name.startswith(".") or name in _SKIPPED or not os.path.isdir(child):
                continue
            if os.path.isfile(os.path.join(child, "pyvenv.cfg")):
                continue
            if os.path.islink(child) and not os.path.realpath(child).startswith(os.path.realpath(path) + os.sep):
                continue
            todo.append(child)


# CDK assemblies: https://docs.aws.amazon.com/cdk/v2/guide/cfn-layer.html


def _manifest(folder: str) -> dict[str, object] | None:
    try:
        with open(os.path.join(folder, _MANIFEST), encoding="utf-8") as stream:
            held = json.load(stream)
    except (OSError, ValueError, RecursionError):
        return None
    return held if isinstance(held, dict) and isinstance(held.get("artifacts"), dict) else None


def _stacks_of(folder: str) -> list[tuple[str, LoadOptions]] | None:
    """Template file and deployment of each stack in a CDK assembly and the assemblies within; None for no assembly."""
    manifest = _manifest(folder)
    if manifest is None:
        return None
    stacks: list[tuple[str, LoadOptions]] = []
    artifacts = manifest["artifacts"]
    for artifact in artifacts.values() if isinstance(artifacts, dict) else ():
        properties = artifact.get("properties") if isinstance(artifact, dict) else None
        if not isinstance(properties, dict):
            continue
        directory, file = properties.get("directoryName"), properties.get("templateFile")
        if artifact.get("type") == "cdk:cloud-assembly" and _is_plain(directory):
            inner = os.path.join(folder, str(directory))
            if os.path.realpath(inner) != os.path.realpath(folder):
                stacks.extend(_stacks_of(inner) or ())
        elif artifact.get("type") == "aws:cloudformation:stack" and _is_plain(file):
            stacks.append((os.path.join(folder, str(file)), _deployment(artifact, properties)))
    return stacks


def _is_plain(name: object) -> bool:
    return isinstance(name, str) and bool(name) and name == os.path.basename(name) and name not in (".", "..")


def _deployment(artifact: dict[str, object], properties: dict[str, object]) -> LoadOptions:
    """Account and Region of `aws://111122223333/eu-west-1`, where the app fixes them, and the stack's name."""
    environment = re.fullmatch(r"aws://([^/]+)/([^/]+)", str(artifact.get("environment", "")))
    account = environment[1] if environment and re.fullmatch(r"\d{12}", environment[1]) else None
    region = environment[2] if environment and not environment[2].startswith("unknown") else None
    name = properties.get("stackName")
    return LoadOptions(account=account, region=region, stack_name=name if isinstance(name, str) else None)


def _assembly(folder: str, found: Found, options: LoadOptions, manifest: str) -> bool:
    """Read the stacks of a CDK assembly; false where the folder is none."""
    stacks = _stacks_of(folder) if os.path.isfile(manifest) else None
    if stacks is None:
        return False
    for path, deployment in stacks:
        if not found.first_time(path):
            continue
        if not os.path.isfile(path):
            found.errors.append(
                InputError(
                    f"the manifest names `{_shown(path)}`, which does not exist",
                    source=Source(_shown(manifest)),
                    hint="run `cdk synth` again",
                )
            )
            continue
        data = _read(path, found)
        bound = options.bound(account=deployment.account, region=deployment.region, stack_name=deployment.stack_name)
        if data is not None:
            _parse(data, _place(path, folder), found, bound, named=False)
    return True
