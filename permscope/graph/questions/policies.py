"""The policies of a principal of the graph as one document."""

from __future__ import annotations

from dataclasses import replace

from permscope.errors import NameNotFoundError
from permscope.graph.decisions import requester_of
from permscope.graph.model import Node, PermissionGraph
from permscope.graph.questions.queries import roles_of
from permscope.inventory.arn import account_of
from permscope.inventory.policies import PolicyKind
from permscope.policy.consolidate import Consolidated, consolidate


def policy_of(graph: PermissionGraph, node: Node, *, wildcards: bool = False) -> Consolidated:
    """Everything that the policies of a role, user or group, or of what acts with one role, let it do.

    Boundary and service control policies are taken off. What resource policies grant is no part of it.

    Args:
        graph: a built graph.
        node: a role, user, group, function, state machine, ...
        wildcards: shorten lists of actions to wildcards that match nothing else the catalogue knows.

    Raises:
        NameNotFoundError: the node has no identity policies, or acts with several roles.
    """
    decisions = graph.decisions
    if decisions is None:
        raise NameNotFoundError(f"the policies of `{node.label}` are not in this graph", hint="build it from facts")
    holders = [found for each in (node, *roles_of(graph, node)) if (found := decisions.principal(each.id))]
    if len(holders) != 1:
        names = ", ".join(f"`{each.name}`" for each in holders)
        raise NameNotFoundError(
            f"`{node.label}` has no identity policies" if not holders else f"`{node.label}` acts with several roles",
            hint=f"ask for one of {names}" if holders else "roles, users, groups and what acts with a role have",
        )
    (holder,) = holders
    made = consolidate(
        decisions.identity(holder),
        boundary=decisions.boundary(holder),
        scps=decisions.control_levels(account_of(holder.arn) or "", PolicyKind.SCP),
        principal=requester_of(holder.arn),
        wildcards=wildcards,
    )
    unseen = [
        f"the document of `{arn}` is in no input: what it allows or denies is missing here"
        for arn in decisions.inventory.missing_policies(holder)
    ]
    boundary = getattr(holder, "boundary_arn", None)
    if boundary and decisions.boundary(holder) is None:
        unseen.append(f"the permissions boundary `{boundary}` is in no input and is not taken off")
    return replace(made, remarks=(*unseen, *made.remarks)) if unseen else made
