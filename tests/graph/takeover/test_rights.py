"""What conditions on `iam:PassRole` leave, and rights that only hold together."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.graph.takeover.rights import May, all_of, only_passed_to, passes_to

LAMBDA = "lambda.amazonaws.com"


@pytest.mark.parametrize(
    ("operator", "values", "passes"),
    [
        ("StringEquals", (LAMBDA,), True),
        ("StringEquals", ("ec2.amazonaws.com",), False),
        ("StringEquals", ("Lambda.amazonaws.com",), False),
        ("StringEqualsIgnoreCase", ("Lambda.AmazonAWS.com",), True),
        ("StringNotEqualsIgnoreCase", ("Lambda.AmazonAWS.com",), False),
        ("StringEqualsIfExists", ("ec2.amazonaws.com", LAMBDA), True),
        ("StringLike", ("lambda.*",), True),
        ("StringLike", ("ec2.*",), False),
        ("StringNotLike", ("lambda.*",), False),
        ("ForAnyValue:StringEquals", (LAMBDA,), True),
        ("StringNotEquals", (LAMBDA, "ec2.amazonaws.com"), False),
        ("StringNotEquals", ("ec2.amazonaws.com",), True),
        ("StringEquals", ("lambda.${AWS::URLSuffix}",), True),
        ("Null", ("false",), None),
    ],
)
def test_a_role_is_passed_to_the_services_that_a_condition_lets(
    operator: str, values: tuple[str, ...], passes: bool | None
) -> None:
    """As the operator compares: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html.

    A suffix that the deployment fills in is that of the service's principal.
    """
    assert passes_to({operator: {"iam:PassedToService": values}}, LAMBDA) is passes


@pytest.mark.parametrize(
    ("conditions", "only"),
    [
        ({}, True),
        ({"StringEquals": {"IAM:PassedToService": (LAMBDA,)}}, True),
        ({"StringEquals": {"iam:PassedToService": (LAMBDA,), "aws:PrincipalTag/team": ("a",)}}, False),
    ],
)
def test_another_question_is_not_passed_over(conditions: dict[str, Any], only: bool) -> None:
    """Whoever has no such tag passes nothing."""
    assert only_passed_to(conditions) is only


def test_what_needs_several_rights_is_as_sure_as_the_least_of_them() -> None:
    """And impossible without one of them."""
    assert all_of([May(True), May(True)]) == May(True)
    assert all_of([May(True), May(False)]) == May(False)
    assert all_of([May(True), None]) is None
