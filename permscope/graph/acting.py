"""What a service does with a role it is given: `can_access` from the route, state machine, pipe, ... to what it calls.

The edge says which call is wired, so that an API that writes straight to a table is seen even where the role may touch
every table; `via` is the role.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from permscope.catalog.actions import ActionSet, load
from permscope.graph.collector import distinct, frozen
from permscope.graph.decisions import Decisions
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, Provenance
from permscope.graph.nodes import Nodes
from permscope.graph.outcome import Outcome, all_of
from permscope.inventory.facts import Fact, Need, RoleUse
from permscope.inventory.located import source_of
from permscope.inventory.source import NOWHERE
from permscope.policy.unrestrictable import is_restrictable

CALLER = "caller"
_WIRED = (EdgeKind.TRIGGERS, EdgeKind.DELIVERS_TO)


class Acting:
    """Turns what roles are used for into edges.

    Args:
        nodes: the nodes.
        decisions: the policy decisions.
    """

    def __init__(self, nodes: Nodes, decisions: Decisions) -> None:
        self._nodes = nodes
        self._graph = nodes.graph
        self._decisions = decisions
        self._calls: dict[tuple[object, ...], Edge] = {}

    def calls(self, user: Node, role: Node, use: RoleUse, trusted: Outcome) -> bool:
        """Add an edge for each thing that is called; whether these are all the calls that are made."""
        bounded = use.exact
        for need in use.required:
            target = self._target(need.resource_arn)
            if target is None:
                bounded = bounded and not any(map(_is_about_something, need.actions))
            elif not self._is_wired(user, target):
                self._call(user, role, target, use, need, trusted)
        return bounded

    def _target(self, arn: str) -> Node | None:
        """The known or foreign thing an ARN names; None for what stands for several."""
        for match in self._nodes.known.named_by(arn):
            return self._graph.nodes[match.id]
        return self._nodes.named(arn) if arn.startswith("arn:") and not {"*", "?"} & set(arn) else None

    def _is_wired(self, user: Node, target: Node) -> bool:
        """Whether the call is an edge already, as running a function and sending to a queue is."""
        if target.kind in (NodeKind.ROLE, NodeKind.USER) or target.id == user.id:
            return True
        return any(edge.target == target.id for edge in self._graph.outgoing(user.id, *_WIRED))

    def _call(self, user: Node, role: Node, target: Node, use: RoleUse, need: Need, trusted: Outcome) -> None:
        outcome = all_of((trusted, self._decisions.role_may(role.id, need)))
        conditions = dict(outcome.conditions)
        if use.only_if:
            conditions["template"] = {**conditions.get("template", {}), "condition": [use.only_if]}
        actions = load().action_set(need.actions)
        provenance = distinct((said_in(use, need.resource_arn), *outcome.provenance))
        key = (user.id, target.id, role.id, outcome.authorized, frozen(conditions))
        known = self._calls.get(key)
        if known is not None:
            known.actions = known.actions | actions
            known.provenance = distinct((*known.provenance, *provenance))
            return
        self._calls[key] = self._graph.add_edge(
            Edge(
                source=user.id,
                target=target.id,
                kind=EdgeKind.CAN_INVOKE if _only_invokes(target, actions) else EdgeKind.CAN_ACCESS,
                actions=actions,
                authorized=outcome.authorized,
                conditions=conditions,
                decision=decision_of(outcome.authorized, conditions),
                via=role.id,
                reason=outcome.reason,
                provenance=provenance,
            )
        )

    def missing(self, role: Node, required: Iterable[Need]) -> tuple[str, ...]:
        """What a role surely lacks of what it is needed for."""
        return tuple(
            f"{action} on {need.resource_arn}"
            for need in required
            for action in need.actions
            if self._decisions.role_may(role.id, Need(actions=(action,), resource_arn=need.resource_arn)).authorized
            is False
        )


def _is_about_something(action: str) -> bool:
    return is_restrictable(action.lower())


def _only_invokes(target: Node, actions: ActionSet) -> bool:
    return target.kind is NodeKind.FUNCTION and "lambda:InvokeFunction" in actions


def is_wired_call(edge: Edge) -> bool:
    """Whether an edge is a call that a service makes with a role, so that the role's own edges say it, too."""
    return edge.via is not None and edge.kind in (EdgeKind.CAN_ACCESS, EdgeKind.CAN_INVOKE)


def said_in(fact: Fact, value: str = "") -> Provenance:
    """The place a wiring was read at: that of the value, where it knows its own."""
    own = source_of(value)
    return Provenance(source=fact.source if own is NOWHERE else own, logical_id=fact.logical_id)


def decision_of(authorized: bool | None, conditions: Mapping[str, Any]) -> Decision:
    """The decision of a wiring: a wiring that is not authorized is denied."""
    if authorized is False:
        return Decision.DENY
    return Decision.ALLOW if authorized and not conditions else Decision.CONDITIONAL
