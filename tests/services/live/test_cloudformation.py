"""Stacks of a live account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import Mechanism, RoleUse, Trigger, Unknown

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:seed"
STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1"
ROLE = "arn:aws:iam::123456789012:role/deploy"
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def answers(body: str) -> dict[str, Any]:
    """One stack with a function and a custom resource."""
    resources = [
        {
            "LogicalResourceId": name,
            "PhysicalResourceId": physical,
            "ResourceType": kind,
            "LastUpdatedTimestamp": NOW,
            "ResourceStatus": "CREATE_COMPLETE",
        }
        for name, physical, kind in (
            ("Seed", "seed", "AWS::Lambda::Function"),
            ("Rows", "x", "Custom::Rows"),
        )
    ]
    return {
        "cloudformation.describe_stacks": {
            "Stacks": [
                {
                    "StackName": "shop",
                    "StackId": STACK,
                    "RoleARN": ROLE,
                    "CreationTime": NOW,
                    "StackStatus": "CREATE_COMPLETE",
                    "Parameters": [{"ParameterKey": "Token", "ParameterValue": FUNCTION}],
                    "Outputs": [{"OutputKey": "a", "OutputValue": "not kept"}],
                }
            ]
        },
        "cloudformation.list_stack_resources": {"StackResourceSummaries": resources},
        "cloudformation.get_template": {"TemplateBody": body},
    }


TEMPLATES = {
    "short": "Resources:\n  Rows:\n    Properties:\n      ServiceToken: !GetAtt Seed.Arn\n      A: not kept\n",
    "long": '{"Resources": {"Rows": {"Properties": {"ServiceToken": {"Fn::GetAtt": ["Seed", "Arn"]}}}}}',
    "parameter": "Resources:\n  Rows:\n    Properties:\n      ServiceToken: !Ref Token\n",
    "text": f"Resources:\n  Rows:\n    Properties:\n      ServiceToken: {FUNCTION}\n",
}


@pytest.mark.parametrize("form", TEMPLATES)
def test_whoever_deploys_runs_the_function_of_a_custom_resource(account: Callable[..., list[Any]], form: str) -> None:
    """However its token is written, and nothing else of the template is kept."""
    facts = account("cloudformation", answers(TEMPLATES[form]))
    found = [(fact.function_arn, fact.mechanism) for fact in facts if isinstance(fact, Trigger)]
    assert found == [(FUNCTION, Mechanism.CALLER)]
    assert [(fact.user_id, fact.role_arn) for fact in facts if isinstance(fact, RoleUse)] == [(STACK, ROLE)]
    assert "not kept" not in repr(facts)


@pytest.mark.parametrize(
    "body", ["{", "- a", "Resources: 3", "Resources: {Rows: {Properties: {ServiceToken: !Sub x}}}"]
)
def test_a_token_that_cannot_be_read_is_unknown(account: Callable[..., list[Any]], body: str) -> None:
    """A strange template, or a token that only CloudFormation can work out."""
    facts = account("cloudformation", answers(body))
    assert not [fact for fact in facts if isinstance(fact, Trigger)]
    assert [fact.kind for fact in facts if isinstance(fact, Unknown)] == ["target"]
