"""Whom resource policies and trust policies let in now, and what their Deny statements no longer keep out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import field, replace
from typing import NamedTuple

from permscope.catalog.actions import ActionSet, load
from permscope.graph.collector import conditions_of, said_by
from permscope.graph.decisions import Decisions
from permscope.graph.diff.change import Change, ChangeKind, Step
from permscope.graph.diff.claims import Book, Claim, Limits, claims_of, statement_claims, uncovered_deny
from permscope.graph.diff.conditions import follows
from permscope.graph.diff.matching import Matching
from permscope.graph.diff.who import LetIn, judge
from permscope.graph.diff.words import (
    action_words,
    at_least,
    condition_words,
    doing_words,
    level_words,
    name_of,
    stricter_words,
)
from permscope.graph.model import Decision, EdgeKind, Node, NodeKind, PermissionGraph, Provenance
from permscope.graph.nodes import PUBLIC
from permscope.graph.questions.queries import in_set
from permscope.inventory.arn import account_of, function_arn_and_qualifier
from permscope.inventory.facts import ControlPolicy, Resource
from permscope.inventory.policies import Policy, PolicyKind, Statement
from permscope.inventory.source import NOWHERE, Source
from permscope.inventory.tokens import URL_SUFFIX
from permscope.lazy import dataclass, regex
from permscope.policy.strength import condition_strength

_ROOT = regex(r"arn:[^:{]*(?:\$\{[^}]*\})?:iam::((?:\$\{[^}]*\}|[^:])*):root")
_REGIONAL = regex(r"^([a-z0-9-]+)\.(?:\$\{AWS::Region\}|[a-z]{2,4}(?:-[a-z]+){1,2}-\d)\.amazonaws\.com")
_INVOKING = ("lambda:InvokeFunction", "lambda:InvokeAsync")


@dataclass(slots=True)
class _Door:
    """The policy of one resource or role.

    Attributes:
        id: the ARN it is on, of a function with its qualifier.
        policies: one policy per fact.
        kind: resource or trust policy.
    """

    id: str
    policies: tuple[Policy, ...]
    kind: PolicyKind

    def statements(self, effect: str) -> Iterator[tuple[Policy, Statement]]:
        """Its statements of one effect."""
        return (
            (policy, statement)
            for policy in self.policies
            for statement in policy.statements
            if statement.effect == effect
        )


def resource_policy_changes(matching: Matching) -> Iterator[Change]:
    """New principals and looser terms in the policies of functions, buckets, queues, keys, roles, ..."""
    old_decisions, new_decisions = matching.old.decisions, matching.new.decisions
    if new_decisions is None:
        return
    # by kind as well: a template can put a resource's policy on the ARN of a role, which has one of its own
    old_doors = {(door.kind, door.id): door for door in doors_of(old_decisions)} if old_decisions is not None else {}
    new_doors = list(doors_of(new_decisions))
    for door in new_doors:
        former = old_doors.pop((door.kind, _old_door(matching, door.id)), None)
        yield from _compare(matching, door, former, new_decisions, old_decisions)
    for door in old_doors.values():
        yield from _gone(matching, door)
    if old_decisions is not None:
        yield from _control_changes(old_decisions, new_decisions)


def _old_door(matching: Matching, arn: str) -> str:
    base, qualifier = function_arn_and_qualifier(arn)
    return f"{matching.old_id(base)}:{qualifier}" if qualifier else matching.old_id(arn)


def doors_of(decisions: Decisions) -> Iterator[_Door]:
    """The policy of every resource and role."""
    for facts in decisions.policies_by_resource.values():
        yield _Door(str(facts[0].resource_arn), tuple(fact.policy for fact in facts), PolicyKind.RESOURCE)
    for role in decisions.inventory.roles.values():
        yield _Door(role.arn, (role.trust,), PolicyKind.TRUST)


def book_of(door: _Door, decisions: Decisions, matching: Matching | None, *, blocked: bool = False) -> Book:
    """What a policy lets whom do. A bucket that blocks public policies lets nobody in who is not named."""
    claims: list[Claim] = []
    for principal, grants in decisions.granted_by(door.policies):
        value = _plain_principal(principal.kind, str(principal.value))
        if blocked and value == "*":
            grants = tuple(grant for grant in grants if grant.conditions)  # noqa: PLW2901
        given = {"principal": value, "principal_kind": principal.kind, "on": door.id}
        claims.extend(
            claims_of(grants, **given) if matching is None else claims_of(grants, matching.old_text, **given)  # type: ignore[arg-type]
        )
    denies = list(door.statements("Deny"))
    if matching is None:
        return Book(claims, Limits(statement_claims(denies, principals=True, on=door.id)))
    return Book(claims, Limits(statement_claims(denies, matching.old_text, principals=True, on=door.id)))


def _plain_principal(kind: str, value: str) -> str:
    """A principal written in one way: an account as its id, a service without its Region."""
    root = _ROOT.fullmatch(value)
    if root:
        return root[1]
    if kind == "Service":
        return _REGIONAL.sub(r"\1.amazonaws.com", value.replace(URL_SUFFIX, "amazonaws.com"))
    return value


def _compare(
    matching: Matching, door: _Door, former: _Door | None, decisions: Decisions, old_decisions: Decisions | None
) -> Iterator[Change]:
    node = node_of(matching.new, door)
    if node is None:
        return
    old_node = node_of(matching.old, former) if former is not None else None
    blocked, was_blocked = _is_blocked(node), old_node is not None and _is_blocked(old_node)
    if former == door and blocked is was_blocked:
        return  # the very same policy lets in whom it let in
    book = book_of(door, decisions, matching, blocked=blocked)
    old_book = Book()
    if former is not None and old_decisions is not None:
        old_book = book_of(former, old_decisions, None, blocked=was_blocked)
    yield from _let_in(matching, door, node, book, old_book)
    if former is not None:
        yield from _denies_less(door, node, book, old_book)
        if old_node is not None:
            yield from _let_out(matching, former, old_node, book, old_book)


def node_of(graph: PermissionGraph, door: _Door) -> Node | None:
    """The node a policy is on."""
    base = function_arn_and_qualifier(door.id)[0]
    found = graph.nodes.get(base) or graph.nodes.get(door.id)
    if found is not None:
        return found
    for node in graph.of_kind(NodeKind.RESOURCE):
        if node.arn == base or (isinstance(node.fact, Resource) and base in node.fact.attributes.values()):
            return node
    return Node(id=base, kind=NodeKind.EXTERNAL, label=base, arn=base, account=account_of(base))


def _is_blocked(node: Node) -> bool:
    return isinstance(node.fact, Resource) and node.fact.attributes.get("restrict_public_buckets") is True


# New principals


class _New(NamedTuple):
    """Actions that a statement lets a principal use now.

    Attributes:
        words: what is different about its terms, where it had them under other ones.
        place: where the old terms stood.
        is_looser: whether the terms say less, rather than something else.
    """

    actions: ActionSet
    words: str = ""
    place: Source = NOWHERE
    is_looser: bool = False


@dataclass(slots=True)
class _Gain:
    principal: str
    kind: str
    new: _New
    actions: ActionSet = field(default_factory=lambda: ActionSet.empty)
    claims: list[Claim] = field(default_factory=list)


def _let_in(matching: Matching, door: _Door, node: Node, book: Book, old_book: Book) -> Iterator[Change]:
    is_api = ":execute-api:" in door.id or ":apigateway:" in door.id
    gains: dict[tuple[str, str], _Gain] = {}
    wired = _wired_statements(matching.new, node)
    for claim in book.claims:
        if claim.principal == "*" and (is_api or _is_of_url(matching.new, node, claim)):
            continue  # who calls without credentials is told by the routes
        new = _new_in(matching, claim, book, old_book)
        left = new.actions
        of_wiring = claim.principal_kind == "Service" and statement_key(claim.statement) in wired
        if of_wiring and (not new.is_looser or claim.principal == "apigateway.amazonaws.com"):
            left = left - load().action_set(_INVOKING)  # the wiring and the routes tell
        if not left or (door.kind is PolicyKind.TRUST and _is_new_work(matching, node, claim)):
            continue
        gain = gains.setdefault((claim.principal, new.words), _Gain(claim.principal, claim.principal_kind, new))
        gain.actions |= left
        gain.claims.append(claim)
    for gain in gains.values():
        yield _entry(matching, door, node, gain)


def _new_in(matching: Matching, claim: Claim, book: Book, old_book: Book) -> _New:
    """The new actions of a principal, what kept them away before, and where."""
    same = {claim.principal, matching.old_id(claim.principal), "*"}
    former = Book([own for own in old_book.claims if own.principal in same], old_book.limits)
    left = former.remaining(claim, book.limits)
    if not left or former.remaining(claim, loosely=True):
        return _New(left)
    asked = claim.old_conditions or claim.conditions
    near = [own for own in former.near(claim) if own.conditions]
    looser = [own for own in near if follows(own.conditions, asked)]
    if looser:
        entries = looser[0].conditions
        return _New(left, stricter_words(entries, asked), entries[0].source, is_looser=True)
    deny = next((own for own in old_book.limits.denies if not own.actions.isdisjoint(left)), None)
    if deny is not None and deny.statement is not None:
        return _New(left, "a Deny no longer keeps it out", deny.statement.source, is_looser=True)
    gone = [own for own in near if not any(_has_terms_of(own, each) for each in book.claims)]
    if gone:
        return _New(left, stricter_words(gone[0].conditions, asked), gone[0].conditions[0].source)
    return _New(left) if near else _New(left, "its terms are looser", is_looser=True)


def _has_terms_of(old: Claim, new: Claim) -> bool:
    """Whether a new claim asks for just what an old one asked for."""
    asked = new.old_conditions or new.conditions
    return follows(old.conditions, asked) and follows(asked, old.conditions)


def _wired_statements(graph: PermissionGraph, node: Node) -> set[object]:
    """Statements that only let in what is wired to a function; the wiring tells of them."""
    found: set[object] = set()
    for edge in graph.incoming(node.id, EdgeKind.TRIGGERS):
        for one in edge.provenance:
            if one.fact is not None and condition_strength(one.fact.conditions, PolicyKind.RESOURCE) in (
                "strong",
                "unknown",
            ):
                found.add(statement_key(one.fact))
    return found


def statement_key(statement: Statement | None) -> object:
    """What tells a statement from the others, also in a graph that was kept and read again."""
    return statement and (statement.source, statement.sid, statement.index, statement.actions, statement.conditions)


def _is_of_url(graph: PermissionGraph, node: Node, claim: Claim) -> bool:
    """Whether a statement is only about callers of the function's URL, which is a route."""
    keys = {entry.key.lower() for entry in claim.conditions}
    if not keys & {"lambda:functionurlauthtype", "lambda:invokedviafunctionurl"}:
        return False
    return any(each.id.startswith("url:") for each in _routes_to(graph, node))


def _routes_to(graph: PermissionGraph, node: Node) -> Iterator[Node]:
    return (graph.nodes[edge.source] for edge in graph.incoming(node.id, EdgeKind.TRIGGERS))


def _is_new_work(matching: Matching, role: Node, claim: Claim) -> bool:
    """Whether a role is new and a service may assume it: what works with it tells."""
    return claim.principal_kind == "Service" and matching.old_node(role.id) is None


def _entry(matching: Matching, door: _Door, node: Node, gain: _Gain) -> Change:
    entries = [entry for claim in gain.claims for entry in claim.conditions]
    sure = any(not (claim.conditions or claim.limits or claim.vague or claim.only_if) for claim in gain.claims)
    strengths = {condition_strength(claim.conditions, door.kind) for claim in gain.claims}
    strong = not strengths & {"none", "weak"}
    kind, severity, who = judge(matching.new, node, LetIn(gain.principal, gain.kind, gain.claims), strong=strong)
    levels = gain.actions.levels()
    under = condition_words(conditions_of(entries))
    verb = _verb(door, node, gain.actions)
    message = f"{who} can now {verb} `{name_of(node)}`"
    message += f" {under}" if under and not sure else ""
    weakened = ""
    also: tuple[ChangeKind, ...] = ()
    if gain.new.words:
        message += f": {gain.new.words}"
    if gain.new.is_looser:
        weakened = "deny" if "Deny" in gain.new.words else "condition"
        if kind in (ChangeKind.NEW_PUBLIC_ENTRY, ChangeKind.NEW_EXTERNAL_PRINCIPAL):
            also, severity = (ChangeKind.WEAKENED,), at_least(severity, "high")
        else:
            kind, severity = ChangeKind.WEAKENED, at_least(severity, "high" if weakened == "deny" else "medium")
    provenance = tuple(_provenance(gain.claims))
    label = name_of(node)
    return Change(
        kind=kind,
        severity=severity,
        message=message,
        actor=_plain(who),
        actor_id=PUBLIC if gain.principal == "*" else gain.principal,
        target=label,
        target_id=node.id,
        actions=gain.actions,
        levels=levels,
        sure=sure,
        conditions=under,
        weakened=weakened,
        also=also,
        source=next((one.source for one in provenance if one.source.file or one.source.call), node.source),
        old_source=gain.new.place,
        path=(
            Step(_plain(who), level_words(levels) or "may", NOWHERE, gain.principal, gain.kind.lower()),
            Step(label, "", node.source, node.id, node.kind.value),
        ),
        provenance=provenance,
        nodes=(node.id, PUBLIC if gain.principal == "*" else gain.principal),
    )


def _plain(who: str) -> str:
    return who.replace("`", "")


def _verb(door: _Door, node: Node, actions: ActionSet) -> str:
    if door.kind is PolicyKind.TRUST:
        return "assume"
    if node.kind is NodeKind.FUNCTION and actions <= load().action_set(_INVOKING):
        return "invoke"
    return f"{doing_words(actions)} on"


def _provenance(claims: Iterable[Claim]) -> Iterator[Provenance]:
    seen: set[int] = set()
    for claim in claims:
        if claim.statement is not None and claim.policy is not None and id(claim.statement) not in seen:
            seen.add(id(claim.statement))
            yield said_by(claim.statement, claim.policy)


# Less is denied


def _denies_less(door: _Door, node: Node, book: Book, old_book: Book) -> Iterator[Change]:
    """Deny statements that are gone or narrower; they held back what other policies allow."""
    seen: set[int] = set()
    for deny in old_book.limits.denies:
        gone = uncovered_deny(deny, book.limits.denies)
        if not gone or deny.statement is None or id(deny.statement) in seen:
            continue
        seen.add(id(deny.statement))
        sid = f"`{deny.statement.sid}`" if deny.statement.sid else "a Deny"
        still = any(_meets(deny, own) for own in book.limits.denies)
        under = condition_words(conditions_of(deny.conditions))
        words = f"{'says less' if still else 'is gone'}: it kept {_denied_words(deny)} from {action_words(gone)}"
        yield Change(
            kind=ChangeKind.WEAKENED,
            severity="medium" if _is_about_transport(deny) else "high",
            message=f"{sid} in the policy of `{name_of(node)}` {words}{f' {under}' if under else ''}",
            actor=_denied_words(deny),
            actor_id=deny.principal or "*",
            target=name_of(node),
            target_id=node.id,
            actions=gone,
            levels=gone.levels(),
            weakened="deny",
            source=next((p.source for p in door.policies if p.source.file), node.source),
            old_source=deny.statement.source,
            nodes=(node.id,),
        )


def _meets(old: Claim, new: Claim) -> bool:
    """Whether a Deny that is there now is about the same as one that was there."""
    same_kind = old.principal_kind == new.principal_kind
    return same_kind and not old.actions.isdisjoint(new.actions) and bool(old.conditions) is bool(new.conditions)


def _is_about_transport(deny: Claim) -> bool:
    return bool(deny.conditions) and all(entry.key.lower() == "aws:securetransport" for entry in deny.conditions)


def _denied_words(deny: Claim) -> str:
    if deny.principal_kind == "Not":
        spared = (each.partition(":")[2] for each in deny.principal.split(" "))
        return f"everyone but {', '.join(spared)}"
    return "everyone" if deny.principal == "*" else deny.principal or "everyone"


def _gone(matching: Matching, door: _Door) -> Iterator[Change]:
    """A policy that is gone altogether: its grants are removed, and so are its Deny statements."""
    node = node_of(matching.old, door)
    if node is None:
        return
    is_api = ":execute-api:" in door.id or ":apigateway:" in door.id
    still = {old: new for new, old in matching.old_of.items()}.get(node.id)
    denies = statement_claims(door.statements("Deny"), principals=True, on=door.id)
    if still is not None and still in matching.new.nodes:
        yield from _denies_less(replace(door, policies=()), matching.new.nodes[still], Book(), Book((), Limits(denies)))
    if door.kind is PolicyKind.RESOURCE and not is_api:  # the routes tell
        who: dict[str, None] = defaultdict()
        for _, statement in door.statements("Allow"):
            for principal in statement.principals or ():
                value = _plain_principal(principal.kind, str(principal.value))
                known = matching.old.nodes.get(value)
                who.setdefault(name_of(known) if known is not None else value)
        is_wiring = node.kind is NodeKind.FUNCTION and all(each.endswith(".amazonaws.com") for each in who)
        if who and not is_wiring:  # the wiring tells
            yield Change(
                kind=ChangeKind.ACCESS_REMOVED,
                severity="info",
                message=f"the policy of `{name_of(node)}` is gone: it let in {', '.join(f'`{each}`' for each in who)}",
                actor=", ".join(who),
                actor_id=next(iter(who)),
                target=name_of(node),
                target_id=node.id,
                source=door.policies[0].source if door.policies else node.source,
                nodes=(node.id,),
            )


def _let_out(matching: Matching, door: _Door, node: Node, book: Book, old_book: Book) -> Iterator[Change]:
    """Whom a policy lets do no more what it did; of a principal that is gone itself other comparisons tell."""
    if ":execute-api:" in door.id or ":apigateway:" in door.id:
        return  # the routes tell
    for (principal, kind), claims in _lost_claims(matching, node, book, old_book).items():
        known = matching.new_id(principal) or (principal if principal in matching.new.nodes else None)
        if principal in matching.old.nodes and known is None:
            continue
        actions = ActionSet.empty
        for _, lost in claims:
            actions |= lost
        actions = actions - _still_allowed(matching, known, node)
        if actions:
            yield _removed(matching, door, node, LetIn(principal, kind, [claim for claim, _ in claims]), actions)


def _lost_claims(
    matching: Matching, node: Node, book: Book, old_book: Book
) -> dict[tuple[str, str], list[tuple[Claim, ActionSet]]]:
    """By principal and its kind what the old policy let it do and the new one does not, under whatever conditions."""
    found: dict[tuple[str, str], list[tuple[Claim, ActionSet]]] = defaultdict(list)
    now: dict[str, list[Claim]] = defaultdict(list)
    for claim in book.as_old().claims:
        for name in {claim.principal, matching.old_id(claim.principal)}:
            now[name].append(claim)
    of_all = now.pop("*", [])
    books = {name: Book((*claims, *of_all)) for name, claims in now.items()}
    for_others = Book(of_all)
    for claim in old_book.claims:
        of_wiring = claim.principal_kind == "Service" and node.kind in (NodeKind.FUNCTION, NodeKind.ROLE)
        if of_wiring:
            continue  # the wiring tells
        lost = books.get(claim.principal, for_others).remaining(claim, loosely=True)
        if lost:
            found[claim.principal, claim.principal_kind].append((claim, lost))
    return found


def _still_allowed(matching: Matching, principal: str | None, node: Node) -> ActionSet:
    """What other policies let a principal of the new side do with a thing that was there before."""
    graph = matching.new
    found = ActionSet.empty
    if principal is None:
        return found
    for edge in graph.outgoing(principal, EdgeKind.CAN_ACCESS, EdgeKind.CAN_INVOKE, EdgeKind.CAN_ASSUME):
        target = graph.nodes[edge.target]
        is_it = matching.old_id(target.id) == node.id
        if edge.decision is not Decision.DENY and (is_it or in_set(target, node.id)):
            found |= edge.actions
    return found


def _removed(matching: Matching, door: _Door, node: Node, who_was: LetIn, actions: ActionSet) -> Change:
    _, _, who = judge(matching.old, node, who_was, strong=False)
    principal = who_was.principal
    provenance = tuple(_provenance(who_was.claims))
    return Change(
        kind=ChangeKind.ACCESS_REMOVED,
        severity="info",
        message=f"{who} can no longer {_verb(door, node, actions)} `{name_of(node)}`",
        actor=_plain(who),
        actor_id=PUBLIC if principal == "*" else principal,
        target=name_of(node),
        target_id=node.id,
        actions=actions,
        levels=actions.levels(),
        source=next((one.source for one in provenance if one.source.file), node.source),
        provenance=provenance,
        nodes=(node.id,),
    )


def _control_changes(old: Decisions, new: Decisions) -> Iterator[Change]:
    """Resource control policies that deny less; those of services are in what each principal may do."""
    denies = [
        (fact.policy, statement)
        for fact in new.inventory.of(ControlPolicy)
        for statement in fact.policy.statements
        if statement.effect == "Deny" and fact.policy.kind is PolicyKind.RCP
    ]
    kept = statement_claims(denies, principals=True)
    for fact in old.inventory.of(ControlPolicy):
        if fact.policy.kind is not PolicyKind.RCP:
            continue
        pairs = [(fact.policy, each) for each in fact.policy.statements if each.effect == "Deny"]
        for deny in statement_claims(pairs, principals=True):
            gone = uncovered_deny(deny, kept)
            if gone and deny.statement is not None:
                yield Change(
                    kind=ChangeKind.WEAKENED,
                    severity="high",
                    message=f"the resource control policy `{fact.policy.name}` no longer denies {action_words(gone)}",
                    actor="everyone",
                    actor_id="*",
                    target=fact.policy.name,
                    actions=gone,
                    weakened="deny",
                    old_source=deny.statement.source,
                )
