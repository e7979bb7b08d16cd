"""The terminal view of an audit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rich.cells import cell_len

from permscope.audit.findings import Finding
from permscope.graph.model import PermissionGraph
from permscope.graph.queries import find_node
from permscope.inventory.source import Source
from permscope.report.audit_text import print_audit, shortened

Draw = Callable[..., str]
World = Callable[[str], PermissionGraph]

_STATEMENT = """Effect: Allow
Action: [s3:GetObject, s3:PutObject]
Resource: arn:${AWS::Partition}:s3:::${Invoices}/*"""
_FIX = "Resource:\n  - !Sub ${Invoices.Arn}/*\n  - !Sub arn:aws:s3:::<BucketName>/*"


def finding(graph: PermissionGraph, name: str, **given: object) -> Finding:
    """A finding about a function of the fixture."""
    node = find_node(graph, name)
    values: dict[str, object] = {
        "rule": "some-rule",
        "severity": "high",
        "resource": name,
        "source": Source(file="fixtures/orders/template.yaml", line=50, column=3),
        "message": f"`{name}` may do something",
        "fix": _FIX,
        "excerpt": _STATEMENT,
        "guilty": "s3:PutObject",
        "nodes": (node.id,),
    }
    return Finding(**(values | given))  # type: ignore[arg-type]


def findings(graph: PermissionGraph) -> list[Finding]:
    """Two about one statement, one without a statement, one that is suppressed."""
    return [
        finding(graph, "WriteInvoice", fingerprint="1"),
        finding(graph, "WriteInvoice", rule="other-rule", severity="medium", guilty="s3:GetObject", fingerprint="2"),
        finding(
            graph,
            "PlaceOrder",
            rule="open-route",
            severity="critical",
            excerpt="",
            guilty="",
            fix="Ask callers who they are.",
            adjusted="raised from high: the public can call it",
            fingerprint="3",
        ),
        finding(graph, "StoreOrder", suppressed="it is meant to", fingerprint="4"),
    ]


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("group_by", ["function", "rule", "file"])
def test_the_audit_looks_as_reviewed(
    width: int, group_by: str, world: World, shown: Draw, golden: Callable[[str, str], None]
) -> None:
    """Verdict, functions worst first, each finding with place, statement and fix."""
    graph = world("orders")
    text = shown(
        lambda console: print_audit(findings(graph), graph, (), console, rules=3, group_by=group_by), width=width
    )
    golden(f"audit-{group_by}-{width}.txt", text)


def test_findings_about_one_statement_show_it_once(world: World, shown: Draw) -> None:
    """Two rules, one statement, one fix."""
    graph = world("orders")
    text = shown(lambda console: print_audit(findings(graph), graph, (), console, rules=3))
    assert text.count("Action: [s3:GetObject, s3:PutObject]") == 1
    assert text.count("fix: Resource:") == 1
    assert "1 suppressed" in text


def test_a_clean_audit_still_says_what_is_unknown(graph: PermissionGraph, shown: Draw) -> None:
    """A clean result with unknowns says so."""
    text = shown(lambda console: print_audit([], graph, (), console, rules=3))
    assert text.splitlines()[0] == "no findings · 1 function, 1 role · 1 unknown"
    assert "parameter `Table`: it has no default" in text


def test_many_findings_are_counted_by_rule_first(world: World, shown: Draw) -> None:
    """What there is a lot of stands above the single findings."""
    graph = world("orders")
    many = [finding(graph, "StoreOrder", fingerprint=str(number), message=f"m{number}") for number in range(20)]
    lines = shown(lambda console: print_audit(many, graph, (), console, rules=3)).splitlines()
    assert lines[2] == "  some-rule  20 high"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_only_code_to_copy_may_be_wider_than_the_terminal(world: World, shown: Draw, width: int) -> None:
    """Everything else is folded."""
    graph = world("orders")
    text = shown(lambda console: print_audit(findings(graph), graph, (), console, rules=3), width=width)
    assert all(cell_len(line) <= width for line in text.splitlines() if "- !Sub" not in line and "# and" not in line)
    assert all(line == line.rstrip() for line in text.splitlines())


def test_a_fix_with_something_concrete_leaves_placeholders_out() -> None:
    """`!GetAtt Orders.Arn` is what to write; the other ARN formats are only counted."""
    assert shortened(_FIX.splitlines()) == [
        "Resource:",
        "  - !Sub ${Invoices.Arn}/*",
        "  # and 1 more ARN format, should the code use them: see --format json",
    ]
    only_vague = ["Resource:", "  - !Sub arn:aws:s3:::<BucketName>/*"]
    assert shortened(only_vague) == only_vague
    assert len(shortened([str(number) for number in range(40)])) == 10
