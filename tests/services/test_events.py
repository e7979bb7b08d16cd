"""EventBridge rules, buses and their policies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import AnyFact, Delivery, Mechanism, Resource, ResourcePolicy, RoleUse, Trigger, Unknown

Read = Callable[..., list[AnyFact]]
HERE = "${AWS::Region}:${AWS::AccountId}"
P = "arn:${AWS::Partition}"
FN = f"{P}:lambda:{HERE}:function:${{Fn}}"
ROLE = f"{P}:iam::${{AWS::AccountId}}:role/${{Role}}"
RULE = f"{P}:events:{HERE}:rule/${{Rule}}"
DEFAULT_BUS = f"{P}:events:{HERE}:event-bus/default"
WORLD = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13}}
  Role: {Type: AWS::IAM::Role, Properties: {Path: /}}
  Queue: {Type: AWS::SQS::Queue}
  Topic: {Type: AWS::SNS::Topic}
  Stream: {Type: AWS::Kinesis::Stream}
  Group: {Type: AWS::Logs::LogGroup}
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: orders}}
  Machine: {Type: AWS::StepFunctions::StateMachine, Properties: {RoleArn: !GetAtt Role.Arn}}
  Api: {Type: AWS::AppSync::GraphQLApi, Properties: {Name: api, AuthenticationType: AWS_IAM}}
  TaskRole: {Type: AWS::IAM::Role, Properties: {Path: /}}
  Task: {Type: AWS::ECS::TaskDefinition, Properties: {Family: work, TaskRoleArn: !GetAtt TaskRole.Arn}}
"""


def of(facts: list[AnyFact], kind: type, logical_id: str = "Rule") -> list[Any]:
    """The facts of one kind that one resource gave."""
    return [fact for fact in facts if isinstance(fact, kind) and fact.logical_id == logical_id]


def rule(read: Read, target: str, properties: str = "EventPattern: {source: [orders]}") -> list[AnyFact]:
    """The facts of a rule with one target."""
    return read(f"{WORLD}  Rule: {{Type: AWS::Events::Rule, Properties: {{{properties}, Targets: [{target}]}}}}\n")


def test_a_function_must_let_the_rule_in(read: Read) -> None:
    """Lambda targets are authorized by their own policy, with the ARN of the rule as source.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    """
    facts = rule(read, "{Id: a, Arn: !GetAtt Fn.Arn}")
    (trigger,) = of(facts, Trigger)
    assert (trigger.function_arn, trigger.mechanism) == (FN, Mechanism.RESOURCE_POLICY)
    assert (trigger.service, trigger.source_arn, trigger.source_id) == ("events.amazonaws.com", RULE, RULE)
    assert (trigger.event, trigger.enabled) == ("event-rule", True)
    assert [(delivery.sender_id, delivery.target_arn) for delivery in of(facts, Delivery)] == [(DEFAULT_BUS, RULE)]


def test_a_rule_of_a_named_bus_has_the_bus_in_its_arn(read: Read) -> None:
    """The ARN is `rule/BUS/NAME` outside of the default bus."""
    facts = rule(read, "{Id: a, Arn: !GetAtt Fn.Arn}", "EventBusName: !Ref Bus, EventPattern: {source: [a]}")
    (trigger,) = of(facts, Trigger)
    assert trigger.source_arn == f"{P}:events:{HERE}:rule/orders/${{Rule}}"
    assert of(facts, Delivery)[0].sender_id == f"{P}:events:{HERE}:event-bus/orders"


def test_a_disabled_schedule_is_a_trigger_that_is_not_enabled(read: Read) -> None:
    """A schedule reads no bus; `State: DISABLED` is kept."""
    facts = rule(read, "{Id: a, Arn: !GetAtt Fn.Arn}", "ScheduleExpression: rate(1 hour), State: DISABLED")
    assert [(trigger.event, trigger.enabled) for trigger in of(facts, Trigger)] == [("schedule", False)]
    assert of(facts, Delivery) == []


@pytest.mark.parametrize(
    ("arn", "target"),
    [
        ("!GetAtt Queue.Arn", f"{P}:sqs:{HERE}:${{Queue}}"),
        ("!Ref Topic", f"{P}:sns:{HERE}:${{Topic}}"),
        ("!GetAtt Group.Arn", f"{P}:logs:{HERE}:log-group:${{Group}}"),
    ],
)
def test_queues_topics_and_log_groups_are_delivered_to_by_the_service(read: Read, arn: str, target: str) -> None:
    """Their own policy lets `events.amazonaws.com` in; a log group is named without its `:*`."""
    (delivery,) = [found for found in of(rule(read, f"{{Id: a, Arn: {arn}}}"), Delivery) if found.sender_id == RULE]
    assert (delivery.target_arn, delivery.service, delivery.source_arn) == (target, "events.amazonaws.com", RULE)
    assert delivery.role_arn is None


@pytest.mark.parametrize(
    ("target", "needed"),
    [
        ("Arn: !Ref Machine", [(("states:StartExecution",), f"{P}:states:{HERE}:stateMachine:${{Machine}}")]),
        ("Arn: !GetAtt Stream.Arn", [(("kinesis:PutRecord",), f"{P}:kinesis:{HERE}:stream/${{Stream}}")]),
        ("Arn: 'arn:aws:firehose:eu-west-1:111122223333:deliverystream/d'",
         [(("firehose:PutRecord",), "arn:aws:firehose:eu-west-1:111122223333:deliverystream/d")]),
        ("Arn: 'arn:aws:events:us-east-1:111122223333:event-bus/far'",
         [(("events:PutEvents",), "arn:aws:events:us-east-1:111122223333:event-bus/far")]),
        ("Arn: 'arn:aws:codebuild:eu-west-1:111122223333:project/p'",
         [(("codebuild:StartBuild",), "arn:aws:codebuild:eu-west-1:111122223333:project/p")]),
        ("Arn: 'arn:aws:codepipeline:eu-west-1:111122223333:p'",
         [(("codepipeline:StartPipelineExecution",), "arn:aws:codepipeline:eu-west-1:111122223333:p")]),
        ("Arn: 'arn:aws:ssm:eu-west-1::automation-definition/AWS-Stop:$DEFAULT'",
         [(("ssm:StartAutomationExecution",), "arn:aws:ssm:eu-west-1::automation-definition/AWS-Stop:$DEFAULT")]),
        ("Arn: 'arn:aws:batch:eu-west-1:111122223333:job-queue/q', BatchParameters: {JobDefinition: work, JobName: n}",
         [(("batch:SubmitJob",), "arn:aws:batch:eu-west-1:111122223333:job-queue/q"),
          (("batch:SubmitJob",), f"{P}:batch:{HERE}:job-definition/work")]),
        ("Arn: !GetAtt Api.GraphQLEndpointArn",
         [(("appsync:GraphQL",), f"{P}:appsync:{HERE}:apis/${{Api.ApiId}}/types/Mutation/fields/*")]),
        ("Arn: 'arn:aws:ecs:eu-west-1:111122223333:cluster/c', EcsParameters: {TaskDefinitionArn: !Ref Task}",
         [(("ecs:RunTask",), f"{P}:ecs:{HERE}:task-definition/work:${{Task.Id}}"),
          (("iam:PassRole",), f"{P}:iam::${{AWS::AccountId}}:role/${{TaskRole}}")]),
    ],
)  # fmt: skip
def test_every_other_target_is_reached_with_a_role(read: Read, target: str, needed: list[Any]) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html gives role and actions."""
    facts = rule(read, f"{{Id: a, {target}, RoleArn: !GetAtt Role.Arn}}")
    (use,) = of(facts, RoleUse)
    assert (use.user_id, use.role_arn, use.service, use.exact) == (RULE, ROLE, "events.amazonaws.com", True)
    assert [(need.actions, need.resource_arn) for need in use.required] == needed
    (delivery,) = [found for found in of(facts, Delivery) if found.sender_id == RULE]
    assert (delivery.role_arn, delivery.service) == (ROLE, None)


def test_a_target_only_a_deployment_tells_is_unknown(read: Read) -> None:
    """A parameter is neither passed over nor taken for a function."""
    text = WORLD.replace("Resources:", "Parameters: {Where: {Type: String}}\nResources:")
    facts = read(
        f"{text}  Rule: {{Type: AWS::Events::Rule, Properties: {{ScheduleExpression: rate(1 hour), "
        "Targets: [{Id: a, Arn: !Ref Where, RoleArn: !GetAtt Role.Arn}]}}\n"
    )
    assert [unknown.kind for unknown in of(facts, Unknown)] == ["target"]
    assert [use.exact for use in of(facts, RoleUse)] == [False]


def test_failed_events_go_to_a_queue_that_lets_the_rule_in(read: Read) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html ."""
    facts = rule(read, "{Id: a, Arn: !GetAtt Fn.Arn, DeadLetterConfig: {Arn: !GetAtt Queue.Arn}}")
    (delivery,) = [found for found in of(facts, Delivery) if found.event == "dead-letter-queue"]
    assert (delivery.sender_id, delivery.service) == (RULE, "events.amazonaws.com")


def test_each_target_points_at_its_own_line(read: Read) -> None:
    """Two targets, two lines; a target behind an undecided condition says so."""
    facts = read("""
Parameters: {Stage: {Type: String}}
Conditions: {Live: !Equals [!Ref Stage, live]}
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13}}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(1 hour)
      Targets:
        - Id: a
          Arn: !GetAtt Fn.Arn
        - !If
          - Live
          - Id: b
            Arn: !Sub '${Fn.Arn}:live'
          - !Ref AWS::NoValue
""")
    found = [(trigger.source.line, trigger.only_if) for trigger in of(facts, Trigger)]
    assert found == [(12, None), (16, "Live")]


@pytest.mark.parametrize(
    ("properties", "principal", "condition"),
    [
        ("StatementId: a, Statement: {Effect: Allow, Principal: '*', Action: 'events:PutEvents', Resource: '*'}",
         ("*", "*"), None),
        ("StatementId: a, Principal: '111122223333', Action: 'events:PutEvents'",
         ("AWS", f"{P}:iam::111122223333:root"), None),
        (("StatementId: a, Principal: '*', Action: 'events:PutEvents', "
         "Condition: {Type: StringEquals, Key: 'aws:PrincipalOrgID', Value: o-1}"),
         ("*", "*"), ("StringEquals", "aws:PrincipalOrgID", ("o-1",))),
    ],
)  # fmt: skip
def test_a_bus_policy_is_read_in_both_its_forms(
    read: Read, properties: str, principal: tuple[str, str], condition: tuple[Any, ...] | None
) -> None:
    """The older properties stand for one statement.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-eventbuspolicy.html
    """
    text = (
        f"{WORLD}  Let: {{Type: AWS::Events::EventBusPolicy, Properties: {{EventBusName: !Ref Bus, {properties}}}}}\n"
    )
    (found,) = of(read(text), ResourcePolicy, "Let")
    (statement,) = found.policy.statements
    assert found.resource_arn == f"{P}:events:{HERE}:event-bus/orders"
    assert [tuple(one) for one in statement.principals or ()] == [principal]
    assert [entry[:3] for entry in statement.conditions] == ([condition] if condition else [])
    assert found.policy.problems == ()


def test_a_bus_may_hold_its_policy_itself(read: Read) -> None:
    """`AWS::Events::EventBus.Policy` is a document."""
    statement = "{Effect: Allow, Principal: {AWS: '111122223333'}, Action: 'events:PutEvents', Resource: '*'}"
    facts = read(
        "Resources:\n  Bus: {Type: AWS::Events::EventBus, "
        f"Properties: {{Name: b, Policy: {{Statement: [{statement}]}}}}}}\n"
    )
    assert [len(found.policy.statements) for found in of(facts, ResourcePolicy, "Bus")] == [1]


def test_the_secrets_of_a_connection_are_not_kept(read: Read) -> None:
    """Values never leave the parser."""
    facts = read(
        "Resources:\n  C: {Type: AWS::Events::Connection, Properties: {AuthorizationType: API_KEY, "
        "AuthParameters: {ApiKeyAuthParameters: {ApiKeyName: n, ApiKeyValue: hunter2}}}}\n"
    )
    assert of(facts, Resource, "C")
    assert "hunter2" not in repr(facts)


def test_the_newer_types_are_said_to_be_unknown(read: Read) -> None:
    """`AWS::EventsV2::*` may run functions in ways that are not understood."""
    facts = read("Resources:\n  R: {Type: AWS::EventsV2::Rule, Properties: {Name: r}}\n")
    assert [unknown.kind for unknown in of(facts, Unknown, "R")] == ["unsupported"]
