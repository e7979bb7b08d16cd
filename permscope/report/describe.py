"""Nodes, edges and conditions in a few words, the same in every report for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Any
from weakref import WeakKeyDictionary

from permscope.catalog.action_set import LEVELS
from permscope.catalog.actions import ActionSet, load
from permscope.graph.collector import entries_in
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.graph.outcome import assumption_words
from permscope.inventory.arn import ArnParts, split_arn
from permscope.inventory.policies import PolicyKind
from permscope.inventory.source import Source
from permscope.inventory.tokens import ACCOUNT, PARTITION, REGION, as_written
from permscope.lazy import regex
from permscope.policy.strength import condition_strength

_AUTH_WORDS = {
    "none": "no authorization",
    "iam": "IAM",
    "cognito": "Cognito",
    "jwt": "JWT",
    "lambda": "Lambda authorizer",
    "api_key": "API key only",
    "mutual_tls": "mutual TLS",
    "unknown": "authorization unknown",
}
_OWN_ARN = regex(r"arn:(?:\$\{[^}]*\}|[^\s,;`'\"\]()|]|\((?=[^)]*\)))+")
_OWN_TOKENS = (PARTITION, REGION, ACCOUNT)
_SHOWN_ACTIONS = 3
_FEW = 3
_LONG_FOLDER = 24


def type_name(node: Node) -> str:
    """`AWS::DynamoDB::Table` as `DynamoDB Table`; the kind of a node that has no type."""
    if node.type and node.kind is not NodeKind.FUNCTION:
        parts = node.type.split("::")
        return " ".join(parts[1:]) if parts[0] == "AWS" and len(parts) > 1 else node.type
    return {
        NodeKind.RESOURCE_SET: "every match",
        NodeKind.EXTERNAL: "not in the input",
        NodeKind.PUBLIC: "",
    }.get(node.kind, node.kind.value)


def name_of(node: Node) -> str:
    """What a person calls a node."""
    match node.kind:
        case NodeKind.ROUTE:
            return " ".join(part for part in (node.method, node.path) if part) or node.label
        case NodeKind.PUBLIC:
            return "anyone on the internet"
        case NodeKind.SERVICE:
            return node.service or node.label
        case NodeKind.ACCOUNT:
            account = node.account or node.label
            return "this account" if account == ACCOUNT else f"account {account}"
        case NodeKind.RESOURCE_SET:
            return everything_in(node)
        case NodeKind.EXTERNAL:
            return in_words(node.label)
        case _:
            return node.label


def everything_in(node: Node) -> str:
    """A resource set in words: `*` says less than `every resource`."""
    pattern = node.arn or node.label
    return "every resource (*)" if pattern == "*" else in_words(pattern)


def in_words(text: str) -> str:
    """Text with the stack's own partition, Region and account left out of its ARNs.

    `arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Orders}` is `sqs ${Orders}`; what differs from the
    stack's own is said behind it. An ARN without such tokens stays as it is, a pattern over Regions is put in words.
    """
    if text == ACCOUNT:
        return "this account"
    if text == REGION:
        return "this Region"
    text = as_written(text)
    if "arn:" not in text:
        return text
    return _OWN_ARN.sub(lambda found: _arn_in_words(found.group()), text)


def _arn_in_words(arn: str) -> str:
    parts = split_arn(arn)
    if parts is None or not (any(token in arn[:80] for token in _OWN_TOKENS) or "*" in parts.region + parts.account):
        return arn
    remarks = " and ".join(_remarks(parts))
    return f"{parts.service} {parts.resource}" + (f" ({remarks})" if remarks else "")


def with_short_arns(text: str, sign: str = "…") -> str:
    """Policy text with the stack's own partition written `aws`, its own Region and account as one ellipsis."""
    text = as_written(text)
    if "${AWS::" not in text:
        return text
    for own in (f":{REGION}:{ACCOUNT}:", f"::{ACCOUNT}:", f":{REGION}::"):
        text = text.replace(own, f":{sign}:")
    return text.replace(f"arn:{PARTITION}:", "arn:aws:")


def _remarks(parts: ArnParts) -> Iterable[str]:
    if parts.partition not in (PARTITION, "aws", "*"):
        yield parts.partition
    for value, own, noun in ((parts.region, REGION, "Region"), (parts.account, ACCOUNT, "account")):
        if value == "*":
            yield f"any {noun}"
        elif value not in ("", own):
            yield value if noun == "Region" else f"account {value}"


def auth_of(node: Node) -> str:
    """How a route asks who is there."""
    return _AUTH_WORDS.get(node.auth or "unknown", node.auth or "")


def place(source: Source) -> str:
    """`template.yaml:12`, or the account and Region that it was read from; nothing for a fact without a place."""
    if source.call:
        account = f"account {source.account}" if source.account else ""
        return ", ".join(part for part in (account, source.region) if part) or source.call
    if not source.file:
        return ""
    return f"{source.file}:{source.line}" if source.line else source.file


def place_of(graph: PermissionGraph, node: Node) -> str:
    """The place of a node; of one template that is deployed several times with the account and Region as well."""
    where = place(node.source)
    stack = stack_of(graph, node)
    return f"{where} in {stack}" if stack else where


def stack_of(graph: PermissionGraph, node: Node) -> str:
    """Account and Region of a node of a template that is deployed several times; nothing for another."""
    return _twins(graph).get(node.id, "")


# Found once for a graph as it is.
_TWINS: WeakKeyDictionary[PermissionGraph, tuple[int, dict[str, str]]] = WeakKeyDictionary()


def _twins(graph: PermissionGraph) -> dict[str, str]:
    """Account and Region of nodes that share name and place with another one."""
    known = _TWINS.get(graph)
    if known is None or known[0] != len(graph.nodes):
        same: dict[tuple[object, ...], list[Node]] = {}
        for node in graph.nodes.values():
            if node.source.file and node.arn:
                same.setdefault((node.kind, node.label, node.source), []).append(node)
        several = (node for nodes in same.values() if len(nodes) > 1 for node in nodes)
        known = (len(graph.nodes), {node.id: _whereabouts(node) for node in several})
        _TWINS[graph] = known
    return known[1]


def _whereabouts(node: Node) -> str:
    parts = split_arn(node.arn or "")
    named = (
        f"account {node.account}" if node.account and node.account != ACCOUNT else "",
        parts.region if parts and parts.region != REGION else "",
    )
    return ", ".join(part for part in named if part)


def line_of(source: Source) -> str:
    """`:12`, or nothing."""
    return f":{source.line}" if source.line else ""


def place_in(source: Source, around: Source) -> str:
    """A place as seen from another: `:12` in the same file."""
    if source.file and source.file == around.file and source.line:
        return f":{source.line}"
    return place(source)


class Places:
    """Places of a world, without the folder all its files are in where that folder is long.

    Args:
        sources: every place that may be shown.
        long: cells from which on the folder is left out.

    Attributes:
        folder: what is left out, ending in `/`; empty where nothing is.
    """

    def __init__(self, sources: Iterable[Source], *, long: int = _LONG_FOLDER) -> None:
        files = {source.file for source in sources if source.file}
        folders = [file.split("/")[:-1] for file in files]
        shared = [parts[0] for parts in takewhile(lambda parts: len(set(parts)) == 1, zip(*folders, strict=False))]
        folder = "".join(f"{part}/" for part in shared)
        self.folder = folder if len(folder) > long else ""

    def __call__(self, source: Source) -> str:
        """`template.yaml:12`."""
        return place(source).removeprefix(self.folder)

    def file(self, source: Source) -> str:
        """`template.yaml`, the API call of a live account, or `elsewhere`."""
        return (source.file or source.call or "elsewhere").removeprefix(self.folder)

    def heading(self) -> str:
        """What to say of the folder that is left out, or nothing."""
        return f"files are in {self.folder}" if self.folder else ""


class Lines:
    """Places of one answer; where all are in one file, that is named once and they are line numbers.

    Args:
        sources: every place that may be shown.
    """

    def __init__(self, sources: Iterable[Source]) -> None:
        files = {source.file if source.line else str(source) for source in sources if place(source)}
        self._file = files.pop() if len(files) == 1 else None

    def __call__(self, source: Source) -> str:
        """`:12`, or `template.yaml:12`."""
        return line_of(source) if source.file and source.file == self._file else place(source)

    def heading(self) -> str:
        """What to say of the file, or nothing."""
        return f"lines are those of {self._file}" if self._file else ""


def actions_of(edge: Edge, limit: int = _SHOWN_ACTIONS) -> str:
    """The first few actions of an edge and how many more there are."""
    return actions_in_words(edge.actions, limit)


def actions_in_words(actions: ActionSet, limit: int = _SHOWN_ACTIONS) -> str:
    """Actions on one line: `dynamodb:*`, `all 38 Write actions of dynamodb`, or the first few names."""
    catalog = load()
    said: list[str] = []
    names: list[str] = []
    if actions >= catalog.everything:
        return "every action (*)"
    for service in actions.services():
        own = actions.of_service(service)
        patterns = own.patterns()
        if len(own) > _FEW and patterns[0].endswith(":*"):
            said.append(patterns[0])
            names.extend(patterns[1:])
            continue
        missing = catalog.expand(f"{service}:*") - own
        if len(missing) <= _FEW < len(own):
            said.append(f"every {service} action but {', '.join(missing)}")
            continue
        for level in LEVELS:
            whole = catalog.level_set(level).of_service(service)
            if len(whole) > _FEW and whole <= own:
                said.append(f"all {len(whole)} {level} actions of {service}")
                own = own - whole
        names.extend(own.patterns())
    room = max(limit - len(said), 1) if names else limit
    shown = [*said[:limit], *names[:room]]
    more = len(said) + len(names) - len(shown)
    if more == 1:  # the last one takes no more room than that it is one more
        shown, more = [*said, *names], 0
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def conditions_of(edge: Edge) -> str:
    """The conditions of an edge on one line: `aws:SourceAccount = 111122223333`."""
    return "; ".join(_condition_lines(edge.conditions))


_NAMES_IT = " names it"
_A_PARAMETER = "the parameter "


def _naming_once(assumptions: list[str]) -> Iterable[str]:
    """Assumptions about a template, those on the parts of one name in one sentence."""
    naming = [each.removesuffix(_NAMES_IT) for each in assumptions if each.endswith(_NAMES_IT)]
    if len(naming) < 2 or not all(each.startswith(_A_PARAMETER) for each in naming):  # noqa: PLR2004 - several
        return assumptions
    names = [each.removeprefix(_A_PARAMETER) for each in naming]
    together = f"the parameters {', '.join(names[:-1])} and {names[-1]} name it"
    return (together, *(each for each in assumptions if not each.endswith(_NAMES_IT)))


def _condition_lines(conditions: Mapping[str, Any]) -> Iterable[str]:
    for operator, keys in conditions.items():
        if operator == "template":
            yield from map(in_words, _naming_once([assumption_words(key, values) for key, values in _pairs(keys)]))
        elif operator == "unknown" and isinstance(keys, Mapping):
            yield from (f"{key} is as it must be" for key in keys)
        elif operator == "auth" and isinstance(keys, Mapping):
            for key, values in keys.items():
                if key == "type":
                    yield from (_PASSED.get(str(value), f"{value} lets it") for value in values)
                else:
                    yield "an API key is sent" if key == "api_key" else f"{key} {_values(values)}"
        elif operator == "cross-account":
            yield "the other account's policy allows it too"
        elif operator == "trust":
            yield "the role's trust policy allows it too"
        elif operator == "network":
            yield "the call comes from inside the VPC"
        elif isinstance(keys, Mapping):
            for key, values in keys.items():
                yield f"{key} {_OPERATOR_SIGNS.get(operator, operator)} {_values(values)}"
        else:
            yield f"{operator} {_values(keys)}"


_PASSED = {
    "iam": "the call is signed",
    "jwt": "a valid token is sent",
    "cognito": "a valid Cognito token is sent",
    "lambda": "the authorizer lets it",
    "mutual_tls": "a client certificate is sent",
    "unknown": "the authorization, which is not known, lets it",
}


_OPERATOR_SIGNS = {
    "StringEquals": "=",
    "StringLike": "~",
    "ArnLike": "~",
    "ArnEquals": "~",
    "Bool": "=",
    "StringNotEquals": "!=",
    "StringNotLike": "!~",
    "ArnNotLike": "!~",
    "ArnNotEquals": "!~",
    "NumericEquals": "=",
    "IpAddress": "in",
    "NotIpAddress": "not in",
}


def _pairs(value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return value.items()
    return [(str(value), "true")]


def _values(value: Any) -> str:
    if isinstance(value, str):
        return in_words(value)
    if isinstance(value, Iterable):
        return " or ".join(in_words(str(item)) for item in value)
    return str(value)


def is_conditional(edge: Edge) -> bool:
    """Whether an edge holds only under conditions."""
    return edge.decision is Decision.CONDITIONAL or bool(edge.conditions)


def is_open(graph: PermissionGraph, node: Node) -> bool:
    """Whether anyone on the internet may call a route or function, no condition keeping strangers out.

    A route whose authorization is not known may be open, and is not called so.
    """
    return any(
        edge.decision is not Decision.DENY
        and graph.nodes[edge.source].kind is NodeKind.PUBLIC
        and not _asks_something_unknown(edge)
        and condition_strength(entries_in(edge.conditions), PolicyKind.RESOURCE) != "strong"
        for edge in graph.incoming(node.id, EdgeKind.CAN_INVOKE)
    )


def _asks_something_unknown(edge: Edge) -> bool:
    asked = edge.conditions.get("auth")
    return isinstance(asked, Mapping) and "unknown" in asked.get("type", ())


def exposed_functions(graph: PermissionGraph) -> frozenset[str]:
    """The functions that anyone on the internet can make run, by calling them or a route in front of them.

    A route of AppSync stands in front of the data source that runs the function, one of API Gateway may stand in front
    of a queue that does; each of these is looked at once.
    """
    known: dict[str, bool] = {}

    def lets_in(source: Node) -> bool:
        if source.id not in known:
            doors = (source, *feeders(graph, source))
            known[source.id] = any(node.kind is NodeKind.ROUTE and is_open(graph, node) for node in doors)
        return known[source.id]

    return frozenset(
        function.id
        for function in graph.of_kind(NodeKind.FUNCTION)
        if is_open(graph, function)
        or any(
            edge.authorized is not False and lets_in(graph.nodes[edge.source])
            for edge in graph.incoming(function.id, EdgeKind.TRIGGERS)
        )
    )


def feeders(graph: PermissionGraph, node: Node) -> list[Node]:
    """What is wired to hand something to a queue, rule, data source, ...: open routes first, then other routes."""
    if node.kind is not NodeKind.RESOURCE:
        return []
    made_of, known = _FEEDERS.get(graph) or (-1, {})
    if made_of != len(graph.edges):
        made_of, known = _FEEDERS[graph] = len(graph.edges), {}
    if node.id not in known:
        known[node.id] = _feeders(graph, node)
    return known[node.id]


# Found once for a graph as it is: each of many functions behind one queue asks for what feeds the queue.
_FEEDERS: WeakKeyDictionary[PermissionGraph, tuple[int, dict[str, list[Node]]]] = WeakKeyDictionary()


def _feeders(graph: PermissionGraph, node: Node) -> list[Node]:
    edges = [
        edge
        for edge in graph.incoming(node.id, EdgeKind.DELIVERS_TO, EdgeKind.CAN_ACCESS)
        if edge.authorized is not False
        and (edge.kind is EdgeKind.DELIVERS_TO or graph.nodes[edge.source].kind is NodeKind.ROUTE)
        and edge.event not in LEFTOVERS
    ]
    found = {edge.source: graph.nodes[edge.source] for edge in edges}
    return sorted(found.values(), key=lambda one: (not is_open(graph, one), one.kind is not NodeKind.ROUTE, one.id))


LEFTOVERS = ("dead-letter-queue", "redrive")  # deliveries of what could not be handled
_SHOWN_FEEDERS = 3


def fed_by(graph: PermissionGraph, node: Node) -> str:
    """`POST /orders (no authorization), OrdersTopic and 2 more`, or nothing."""
    found = feeders(graph, node)
    names = [f"{name_of(one)} ({auth_of(one)})" if one.kind is NodeKind.ROUTE else name_of(one) for one in found]
    more = f" and {len(names) - _SHOWN_FEEDERS} more" if len(names) > _SHOWN_FEEDERS else ""
    return ", ".join(names[:_SHOWN_FEEDERS]) + more


def counted(graph: PermissionGraph, *kinds: NodeKind) -> int:
    """How many nodes of these kinds there are."""
    return sum(1 for _ in graph.of_kind(*kinds))
