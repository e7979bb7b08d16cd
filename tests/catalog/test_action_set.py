"""Sets of actions: algebra, and how they are written."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permscope.catalog.action_set import LEVELS, ActionSet
from permscope.catalog.actions import load

CATALOG = load()
PATTERNS = [
    "s3:*",
    "s3:Get*",
    "s3:PutObject",
    "iam:*",
    "iam:PassRole",
    "*:List*",
    "ec2:Describe*",
    "sqs:SendMessage",
    "*",
]
sets = st.lists(st.sampled_from(PATTERNS), max_size=4).map(CATALOG.action_set)


@given(sets, sets)
def test_the_operators_are_those_of_sets(left: ActionSet, right: ActionSet) -> None:
    """Union, intersection, difference and order agree with Python's own sets."""
    a, b = set(left), set(right)
    assert set(left | right) == a | b
    assert set(left & right) == a & b
    assert set(left - right) == a - b
    assert (left <= right) is (a <= b)
    assert (left >= right) is (a >= b)
    assert (left < right) is (a < b)
    assert (left > right) is (a > b)
    assert (left == right) is (a == b)
    assert left.isdisjoint(right) is a.isdisjoint(b)
    assert len(left) == len(a)
    assert bool(left) is bool(a)


@given(sets)
def test_equal_sets_have_equal_hashes(actions: ActionSet) -> None:
    """However a set was made, it is found again as a key."""
    again = CATALOG.action_set(list(actions))
    assert again == actions
    assert hash(again) == hash(actions)
    assert {actions: 1}[again] == 1


@given(sets)
def test_a_set_survives_pickling(actions: ActionSet) -> None:
    """Worker processes and caches give back the same set."""
    assert pickle.loads(pickle.dumps(actions)) == actions  # noqa: S301


@given(sets, st.booleans())
def test_the_written_patterns_grant_exactly_the_set(actions: ActionSet, wildcards: bool) -> None:
    """Reading the rendering back gives the set: nothing more, nothing less."""
    written = actions.patterns(wildcards=wildcards)
    assert CATALOG.action_set(written) == actions
    assert list(written) == sorted(written, key=lambda text: text.lower().split(":"))


@given(sets)
def test_levels_are_those_of_the_actions(actions: ActionSet) -> None:
    """In a fixed order, each once."""
    levels = {CATALOG.access_level(action) for action in actions}
    assert actions.levels() == tuple(level for level in LEVELS if level in levels)


def test_iteration_is_sorted_by_service_and_name() -> None:
    """So that output is the same in every run."""
    actions = CATALOG.action_set(["sqs:SendMessage", "s3express:CreateSession", "s3:PutObject", "s3:GetObject"])
    assert list(actions) == ["s3:GetObject", "s3:PutObject", "s3express:CreateSession", "sqs:SendMessage"]
    assert actions.services() == ("s3", "s3express", "sqs")


def test_a_retired_action_takes_its_place_among_the_others() -> None:
    """Retired actions lie behind the living ones in the catalogue, not in the output."""
    retired = next(action for action in CATALOG.retired if len(CATALOG.actions_of(action.split(":")[0])) > 5)
    service = retired.split(":")[0]
    actions = CATALOG.action_set([*CATALOG.actions_of(service), retired])
    assert list(actions) == sorted(actions, key=str.lower)
    assert set(actions.patterns()) == {f"{service}:*", retired}


def test_membership_ignores_case() -> None:
    """As IAM does."""
    actions = CATALOG.expand("s3:Get*")
    assert "S3:getobject" in actions
    assert "s3:PutObject" not in actions
    assert "s3:NoSuchThing" not in actions
    assert 7 not in actions


def test_everything_is_written_as_a_star() -> None:
    """Also when it was put together from its services."""
    assert CATALOG.everything.patterns() == ("*",)
    assert CATALOG.action_set(f"{service}:*" for service in CATALOG.services).patterns() == ("*",)
    assert (CATALOG.everything | CATALOG.retired).patterns()[0] == "*"


def test_a_whole_service_is_written_with_a_star() -> None:
    """And only a whole one."""
    assert CATALOG.expand("sqs:*").patterns() == ("sqs:*",)
    rest = CATALOG.expand("sqs:*") - CATALOG.expand("sqs:SendMessage")
    assert "sqs:*" not in rest.patterns()


def test_prefixes_end_at_words_and_grant_nothing_more() -> None:
    """`Get*` is written when all of it is granted, `GetObject*` never swallows a neighbour."""
    assert CATALOG.expand("ec2:Describe*").patterns(wildcards=True) == ("ec2:Describe*",)
    some = CATALOG.expand("s3:Get*") - CATALOG.expand("s3:GetBucketPolicy")
    assert "s3:Get*" not in some.patterns(wildcards=True)


def test_a_limit_says_how_much_it_left_out() -> None:
    """Never silently."""
    actions = CATALOG.expand("s3:Get*")
    shown = actions.patterns(limit=4)
    assert len(shown) == 4
    assert shown[-1] == f"+{len(actions) - 3} more"
    assert actions.patterns(limit=1000) == actions.patterns()


def test_the_empty_set_is_neutral() -> None:
    """It knows no catalogue and needs none."""
    some = CATALOG.expand("s3:Get*")
    assert ActionSet.empty | some == some
    assert some | ActionSet.empty == some
    assert some & ActionSet.empty == ActionSet.empty
    assert ActionSet.empty - some == ActionSet.empty
    assert not ActionSet.empty
    assert list(ActionSet.empty) == []
    assert ActionSet.empty.patterns() == ActionSet.empty.services() == ActionSet.empty.levels() == ()
    assert ActionSet.empty.of_service("s3") == ActionSet.empty


def test_a_set_can_be_cut_down_to_one_service() -> None:
    """For reports by service."""
    actions = CATALOG.action_set(["s3:GetObject", "sqs:SendMessage"])
    assert list(actions.of_service("S3")) == ["s3:GetObject"]
    assert not actions.of_service("ec2")
    assert not actions.of_service("no-such-service")


def test_a_set_does_not_compare_with_other_things() -> None:
    """A set of names is not an action set."""
    actions = CATALOG.expand("s3:GetObject")
    assert actions != {"s3:GetObject"}
    for operator in ("__or__", "__and__", "__sub__", "__le__", "__ge__", "__lt__", "__gt__"):
        assert getattr(actions, operator)({"s3:GetObject"}) is NotImplemented
    with pytest.raises(TypeError):
        actions | {"s3:GetObject"}  # type: ignore[operator]


def test_its_repr_is_short() -> None:
    """A failing assertion stays readable."""
    assert repr(CATALOG.expand("s3:GetObject")) == "ActionSet(s3:GetObject)"
    assert len(repr(CATALOG.expand("s3:Get*"))) < 250
