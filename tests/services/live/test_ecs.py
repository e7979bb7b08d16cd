"""Containers, jobs, builds, canaries and machines of a live account, and the roles they act with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Delivery, ResourcePolicy, RoleUse, Trigger

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:choose"
ROLE = "arn:aws:iam::123456789012:role/task"
ECS = "arn:aws:ecs:eu-west-1:123456789012"
CONTAINER: dict[str, Any] = {
    "name": "web",
    "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1",
    "environment": [{"name": "TOKEN", "value": "not kept"}],
    "secrets": [{"name": "KEY", "valueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/key"}],
    "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "shop", "token": "not kept"}},
}
ANSWERS: dict[str, Any] = {
    "ecs.list_clusters": {"clusterArns": [f"{ECS}:cluster/main"]},
    "ecs.list_services": {"serviceArns": [f"{ECS}:service/main/s{number}" for number in range(12)]},
    "ecs.describe_services": lambda asked: {
        "services": [
            {
                "serviceArn": arn,
                "serviceName": arn.rpartition("/")[2],
                "taskDefinition": f"{ECS}:task-definition/web:1",
                "roleArn": f"{ROLE}-register",
            }
            for arn in asked["services"]
        ]
    },
    "ecs.list_task_definition_families": {"families": ["web"]},
    "ecs.describe_task_definition": lambda asked: {
        "taskDefinition": {
            "taskDefinitionArn": f"{ECS}:task-definition/web:{1 if 'web:1' in asked['taskDefinition'] else 2}",
            "family": "web",
            "taskRoleArn": ROLE,
            "executionRoleArn": f"{ROLE}-agent",
            "containerDefinitions": [CONTAINER],
        }
    },
}


def test_tasks_that_run_and_the_newest_have_roles(account: Callable[..., list[Any]]) -> None:
    """Services run an older revision, the family has a newer one; both act with roles, once each."""
    facts = account("ecs", ANSWERS)
    uses = [(fact.user_id.rpartition("/")[2], fact.role_arn) for fact in facts if isinstance(fact, RoleUse)]
    tasks = sorted(use for use in uses if use[0].startswith("web"))
    assert tasks == [
        ("web:1", ROLE),
        ("web:1", f"{ROLE}-agent"),
        ("web:2", ROLE),
        ("web:2", f"{ROLE}-agent"),
    ]
    asked = account.asked  # type: ignore[attr-defined]
    assert [len(a["services"]) for name, a in asked if name == "ecs.describe_services"] == [10, 2]


def test_the_agent_needs_image_secret_and_log_group(account: Callable[..., list[Any]]) -> None:
    """What starting a container takes is read, what is in its environment is not kept."""
    facts = account("ecs", ANSWERS)
    use = next(fact for fact in facts if isinstance(fact, RoleUse) and fact.role_arn == f"{ROLE}-agent")
    assert {need.resource_arn for need in use.required} == {
        "*",
        "arn:aws:ecr:eu-west-1:123456789012:repository/shop",
        "arn:aws:ssm:eu-west-1:123456789012:parameter/key",
        "arn:aws:logs:eu-west-1:123456789012:log-group:shop:*",
    }
    assert "not kept" not in repr(facts)


def test_jobs_and_their_machines_have_roles(account: Callable[..., list[Any]]) -> None:
    """Containers, tasks and nodes of jobs; compute environments."""
    arn = "arn:aws:batch:eu-west-1:123456789012:job-definition"
    node = {"targetNodes": "0:", "container": {"image": "x", "jobRoleArn": f"{ROLE}-node"}}
    task = {"containers": [{"image": "x"}], "taskRoleArn": f"{ROLE}-task"}
    container = {
        "image": "x",
        "jobRoleArn": ROLE,
        "executionRoleArn": f"{ROLE}-agent",
        "environment": [{"name": "TOKEN", "value": "not kept"}],
    }
    shapes: list[dict[str, Any]] = [
        {"containerProperties": container},
        {"ecsProperties": {"taskProperties": [task]}},
        {"nodeProperties": {"numNodes": 1, "mainNode": 0, "nodeRangeProperties": [node]}},
    ]
    answers = {
        "batch.describe_job_definitions": {
            "jobDefinitions": [
                {
                    "jobDefinitionName": f"j{number}",
                    "jobDefinitionArn": f"{arn}/j{number}:1",
                    "revision": 1,
                    "type": "container",
                    **shape,
                }
                for number, shape in enumerate(shapes)
            ]
        },
        "batch.describe_compute_environments": {
            "computeEnvironments": [
                {
                    "computeEnvironmentName": "spot",
                    "computeEnvironmentArn": "arn:aws:batch:eu-west-1:123456789012:compute-environment/spot",
                    "serviceRole": f"{ROLE}-service",
                    "computeResources": {
                        "type": "SPOT",
                        "maxvCpus": 1,
                        "subnets": ["subnet-1"],
                        "spotIamFleetRole": f"{ROLE}-fleet",
                    },
                }
            ]
        },
    }
    facts = account("batch", answers)
    found = {fact.role_arn.removeprefix(ROLE) for fact in facts if isinstance(fact, RoleUse)}
    assert found == {"", "-agent", "-task", "-node", "-service", "-fleet"}
    assert "not kept" not in repr(facts)


def test_builds_and_canaries_have_roles(account: Callable[..., list[Any]]) -> None:
    """A build is shared by a policy; its environment is not kept."""
    arn = "arn:aws:codebuild:eu-west-1:123456789012:project/test"
    environment = {
        "type": "LINUX_CONTAINER",
        "image": "x",
        "computeType": "BUILD_GENERAL1_SMALL",
        "environmentVariables": [{"name": "TOKEN", "value": "not kept"}],
    }
    statement = '{"Effect":"Allow","Principal":{"AWS":"210987654321"},"Action":"codebuild:*","Resource":"*"}'
    answers = {
        "codebuild.list_projects": {"projects": ["test"]},
        "codebuild.batch_get_projects": {
            "projects": [{"name": "test", "arn": arn, "serviceRole": ROLE, "environment": environment}]
        },
        "codebuild.get_resource_policy": {"policy": f'{{"Version":"2012-10-17","Statement":[{statement}]}}'},
    }
    facts = account("codebuild", answers)
    assert [fact.resource_arn for fact in facts if isinstance(fact, ResourcePolicy)] == [arn]
    assert [fact.role_arn for fact in facts if isinstance(fact, RoleUse)] == [ROLE]
    assert "not kept" not in repr(facts)
    canary = {"Name": "up", "ExecutionRoleArn": ROLE, "ArtifactS3Location": "results/up"}
    (use,) = account("synthetics", {"synthetics.describe_canaries": {"Canaries": [canary]}}, RoleUse)
    assert (use.user_id, use.role_arn) == ("arn:aws:synthetics:eu-west-1:123456789012:canary:up", ROLE)


def test_scaling_runs_functions_and_tells_topics(account: Callable[..., list[Any]]) -> None:
    """A termination policy is called with the service-linked role; a topic told of several things is told once."""
    topic = "arn:aws:sns:eu-west-1:123456789012:scaling"
    answers = {
        "autoscaling.describe_notification_configurations": {
            "NotificationConfigurations": [
                {"AutoScalingGroupName": "g", "TopicARN": topic, "NotificationType": kind} for kind in ("a", "b")
            ]
        },
        "autoscaling.describe_auto_scaling_groups": {
            "AutoScalingGroups": [
                {
                    "AutoScalingGroupName": "g",
                    "AutoScalingGroupARN": "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:1:x/g",
                    "MinSize": 0,
                    "MaxSize": 1,
                    "DesiredCapacity": 1,
                    "DefaultCooldown": 1,
                    "AvailabilityZones": ["eu-west-1a"],
                    "HealthCheckType": "EC2",
                    "CreatedTime": "2026-01-01T00:00:00Z",
                    "TerminationPolicies": [FUNCTION, "Default"],
                }
            ]
        },
        "autoscaling.describe_lifecycle_hooks": {
            "LifecycleHooks": [
                {
                    "LifecycleHookName": "h",
                    "AutoScalingGroupName": "g",
                    "NotificationTargetARN": "arn:aws:sqs:eu-west-1:123456789012:q",
                    "RoleARN": ROLE,
                }
            ]
        },
    }
    facts = account("autoscaling", answers)
    assert [fact.function_arn for fact in facts if isinstance(fact, Trigger)] == [FUNCTION]
    assert [fact.target_arn for fact in facts if isinstance(fact, Delivery)] == [topic]
    assert [fact.role_arn for fact in facts if isinstance(fact, RoleUse)] == [ROLE]
