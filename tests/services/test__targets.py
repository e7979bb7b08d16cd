"""What an ARN is a target of, and what sending there takes."""

from __future__ import annotations

import pytest

from permscope.services._targets import sending, target
from permscope.services.interface import Stack

ACCOUNT = "eu-west-1:111122223333"
STOP = f"arn:aws:ssm:{ACCOUNT}:automation-definition/Stop"


@pytest.mark.parametrize(
    ("arn", "kind"),
    [
        (f"arn:aws:lambda:{ACCOUNT}:function:f:live", ("lambda", "function")),
        (f"arn:aws:sqs:{ACCOUNT}:orders", ("sqs", "")),
        (f"arn:aws:states:{ACCOUNT}:stateMachine:m", ("states", "stateMachine")),
        (f"arn:aws:ssm:{ACCOUNT}:opsitem", ("ssm", "opsitem")),
        (f"arn:aws:logs:{ACCOUNT}:log-group:/a:*", ("logs", "log-group")),
        (f"arn:aws:execute-api:{ACCOUNT}:abc/prod/GET/a", ("execute-api", "")),
    ],
)
def test_a_target_is_told_by_its_arn(arn: str, kind: tuple[str, str]) -> None:
    """Service and first word of the resource."""
    found = target(Stack(), arn)
    assert (found.service, found.kind) == kind


@pytest.mark.parametrize("text", ["${Param::Where}", "${Nested.Outputs.Arn}", "orders", ""])
def test_what_is_no_arn_is_not_known(text: str) -> None:
    """A name or an unresolved value is no particular kind of target."""
    assert not target(Stack(), text).known


@pytest.mark.parametrize(
    ("arn", "resource"),
    [
        (STOP, f"{STOP}:$DEFAULT"),
        (f"{STOP}:2", f"{STOP}:2"),
    ],
)  # fmt: skip
def test_an_automation_is_started_in_a_version(arn: str, resource: str) -> None:
    """https://docs.aws.amazon.com/systems-manager/latest/userguide/running-automations-event-bridge.html ."""
    assert [need.resource_arn for need in sending(Stack(), target(Stack(), arn))] == [resource]


def test_the_mutation_of_a_graphql_operation_is_what_is_called() -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/target-appsync.html ."""
    where = target(Stack(), f"arn:aws:appsync:{ACCOUNT}:apis/a")
    parameters = {"AppSyncParameters": {"GraphQLOperation": "mutation P($a:String!){ out: publish(a:$a){a} }"}}
    (need,) = sending(Stack(), where, parameters)
    assert need.resource_arn == f"arn:aws:appsync:{ACCOUNT}:apis/a/types/Mutation/fields/publish"


def test_an_unknown_kind_of_target_needs_nothing_that_is_known() -> None:
    """Nothing is guessed; the caller says that it is not exact."""
    assert sending(Stack(), target(Stack(), f"arn:aws:newservice:{ACCOUNT}:thing/t")) == ()
