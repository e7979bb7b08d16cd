"""Paths and cuts in the terminal."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from permscope.catalog.actions import load
from permscope.graph.model import PermissionGraph
from permscope.graph.questions.cut import Cut, find_cut
from permscope.graph.questions.paths import Path, find_paths
from permscope.graph.questions.queries import find_node
from permscope.inventory.policies import PolicyKind, parse_policy
from permscope.report.path_text import print_paths
from permscope.report.reasons import excerpt_of

Draw = Callable[..., str]
World = Callable[[str], PermissionGraph]
Golden = Callable[[str, str], None]


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("cut", [False, True])
def test_a_path_looks_as_reviewed(*, width: int, cut: bool, world: World, shown: Draw, golden: Golden) -> None:
    """Chains, what to cut, then numbered hops, each with the statement that allows it."""
    graph = world("orders")
    start, end = find_node(graph, "public"), find_node(graph, "OrdersTable")
    paths, to_cut = find_paths(graph, start, end), find_cut(graph, start, end) if cut else None
    text = shown(lambda console: print_paths(paths, graph, console, start=start, end=end, cut=to_cut), width=width)
    golden(f"{'cut' if cut else 'path'}-orders-{width}.txt", text)


def test_a_hop_that_two_ways_share_is_explained_once(world: World, shown: Draw) -> None:
    """The second way points at the first one."""
    graph = world("orders")
    start, end = find_node(graph, "public"), find_node(graph, "OrdersTable")
    (path,) = find_paths(graph, start, end, 1)
    twice: list[Path] = [path, path]
    text = shown(lambda console: print_paths(twice, graph, console, start=start, end=end))
    assert text.count("statement PartnerMayInvoice") == 1
    assert text.count("(see path 1, hop 1)") == 1


def test_it_is_said_that_there_may_be_more_ways_than_were_asked_for(world: World, shown: Draw) -> None:
    """Five of ten ways are not all."""
    graph = world("orders")
    start, end = find_node(graph, "public"), find_node(graph, "OrdersTable")
    paths = find_paths(graph, start, end, 1)
    text = shown(lambda console: print_paths(paths, graph, console, start=start, end=end, limit=1))
    assert "the shortest one: --limit shows more" in text.splitlines()[0]


def test_a_cut_that_no_statement_makes_says_so(world: World, shown: Draw) -> None:
    """A wiring without a policy cannot be cut by removing one."""
    graph = world("orders")
    start, end = find_node(graph, "public"), find_node(graph, "OrdersTable")
    paths, none = find_paths(graph, start, end, 1), Cut((), (), smallest=False, possible=False)
    text = shown(lambda console: print_paths(paths, graph, console, start=start, end=end, cut=none))
    assert "no statements to cut" in text


def test_a_long_statement_is_cut_down_to_the_actions_in_question() -> None:
    """Of twenty actions the one that matters is shown, and how many others there are."""
    actions = [f"s3:Get{name}" for name in ("Object", "BucketAcl", "BucketPolicy", "ObjectAcl")]
    document = {"Statement": [{"Effect": "Allow", "Action": [*actions, "sqs:SendMessage"], "Resource": "*"}]}
    (statement,) = parse_policy(document, name="p", kind=PolicyKind.INLINE).statements
    lines = excerpt_of(statement, load().expand("sqs:SendMessage"))
    assert "Action: [sqs:SendMessage, and 4 more]" in lines
    assert "Action: [s3:GetObject, s3:GetBucketAcl, s3:GetBucketPolicy, s3:GetObjectAcl, sqs:SendMessage]" in (
        excerpt_of(statement)
    )
