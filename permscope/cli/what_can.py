"""`permscope what-can`."""

from __future__ import annotations

from typing import Annotated

import typer

from permscope.cli.exit_codes import ExitCode
from permscope.cli.options import (
    AccountOption,
    AnswerFormat,
    AsciiOption,
    ExplainOption,
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
    principal: Annotated[str, typer.Argument(metavar="PRINCIPAL", help="Function, role, user, service, `public`, ...")],
    paths: Paths = None,
    *,
    explain: ExplainOption = False,
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
    """Everything a principal or function may do, by service and access level."""
    from permscope.graph.build import build_graph
    from permscope.graph.queries import find_node, what_can
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
    node = find_node(graph, principal)
    reached = what_can(graph, node)
    if format_ is AnswerFormat.JSON:
        write_json(answers.what_can_document(reached, graph, principal=node))
    else:
        from permscope.report.terminal import make_console

        console = make_console(width=width, no_color=no_color, ascii_only=ascii_only)
        answers.print_what_can(reached, graph, console, principal=node, explain=explain)
    if inventory.errors:
        raise typer.Exit(ExitCode.INCOMPLETE)
