"""The formats that other programs read: golden, and harmless whatever a template says."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

FORMATS = (
    "findings.sarif",
    "findings.junit.xml",
    "findings.github.txt",
    "findings.gitlab.json",
    "findings.csv",
    "findings.md",
)


@pytest.mark.parametrize("name", FORMATS)
def test_the_format_is_what_its_golden_file_shows(
    name: str, rendered: Callable[[str], str], golden: Callable[[str, str], None]
) -> None:
    """Every byte is decided, and reviewed."""
    golden(f"ci/{name}", rendered(name).replace("\r\n", "\n"))


@pytest.mark.parametrize("name", FORMATS)
def test_no_control_character_of_a_template_gets_through(name: str, rendered: Callable[[str], str]) -> None:
    """What moves the cursor, reorders or hides text is written out."""
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]", rendered(name))
