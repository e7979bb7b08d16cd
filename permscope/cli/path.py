"""`permscope path`."""

from __future__ import annotations

from typing import Annotated

import typer

from permscope.cli.exit_codes import ExitCode
from permscope.cli.options import (
    AccountOption,
    AnswerFormat,
    AsciiOption,
    FormatOption,
    NoColorOption,
    ParameterOption,
    ParametersOption,
    PartitionOption,
    Paths,
    RegionOption,
    StackNameOption,
    WidthOption,
    read_world,
    write_json,
)


def run(
    paths: Paths = None,
    *,
    start: Annotated[str, typer.Option("--from", help="Where it begins: `public`, a function, a role, ...")],
    end: Annotated[str, typer.Option("--to", help="Where it ends: a table, a secret, a role, ...")],
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many paths.")] = 5,
    format_: FormatOption = AnswerFormat.TEXT,
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
    """How one node reaches another: the shortest few ways, hop by hop, with the statement that allows each."""
    from permscope.graph.build import build_graph
    from permscope.graph.paths import find_paths
    from permscope.graph.queries import find_node
    from permscope.report import answers

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
    first, last = find_node(graph, start), find_node(graph, end)
    found = find_paths(graph, first, last, limit)
    if format_ is AnswerFormat.JSON:
        write_json(answers.path_document(found, graph, start=first, end=last))
    else:
        from permscope.report.terminal import make_console

        console = make_console(width=width, no_color=no_color, ascii_only=ascii_only)
        answers.print_paths(found, graph, console, start=first, end=last)
    if inventory.errors:
        raise typer.Exit(ExitCode.INCOMPLETE)
