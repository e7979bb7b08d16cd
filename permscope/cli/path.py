"""`permscope path`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from permscope.cli.options import configured, format_option, screen_options, world_options, write_json

if TYPE_CHECKING:
    from rich.console import Console

    from permscope.inventory.inventory import Inventory


@click.command("path")
@world_options
@click.option("--from", "start", required=True, metavar="NAME", help="Where it begins: `public`, a function, a role.")
@click.option("--to", "end", required=True, metavar="NAME", help="Where it ends: a table, a secret, a role.")
@click.option("--limit", type=click.IntRange(min=1), default=5, show_default=True, help="At most so many paths.")
@click.option("--cut", is_flag=True, help="Show the fewest statements whose removal breaks every path.")
@format_option("text", "json")
@screen_options
def command(
    *, inventory: Inventory, start: str, end: str, limit: int, cut: bool, format_: str, console: Callable[[], Console]
) -> None:
    """How one node reaches another: the shortest few ways, each hop with the statement that allows it."""
    from permscope.graph.build import build_graph
    from permscope.graph.questions.cut import find_cut
    from permscope.graph.questions.paths import find_paths
    from permscope.graph.questions.queries import find_node

    graph = build_graph(inventory, configured().trusted)
    first, last = find_node(graph, start), find_node(graph, end)
    found = find_paths(graph, first, last, limit)
    if format_ == "json":
        from permscope.report.answers import path_document

        document = path_document(found, graph, start=first, end=last)
        if cut:
            from permscope.report.reach import cut_document

            document["cut"] = cut_document(find_cut(graph, first, last))
        write_json(document)
        return
    from permscope.report.path_text import print_paths

    to_cut = find_cut(graph, first, last) if cut and found else None
    print_paths(found, graph, console(), start=first, end=last, limit=limit, cut=to_cut)
