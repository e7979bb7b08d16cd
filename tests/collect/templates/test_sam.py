"""SAM expansion through AWS's translator.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from permscope.inventory.facts import (
    AnyFact,
    Function,
    ManagedPolicy,
    Resource,
    ResourcePolicy,
    Role,
    Route,
    Trigger,
    Unknown,
)
from permscope.inventory.inventory import Collected
from permscope.inventory.located import source_of

HEAD = "Transform: AWS::Serverless-2016-10-31\n"
FUNCTION = """
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Runtime: python3.12
      CodeUri: src/
      Policies:
        - AmazonS3ReadOnlyAccess
        - S3ReadPolicy:
            BucketName: !Ref Bucket
        - Statement:
            - Effect: Allow
              Action: sqs:*
              Resource: '*'
      Events:
        Upload:
          Type: S3
          Properties:
            Bucket: !Ref Bucket
            Events: s3:ObjectCreated:*
        Web:
          Type: Api
          Properties: {Path: /x, Method: get}
  Bucket: {Type: 'AWS::S3::Bucket'}
"""


def _of(found: Collected, kind: type[AnyFact]) -> list[AnyFact]:  # type: ignore[type-arg]
    return [fact for fact in found.facts if isinstance(fact, kind)]


def test_generated_resources_point_at_the_line_that_made_them(collect: Callable[..., Collected]) -> None:
    """The role at the function, permissions and triggers at the event, the implicit API at its first event."""
    found = collect(HEAD + FUNCTION)
    assert not found.errors
    (role,) = _of(found, Role)
    assert isinstance(role, Role)
    assert (role.logical_id, role.source.line) == ("Fn", 4)
    made = {(type(fact).__name__, fact.logical_id, fact.source.line) for fact in found.facts}
    assert {("Function", "Fn", 4), ("ResourcePolicy", "Fn", 19), ("ResourcePolicy", "Fn", 24)} <= made
    assert ("Resource", "ServerlessRestApi", 24) in made
    assert {fact.source.line for fact in _of(found, Trigger)} == {23, 24}


def test_a_queue_between_topic_and_function_stands_where_the_event_does(collect: Callable[..., Collected]) -> None:
    """The event of the topic makes a queue and an event of that queue; the line is that of the event in the template.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-sns.html
    """
    found = collect(
        HEAD
        + """Resources:
  Topic: {Type: 'AWS::SNS::Topic'}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Runtime: python3.12
      Events:
        Note:
          Type: SNS
          Properties: {Topic: !Ref Topic, SqsSubscription: true}
"""
    )
    assert {fact.source.line for fact in _of(found, Trigger)} == {10}
    assert [fact.source.line for fact in _of(found, Resource) if "Queue" in (fact.arn or "")] == [10]


def test_policies_point_at_the_entry_that_names_them(collect: Callable[..., Collected]) -> None:
    """A managed policy, a policy template, and a statement each have their own line."""
    (role,) = _of(collect(HEAD + FUNCTION), Role)
    assert isinstance(role, Role)
    lines = {arn.rpartition("/")[2]: source_of(arn).line for arn in role.managed_policy_arns}
    assert lines == {"AWSLambdaBasicExecutionRole": 4, "AmazonS3ReadOnlyAccess": 11}
    statements = [policy.statements[0] for policy in role.inline_policies]
    assert [
        (statement.source.line, source_of(statement.resources[0]).line)
        for statement in statements
        if statement.resources
    ] == [
        (12, 12),
        (15, 17),
    ]


def test_what_sam_adds_to_a_role_points_at_what_it_is_for(collect: Callable[..., Collected]) -> None:
    """Rights for an event stand at the event, those for a property at the property, be it one of `Globals`.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html
    """
    found = collect(
        HEAD
        + """Globals:
  Function:
    Runtime: python3.12
    Tracing: Active
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      FunctionUrlConfig:
        AuthType: NONE
      DeadLetterQueue:
        Type: SQS
        TargetArn: arn:aws:sqs:eu-west-1:111122223333:dead
      EventInvokeConfig:
        DestinationConfig:
          OnSuccess: {Type: SNS}
      Events:
        Orders:
          Type: SQS
          Properties: {Queue: 'arn:aws:sqs:eu-west-1:111122223333:orders'}
        Changes:
          Type: Kinesis
          Properties:
            Stream: arn:aws:kinesis:eu-west-1:111122223333:stream/changes
            StartingPosition: LATEST
            DestinationConfig:
              OnFailure: {Type: SQS, Destination: 'arn:aws:sqs:eu-west-1:111122223333:failed'}
"""
    )
    assert not found.errors
    (role,) = _of(found, Role)
    assert isinstance(role, Role)
    managed = {arn.rpartition("/")[2]: source_of(arn).line for arn in role.managed_policy_arns}
    assert managed == {
        "AWSLambdaBasicExecutionRole": 7,
        "AWSXrayWriteOnlyAccess": 5,
        "AWSLambdaSQSQueueExecutionRole": 20,
        "AWSLambdaKinesisExecutionRole": 23,
    }
    inline = {policy.name: policy.statements[0].source.line for policy in role.inline_policies}
    assert inline == {
        "DeadLetterQueuePolicy": 13,
        "FnEventInvokeConfigOnSuccessSNSPolicy": 16,
        "FnChangesSQSPolicy": 23,
    }
    public = [fact for fact in _of(found, ResourcePolicy) if isinstance(fact, ResourcePolicy)]
    assert {fact.policy.statements[0].source.line for fact in public} == {11}


def test_a_websocket_route_stands_where_it_is_named(collect: Callable[..., Collected]) -> None:
    """Each route of `Routes` has its own line.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-websocketapi.html
    """
    found = collect(
        HEAD
        + """Resources:
  Fn: {Type: 'AWS::Serverless::Function', Properties: {Handler: a.b, Runtime: python3.12}}
  Api:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      Routes:
        $connect: {FunctionArn: !GetAtt Fn.Arn}
        send: {FunctionArn: !GetAtt Fn.Arn}
"""
    )
    routes = {fact.path: fact.source.line for fact in _of(found, Route) if isinstance(fact, Route)}
    assert routes == {"$connect": 9, "send": 10}
    assert sorted(fact.source.line for fact in _of(found, Trigger)) == [9, 10]


def test_local_code_is_not_mistaken_for_a_bucket(collect: Callable[..., Collected]) -> None:
    """The stand-in that the translator gets appears in no fact."""
    assert "permscope-local-code" not in repr(collect(HEAD + FUNCTION).facts)


@pytest.mark.parametrize(
    "properties",
    [
        "{Handler: a.b, Runtime: python3.12}",
        "{Handler: a.b, Runtime: python3.12, InlineCode: x}",
        "{Handler: a.b, Runtime: python3.12, CodeUri: {Bucket: b, Key: k}}",
        "{Handler: a.b, Runtime: python3.12, CodeUri: s3://b/k}",
        "{Handler: a.b, Runtime: python3.12, CodeUri: !Ref Open}",
        "{PackageType: Image}",
        "{PackageType: Image, ImageUri: 'fn:latest'}",
        "{PackageType: Image, ImageUri: !Sub '${AWS::AccountId}.dkr.ecr.eu-west-1.amazonaws.com/x:1'}",
        "{Handler: a.b, Runtime: python3.12, AutoPublishAlias: !Ref Open}",
        "{Handler: a.b, Runtime: python3.12, FunctionName: !Ref Open, Timeout: !Ref Open}",
        "{Handler: a.b, Runtime: python3.12, Role: !Ref Open}",
        "{Handler: a.b, Runtime: python3.12, Environment: {Variables: {D: 2012-10-17}}}",
    ],
)
def test_code_and_open_parameters_do_not_break_the_transform(
    collect: Callable[..., Collected], properties: str
) -> None:
    """What `sam build` or the deployment would fill in is no error."""
    found = collect(
        f"{HEAD}Parameters: {{Open: {{Type: String}}}}\n"
        f"Resources: {{Fn: {{Type: 'AWS::Serverless::Function', Properties: {properties}}}}}\n"
    )
    assert not found.errors
    assert len(_of(found, Function)) == 1
    assert "PermscopeParameter" not in repr(found.facts)


def test_a_value_that_the_translator_insists_on_stays_unknown(collect: Callable[..., Collected]) -> None:
    """The alias named by an open parameter is the token of that parameter."""
    found = collect(
        HEAD
        + """
Parameters: {Open: {Type: String}}
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties: {Handler: a.b, Runtime: python3.12, AutoPublishAlias: !Ref Open}
"""
    )
    (function,) = _of(found, Function)
    assert isinstance(function, Function)
    assert [arn.rpartition(":function:")[2] for arn in function.aliases] == ["${Fn}:${Param::Open}"]
    assert [fact.what for fact in _of(found, Unknown) if isinstance(fact, Unknown)] == ["parameter `Open`"]


def test_what_the_translator_rejects_is_told_and_the_rest_is_read(collect: Callable[..., Collected]) -> None:
    """A misspelt property, a strange event and a broken resource each give an error at their line."""
    found = collect(
        HEAD
        + """
Globals: {Function: {Runtime: python3.12, Nope: 1}}
Resources:
  Good: {Type: 'AWS::Serverless::Function', Properties: {Handler: a.b}}
  Property:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Nope: 1
  Event:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Events:
        Strange: {Type: Nothing}
  Broken:
    Type: AWS::Serverless::Api
    Properties: {Name: x}
  Queue: {Type: 'AWS::SQS::Queue'}
"""
    )
    assert [error.source.line for error in found.errors if error.source] == [3, 10, 16, 17]
    functions = {fact.logical_id for fact in _of(found, Function)}
    assert functions == {"Good", "Property", "Event"}
    unknowns = [(fact.what, fact.kind) for fact in _of(found, Unknown) if isinstance(fact, Unknown)]
    assert unknowns == [
        ("`Globals.Function.Nope`", "transform"),
        ("property `Nope` of `Property`", "transform"),
        ("event `Strange` of `Event`", "transform"),
        ("what `Broken` expands to", "transform"),
    ]
    types = {fact.type for fact in _of(found, Resource) if isinstance(fact, Resource)}
    assert {"AWS::Serverless::Api", "AWS::SQS::Queue"} <= types


@pytest.mark.parametrize(
    ("properties", "line", "hint", "missing"),
    [
        ("      Policies: [AmazonSQSFullAccess, {NoSuchPolicy: {}}]", 9, "an entry is", "`Policies[1]` of `Fn`"),
        ("      Policies: [{SQSPollerPolicy: {}}]", 9, "its parameters", "`Policies[0]` of `Fn`"),
        (
            "      DeploymentPreference: {Type: AllAtOnce}",
            9,
            "add `AutoPublishAlias`",
            "property `DeploymentPreference`",
        ),
        ("      PackageType: Wrong", 9, "correct it", "property `PackageType` of `Fn`"),
        (
            "      Events: {Tick: {Type: Schedule, Properties: {}}, Q: {Type: SQS, Properties: {Queue: 'arn:a'}}}",
            9,
            "add the property",
            "event `Tick` of `Fn`",
        ),
    ],
)
def test_only_what_the_translator_rejects_of_a_function_is_missing(
    collect: Callable[..., Collected], properties: str, line: int, hint: str, missing: str
) -> None:
    """A policy, an event or a property goes, with its line and what to do; function, role and the rest stay."""
    found = collect(
        f"{HEAD}Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n"
        f"      Handler: a.b\n      Runtime: python3.12\n      FunctionName: work\n{properties}\n"
    )
    (error,) = found.errors
    assert error.source is not None
    assert error.source.line == line
    assert hint in (error.hint or "")
    assert [fact.name for fact in _of(found, Function) if isinstance(fact, Function)] == ["work"]
    assert len(_of(found, Role)) == 1
    assert any(missing in fact.what for fact in _of(found, Unknown) if isinstance(fact, Unknown))


def test_a_function_without_runtime_is_read_all_the_same(collect: Callable[..., Collected]) -> None:
    """The deployment would fail, and who may do what is there to see."""
    found = collect(
        HEAD
        + """Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      MemorySize: 128
      Policies: [AmazonSQSFullAccess]
"""
    )
    (error,) = found.errors
    assert error.source is not None
    assert error.source.line == 3
    assert len(_of(found, Function)) == 1
    (role,) = _of(found, Role)
    assert isinstance(role, Role)
    assert role.managed_policy_arns[-1].endswith("AmazonSQSFullAccess")


def test_a_path_of_parameters_is_an_error_and_a_route(collect: Callable[..., Collected]) -> None:
    """SAM takes a path as it is written, so the deployment fails; what is meant is plain."""
    found = collect(
        "Parameters: {Version: {Type: String, Default: v1}}\n"
        + HEAD
        + """Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Runtime: python3.12
      Events:
        Get: {Type: Api, Properties: {Path: !Sub '/${Version}/orders', Method: get}}
        Put: {Type: Api, Properties: {Path: !Ref Version, Method: put}}
"""
    )
    assert sorted(error.source.line for error in found.errors if error.source) == [10, 11]
    assert {fact.path for fact in _of(found, Route) if isinstance(fact, Route)} == {"/v1/orders", "v1"}


@pytest.mark.parametrize(
    "resources",
    [
        "{Fn: {Type: 'AWS::Serverless::Function', Properties: text}}",
        "{Fn: {Type: 'AWS::Serverless::Function', Properties: [a]}}",
        "{Fn: {Type: 'AWS::Serverless::Function', Properties: {Events: [a]}}}",
        "{Fn: {Type: 'AWS::Serverless::Function', Properties: {Events: {E: text}}}}",
        "{Fn: {Type: 'AWS::Serverless::Function', Properties: {Policies: 5}}}",
        "{Fn: {Type: 'AWS::Serverless::Function', Properties: {Policies: [{S3ReadPolicy: {}}], Handler: a}}}",
        "{Fn: {Type: 'AWS::Serverless::Function', Condition: [a]}}",
        "{Fn: {Type: 'AWS::Serverless::Function'}}",
        "{'Bad-Id': {Type: 'AWS::Serverless::Function', Properties: {Handler: a, Runtime: b}}}",
        "{M: {Type: 'AWS::Serverless::StateMachine', Properties: {Definition: text}}}",
        "{A: {Type: 'AWS::Serverless::Api', Properties: {StageName: {a: b}, DefinitionBody: [1]}}}",
        "{A: {Type: 'AWS::Serverless::HttpApi', Properties: {DefinitionBody: {paths: [1]}}}}",
        "{A: {Type: 'AWS::Serverless::Application', Properties: {Location: 5}}}",
        "{A: {Type: 'AWS::Serverless::Application', Properties: text}}",
        "{C: {Type: 'AWS::Serverless::Connector', Properties: {Source: {Id: X}, Destination: {Id: X}}}}",
        "{F: {Type: 'AWS::Serverless::Future', Properties: {A: 1}}}",
        "{Q: {Type: 'AWS::SQS::Queue', Connectors: text}}",
        "{Q: {Type: 5}}",
        "{Q: {}}",
    ],
)
def test_malformed_sam_resources_never_end_the_run(collect: Callable[..., Collected], resources: str) -> None:
    """Whatever the translator trips over is an error of this template, and its resources are facts all the same."""
    found = collect(f"{HEAD}Resources: {resources}\n")
    assert any(isinstance(fact, Resource | Function) for fact in found.facts)


def test_globals_hold_for_every_function(collect: Callable[..., Collected]) -> None:
    """A permissions boundary of `Globals` is one of each role."""
    found = collect(
        HEAD
        + """
Globals: {Function: {Runtime: python3.12, CodeUri: ., PermissionsBoundary: 'arn:aws:iam::111122223333:policy/b'}}
Resources: {Fn: {Type: 'AWS::Serverless::Function', Properties: {Handler: a.b}}}
"""
    )
    assert [fact.boundary_arn for fact in _of(found, Role) if isinstance(fact, Role)] == [
        "arn:aws:iam::111122223333:policy/b"
    ]


def test_a_state_machine_definition_in_a_file_is_read(collect: Callable[..., Collected]) -> None:
    """Its substitutions are made, and it calls the function it names."""
    found = collect(
        {
            "template.yaml": HEAD
            + """
Resources:
  Fn: {Type: 'AWS::Serverless::Function', Properties: {Handler: a.b, Runtime: python3.12, CodeUri: .}}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: machine.asl.json
      DefinitionSubstitutions: {FnArn: !GetAtt Fn.Arn}
""",
            "machine.asl.json": '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${FnArn}"}}}',
        }
    )
    (trigger,) = _of(found, Trigger)
    assert isinstance(trigger, Trigger)
    assert trigger.function_arn.endswith(":function:${Fn}")
    assert Path(str(trigger.source.file)).name == "machine.asl.json"


def test_a_definition_file_that_is_not_there_is_unknown(collect: Callable[..., Collected]) -> None:
    """The state machine is a resource all the same."""
    found = collect(
        HEAD + "Resources: {M: {Type: 'AWS::Serverless::StateMachine', Properties: {DefinitionUri: gone.asl.json}}}\n"
    )
    assert "file" in {fact.kind for fact in _of(found, Unknown) if isinstance(fact, Unknown)}
    assert [fact.type for fact in _of(found, Resource) if isinstance(fact, Resource)] == [
        "AWS::StepFunctions::StateMachine"
    ]


def test_an_api_definition_in_a_file_is_read(collect: Callable[..., Collected]) -> None:
    """Routes come from the OpenAPI file and point into it."""
    found = collect(
        {
            "template.yaml": HEAD
            + "Resources: {Api: {Type: 'AWS::Serverless::Api', Properties: {StageName: v, DefinitionUri: api.yaml}}}\n",
            "api.yaml": "openapi: 3.0.1\npaths:\n  /x:\n    get: {responses: {}}\n",
        }
    )
    assert "api.yaml" in {Path(str(fact.source.file)).name for fact in found.facts}


def test_sam_without_its_transform_is_told(collect: Callable[..., Collected]) -> None:
    """CloudFormation would refuse the template; it is read as though the transform were there."""
    found = collect("Resources: {Fn: {Type: 'AWS::Serverless::Function', Properties: {Handler: a, Runtime: b}}}\n")
    assert len(_of(found, Function)) == 1
    assert [fact.kind for fact in _of(found, Unknown) if isinstance(fact, Unknown)] == ["transform"]


def test_a_connector_grants_what_it_grants(collect: Callable[..., Collected]) -> None:
    """The generated policy points at the connector."""
    found = collect(
        HEAD
        + """
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties: {Handler: a.b, Runtime: python3.12, CodeUri: .}
    Connectors:
      ToTable:
        Properties: {Destination: {Id: Table}, Permissions: [Read]}
  Table: {Type: 'AWS::Serverless::SimpleTable'}
"""
    )
    assert not found.errors
    (policy,) = _of(found, ManagedPolicy)
    assert (policy.logical_id, policy.source.line) == ("Fn", 8)
    assert "dynamodb:GetItem" in repr(policy)


def test_nothing_is_logged_and_no_session_is_made(
    collect: Callable[..., Collected], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No Region, credentials or network are looked for."""
    import boto3

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a session was asked for")

    monkeypatch.setattr(boto3, "client", refuse)
    monkeypatch.setattr(boto3.session, "Session", refuse)
    with caplog.at_level(logging.DEBUG):
        found = collect(HEAD + FUNCTION)
    assert not found.errors
    assert caplog.records == []


def test_values_of_environment_variables_are_in_no_fact(collect: Callable[..., Collected]) -> None:
    """Neither literal secrets nor the defaults of `NoEcho` parameters leave the parser."""
    found = collect(
        HEAD
        + """
Parameters: {Password: {Type: String, NoEcho: true, Default: tr0ub4dor}}
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Runtime: python3.12
      FunctionName: !Sub 'f-${Password}'
      Environment: {Variables: {KEY: hunter2, OTHER: !Ref Password}}
"""
    )
    assert "hunter2" not in repr((found.facts, found.errors))
    assert "tr0ub4dor" not in repr((found.facts, found.errors))


def test_a_deployment_that_is_always_made_has_the_same_name_in_every_run(
    collect: Callable[..., Collected], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`AlwaysDeploy` names it after the second it is made in; a report does not depend on the clock."""
    site = "  Site:\n    Type: AWS::Serverless::Api\n    Properties: {StageName: p, AlwaysDeploy: true}\n"
    text = HEAD + FUNCTION.replace("Path: /x,", "Path: /x, RestApiId: !Ref Site,") + site
    names = set()
    for now in (1_000_000_000.0, 1_700_000_000.0):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        names.add(tuple(sorted(fact.id for fact in collect(text).facts if isinstance(fact, Resource))))
    assert len(names) == 1
    assert any("SiteDeployment" in name for name in next(iter(names)))
