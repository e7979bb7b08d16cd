"""State machines of a live account."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Mechanism, Resource, RoleUse, Trigger, Unknown

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:orders"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:pay"
ROLE = "arn:aws:iam::123456789012:role/orders"
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DEFINITION = {"StartAt": "Pay", "States": {"Pay": {"Type": "Task", "Resource": FUNCTION, "End": True}}}
DESCRIBED = {
    "stateMachineArn": MACHINE,
    "name": "orders",
    "definition": json.dumps(DEFINITION),
    "roleArn": ROLE,
    "type": "STANDARD",
    "creationDate": NOW,
    "loggingConfiguration": {
        "level": "ALL",
        "destinations": [
            {"cloudWatchLogsLogGroup": {"logGroupArn": "arn:aws:logs:eu-west-1:123456789012:log-group:orders:*"}}
        ],
    },
}
ANSWERS: dict[str, Any] = {
    "stepfunctions.list_state_machines": {
        "stateMachines": [{"stateMachineArn": MACHINE, "name": "orders", "type": "STANDARD", "creationDate": NOW}]
    },
    "stepfunctions.describe_state_machine": DESCRIBED,
    "stepfunctions.list_state_machine_aliases": {
        "stateMachineAliases": [{"stateMachineAliasArn": f"{MACHINE}:live", "creationDate": NOW}]
    },
    "stepfunctions.describe_state_machine_alias": {
        "stateMachineAliasArn": f"{MACHINE}:live",
        "name": "live",
        "routingConfiguration": [{"stateMachineVersionArn": f"{MACHINE}:1", "weight": 100}],
    },
    "stepfunctions.list_state_machine_versions": {
        "stateMachineVersions": [{"stateMachineVersionArn": f"{MACHINE}:1", "creationDate": NOW}]
    },
    "stepfunctions.list_activities": {
        "activities": [
            {
                "activityArn": "arn:aws:states:eu-west-1:123456789012:activity:pack",
                "name": "pack",
                "creationDate": NOW,
            }
        ]
    },
}


def test_a_task_triggers_its_function_with_the_role_of_the_machine(account: Callable[..., list[Any]]) -> None:
    """A task is a trigger by the machine's role."""
    (trigger,) = account("stepfunctions", ANSWERS, Trigger)
    assert (trigger.function_arn, trigger.mechanism, trigger.role_arn, trigger.source_arn) == (
        FUNCTION,
        Mechanism.SERVICE_ROLE,
        ROLE,
        MACHINE,
    )
    assert trigger.source.call == "stepfunctions.describe_state_machine"


def test_the_role_needs_what_logging_asks_for(account: Callable[..., list[Any]]) -> None:
    """The logging configuration is read though its keys begin in lower case."""
    (use,) = account("stepfunctions", ANSWERS, RoleUse)
    assert any("logs:CreateLogDelivery" in need.actions for need in use.required)


def test_aliases_versions_and_activities_are_kept(account: Callable[..., list[Any]]) -> None:
    """Everything that can be named in a policy is there."""
    found = {resource.id: resource.type for resource in account("stepfunctions", ANSWERS, Resource)}
    assert found == {
        MACHINE: "AWS::StepFunctions::StateMachine",
        f"{MACHINE}:live": "AWS::StepFunctions::StateMachineAlias",
        f"{MACHINE}:1": "AWS::StepFunctions::StateMachineVersion",
        "arn:aws:states:eu-west-1:123456789012:activity:pack": "AWS::StepFunctions::Activity",
    }


def test_a_definition_that_may_not_be_decrypted_leaves_the_role(account: Callable[..., list[Any]]) -> None:
    """Without the key the role is still known, and the definition is an unknown."""

    def described(asked: Any) -> Any:
        if asked.get("includedData") == "METADATA_ONLY":
            return {**DESCRIBED, "definition": "{}"}
        return "KmsAccessDeniedException"

    facts = account("stepfunctions", {**ANSWERS, "stepfunctions.describe_state_machine": described})
    assert [fact.role_arn for fact in facts if isinstance(fact, RoleUse)] == [ROLE]
    assert any(fact.kind == "denied" for fact in facts if isinstance(fact, Unknown))
    assert not [fact for fact in facts if isinstance(fact, Trigger)]
