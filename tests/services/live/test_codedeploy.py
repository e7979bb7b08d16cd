"""Deployments and repository triggers of a live account."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import RoleUse, Trigger

ROLE = "arn:aws:iam::123456789012:role/deploy"
YAML = """\
version: 0.0
Resources:
  - pay:
      Type: AWS::Lambda::Function
Hooks:
  - BeforeAllowTraffic: CodeDeployHook_before
  - AfterAllowTraffic: arn:aws:lambda:eu-west-1:123456789012:function:after
"""
JSON = json.dumps({"version": 0.0, "hooks": [{"BeforeAllowTraffic": "CodeDeployHook_before"}]})


def answers(**group: Any) -> dict[str, Any]:
    """One deployment group of an application."""
    return {
        "codedeploy.list_applications": {"applications": ["shop"]},
        "codedeploy.list_deployment_groups": {"applicationName": "shop", "deploymentGroups": ["pay"]},
        "codedeploy.get_deployment_group": {
            "deploymentGroupInfo": {
                "applicationName": "shop",
                "deploymentGroupName": "pay",
                "serviceRoleArn": ROLE,
                "computePlatform": "Lambda",
                **group,
            }
        },
        "codedeploy.get_deployment": {
            "deploymentInfo": {"revision": {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": "00"}}}
        },
        "codedeploy.get_application_revision": {
            "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": JSON}}
        },
    }


def test_hooks_are_read_from_the_revision_of_a_group(account: Callable[..., list[Any]]) -> None:
    """By name or by ARN, called with the group's role."""
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": YAML}}
    facts = account("codedeploy", answers(targetRevision=revision))
    found = {(fact.event, fact.function_arn, fact.role_arn) for fact in facts if isinstance(fact, Trigger)}
    function = "arn:aws:lambda:eu-west-1:123456789012:function"
    assert found == {
        ("before-allow-traffic-hook", f"{function}:CodeDeployHook_before", ROLE),
        ("after-allow-traffic-hook", f"{function}:after", ROLE),
    }
    (use,) = [fact for fact in facts if isinstance(fact, RoleUse)]
    assert use.user_id == "arn:aws:codedeploy:eu-west-1:123456789012:deploymentgroup:shop/pay"


def test_hooks_are_read_from_the_last_deployment_otherwise(account: Callable[..., list[Any]]) -> None:
    """A group that has no revision of its own names its last deployment, which names its AppSpec by hash."""
    group = {"lastSuccessfulDeployment": {"deploymentId": "d-1"}}
    (trigger,) = account("codedeploy", answers(**group), Trigger)
    assert trigger.event == "before-allow-traffic-hook"


@pytest.mark.parametrize("content", ["[", "- a", "hooks: 3", "hooks: [3, {BeforeAllowTraffic: 4}]", "&a [*a]"])
def test_a_strange_appspec_has_no_hooks(account: Callable[..., list[Any]], content: str) -> None:
    """What CodeDeploy would refuse names no function."""
    revision = {"revisionType": "String", "string": {"content": content}}
    assert account("codedeploy", answers(targetRevision=revision), Trigger) == []


def test_pushes_run_the_function_of_a_repository_trigger(account: Callable[..., list[Any]]) -> None:
    """The ARN of a repository is made of its name."""
    function = "arn:aws:lambda:eu-west-1:123456789012:function:pushed"
    recorded = {
        "codecommit.list_repositories": {"repositories": [{"repositoryName": "shop", "repositoryId": "1"}]},
        "codecommit.get_repository_triggers": {
            "triggers": [{"name": "all", "destinationArn": function, "events": ["all"], "customData": "not kept"}]
        },
    }
    facts = account("codecommit", recorded)
    (trigger,) = [fact for fact in facts if isinstance(fact, Trigger)]
    assert (trigger.function_arn, trigger.source_arn) == (function, "arn:aws:codecommit:eu-west-1:123456789012:shop")
    assert "not kept" not in repr(facts)
