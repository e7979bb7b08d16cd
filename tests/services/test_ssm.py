"""Documents and tasks that call functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Mechanism, Resource, RoleUse, Trigger, Unknown

Read = Callable[..., list[Any]]
HERE = "${AWS::Region}:${AWS::AccountId}"
ARN = "arn:${AWS::Partition}"


DOCUMENT = """
Resources:
  D:
    Type: AWS::SSM::Document
    Properties:
      DocumentType: Automation
      Content:
        assumeRole: "%s"
        mainSteps:
          - {name: go, action: 'aws:invokeLambdaFunction', inputs: {FunctionName: %s}}
"""


def test_an_automation_calls_functions_with_its_role(read: Read) -> None:
    """https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-action-lamb.html ."""
    role = "arn:aws:iam::111122223333:role/automation"
    facts = read(DOCUMENT % (role, "repair"))
    (trigger,) = [fact for fact in facts if isinstance(fact, Trigger)]
    assert trigger.function_arn == f"{ARN}:lambda:{HERE}:function:repair"
    assert (trigger.mechanism, trigger.role_arn) == (Mechanism.SERVICE_ROLE, role)
    assert [fact.role_arn for fact in facts if isinstance(fact, RoleUse)] == [role]


def test_what_is_chosen_when_a_document_is_run_is_unknown(read: Read) -> None:
    """`{{ Function }}` is a parameter of the run."""
    facts = read(DOCUMENT % ("{{ Role }}", "'{{ Function }}'"))
    assert [fact for fact in facts if isinstance(fact, Trigger)] == []
    assert [fact.kind for fact in facts if isinstance(fact, Unknown)] == ["run-time", "run-time"]


def test_a_maintenance_window_calls_a_function_with_its_role(read: Read) -> None:
    """A task of type `LAMBDA`."""
    role = "arn:aws:iam::111122223333:role/window"
    (trigger,) = read(
        f"""
Resources:
  T:
    Type: AWS::SSM::MaintenanceWindowTask
    Properties:
      TaskType: LAMBDA
      TaskArn: arn:aws:lambda:eu-west-1:111122223333:function:f
      ServiceRoleArn: {role}
      WindowId: w
      Priority: 1
""",
        Trigger,
    )
    assert (trigger.role_arn, trigger.service) == (role, "ssm.amazonaws.com")


def test_the_value_of_a_parameter_is_never_kept(read: Read) -> None:
    """Parameters hold secrets more often than they should."""
    facts = read("Resources: {P: {Type: AWS::SSM::Parameter, Properties: {Name: /a, Type: String, Value: hush-hush}}}")
    assert [fact.attributes["parameter_type"] for fact in facts if isinstance(fact, Resource)] == ["String"]
    assert "hush-hush" not in repr(facts)
