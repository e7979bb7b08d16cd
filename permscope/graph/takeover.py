"""Who may become whom against the intention of both: `can_take_over`, derived from the table in `escalation`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from permscope.catalog.actions import load
from permscope.graph.collector import distinct
from permscope.graph.escalation import EXISTING_WORK, NEW_WORK, ON_IDENTITY, ON_OWN_POLICY, NewWork, OnIdentity
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph, Provenance
from permscope.graph.queries import in_set
from permscope.inventory.facts import User
from permscope.inventory.inventory import Inventory
from permscope.policy.matching import glob

_MOST_TARGETS = 50  # beyond that the edge goes to the set that the grant names
_KINDS = {"role": NodeKind.ROLE, "user": NodeKind.USER, "group": NodeKind.GROUP}


class _May(NamedTuple):
    """That a principal may take an action, surely or not, and why."""

    sure: bool
    provenance: tuple[Provenance, ...]

    def also(self, other: _May) -> _May:
        """Both at once."""
        return _May(self.sure and other.sure, distinct((*self.provenance, *other.provenance)))


class TakeOver:
    """Derives `can_take_over` edges.

    Args:
        graph: with every permission edge in it.
        inventory: the facts.
    """

    def __init__(self, graph: PermissionGraph, inventory: Inventory) -> None:
        self._graph = graph
        self._inventory = inventory
        catalog = load()
        self._everything = catalog.everything
        rows = (*(a for row in (*NEW_WORK, *EXISTING_WORK) for a in row.actions), *(row.action for row in ON_IDENTITY))
        self._telling = catalog.action_set((*rows, *(action for _, action in ON_OWN_POLICY)))
        self._found: dict[tuple[str, str, str], Edge] = {}
        self._trusting: dict[str, list[str]] = {}
        for edge in graph.edges_of(EdgeKind.CAN_ASSUME):
            service = graph.nodes[edge.source].service
            if service:
                self._trusting.setdefault(service, []).append(edge.target)
        self._at_work: dict[str, list[tuple[Node, str]]] = {}
        for edge in graph.edges_of(EdgeKind.EXECUTES_AS):
            worker = graph.nodes[edge.source]
            self._at_work.setdefault(worker.type or "", []).append((worker, edge.target))
        self._members: dict[tuple[str, str], tuple[tuple[Node, str], ...]] = {}

    def add(self) -> None:
        """The edges of every role and user; who may do everything already has nothing to gain."""
        for principal in list(self._graph.of_kind(NodeKind.ROLE, NodeKind.USER)):
            edges = [
                edge
                for edge in self._graph.outgoing(principal.id, EdgeKind.CAN_ACCESS, EdgeKind.CAN_INVOKE)
                if not edge.actions.isdisjoint(self._telling)
            ]
            if not edges or any(self._is_everything(edge) for edge in edges):
                continue
            self._new_work(principal, edges)
            self._existing_work(principal, edges)
            self._identities(principal, edges)
            self._own_policies(principal, edges)

    def _is_everything(self, edge: Edge) -> bool:
        return edge.target == "set:*" and edge.decision is Decision.ALLOW and edge.actions >= self._everything

    # What the principal may

    def _somewhere(self, edges: Iterable[Edge], actions: Iterable[str]) -> _May | None:
        """Every action, each on something."""
        whole = _May(sure=True, provenance=())
        for action in actions:
            giving = [edge for edge in edges if action in edge.actions]
            if not giving:
                return None
            whole = whole.also(_of(giving))
        return whole

    def _on(self, edges: Iterable[Edge], action: str, node: Node) -> _May | None:
        """An action on one known thing."""
        giving = [edge for edge in edges if action in edge.actions and self._reaches(edge, action, node)]
        return _of(giving) if giving else None

    def _reaches(self, edge: Edge, action: str, node: Node) -> bool:
        if edge.target == node.id:
            return True
        target = self._graph.nodes[edge.target]
        if target.kind is not NodeKind.RESOURCE_SET or node.arn is None or not in_set(target, node.arn):
            return False
        decisions = self._graph.decisions
        return edge.reason is None or decisions is None or action in decisions.on(edge.source, node.arn)

    # The four primitives

    def _new_work(self, principal: Node, edges: list[Edge]) -> None:
        passes = list(self._graph.outgoing(principal.id, EdgeKind.CAN_PASS))
        if not passes:
            return
        for row in NEW_WORK:
            may = self._somewhere(edges, row.actions)
            if may is None:
                continue
            for edge in passes:
                to_service = passes_to(edge.conditions, row.service)
                if to_service is False:
                    continue
                sure = bool(to_service) and (edge.decision is Decision.ALLOW or _only_passed_to(edge.conditions))
                both = may.also(_May(sure, edge.provenance))
                for role in self._passed(edge, row):
                    self._edge(principal, role, row.id, ("iam:PassRole", *row.actions), both, "new-work", row.service)

    def _passed(self, edge: Edge, row: NewWork) -> Iterator[Node]:
        """The roles of a `can_pass` edge that the row's service may assume."""
        target = self._graph.nodes[edge.target]
        if target.kind is NodeKind.ROLE:
            if target.id in self._trusting.get(row.service, ()):
                yield target
            return
        if target.kind is not NodeKind.RESOURCE_SET:
            yield target
            return
        roles = [role for role in self._trusting.get(row.service, ()) if in_set(target, role)]
        if len(roles) > _MOST_TARGETS:
            yield target
            return
        for role in roles:
            yield self._graph.nodes[role]

    def _existing_work(self, principal: Node, edges: list[Edge]) -> None:
        for row in EXISTING_WORK:
            giving = [edge for edge in edges if row.actions[0] in edge.actions]
            rest = self._somewhere(edges, row.actions[1:]) if giving else None
            if rest is None:
                continue
            for edge in giving:
                may = _of([edge]).also(rest)
                workers = self._workers(row.type, self._graph.nodes[edge.target])
                if len(workers) > _MOST_TARGETS:
                    target = self._graph.nodes[edge.target]
                    self._edge(principal, target, row.id, row.actions, may, "existing-work", row.type)
                    continue
                for worker, role in workers:
                    if self._reaches(edge, row.actions[0], worker):
                        target = self._graph.nodes[role]
                        self._edge(principal, target, row.id, row.actions, may, "existing-work", worker.label)

    def _workers(self, type_name: str, target: Node) -> tuple[tuple[Node, str], ...]:
        """What runs with a role among the things of a type that an edge's target stands for."""
        at_work = self._at_work.get(type_name, ())
        if target.kind is not NodeKind.RESOURCE_SET:
            return tuple(each for each in at_work if each[0].id == target.id) if target.type == type_name else ()
        key = (type_name, target.id)
        if key not in self._members:
            self._members[key] = tuple(each for each in at_work if each[0].arn and in_set(target, each[0].arn))
        return self._members[key]

    def _identities(self, principal: Node, edges: list[Edge]) -> None:
        for row in ON_IDENTITY:
            giving = [edge for edge in edges if row.action in edge.actions]
            if not giving:
                continue
            for node in self._of_interest(principal, row):
                may = self._on(giving, row.action, node)
                if may is not None:
                    target = principal if node.kind is NodeKind.GROUP else node
                    self._edge(principal, target, row.id, (row.action,), may, _CATEGORY[row.gives], node.label)
            if row.gives == "access":
                for edge in giving:
                    target = self._graph.nodes[edge.target]
                    if target.kind in (NodeKind.RESOURCE_SET, NodeKind.EXTERNAL):
                        self._edge(
                            principal, target, row.id, (row.action,), _of([edge]), _CATEGORY[row.gives], target.label
                        )

    def _of_interest(self, principal: Node, row: OnIdentity) -> Iterator[Node]:
        """The identities whose change helps the principal: itself, its groups, those it may be, those it would be."""
        kind = _KINDS[row.kind]
        if kind is NodeKind.GROUP:
            fact = principal.fact
            groups = self._inventory.groups_of(fact) if isinstance(fact, User) else ()
            own = {group.arn for group in groups}
            for group in self._graph.of_kind(NodeKind.GROUP):
                if (group.id in own) is (row.gives == "self") and principal.kind is NodeKind.USER:
                    yield group
            return
        if row.gives in ("self", "boundary"):
            bounded = getattr(principal.fact, "boundary_arn", None) is not None
            if principal.kind is kind and (bounded or row.gives == "self"):
                yield principal
            assumed = [edge.target for edge in self._graph.outgoing(principal.id, EdgeKind.CAN_ASSUME)]
            if kind is NodeKind.ROLE and row.gives == "self":
                yield from (node for each in assumed if (node := self._graph.nodes[each]).kind is NodeKind.ROLE)
            return
        others = [node for node in self._graph.of_kind(kind) if node.id != principal.id]
        if len(others) <= _MOST_TARGETS:
            yield from others
        else:
            yield from (
                node
                for edge in self._graph.outgoing(principal.id, EdgeKind.CAN_ACCESS)
                if row.action in edge.actions and (node := self._graph.nodes[edge.target]).kind is kind
            )

    def _own_policies(self, principal: Node, edges: list[Edge]) -> None:
        fact = principal.fact
        attached = set(getattr(fact, "managed_policy_arns", ()))
        for path, action in ON_OWN_POLICY:
            for arn in attached & set(self._inventory.managed_policies):
                node = self._graph.nodes.get(arn) or Node(id=arn, kind=NodeKind.RESOURCE, label=arn, arn=arn)
                may = self._on(edges, action, node)
                if may is not None:
                    self._edge(principal, principal, path, (action,), may, _CATEGORY["self"], node.label)

    def _edge(
        self,
        principal: Node,
        target: Node,
        path: str,
        actions: tuple[str, ...],
        may: _May,
        category: str,
        through: str,
    ) -> None:
        if target.id == principal.id and category in ("new-work", "existing-work"):
            return
        granted = load().action_set(actions)
        decision = Decision.ALLOW if may.sure else Decision.CONDITIONAL
        key = (principal.id, target.id, category)
        known = self._found.get(key)
        if known is None:
            self._found[key] = self._graph.add_edge(
                Edge(
                    source=principal.id,
                    target=target.id,
                    kind=EdgeKind.CAN_TAKE_OVER,
                    actions=granted,
                    decision=decision,
                    via=through,
                    reason=_REASON[category].format(
                        actions=", ".join(actions), target=target.label, through=through, principal=principal.label
                    ),
                    provenance=may.provenance,
                    attributes={"paths": (path,), "category": category},
                )
            )
            return
        known.actions = known.actions | granted
        known.provenance = distinct((*known.provenance, *may.provenance))
        if decision is Decision.ALLOW:
            known.decision = decision
        paths = known.attributes["paths"]
        if path not in paths:
            known.attributes = {**known.attributes, "paths": (*paths, path)}


_CATEGORY = {
    "self": "self-escalation",
    "join": "self-escalation",
    "boundary": "boundary-removal",
    "access": "principal-access",
}
_REASON = {
    "new-work": "starts something new that runs as `{target}` ({actions})",
    "existing-work": "changes what `{through}` does, which runs as `{target}` ({actions})",
    "self-escalation": "gives `{target}` more rights ({actions} on `{through}`)",
    "boundary-removal": "takes the permissions boundary off `{target}` ({actions})",
    "principal-access": "gets the credentials or the trust of `{target}` ({actions})",
}


def _of(edges: list[Edge]) -> _May:
    sure = [edge for edge in edges if edge.decision is Decision.ALLOW]
    return _May(bool(sure), distinct(one for edge in (sure or edges)[:3] for one in edge.provenance))


def passes_to(conditions: Mapping[str, Any], service: str) -> bool | None:
    """Whether the conditions of `iam:PassRole` let a role be passed to a service; None when they do not tell.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#ck_PassedToService
    """
    answer: bool | None = True
    for operator, keys in conditions.items():
        for key, values in keys.items():
            if key.lower() != "iam:passedtoservice":
                continue
            match operator.lower().removesuffix("ifexists").rpartition(":")[2]:
                case "stringequals" | "stringequalsignorecase":
                    fits = service in values
                case "stringlike":
                    fits = any(glob(value, service) for value in values)
                case "stringnotequals" | "stringnotequalsignorecase":
                    fits = service not in values
                case "stringnotlike":
                    fits = not any(glob(value, service) for value in values)
                case _:
                    answer = None
                    continue
            if not fits:
                return False
    return answer


def _only_passed_to(conditions: Mapping[str, Any]) -> bool:
    return all(key.lower() == "iam:passedtoservice" for keys in conditions.values() for key in keys)
