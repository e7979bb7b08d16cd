"""The terminal view of an audit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len

from permscope.audit.findings import Finding
from permscope.collect.load import LoadOptions, load
from permscope.graph.build import build_graph
from permscope.graph.model import PermissionGraph
from permscope.graph.questions.queries import find_node
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


def test_a_fix_that_several_findings_share_stands_below_the_last_of_them(world: World, shown: Draw) -> None:
    """Three routes without authorization, one thing to write."""
    graph = world("orders")
    same = [
        finding(graph, "PlaceOrder", message=f"anyone can call `GET /{n}`", excerpt="", fix="Ask.", fingerprint=str(n))
        for n in range(3)
    ]
    text = shown(lambda console: print_audit(same, graph, (), console, rules=3))
    assert text.count("anyone can call") == 3
    assert text.count("fix: Ask.") == 1
    assert text.index("fix: Ask.") > text.index("GET /2")


def test_of_many_findings_only_the_bad_ones_are_shown_in_full(world: World, shown: Draw) -> None:
    """A hundred medium ones are a line each, and it is said how to see all of them."""
    graph = world("orders")
    many = [
        finding(graph, "PlaceOrder", severity="medium", excerpt="", fix=f"Do {n}.", fingerprint=str(n))
        for n in range(99)
    ]
    many.append(finding(graph, "WriteInvoice", fix="Do it now.", fingerprint="bad"))
    text = shown(lambda console: print_audit(many, graph, (), console, rules=3))
    assert text.count("MEDIUM some-rule  :50  `PlaceOrder` may do something") == 99
    assert text.count("fix: ") == 1
    assert "fix: Do it now." in text
    assert "--all" in text
    assert shown(lambda console: print_audit(many, graph, (), console, rules=3, whole=True)).count("fix: ") == 100


def test_the_remarks_of_one_rule_in_one_file_are_one_line(world: World, shown: Draw) -> None:
    """They name what they are about and the lines, and `--all` has each with its fix; one alone is shown in full."""
    graph = world("orders")
    remark = {"severity": "info", "title": "Something is worth a look", "excerpt": "", "guilty": "", "nodes": ()}
    here = Source(file="fixtures/orders/template.yaml", line=9)
    there = Source(file="other.yaml", line=3)
    several = [
        finding(graph, "WriteInvoice", **(remark | {"resource": name, "source": source, "fingerprint": str(n)}))
        for n, (name, source) in enumerate(
            [("Queue", Source(file=here.file, line=12)), ("Queue", here), ("Bucket", here), ("Topic", there)]
        )
    ]
    for group_by in ("function", "file"):
        text = shown(lambda console, by=group_by: print_audit(several, graph, (), console, rules=3, group_by=by))
        assert "INFO some-rule  Something is worth a look: `Bucket` :9, `Queue` :9 :12" in text
        assert "INFO some-rule  :3" in text
        assert text.count("fix: ") == 1
        assert "--all" in text
    text = shown(lambda console: print_audit(several, graph, (), console, rules=3, whole=True))
    assert text.count("INFO some-rule  :") == 4
    assert "--all" not in text


def test_what_is_found_in_a_live_account_stands_under_the_account_and_names_the_resource(
    world: World, shown: Draw
) -> None:
    """Which call answered says nothing to a reader; where the resource is does."""
    graph = world("orders")
    arn = "arn:aws:sqs:eu-west-1:111122223333:orders"
    source = Source(call="sqs.get_queue_attributes", account="111122223333", region="eu-west-1")
    live = [finding(graph, "WriteInvoice", resource=arn, source=source, nodes=(), excerpt="", guilty="")]
    for group_by in ("function", "file"):
        text = shown(lambda console, by=group_by: print_audit(live, graph, (), console, rules=3, group_by=by))
        assert "\naccount 111122223333, eu-west-1  " in text
        assert f"HIGH some-rule  {arn}\n" in text
        assert "get_queue_attributes" not in text
    text = shown(lambda console: print_audit(live, graph, (), console, rules=3, group_by="rule"))
    assert f"HIGH  {arn}, account 111122223333, eu-west-1\n" in text


def test_a_focus_leaves_the_findings_about_some_nodes(world: World, shown: Draw) -> None:
    """The verdict stays that of everything."""
    graph = world("orders")
    near = {find_node(graph, "PlaceOrder").id}
    text = shown(lambda console: print_audit(findings(graph), graph, (), console, rules=3, focus=near))
    assert text.startswith("1 critical 1 high 1 medium")
    assert "1 finding about what was asked for" in text
    assert "open-route" in text
    assert "other-rule" not in text


def test_what_is_worst_comes_first_whether_or_not_it_is_about_a_function(world: World, shown: Draw) -> None:
    """A bucket open to everyone stands before a function that is merely broad."""
    graph = world("orders")
    some = [
        finding(graph, "PlaceOrder", severity="medium", excerpt="", fix="a", fingerprint="1"),
        finding(graph, "Invoices", severity="critical", rule="open-bucket", excerpt="", fix="b", fingerprint="2"),
    ]
    text = shown(lambda console: print_audit(some, graph, (), console, rules=3))
    assert text.index("not tied to one function") < text.index("PlaceOrder  fixtures")


def test_a_rule_that_stands_in_the_heading_is_not_repeated(world: World, shown: Draw) -> None:
    """Below it severity and place are enough; below a file the line alone."""
    graph = world("orders")
    by_rule = shown(lambda console: print_audit(findings(graph), graph, (), console, rules=3, group_by="rule"))
    assert by_rule.count("open-route") == 1
    by_file = shown(lambda console: print_audit(findings(graph), graph, (), console, rules=3, group_by="file"))
    assert by_file.count("fixtures/orders/template.yaml") == 1


def test_a_role_that_only_writes_logs_is_said_to(shown: Draw, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`runs as FRole` alone would leave open whether something is missing."""
    (tmp_path / "t.yaml").write_text(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  F: {Type: 'AWS::Serverless::Function', "
        "Properties: {Runtime: python3.13, Handler: a.b, CodeUri: src/}}\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    graph = build_graph(load(["t.yaml"], LoadOptions()))
    one = [finding(graph, "F", source=Source(file="t.yaml", line=2))]
    text = shown(lambda console: print_audit(one, graph, (), console, rules=3))
    assert "runs as    FRole (only writes its logs)" in text


def test_of_a_role_that_is_elsewhere_nothing_is_claimed(
    shown: Draw, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What its policies say is not in the input."""
    (tmp_path / "t.yaml").write_text(
        "Resources:\n  F: {Type: 'AWS::Lambda::Function', Properties: {Runtime: python3.13, Handler: a.b, "
        "Code: {ZipFile: x}, Role: 'arn:aws:iam::111122223333:role/app'}}\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    graph = build_graph(load(["t.yaml"], LoadOptions()))
    one = [finding(graph, "F", source=Source(file="t.yaml", line=2))]
    text = shown(lambda console: print_audit(one, graph, (), console, rules=3))
    assert "runs as    role/app (what it may touch is in no input)" in text


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
