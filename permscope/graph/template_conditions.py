"""Policies where conditions of the template are undecided: what surely stands, and what does on one side of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from permscope.graph.outcome import Outcome, all_of
from permscope.inventory.located import opposite, parts_of
from permscope.inventory.policies import Policy


def by_template_condition(
    policies: tuple[Policy, ...], holds: Collection[str | None]
) -> Iterator[tuple[Mapping[str, list[str]], tuple[Policy, ...]]]:
    """The statements that stand where the wiring does; then those of each side of undecided conditions with them."""
    needed = {part for policy in policies for each in policy.statements for part in parts_of(each.only_if)}
    if not needed:
        yield {}, policies
        return
    given = frozenset(part for each in holds for part in parts_of(each))
    yield {}, tuple(_standing(policy, given) for policy in policies)
    undecided = {part for part in needed - given if opposite(part) not in given}
    sides = [undecided]
    if any(opposite(part) in undecided for part in undecided):
        sides = [
            {part for part in undecided if part.startswith("not ") is negated or opposite(part) not in undecided}
            for negated in (False, True)
        ]
    for side in sides:
        if side:
            yield {"condition": sorted(side)}, tuple(_standing(policy, given | side) for policy in policies)


def on_both_sides(answers: Mapping[str, Outcome]) -> Outcome | None:
    """The answer where it is the same whether a single condition holds or not; otherwise None."""
    for side, answer in answers.items():
        other = answers.get(opposite(side))
        if answer.authorized and other is not None and other.authorized:
            return all_of((answer, other))
    return None


def _standing(policy: Policy, given: Collection[str]) -> Policy:
    """A policy without Allow statements that may not be there, and the others as if they were."""
    if not any(each.only_if for each in policy.statements):
        return policy
    kept = tuple(
        replace(each, only_if=None) if each.effect == "Allow" else each
        for each in policy.statements
        if each.effect != "Allow" or all(part in given for part in parts_of(each.only_if))
    )
    return replace(policy, statements=kept)
