"""Which thing of the new graph is which of the old one, whatever it is called there.

Things are the same when they have the same id; else the same logical id and type (in the stack or file of the same name
first); else the same physical name and type; else, of what only one side has, when they look the same (`renamed`). The
last is a guess, so it is always said.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field

from permscope.graph.decisions import any_partition
from permscope.graph.model import EdgeKind, Node, NodeKind, PermissionGraph
from permscope.inventory.facts import Function, Resource, Role, Route
from permscope.inventory.tokens import TOKEN, has_unknown
from permscope.lazy import dataclass, regex

_THINGS = (
    NodeKind.FUNCTION,
    NodeKind.ROLE,
    NodeKind.USER,
    NodeKind.GROUP,
    NodeKind.RESOURCE,
    NodeKind.FEDERATED,
)
_ALIKE = 0.5  # share of what is known of two things that must agree
_SOLE = 0.34  # the same, where each side has only one thing of the kind left
_CLEAR = 0.005  # by how much the best candidate must lead
_MOST_CANDIDATES = 400
_ANY = "arn:"  # `any_partition` leaves `arn::service:...`
_WORD = regex(r"[A-Za-z0-9]+")
_ARN_END = regex(r"[:/*?]|$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """Two things taken for the same because they look the same."""

    old: Node
    new: Node


@dataclass(slots=True)
class Matching:
    """The pairs of two graphs.

    Attributes:
        old_of: id in the new graph -> id in the old graph.
        renamed: pairs that only their looks brought together.
    """

    old: PermissionGraph
    new: PermissionGraph
    old_of: dict[str, str] = field(default_factory=dict)
    renamed: list[Renamed] = field(default_factory=list)
    _tokens: dict[str, str] = field(default_factory=dict)
    _arns: dict[str, str] = field(default_factory=dict)
    _logical: dict[str, str] = field(default_factory=dict)
    _translated: dict[str, str] = field(default_factory=dict)
    _new_of: dict[str, str] = field(default_factory=dict)

    def old_node(self, new_id: str) -> Node | None:
        """The old node of a new one; strangers are known by their translated id."""
        return self.old.nodes.get(self.old_id(new_id))

    def old_id(self, new_id: str) -> str:
        """The id a new node had in the old graph, or would have had."""
        return self.old_of.get(new_id) or self.old_text(new_id)

    def new_id(self, old_id: str) -> str | None:
        """The id in the new graph; None for what is gone. To be asked when everything is paired."""
        if len(self._new_of) != len(self.old_of):
            self._new_of = {old: new for new, old in self.old_of.items()}
        return self._new_of.get(old_id)

    def old_text(self, text: str) -> str:
        """A text of the new graph with the names that things had in the old one."""
        if not self._tokens and not self._arns and not self._logical:
            return text
        found = self._translated.get(text)
        if found is None:
            found = self._translated[text] = self._translate(text)
        return found

    def _translate(self, text: str) -> str:
        for arn, old in self._arns_in(text):
            text = text.replace(arn, old, 1)
            break
        return TOKEN.sub(self._old_token, text) if self._tokens or self._logical else text

    def _old_token(self, match: re.Match[str]) -> str:
        """A token with the logical ids and stack labels of the old version."""
        token = match[0]
        known = self._tokens.get(token)
        if known is not None or token.startswith("${AWS::"):
            return known or token
        kind, mark, name = token[2:-1].rpartition("::")
        return f"${{{kind}{mark}{_WORD.sub(lambda word: self._logical.get(word[0], word[0]), name)}}}"

    def _arns_in(self, text: str) -> Iterator[tuple[str, str]]:
        at = text.find("arn:")
        if at < 0:
            return
        for end in sorted({found.start() + at for found in _ARN_END.finditer(text[at:])}, reverse=True):
            arn = text[at:end]
            rest = any_partition(arn)
            old = self._arns.get(rest)
            if old is not None:
                # A literal partition stays as it is written.
                yield arn, arn[: len(arn) - len(rest) + len(_ANY)] + old[len(_ANY) :]

    def pair(self, new: Node, old: Node) -> None:
        """Keep two nodes as one thing."""
        self.old_of[new.id] = old.id
        self._translated.clear()
        if new.logical_id and old.logical_id and new.logical_id != old.logical_id:
            self._logical.setdefault(new.logical_id, old.logical_id)
        if new.id == old.id:
            return
        one, other = new.arn or new.id, old.arn or old.id
        tokens, old_tokens = TOKEN.findall(one), TOKEN.findall(other)
        if TOKEN.sub("", one) == TOKEN.sub("", other) and len(tokens) == len(old_tokens):
            for token, before in zip(tokens, old_tokens, strict=True):
                self._learn(token, before)
        else:
            self._arns[any_partition(one)] = any_partition(other)
            names = (getattr(new.fact, "name", ""), getattr(old.fact, "name", ""))
            if all(TOKEN.fullmatch(name) for name in names):
                self._learn(*names)

    def _learn(self, token: str, before: str) -> None:
        if token == before or token.startswith("${AWS::"):
            return
        if has_unknown(token):
            return
        self._tokens.setdefault(token, before)


def match_graphs(old: PermissionGraph, new: PermissionGraph) -> Matching:
    """Pair the nodes of two graphs."""
    matching = Matching(old, new)
    left_old = {node.id: node for node in old.of_kind(*_THINGS)}
    left_new = {node.id: node for node in new.of_kind(*_THINGS)}
    for node_id in [each for each in left_new if each in left_old]:
        matching.pair(left_new.pop(node_id), left_old.pop(node_id))
    for key_of in (_by_logical_id, _by_logical_id_and_file, _by_logical_id_alone, _by_name):
        _pair_by(matching, left_old, left_new, key_of)
    _pair_roles_of_functions(matching, left_old, left_new)
    _pair_by_looks(matching, left_old, left_new)
    _pair_roles_of_functions(matching, left_old, left_new)
    _pair_routes(matching)
    return matching


def _by_logical_id(node: Node) -> object:
    stack = node.fact.stack if node.fact is not None else ""
    return (node.kind, node.type, node.logical_id, node.label, stack) if node.logical_id else None


def _by_logical_id_and_file(node: Node) -> object:
    """The label of a stack changes when a second template comes beside the first; its file's name does not."""
    file = node.source.file
    return (
        (node.kind, node.type, node.logical_id, node.label, file.rpartition("/")[2])
        if node.logical_id and file
        else None
    )


def _by_logical_id_alone(node: Node) -> object:
    return (node.kind, node.type, node.logical_id, node.label) if node.logical_id else None


def _by_name(node: Node) -> object:
    name = getattr(node.fact, "name", "")
    return (node.kind, node.type, name) if name and not TOKEN.search(name) else None


def _pair_by(
    matching: Matching, left_old: dict[str, Node], left_new: dict[str, Node], key_of: Callable[[Node], object]
) -> None:
    """Pair what has the same key and is the only one with it on its side."""
    by_key: dict[object, tuple[list[Node], list[Node]]] = defaultdict(lambda: ([], []))
    for side, nodes in enumerate((left_old.values(), left_new.values())):
        for node in nodes:
            key = key_of(node)
            if key is not None:
                by_key[key][side].append(node)
    for olds, news in by_key.values():
        if len(olds) == len(news) == 1:
            _take(matching, left_old, left_new, olds[0], news[0])


def _take(matching: Matching, left_old: dict[str, Node], left_new: dict[str, Node], old: Node, new: Node) -> None:
    matching.pair(left_new.pop(new.id), left_old.pop(old.id))


def _pair_roles_of_functions(matching: Matching, left_old: dict[str, Node], left_new: dict[str, Node]) -> None:
    """The role that a function had before and the one it has now, where both are the function's own."""
    for new_id, old_id in list(matching.old_of.items()):
        new_roles = [e.target for e in matching.new.outgoing(new_id, EdgeKind.EXECUTES_AS)]
        old_roles = [e.target for e in matching.old.outgoing(old_id, EdgeKind.EXECUTES_AS)]
        if len(new_roles) == len(old_roles) == 1 and new_roles[0] in left_new and old_roles[0] in left_old:
            new_users = sum(1 for _ in matching.new.incoming(new_roles[0], EdgeKind.EXECUTES_AS))
            old_users = sum(1 for _ in matching.old.incoming(old_roles[0], EdgeKind.EXECUTES_AS))
            if new_users == old_users == 1:
                _take(matching, left_old, left_new, left_old[old_roles[0]], left_new[new_roles[0]])


def _pair_by_looks(matching: Matching, left_old: dict[str, Node], left_new: dict[str, Node]) -> None:
    """Pair what is left of one type when it clearly looks the same."""
    groups: dict[object, tuple[list[Node], list[Node]]] = defaultdict(lambda: ([], []))
    for side, nodes in enumerate((left_old.values(), left_new.values())):
        for node in nodes:
            groups[node.kind, node.type][side].append(node)
    for olds, news in groups.values():
        if not olds or not news or len(olds) * len(news) > _MOST_CANDIDATES:
            continue
        sole = len(olds) == len(news) == 1
        seen = {id(node): _looks(matching.old, node) for node in olds}
        seen |= {id(node): _looks(matching.new, node) for node in news}
        scores = sorted(
            ((_likeness(seen[id(o)], seen[id(n)], o, n), o.id, n.id) for o in olds for n in news), reverse=True
        )
        for score, old_id, new_id in scores:
            if score < (_SOLE if sole else _ALIKE):
                break
            if old_id not in left_old or new_id not in left_new:
                continue
            rivals = [s for s, o, n in scores if (o == old_id) is not (n == new_id) and o in left_old and n in left_new]
            if rivals and max(rivals) > score - _CLEAR:
                continue
            old_node, new_node = left_old[old_id], left_new[new_id]
            _take(matching, left_old, left_new, old_node, new_node)
            matching.renamed.append(Renamed(old=old_node, new=new_node))


def _likeness(one: frozenset[str], other: frozenset[str], old: Node, new: Node) -> float:
    """0 to 1: mostly what is known of two things, a little how their names look."""
    union = one | other
    agree = len(one & other) / len(union) if union else 0.5
    names = difflib.SequenceMatcher(None, old.label.lower(), new.label.lower()).ratio()
    return 0.75 * agree + 0.25 * names


def _looks(graph: PermissionGraph, node: Node) -> frozenset[str]:
    """What is known of a thing besides its name."""
    return frozenset(_features(graph, node))


def _features(graph: PermissionGraph, node: Node) -> Iterator[str]:
    match node.fact:
        case Function() as fact:
            yield f"runtime {fact.runtime}"
            yield f"code {_nameless(fact.code or '')}"
            yield from (f"environment {name}" for name in fact.environment)
            yield f"vpc {fact.in_vpc}"
        case Role() as fact:
            for statement in fact.trust.statements:
                yield f"trust {sorted(p.value for p in statement.principals or ())} {statement.conditions!r:.200}"
            yield from (f"managed {_nameless(arn)}" for arn in fact.managed_policy_arns)
        case Resource() as fact:
            yield from (f"{key} {_nameless(str(value))}" for key, value in fact.attributes.items())
        case _:
            pass
    for edge in graph.incoming(node.id):
        name = graph.nodes[edge.source]
        yield f"in {edge.kind} {edge.event} {name.kind} {' '.join(edge.actions.patterns(4))}"
    for edge in graph.outgoing(node.id):
        name = graph.nodes[edge.target]
        yield f"out {edge.kind} {edge.event} {name.kind} {' '.join(edge.actions.patterns(4))}"


def _nameless(text: str) -> str:
    return TOKEN.sub("$", text)


def _pair_routes(matching: Matching) -> None:
    """Routes by their translated id, then by method and path and function, then by method and function."""
    left_old = {node.id: node for node in matching.old.of_kind(NodeKind.ROUTE)}
    left_new = {node.id: node for node in matching.new.of_kind(NodeKind.ROUTE)}
    for node_id, node in list(left_new.items()):
        old_id = matching.old_text(node_id)
        if old_id in left_old:
            matching.old_of[node_id] = old_id
            left_new.pop(node_id)
            left_old.pop(old_id)
            del node
    for with_path in (True, False):
        by_key: dict[object, tuple[list[Node], list[Node]]] = defaultdict(lambda: ([], []))
        for node in left_old.values():
            by_key[_route_key(matching.old, node, lambda name: name, with_path=with_path)][0].append(node)
        for node in left_new.values():
            by_key[_route_key(matching.new, node, matching.old_id, with_path=with_path)][1].append(node)
        for olds, news in by_key.values():
            if len(olds) == len(news) == 1:
                matching.old_of[news[0].id] = olds[0].id
                left_old.pop(olds[0].id)
                left_new.pop(news[0].id)
                if not with_path:
                    matching.renamed.append(Renamed(old=olds[0], new=news[0]))


def _route_key(graph: PermissionGraph, node: Node, old_id: Callable[[str], str], *, with_path: bool) -> object:
    functions = frozenset(old_id(edge.target) for edge in graph.outgoing(node.id, EdgeKind.TRIGGERS))
    if not functions:
        return (node.id,)
    fact = node.fact
    private = isinstance(fact, Route) and fact.private
    # A door that moved is the same door only where it asks for the same.
    return (node.method, node.path, functions) if with_path else (node.method, functions, node.auth, private)


def unmatched(matching: Matching, nodes: Iterable[Node]) -> Iterator[Node]:
    """Nodes of the new graph that the old one does not have."""
    return (node for node in nodes if matching.old_node(node.id) is None)
