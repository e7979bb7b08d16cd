"""`permscope graph`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from permscope.cli.options import configured, format_option, screen_options, world_options

if TYPE_CHECKING:
    from rich.console import Console

    from permscope.graph.model import Node, PermissionGraph
    from permscope.inventory.inventory import Inventory


@click.command("graph")
@world_options
@click.option("--focus", metavar="NAME", help="Only this node and what is around it.")
@click.option("--depth", type=click.IntRange(min=1), default=2, show_default=True, help="Edges around the focus.")
@click.option("--all", "whole", is_flag=True, help="Every detail, however many functions there are.")
@click.option("--matrix", "view", flag_value="matrix", help="Functions against resources, a letter per access level.")
@click.option("--routes", "view", flag_value="routes", help="Every route and event, its authorization, what it runs.")
@format_option("text", "json", "dot", "mermaid", "graphml", "html")
@screen_options
def command(
    *,
    inventory: Inventory,
    focus: str | None,
    depth: int,
    whole: bool,
    view: str | None,
    format_: str,
    console: Callable[[], Console],
) -> None:
    """Who invokes what, and what touches what.

    Each function with its entry points, its execution role, and what the role may touch.
    """
    if view and format_ != "text":
        raise click.UsageError(f"--{view} is text only; --format {format_} has the whole graph")
    from permscope.graph.build import build_graph

    graph = world = build_graph(inventory, configured().trusted)
    node = None
    if focus is not None:
        from permscope.graph.questions.queries import find_node
        from permscope.graph.questions.queries import focus as around

        node = find_node(graph, focus)
        graph = around(graph, node, depth)
    match format_:
        case "text":
            _print(graph, world, console(), view, whole=whole, focus=node)
        case "json":
            from permscope.report.graph_json import chunks

            sys.stdout.writelines(chunks(graph))
        case "html":
            from permscope.report.html_report import render as render_html

            sys.stdout.write(render_html(graph, errors=inventory.errors))
        case _:
            from permscope.report import graph_formats

            render_as = {
                "dot": graph_formats.render_dot,
                "mermaid": graph_formats.render_mermaid,
                "graphml": graph_formats.render_graphml,
            }
            sys.stdout.write(render_as[format_](graph))


def _print(
    graph: PermissionGraph,
    world: PermissionGraph,
    console: Console,
    view: str | None,
    *,
    whole: bool,
    focus: Node | None,
) -> None:
    whole = whole or focus is not None
    match view:
        case "matrix":
            from permscope.report.matrix import print_matrix

            print_matrix(graph, console, whole=whole, within=world)
        case "routes":
            from permscope.report.routes import print_routes

            print_routes(graph, console)
        case _:
            from permscope.report.graph_text import print_graph

            print_graph(graph, console, whole=whole, within=world, first=focus)
