"""JUnit as build servers count it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable

from permscope.report import junit


def test_the_heading_counts_what_the_report_holds(rendered: Callable[[str], str]) -> None:
    """The numbers of the heading are those of the cases."""
    suite = ET.fromstring(rendered("findings.junit.xml"))[0]  # noqa: S314 - our own text
    cases = list(suite)
    assert int(suite.attrib["tests"]) == len(cases) == 6
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure")) == 3
    assert int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped")) == 1
    assert int(suite.attrib["errors"]) == len(suite.findall("testcase/error")) == 1


def test_an_empty_report_has_a_case_that_passes() -> None:
    """Some CIs take a report without cases for a mistake."""
    suite = ET.fromstring(junit.render(()))[0]  # noqa: S314 - our own text
    assert [case.attrib["name"] for case in suite] == ["no findings"]
