"""Which rules speak of an escalation path, so that a path is found by its id and by the names others have for it."""

from __future__ import annotations

from collections.abc import Iterable

from permscope.audit.rules import Rule
from permscope.catalog.actions import load
from permscope.graph.takeover.escalation import EscalationPath, load_paths

_POLICIES, _CODE = "resource-policy", "role-of-code"


def find_path(name: str) -> EscalationPath | None:
    """The escalation path of an id or alias, in any case."""
    wanted = name.lower()
    for path in load_paths():
        if wanted == path.id or wanted in (alias.lower() for alias in path.aliases):
            return path
    return None


def rules_of_path(rules: Iterable[Rule], path: EscalationPath) -> list[Rule]:
    """The rules that report whoever has a path; those that name it first."""
    rules = tuple(rules)
    names = {path.id, *(alias.lower() for alias in path.aliases)}
    named = [rule for rule in rules if not names.isdisjoint(alias.lower() for alias in rule.aliases)]
    return named or [rule for rule in rules if _speaks_of(rule, path)]


def _speaks_of(rule: Rule, path: EscalationPath) -> bool:
    if rule.looks_for is None:
        return False
    finder, given = rule.looks_for
    actions = load().action_set(path.actions)
    match finder:
        case "take_overs" if path.category != _POLICIES and path.gains != _CODE:
            if given.categories is not None and path.category not in given.categories:
                return False
            if given.actions is not None:
                return not actions.isdisjoint(given.actions)
            return bool(actions - given.without - load().expand("iam:PassRole"))
        case "lets_itself_in" if path.category == _POLICIES:
            return not actions.isdisjoint(given)
        case "rewrites_code" if path.gains == _CODE:
            return not actions.isdisjoint(given)
    return False
