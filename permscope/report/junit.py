"""JUnit XML: one test case per finding, so that any CI shows them with its test results.

There is no standard. This is what Jenkins, GitLab, CodeBuild and Azure DevOps read, and what the schema of Jenkins'
xUnit plugin takes, `junit-10.xsd`, which refuses a file with any other attribute:
https://github.com/jenkinsci/xunit-plugin/tree/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

from permscope.audit.findings import Finding
from permscope.errors import PermscopeError
from permscope.report.describe import place
from permscope.report.escape import in_xml


def render(
    findings: Sequence[Finding],
    *,
    errors: Iterable[PermscopeError] = (),
    passed: Iterable[str] = (),
    suite: str = "permscope",
) -> str:
    """The findings as failed test cases, suppressed ones as skipped, broken inputs as errors.

    Args:
        findings: worst first.
        errors: inputs that could not be read.
        passed: names of contracts that hold; a run with nothing to say has one case that passes.
        suite: name of the test suite.
    """
    broken = tuple(errors)
    good = tuple(passed)
    skipped = sum(1 for finding in findings if finding.suppressed is not None)
    if not findings and not broken and not good:
        good = ("no findings",)
    total = len(findings) + len(broken) + len(good)
    counts = f'tests="{total}" failures="{len(findings) - skipped}" errors="{len(broken)}"'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {counts}>"]
    lines.append(f'  <testsuite name={_attribute(suite)} {counts} skipped="{skipped}">')
    lines.extend(f"    <testcase classname={_attribute(suite)} name={_attribute(name)}/>" for name in good)
    for finding in findings:
        lines.extend(_case(finding))
    for error in broken:
        name = str(error.source) if error.source else error.message
        lines.append(f"    <testcase classname={_attribute('input')} name={_attribute(name)}>")
        lines.append(f"      <error message={_attribute(str(error))}/>")
        lines.append("    </testcase>")
    return "\n".join([*lines, "  </testsuite>", "</testsuites>", ""])


def _case(finding: Finding) -> Iterable[str]:
    where = place(finding.source)
    name = f"{finding.resource} ({where})" if where else finding.resource
    yield f"    <testcase classname={_attribute(finding.rule)} name={_attribute(name)}>"
    if finding.suppressed is not None:
        yield f"      <skipped message={_attribute(finding.suppressed)}/>"
    else:
        way = [f"path: {' -> '.join(finding.path)}"] if finding.path else []
        body = "\n".join(part for part in (finding.message, finding.why, *way, f"fix: {finding.fix}", where) if part)
        yield f"      <failure type={_attribute(finding.severity)} message={_attribute(finding.message)}>"
        yield f"{_body(body)}</failure>"
    yield "    </testcase>"


def _attribute(text: str) -> str:
    return quoteattr(in_xml(" ".join(text.split())))


def _body(text: str) -> str:
    return escape(in_xml(text))
