"""`permscope who-can`."""

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
    action: Annotated[str, typer.Argument(metavar="ACTION", help="Such as `s3:GetObject`; wildcards are allowed.")],
    resource: Annotated[str, typer.Argument(metavar="RESOURCE", help="Logical id, name, ARN or ARN pattern.")],
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
    """Who may do an action on a resource: roles, users, services, other accounts, the public."""
    from permscope.graph.build import build_graph
    from permscope.graph.queries import who_can
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
    found = who_can(graph, action, resource)
    if format_ is AnswerFormat.JSON:
        write_json(answers.who_can_document(found, graph, action=action, resource=resource))
    else:
        from permscope.report.terminal import make_console

        console = make_console(width=width, no_color=no_color, ascii_only=ascii_only)
        answers.print_who_can(found, graph, console, action=action, resource=resource, explain=explain)
    if inventory.errors:
        raise typer.Exit(ExitCode.INCOMPLETE)
