"""REST APIs: methods, authorizers, policies, stages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from permscope.inventory.facts import (
    AnyFact,
    Auth,
    Mechanism,
    Resource,
    ResourcePolicy,
    RoleUse,
    Route,
    Trigger,
    Unknown,
)

Read = Callable[[str], list[AnyFact]]
API = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}"
FN = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${Fn}"
ROLE = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${Role}"
INVOKE = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations"

WORLD = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13, Role: !GetAtt Role.Arn}}
  Role: {Type: AWS::IAM::Role, Properties: {Path: /}}
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: orders}}
  Orders: {Type: AWS::ApiGateway::Resource, Properties:
    {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: orders}}
  Order: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: !Ref Api, ParentId: !Ref Orders, PathPart: "{id}"}}
"""
METHOD = """
  Method:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Order
      HttpMethod: GET
"""


def of(facts: list[AnyFact], kind: type) -> list:
    """The facts of one kind that API Gateway's readers gave."""
    return [fact for fact in facts if isinstance(fact, kind)]


def method(read: Read, properties: str, rest: str = "") -> list[AnyFact]:
    """The facts of one method with the given lines of properties."""
    lines = "".join(f"      {line}\n" for line in properties.strip().splitlines())
    return read(WORLD + METHOD + lines + rest)


PROXY = f"Integration: {{Type: AWS_PROXY, IntegrationHttpMethod: POST, Uri: !Sub '{INVOKE}'}}"
STAGE = "  Stage: {Type: AWS::ApiGateway::Stage, Properties: {RestApiId: !Ref Api, StageName: prod}}\n"


def test_a_method_is_a_route_with_its_full_path(read: Read) -> None:
    """The chain of parents gives the path, and the method's own line is the place."""
    (route,) = of(method(read, f"AuthorizationType: NONE\n{PROXY}", STAGE), Route)
    assert (route.method, route.path, route.auth) == ("GET", "/orders/{id}", Auth.NONE)
    assert route.id == f"route:{API}/GET/orders/{{id}}"
    assert route.execute_arn == f"{API}/prod/GET/orders/*"
    assert route.source.line == 10


def test_a_lambda_method_is_let_in_by_the_functions_policy(read: Read) -> None:
    """The source ARN has the real stage and `*` for a path parameter.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-to-api.html
    """
    facts = method(read, f"AuthorizationType: NONE\n{PROXY}", STAGE)
    (trigger,) = of(facts, Trigger)
    assert trigger.function_arn == FN
    assert trigger.mechanism is Mechanism.RESOURCE_POLICY
    assert trigger.service == "apigateway.amazonaws.com"
    assert trigger.source_arn == f"{API}/prod/GET/orders/*"
    assert trigger.source_id == of(facts, Route)[0].id


def test_a_stage_nobody_named_is_unknown(read: Read) -> None:
    """An API without stage in the template has an unknown stage in its source ARN."""
    (trigger,) = of(method(read, f"AuthorizationType: NONE\n{PROXY}"), Trigger)
    assert trigger.source_arn == f"{API}/${{Unknown::stage}}/GET/orders/*"


@pytest.mark.parametrize(
    ("asks", "auth", "api_key"),
    [
        ("AuthorizationType: NONE", Auth.NONE, False),
        ("HttpMethod: POST", Auth.NONE, False),
        ("AuthorizationType: AWS_IAM", Auth.IAM, False),
        ("AuthorizationType: CUSTOM\nAuthorizerId: abc", Auth.LAMBDA, False),
        ("AuthorizationType: COGNITO_USER_POOLS\nAuthorizerId: abc", Auth.COGNITO, False),
        ("AuthorizationType: NONE\nApiKeyRequired: true", Auth.API_KEY, True),
        ("AuthorizationType: AWS_IAM\nApiKeyRequired: true", Auth.IAM, True),
        ("AuthorizationType: !Ref Kind", Auth.UNKNOWN, False),
    ],
)
def test_what_a_method_asks_of_its_callers(read: Read, asks: str, auth: Auth, api_key: bool) -> None:
    """`AuthorizationType` and `ApiKeyRequired` say it; a parameter nobody gave is unknown.

    https://docs.aws.amazon.com/apigateway/latest/api/API_Method.html
    """
    (route,) = of(method(read, f"{asks}\n{PROXY}"), Route)
    assert (route.auth, route.api_key) == (auth, api_key)


@pytest.mark.parametrize(
    ("credentials", "mechanism", "role"),
    [
        ("!GetAtt Role.Arn", Mechanism.SERVICE_ROLE, ROLE),
        ("'arn:aws:iam::*:user/*'", Mechanism.CALLER, None),
        ("!Sub 'arn:${AWS::Partition}:iam::*:user/*'", Mechanism.CALLER, None),
    ],
)
def test_credentials_choose_whose_rights_run_the_function(
    read: Read, credentials: str, mechanism: Mechanism, role: str | None
) -> None:
    """A role is assumed, `arn:aws:iam::*:user/*` passes the caller's identity on.

    https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html
    """
    proxy = f"Integration: {{Type: AWS_PROXY, Uri: !Sub '{INVOKE}', Credentials: {credentials}}}"
    (trigger,) = of(method(read, f"AuthorizationType: AWS_IAM\n{proxy}"), Trigger)
    assert (trigger.mechanism, trigger.role_arn) == (mechanism, role)
    assert [(need.actions, need.resource_arn) for need in trigger.required] == [(("lambda:InvokeFunction",), FN)]


def test_stage_variables_choose_a_function_for_each_stage(read: Read) -> None:
    """Each stage with its variable is one trigger; a stage without the variable runs something unknown."""
    uri = INVOKE.replace("Fn.Arn}", "Fn.Arn}:$stageVariables.alias")
    stages = (
        "  Dev: {Type: AWS::ApiGateway::Stage, Properties:\n"
        "    {RestApiId: !Ref Api, StageName: dev, Variables: {alias: live}}}\n"
        "  Prod: {Type: AWS::ApiGateway::Stage, Properties: {RestApiId: !Ref Api, StageName: prod}}\n"
    )
    facts = method(read, f"Integration: {{Type: AWS_PROXY, Uri: !Sub '{uri}'}}", stages)
    assert [(trigger.function_arn, trigger.source_arn) for trigger in of(facts, Trigger)] == [
        (f"{FN}:live", f"{API}/dev/GET/orders/*"),
        (f"{FN}:${{Unknown::stageVariables.alias}}", f"{API}/prod/GET/orders/*"),
    ]
    assert len(of(facts, Route)) == 1


def test_a_service_integration_acts_with_its_role(read: Read) -> None:
    """The Uri gives the action, the mapping template the table."""
    integration = (
        "Integration:\n"
        "  Type: AWS\n"
        "  IntegrationHttpMethod: POST\n"
        "  Credentials: !GetAtt Role.Arn\n"
        "  Uri: !Sub arn:aws:apigateway:${AWS::Region}:dynamodb:action/PutItem\n"
        "  RequestTemplates:\n"
        '    application/json: !Sub \'{"TableName": "${Table}", "Item": {"id": {"S": "$input.params(1)"}}}\'\n'
    )
    table = "  Table: {Type: AWS::DynamoDB::Table, Properties: {BillingMode: PAY_PER_REQUEST}}\n"
    facts = method(read, integration, table)
    (use,) = of(facts, RoleUse)
    (route,) = of(facts, Route)
    arn = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${Table}"
    assert (use.user_id, use.role_arn, use.service) == (route.id, ROLE, "apigateway.amazonaws.com")
    assert [(need.actions, need.resource_arn) for need in use.required] == [(("dynamodb:PutItem",), arn)]
    assert use.exact
    assert route.target == arn


def test_a_mock_method_is_a_route_that_runs_nothing(read: Read) -> None:
    """The preflight method of CORS is a route, marked as a mock."""
    facts = method(read, "Integration: {Type: MOCK}")
    assert of(facts, Route)[0].attributes["mock"] is True
    assert not of(facts, Trigger)


def test_a_method_without_integration_is_said(read: Read) -> None:
    """A method that names nothing to run is a route and an unknown."""
    facts = method(read, "AuthorizationType: NONE")
    assert len(of(facts, Route)) == 1
    assert [fact.kind for fact in of(facts, Unknown) if "integration" in fact.kind] == ["integration"]


def test_the_short_form_of_a_resource_policy_is_written_out(read: Read) -> None:
    """`execute-api:/prod/*` protects the API's own ARN.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-examples.html
    """
    facts = read(
        """
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      EndpointConfiguration: {Types: [PRIVATE]}
      Policy:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/prod/*"}
          - {Effect: Deny, Principal: "*", Action: "execute-api:Invoke", Resource: ["*"]}
"""
    )
    (policy,) = of(facts, ResourcePolicy)
    assert policy.resource_arn == API
    assert [statement.resources for statement in policy.policy.statements] == [(f"{API}/prod/*",), ("*",)]
    (api,) = of(facts, Resource)
    assert api.attributes["private"] is True
    assert api.attributes["has_resource_policy"] is True


def test_a_lambda_authorizer_is_run_by_api_gateway(read: Read) -> None:
    """Its source ARN is the authorizer, not a method.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-lambda-function-create.html
    """
    authorizer = f"""
  Auth:
    Type: AWS::ApiGateway::Authorizer
    Properties: {{RestApiId: !Ref Api, Name: tokens, Type: TOKEN, AuthorizerUri: !Sub '{INVOKE}'}}
"""
    facts = method(read, f"AuthorizationType: CUSTOM\nAuthorizerId: !Ref Auth\n{PROXY}", authorizer)
    (trigger,) = [fact for fact in of(facts, Trigger) if fact.event == "authorizer"]
    assert trigger.function_arn == FN
    assert trigger.source_arn == f"{API}/authorizers/${{Auth}}"
    assert of(facts, Route)[0].authorizer == f"{API}/authorizers/${{Auth}}"


def test_only_a_closed_mutual_tls_api_is_protected_by_it(read: Read) -> None:
    """With the default endpoint open, the client certificate of the custom domain can be gone round.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html
    """
    domain = """
  Domain: {Type: AWS::ApiGateway::DomainName, Properties:
    {DomainName: a.example, MutualTlsAuthentication: {TruststoreUri: "s3://b/k"}}}
  Mapping: {Type: AWS::ApiGateway::BasePathMapping, Properties: {DomainName: !Ref Domain, RestApiId: !Ref Api}}
"""
    (route,) = of(method(read, PROXY, domain), Route)
    assert route.auth is Auth.NONE
    closed = WORLD.replace("{Name: orders}", "{Name: orders, DisableExecuteApiEndpoint: true}")
    (route,) = of(read(closed + METHOD + f"      {PROXY}\n" + domain), Route)
    assert route.auth is Auth.MUTUAL_TLS


def test_the_accounts_log_role_writes_logs(read: Read) -> None:
    """`AWS::ApiGateway::Account` uses a role for CloudWatch Logs."""
    facts = read(
        """
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {Path: /}}
  Account: {Type: AWS::ApiGateway::Account, Properties: {CloudWatchRoleArn: !GetAtt Role.Arn}}
"""
    )
    (use,) = of(facts, RoleUse)
    assert use.role_arn == ROLE
    assert "logs:PutLogEvents" in use.required[0].actions


def test_a_stage_says_where_its_logs_go_and_what_they_hold(read: Read) -> None:
    """Data tracing puts whole payloads into the logs."""
    facts = read(
        """
Resources:
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: a}}
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties:
      RestApiId: !Ref Api
      StageName: prod
      AccessLogSetting: {DestinationArn: "arn:aws:logs:us-east-1:111122223333:log-group:x"}
      MethodSettings: [{HttpMethod: "*", ResourcePath: "/*", LoggingLevel: INFO, DataTraceEnabled: true}]
"""
    )
    stage = next(fact for fact in of(facts, Resource) if fact.type == "AWS::ApiGateway::Stage")
    assert stage.attributes["data_trace_enabled"] is True
    assert stage.attributes["logging_levels"] == ("INFO",)
    assert stage.attributes["access_log_destination_arn"] == "arn:aws:logs:us-east-1:111122223333:log-group:x"
