"""Statements that let in one source each are only looked at for that source."""

from __future__ import annotations

import pytest

from permscope.graph.named_sources import NamedSources
from permscope.inventory.policies import ConditionEntry, Policy, PolicyKind, Statement

TOPIC = "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:t%d"


def permission(*conditions: ConditionEntry, effect: str = "Allow") -> Policy:
    """A policy of one statement."""
    statement = Statement(effect=effect, actions=("lambda:InvokeFunction",), conditions=conditions)
    return Policy(name="p", kind=PolicyKind.RESOURCE, statements=(statement,))


def source(*values: str, operator: str = "ArnLike", key: str = "aws:SourceArn") -> ConditionEntry:
    """A condition on the source."""
    return ConditionEntry(operator, key, values)


MANY = tuple(permission(source(TOPIC % number)) for number in range(30))


@pytest.mark.parametrize(
    ("other", "stays"),
    [
        (permission(), True),
        (permission(effect="Deny"), True),
        (permission(source(TOPIC % 1), effect="Deny"), True),
        (permission(source("arn:aws:sns:*:*:t*")), True),
        (permission(source("arn:aws:sns:*:*:${aws:PrincipalAccount}")), True),
        (permission(source("arn:aws:sns:*:*:${Param::Topic}")), True),
        (permission(source("arn:aws:sns:*:*:t-${AWS::Region}")), True),
        (permission(source("*")), True),
        (permission(source(TOPIC % 1, "arn:aws:sns:*:*:t*")), True),
        (permission(source(TOPIC % 1, operator="ArnNotLike")), True),
        (permission(source(TOPIC % 1, operator="ForAnyValue:ArnLike")), True),
        (permission(source(TOPIC % 1, key="aws:PrincipalArn")), True),
        (permission(source("arn:aws:sns:us-east-1:111122223333:t7")), True),
        (permission(source(TOPIC % 1, TOPIC % 7)), True),
        (permission(source(TOPIC % 1)), False),
        (permission(source(TOPIC % 1, operator="StringEquals", key="AWS:SourceArn")), False),
        (permission(source("arn:aws:sqs:*:*:t7")), False),
    ],
)
def test_only_a_statement_for_another_source_is_left_out(other: Policy, stays: bool) -> None:
    """An ARN may leave partition, Region and account to the deployment, so those are not compared here.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
    """
    found = NamedSources((*MANY, other)).meant_for(TOPIC % 7)
    assert found == ((MANY[7], other) if stays else (MANY[7],))


@pytest.mark.parametrize("asking", [None, "arn:aws:sns:*:*:t*", "${Param::Topic}", "arn:aws:s3:::b-${AWS::Region}"])
def test_a_source_that_is_not_known_may_be_any(asking: str | None) -> None:
    """Nothing is left out then."""
    assert NamedSources(MANY).meant_for(asking) == MANY


def test_one_document_keeps_its_order() -> None:
    """Of many statements those stay that may apply."""
    statements = tuple(policy.statements[0] for policy in (*MANY, permission(effect="Deny"), *MANY))
    document = Policy(name="p", kind=PolicyKind.RESOURCE, statements=statements)
    (found,) = NamedSources((document,)).meant_for(TOPIC % 3)
    assert found.statements == (statements[3], statements[30], statements[34])


def test_a_few_statements_are_left_as_they_are() -> None:
    """Looking at them is quicker."""
    assert NamedSources(MANY[:5]).meant_for(TOPIC % 3) == MANY[:5]
