"""One policy document for everything a principal's policies let it do.

Deny statements, boundary and control policies are taken off the Allow statements wherever what is left can be written
as Allow statements. Where it cannot (a Deny on a part of a pattern, a Deny under conditions), they stay as Deny
statements. What cannot be written at all is left out and told, so the document is never wider than what it stands for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from permscope.catalog.actions import ActionSet, load
from permscope.inventory.policies import ConditionEntry
from permscope.lazy import dataclass
from permscope.policy.compiled import CompiledPolicy, compile_policies, compile_policy
from permscope.policy.context import RequestContext
from permscope.policy.evaluate import AnyPolicy
from permscope.policy.matching import decode, is_open, relation
from permscope.policy.requester import Requester, parse_requester
from permscope.policy.rules import Rule, RuleLayer, file_rules
from permscope.policy.variables import VARIABLE, has_variable

_MOST_ACTIONS = 50  # more patterns than this are written as `NotAction`, where that says the same
_MOST_CELLS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Consolidated:
    """A consolidated policy.

    Attributes:
        document: of version `2012-10-17`.
        remarks: why it is narrower than what it stands for; empty when it decides the same.
    """

    document: dict[str, Any]
    remarks: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Characters without white space, as AWS counts them.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
        """
        import json

        return len(json.dumps(self.document, separators=(",", ":")))


class _Condition(NamedTuple):
    operator: str
    key: str
    values: tuple[str, ...]


class _Place(NamedTuple):
    """Where a statement applies: one resource pattern or, with `left_out`, all but these; under all conditions."""

    resource: str
    left_out: tuple[str, ...]
    conditions: tuple[_Condition, ...]


_NOTHING = _Place("", (), ())


class _Cells:
    """Allowed actions by place."""

    def __init__(self) -> None:
        self.actions: dict[_Place, ActionSet] = {}
        self.unlimited: set[_Place] = set()  # granted with `*` or `NotAction`: actions of tomorrow included

    def add(self, place: _Place, actions: ActionSet, *, unlimited: bool) -> None:
        if actions:
            known = self.actions.get(place)
            self.actions[place] = actions if known is None else known | actions
            if unlimited:
                self.unlimited.add(place)

    def __iter__(self) -> Iterator[tuple[_Place, ActionSet, bool]]:
        for place, actions in self.actions.items():
            yield place, actions, place in self.unlimited


def consolidate(
    policies: Iterable[AnyPolicy],
    *,
    boundary: AnyPolicy | None = None,
    scps: Iterable[Iterable[AnyPolicy]] = (),
    principal: str | Requester | None = None,
    context: RequestContext | None = None,
    wildcards: bool = False,
) -> Consolidated:
    """One document that allows what a principal's policies allow, within its boundary and control policies.

    Args:
        policies: attached to the principal and its groups.
        boundary: its permissions boundary.
        scps: one group per level; empty for no organization.
        principal: whose they are; conditions that this settles are not written any more.
        context: what is known of its requests; partial unless it says otherwise.
        wildcards: shorten lists of actions to wildcards that match nothing else the catalogue knows.
    """
    known = context or RequestContext(complete=False)
    requester = parse_requester(principal) if isinstance(principal, str) else principal
    if requester is not None:
        known = known.with_requester(requester)
    groups: list[tuple[CompiledPolicy, ...]] = [] if boundary is None else [(compile_policy(boundary),)]
    if requester is None or not requester.is_service_linked:
        groups += [compile_policies(level) for level in scps]
    work = _Work()
    allows, denies = RuleLayer(limiting=False), RuleLayer(limiting=False)
    file_rules(compile_policies(policies), known, allows, denies)
    layers = []
    for group in groups:
        layer = RuleLayer()
        file_rules(group, known, layer, denies)
        layers.append(layer)
    cells = work.cells_of(allows.rules)
    for layer in layers:
        cells = work.limit(cells, layer)
    cells = _without_repetition(work.deny(cells, denies.rules))
    known_patterns = {} if wildcards else work.patterns
    statements = [
        *_allow_statements(cells, known_patterns, wildcards=wildcards),
        *work.deny_statements(cells, wildcards=wildcards),
    ]
    document = {"Version": "2012-10-17", "Statement": statements}
    return Consolidated(document=document, remarks=tuple(dict.fromkeys(work.remarks)))


class _Work:
    """What is collected on the way: Deny statements that stay, and what cannot be written."""

    def __init__(self) -> None:
        self.remarks: list[str] = []
        self.patterns: dict[str, ActionSet] = {}  # of Allow statements, as they were written
        self._kept: dict[int, tuple[Rule, ActionSet]] = {}
        self._fences: list[tuple[ActionSet, str, tuple[str, ...]]] = []

    def cells_of(self, rules: Iterable[Rule]) -> _Cells:
        """The Allow statements by place."""
        cells = _Cells()
        for rule in rules:
            if self._depends_on_template(rule, "left out"):
                continue
            self._remember_patterns(rule)
            for place in _places_of(rule):
                cells.add(place, rule.actions, unlimited=_is_unlimited(rule))
        return cells

    def _remember_patterns(self, rule: Rule) -> None:
        if not rule.compiled.not_action:
            for text in rule.compiled.actions.texts:
                if ("*" in text or "?" in text) and ":" in text:
                    self.patterns.setdefault(text, load().action_set((text,)))

    def _depends_on_template(self, rule: Rule, what: str) -> bool:
        only_if = rule.compiled.only_if
        if only_if is not None:
            where = f"statement {rule.compiled.sid or rule.compiled.index} of `{rule.compiled.policy}`"
            self.remarks.append(f"{where} is {what}: it depends on the template condition `{only_if}`")
        return only_if is not None

    def limit(self, cells: _Cells, layer: RuleLayer) -> _Cells:
        """What a boundary or one level of control policies leaves."""
        rules = [rule for rule in layer.rules if not self._depends_on_template(rule, "not counted")]
        for rule in rules:
            self._remember_patterns(rule)
        whole = ActionSet.empty
        open_ended = False
        for rule in rules:
            if rule.certain and _is_everything(rule):
                whole |= rule.actions
                open_ended = open_ended or _is_unlimited(rule)
        rules = [rule for rule in rules if not rule.actions <= whole]
        left = _Cells()
        troubled = ActionSet.empty
        rest: list[tuple[_Place, ActionSet, bool]] = []
        for place, actions, unlimited in cells:
            left.add(place, actions & whole, unlimited=unlimited and open_ended)
            if others := actions - whole:
                rest.append((place, others, unlimited))
                for rule in rules:
                    common = others & rule.actions
                    if common and not common <= troubled and _meet(place, rule) is None:
                        troubled |= common
        fenced = self._fence(troubled, rules)
        if not troubled <= fenced:
            names = ", ".join((troubled - fenced).patterns(limit=4))
            self.remarks.append(f"some of {names} is left out: what a boundary leaves of it cannot be written")
        for place, actions, unlimited in rest:
            left.add(place, actions & fenced, unlimited=False)
            for rule in rules:
                for part in _meet(place, rule) or ():
                    both_unlimited = unlimited and _is_unlimited(rule)
                    left.add(part, (actions & rule.actions) - fenced, unlimited=both_unlimited)
        return left

    def _fence(self, troubled: ActionSet, rules: list[Rule]) -> ActionSet:
        """Actions that can be limited by a Deny of everything the layer does not allow them on."""
        groups: list[tuple[ActionSet, tuple[Rule, ...]]] = [(troubled, ())] if troubled else []
        for rule in rules:
            split = []
            for actions, allowing in groups:
                split += [(actions & rule.actions, (*allowing, rule)), (actions - rule.actions, allowing)]
            groups = [(actions, allowing) for actions, allowing in split if actions]
        fenced = ActionSet.empty
        for actions, allowing in groups:
            if not all(rule.certain for rule in allowing):
                continue
            if not any(rule.compiled.not_resource for rule in allowing):
                patterns = tuple(dict.fromkeys(each for rule in allowing for each in _written(rule, rule.patterns)))
                if any(is_open(pattern) for pattern in patterns):
                    continue
                self._fences.append((actions, "NotResource", patterns))
            elif len(allowing) == 1:
                self._fences.append((actions, "Resource", _written(allowing[0], allowing[0].not_resources)))
            else:
                continue
            fenced |= actions
        return fenced

    def deny(self, cells: _Cells, denies: Iterable[Rule]) -> _Cells:
        """What Deny statements leave; those that take a part away are kept."""
        rules = list(denies)
        left = _Cells()
        for place, actions, unlimited in cells:
            free = actions
            maybe: list[Rule] = []
            for rule in rules:
                if free.isdisjoint(rule.actions):
                    continue
                stands = _stands(rule, place)
                if stands and rule.certain and (not unlimited or rule.compiled.actions.everything):
                    free -= rule.actions
                elif stands is not False:
                    maybe.append(rule)
            left.add(place, free, unlimited=unlimited)
            for rule in maybe:
                if common := free & rule.actions:
                    known = self._kept.get(id(rule), (rule, ActionSet.empty))[1]
                    self._kept[id(rule)] = (rule, known | common)
        return left

    def deny_statements(self, cells: _Cells, *, wildcards: bool) -> Iterator[dict[str, Any]]:
        """The Deny statements that stay, as they were written, and the fences of boundaries."""
        allowed = ActionSet.empty
        for _, actions, _ in cells:
            allowed |= actions
        for rule, needed in self._kept.values():
            self._depends_on_template(rule, "kept")
            yield _kept_statement(rule, needed & allowed)
        merged: dict[tuple[str, tuple[str, ...]], ActionSet] = {}
        for actions, element, patterns in self._fences:
            if common := actions & allowed:
                key = (element, patterns)
                merged[key] = merged[key] | common if key in merged else common
        for (element, patterns), actions in merged.items():
            texts = actions.patterns(wildcards=wildcards)
            yield {"Effect": "Deny", "Action": _one_or_many(texts), element: _one_or_many(map(decode, patterns))}


def _is_unlimited(rule: Rule) -> bool:
    return rule.compiled.not_action or rule.compiled.actions.everything


def _is_everything(rule: Rule) -> bool:
    return not rule.not_resources and any(not each.strip("*") for each in rule.patterns)


def _places_of(rule: Rule) -> Iterator[_Place]:
    conditions = tuple(sorted(_condition(entry, variables=rule.compiled.variables) for entry in rule.residual))
    if rule.not_resources:
        yield _Place("", _written(rule, rule.not_resources), conditions)
        return
    for pattern in _written(rule, rule.patterns):
        yield _Place(pattern if pattern.strip("*") else "*", (), conditions)


def _written(rule: Rule, patterns: Iterable[str]) -> tuple[str, ...]:
    """Encoded patterns as a document of version 2012-10-17 writes them."""
    if rule.compiled.variables:
        return tuple(patterns)
    return tuple(_quoted(pattern) for pattern in patterns)


def _quoted(text: str) -> str:
    """Text in which what looks like a policy variable is none."""
    return VARIABLE.sub(lambda found: "${$}" + found[0][1:], text) if has_variable(text) else text


def _condition(entry: ConditionEntry, *, variables: bool) -> _Condition:
    values = tuple(str(value) if variables else _quoted(str(value)) for value in entry.values)
    return _Condition(str(entry.operator), str(entry.key), values)


def _meet(place: _Place, rule: Rule) -> tuple[_Place, ...] | None:
    """The places where a rule of a limiting layer and an Allow both apply; None when they cannot be written."""
    found: dict[_Place, None] = {}
    for other in _places_of(rule):
        conditions = _both(place.conditions, other.conditions)
        where = _common(place, other)
        if where is _NOTHING:
            continue
        if where is None or conditions is None:
            return None
        found[where._replace(conditions=conditions)] = None
    return tuple(found)


def _common(one: _Place, other: _Place) -> _Place | None:
    """What two places share, conditions aside: perhaps `_NOTHING`; None when it cannot be written."""
    if one.left_out and other.left_out:
        return _Place("", tuple(dict.fromkeys((*one.left_out, *other.left_out))), ())
    if one.left_out or other.left_out:
        positive, left_out = (one.resource, other.left_out) if other.left_out else (other.resource, one.left_out)
        if positive == "*":
            return _Place("", left_out, ())
        stands = [relation(each, positive) for each in left_out]
        if True in stands:
            return _NOTHING
        return None if None in stands or any(map(is_open, left_out)) else _Place(positive, (), ())
    wider = relation(other.resource, one.resource)
    if wider:
        return one
    if wider is False:
        return _NOTHING
    return other if relation(one.resource, other.resource) else None


def _both(one: tuple[_Condition, ...], other: tuple[_Condition, ...]) -> tuple[_Condition, ...] | None:
    """Both lists of conditions as one; None when a block cannot hold them: one operator has each key once."""
    merged = dict.fromkeys((*one, *other))
    names = {(each.operator.lower(), each.key.lower()) for each in merged}
    return tuple(sorted(merged)) if len(names) == len(merged) else None


def _stands(deny: Rule, place: _Place) -> bool | None:
    """Whether a Deny is about all of a place, nothing of it, or a part."""
    if place.left_out:
        return _stands_to_rest(deny, place.left_out)
    if deny.not_resources:
        stands = [relation(each, place.resource) for each in _written(deny, deny.not_resources)]
        return False if True in stands else (True if not any(each is None for each in stands) else None)
    found: bool | None = False
    for pattern in _written(deny, deny.patterns):
        stands_here = relation(pattern, place.resource)
        if stands_here:
            return True
        if stands_here is None:
            found = None
    return found


def _stands_to_rest(deny: Rule, left_out: tuple[str, ...]) -> bool | None:
    """The same for a place that is everything but some patterns."""
    if deny.not_resources:
        covered = all(any(relation(out, each) for out in left_out) for each in _written(deny, deny.not_resources))
        return True if covered else None
    patterns = _written(deny, deny.patterns)
    if any(not pattern.strip("*") for pattern in patterns):
        return True
    outside = all(any(relation(out, pattern) for out in left_out) for pattern in patterns)
    return False if outside else None


def _without_repetition(cells: _Cells) -> _Cells:
    """The same without what a wider place under no more conditions grants already."""
    places = list(cells)
    if len(places) > _MOST_CELLS:
        return cells
    left = _Cells()
    for at, (place, actions, unlimited) in enumerate(places):
        own = actions
        for other_at, (other, others, other_unlimited) in enumerate(places):
            if at == other_at or own.isdisjoint(others) or not set(other.conditions) <= set(place.conditions):
                continue
            if unlimited and not other_unlimited:
                continue
            if _covers_place(other, place) and (other_at < at or not _covers_place(place, other)):
                own -= others
        left.add(place, own, unlimited=unlimited)
    return left


def _covers_place(wide: _Place, narrow: _Place) -> bool:
    if wide.left_out or narrow.left_out:
        return wide.resource == "*" or (wide.resource, wide.left_out) == (narrow.resource, narrow.left_out)
    return relation(wide.resource, narrow.resource) is True


def _allow_statements(cells: _Cells, written: dict[str, ActionSet], *, wildcards: bool) -> list[dict[str, Any]]:
    """The Allow statements, sorted; `written` are patterns to prefer to names."""
    merged: dict[tuple[ActionSet, bool, tuple[str, ...], tuple[_Condition, ...]], list[str]] = {}
    for place, actions, unlimited in cells:
        resources = merged.setdefault((actions, unlimited, place.left_out, place.conditions), [])
        if not place.left_out:
            resources.append(decode(place.resource))
    found = []
    for (actions, unlimited, left_out, conditions), resources in merged.items():
        statement: dict[str, Any] = {
            "Effect": "Allow",
            **_actions(actions, written, unlimited=unlimited, wildcards=wildcards),
        }
        if left_out:
            statement["NotResource"] = _one_or_many(map(decode, left_out))
        else:
            statement["Resource"] = _one_or_many(["*"] if "*" in resources else sorted(resources))
        if conditions:
            statement["Condition"] = _block(conditions)
        found.append(statement)
    return sorted(found, key=lambda each: (str(each.get("Action", "~")), str(each.get("Resource"))))


def _actions(
    actions: ActionSet, written: dict[str, ActionSet], *, unlimited: bool, wildcards: bool
) -> dict[str, str | list[str]]:
    used: list[str] = []
    rest = actions
    for text, meant in sorted(written.items(), key=lambda each: -len(each[1])):
        if meant <= actions and not meant.isdisjoint(rest):
            used.append(text)
            rest -= meant
    texts = sorted((*used, *rest.patterns(wildcards=wildcards)))
    if unlimited and len(texts) > _MOST_ACTIONS:
        others = load().complement(actions).patterns(wildcards=wildcards)
        if len(others) < len(texts):
            return {"NotAction": _one_or_many(others)}
    return {"Action": _one_or_many(texts)}


def _kept_statement(rule: Rule, needed: ActionSet) -> dict[str, Any]:
    """A Deny as it was written, without the actions that are allowed nowhere."""
    compiled = rule.compiled
    texts = compiled.actions.texts
    if compiled.not_action:
        statement: dict[str, Any] = {"Effect": "Deny", "NotAction": _one_or_many(texts)}
    else:
        catalog = load()
        used = [each for each in texts if not catalog.action_set((each,)).isdisjoint(needed)]
        statement = {"Effect": "Deny", "Action": _one_or_many(used or texts)}
    element = "NotResource" if rule.not_resources else "Resource"
    patterns = rule.not_resources or rule.patterns
    statement[element] = _one_or_many(map(decode, _written(rule, patterns)))
    if rule.residual:
        statement["Condition"] = _block(_condition(each, variables=compiled.variables) for each in rule.residual)
    return statement


def _block(conditions: Iterable[_Condition]) -> dict[str, dict[str, Any]]:
    block: dict[str, dict[str, Any]] = {}
    for operator, key, values in conditions:
        block.setdefault(operator, {})[key] = _one_or_many(values)
    return block


def _one_or_many(texts: Iterable[str]) -> str | list[str]:
    found = list(map(str, texts))
    return found[0] if len(found) == 1 else found
