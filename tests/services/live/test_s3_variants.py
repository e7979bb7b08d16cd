"""Object Lambda access points, automations and maintenance windows of a live account."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Mechanism, ResourcePolicy, RoleUse, Trigger, Unknown

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:redact"
POINT = "arn:aws:s3-object-lambda:eu-west-1:123456789012:accesspoint/redacted"
ROLE = "arn:aws:iam::123456789012:role/automation"


def test_readers_of_objects_call_the_function(account: Callable[..., list[Any]]) -> None:
    """The payload is not kept; a Region without table and vector buckets is no failure."""
    transformation = {
        "Actions": ["GetObject"],
        "ContentTransformation": {"AwsLambda": {"FunctionArn": FUNCTION, "FunctionPayload": "not kept"}},
    }
    statement = {"Effect": "Allow", "Principal": {"AWS": "210987654321"}, "Action": "*", "Resource": "*"}
    answers = {
        "s3control.list_access_points_for_object_lambda": {
            "ObjectLambdaAccessPointList": [{"Name": "redacted", "ObjectLambdaAccessPointArn": POINT}]
        },
        "s3control.get_access_point_configuration_for_object_lambda": {
            "Configuration": {
                "SupportingAccessPoint": "arn:aws:s3:eu-west-1:123456789012:accesspoint/plain",
                "TransformationConfigurations": [transformation],
            }
        },
        "s3control.get_access_point_policy_for_object_lambda": {
            "Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        },
        "s3.list_directory_buckets": {"Buckets": []},
        "s3tables.list_table_buckets": "EndpointConnectionError",
        "s3vectors.list_vector_buckets": "EndpointConnectionError",
    }
    facts = account("s3_variants", answers)
    (trigger,) = [fact for fact in facts if isinstance(fact, Trigger)]
    assert (trigger.function_arn, trigger.mechanism, trigger.source_id) == (FUNCTION, Mechanism.CALLER, POINT)
    assert [fact.resource_arn for fact in facts if isinstance(fact, ResourcePolicy)] == [POINT]
    assert not [fact for fact in facts if isinstance(fact, Unknown)]
    assert "not kept" not in repr(facts)


def test_automations_and_maintenance_windows_run_functions(account: Callable[..., list[Any]]) -> None:
    """By the role an automation assumes, or that of the window; documents that AWS wrote are not asked for."""
    step = {"name": "a", "action": "aws:invokeLambdaFunction", "inputs": {"FunctionName": "redact"}}
    content = json.dumps({"schemaVersion": "0.3", "assumeRole": ROLE, "mainSteps": [step]})
    answers = {
        "ssm.describe_parameters": {"Parameters": []},
        "ssm.list_documents": {"DocumentIdentifiers": [{"Name": "repair"}]},
        "ssm.get_document": {"Name": "repair", "DocumentType": "Automation", "Content": content},
        "ssm.describe_maintenance_windows": {"WindowIdentities": [{"WindowId": "mw-01234567890abcdef"}]},
        "ssm.describe_maintenance_window_tasks": {
            "Tasks": [
                {
                    "WindowTaskId": "01234567-0123-0123-0123-012345678901",
                    "Type": "LAMBDA",
                    "TaskArn": FUNCTION,
                    "ServiceRoleArn": f"{ROLE}-window",
                }
            ]
        },
    }
    facts = account("ssm", answers)
    found = {(fact.event, fact.function_arn, fact.role_arn) for fact in facts if isinstance(fact, Trigger)}
    assert found == {
        ("ssm-automation", FUNCTION, ROLE),
        ("ssm-maintenance-window", FUNCTION, f"{ROLE}-window"),
    }
    assert {fact.role_arn for fact in facts if isinstance(fact, RoleUse)} == {ROLE, f"{ROLE}-window"}
    asked = dict(account.asked)["ssm.list_documents"]  # type: ignore[attr-defined]
    assert {"Key": "Owner", "Values": ["Self"]} in asked["Filters"]
