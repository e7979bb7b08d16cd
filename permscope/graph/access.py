"""What roles, users and groups may do, as edges: `can_access`, `can_pass` and `can_invoke`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from permscope.catalog.actions import ActionSet, load
from permscope.graph.collector import EdgeCollector, grant_conditions, grant_said_by
from permscope.graph.model import Decision, EdgeKind, Node, NodeKind, Provenance
from permscope.graph.nodes import Nodes
from permscope.graph.targets import Target, Targets
from permscope.inventory.facts import Auth, Route

if TYPE_CHECKING:
    from permscope.policy.effective import Grant

SET_ANYTHING = "set:*"


class AccessEdges:
    """Turns grants into edges.

    Args:
        nodes: the nodes.
        edges: where the edges go.
        targets: what patterns mean.
    """

    def __init__(self, nodes: Nodes, edges: EdgeCollector, targets: Targets) -> None:
        self._nodes = nodes
        self._graph = nodes.graph
        self._edges = edges
        self._targets = targets
        catalog = load()
        self._invoke = catalog.action_set(("lambda:InvokeFunction", "lambda:InvokeAsync"))
        self._invoke_url = catalog.expand("lambda:InvokeFunctionUrl")
        self._any_invoke = self._invoke | self._invoke_url
        self._execute = catalog.expand("execute-api:Invoke")
        self._pass = catalog.expand("iam:PassRole")
        self._assume = catalog.action_set(("sts:AssumeRole",))
        self.assume_grants: list[tuple[str, Target, Grant]] = []
        self._urls: dict[str, list[Route]] = {}
        self._routes: dict[str, list[Route]] = {}
        for route in nodes.inventory.of(Route):
            if route.id.startswith("url:"):
                self._urls.setdefault(route.api_id, []).append(route)
            elif route.execute_arn:
                self._routes.setdefault(_api_of(route.execute_arn), []).append(route)

    def add(self, principal: Node, grants: tuple[Grant, ...]) -> None:
        """The edges of one principal."""
        for grant in grants:
            if grant.not_resources:
                target = self._targets.all_but(tuple(grant.not_resources))
                self._grant(principal, target, grant, grant.actions, None)
                continue
            for pattern in grant.resources:
                for target in self._targets.of(pattern):
                    self._grant(principal, target, grant, grant.actions, pattern)

    def _grant(self, principal: Node, target: Target, grant: Grant, actions: ActionSet, pattern: str | None) -> None:
        conditions = grant_conditions(grant)
        if target.assumes:
            assumed = {key: [value] for key, value in target.assumes.items()}
            conditions["template"] = {**conditions.get("template", {}), **assumed}
        provenance = grant_said_by(grant, principal.logical_id)
        decision = Decision.CONDITIONAL if conditions or grant.conditional else Decision.ALLOW
        if not conditions and target.kind is NodeKind.EXTERNAL:
            conditions, decision = self._of_stranger(principal, target, decision)
        if not actions.isdisjoint(self._pass):
            self._edges.add(
                EdgeKind.CAN_PASS,
                principal.id,
                target.id,
                actions=actions & self._pass,
                provenance=provenance,
                conditions=conditions,
                decision=decision,
                pattern=pattern,
            )
        if not actions.isdisjoint(self._assume):
            self.assume_grants.append((principal.id, target, grant))
        rest = actions
        if target.kind in (NodeKind.ROLE, NodeKind.EXTERNAL):
            rest = rest - self._pass
        if not actions.isdisjoint(self._any_invoke):
            self.invocation(principal.id, target, actions & self._any_invoke, conditions, decision, provenance, pattern)
            if target.kind is not NodeKind.RESOURCE_SET:
                rest = rest - self._any_invoke
        if not actions.isdisjoint(self._execute):
            routes = self._api_calls(principal.id, target, conditions, decision, provenance, pattern)
            if routes and target.kind is not NodeKind.RESOURCE_SET:
                rest = rest - self._execute
        if rest:
            self._edges.add(
                EdgeKind.CAN_ACCESS,
                principal.id,
                target.id,
                actions=rest,
                provenance=provenance,
                conditions=conditions,
                decision=decision,
                pattern=pattern,
            )

    def _of_stranger(self, principal: Node, target: Target, decision: Decision) -> tuple[dict[str, Any], Decision]:
        """Access to another account needs a policy over there, which nobody gave."""
        account = self._graph.nodes[target.id].account
        if account is None or account in (principal.account, "aws") or self._nodes.is_trusted_account(account) is None:
            return {}, decision
        if account == principal.account:
            return {}, decision
        return {"cross-account": {"policy-in-account": [account]}}, Decision.CONDITIONAL

    def invocation(
        self,
        principal_id: str,
        target: Target,
        actions: ActionSet,
        conditions: Mapping[str, Any],
        decision: Decision,
        provenance: Provenance,
        pattern: str | None,
    ) -> None:
        """The right to invoke a function: an edge to it, and to its URLs where those ask for IAM."""
        qualifier = target.rest.removeprefix(":") if target.rest.startswith(":") else None
        direct = actions & self._invoke
        urls = self._urls.get(target.id, ()) if not actions.isdisjoint(self._invoke_url) else ()
        asks_iam = [url for url in urls if url.auth is not Auth.NONE]
        if direct or not urls:
            self._edges.add(
                EdgeKind.CAN_INVOKE,
                principal_id,
                target.id,
                actions=direct or actions,
                provenance=provenance,
                conditions=conditions,
                decision=decision,
                qualifier=qualifier,
                pattern=pattern,
            )
        for url in asks_iam:
            self._edges.add(
                EdgeKind.CAN_INVOKE,
                principal_id,
                url.id,
                actions=actions & self._invoke_url,
                provenance=provenance,
                conditions=conditions,
                decision=decision,
                qualifier=qualifier,
                pattern=pattern,
            )

    def _api_calls(
        self,
        principal_id: str,
        target: Target,
        conditions: Mapping[str, Any],
        decision: Decision,
        provenance: Provenance,
        pattern: str | None,
    ) -> bool:
        """The right to call APIs: edges to the routes that ask for IAM."""
        if target.kind is NodeKind.RESOURCE_SET or pattern is None or target.service != "execute-api":
            if target.kind is NodeKind.RESOURCE_SET:
                self._edges.add(
                    EdgeKind.CAN_INVOKE,
                    principal_id,
                    target.id,
                    actions=self._execute,
                    provenance=provenance,
                    conditions=conditions,
                    decision=decision,
                    pattern=pattern,
                )
            return False
        from permscope.catalog.wildcard import matches

        found = False
        for route in self._routes.get(_api_of(pattern), ()):
            if route.auth is Auth.IAM and _covers(pattern, route.execute_arn or "", matches):
                found = True
                self._edges.add(
                    EdgeKind.CAN_INVOKE,
                    principal_id,
                    route.id,
                    actions=self._execute,
                    provenance=provenance,
                    conditions=conditions,
                    decision=decision,
                    pattern=pattern,
                )
        return found


def _api_of(execute_arn: str) -> str:
    """The API id of an `execute-api` ARN."""
    from permscope.inventory.arn import split_arn

    parts = split_arn(execute_arn)
    return parts.resource.partition("/")[0] if parts else execute_arn


def _covers(pattern: str, route: str, matches: Any) -> bool:
    """Whether a pattern reaches a route, whose own ARN may hold `*` for the stage."""
    one, other = _path_of(pattern), _path_of(route)
    return matches(one, other) or matches(other, one)


def _path_of(execute_arn: str) -> str:
    from permscope.inventory.arn import split_arn

    parts = split_arn(execute_arn)
    return (parts.resource.partition("/")[2] if parts else execute_arn) or "*"
