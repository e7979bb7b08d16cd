"""Conditions in three values."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from permscope.collect.templates.stack import Bound

TEMPLATE = """
Parameters:
  Given: {Type: String, Default: prod}
  Open: {Type: String}
Conditions:
  True1: !Equals [!Ref Given, prod]
  False1: !Equals [!Ref Given, dev]
  Open1: !Equals [!Ref Open, x]
  Number: !Equals ['1', 1]
  Boolean: !Equals [true, 'true']
  NotTrue: !Not [!Condition True1]
  NotOpen: !Not [!Condition Open1]
  AndFalse: !And [!Condition Open1, !Condition False1]
  AndOpen: !And [!Condition Open1, !Condition True1]
  OrTrue: !Or [!Condition Open1, !Condition True1]
  OrOpen: !Or [!Condition Open1, !Condition False1]
  Circle: !Not [!Condition Circle2]
  Circle2: !Not [!Condition Circle]
  Missing: !Condition Nowhere
  Prefix: !Equals [!Sub 'a-${Open}', b-x]
  Suffix: !Equals [!Sub '${Open}-a', x-b]
  Middle: !Equals [!Sub 'a-${Open}', a-x]
  Region: !Equals [!Ref 'AWS::Region', us-east-1]
  Deep: !And [!Condition Region, !Not [!Condition OrOpen]]
  Lists: !Equals [!Split [',', 'a,b'], [a, b]]
  Broken: !Equals [a]
Resources: {R: {Type: 'AWS::SQS::Queue'}}
"""


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("True1", True),
        ("False1", False),
        ("Open1", None),
        ("Number", True),
        ("Boolean", True),
        ("NotTrue", False),
        ("NotOpen", None),
        ("AndFalse", False),
        ("AndOpen", None),
        ("OrTrue", True),
        ("OrOpen", None),
        ("Circle", None),
        ("Circle2", None),
        ("Missing", None),
        ("Nowhere", None),
        ("Prefix", False),
        ("Suffix", False),
        ("Middle", None),
        ("Region", None),
        ("Lists", True),
        ("Broken", None),
    ],
)
def test_a_condition_is_true_false_or_undecided(bind: Callable[..., Bound], name: str, holds: bool | None) -> None:
    """What is not known never becomes true or false, and what is settled all the same is."""
    assert bind(TEMPLATE).resolver.decisions.decide(name) is holds


def test_an_assumption_settles_what_follows_from_it(bind: Callable[..., Bound]) -> None:
    """Where `A and B` holds both hold; where `A or B` fails both fail."""
    decisions = bind(TEMPLATE).resolver.decisions
    with decisions.assuming("AndOpen", holds=True):
        assert decisions.decide("Open1") is True
        assert decisions.decide("NotOpen") is False
    with decisions.assuming("OrOpen", holds=False):
        assert decisions.decide("Open1") is False
    with decisions.assuming("NotOpen", holds=True):
        assert decisions.decide("Open1") is False
    assert decisions.decide("Open1") is None


def test_the_causes_of_a_condition_are_what_it_looks_at(bind: Callable[..., Bound]) -> None:
    """Parameters and pseudo parameters, through other conditions too."""
    assert bind(TEMPLATE).resolver.decisions.causes("Deep") == ("AWS::Region", "Given", "Open")
