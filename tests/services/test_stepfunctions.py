"""State machines: every task is a trigger of a function or a need of the machine's role."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permscope.inventory.facts import AnyFact, Delivery, Mechanism, RoleUse, Trigger, Unknown
from permscope.services._asl import read_definition

Read = Callable[..., list[AnyFact]]
HERE = "${AWS::Region}:${AWS::AccountId}"
P = "arn:${AWS::Partition}"
FN = f"{P}:lambda:{HERE}:function:${{Fn}}"
ROLE = f"{P}:iam::${{AWS::AccountId}}:role/${{Role}}"
MACHINE = f"{P}:states:{HERE}:stateMachine:${{Machine}}"
WORLD = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13, Role: !GetAtt Role.Arn}}
  Role: {Type: AWS::IAM::Role, Properties: {Path: /}}
  Queue: {Type: AWS::SQS::Queue}
  Topic: {Type: AWS::SNS::Topic}
  Table: {Type: AWS::DynamoDB::Table}
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: orders}}
  Key: {Type: AWS::KMS::Key}
  TaskRole: {Type: AWS::IAM::Role, Properties: {Path: /}}
  Task: {Type: AWS::ECS::TaskDefinition, Properties: {Family: work, TaskRoleArn: !GetAtt TaskRole.Arn}}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt Role.Arn
"""


def of(facts: list[AnyFact], kind: type) -> list[Any]:
    """The facts of one kind that the state machine gave."""
    return [fact for fact in facts if isinstance(fact, kind) and fact.logical_id == "Machine"]


def machine(read: Read, *states: str, more: str = "") -> list[AnyFact]:
    """The facts of a machine whose definition has the given states, one YAML flow mapping each."""
    lines = "".join(f"          S{number}: {state}\n" for number, state in enumerate(states))
    return read(f"{WORLD}      Definition:\n        StartAt: S0\n        States:\n{lines}{more}")


def needs(facts: list[AnyFact]) -> set[tuple[str, str]]:
    """Every action and resource that the role is used for."""
    return {
        (action, need.resource_arn) for use in of(facts, RoleUse) for need in use.required for action in need.actions
    }


def task(resource: str, parameters: str = "{}") -> str:
    """A task state."""
    return f"{{Type: Task, Resource: {resource}, Parameters: {parameters}, End: true}}"


@pytest.mark.parametrize(
    ("state", "function"),
    [
        (task("!GetAtt Fn.Arn"), FN),
        (task("arn:aws:states:::lambda:invoke", "{FunctionName: !Ref Fn}"), FN),
        (task("arn:aws:states:::lambda:invoke.waitForTaskToken", "{FunctionName: !GetAtt Fn.Arn}"), FN),
        (task("arn:aws:states:::lambda:invoke", "{FunctionName: 'orders:live'}"),
         f"{P}:lambda:{HERE}:function:orders:live"),
        (task("arn:aws:states:::aws-sdk:lambda:invoke", "{FunctionName: !Ref Fn, Qualifier: '3'}"), f"{FN}:3"),
        (("{Type: Task, QueryLanguage: JSONata, Resource: 'arn:aws:states:::lambda:invoke', "
         "Arguments: {FunctionName: !Ref Fn}}"), FN),
        ("{Type: Parallel, Branches: [{StartAt: A, States: {A: {Type: Task, Resource: !GetAtt Fn.Arn}}}]}", FN),
        ("{Type: Map, Iterator: {StartAt: A, States: {A: {Type: Task, Resource: !GetAtt Fn.Arn}}}}", FN),
        ("{Type: Map, ItemProcessor: {StartAt: A, States: {A: {Type: Task, Resource: !GetAtt Fn.Arn}}}}", FN),
    ],
)  # fmt: skip
def test_a_function_task_is_triggered_with_the_machines_role(read: Read, state: str, function: str) -> None:
    """Step Functions has no resource policy: its role must be allowed to invoke.

    https://docs.aws.amazon.com/step-functions/latest/dg/lambda-iam.html
    """
    facts = machine(read, state)
    (trigger,) = of(facts, Trigger)
    assert (trigger.function_arn, trigger.mechanism, trigger.role_arn) == (function, Mechanism.SERVICE_ROLE, ROLE)
    assert (trigger.source_id, trigger.service) == (MACHINE, "states.amazonaws.com")
    assert [(need.actions, need.resource_arn) for need in trigger.required] == [(("lambda:InvokeFunction",), function)]
    assert [use.exact for use in of(facts, RoleUse)] == [True]


@pytest.mark.parametrize(
    ("state", "needed"),
    [
        (task("arn:aws:states:::sqs:sendMessage", "{QueueUrl: !Ref Queue}"),
         {("sqs:SendMessage", f"{P}:sqs:{HERE}:${{Queue}}")}),
        (task("arn:aws:states:::sns:publish", "{TopicArn: !Ref Topic}"),
         {("sns:Publish", f"{P}:sns:{HERE}:${{Topic}}")}),
        (task("arn:aws:states:::sns:publish", "{PhoneNumber: '+123'}"), {("sns:Publish", "*")}),
        (task("arn:aws:states:::dynamodb:putItem", "{TableName: !Ref Table}"),
         {("dynamodb:PutItem", f"{P}:dynamodb:{HERE}:table/${{Table}}")}),
        (task("arn:aws:states:::aws-sdk:dynamodb:query", "{TableName: !Ref Table}"),
         {("dynamodb:Query", f"{P}:dynamodb:{HERE}:table/${{Table}}")}),
        (task("arn:aws:states:::events:putEvents", "{Entries: [{EventBusName: !Ref Bus}, {Detail: {}}]}"),
         {("events:PutEvents", f"{P}:events:{HERE}:event-bus/orders"),
          ("events:PutEvents", f"{P}:events:{HERE}:event-bus/default")}),
        (task("arn:aws:states:::aws-sdk:eventbridge:putEvents", "{Entries: [{EventBusName: orders}]}"),
         {("events:PutEvents", f"{P}:events:{HERE}:event-bus/orders")}),
        (task("arn:aws:states:::aws-sdk:s3:headObject", "{Bucket: b, Key: k}"), {("s3:GetObject", f"{P}:s3:::b/k")}),
        (task("arn:aws:states:::aws-sdk:s3:listObjectsV2", "{Bucket: b}"), {("s3:ListBucket", f"{P}:s3:::b")}),
        (task("arn:aws:states:::aws-sdk:s3:copyObject", "{Bucket: b, Key: k, CopySource: a/x}"),
         {("s3:GetObject", f"{P}:s3:::a/x"), ("s3:PutObject", f"{P}:s3:::b/k")}),
        (task("arn:aws:states:::aws-sdk:ec2:describeInstances"), {("ec2:DescribeInstances", "*")}),
        (task("arn:aws:states:::bedrock:invokeModel", "{ModelId: anthropic.claude-v2}"),
         {("bedrock:InvokeModel", f"{P}:bedrock:${{AWS::Region}}::foundation-model/anthropic.claude-v2")}),
        (task("arn:aws:states:::glue:startJobRun", "{JobName: nightly}"),
         {("glue:StartJobRun", f"{P}:glue:{HERE}:job/nightly")}),
        (task("arn:aws:states:::apigateway:invoke",
              "{ApiEndpoint: abc.execute-api.eu-west-1.amazonaws.com, Method: GET, Stage: v1, Path: /a, "
              "AuthType: IAM_ROLE}"),
         {("execute-api:Invoke", f"{P}:execute-api:{HERE}:abc/v1/GET/a")}),
        (task("arn:aws:states:::apigateway:invoke", "{ApiEndpoint: abc.execute-api.eu-west-1.amazonaws.com}"), set()),
        (task("!Sub 'arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:activity:manual'"), set()),
        ("{Type: Pass, End: true}", set()),
    ],
)  # fmt: skip
def test_a_service_task_is_a_need_of_the_role(read: Read, state: str, needed: set[tuple[str, str]]) -> None:
    """Each integration needs the action of the API it calls on the resource its parameters name.

    https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html
    """
    facts = machine(read, state)
    assert needs(facts) == needed
    assert of(facts, Trigger) == []
    assert [use.exact for use in of(facts, RoleUse)] == [True]


def test_waiting_for_a_nested_execution_needs_to_watch_and_stop_it(read: Read) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/stepfunctions-iam.html asks for this of `.sync:2`."""
    child = f"{P}:states:{HERE}:stateMachine:child"
    state = task(
        "arn:aws:states:::states:startExecution.sync:2",
        "{StateMachineArn: !Sub 'arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:child'}",
    )
    facts = machine(read, state)
    rule = f"{P}:events:{HERE}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
    assert needs(facts) >= {
        ("states:StartExecution", child),
        ("states:DescribeExecution", f"{P}:states:{HERE}:execution:child:*"),
        ("states:StopExecution", f"{P}:states:{HERE}:execution:child:*"),
        ("events:PutRule", rule),
    }
    assert [delivery.target_arn for delivery in of(facts, Delivery)] == [child]


def test_running_a_container_passes_the_roles_of_its_task(read: Read) -> None:
    """`ecs:RunTask` needs `iam:PassRole` for the task role.

    https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html
    """
    facts = machine(read, task("arn:aws:states:::ecs:runTask", "{TaskDefinition: !Ref Task}"))
    assert ("iam:PassRole", f"{P}:iam::${{AWS::AccountId}}:role/${{TaskRole}}") in needs(facts)


@pytest.mark.parametrize(
    "state",
    [
        task("arn:aws:states:::lambda:invoke", "{'FunctionName.$': $.name}"),
        (
            "{Type: Task, QueryLanguage: JSONata, Resource: 'arn:aws:states:::lambda:invoke', "
            "Arguments: {FunctionName: '{% $name %}'}}"
        ),
        task("arn:aws:states:::sqs:sendMessage", "{'QueueUrl.$': $.queue}"),
        task("arn:aws:states:::aws-sdk:dynamodb:getItem", "{'TableName.$': $.table}"),
        task("arn:aws:states:::nonsense:do"),
        task("'${Param}'"),
        "{Type: Task, End: true}",
    ],
)
def test_what_is_chosen_at_run_time_is_unknown(read: Read, state: str) -> None:
    """A target that the definition does not name is said to be unknown, and the role use is not exact."""
    facts = machine(read, state)
    assert of(facts, Unknown)
    assert of(facts, Trigger) == []
    assert [use.exact for use in of(facts, RoleUse)] == [False]


def test_credentials_of_a_task_are_another_roles(read: Read) -> None:
    """A task with `Credentials` is done with that role, which the machine's role must be allowed to assume.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-access-cross-acct-resources.html
    """
    other = "arn:aws:iam::111122223333:role/other"
    facts = machine(read, f"{{Type: Task, Resource: !GetAtt Fn.Arn, Credentials: {{RoleArn: '{other}'}}}}")
    (trigger,) = of(facts, Trigger)
    assert (trigger.role_arn, trigger.service) == (other, ROLE)
    assert ("sts:AssumeRole", other) in needs(facts)
    assert {use.role_arn: use.service for use in of(facts, RoleUse)} == {ROLE: "states.amazonaws.com", other: ROLE}


def test_a_distributed_map_starts_its_own_machine_and_reads_its_items(read: Read) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html lists these permissions."""
    facts = machine(
        read,
        "{Type: Map, ItemProcessor: {ProcessorConfig: {Mode: DISTRIBUTED}, StartAt: A, States: {A: {Type: Pass}}}, "
        "ItemReader: {Resource: 'arn:aws:states:::s3:getObject', Parameters: {Bucket: b, Key: k}}, "
        "ResultWriter: {Resource: 'arn:aws:states:::s3:putObject', Parameters: {Bucket: b, Prefix: out}}}",
    )
    assert needs(facts) >= {
        ("states:StartExecution", MACHINE),
        ("states:DescribeExecution", f"{P}:states:{HERE}:execution:${{Machine}}:*"),
        ("s3:GetObject", f"{P}:s3:::b/k"),
        ("s3:PutObject", f"{P}:s3:::b/out/*"),
    }


def test_logging_tracing_and_encryption_are_needs_too(read: Read) -> None:
    """Log delivery has no resource-level permissions, so its need is on `*`.

    https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
    """
    more = (
        "      LoggingConfiguration: {Level: ALL, Destinations: [{CloudWatchLogsLogGroup: {LogGroupArn: x}}]}\n"
        "      TracingConfiguration: {Enabled: true}\n"
        "      EncryptionConfiguration: {Type: CUSTOMER_MANAGED_KMS_KEY, KmsKeyId: !GetAtt Key.Arn}\n"
    )
    facts = machine(read, "{Type: Succeed}", more=more)
    assert needs(facts) >= {
        ("logs:CreateLogDelivery", "*"),
        ("xray:PutTraceSegments", "*"),
        ("kms:Decrypt", f"{P}:kms:{HERE}:key/${{Key}}"),
    }


def test_a_definition_string_points_at_the_line_of_each_task(read: Read) -> None:
    """JSON text in a block scalar keeps its lines."""
    text = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13}}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: arn:aws:iam::111122223333:role/r
      DefinitionString: !Sub |
        {
          "Comment": "a \\"Resource\\": in a comment",
          "StartAt": "A",
          "States": {
            "A": {"Type": "Task", "Next": "B",
              "Resource": "${Fn.Arn}"},
            "B": {"Type": "Task", "End": true,
              "Resource": "arn:aws:states:::lambda:invoke",
              "Parameters": {
                "FunctionName": "${Fn}"}}
          }
        }
"""
    triggers = of(read(text), Trigger)
    assert [(trigger.function_arn, trigger.source.line) for trigger in triggers] == [(FN, 14), (FN, 18)]


def test_substitutions_are_made_before_the_definition_is_read(read: Read) -> None:
    """`DefinitionSubstitutions` may be called like the resource they stand for."""
    text = f"""{WORLD}      DefinitionSubstitutions: {{Fn: !GetAtt Fn.Arn}}
      DefinitionString: '{{"StartAt": "A", "States": {{"A": {{"Type": "Task", "Resource": "${{Fn}}", "End": true}}}}}}'
"""
    assert [trigger.function_arn for trigger in of(read(text), Trigger)] == [FN]


@pytest.mark.parametrize(
    "definition",
    [
        "'{broken'",
        "'[]'",
        "'{}'",
        "{StartAt: A}",
        "{StartAt: A, States: {A: nothing}}",
        "{StartAt: A, States: {A: {Resource: x}}}",
    ],
)
def test_a_broken_definition_is_unknown_with_its_line(read: Read, definition: str) -> None:
    """A definition that Step Functions would refuse is no reason to stop, and is not passed over."""
    facts = read(f"{WORLD}      DefinitionString: {definition}\n")
    unknowns = [unknown for unknown in of(facts, Unknown) if unknown.kind == "definition"]
    assert unknowns
    assert all(unknown.source.line == WORLD.count("\n") + 1 for unknown in unknowns)
    assert of(facts, RoleUse)


def test_a_definition_kept_elsewhere_is_unknown(read: Read) -> None:
    """A definition in a bucket cannot be read."""
    facts = read(f"{WORLD}      DefinitionS3Location: {{Bucket: b, Key: k}}\n")
    assert [unknown.why for unknown in of(facts, Unknown)] == ["it is kept outside of the template"]


def test_nesting_is_bounded() -> None:
    """A definition nested without end is a problem, not a crash."""
    inner: dict[str, Any] = {"StartAt": "A", "States": {"A": {"Type": "Pass"}}}
    for _ in range(200):
        inner = {"StartAt": "A", "States": {"A": {"Type": "Parallel", "Branches": [inner]}}}
    assert any("deep" in problem.message for problem in read_definition(inner).problems)
    assert read_definition("[" * 100_000).problems


@given(st.recursive(st.none() | st.booleans() | st.text(max_size=9), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["States", "Type", "Resource", "Branches", "Iterator", "ItemProcessor", "A"]), inner)))  # fmt: skip
def test_any_document_can_be_read(document: object) -> None:
    """No document makes the reader raise, as a value or as JSON text, and both give the same states."""
    states = [(state.name, state.type) for state in read_definition(document).states]
    if isinstance(document, dict):
        assert [(state.name, state.type) for state in read_definition(json.dumps(document)).states] == states


def test_an_api_that_is_called_without_credentials_is_a_delivery_that_no_role_decides(read: Read) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/connect-api-gateway.html: `NO_AUTH` is the default."""
    arguments = "{ApiEndpoint: abc.execute-api.eu-west-1.amazonaws.com, Method: POST, Stage: v1, Path: /a%s}"
    plain = of(machine(read, task("arn:aws:states:::apigateway:invoke", arguments % "")), Delivery)
    assert [(one.target_arn, one.required, one.role_arn) for one in plain] == [
        (f"{P}:execute-api:{HERE}:abc/v1/POST/a", (), None)
    ]
    signed = of(machine(read, task("arn:aws:states:::apigateway:invoke", arguments % ", AuthType: IAM_ROLE")), Delivery)
    assert [need.actions for one in signed for need in one.required] == [("execute-api:Invoke",)]
    chosen = "{ApiEndpoint.$: $.api, AuthType: NO_AUTH}"
    assert of(machine(read, task("arn:aws:states:::apigateway:invoke", chosen)), Delivery) == []
