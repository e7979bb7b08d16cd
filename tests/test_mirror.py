"""The tests mirror the package: whoever changes a module knows where its tests are."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "permscope"

# Modules that only name or hand on what others do.
WITHOUT_BEHAVIOUR = ("version.py", "cli/exit_codes.py", "audit/located_yaml.py")

# What holds for the whole product, or for much of it, and belongs to no module.
SUITES = frozenset(
    [
        "test_layers.py",
        "test_mirror.py",
        "test_readme.py",
        "test_reuse.py",
        "test_shared_templates.py",
        "test_where_people_run_it.py",
        "audit/test_fixtures.py",
        "audit/test_rule_docs.py",
        "audit/test_spelling.py",
        "audit/test_template_messages.py",
        "browser/test_reading.py",
        "browser/test_report.py",
        "catalog/test_build_data.py",
        "cli/test_reports_of_changes.py",
        "cli/test_usage.py",
        "collect/live/test_fidelity.py",
        "collect/live/test_fidelity_services.py",
        "collect/live/test_secrets.py",
        "collect/live/test_two_accounts.py",
        "collect/test_hostile.py",
        "collect/test_shared_templates.py",
        "graph/diff/test_soundness.py",
        "graph/test_accounts.py",
        "graph/test_hostile.py",
        "inventory/test_policyuniverse.py",
        "policy/test_agreement.py",
        "policy/test_corners.py",
        "policy/test_laws.py",
        "report/test_formats_of_ci.py",
        "services/live/test_moto.py",
        "services/test_every_reader.py",
    ]
)


def modules() -> list[str]:
    """Every module with behaviour, by its path in the package."""
    found = [path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"]
    return sorted(set(found) - set(WITHOUT_BEHAVIOUR))


def test_files() -> list[str]:
    """Every test file that is to belong to a module, by its path in the tests."""
    return sorted({path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py")} - SUITES)


test_files.__test__ = False  # type: ignore[attr-defined]


def homes(module: str) -> list[str]:
    """Where the tests of a module may be: what a service reads from an account has a folder of its own."""
    folder, _, name = module.rpartition("/")
    beside = f"{folder}/test_{name}" if folder else f"test_{name}"
    if folder != "services":
        return [beside]
    return [beside, f"services/live/test_{name.removeprefix('_live_')}"]


@pytest.mark.parametrize("module", modules())
def test_every_module_has_a_test_file_of_its_name(module: str) -> None:
    """A module without tests of its own is changed without anybody noticing."""
    has_tests = any((TESTS / home).is_file() for home in homes(module))
    assert has_tests, f"write tests/{homes(module)[0]}"


@pytest.mark.parametrize("file", test_files())
def test_every_test_file_has_a_module_of_its_name(file: str) -> None:
    """A file that is left behind when its module moves is found by nobody."""
    assert file in {home for module in modules() for home in homes(module)}, f"no module has tests/{file}; rename it"


def test_every_name_on_a_list_is_a_file() -> None:
    """An exception outlives neither its module nor its suite."""
    assert all((TESTS / suite).is_file() for suite in SUITES)
    assert all((PACKAGE / module).is_file() for module in WITHOUT_BEHAVIOUR)
