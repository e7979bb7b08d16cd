"""What all condition operators share: missing keys, several values, `IfExists`, set operators.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

import pytest

from permscope.inventory.policies import ConditionEntry
from permscope.policy.conditions import compile_condition, test_all
from permscope.policy.context import RequestContext

test_all.__test__ = False  # type: ignore[attr-defined]

POSITIVE = [
    ("StringEquals", "a", "a", "b"),
    ("StringEqualsIgnoreCase", "a", "A", "b"),
    ("StringLike", "a*", "abc", "b"),
    ("NumericEquals", "1", "1.0", "2"),
    ("NumericLessThan", "5", "4", "5"),
    ("NumericLessThanEquals", "5", "5", "6"),
    ("NumericGreaterThan", "5", "6", "5"),
    ("NumericGreaterThanEquals", "5", "5", "4"),
    ("DateEquals", "2026-01-01T00:00:00Z", "1767225600", "2026-01-02"),
    ("DateLessThan", "2026-01-01", "2025-12-31", "2026-01-01"),
    ("DateLessThanEquals", "2026-01-01", "2026-01-01", "2026-01-02"),
    ("DateGreaterThan", "2026-01-01", "2026-01-02", "2026-01-01"),
    ("DateGreaterThanEquals", "2026-01-01", "2026-01-01", "2025-12-31"),
    ("Bool", "true", "True", "false"),
    ("BinaryEquals", "QUI=", "QUI=", "QUM="),
    ("IpAddress", "10.0.0.0/8", "10.1.2.3", "11.0.0.1"),
    ("ArnEquals", "arn:aws:s3:::b*", "arn:aws:s3:::bc", "arn:aws:s3:::c"),
    ("ArnLike", "arn:aws:s3:::b*", "arn:aws:s3:::bc", "arn:aws:s3:::c"),
]
NEGATED = [
    ("StringNotEquals", "a", "b", "a"),
    ("StringNotEqualsIgnoreCase", "a", "b", "A"),
    ("StringNotLike", "a*", "b", "abc"),
    ("NumericNotEquals", "1", "2", "1"),
    ("DateNotEquals", "2026-01-01", "2026-01-02", "2026-01-01"),
    ("NotIpAddress", "10.0.0.0/8", "11.0.0.1", "10.1.2.3"),
    ("ArnNotEquals", "arn:aws:s3:::b*", "arn:aws:s3:::c", "arn:aws:s3:::bc"),
    ("ArnNotLike", "arn:aws:s3:::b*", "arn:aws:s3:::c", "arn:aws:s3:::bc"),
]


def ask(
    operator: str, wanted: list[str], values: list[str] | None, *, complete: bool = True, variables: bool = True
) -> bool | None:
    """The answer of one condition about the key `k`."""
    context = RequestContext({} if values is None else {"K": values}, complete=complete)
    return compile_condition(ConditionEntry(operator, "k", tuple(wanted)), variables=variables).test(context, set())


@pytest.mark.parametrize(("operator", "wanted", "hit", "miss"), POSITIVE + NEGATED)
def test_an_operator_compares_one_value(operator: str, wanted: str, hit: str, miss: str) -> None:
    """Each operator matches what it should and nothing else, whatever its case."""
    assert ask(operator, [wanted], [hit]) is True
    assert ask(operator, [wanted], [miss]) is False
    assert ask(operator.lower(), [wanted], [hit]) is True


@pytest.mark.parametrize(("operator", "wanted", "_hit", "miss"), POSITIVE)
def test_a_missing_key_does_not_match(operator: str, wanted: str, _hit: str, miss: str) -> None:
    """A key that is absent, or has no value, fails a matching operator, and passes with `IfExists`."""
    for absent in (None, []):
        assert ask(operator, [wanted], absent) is False
        assert ask(f"{operator}IfExists", [wanted], absent) is True
    assert ask(f"{operator}IfExists", [wanted], [miss]) is False
    assert ask(operator, [wanted], None, complete=False) is None


@pytest.mark.parametrize(("operator", "wanted", "_hit", "miss"), NEGATED)
def test_a_missing_key_passes_a_negated_operator(operator: str, wanted: str, _hit: str, miss: str) -> None:
    """Absent is not equal; `IfExists` changes nothing."""
    assert ask(operator, [wanted], None) is True
    assert ask(f"{operator}IfExists", [wanted], None) is True
    assert ask(f"{operator}IfExists", [wanted], [miss]) is False
    assert ask(operator, [wanted], None, complete=False) is None


@pytest.mark.parametrize(("operator", "wanted", "hit", "miss"), POSITIVE)
def test_several_policy_values_are_alternatives(operator: str, wanted: str, hit: str, miss: str) -> None:
    """One of the listed values is enough; an empty list matches nothing."""
    assert ask(operator, ["0", wanted], [hit]) is True
    assert ask(operator, [], [hit]) is False


@pytest.mark.parametrize(("operator", "wanted", "hit", "miss"), NEGATED)
def test_several_policy_values_of_a_negated_operator_must_all_differ(
    operator: str, wanted: str, hit: str, miss: str
) -> None:
    """A negated operator is true when none of the listed values matches the request value."""
    assert ask(operator, [wanted, wanted], [hit]) is True
    assert ask(operator, ["2", wanted], [miss]) is False


@pytest.mark.parametrize(("operator", "wanted", "hit", "miss"), POSITIVE + NEGATED)
def test_several_request_values_need_a_set_operator(operator: str, wanted: str, hit: str, miss: str) -> None:
    """Multivalued context keys "require a condition set operator": without one, nothing holds."""
    for values in ([hit, miss], [hit, hit]):
        assert ask(operator, [wanted], values) is False
        assert ask(f"{operator}IfExists", [wanted], values) is False
    assert ask(f"ForAnyValue:{operator}", [wanted], [miss, hit]) is True


SETS = [
    ("ForAllValues:StringEquals", ["a", "b"], ["a"], True),
    ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], True),
    ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
    ("ForAllValues:StringEquals", ["a", "b"], None, True),
    ("ForAllValues:StringEquals", ["a", "b"], [], True),
    ("ForAllValues:StringEquals", ["a", "b"], [""], True),
    ("ForAllValues:StringNotEquals", ["a"], ["b", "c"], True),
    ("ForAllValues:StringNotEquals", ["a"], ["a", "c"], False),
    ("ForAllValues:StringNotEquals", ["a"], None, True),
    ("ForAnyValue:StringEquals", ["a", "b"], ["c", "b"], True),
    ("ForAnyValue:StringEquals", ["a", "b"], ["c"], False),
    ("ForAnyValue:StringEquals", ["a", "b"], None, False),
    ("ForAnyValue:StringEquals", ["a", "b"], [], False),
    ("ForAnyValue:StringEquals", ["a", ""], [""], False),
    ("ForAnyValue:StringNotEquals", ["a"], ["a", "b"], True),
    ("ForAnyValue:StringNotEquals", ["a"], ["a"], False),
    ("ForAnyValue:StringNotEquals", ["a"], None, False),
    ("ForAnyValue:StringEqualsIfExists", ["a"], None, True),
    ("ForAllValues:StringLike", ["a*", "b"], ["ab", "b"], True),
    ("forallvalues:stringlike", ["a*"], ["b"], False),
    ("ForAnyValue:ArnLike", ["arn:aws:s3:::*"], ["x", "arn:aws:s3:::b"], True),
    ("ForAllValues:NumericLessThan", ["5"], ["1", "4"], True),
    ("ForAllValues:NumericLessThan", ["5"], ["1", "6"], False),
]


@pytest.mark.parametrize(("operator", "wanted", "values", "expected"), SETS)
def test_set_operators_test_every_or_any_request_value(
    operator: str, wanted: list[str], values: list[str] | None, expected: bool
) -> None:
    """`ForAllValues` is true and `ForAnyValue` false where the request has no value."""
    assert ask(operator, wanted, values) is expected


@pytest.mark.parametrize("operator", ["StringEqual", "", "ForEachValue:StringEquals", "NullIfExists", "IfExists"])
def test_an_operator_aws_does_not_have_is_never_satisfied(operator: str) -> None:
    """Such a policy cannot be saved; nothing is allowed or denied by it."""
    assert ask(operator, ["a"], ["a"]) is False


VARIABLES = [
    ("StringEquals", "${aws:username}", "bob", True),
    ("StringEquals", "${aws:username}", "eve", False),
    ("StringLike", "${aws:username}/*", "bob/x", True),
    ("StringLike", "${*}", "*", True),
    ("StringLike", "${*}", "x", False),
    ("StringEquals", "${*}", "*", True),
    ("StringLike", "a${?}", "a?", True),
    ("StringLike", "a${?}", "ab", False),
    ("ArnLike", "arn:aws:iam::1:user/${aws:username}", "arn:aws:iam::1:user/bob", True),
    ("StringNotEquals", "${aws:username}", "eve", True),
    ("StringEquals", "${aws:nobody}", "bob", False),
    ("StringNotEquals", "${aws:nobody}", "bob", False),
    ("StringEquals", "${aws:nobody, 'bob'}", "bob", True),
    ("NumericEquals", "${aws:number}", "7", False),
]


@pytest.mark.parametrize(("operator", "wanted", "value", "expected"), VARIABLES)
def test_variables_work_in_string_and_arn_operators(operator: str, wanted: str, value: str, expected: bool) -> None:
    """A variable without value makes the condition fail, negated or not."""
    context = RequestContext({"k": [value], "aws:username": ["bob"], "aws:number": ["7"]})
    condition = compile_condition(ConditionEntry(operator, "k", (wanted,)), variables=True)
    assert condition.test(context, set()) is expected


def test_variables_are_plain_text_before_version_2012() -> None:
    """Without the version, `${aws:username}` is just these characters."""
    assert ask("StringEquals", ["${aws:username}"], ["${aws:username}"], variables=False) is True
    assert ask("StringLike", ["${*}"], ["${a:b}"], variables=False) is True


def test_what_decides_an_open_condition_is_named() -> None:
    """Keys that are not known are told, as the policy writes them."""
    why: set[str] = set()
    entries = [ConditionEntry("StringEquals", "aws:SourceIp", ("x",)), ConditionEntry("Bool", "aws:X", ("true",))]
    conditions = [compile_condition(entry, variables=True) for entry in entries]
    assert test_all(conditions, RequestContext(complete=False), why) is None
    assert why == {"aws:SourceIp", "aws:X"}


def test_all_conditions_must_hold() -> None:
    """One that surely fails decides, whatever is open besides."""
    entries = [ConditionEntry("StringEquals", "a", ("x",)), ConditionEntry("StringEquals", "b", ("y",))]
    conditions = [compile_condition(entry, variables=True) for entry in entries]
    why: set[str] = set()
    assert test_all(conditions, RequestContext({"b": ["z"]}, complete=False), why) is False
    assert not why
    assert test_all(conditions, RequestContext({"a": ["x"], "B": ["y"]}), why) is True


@pytest.mark.parametrize(
    ("operator", "wanted", "value"),
    [
        ("StringEquals", "${Param::Account}", "111111111111"),
        ("StringLike", "o-${Param::Org}", "o-abc"),
        ("ArnLike", "arn:aws:sns:*:${Param::Account}:t", "arn:aws:sns:eu-west-1:111111111111:t"),
        ("ArnLike", "arn:aws:execute-api:r:1:api/prod/*", "arn:aws:execute-api:r:1:api/${Unknown::stage}/GET/x"),
        ("NumericLessThan", "${Param::Max}", "5"),
        ("IpAddress", "${Param::Cidr}", "10.0.0.1"),
        ("Bool", "${Param::Flag}", "true"),
        ("DateLessThan", "${Param::Until}", "2026-01-01"),
    ],
)
def test_an_unknown_template_value_leaves_a_condition_open(operator: str, wanted: str, value: str) -> None:
    """What only a deployment settles is neither matched nor refused."""
    assert ask(operator, [wanted], [value]) is None


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "expected"),
    [
        ("StringEquals", "${AWS::AccountId}", "${AWS::AccountId}", True),
        ("StringEquals", "${AWS::AccountId}", "111111111111", False),
        ("ArnLike", "arn:aws:s3:::${Bucket}", "arn:${AWS::Partition}:s3:::${Bucket}", True),
        ("ArnLike", "arn:${AWS::Partition}:s3:::${Bucket}", "arn:aws-cn:s3:::${Bucket}", True),
        ("ArnLike", "arn:aws:sns:*:${AWS::AccountId}:*", "arn:aws:sns:${AWS::Region}:${AWS::AccountId}:t", True),
        ("ArnLike", "arn:aws:s3:::${Bucket}", "arn:aws:s3:::${Other}", False),
    ],
)
def test_identity_tokens_equal_themselves(operator: str, wanted: str, value: str, expected: bool) -> None:
    """The deployment's own account is no literal account, and one generated name is no other."""
    assert ask(operator, [wanted], [value]) is expected
