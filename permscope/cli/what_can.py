"""`permscope what-can`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from permscope.cli.options import configured, explain_option, format_option, screen_options, world_options, write_json

if TYPE_CHECKING:
    from rich.console import Console

    from permscope.graph.model import Node, PermissionGraph
    from permscope.inventory.inventory import Inventory

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
_MOST_CHARACTERS = 6_144


@click.command("what-can")
@click.argument("principal")
@world_options
@click.option("--blast", is_flag=True, help="Everything that can be reached from it, over several steps.")
@explain_option
@click.option("--as-policy", is_flag=True, help="Write one policy document that allows the same.")
@click.option("--wildcards", is_flag=True, help="With --as-policy: the shortest wildcards that allow nothing more.")
@format_option("text", "json")
@screen_options
def command(
    *,
    principal: str,
    inventory: Inventory,
    blast: bool,
    explain: bool,
    as_policy: bool,
    wildcards: bool,
    format_: str,
    console: Callable[[], Console],
) -> None:
    """Everything PRINCIPAL may do, by service and access level.

    PRINCIPAL is a function, role, user, service or account, or `public`.
    """
    from permscope.graph.build import build_graph
    from permscope.graph.questions.queries import find_node, what_can
    from permscope.report import answers

    if wildcards and not as_policy:
        raise click.UsageError("`--wildcards` needs `--as-policy`")
    graph = build_graph(inventory, configured().trusted)
    node = find_node(graph, principal)
    if as_policy:
        _write_policy(graph, node, wildcards=wildcards)
        return
    if blast:
        from permscope.graph.questions.blast import blast_radius
        from permscope.report.reach import blast_document, print_blast

        radius = blast_radius(graph, node)
        if format_ == "json":
            write_json(blast_document(radius))
        else:
            print_blast(radius, console())
        return
    reached = what_can(graph, node)
    if format_ == "json":
        write_json(answers.what_can_document(reached, graph, principal=node))
    else:
        answers.print_what_can(reached, graph, console(), principal=node, explain=explain)


def _write_policy(graph: PermissionGraph, node: Node, *, wildcards: bool) -> None:
    """The document on standard output; on stderr, why it is narrower than what it stands for."""
    from permscope.graph.questions.policies import policy_of
    from permscope.report.escape import visible

    made = policy_of(graph, node, wildcards=wildcards)
    write_json(made.document)
    remarks = list(made.remarks)
    if made.size > _MOST_CHARACTERS:
        hint = "" if wildcards else "; `--wildcards` makes it shorter"
        remarks.append(f"{made.size:,} characters are more than the {_MOST_CHARACTERS:,} of a managed policy{hint}")
    for remark in remarks:
        sys.stderr.write(f"permscope: {visible(remark)}\n")
