"""Statements that nobody wrote: what SAM makes of a policy template, an event or a destination.

Everything in such a statement stands at one place, the line the user wrote instead.
"""

from __future__ import annotations

from functools import cache

from permscope.catalog import sam_templates
from permscope.inventory.located import source_of
from permscope.inventory.policies import Policy, Statement
from permscope.inventory.source import NOWHERE


def is_generated(statement: Statement) -> bool:
    """Whether all elements of a statement stand at one place of a template."""
    place = statement.source
    if place is NOWHERE or place.line is None or not statement.actions:
        return False
    texts = (*statement.actions, *(statement.resources or ()))
    return all(source_of(text) in (place, NOWHERE) for text in texts) and source_of(statement.actions[0]) == place


@cache
def _templates() -> dict[frozenset[str], str]:
    found: dict[frozenset[str], str] = {}
    for name in sam_templates.names():
        template = sam_templates.template(name)
        for statement in template.statements if template else ():
            actions = statement["Action"]
            found.setdefault(frozenset([actions] if isinstance(actions, str) else actions), name)
    return found


def policy_template_of(policy: Policy, statement: Statement) -> str | None:
    """The SAM policy template that a statement came from."""
    if not is_generated(statement) or not statement.actions:
        return None
    names = [_templates().get(frozenset(each.actions or ())) for each in policy.statements]
    if None in names:
        return None
    return _templates()[frozenset(statement.actions)] if statement in policy.statements else None
