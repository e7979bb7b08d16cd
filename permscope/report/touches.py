"""What a role touches, the way people read it: by thing, `*` taken apart by service, the routine grants last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from permscope.catalog.actions import ActionSet, load
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.graph.questions.queries import in_set
from permscope.graph.routine import routine_of
from permscope.inventory.arn import split_arn
from permscope.report.describe import name_of, type_name
from permscope.report.reasons import able_on

PERMISSIONS = (EdgeKind.CAN_ACCESS, EdgeKind.CAN_INVOKE, EdgeKind.CAN_PASS, EdgeKind.CAN_ASSUME)
_FEW_SERVICES = 6
# The actions of DynamoDB that are about a table's stream, as `AWSLambdaDynamoDBExecutionRole` has them.
_OF_STREAMS = tuple(f"dynamodb:{name}" for name in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"))
_ORDER = {
    NodeKind.RESOURCE: 0,
    NodeKind.FUNCTION: 0,
    NodeKind.ROLE: 1,
    NodeKind.ROUTE: 1,
    NodeKind.EXTERNAL: 2,
    NodeKind.RESOURCE_SET: 3,
}


class Touch(NamedTuple):
    """What a principal may do to one thing, or to everything of one service.

    Attributes:
        target: the node.
        edge: where the graph says so.
        actions: those of the edge that are about this.
        service: prefix, where a grant on `*` was taken apart by service.
        routine: in two or three words, where it is one of the grants nearly every function has.
    """

    target: Node
    edge: Edge
    actions: ActionSet
    service: str | None = None
    routine: str | None = None

    @property
    def name(self) -> str:
        """What is touched, in words."""
        if self.service == "dynamodb" and self.actions <= load().action_set(_OF_STREAMS):
            return "every dynamodb stream (*)"
        if self.service:
            return f"every {self.service} resource (*)"
        noun = {"pass": "role", "become": "role", "invoke": "function"}.get(self.verb, "resource")
        return f"every {noun} (*)" if self.target.label == "*" else name_of(self.target)

    @property
    def verb(self) -> str:
        """What is done, where it is not plain access."""
        return {EdgeKind.CAN_PASS: "pass", EdgeKind.CAN_ASSUME: "become", EdgeKind.CAN_INVOKE: "invoke"}.get(
            self.edge.kind, ""
        )

    @property
    def kind(self) -> str:
        """What the target is, in words; nothing where the name says it."""
        return "" if self.service or self.is_wide else type_name(self.target)

    @property
    def is_wide(self) -> bool:
        """Whether it is about more than one known thing."""
        return self.target.kind is NodeKind.RESOURCE_SET


def touches_of(graph: PermissionGraph, principal: Node) -> list[Touch]:
    """What a principal may do itself: known things first, then patterns, then `*`, the routine last."""
    return sorted(_touches(graph, principal), key=_order)


def _touches(graph: PermissionGraph, principal: Node) -> Iterator[Touch]:
    passed = {
        (edge.target, edge.decision, str(edge.conditions)) for edge in graph.outgoing(principal.id, EdgeKind.CAN_PASS)
    }
    passing = load().expand("iam:PassRole")
    polled = _polled(graph, principal)
    for edge in graph.outgoing(principal.id, *PERMISSIONS):
        if edge.decision is Decision.DENY:
            continue
        target, actions = graph.nodes[edge.target], edge.actions
        if edge.kind is EdgeKind.CAN_ACCESS and (edge.target, edge.decision, str(edge.conditions)) in passed:
            actions = actions - passing
            if not actions:
                continue
        services = actions.services()
        if edge.kind is EdgeKind.CAN_ACCESS and target.label == "*" and actions != load().everything:
            for service in services:
                own = actions.of_service(service)
                yield Touch(target, edge, own, service, _routine(own, service, edge, polled))
        else:
            own_logs = len(services) == 1 and _is_own_logs(target)
            routine = _routine(actions, services[0], edge, polled) if own_logs else None
            yield Touch(target, edge, actions, None, routine)


def without_repeated(touches: Iterable[Touch]) -> list[Touch]:
    """Touches without those under conditions that are had on the same thing without any."""
    every = list(touches)
    free: dict[tuple[str, EdgeKind, str | None, str | None], ActionSet] = {}
    for each in every:
        if each.edge.decision is Decision.ALLOW and not each.edge.conditions:
            key = (each.target.id, each.edge.kind, each.service, each.edge.qualifier)
            free[key] = free.get(key, ActionSet.empty) | each.actions
    return [
        each
        for each in every
        if (each.edge.decision is Decision.ALLOW and not each.edge.conditions)
        or not each.actions
        or not each.actions
        <= free.get((each.target.id, each.edge.kind, each.service, each.edge.qualifier), ActionSet.empty)
    ]


class Members:
    """The known things that patterns match; each pattern is matched once.

    Args:
        graph: the graph.
    """

    def __init__(self, graph: PermissionGraph) -> None:
        self._graph = graph
        self._known: dict[tuple[str, bool], list[Node]] = {}

    def through(self, role: Node, touch: Touch) -> Iterator[tuple[Node, ActionSet, bool]]:
        """What a grant on a pattern means for each known thing in it: the actions, and whether they are conditional.

        Deny is taken off again for the very thing.
        """
        graph = self._graph
        if not touch.is_wide or graph.decisions is None or touch.verb in ("pass", "become"):
            return
        for member in self._of(touch):
            able = touch.actions & able_on(member.arn or "")
            if not able:
                continue
            allowed, conditional = graph.decisions.access(role.id, member.arn or "")
            for actions, unsure in ((allowed & able, False), (conditional & able, True)):
                if actions:
                    yield member, actions, unsure

    def _of(self, touch: Touch) -> list[Node]:
        functions = touch.verb == "invoke"
        key = (touch.target.id, functions)
        if key not in self._known:
            kind = NodeKind.FUNCTION if functions else NodeKind.RESOURCE
            nodes = self._graph.of_kind(kind)
            self._known[key] = [node for node in nodes if node.arn and in_set(touch.target, node.arn)]
        return self._known[key]


class Bundle(NamedTuple):
    """Services of which the same may be said of grants on `*`.

    Attributes:
        words: `everything of`, `read access to`, or `everything but that of` for nearly all services.
        services: prefixes in order.
        edge: one of those that say so, for the conditions they share.
    """

    words: str
    services: tuple[str, ...]
    edge: Edge


def bundled(touches: Iterable[Touch]) -> tuple[list[Touch], list[Bundle]]:
    """Touches to show one by one, and of many grants on `*` the services that can be named together."""
    every = list(touches)
    stars: dict[str, list[Touch]] = {}
    for each in every:
        if each.service and not each.routine:
            stars.setdefault(f"{each.edge.decision} {each.edge.conditions} {each.edge.reason}", []).append(each)
    said: set[int] = set()
    bundles: list[Bundle] = []
    for group in stars.values():
        if len(group) > _FEW_SERVICES:
            bundles.extend(_bundles(group, said))
    return [each for each in every if id(each) not in said], bundles


def _bundles(group: list[Touch], said: set[int]) -> Iterator[Bundle]:
    together: dict[str, list[str]] = {"everything of": [], "read access to": []}
    for each in group:
        service = str(each.service)
        if each.actions >= load().expand(f"{service}:*"):
            together["everything of"].append(service)
        elif set(each.actions.levels()) <= {"List", "Read"}:
            together["read access to"].append(service)
        else:
            continue
        said.add(id(each))
    whole = frozenset(together["everything of"])
    left = tuple(name for name in load().everything.services() if name not in whole)
    if len(left) < len(whole):
        yield Bundle("everything but that of", left, group[0].edge)
        together["everything of"] = []
    yield from (Bundle(words, tuple(names), group[0].edge) for words, names in together.items() if names)


def _is_own_logs(target: Node) -> bool:
    return target.kind is NodeKind.RESOURCE_SET and ":logs:" in target.id


def _routine(actions: ActionSet, service: str, edge: Edge, polled: frozenset[str]) -> str | None:
    if edge.kind is not EdgeKind.CAN_ACCESS or edge.decision is not Decision.ALLOW:
        return None
    found = routine_of(actions, service, polled)
    return found.does if found is not None else None


def _polled(graph: PermissionGraph, role: Node) -> frozenset[str]:
    """Prefixes of the services that feed what runs as a role: polling them is routine, polling others is not."""
    sources = (
        graph.nodes[wiring.source]
        for user in graph.incoming(role.id, EdgeKind.EXECUTES_AS)
        for wiring in graph.incoming(user.source, EdgeKind.TRIGGERS)
        if wiring.mechanism == "poll"
    )
    arns = (split_arn(source.arn or "") for source in sources)
    return frozenset(arn.service for arn in arns if arn is not None)


def _order(touch: Touch) -> tuple[object, ...]:
    kind = _ORDER.get(touch.target.kind, 2)
    star = touch.target.label == "*"
    return touch.routine is not None, kind, star, touch.name, touch.edge.kind.value, str(touch.edge.conditions)


def routine_words(touches: Iterable[Touch]) -> str:
    """The routine grants on one line: `writes its logs, sends traces`."""
    return ", ".join(dict.fromkeys(touch.routine for touch in touches if touch.routine))
