"""The action catalogue: what is in it, and what patterns match."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from permscope.catalog import managed_policies
from permscope.catalog.action_set import LEVELS, ActionSet
from permscope.catalog.actions import load

CATALOG = load()
ALL = [action for service in CATALOG.services for action in CATALOG.actions_of(service)]
LOWER = [(action.lower(), action) for action in ALL]


def by_regex(pattern: str) -> set[str]:
    """What a pattern matches, the slow way: against every name."""
    words = {"*": ".*", "?": "."}
    expression = re.compile("".join(words.get(letter, re.escape(letter)) for letter in pattern.lower()), re.DOTALL)
    return {action for lower, action in LOWER if expression.fullmatch(lower)}


def patterns_of_aws() -> list[str]:
    """Wildcard patterns in the policies that AWS manages, every fourth of them."""

    def actions(document: dict[str, Any]) -> list[str]:
        statements = document["Statement"]
        found: list[str] = []
        for statement in statements if isinstance(statements, list) else [statements]:
            for element in ("Action", "NotAction"):
                value = statement.get(element, [])
                found += [value] if isinstance(value, str) else value
        return found

    policies = (managed_policies.document(name) for name in managed_policies.names())
    written = {action for policy in policies if policy for action in actions(policy.document)}
    return sorted(action for action in written if "*" in action or "?" in action)[::4]


def test_patterns_of_real_policies_match_what_a_regular_expression_matches() -> None:
    """Hundreds of patterns that AWS itself writes."""
    patterns = patterns_of_aws()
    assert len(patterns) > 300
    wrong = [pattern for pattern in patterns if set(CATALOG.expand(pattern)) != by_regex(pattern)]
    assert wrong == []


@pytest.mark.parametrize(
    "pattern",
    [
        *("*", "**", "*:*", "*:Describe*", "S3:GET*", "s3:*Object*", "s?s:S?nd*", "?3:*", "ec2:*Tags", "s3:**Get**"),
        *("s3:[gp]etobject*", "s3:GetObject ", "iam:*Role*", "*:*Tag*Resource", "lambda:?nvoke*", "s3:GetObject?"),
        *("s3*", "*Get*", "?3?GetObject", "iam*Role", "s3:", ":", "", "s3:Get*:x", "s3:Get\u017fObject*", "\u212ams:*"),
    ],
)
def test_unusual_patterns_match_what_a_regular_expression_matches(pattern: str) -> None:
    """Wildcards in the service, no colon, brackets, letters that lower-case into ASCII."""
    assert set(CATALOG.expand(pattern)) == (by_regex(pattern) if pattern.isascii() else set())


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ALL), st.data())
def test_an_action_with_parts_replaced_still_matches_itself(action: str, data: st.DataObject) -> None:
    """Any slice becomes `*`, any letter `?`, any case."""
    start = data.draw(st.integers(0, len(action)))
    end = data.draw(st.integers(start, len(action)))
    one = data.draw(st.integers(0, len(action) - 1))
    for pattern in (f"{action[:start]}*{action[end:]}", f"{action[:one]}?{action[one + 1 :]}", action.swapcase()):
        expanded = CATALOG.expand(pattern)
        assert action in expanded
        assert set(expanded) == by_regex(pattern)


def test_a_literal_expands_to_itself() -> None:
    """And an unknown one to nothing."""
    assert list(CATALOG.expand("s3:getobject")) == ["s3:GetObject"]
    assert CATALOG.expand("s3:GetObjekt") == ActionSet.empty
    assert CATALOG.expand("nosuch:Thing") == ActionSet.empty


def test_the_catalogue_holds_what_it_says() -> None:
    """Counts that a changed source format would break."""
    assert len(ALL) == len(CATALOG.everything) > 21_500
    assert len(CATALOG.services) > 450
    assert len(CATALOG.retired) > 400
    assert CATALOG.date > "2026-10"
    assert len({lower for lower, _ in LOWER}) == len(ALL)


def test_every_action_has_one_level() -> None:
    """The five levels share the catalogue out."""
    sets = [CATALOG.level_set(level) for level in LEVELS]
    assert sum(len(each) for each in sets) == len(CATALOG.everything)
    union = ActionSet.empty
    for each in sets:
        assert union.isdisjoint(each)
        union |= each
    assert union == CATALOG.everything
    with pytest.raises(KeyError):
        CATALOG.level_set("Admin")


@pytest.mark.parametrize(
    ("action", "level"),
    [
        ("dynamodb:Query", "Read"),
        ("s3:ListBucket", "List"),
        ("s3:PutObject", "Write"),
        ("lambda:InvokeFunction", "Write"),
        ("lambda:TagResource", "Tagging"),
        ("iam:PassRole", "Permissions management"),
        ("lambda:AddPermission", "Permissions management"),
        ("lambda:PutResourcePolicy", "Permissions management"),
        ("kinesis:PutResourcePolicy", "Permissions management"),
        ("kms:CreateGrant", "Permissions management"),
        ("organizations:AttachPolicy", "Permissions management"),
        ("waf:CreateWebACL", "Permissions management"),
        ("secretsmanager:BatchGetSecretValue", "Read"),
        ("kinesis:CreateChannel", "Write"),
    ],
)
def test_access_levels_are_those_a_security_reader_expects(action: str, level: str) -> None:
    """The list's own levels, with its known mistakes mended."""
    assert CATALOG.access_level(action) == level
    assert action in CATALOG.level_set(level)


def test_an_unknown_action_has_no_level_and_no_details() -> None:
    """It is said, not guessed."""
    with pytest.raises(KeyError):
        CATALOG.access_level("s3:GetObjekt")
    with pytest.raises(KeyError):
        CATALOG.details("s3:GetObjekt")


def test_a_retired_action_is_known_only_by_its_name() -> None:
    """Wildcards cover what exists today."""
    retired = "iot1click:ListDevices"
    assert CATALOG.is_known(retired)
    assert CATALOG.is_retired(retired)
    assert not CATALOG.is_retired("s3:GetObject")
    assert not CATALOG.is_retired("s3:GetObjekt")
    assert list(CATALOG.expand(retired.upper())) == [retired]
    assert CATALOG.expand("iot1click:*") == ActionSet.empty
    assert retired not in CATALOG.everything
    assert CATALOG.is_known_service("iot1click")
    assert "iot1click" not in CATALOG.services
    assert CATALOG.access_level(retired) in LEVELS
    with pytest.raises(KeyError):
        CATALOG.details(retired)


def test_names_are_found_in_any_case() -> None:
    """And given back in AWS's spelling."""
    assert CATALOG.canonical("S3:GETOBJECT") == "s3:GetObject"
    assert CATALOG.canonical("s3:GetObjekt") is None
    assert CATALOG.canonical("s3") is None
    assert CATALOG.is_known_service("LAMBDA")
    assert not CATALOG.is_known_service("lamda")
    assert CATALOG.title_of("s3") == "Amazon S3"
    assert CATALOG.title_of("lamda") is None
    assert CATALOG.actions_of("lamda") == ()


def test_the_complement_is_what_not_action_leaves() -> None:
    """Everything but the set, retired actions neither way."""
    iam = CATALOG.expand("iam:*")
    rest = CATALOG.complement(iam)
    assert rest | iam == CATALOG.everything
    assert rest.isdisjoint(iam)
    assert CATALOG.complement(CATALOG.everything) == ActionSet.empty
    assert CATALOG.complement(ActionSet.empty) == CATALOG.everything


def test_several_patterns_make_one_set() -> None:
    """The union of what each matches."""
    assert CATALOG.action_set([]) == ActionSet.empty
    assert CATALOG.action_set(["nosuch:Thing", "s3:Nothing"]) == ActionSet.empty
    assert list(CATALOG.action_set(["s3:GetObject", "iam:PassRole", "s3:GetObject"])) == [
        "iam:PassRole",
        "s3:GetObject",
    ]


def test_restrictable_actions_are_those_with_a_resource_type() -> None:
    """The rest needs `Resource: "*"`, so a star there is no finding."""
    assert "s3:GetObject" in CATALOG.restrictable
    assert "s3:ListAllMyBuckets" not in CATALOG.restrictable
    assert "ec2:DescribeInstances" not in CATALOG.restrictable
    assert "logs:PutResourcePolicy" not in CATALOG.restrictable
    for action in ALL[::97]:
        assert (action in CATALOG.restrictable) is bool(CATALOG.details(action).resource_types), action


def test_the_expansion_cache_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patterns come from templates nobody has looked at."""
    monkeypatch.setattr("permscope.catalog.actions._CACHE_LIMIT", 10)
    for number in range(50):
        CATALOG.expand(f"s3:Nothing{number}")
    assert len(CATALOG._sets) <= 10


def test_loading_pulls_in_no_heavy_module() -> None:
    """The command line starts in the time of an empty interpreter."""
    script = (
        "import sys; before = set(sys.modules)\n"
        "from permscope.catalog import actions\n"
        "actions.load().expand('s3:Get*')\n"
        "print(' '.join(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)  # noqa: S603
    loaded = set(done.stdout.split())
    assert "permscope.catalog.actions" in loaded
    assert loaded.isdisjoint({"json", "re", "typing", "dataclasses", "pathlib", "zlib", "difflib", "inspect"})
