"""`permscope graph`."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from permscope.cli.exit_codes import ExitCode
from permscope.cli.options import (
    AccountOption,
    AsciiOption,
    NoColorOption,
    ParameterOption,
    ParametersOption,
    PartitionOption,
    Paths,
    RegionOption,
    StackNameOption,
    WidthOption,
    read_world,
)


class GraphFormat(StrEnum):
    """How the graph is written."""

    TEXT = "text"
    JSON = "json"
    DOT = "dot"
    MERMAID = "mermaid"
    GRAPHML = "graphml"


def run(
    paths: Paths = None,
    *,
    focus: Annotated[str | None, typer.Option("--focus", help="Only this node and what is around it.")] = None,
    depth: Annotated[int, typer.Option("--depth", min=1, help="How many edges around the focus.")] = 2,
    format_: Annotated[GraphFormat, typer.Option("--format", help="How to write it.")] = GraphFormat.TEXT,
    whole: Annotated[bool, typer.Option("--all", help="Every detail, however many functions there are.")] = False,
    account: AccountOption = None,
    region: RegionOption = None,
    partition: PartitionOption = None,
    stack_name: StackNameOption = None,
    parameter: ParameterOption = None,
    parameters: ParametersOption = None,
    no_color: NoColorOption = False,
    width: WidthOption = None,
    ascii_only: AsciiOption = False,
) -> None:
    """Who invokes what, and what touches what.

    One tree per function: entry points, execution role, and what the role may touch.
    """
    from permscope.graph.build import build_graph

    inventory = read_world(
        paths,
        account=account,
        region=region,
        partition=partition,
        stack_name=stack_name,
        parameter=parameter,
        parameters=parameters,
    )
    graph = build_graph(inventory)
    if focus is not None:
        from permscope.graph.queries import find_node
        from permscope.graph.queries import focus as around

        graph = around(graph, find_node(graph, focus), depth)
    match format_:
        case GraphFormat.TEXT:
            from permscope.report.graph_text import print_graph
            from permscope.report.terminal import make_console

            console = make_console(width=width, no_color=no_color, ascii_only=ascii_only)
            print_graph(graph, console, whole=whole or focus is not None)
        case GraphFormat.JSON:
            from permscope.report.graph_json import render

            sys.stdout.write(render(graph))
        case _:
            from permscope.report import graph_formats

            render_as = {
                GraphFormat.DOT: graph_formats.render_dot,
                GraphFormat.MERMAID: graph_formats.render_mermaid,
                GraphFormat.GRAPHML: graph_formats.render_graphml,
            }
            sys.stdout.write(render_as[format_](graph))
    if inventory.errors:
        raise typer.Exit(ExitCode.INCOMPLETE)
