"""Runs rules over a graph: subjects in, findings out, sorted, deduplicated, the same every time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from permscope.audit.fields import SUBJECTS
from permscope.audit.findings import Finding, Hit, fingerprint, step
from permscope.audit.fixes import of_place
from permscope.audit.matching import Fields
from permscope.audit.predicates import Taken
from permscope.audit.rules import Rule
from permscope.audit.subjects import Subject, when_holds
from permscope.audit.world import AttachmentView, StatementView, World
from permscope.graph.model import Edge, Node, PermissionGraph
from permscope.graph.trusted import TrustedParties
from permscope.inventory.inventory import Inventory
from permscope.inventory.policies import Statement
from permscope.inventory.source import NOWHERE, Source
from permscope.inventory.tokens import as_written, without_stack
from permscope.lazy import dataclass

_LINE = 160
_SEVERAL = 3


@dataclass(slots=True)
class _Draft:
    """A finding before deduplication, with what subsumption needs to know."""

    rule: Rule
    subject: Subject
    hit: Hit
    also: dict[str, Rule] = field(default_factory=dict)


def run(
    graph: PermissionGraph,
    inventory: Inventory,
    rules: Iterable[Rule],
    *,
    trusted: TrustedParties | None = None,
) -> tuple[Finding, ...]:
    """Every finding of the rules, worst first, then by place.

    Args:
        graph: the permission graph of `inventory`.
        inventory: the facts.
        rules: compiled rules, see `rules.load_rules`.
        trusted: who outside the input is trusted.
    """
    world = World(graph, inventory, trusted or TrustedParties())
    drafts: list[_Draft] = []
    by_kind: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        by_kind[rule.for_each].append(rule)
    for kind, group in by_kind.items():
        rules_for = _Choice(_in_order(group), SUBJECTS[kind].fields)
        for subject in SUBJECTS[kind].subjects(world):
            drafts.extend(_look_at(subject, rules_for(subject)))
    return _distinct([_finding(draft) for draft in _said_elsewhere(drafts)])


def _said_elsewhere(drafts: list[_Draft]) -> list[_Draft]:
    """The drafts without those that a rule about another kind of subject says of the same place, and says better."""
    rules = {draft.rule.id: draft.rule for draft in drafts}
    waiting = {
        rule.id: better
        for rule in rules.values()
        if (better := [name for name in rule.subsumed_by if name in rules and rules[name].for_each != rule.for_each])
    }
    if not waiting:
        return drafts
    wanted = {name for better in waiting.values() for name in better}
    speaking: dict[tuple[str, str, Source], _Draft] = {}
    for draft in drafts:
        if draft.rule.id in wanted:
            speaking.setdefault((draft.rule.id, *_place_of(draft)), draft)
    kept = []
    for draft in drafts:
        names = waiting.get(draft.rule.id, ())
        above = next((found for name in names if (found := speaking.get((name, *_place_of(draft))))), None)
        if above is None:
            kept.append(draft)
        else:
            above.also.update({draft.rule.id: draft.rule, **draft.also})
    return kept


def _place_of(draft: _Draft) -> tuple[str, Source]:
    source = draft.hit.source if draft.hit.source.line or draft.hit.source.call else draft.subject.source
    return draft.hit.resource or draft.subject.resource, source


class _Choice:
    """The rules that can find something in a subject, by the fields that several of them ask about.

    Args:
        rules: for one kind of subject, by precedence.
        fields: of that kind.
    """

    def __init__(self, rules: list[Rule], fields: Fields) -> None:
        self._rules = rules
        asked = Counter(name for rule in rules for name in rule.needs)
        self._fields = {name: fields[name].get for name, times in asked.items() if times >= _SEVERAL}
        self._known: dict[tuple[object, ...], list[Rule]] = {}

    def __call__(self, subject: Subject) -> list[Rule]:
        """Those rules, by precedence."""
        if not self._fields:
            return self._rules
        values = tuple([get(subject) for get in self._fields.values()])
        found = self._known.get(values)
        if found is None:
            has = dict(zip(self._fields, values, strict=True))
            found = self._known[values] = [
                rule for rule in self._rules if all(has[name] in rule.needs.get(name, (has[name],)) for name in has)
            ]
        return found


_ORDERS: dict[tuple[int, ...], tuple[list[Rule], list[Rule]]] = {}
_MOST_ORDERS = 64


def _in_order(group: list[Rule]) -> list[Rule]:
    """The rules by precedence, worked out once for the same rules; the entry keeps them, so that ids stay theirs."""
    key = tuple(map(id, group))
    if key not in _ORDERS:
        if len(_ORDERS) >= _MOST_ORDERS:
            _ORDERS.clear()
        _ORDERS[key] = (group, _by_precedence(group))
    return _ORDERS[key][1]


def _by_precedence(rules: Iterable[Rule]) -> list[Rule]:
    """Rules after those that subsume them; a circle is broken at the name that sorts first."""
    known = {rule.id: rule for rule in rules}
    done: dict[str, Rule] = {}

    def visit(rule: Rule, above: frozenset[str]) -> None:
        if rule.id in done or rule.id in above:
            return
        for other in rule.subsumed_by:
            if other in known:
                visit(known[other], above | {rule.id})
        done[rule.id] = rule

    for name in sorted(known):
        visit(known[name], frozenset())
    return list(done.values())


def _look_at(subject: Subject, rules: Iterable[Rule]) -> list[_Draft]:
    """What the rules find in one subject, each leaving out what the rules above it have said."""
    said: dict[str, list[_Draft]] = {}
    for rule in rules:
        if not rule.test(subject):
            continue
        above = [draft for name in rule.subsumed_by for draft in said.get(name, ())] if said else _NOTHING_SAID
        taken = _taken_by(above) if above else _NOTHING_TAKEN
        for hit in rule.find(subject, taken):
            twin = next((draft for draft in above if _same(draft.hit, hit)), None)
            if twin is not None:
                twin.also[rule.id] = rule
            else:
                said.setdefault(rule.id, []).append(_Draft(rule, subject, hit))
        if above and taken.removed:
            for draft in above:
                if not draft.hit.claims.isdisjoint(taken.removed):
                    draft.also[rule.id] = rule
    return [draft for drafts in said.values() for draft in drafts]


_NOTHING_SAID: list[_Draft] = []
_NOTHING_TAKEN = Taken()  # nothing can be removed of no actions, so it stays as it is


def _taken_by(drafts: Iterable[_Draft]) -> Taken:
    taken = Taken()
    for draft in drafts:
        taken.actions = taken.actions | draft.hit.claims
    return taken


def _same(one: Hit, other: Hit) -> bool:
    """Whether two hits in one subject are about the same thing; those that claim actions are told apart by these."""
    if one.claims or other.claims:
        return False
    return one.element == other.element or not one.element or not other.element


def _finding(draft: _Draft) -> Finding:
    rule, subject, hit = draft.rule, draft.subject, draft.hit
    source = hit.source if hit.source is not NOWHERE and (hit.source.line or hit.source.call) else subject.source
    resource = hit.resource or subject.resource
    severity, adjusted, tags = _severity(rule, subject, hit)
    confidence = hit.confidence or rule.confidence
    of_hit = hit.statement.only_if if hit.statement else None
    only_if = subject.only_if or (when_holds(of_hit) if of_hit else None)
    if only_if and confidence == "high":
        confidence = "medium"
    message = as_written(rule.message(subject, hit))
    if only_if:
        message = f"{message}, when {only_if}"
    statement = hit.statement or (subject.it.statement if isinstance(subject.it, StatementView) else None)
    return Finding(
        rule=rule.id,
        title=rule.title,
        severity=severity,
        confidence=confidence,
        resource=without_stack(resource),
        source=source,
        message=message,
        why=rule.why(subject, hit),
        fix=without_stack(of_place(rule.fix(subject, hit), source, resource)),
        tags=tuple(dict.fromkeys((*rule.tags, *tags))),
        aliases=tuple(dict.fromkeys((*rule.aliases, *_names(draft.also.values())))),
        references=rule.references,
        path=hit.path or _path(subject),
        fingerprint=without_stack(hit.element or _element(subject)),  # made a hash of when duplicates are counted
        nodes=tuple(dict.fromkeys((*subject.nodes, *hit.nodes))),
        excerpt=without_stack(statement_text(statement)) if statement else "",
        guilty=without_stack(hit.element),
        adjusted=adjusted,
    )


def _names(rules: Iterable[Rule]) -> list[str]:
    """What else a finding is known by that speaks for other rules: their ids, then what others call them."""
    ordered = sorted(rules, key=lambda rule: rule.id)
    return [rule.id for rule in ordered] + [alias for rule in ordered for alias in rule.aliases]


def _severity(rule: Rule, subject: Subject, hit: Hit) -> tuple[str, str, list[str]]:
    """Severity after adjustment, what changed it in words, and the tags that say so."""
    base = hit.severity or next((name for name, test in rule.severity_if if test(subject)), rule.severity)
    severity, reasons, tags = base, [], []
    exposed = (subject.exposed if hit.exposed is None else hit.exposed) if "exposure" in rule.adjust else ""
    if exposed:
        tags.append("exposed")
    lowered = [
        (name, reason)
        for name, reason in (("condition", hit.conditioned), ("unreachable", hit.unreachable))
        if reason and name in rule.adjust
    ]
    if exposed and not lowered and (raised := step(base, -1)) != base:
        severity = raised
        reasons.append(f"raised from {base}: {exposed}")
    elif lowered and not exposed and (less := step(base, 1)) != base:
        severity = less
        reasons.append(f"lowered from {base}: {lowered[0][1]}")
    elif lowered and exposed:
        reasons.append(f"kept at {base}: {exposed}, but {lowered[0][1]}")
    tags.extend("conditioned" if name == "condition" else "unreachable" for name, _ in lowered)
    return severity, "; ".join(reasons), tags


def _element(subject: Subject) -> str:
    """What tells a subject apart, where the hit names no guilty element."""
    match subject.it:
        case Node():
            return " ".join(part for part in (subject.it.method, subject.it.path, subject.it.label) if part)
        case Edge():
            graph = subject.world.graph
            return f"{graph.nodes[subject.it.source].label} {subject.it.event or ''}"
        case AttachmentView():
            return subject.it.name
        case StatementView():
            return " ".join(
                (*sorted(subject.it.statement.actions or ()), *sorted(subject.it.statement.resources or ()))
            )
        case _:
            return ""


def _path(subject: Subject) -> tuple[str, ...]:
    if isinstance(subject.it, Edge):
        graph = subject.world.graph
        return (graph.nodes[subject.it.source].label, graph.nodes[subject.it.target].label)
    return ()


def _order(finding: Finding) -> tuple[object, ...]:
    place: Source = finding.source
    return (
        finding.rank,
        place.file or "",
        place.line or 0,
        place.column or 0,
        finding.rule,
        finding.resource,
        finding.guilty,
        finding.message,
    )


def _distinct(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sorted findings; the same one found through several principals once, with all nodes it concerns."""
    merged: dict[tuple[object, ...], Finding] = {}
    for finding in sorted(findings, key=_order):
        place = finding.source
        said = "" if place.line else finding.message
        key = (finding.rule, finding.resource, place.file, place.line, place.column, finding.guilty, place.call, said)
        known = merged.get(key)
        if known is None:
            merged[key] = finding
        else:
            nodes = tuple(dict.fromkeys((*known.nodes, *finding.nodes)))
            aliases = tuple(dict.fromkeys((*known.aliases, *finding.aliases)))
            merged[key] = replace(known, nodes=nodes, aliases=aliases)
    return _with_fingerprints(list(merged.values()))


def _with_fingerprints(findings: list[Finding]) -> tuple[Finding, ...]:
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for finding in findings:
        key = (finding.rule, finding.resource, finding.fingerprint)
        found.append(replace(finding, fingerprint=fingerprint(*key, repeat=seen[key])))
        seen[key] += 1
    return tuple(found)


# Excerpts


def statement_text(statement: Statement) -> str:
    """A statement as short YAML, to show the guilty part in."""
    lines = [f"Effect: {statement.effect}"]
    for name, values in (
        ("Action", statement.actions),
        ("NotAction", statement.not_actions),
        ("Resource", statement.resources),
        ("NotResource", statement.not_resources),
    ):
        if values is not None:
            lines.append(f"{name}: {_flow(values)}")
    for name, principals in (("Principal", statement.principals), ("NotPrincipal", statement.not_principals)):
        if principals is not None:
            lines.append(
                f"{name}: {_flow([f'{item.kind}:{item.value}' if item.kind != '*' else '*' for item in principals])}"
            )
    lines.extend(f"Condition: {entry.operator} {entry.key} = {_flow(entry.values)}" for entry in statement.conditions)
    return "\n".join(lines)


def _flow(values: Iterable[str]) -> str:
    items = [str(value) for value in values]
    text = items[0] if len(items) == 1 else f"[{', '.join(items)}]"
    return text if len(text) <= _LINE else f"{text[:_LINE]}..."


def count_by_severity(findings: Iterable[Finding]) -> Mapping[str, int]:
    """How many findings of each severity are not suppressed, worst first, zeros left out."""
    found = Counter(finding.severity for finding in findings if finding.suppressed is None)
    order = ("critical", "high", "medium", "low", "info")
    return {name: found[name] for name in order if found[name]}
