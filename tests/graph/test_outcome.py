"""Three-valued answers."""

from __future__ import annotations

import pytest

from permscope.graph.outcome import NO, YES, Outcome, all_of, bindings
from permscope.inventory.policies import PolicyKind, parse_policy

MAYBE = Outcome(None, reason="perhaps")


@pytest.mark.parametrize(
    ("parts", "authorized"),
    [((), True), ((YES, YES), True), ((YES, MAYBE), None), ((MAYBE, NO), False), ((YES, NO), False)],
)
def test_every_part_must_be_authorized(parts: tuple[Outcome, ...], authorized: bool | None) -> None:
    """One part that surely is not decides; unknown is neither."""
    assert all_of(parts).authorized is authorized


def test_an_assumption_makes_an_answer_unknown() -> None:
    """What holds in one Region only is not sure without knowing the Region."""
    assert YES.assuming({}) is YES
    assert NO.assuming({"AWS::Region": ["eu-west-1"]}) is NO
    found = YES.assuming({"AWS::Region": ["eu-west-1"]})
    assert (found.authorized, found.reason) == (None, "only if the Region is eu-west-1")
    assert found.conditions == {"template": {"AWS::Region": ["eu-west-1"]}}


def test_literals_of_policies_stand_in_for_unbound_pseudo_parameters() -> None:
    """The texts as they are come first; without tokens nothing else is tried."""
    policy = parse_policy(
        {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:sqs:us-gov-west-1:111122223333:q"}},
        name="p",
        kind=PolicyKind.INLINE,
    )
    text = "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:q"
    found = [(set(assumed), texts[0]) for assumed, texts in bindings((text,), (policy,))]
    assert found == [
        (set(), text),
        ({"AWS::AccountId"}, "arn:aws:sqs:${AWS::Region}:111122223333:q"),
        ({"AWS::Region"}, "arn:aws:sqs:us-gov-west-1:${AWS::AccountId}:q"),
        ({"AWS::Region", "AWS::AccountId"}, "arn:aws:sqs:us-gov-west-1:111122223333:q"),
    ]
    assert len(list(bindings(("arn:aws:sqs:eu-west-1:1:q",), (policy,)))) == 1
