"""Tokens, unknown values and policy variables are told apart."""

from __future__ import annotations

import pytest

from permscope.inventory.tokens import as_written, has_token, has_unknown, unknown_token, unknowns_in


@pytest.mark.parametrize(
    ("text", "token", "unknown"),
    [
        ("${AWS::Region}", True, False),
        ("${Orders}", True, False),
        ("${stack/Orders.Arn}", True, False),
        ("table/${Param::Name}", True, True),
        ("${Import::shared:table}", True, True),
        ("${aws:username}", False, False),
        ("${*}", False, False),
        ("${$}", False, False),
        ("plain::text", False, False),
    ],
)
def test_what_a_deployment_settles_is_a_token(text: str, token: bool, unknown: bool) -> None:
    """A policy variable has one colon and is no token; only the values nobody gave are unknown."""
    assert (has_token(text), has_unknown(text)) == (token, unknown)


def test_an_unknown_token_holds_no_wildcards_and_no_braces() -> None:
    """A hostile parameter name cannot become a pattern."""
    token = unknown_token("Param", "a*b?{c}$")
    assert token == "${Param::a_b__c__}"
    assert unknowns_in(f"x{token}y") == (token,)


@pytest.mark.parametrize(
    ("arn", "written"),
    [
        ("arn:aws:states:${Param::one/app/Region}:${Param::Account}:x", "arn:aws:states:${Region}:${Account}:x"),
        (
            "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:${one/Jobs}",
            "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:${Jobs}",
        ),
        ("${Unknown::stageVariables.alias}", "${stageVariables.alias}"),
        ("${app/AWS.StackName}-orders", "${AWS::StackName}-orders"),
        ("arn:aws:sns:::${Api.RootResourceId}-${Import::t}", "arn:aws:sns:::${Api.RootResourceId}-${Import::t}"),
    ],
)
def test_parameters_and_logical_ids_are_called_what_the_template_calls_them(arn: str, written: str) -> None:
    """`Fn::Sub` knows them by these names only (AWSCloudFormation intrinsic-function-reference-sub.html)."""
    assert as_written(arn) == written
