"""`permscope who-can`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from permscope.cli.options import configured, explain_option, format_option, screen_options, world_options, write_json

if TYPE_CHECKING:
    from rich.console import Console

    from permscope.inventory.inventory import Inventory


@click.command("who-can")
@click.argument("action")
@click.argument("resource")
@world_options
@explain_option
@format_option("text", "json")
@screen_options
def command(
    *, action: str, resource: str, inventory: Inventory, explain: bool, format_: str, console: Callable[[], Console]
) -> None:
    """Who may do ACTION on RESOURCE: roles, users, services, other accounts, the public.

    ACTION is an IAM action such as `s3:GetObject` and may hold wildcards; RESOURCE is a logical id, a name, an ARN or
    an ARN pattern. `who-can invoke FUNCTION` also shows who makes it run by writing to what triggers it, and who by
    taking over somebody who can.
    """
    from permscope.graph.questions.asking import graph_to_ask, wanted_actions, who_can
    from permscope.graph.questions.invocations import INVOKE
    from permscope.report import answers

    if action.lower() == "invoke":
        action = INVOKE
    if INVOKE in wanted_actions(action) and len(wanted_actions(action)) == 1:
        _who_can_invoke(inventory, resource, explain=explain, format_=format_, console=console)
        return
    graph = graph_to_ask(inventory, configured().trusted, action, resource)
    found = who_can(graph, action, resource)
    if format_ == "json":
        write_json(answers.who_can_document(found, graph, action=action, resource=resource))
    else:
        answers.print_who_can(found, graph, console(), action=action, resource=resource, explain=explain)


def _who_can_invoke(
    inventory: Inventory, resource: str, *, explain: bool, format_: str, console: Callable[[], Console]
) -> None:
    """Directly, by writing to what triggers the function, by taking over somebody who can."""
    from permscope.graph.build import build_graph
    from permscope.graph.model import NodeKind
    from permscope.graph.questions.asking import find_thing, who_can
    from permscope.graph.questions.invocations import INVOKE, who_can_invoke
    from permscope.report import answers
    from permscope.report.reach import groups_document

    graph = build_graph(inventory, configured().trusted)
    found = who_can(graph, INVOKE, resource)
    node = find_thing(graph, resource)[0]
    ways = who_can_invoke(graph, node) if node is not None and node.kind is NodeKind.FUNCTION else None
    if format_ == "json":
        document = answers.who_can_document(found, graph, action=INVOKE, resource=resource)
        write_json(document | groups_document(ways) if ways is not None else document)
        return
    answers.print_who_can(found, graph, console(), action=INVOKE, resource=resource, explain=explain, ways=ways)
