"""Who can do something: the principals, each with only the actions asked for and the statements that allow them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from permscope.catalog.actions import ActionSet, load
from permscope.errors import NameNotFoundError
from permscope.graph.build import build_graph
from permscope.graph.collector import distinct, frozen, grant_limits
from permscope.graph.decisions import Decisions, requester_of
from permscope.graph.guards import agreed
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph, Provenance
from permscope.graph.nodes import Nodes
from permscope.graph.questions.excerpt import excerpt, is_worth_it
from permscope.graph.questions.queries import find_node, in_set, only_one, same_thing, via_known_role
from permscope.graph.trusted import TrustedParties
from permscope.inventory.arn import function_arn_and_qualifier, split_arn
from permscope.inventory.inventory import Inventory
from permscope.inventory.policies import PolicyKind, Statement
from permscope.inventory.tokens import without_stack
from permscope.policy.applicable import applicable_actions
from permscope.policy.effective import parts_of
from permscope.policy.matching import encode, relation

_PERMISSIONS = (EdgeKind.CAN_ACCESS, EdgeKind.CAN_INVOKE, EdgeKind.CAN_PASS, EdgeKind.CAN_ASSUME)
_MOST_ASKED = 8
_NONE = ActionSet.empty
_ORDER = {Decision.ALLOW: 0, Decision.CONDITIONAL: 1, Decision.DENY: 2}


class Answer(NamedTuple):
    """One principal that can do what was asked.

    Attributes:
        principal: role, user, service, account, public, ...
        decision: whether it surely can.
        conditions: what that depends on.
        provenance: the statements that allow it.
        edge: where the graph says so, cut down to what was asked.
    """

    principal: Node
    decision: Decision
    conditions: Any
    provenance: tuple[Provenance, ...]
    edge: Edge


def wanted_actions(action: str) -> ActionSet:
    """The actions a name or pattern means.

    Raises:
        NameNotFoundError: when there are none.
    """
    catalog = load()
    wanted = catalog.expand(action)
    if not wanted:
        close = catalog.closest(action)
        raise NameNotFoundError(f"`{action}` is no IAM action", hint=f"did you mean `{close}`?" if close else None)
    return wanted


def graph_to_ask(inventory: Inventory, trusted: TrustedParties, action: str, resource: str) -> PermissionGraph:
    """A graph in which `who_can` finds the answers to one question: of a large account only the part it is about.

    Raises:
        NameNotFoundError: as `who_can`.
    """
    wanted = wanted_actions(action)
    if not is_worth_it(inventory, wanted):
        return build_graph(inventory, trusted, derived=False)
    arn = _plain_arn(inventory, resource) or find_thing(_bare_graph(inventory, trusted), resource)[1]
    part = excerpt(inventory, wanted, arn) if arn.startswith("arn:") else inventory
    return build_graph(part, trusted, derived=False)


def _plain_arn(inventory: Inventory, name: str) -> str | None:
    """The name, where it is the ARN of something in the input as it stands there."""
    known = (inventory.resources, inventory.functions, inventory.roles, inventory.users)
    return name if any(name in things for things in known) else None


def _bare_graph(inventory: Inventory, trusted: TrustedParties) -> PermissionGraph:
    """Nodes without edges, to find names in."""
    graph = PermissionGraph()
    Nodes(inventory, graph, trusted).add_facts()
    return graph


def who_can(graph: PermissionGraph, action: str, resource: str) -> list[Answer]:
    """Everyone who can take an action on a resource, certain ones first.

    Args:
        graph: what to ask.
        action: `s3:GetObject`, or a pattern: any action it matches counts.
        resource: a name as for `find_node`, or an ARN in no input.

    Raises:
        NameNotFoundError: when the action is in no list, or the resource is neither an ARN nor a name.
    """
    wanted = wanted_actions(action)
    node, arn = find_thing(graph, resource)
    qualifier = function_arn_and_qualifier(arn)[1] if node is not None and node.kind is NodeKind.FUNCTION else None
    qualifier = None if qualifier == "$LATEST" else qualifier
    found: list[Answer] = []
    for edge in _edges_to(graph, node, arn):
        if edge.actions.isdisjoint(wanted) or edge.decision is Decision.DENY or via_known_role(graph, edge):
            continue
        principal = graph.nodes[edge.source]
        if principal.kind is NodeKind.GROUP:  # its users are in the graph with what it gives them
            continue
        if qualifier and principal.kind not in (NodeKind.ROLE, NodeKind.USER) and edge.qualifier != qualifier:
            continue  # each version and alias has a policy of its own
        for decision, actions in _parts(graph, principal, edge, edge.actions & wanted, node, arn):
            found.append(_answer(graph, principal, edge, decision, actions, arn))
    return sorted(_merged(found), key=lambda one: (_ORDER[one.decision], one.principal.kind.value, one.principal.label))


def find_thing(graph: PermissionGraph, name: str) -> tuple[Node | None, str]:
    """The node a name or ARN means or is a part of, and the ARN to ask about.

    Raises:
        NameNotFoundError: for a name that is no ARN and that nothing has, and for one that several templates define.
    """
    try:
        node = find_node(graph, name)
    except NameNotFoundError:
        if name == "*" or name.startswith("arn:"):
            return _owner(graph, name)
        raise
    qualifier = function_arn_and_qualifier(name)[1] if name.startswith("arn:") else None
    arn = node.arn or node.id
    return node, f"{arn}:{qualifier}" if qualifier else arn


def _owner(graph: PermissionGraph, arn: str) -> tuple[Node | None, str]:
    """The node an ARN below it belongs to (the bucket of an object), and the ARN as that node spells it."""
    named: dict[tuple[str, str], list[Node]] = {}
    for node in graph.nodes.values():
        if node.arn and (parts := split_arn(node.arn)):
            named.setdefault((parts.service, without_stack(parts.resource)), []).append(node)
    for end in (len(arn), *sorted((found.start() for found in re.finditer(r"[:/]", arn)), reverse=True)):
        parts = split_arn(arn[:end])
        held = named.get((parts.service, parts.resource), ()) if parts else ()
        owners = [node for node in held if node.arn == arn[:end] or same_thing(arn[:end], node)]
        if len(owners) > 1 and any(node.arn != without_stack(node.arn or "") for node in owners):
            only_one(owners, arn[:end])  # several templates define it
        if owners and end < len(arn):
            return owners[0], f"{owners[0].arn}{arn[end:]}"
    return None, arn


def _edges_to(graph: PermissionGraph, node: Node | None, arn: str) -> Iterator[Edge]:
    """Permission edges to a node and to every set that holds its ARN."""
    if node is not None:
        yield from graph.incoming(node.id, *_PERMISSIONS)
    for pattern_node in graph.of_kind(NodeKind.RESOURCE_SET):
        if pattern_node is not node and in_set(pattern_node, arn):
            yield from graph.incoming(pattern_node.id, *_PERMISSIONS)


def _parts(
    graph: PermissionGraph, principal: Node, edge: Edge, actions: ActionSet, node: Node | None, arn: str
) -> Iterator[tuple[Decision, ActionSet]]:
    """What an edge gives on the very ARN: a wide grant may be denied again for it, a narrow one be about elsewhere."""
    if graph.decisions is None or principal.kind not in (NodeKind.ROLE, NodeKind.USER):
        yield edge.decision, actions
        return
    if (settled := _settled(graph.decisions, principal, edge, actions, node, arn)) is not None:
        yield from settled
        return
    if node is not None and edge.target == node.id and arn in (node.arn, node.id):
        yield edge.decision, actions
        return
    actions = agreed(graph.decisions, principal, node, actions)
    allowed, conditional = graph.decisions.access(principal.id, arn)
    if edge.decision is not Decision.ALLOW:
        # what limits a grant need not touch the one thing
        limited = not edge.conditions and ":kms:" not in arn
        conditional, allowed = allowed | conditional, graph.decisions.surely_at(principal.id, arn) if limited else _NONE
    if edge.conditions and node is not None and node.account == principal.account:
        conditional |= _named(graph.decisions, principal, node, arn)
    if sure := actions & allowed:
        yield Decision.ALLOW, sure
        actions -= sure
    if perhaps := actions & conditional:
        yield Decision.CONDITIONAL, perhaps


def _named(decisions: Decisions, principal: Node, node: Node, arn: str) -> ActionSet:
    """What a thing's own policy lets a principal do that it names, on what lies below the thing.

    In one account that is enough, whatever the principal's own policies say:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-single-account.html
    """
    found = ActionSet.empty
    for element, grants in decisions.granted_by(decisions.resource_policies(node.arn or "")):
        if element.value == principal.id:
            for grant in grants:
                if any(relation(encode(pattern), encode(arn)) is not False for pattern in grant.resources):
                    found |= grant.actions
    return found


def _settled(
    decisions: Decisions, principal: Node, edge: Edge, actions: ActionSet, node: Node | None, arn: str
) -> tuple[tuple[Decision, ActionSet], ...] | None:
    """The parts as single requests decide them, where the thing, or what it lies in, has a policy of its own."""
    if node is None or node.arn is None or edge.conditions or len(actions) > _MOST_ASKED or "*" in arn:
        return None
    fact, requester = decisions.principal(principal.id), requester_of(principal.id)
    policies = decisions.resource_policies(node.arn)
    if fact is None or requester is None or not policies or node.arn in decisions.inventory.unread_policies:
        return None
    own = applicable_actions(encode(arn))
    if own is None or not actions <= own or ":lambda:" in arn:  # about what lies below it, or about its versions
        return None
    sure: list[str] = []
    perhaps: list[str] = []
    for action in actions:
        answer = decisions.ask(
            requester,
            action,
            arn,
            {},
            identity=decisions.identity(fact),
            resource=policies,
            boundary=decisions.boundary(fact),
            resource_account=node.account or principal.account,
        )
        if answer.authorized is not False:
            (sure if answer.authorized else perhaps).append(action)
    catalog = load()
    parts = ((Decision.ALLOW, catalog.action_set(sure)), (Decision.CONDITIONAL, catalog.action_set(perhaps)))
    return tuple((decision, part) for decision, part in parts if part)


def _answer(
    graph: PermissionGraph, principal: Node, edge: Edge, decision: Decision, actions: ActionSet, arn: str
) -> Answer:
    provenance = tuple(one for one in edge.provenance if _allows(one, actions, arn))
    if not any(one.fact is not None for one in provenance):
        provenance = tuple(one for one in edge.provenance if one.fact is None or _speaks_of(one.fact, actions))
    reason = edge.reason
    if decision is not edge.decision and graph.decisions is not None:
        reason = _limits(graph, principal, actions, arn) or reason
    narrowed = replace(edge, actions=actions, decision=decision, provenance=provenance, reason=reason)
    return Answer(principal, decision, edge.conditions, provenance, narrowed)


def _limits(graph: PermissionGraph, principal: Node, actions: ActionSet, arn: str) -> str | None:
    """What makes a wide grant conditional on one ARN."""
    decisions = graph.decisions
    fact = decisions.principal(principal.id) if decisions is not None else None
    if decisions is None or fact is None:
        return None
    for grant in decisions.effective(fact).on(arn).grants:
        if not grant.actions.isdisjoint(actions) and (limits := grant_limits(grant)):
            return limits
    return None


def _allows(one: Provenance, actions: ActionSet, arn: str) -> bool:
    """Whether a reason is about any of the actions on the resource; a wiring always is."""
    statement = one.fact
    if statement is None:
        return True
    if not _speaks_of(statement, actions):
        return False
    if one.policy is None or one.policy.kind in (PolicyKind.RESOURCE, PolicyKind.TRUST):
        return True
    parts = [(encode(arn), part) for part in parts_of(encode(arn))]
    if statement.resources is not None:
        return any(relation(encode(each), part) is not False for each in statement.resources for _, part in parts)
    return not all(any(relation(encode(each), part) for each in statement.not_resources or ()) for _, part in parts)


def _speaks_of(statement: Statement, actions: ActionSet) -> bool:
    catalog = load()
    if statement.actions is not None:
        return not catalog.action_set(statement.actions).isdisjoint(actions)
    return not catalog.complement(catalog.action_set(statement.not_actions or ())).isdisjoint(actions)


def _merged(answers: Iterable[Answer]) -> list[Answer]:
    """Each principal once for the same conditions; what it can surely do is not said again under conditions."""
    known: dict[object, Answer] = {}
    for answer in answers:
        key = (answer.principal.id, answer.decision, frozen(answer.conditions), answer.edge.qualifier)
        before = known.get(key)
        if before is None:
            known[key] = answer
            continue
        provenance = distinct((*before.provenance, *answer.provenance))
        edge = replace(before.edge, actions=before.edge.actions | answer.edge.actions, provenance=provenance)
        known[key] = before._replace(provenance=provenance, edge=edge)
    sure: dict[str, ActionSet] = {}
    for one in known.values():
        if one.decision is Decision.ALLOW and one.edge.qualifier is None:
            sure[one.principal.id] = sure.get(one.principal.id, ActionSet.empty) | one.edge.actions
    return [
        one
        for one in known.values()
        if one.decision is Decision.ALLOW or not one.edge.actions <= sure.get(one.principal.id, ActionSet.empty)
    ]
