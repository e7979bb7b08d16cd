"""Pipelines of a live account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import RoleUse, Trigger

ROLE = "arn:aws:iam::123456789012:role/pipeline"
DEPLOYER = "arn:aws:iam::123456789012:role/deployer"


def action(provider: str, **configuration: str) -> dict[str, Any]:
    """One action with a configuration."""
    kind = {"category": "Invoke", "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": provider, "actionTypeId": kind, "configuration": configuration}


ANSWERS: dict[str, Any] = {
    "codepipeline.list_pipelines": {"pipelines": [{"name": "ship"}]},
    "codepipeline.get_pipeline": {
        "pipeline": {
            "name": "ship",
            "roleArn": ROLE,
            "artifactStores": {"eu-west-1": {"type": "S3", "location": "artifacts"}},
            "stages": [
                {
                    "name": "all",
                    "actions": [
                        action("Lambda", FunctionName="check", UserParameters="x"),
                        action("CodeBuild", ProjectName="build", EnvironmentVariables="not kept"),
                        action("CloudFormation", StackName="shop", ActionMode="CREATE_UPDATE", RoleArn=DEPLOYER),
                    ],
                }
            ],
        },
        "metadata": {"pipelineArn": "arn:aws:codepipeline:eu-west-1:123456789012:ship"},
    },
}


def test_a_lambda_action_runs_its_function_with_the_role_of_the_pipeline(account: Callable[..., list[Any]]) -> None:
    """The function is given by name; keys of a configuration stay as they are."""
    (trigger,) = account("codepipeline", ANSWERS, Trigger)
    assert (trigger.function_arn, trigger.role_arn) == (
        "arn:aws:lambda:eu-west-1:123456789012:function:check",
        ROLE,
    )


def test_the_roles_of_a_pipeline_need_what_its_actions_do(account: Callable[..., list[Any]]) -> None:
    """Artifacts, builds and deployments; environment variables are not kept."""
    facts = account("codepipeline", ANSWERS)
    needs = {fact.role_arn: fact.required for fact in facts if isinstance(fact, RoleUse)}
    assert set(needs) == {ROLE, DEPLOYER}
    assert {action for need in needs[ROLE] for action in need.actions} >= {
        "s3:PutObject",
        "codebuild:StartBuild",
        "iam:PassRole",
    }
    assert "not kept" not in repr(facts)
