"""`permscope what-can`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from permscope.cli.options import configured, explain_option, format_option, screen_options, world_options, write_json

if TYPE_CHECKING:
    from rich.console import Console

    from permscope.inventory.inventory import Inventory


@click.command("what-can")
@click.argument("principal")
@world_options
@explain_option
@format_option("text", "json")
@screen_options
def command(
    *, principal: str, inventory: Inventory, explain: bool, format_: str, console: Callable[[], Console]
) -> None:
    """Everything PRINCIPAL may do, by service and access level.

    PRINCIPAL is a function, role, user, service or account, or `public`.
    """
    from permscope.graph.build import build_graph
    from permscope.graph.queries import find_node, what_can
    from permscope.report import answers

    graph = build_graph(inventory, configured().trusted)
    node = find_node(graph, principal)
    reached = what_can(graph, node)
    if format_ == "json":
        write_json(answers.what_can_document(reached, graph, principal=node))
    else:
        answers.print_what_can(reached, graph, console(), principal=node, explain=explain)
