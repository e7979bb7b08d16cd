"""`permscope graph`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from permscope.cli.options import format_option, screen_options, world_options

if TYPE_CHECKING:
    from rich.console import Console

    from permscope.inventory.inventory import Inventory


@click.command("graph")
@world_options
@click.option("--focus", metavar="NAME", help="Only this node and what is around it.")
@click.option("--depth", type=click.IntRange(min=1), default=2, show_default=True, help="Edges around the focus.")
@click.option("--all", "whole", is_flag=True, help="Every detail, however many functions there are.")
@format_option("text", "json", "dot", "mermaid", "graphml")
@screen_options
def command(
    *, inventory: Inventory, focus: str | None, depth: int, whole: bool, format_: str, console: Callable[[], Console]
) -> None:
    """Who invokes what, and what touches what.

    One tree per function: its entry points, its execution role, and what the role may touch.
    """
    from permscope.graph.build import build_graph

    graph = build_graph(inventory)
    if focus is not None:
        from permscope.graph.queries import find_node
        from permscope.graph.queries import focus as around

        graph = around(graph, find_node(graph, focus), depth)
    match format_:
        case "text":
            from permscope.report.graph_text import print_graph

            print_graph(graph, console(), whole=whole or focus is not None)
        case "json":
            from permscope.report.graph_json import render

            sys.stdout.write(render(graph))
        case _:
            from permscope.report import graph_formats

            render_as = {
                "dot": graph_formats.render_dot,
                "mermaid": graph_formats.render_mermaid,
                "graphml": graph_formats.render_graphml,
            }
            sys.stdout.write(render_as[format_](graph))
