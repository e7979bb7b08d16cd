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
    an ARN pattern.
    """
    from permscope.graph.asking import graph_to_ask, who_can
    from permscope.report import answers

    graph = graph_to_ask(inventory, configured().trusted, action, resource)
    found = who_can(graph, action, resource)
    if format_ == "json":
        write_json(answers.who_can_document(found, graph, action=action, resource=resource))
    else:
        answers.print_who_can(found, graph, console(), action=action, resource=resource, explain=explain)
