"""Rules that ask what they seem to ask, and mistakes that are named before a rule never fires."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.audit.matching import Field, compile_where, needs_of
from permscope.catalog.actions import load
from permscope.errors import RuleError
from permscope.inventory.source import NOWHERE

FIELDS = {
    "kind": Field("text", lambda it: it.get("kind"), choices=("public", "role")),
    "type": Field("text", lambda it: it.get("type")),
    "tags": Field("texts", lambda it: it.get("tags")),
    "trusted": Field("bool", lambda it: it.get("trusted")),
    "count": Field("number", lambda it: it["count"]),
    "actions": Field("actions", lambda it: load().action_set(it["actions"])),
}
PREDICATES = {"is_new": lambda it: bool(it.get("new"))}
SUBJECT = {
    "kind": "role",
    "type": "AWS::S3::Bucket",
    "tags": ("a", "b"),
    "count": 3,
    "actions": ["s3:GetObject", "s3:PutObject"],
    "new": True,
}


@pytest.mark.parametrize(
    ("where", "fits"),
    [
        ({"kind": "role"}, True),
        ({"kind": ["public", "role"]}, True),
        ({"kind": "public"}, False),
        ({"kind": "role", "count": 4}, False),
        ({"type": {"like": "AWS::S3*"}}, True),
        ({"type": {"like": "AWS::S3::Bucket?"}}, False),
        ({"tags": ["b", "z"]}, True),
        ({"tags": {"only": ["a"]}}, False),
        ({"tags": {"only": ["a", "b", "c"]}}, True),
        ({"trusted": "unknown"}, True),
        ({"trusted": False}, False),
        ({"trusted": [False, "unknown"]}, True),
        ({"count": {"at_least": 3, "at_most": 3}}, True),
        ({"count": {"at_least": 4}}, False),
        ({"actions": {"covers": "s3:GetObject"}}, True),
        ({"actions": {"covers": "s3:*"}}, False),
        ({"actions": {"only": "s3:*"}}, True),
        ({"actions": "s3:DeleteObject"}, False),
        ({"actions": {"levels": ["Write", "List"]}}, True),
        ({"actions": {"levels": "List"}}, False),
        ({"not": {"kind": "public"}}, True),
        ({"not": {"kind": "role", "count": 4}}, True),
        ({"any": [{"kind": "public"}, {"count": 3}]}, True),
        ({"all": [{"kind": "role"}, {"count": 4}]}, False),
        ({"is": ["is_new"]}, True),
    ],
)
def test_a_condition_holds_for_what_it_says(where: dict[str, Any], fits: bool) -> None:
    """What is not known is neither true nor false, and parts of one mapping hold together."""
    assert compile_where(where, FIELDS, PREDICATES, NOWHERE)(SUBJECT) is fits


@pytest.mark.parametrize("where", [{"count": {"at_least": 0}}, {"count": {"at_most": 9}}, {"count": 0}])
def test_a_number_that_is_not_known_fits_nothing(where: dict[str, Any]) -> None:
    """Neither a small nor a large one, and never an error."""
    fields = {"count": Field("number", lambda it: it.get("count"))}
    assert compile_where(where, fields, {}, NOWHERE)({}) is False


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ([], "`where` must be a mapping"),
        ({}, "a condition is empty"),
        ({"not": {}}, "a condition is empty"),
        ({"type": {}}, "nothing is asked of the field"),
        ({"kind": []}, "nothing is asked of the field"),
        ({"actions": {}}, "nothing is asked of the field"),
        ({"knd": "role"}, "no field `knd`"),
        ({"kind": "rol"}, "did you mean `role`?"),
        ({"kind": {"only": ["role"]}}, "no option `only`"),
        ({"is": "is_old"}, "no predicate `is_old`"),
        ({"trusted": "maybe"}, "expected `true`, `false` or `unknown`"),
        ({"count": {"above": 3}}, "expected a number"),
        ({"actions": {"covers": "s3:GetObjcet"}}, "did you mean `s3:GetObject`?"),
        ({"actions": {"levels": "Delete"}}, "no access level `Delete`"),
        ({"any": []}, "`any` must be a list of mappings"),
    ],
)
def test_a_mistake_is_an_error_and_not_a_rule_that_never_fires(where: Any, said: str) -> None:
    """With what may be meant."""
    with pytest.raises(RuleError) as caught:
        compile_where(where, FIELDS, PREDICATES, NOWHERE)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("where", "needs"),
    [
        ({"kind": "role", "count": 3}, {"kind": {"role"}}),
        ({"kind": ["public", "role"]}, {"kind": {"public", "role"}}),
        ({"type": "AWS::S3::Bucket"}, {}),
        ({"not": {"kind": "role"}}, {}),
        ({"any": [{"kind": "role"}, {"count": 3}]}, {}),
        ({"kind": {"present": True}}, {}),
        (None, {}),
    ],
)
def test_only_what_must_hold_whatever_else_does_is_needed(where: Any, needs: dict[str, set[str]]) -> None:
    """A subject is left out of a rule by a field only where no other part of the rule could let it in."""
    assert needs_of(where, FIELDS) == needs
