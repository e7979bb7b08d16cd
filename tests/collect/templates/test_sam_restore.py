"""What the translator loses, put back: places, local code, definitions.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from permscope.collect.templates.document import parse_document
from permscope.collect.templates.sam_restore import LOCAL_BUCKET, closest, restored
from permscope.collect.templates.sam_translator import Record
from permscope.inventory.facts import (
    AnyFact,
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


def test_the_longest_logical_id_that_begins_a_generated_one_made_it() -> None:
    """SAM puts suffixes behind ids; only its own resources make others."""
    sam = {"Type": "AWS::Serverless::Function"}
    original = {"Order": sam, "Orders": sam, "OrdersQueue": {"Type": "AWS::SQS::Queue"}}
    assert closest(original, "OrdersQueuePolicy") == "Orders"
    assert closest(original, "Other") is None


def test_what_nothing_is_known_of_stands_with_the_resource_that_made_it() -> None:
    """A resource of the user stays as it is; code that was only a stand-in is what the template says it is."""
    template = parse_document(
        "Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n    Properties: {CodeUri: src/}\n"
        "  Queue: {Type: AWS::SQS::Queue}\n",
        "t.yaml",
    ).value
    made = {
        "Fn": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Bucket": LOCAL_BUCKET, "S3Key": "k"}}},
        "FnRole": {"Type": "AWS::IAM::Role", "Properties": {"Path": "/"}},
        "Queue": {"Type": "AWS::SQS::Queue"},
    }
    origins: dict[str, tuple[str, object]] = {}
    found = restored({"Resources": made}, template, Record(made={"FnRole": ("Fn", None)}), origins)  # type: ignore[arg-type]
    assert found["Resources"]["Fn"]["Properties"]["Code"] == "src/"
    assert {name: owner for name, (owner, _) in origins.items()} == {"Fn": "Fn", "FnRole": "Fn"}
    places = [source_of(name) for name in found["Resources"]]
    assert [place.line for place in places] == [2, 2, 5]
