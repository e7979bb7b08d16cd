"""Contracts: what must stay true of the graph, checked with a counter-example where it does not.

```yaml
contracts:
  - name: only PutUser writes Users
    only: [PutUserFunction]
    can: [dynamodb:PutItem, dynamodb:UpdateItem, dynamodb:DeleteItem]
    on: UsersTable
  - name: nothing public reaches the secret
    never: {from: public, reaches: DbSecret}
  - preset: no-external-access
```

`on`, `from` and `reaches` take names as the command line does, a CloudFormation type, or a pattern with `*`. A name
that nothing has is an error: a contract about nothing would hold for ever.
"""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from permscope.audit.findings import SEVERITIES, Finding, fingerprint
from permscope.catalog.actions import ActionSet, load
from permscope.errors import ConfigError, NameNotFoundError
from permscope.graph.asking import who_can
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.graph.paths import Path, find_paths
from permscope.graph.queries import find_node
from permscope.inventory.located import as_list, key_source, source_of, value_source
from permscope.inventory.source import NOWHERE, Source
from permscope.inventory.tokens import ACCOUNT
from permscope.lazy import dataclass

RULE = "contract"
_KEYS = ("name", "why", "severity", "only", "can", "on", "never", "preset", "except")
_NEVER = ("from", "reaches", "can")
_EXTERNAL = ("external", "other accounts")
# Kinds of unknowns that may hide a permission.
_HIDING = frozenset({"managed-policy", "role", "transform", "include", "nested-stack", "authorization"})
_ENTRIES = (EdgeKind.CAN_INVOKE, EdgeKind.CAN_ACCESS, EdgeKind.CAN_ASSUME)
_SHOWN = 20


class Status(StrEnum):
    """Whether a contract holds; `unknown` where something that nobody can read may break it."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One contract as it is written.

    Attributes:
        name: what a person calls it.
        why: why it must hold, where that is written.
        severity: of a finding that it does not hold.
        only: names of those who may; None for the other kinds.
        can: action patterns.
        on: names of what it is about.
        start, reaches: of a `never`.
        preset: name of a ready-made contract.
        exceptions: names a preset leaves out.
    """

    name: str
    why: str = ""
    severity: str = "high"
    only: tuple[str, ...] | None = None
    can: tuple[str, ...] = ()
    on: tuple[str, ...] = ()
    start: str | None = None
    reaches: tuple[str, ...] = ()
    preset: str | None = None
    exceptions: tuple[str, ...] = ()
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One counter-example: what happens, the hops, and where the last of them is written."""

    message: str
    steps: tuple[tuple[str, Source], ...] = ()
    source: Source = NOWHERE
    nodes: tuple[str, ...] = ()
    sure: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one contract.

    Attributes:
        violations: counter-examples, surest first.
        unknowns: how many unknowns may break it.
        checked: how many things it was about.
    """

    contract: Contract
    status: Status
    violations: tuple[Violation, ...] = ()
    unknowns: int = 0
    checked: int = 0


# Reading


def parse_contracts(raw: object, place: Source = NOWHERE) -> tuple[Contract, ...]:
    """The contracts under `contracts:`.

    Raises:
        ConfigError: with file and line, when anything in them is wrong.
    """
    if raw is None:
        return ()
    if not isinstance(raw, list):
        raise ConfigError("`contracts` must be a list", source=source_of(raw, place))
    return tuple(_contract(item, source_of(item, place)) for item in raw)


def _contract(raw: object, place: Source) -> Contract:
    if not isinstance(raw, Mapping):
        raise ConfigError("a contract must be a mapping", source=place, hint="`- name: ...` with `only` or `never`")
    _check_keys(raw, _KEYS, place)
    kinds = [key for key in ("only", "never", "preset") if key in raw]
    if len(kinds) != 1:
        raise ConfigError("a contract has one of `only`, `never` and `preset`", source=place)
    severity = raw.get("severity", "high")
    if severity not in SEVERITIES:
        known = ", ".join(SEVERITIES)
        raise ConfigError(f"no severity `{severity}`", source=value_source(raw, "severity", place), hint=known)
    why = raw.get("why", "")
    name = raw.get("name") or raw.get("preset")
    if not isinstance(name, str) or not isinstance(why, str):
        raise ConfigError("a contract needs `name`", source=place, hint="say in a few words what must stay true")
    given: dict[str, Any] = {"name": str(name), "why": str(why).strip(), "severity": str(severity), "source": place}
    if "preset" in raw:
        return _preset(raw, given, place)
    if "except" in raw:
        raise ConfigError("`except` belongs to a `preset`", source=key_source(raw, "except", place))
    if "only" in raw:
        for key in ("can", "on"):
            if not raw.get(key):
                raise ConfigError(f"`only` needs `{key}`", source=place, hint="`only: [...]`, `can: [...]`, `on: ...`")
        return Contract(
            **given,
            only=_names(raw, "only", place),
            can=_actions(raw, "can", place),
            on=_names(raw, "on", place),
        )
    for key in ("can", "on"):
        if key in raw:
            hint = "write `never: {from: ..., reaches: ..., can: [...]}`"
            raise ConfigError(f"`{key}` stands inside `never`", source=key_source(raw, key, place), hint=hint)
    return _never(raw["never"], given, value_source(raw, "never", place))


def _preset(raw: Mapping[str, Any], given: dict[str, Any], place: Source) -> Contract:
    preset = raw["preset"]
    if preset not in PRESETS:
        near = difflib.get_close_matches(str(preset), PRESETS, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(PRESETS)}"
        raise ConfigError(f"no preset `{preset}`", source=value_source(raw, "preset", place), hint=hint)
    for key in ("can", "on"):
        if key in raw:
            raise ConfigError(f"a preset has no `{key}`", source=key_source(raw, key, place))
    given["why"] = given["why"] or PRESETS[preset]
    return Contract(**given, preset=str(preset), exceptions=_names(raw, "except", place))


def _never(raw: object, given: dict[str, Any], place: Source) -> Contract:
    if not isinstance(raw, Mapping):
        raise ConfigError("`never` must be a mapping", source=place, hint="`{from: public, reaches: DbSecret}`")
    _check_keys(raw, _NEVER, place)
    start = raw.get("from")
    if not isinstance(start, str) or not start.strip():
        raise ConfigError("`never` needs `from`", source=place, hint="`public`, `external`, a function, a role")
    if "can" in raw and "reaches" not in raw:
        raise ConfigError("`never` with `can` needs `reaches`", source=key_source(raw, "can", place))
    if "reaches" not in raw and start not in ("public", *_EXTERNAL):
        raise ConfigError("`never` needs `reaches`, unless it is from `public` or `external`", source=place)
    return Contract(
        **given, start=start, reaches=_names(raw, "reaches", place), can=_actions(raw, "can", place, required=False)
    )


def _check_keys(raw: Mapping[str, Any], known: Sequence[str], place: Source) -> None:
    for key in raw:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known)}"
            raise ConfigError(f"no setting `{key}`", source=key_source(raw, key, place), hint=hint)


def _names(raw: Mapping[str, Any], key: str, place: Source) -> tuple[str, ...]:
    found: list[str] = []
    for item in as_list(raw.get(key)) if raw.get(key) is not None else []:
        if not isinstance(item, str) or not item.strip():
            at = source_of(item, value_source(raw, key, place))
            raise ConfigError(f"`{key}` must be a name or a list of names", source=at)
        found.append(item)  # it knows its line
    return tuple(found)


def _actions(raw: Mapping[str, Any], key: str, place: Source, *, required: bool = True) -> tuple[str, ...]:
    found = _names(raw, key, place)
    if required and not found:
        raise ConfigError(f"`{key}` names no action", source=value_source(raw, key, place))
    catalog = load()
    for pattern in found:
        if not catalog.expand(pattern):
            close = catalog.closest(pattern)
            hint = f"did you mean `{close}`?" if close else None
            at = source_of(pattern, value_source(raw, key, place))
            raise ConfigError(f"`{pattern}` is no IAM action", source=at, hint=hint)
    return found


# Checking


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
        message=f"`{_label(actor)}` can {action} on `{_label(target)}`{under}",
        steps=tuple(steps),
        source=place,
        nodes=(actor.id, principal.id, target.id),
        sure=sure,
    )


def _check_never(contract: Contract, graph: PermissionGraph) -> Iterator[Violation]:
    starts = _starts(graph, contract)
    if not contract.reaches:
        for start in starts:
            yield from _entries(graph, start, external=contract.start in _EXTERNAL)
        return
    wanted = load().action_set(contract.can) if contract.can else None
    for name in contract.reaches:
        for target in named(graph, name, contract.source):
            for start in starts:
                yield from _reaching(graph, start, target, wanted)


def _starts(graph: PermissionGraph, contract: Contract) -> list[Node]:
    start = contract.start or ""
    if start in _EXTERNAL:
        return [node for node in graph.nodes.values() if is_external(node)]
    return named(graph, start, contract.source)


def is_external(node: Node) -> bool:
    """Whether a node stands for somebody outside the user's own and trusted accounts."""
    if node.kind in (NodeKind.ACCOUNT, NodeKind.EXTERNAL):
        return node.trusted is False
    return node.kind is NodeKind.PUBLIC


def _entries(graph: PermissionGraph, start: Node, *, external: bool) -> Iterator[Violation]:
    """Everything a stranger may do at first hand; other accounts are not API callers."""
    for edge in graph.outgoing(start.id, *_ENTRIES):
        target = graph.nodes[edge.target]
        if edge.decision is Decision.DENY or (external and target.kind is NodeKind.ROUTE):
            continue
        steps = ((_label(start), start.source), (_label(target), _place(edge, target)))
        sure = edge.decision is Decision.ALLOW
        yield Violation(
            message=f"{_label(start)} {_VERBS[edge.kind]} `{_label(target)}`{'' if sure else ' under conditions'}",
            steps=steps,
            source=_place(edge, target),
            nodes=(start.id, target.id),
            sure=sure,
        )


_VERBS = {
    EdgeKind.CAN_INVOKE: "can call",
    EdgeKind.CAN_ACCESS: "has access to",
    EdgeKind.CAN_ASSUME: "can assume",
}


def _reaching(graph: PermissionGraph, start: Node, target: Node, wanted: ActionSet | None) -> Iterator[Violation]:
    for path in find_paths(graph, start, target, limit=1 if wanted is None else _SHOWN):
        last = path.hops[-1].edge
        if wanted is not None and last.actions.isdisjoint(wanted):
            continue
        yield _by_path(path)
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

PRESETS = {
    "no-public-entry": "nobody calls anything without credentials",
    "no-external-access": "nobody outside our accounts has access to anything",
    "no-public-secrets": "no way leads from the internet to a secret",
    "no-admin-functions": "no function may do everything",
    "no-shared-roles": "every function has a role of its own",
    "no-escalation": "no function can become another principal",
}


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
                yield from _reaching(graph, public, secret, None)  # type: ignore[arg-type]
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


# As findings


def as_findings(results: Iterable[Result]) -> tuple[Finding, ...]:
    """Contracts that do not hold, and those nobody can be sure of, as findings."""
    found: list[Finding] = []
    for result in results:
        contract = result.contract
        given: dict[str, Any] = {
            "rule": RULE,
            "title": f"Contract: {contract.name}",
            "why": contract.why or "It is written in `permscope.yaml` that this must not be possible.",
            "tags": ("contract",),
        }
        found.extend(
            Finding(
                **given,
                severity=contract.severity,
                confidence="high" if violation.sure else "medium",
                resource=violation.steps[-1][0] if violation.steps else contract.name,
                source=violation.source if violation.source.file else contract.source,
                message=f"contract `{contract.name}` does not hold: {violation.message}",
                fix="Take the permission away, or change the contract.",
                path=tuple(label for label, _ in violation.steps),
                steps=violation.steps,
                fingerprint=fingerprint(RULE, contract.name, violation.message),
                nodes=violation.nodes,
            )
            for violation in result.violations
        )
        if result.status is Status.UNKNOWN:
            found.append(
                Finding(
                    **given,
                    severity="info",
                    confidence="low",
                    resource=contract.name,
                    source=contract.source,
                    message=f"contract `{contract.name}` holds for all that is known; {result.unknowns} unknown"
                    f"{'' if result.unknowns == 1 else 's'} may break it",
                    fix="Give what is missing, such as parameters or the documents of managed policies.",
                    fingerprint=fingerprint(RULE, contract.name, "unknown"),
                )
            )
    return tuple(found)
