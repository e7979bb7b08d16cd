"""GraphQL and Event APIs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from permscope.inventory.facts import AnyFact, Auth, Delivery, Mechanism, RoleUse, Route, Trigger

Read = Callable[[str], list[AnyFact]]
API = "arn:${AWS::Partition}:appsync:${AWS::Region}:${AWS::AccountId}:apis/${Api.ApiId}"
FN = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${Fn}"
ROLE = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${Role}"
TABLE = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${Table}"
WORLD = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13, Role: !GetAtt Role.Arn}}
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}}}
  Table: {Type: AWS::DynamoDB::Table, Properties: {BillingMode: PAY_PER_REQUEST}}
  Api: {Type: AWS::AppSync::GraphQLApi, Properties: {Name: a, AuthenticationType: MODE}}
  Lambda: {Type: AWS::AppSync::DataSource, Properties: {ApiId: !GetAtt Api.ApiId, Name: fn, Type: AWS_LAMBDA,
    ServiceRoleArn: !GetAtt Role.Arn, LambdaConfig: {LambdaFunctionArn: !GetAtt Fn.Arn}}}
  Rows: {Type: AWS::AppSync::DataSource, Properties: {ApiId: !GetAtt Api.ApiId, Name: rows, Type: AMAZON_DYNAMODB,
    ServiceRoleArn: !GetAtt Role.Arn, DynamoDBConfig: {TableName: !Ref Table, AwsRegion: !Ref AWS::Region}}}
  Orders: {Type: AWS::AppSync::Resolver, Properties: {ApiId: !GetAtt Api.ApiId, TypeName: Query, FieldName: orders,
    DataSourceName: !GetAtt Lambda.Name}}
"""
EXTRA = "MODE, AdditionalAuthenticationProviders: [{AuthenticationType: API_KEY}]"


def of(facts: list[AnyFact], kind: type) -> list:
    """The facts of one kind."""
    return [fact for fact in facts if isinstance(fact, kind)]


@pytest.mark.parametrize(
    ("mode", "auth"),
    [
        ("API_KEY", Auth.API_KEY),
        ("AWS_IAM", Auth.IAM),
        ("AMAZON_COGNITO_USER_POOLS", Auth.COGNITO),
        ("OPENID_CONNECT", Auth.JWT),
        ("AWS_LAMBDA", Auth.LAMBDA),
    ],
)
def test_a_resolver_is_a_route_that_asks_what_its_api_asks(read: Read, mode: str, auth: Auth) -> None:
    """Callers need `appsync:GraphQL` on the field.

    https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html
    """
    (route,) = of(read(WORLD.replace("MODE", mode)), Route)
    assert (route.path, route.auth, route.api_id) == ("Query.orders", auth, API)
    assert route.execute_arn == f"{API}/types/Query/fields/orders"


@pytest.mark.parametrize(
    ("schema", "auth"),
    [
        ("type Query { orders: [Int] }", Auth.IAM),
        ("type Query { orders: [Int] @aws_api_key @aws_iam }", Auth.API_KEY),
        ("type Query @aws_api_key { orders: [Int] @aws_iam }", Auth.IAM),
        (None, Auth.UNKNOWN),
    ],
)
def test_directives_choose_among_several_modes(read: Read, schema: str | None, auth: Auth) -> None:
    """Without the schema nobody can tell which fields an additional API key opens."""
    world = WORLD.replace("MODE", EXTRA.replace("MODE", "AWS_IAM"))
    if schema is not None:
        world += "  Schema: {Type: AWS::AppSync::GraphQLSchema, Properties: {ApiId: !GetAtt Api.ApiId,\n"
        world += f"    Definition: '{schema}'}}}}\n"
    (route,) = of(read(world), Route)
    assert route.auth is auth


@pytest.mark.parametrize(
    ("schema", "auth"),
    [("type Query { orders: [Int] }", Auth.API_KEY), ("type Query { orders: [Int] @aws_iam }", Auth.IAM), ("", None)],
)
def test_a_key_by_default_opens_what_no_directive_closes(read: Read, schema: str, auth: Auth | None) -> None:
    """And without the schema nobody can tell what that is."""
    more = "API_KEY, AdditionalAuthenticationProviders: [{AuthenticationType: AWS_IAM}]"
    world = WORLD.replace("MODE", more)
    if schema:
        world += "  Schema: {Type: AWS::AppSync::GraphQLSchema, Properties: {ApiId: !GetAtt Api.ApiId,\n"
        world += f"    Definition: '{schema}'}}}}\n"
    (route,) = of(read(world), Route)
    assert route.auth is (auth or Auth.UNKNOWN)


def test_a_function_behind_a_field_runs_by_the_data_sources_role(read: Read) -> None:
    """The resolver hands on to the data source, which invokes with its service role."""
    facts = read(WORLD)
    (trigger,) = of(facts, Trigger)
    assert (trigger.function_arn, trigger.mechanism, trigger.role_arn) == (FN, Mechanism.SERVICE_ROLE, ROLE)
    assert trigger.source_id == f"{API}/datasources/fn"
    (delivery,) = of(facts, Delivery)
    assert (delivery.sender_id, delivery.target_arn) == (f"route:{API}/types/Query/fields/orders", trigger.source_id)


@pytest.mark.parametrize(
    ("code", "actions", "exact"),
    [
        ('RequestMappingTemplate: \'{"operation": "GetItem"}\'', ("dynamodb:GetItem",), True),
        ("Code: 'return ddb.put({}); // or ddb.query({})'", ("dynamodb:PutItem", "dynamodb:Query"), True),
        ("CodeS3Location: 's3://b/k'", (), False),
    ],
)
def test_a_table_needs_what_the_resolvers_do(read: Read, code: str, actions: tuple[str, ...], exact: bool) -> None:
    """What code elsewhere does is not known."""
    resolver = (
        "  One: {Type: AWS::AppSync::Resolver, Properties:\n"
        "    {ApiId: !GetAtt Api.ApiId, TypeName: Query, FieldName: one,\n"
        f"    DataSourceName: !GetAtt Rows.Name, {code}}}}}\n"
    )
    (use,) = of(read(WORLD + resolver), RoleUse)
    assert (use.user_id, use.exact) == (f"{API}/datasources/rows", exact)
    assert [(need.actions, need.resource_arn) for need in use.required] == ([(actions, TABLE)] if actions else [])


def test_a_pipeline_reaches_the_data_sources_of_its_functions(read: Read) -> None:
    """A pipeline resolver has no data source of its own."""
    pipeline = """
  Step: {Type: AWS::AppSync::FunctionConfiguration, Properties:
    {ApiId: !GetAtt Api.ApiId, Name: step, DataSourceName: !GetAtt Rows.Name}}
  Two: {Type: AWS::AppSync::Resolver, Properties: {ApiId: !GetAtt Api.ApiId, TypeName: Query, FieldName: two,
    Kind: PIPELINE, PipelineConfig: {Functions: [!GetAtt Step.FunctionId]}}}
"""
    facts = read(WORLD + pipeline)
    route = next(route for route in of(facts, Route) if route.path == "Query.two")
    assert route.target == f"{API}/datasources/rows"


def test_an_authorizer_is_let_in_by_the_functions_policy(read: Read) -> None:
    """The API is the source AppSync names.

    https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html#aws-lambda-authorization
    """
    world = WORLD.replace("MODE", "AWS_LAMBDA, LambdaAuthorizerConfig: {AuthorizerUri: !GetAtt Fn.Arn}")
    trigger = next(trigger for trigger in of(read(world), Trigger) if trigger.event == "authorizer")
    assert (trigger.mechanism, trigger.service) == (Mechanism.RESOURCE_POLICY, "appsync.amazonaws.com")
    assert (trigger.source_id, trigger.source_arn) == (API, API)


def test_a_channel_namespace_is_two_routes(read: Read) -> None:
    """Publishing and subscribing ask for what the namespace says, else for what the API says.

    https://docs.aws.amazon.com/appsync/latest/eventapi/configure-event-api-auth.html
    """
    facts = read(
        """
Resources:
  Api:
    Type: AWS::AppSync::Api
    Properties:
      Name: e
      EventConfig:
        AuthProviders: [{AuthType: API_KEY}, {AuthType: AWS_IAM}]
        ConnectionAuthModes: [{AuthType: API_KEY}]
        DefaultPublishAuthModes: [{AuthType: AWS_IAM}]
        DefaultSubscribeAuthModes: [{AuthType: API_KEY}]
  Space: {Type: AWS::AppSync::ChannelNamespace, Properties: {ApiId: !GetAtt Api.ApiId, Name: news,
    SubscribeAuthModes: [{AuthType: AWS_IAM}]}}
"""
    )
    assert [(route.method, route.path, route.auth) for route in of(facts, Route)] == [
        ("PUBLISH", "/news/*", Auth.IAM),
        ("SUBSCRIBE", "/news/*", Auth.IAM),
    ]
