"""Contracts checked against a graph, with a counter-example where one does not hold."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from permscope.audit.contracts import EXTERNAL, Contract, Result, Status, Violation
from permscope.catalog.actions import load
from permscope.errors import ConfigError, NameNotFoundError
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.graph.questions.asking import who_can
from permscope.graph.questions.paths import Path, find_paths
from permscope.graph.questions.queries import find_node
from permscope.inventory.arn import split_arn
from permscope.inventory.located import source_of
from permscope.inventory.source import NOWHERE, Source
from permscope.inventory.tokens import ACCOUNT
from permscope.policy.applicable import applicable_actions
from permscope.policy.matching import encode

# Kinds of unknowns that may hide a permission.
_HIDING = frozenset({"managed-policy", "role", "transform", "include", "nested-stack", "authorization"})
_ENTRIES = (EdgeKind.CAN_INVOKE, EdgeKind.CAN_ACCESS, EdgeKind.CAN_ASSUME)
_SHOWN = 20
_URL_KEYS = frozenset({"lambda:functionurlauthtype", "lambda:invokedviafunctionurl"})


def check_contracts(contracts: Iterable[Contract], graph: PermissionGraph) -> tuple[Result, ...]:
    """Check contracts against a graph.

    Raises:
        ConfigError: for a name that nothing in the graph has.
    """
    return tuple(_check(contract, graph) for contract in contracts)


def _check(contract: Contract, graph: PermissionGraph) -> Result:
    checked = 1
    if contract.preset is not None:
        violations, checked = _check_preset(contract, graph)
    elif contract.only is not None:
        violations = list(_check_only(contract, graph))
        checked = len(contract.on)
    else:
        violations = list(_check_never(contract, graph))
    violations.sort(key=lambda one: (not one.sure, one.message))
    hiding = sum(1 for each in graph.unknowns if each.kind in _HIDING)
    status = Status.FAIL if violations else Status.UNKNOWN if hiding else Status.PASS
    return Result(
        contract=contract, status=status, violations=tuple(violations[:_SHOWN]), unknowns=hiding, checked=checked
    )


def named(graph: PermissionGraph, name: str, place: Source) -> list[Node]:
    """The nodes a name in a contract means: one thing, all of a CloudFormation type, all that fit a pattern.

    Raises:
        ConfigError: when nothing has that name.
    """
    where = source_of(name, place)
    if name.count("::") == 2 and not name.startswith("arn:"):  # noqa: PLR2004 - AWS::Service::Type
        found = [node for node in graph.nodes.values() if node.type == name]
        if not found:
            raise ConfigError(f"nothing here is of type `{name}`", source=where)
        return found
    if "*" in name and not name.startswith("arn:") and name.strip("*"):
        found = [
            node
            for node in graph.nodes.values()
            if node.kind is not NodeKind.RESOURCE_SET
            and any(fnmatch.fnmatchcase(each, name) for each in (node.label, node.logical_id or ""))
        ]
        if not found:
            raise ConfigError(f"nothing here is called `{name}`", source=where)
        return found
    try:
        return [find_node(graph, name)]
    except NameNotFoundError as error:
        raise ConfigError(error.message, source=where, hint=error.hint) from None


def _check_only(contract: Contract, graph: PermissionGraph) -> Iterator[Violation]:
    allowed = {node.id for name in contract.only or () for node in named(graph, name, contract.source)}
    for target_name in contract.on:
        for target in named(graph, target_name, contract.source):
            _check_actions(contract.can, target)
            seen: set[str] = set()
            for action in contract.can:
                for answer in who_can(graph, action, target.id):
                    for actor in _actors(graph, answer.principal):
                        if allowed & {actor.id, answer.principal.id}:
                            continue
                        if actor.id in seen or _is_own_account(actor):
                            continue
                        seen.add(actor.id)
                        yield _may(actor, answer.principal, target, answer.edge, action)


def _check_actions(patterns: Sequence[str], target: Node) -> None:
    """Refuse actions that nobody can take on a thing: a contract about them would hold for ever.

    Raises:
        ConfigError: for an action of another service that is not about such a thing.
    """
    parts = split_arn(target.arn) if target.arn else None
    if target.arn is None or parts is None:
        return
    whole = encode(target.arn)
    known = [applicable_actions(each) for each in (whole, f"{whole}/*", f"{whole}:*")]
    for pattern in patterns:
        meant = load().expand(pattern)
        elsewhere = parts.service not in meant.services()
        if elsewhere and all(actions is not None and actions.isdisjoint(meant) for actions in known):
            hint = f"give actions of `{parts.service}`"
            message = f"`{pattern}` is no action on `{_label(target)}`"
            raise ConfigError(message, source=source_of(pattern, NOWHERE), hint=hint)


def _actors(graph: PermissionGraph, principal: Node) -> list[Node]:
    """Who acts as a role: what runs with it, or the role where nothing in the input does."""
    users = [
        graph.nodes[edge.source]
        for edge in graph.incoming(principal.id, EdgeKind.EXECUTES_AS)
        if edge.authorized is not False
    ]
    return list({node.id: node for node in users}.values()) or [principal]


def _is_own_account(node: Node) -> bool:
    """Statements for the own account leave the word to its principals, which are in the graph themselves."""
    return node.kind is NodeKind.ACCOUNT and (node.account == ACCOUNT or node.trusted is True)


def _may(actor: Node, principal: Node, target: Node, edge: Edge, action: str) -> Violation:
    place = _place(edge, actor)
    steps = [(_label(actor), actor.source)]
    if actor is not principal:
        steps.append((_label(principal), principal.source))
    steps.append((_label(target), place))
    sure = edge.decision is Decision.ALLOW
    under = "" if sure else " under conditions"
    return Violation(
        message=f"`{_label(actor)}` can call {action} on `{_label(target)}`{under}",
        steps=tuple(steps),
        source=place,
        nodes=(actor.id, principal.id, target.id),
        sure=sure,
    )


def _check_never(contract: Contract, graph: PermissionGraph) -> Iterator[Violation]:
    starts = _starts(graph, contract)
    if not contract.reaches:
        for start in starts:
            yield from _entries(graph, start, external=contract.start in EXTERNAL)
        return
    for name in contract.reaches:
        for target in named(graph, name, contract.source):
            _check_actions(contract.can, target)
            for start in starts:
                yield from (
                    _using(graph, start, target, contract.can) if contract.can else _reaching(graph, start, target)
                )


def _starts(graph: PermissionGraph, contract: Contract) -> list[Node]:
    start = contract.start or ""
    if start in EXTERNAL:
        return [node for node in graph.nodes.values() if is_external(node)]
    return named(graph, start, contract.source)


def is_external(node: Node) -> bool:
    """Whether a node stands for somebody outside the user's own and trusted accounts."""
    if node.kind in (NodeKind.ACCOUNT, NodeKind.EXTERNAL):
        return node.trusted is False
    return node.kind is NodeKind.PUBLIC


def _entries(graph: PermissionGraph, start: Node, *, external: bool) -> Iterator[Violation]:
    """Everything a stranger may do at first hand; other accounts are not API callers."""
    seen: set[str] = set()
    for edge in graph.outgoing(start.id, *_ENTRIES):
        target = graph.nodes[edge.target]
        if edge.decision is Decision.DENY or (external and target.kind is NodeKind.ROUTE):
            continue
        if _is_of_url(graph, edge, external=external) or edge.target in seen:
            continue
        seen.add(edge.target)
        steps = ((_label(start), start.source), (_label(target), _place(edge, target)))
        sure = edge.decision is Decision.ALLOW
        yield Violation(
            message=f"{_label(start)} {_VERBS[edge.kind]} `{_label(target)}`{'' if sure else ' under conditions'}",
            steps=steps,
            source=_place(edge, target),
            nodes=(start.id, target.id),
            sure=sure,
        )


def _is_of_url(graph: PermissionGraph, edge: Edge, *, external: bool) -> bool:
    """Whether an edge is only about callers of a function's URL, which is a route of its own."""
    keys = {key.lower() for held in edge.conditions.values() if isinstance(held, Mapping) for key in held}
    if not keys & _URL_KEYS:
        return False
    return external or any(each.source.startswith("url:") for each in graph.incoming(edge.target, EdgeKind.TRIGGERS))


_VERBS = {
    EdgeKind.CAN_INVOKE: "can call",
    EdgeKind.CAN_ACCESS: "has access to",
    EdgeKind.CAN_ASSUME: "can assume",
}


def _reaching(graph: PermissionGraph, start: Node, target: Node) -> Iterator[Violation]:
    for path in find_paths(graph, start, target, limit=1):
        yield _by_path(path)


def _using(graph: PermissionGraph, start: Node, target: Node, actions: Sequence[str]) -> Iterator[Violation]:
    """The first way to somebody who can take one of the actions; which way is shorter for others does not count."""
    for action in actions:
        for answer in who_can(graph, action, target.id):
            principal, place = answer.principal, _place(answer.edge, answer.principal)
            sure = answer.edge.decision is Decision.ALLOW
            if principal.id == start.id:
                yield _may(start, start, target, answer.edge, action)
                return
            for path in find_paths(graph, start, principal, limit=1):
                violation = _by_path(path)
                way = " -> ".join(label for label, _ in violation.steps[1:])
                sure = sure and violation.sure
                under = "" if sure else " under conditions"
                yield replace(
                    violation,
                    message=f"{violation.steps[0][0]} can call {action} on `{_label(target)}` through {way}{under}",
                    steps=(*violation.steps, (_label(target), place)),
                    source=place,
                    nodes=(*violation.nodes, target.id),
                    sure=sure,
                )
                return


def _by_path(path: Path) -> Violation:
    first, last = path.hops[0], path.hops[-1]
    steps = [(_label(first.source), first.source.source)]
    steps += [(_label(hop.target), _place(hop.edge, hop.target)) for hop in path.hops]
    sure = path.decision is Decision.ALLOW
    way = " -> ".join(label for label, _ in steps[1:-1])
    through = f" through {way}" if way else ""
    return Violation(
        message=f"{_label(first.source)} reaches `{_label(last.target)}`{through}{'' if sure else ' under conditions'}",
        steps=tuple(steps),
        source=_place(last.edge, last.target),
        nodes=(first.source.id, *(hop.target.id for hop in path.hops)),
        sure=sure,
    )


def _label(node: Node) -> str:
    return "anyone on the internet" if node.kind is NodeKind.PUBLIC else node.label


def _place(edge: Edge, node: Node) -> Source:
    return next((one.source for one in edge.provenance if one.source.file or one.source.call), node.source)


# Presets


def _check_preset(contract: Contract, graph: PermissionGraph) -> tuple[list[Violation], int]:
    left_out = {node.id for name in contract.exceptions for node in named(graph, name, contract.source)}
    found = list(_preset_violations(contract.preset or "", graph))
    kept = [one for one in found if not left_out & set(one.nodes)]
    functions = sum(1 for _ in graph.of_kind(NodeKind.FUNCTION))
    return kept, functions


def _preset_violations(preset: str, graph: PermissionGraph) -> Iterator[Violation]:
    public = graph.nodes.get("public")
    match preset:
        case "no-public-entry":
            if public is not None:
                yield from _entries(graph, public, external=False)
        case "no-external-access":
            for node in graph.nodes.values():
                if is_external(node):
                    yield from _entries(graph, node, external=True)
        case "no-public-secrets":
            secrets = [node for node in graph.nodes.values() if node.type == "AWS::SecretsManager::Secret"]
            for secret in secrets if public is not None else ():
                yield from _reaching(graph, public, secret)  # type: ignore[arg-type]
        case "no-admin-functions":
            yield from _admins(graph)
        case "no-shared-roles":
            yield from _shared_roles(graph)
        case "no-escalation":
            for edge in graph.edges_of(EdgeKind.CAN_TAKE_OVER):
                source, target = graph.nodes[edge.source], graph.nodes[edge.target]
                for actor in _actors(graph, source):
                    if actor.kind is NodeKind.FUNCTION:
                        yield Violation(
                            message=f"`{actor.label}` {edge.reason or 'takes over ' + target.label}",
                            steps=(
                                (actor.label, actor.source),
                                (source.label, _place(edge, source)),
                                (target.label, target.source),
                            ),
                            source=_place(edge, source),
                            nodes=(actor.id, source.id, target.id),
                            sure=edge.decision is Decision.ALLOW,
                        )


def _admins(graph: PermissionGraph) -> Iterator[Violation]:
    for function in graph.of_kind(NodeKind.FUNCTION):
        for executes in graph.outgoing(function.id, EdgeKind.EXECUTES_AS):
            for edge in graph.outgoing(executes.target, EdgeKind.CAN_ACCESS):
                if edge.target == "set:*" and edge.actions.patterns(1) == ("*",):
                    role = graph.nodes[executes.target]
                    yield Violation(
                        message=f"`{function.label}` may do everything",
                        steps=((function.label, function.source), (role.label, _place(edge, role))),
                        source=_place(edge, role),
                        nodes=(function.id, role.id),
                        sure=edge.decision is Decision.ALLOW,
                    )


def _shared_roles(graph: PermissionGraph) -> Iterator[Violation]:
    for role in graph.of_kind(NodeKind.ROLE):
        users = [node for node in _actors(graph, role) if node.kind is NodeKind.FUNCTION]
        if len(users) > 1:
            names = ", ".join(f"`{node.label}`" for node in users)
            yield Violation(
                message=f"{names} all run as `{role.label}`",
                steps=tuple((node.label, node.source) for node in users),
                source=role.source,
                nodes=(role.id, *(node.id for node in users)),
            )
