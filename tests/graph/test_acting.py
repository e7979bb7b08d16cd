"""What services do with the roles they are given."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.graph.model import Decision, EdgeKind
from permscope.graph.questions.asking import who_can
from permscope.graph.questions.paths import find_paths
from permscope.graph.questions.queries import what_can

ROLE = """\
  {name}:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: {{Effect: Allow, Principal: {trusted}, Action: sts:AssumeRole{condition}}}
      Policies:
        - PolicyName: own
          PolicyDocument: {{Version: '2012-10-17', Statement: [{statements}]}}
"""
TABLES = "  Orders: {Type: AWS::DynamoDB::Table}\n  Secrets: {Type: AWS::DynamoDB::Table}\n"
API = """\
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: api}}
  Put:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: POST
      AuthorizationType: NONE
      Integration:
        Type: AWS
        IntegrationHttpMethod: POST
        Uri: !Sub 'arn:${AWS::Partition}:apigateway:${AWS::Region}:dynamodb:action/PutItem'
        Credentials: !GetAtt ApiRole.Arn
        RequestTemplates:
          application/json: !Sub '{"TableName": "${Orders}", "Item": {"id": {"S": "$context.requestId"}}}'
"""
SCHEDULE = """\
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: orders}}
  Daily:
    Type: AWS::Scheduler::Schedule
    Properties:
      FlexibleTimeWindow: {Mode: 'OFF'}
      ScheduleExpression: rate(1 day)
      GroupName: nightly
      Target: {Arn: !GetAtt Fn.Arn, RoleArn: !GetAtt DailyRole.Arn}
"""
INVOKE = "{Effect: Allow, Action: 'lambda:InvokeFunction', Resource: '*'}"
WIDE = "{Effect: Allow, Action: 'dynamodb:*', Resource: '*'}"


def role(name: str, trusted: str, *statements: str, condition: str = "") -> str:
    """A role that trusts someone."""
    return ROLE.format(
        name=name,
        trusted=trusted,
        statements=", ".join(statements),
        condition=condition and f", Condition: {condition}",
    )


@pytest.mark.parametrize(
    ("statement", "authorized", "decision"),
    [
        (WIDE, True, Decision.ALLOW),
        ("{Effect: Allow, Action: 'dynamodb:PutItem', Resource: !GetAtt Orders.Arn}", True, Decision.ALLOW),
        ("{Effect: Allow, Action: 'dynamodb:GetItem', Resource: '*'}", False, Decision.DENY),
    ],
)
def test_an_api_that_writes_straight_to_a_table_is_seen(
    world: Any, statement: str, authorized: bool, decision: Decision
) -> None:
    """The call is an edge of its own, however wide the role's grant is."""
    made = world(TABLES, API, role("ApiRole", "{Service: apigateway.amazonaws.com}", statement))
    edge = made.edge(EdgeKind.CAN_ACCESS, "POST /", "Orders")
    assert list(edge.actions) == ["dynamodb:PutItem"]
    assert (edge.authorized, edge.decision) == (authorized, decision)
    assert made.graph.nodes[edge.via].label == "ApiRole"
    assert edge.provenance[0].logical_id == "Put"


def test_a_caller_reaches_what_is_wired_and_nothing_else_of_the_role(world: Any) -> None:
    """Anyone may knock on the route; it makes one call, whatever else its role may do."""
    made = world(TABLES, API, role("ApiRole", "{Service: apigateway.amazonaws.com}", WIDE))
    public = made.node("public")
    (path,) = find_paths(made.graph, public, made.node("Orders"))
    assert [hop.target.label for hop in path.hops] == ["POST /", "Orders"]
    assert find_paths(made.graph, public, made.node("Secrets")) == []


def test_a_wired_call_is_no_second_answer(world: Any) -> None:
    """The role has the access; the route only uses it."""
    made = world(TABLES, API, role("ApiRole", "{Service: apigateway.amazonaws.com}", WIDE))
    answers = who_can(made.graph, "dynamodb:PutItem", "Orders")
    assert [one.principal.label for one in answers] == ["ApiRole"]
    reached = what_can(made.graph, made.node("POST /"))["dynamodb"]
    assert [one.target.label for one in reached] == ["*"]


@pytest.mark.parametrize(("group", "authorized"), [("nightly", True), ("other", False)])
def test_a_schedule_assumes_its_role_as_its_group(world: Any, function: Any, group: str, authorized: bool) -> None:
    """Scheduler sends the ARN of the schedule group (https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html)."""
    arn = f"!Sub 'arn:${{AWS::Partition}}:scheduler:${{AWS::Region}}:${{AWS::AccountId}}:schedule-group/{group}'"
    trust = role(
        "DailyRole",
        "{Service: scheduler.amazonaws.com}",
        INVOKE,
        condition=f"{{StringEquals: {{'aws:SourceArn': {arn}}}}}",
    )
    made = world(function(), SCHEDULE, trust)
    assert made.edge(EdgeKind.EXECUTES_AS, "Daily", "DailyRole").authorized is authorized


MACHINE = """\
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt OwnRole.Arn
      Definition:
        StartAt: Read
        States:
          Read:
            Type: Task
            Resource: arn:aws:states:::dynamodb:getItem
            Credentials: {RoleArn: !GetAtt TaskRole.Arn}
            Parameters: {TableName: !Ref Orders, Key: {id: {S: x}}}
            End: true
"""


@pytest.mark.parametrize(
    ("trusted", "own", "authorized"),
    [
        ("{AWS: !GetAtt OwnRole.Arn}", "", True),
        ("{AWS: !GetAtt OtherRole.Arn}", "", False),
        ("{AWS: !Ref 'AWS::AccountId'}", "{Effect: Allow, Action: 'sts:AssumeRole', Resource: '*'}", True),
        ("{AWS: !Ref 'AWS::AccountId'}", "{Effect: Allow, Action: 'sts:TagSession', Resource: '*'}", False),
        ("{Service: states.amazonaws.com}", "", False),
    ],
)
def test_task_credentials_are_assumed_by_the_role_of_the_state_machine(
    world: Any, trusted: str, own: str, authorized: bool
) -> None:
    """The state machine's role goes on to the task's role (https://docs.aws.amazon.com/step-functions/latest/dg/concepts-access-cross-acct-resources.html)."""
    made = world(
        TABLES,
        MACHINE,
        role("OwnRole", "{Service: states.amazonaws.com}", own or INVOKE),
        role("OtherRole", "{Service: states.amazonaws.com}", INVOKE),
        role("TaskRole", trusted, WIDE),
    )
    assert made.edge(EdgeKind.EXECUTES_AS, "Machine", "TaskRole").authorized is authorized
    edge = made.edge(EdgeKind.CAN_ACCESS, "Machine", "Orders")
    assert edge.authorized is authorized


def test_a_source_of_unknown_kind_leaves_a_mapping_unknown(world: Any, function: Any) -> None:
    """Nothing that is known to be needed is missing, and more may be needed."""
    head = "AWSTemplateFormatVersion: '2010-09-09'\nParameters: {Source: {Type: String}}\nResources:\n"
    mapping = (
        "  Mapping:\n    Type: AWS::Lambda::EventSourceMapping\n"
        "    Properties: {EventSourceArn: !Ref Source, FunctionName: !Ref Fn}\n"
    )
    edge = world(head, function(), mapping).edge(EdgeKind.TRIGGERS)
    assert edge.authorized is None
    assert edge.decision is Decision.CONDITIONAL


def test_the_policy_of_an_endpoint_lets_nobody_in(world: Any) -> None:
    """It filters what goes through the endpoint (https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html)."""
    made = world(
        "  Endpoint:\n    Type: AWS::EC2::VPCEndpoint\n    Properties:\n      VpcId: vpc-1\n"
        "      ServiceName: com.amazonaws.eu-west-1.s3\n"
        "      PolicyDocument: {Statement: [{Effect: Allow, Principal: '*', Action: '*', Resource: '*'}]}\n"
    )
    assert "public" not in made.graph.nodes


def test_a_grant_of_a_policy_of_aws_points_at_the_line_that_attaches_it(world: Any, function: Any) -> None:
    """Its statements stand in no file of the input."""
    arn = "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess"
    text = function().replace("      Policies:\n", f"      ManagedPolicyArns:\n        - {arn}\n      Policies:\n")
    made = world(TABLES, text)
    lines = (text.splitlines().index(f"        - {arn}")) + 4 + TABLES.count("\n")
    (answer,) = who_can(made.graph, "dynamodb:Query", "Orders")
    (reason,) = answer.provenance
    assert (reason.source.line, reason.logical_id) == (lines, "FnRole")
    assert all(one.source.line for edge in made.graph.edges for one in edge.provenance)


def test_a_policy_of_aws_that_sam_attaches_points_at_the_function(world: Any) -> None:
    """SAM adds the basic execution role to a function that names no role."""
    made = world(
        "  Fn:\n    Type: AWS::Serverless::Function\n"
        "    Properties: {Runtime: python3.12, Handler: a.b, InlineCode: x, Policies: [AmazonSQSFullAccess]}\n"
    )
    assert {one.source.line for edge in made.graph.edges for one in edge.provenance} <= {4, 6}


@pytest.mark.parametrize(
    ("action", "routes"),
    [
        ("appsync:GraphQL", ["Query.orders"]),
        ("execute-api:Invoke", []),
    ],
)
def test_a_graphql_field_is_called_with_an_action_of_appsync(
    world: Any, function: Any, action: str, routes: list[str]
) -> None:
    """A role that may call APIs of API Gateway may not call those of AppSync."""
    api = (
        "  Api: {Type: AWS::AppSync::GraphQLApi, Properties: {Name: a, AuthenticationType: AWS_IAM}}\n"
        "  Nothing: {Type: AWS::AppSync::DataSource, Properties: {ApiId: !GetAtt Api.ApiId, Name: n, Type: NONE}}\n"
        "  Field: {Type: AWS::AppSync::Resolver, Properties: {ApiId: !GetAtt Api.ApiId, TypeName: Query, "
        "FieldName: orders, DataSourceName: n}}\n"
    )
    statement = f"{{Effect: Allow, Action: '{action}', Resource: !Sub '${{Api.Arn}}/*'}}"
    made = world(api, function("Fn", statement))
    edges = made.edges(EdgeKind.CAN_INVOKE, "FnRole")
    assert [made.graph.nodes[edge.target].label for edge in edges] == routes
