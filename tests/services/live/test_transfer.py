"""Transfer Family of a live account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Mechanism, RoleUse, Trigger

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:login"
STEP = "arn:aws:lambda:eu-west-1:123456789012:function:scan"
ROLE = "arn:aws:iam::123456789012:role/transfer"
TRANSFER = "arn:aws:transfer:eu-west-1:123456789012"
SERVER, WORKFLOW = "s-01234567890abcdef", "w-01234567890abcdef"
CONNECTOR, AGREEMENT = "c-01234567890abcdef", "a-01234567890abcdef"
ANSWERS: dict[str, Any] = {
    "transfer.list_servers": {"Servers": [{"Arn": f"{TRANSFER}:server/{SERVER}", "ServerId": SERVER}]},
    "transfer.describe_server": {
        "Server": {
            "Arn": f"{TRANSFER}:server/{SERVER}",
            "ServerId": SERVER,
            "IdentityProviderType": "AWS_LAMBDA",
            "IdentityProviderDetails": {"Function": FUNCTION},
            "LoggingRole": f"{ROLE}-log",
            "WorkflowDetails": {"OnUpload": [{"WorkflowId": WORKFLOW, "ExecutionRole": f"{ROLE}-run"}]},
        }
    },
    "transfer.list_users": {
        "ServerId": SERVER,
        "Users": [{"Arn": f"{TRANSFER}:user/{SERVER}/ada", "UserName": "ada", "Role": f"{ROLE}-ada"}],
    },
    "transfer.list_agreements": {"Agreements": [{"AgreementId": AGREEMENT}]},
    "transfer.describe_agreement": {
        "Agreement": {"Arn": f"{TRANSFER}:agreement/{AGREEMENT}", "AccessRole": f"{ROLE}-agreed"}
    },
    "transfer.list_workflows": {"Workflows": [{"WorkflowId": WORKFLOW}]},
    "transfer.describe_workflow": {
        "Workflow": {
            "Arn": f"{TRANSFER}:workflow/{WORKFLOW}",
            "Steps": [{"Type": "CUSTOM", "CustomStepDetails": {"Target": STEP}}],
        }
    },
    "transfer.list_connectors": {"Connectors": [{"ConnectorId": CONNECTOR}]},
    "transfer.describe_connector": {
        "Connector": {
            "Arn": f"{TRANSFER}:connector/{CONNECTOR}",
            "EgressType": "SERVICE_MANAGED",
            "Status": "ACTIVE",
            "AccessRole": f"{ROLE}-partner",
        }
    },
}


def test_logins_and_uploads_run_functions(account: Callable[..., list[Any]]) -> None:
    """A login by the function's policy, an upload by the role the server runs its workflow with."""
    found = {(fact.function_arn, fact.mechanism, fact.role_arn) for fact in account("transfer", ANSWERS, Trigger)}
    assert found == {
        (FUNCTION, Mechanism.RESOURCE_POLICY, None),
        (STEP, Mechanism.SERVICE_ROLE, f"{ROLE}-run"),
    }


def test_every_role_of_a_server_is_used(account: Callable[..., list[Any]]) -> None:
    """Logs, workflows, users, agreements and connectors."""
    found = {use.role_arn.removeprefix(f"{ROLE}-") for use in account("transfer", ANSWERS, RoleUse)}
    assert found == {"log", "run", "ada", "agreed", "partner"}
