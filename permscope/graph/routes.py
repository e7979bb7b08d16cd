"""Who may knock on the doors: API routes and function URLs, by what each asks of its callers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from permscope.graph.collector import EdgeCollector, conditions_of
from permscope.graph.decisions import Decisions
from permscope.graph.doors import calls_of
from permscope.graph.letting_in import LettingIn
from permscope.graph.model import Decision, EdgeKind, Node, Provenance
from permscope.graph.nodes import Nodes
from permscope.graph.outcome import Outcome
from permscope.inventory.facts import Auth, Resource, Route, Unknown
from permscope.inventory.inventory import Inventory
from permscope.inventory.policies import Policy

_FEDERATED = frozenset({Auth.COGNITO, Auth.JWT, Auth.LAMBDA, Auth.MUTUAL_TLS})


class RouteEdges:
    """Edges from the public, the account, or an authorizer to each route.

    Callers of routes that ask for IAM come from identity policies; see `access.py`.
    """

    def __init__(self, nodes: Nodes, edges: EdgeCollector, decisions: Decisions) -> None:
        self._nodes = nodes
        self._edges = edges
        self._letting_in = LettingIn(decisions)

    def add(self, route: Route) -> None:
        """The edges of one route."""
        if route.auth is Auth.IAM:
            return
        conditions: dict[str, Any] = {}
        if route.api_key or route.auth is Auth.API_KEY:
            conditions["auth"] = {"api_key": ["required"]}
        if route.auth in _FEDERATED:
            caller = self._authorizer(route)
            asked = {"scopes": list(route.scopes)} if route.scopes else {}
            conditions["auth"] = {**conditions.get("auth", {}), "type": [route.auth.value], **asked}
        elif route.private:
            caller = self._nodes.account(self._nodes.account_of_fact(route))
            conditions["network"] = {"endpoint": ["private"]}
        else:
            caller = self._nodes.public()
        if route.auth is Auth.UNKNOWN:
            conditions["auth"] = {"type": ["unknown"]}
            self._nodes.graph.unknowns.append(
                Unknown(
                    what=f"authorization of `{self._nodes.graph.nodes[route.id].label}`",
                    why="what the route asks of its callers could not be read",
                    kind="authorization",
                    source=route.source,
                    logical_id=route.logical_id,
                )
            )
        reasons = [Provenance(source=route.source, logical_id=route.logical_id)]
        outcome = self._api_policy(route)
        if outcome is not None:
            reasons.extend(outcome.provenance)
            conditions |= _stated(outcome) or outcome.conditions
            if outcome.authorized is False:
                return
        if route.only_if:
            conditions["template"] = {"condition": [route.only_if]}
        for reason in reasons:
            self._edge(caller, route, conditions, reason)

    def _edge(self, caller: Node, route: Route, conditions: Mapping[str, Any], reason: Provenance) -> None:
        self._edges.add(
            EdgeKind.CAN_INVOKE,
            caller.id,
            route.id,
            actions=calls_of(route),
            provenance=reason,
            conditions=conditions,
            decision=Decision.CONDITIONAL if conditions else Decision.ALLOW,
        )

    def _authorizer(self, route: Route) -> Node:
        """The node that stands for everyone an authorizer lets in."""
        name = route.authorizer or f"{route.api_id}/{route.auth.value}"
        known = self._nodes.graph.nodes.get(name)
        label = known.label if known is not None else None
        if label is None and route.authorizer is None:
            label = f"{route.auth.value} authorizer"
        return self._nodes.federated(f"federated:{name}", label=label, fact=known.fact if known is not None else None)

    def _api_policy(self, route: Route) -> Outcome | None:
        """What the API's own resource policy says about callers without AWS credentials; None without a policy."""
        if route.id.startswith("url:"):
            return None
        policies = policies_of_api(route, self._nodes.inventory)
        return self._letting_in.calls(policies, route.execute_arn or "*") if policies else None


def policies_of_api(route: Route, inventory: Inventory) -> tuple[Policy, ...]:
    """The resource policy of the API of a route, one policy per fact."""
    policies = list(inventory.resource_policies.get(route.api_id, ()))
    api = inventory.resources.get(route.api_id)
    if isinstance(api, Resource):
        for arn in {api.arn, str(api.attributes.get("execute_arn") or "")} - {None, "", route.api_id}:
            policies.extend(inventory.resource_policies.get(str(arn), ()))
    return tuple(fact.policy for fact in policies)


def _stated(outcome: Outcome) -> dict[str, Any]:
    """The conditions of the statements that let callers in."""
    if outcome.authorized:
        return {}
    return dict(conditions_of(each for one in outcome.provenance if one.fact for each in one.fact.conditions))
