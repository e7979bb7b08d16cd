"""HTTP and WebSocket APIs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from permscope.inventory.facts import AnyFact, Auth, Mechanism, RoleUse, Route, Trigger, Unknown

Read = Callable[[str], list[AnyFact]]
API = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}"
FN = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${Fn}"
ROLE = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${Role}"
WORLD = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13, Role: !GetAtt Role.Arn}}
  Role: {Type: AWS::IAM::Role, Properties: {Path: /}}
  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: orders, ProtocolType: HTTP}}
  Stage: {Type: AWS::ApiGatewayV2::Stage, Properties: {ApiId: !Ref Api, StageName: $default}}
  Link: {Type: AWS::ApiGatewayV2::Integration, Properties:
    {ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Fn.Arn}}
"""


def of(facts: list[AnyFact], kind: type) -> list:
    """The facts of one kind."""
    return [fact for fact in facts if isinstance(fact, kind)]


def route(key: str, properties: str = "", name: str = "Route") -> str:
    """A route that runs the function."""
    return (
        f"  {name}: {{Type: AWS::ApiGatewayV2::Route, Properties: {{ApiId: !Ref Api, RouteKey: '{key}', "
        f"Target: !Sub 'integrations/${{Link}}'{properties}}}}}\n"
    )


@pytest.mark.parametrize(
    ("key", "method", "path", "source"),
    [
        ("GET /orders/{id}", "GET", "/orders/{id}", "$default/GET/orders/{id}"),
        ("ANY /{proxy+}", "ANY", "/{proxy+}", "$default/${Unknown::method}/{proxy+}"),
        ("$default", None, "$default", "$default/$default"),
    ],
)
def test_a_route_key_is_a_route_and_a_source_arn(
    read: Read, key: str, method: str | None, path: str, source: str
) -> None:
    """`$default` has no method; the source ARN names the route as it is written, parameters and all.

    https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_apigatewayv2_integrations.HttpLambdaIntegration.html
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
    """
    facts = read(WORLD + route(key))
    (found,) = of(facts, Route)
    (trigger,) = of(facts, Trigger)
    assert (found.method, found.path, found.auth) == (method, path, Auth.NONE)
    assert (trigger.function_arn, trigger.source_arn) == (FN, f"{API}/{source}")
    assert trigger.source_id == found.id


@pytest.mark.parametrize(
    ("asks", "auth"),
    [
        ("NONE", Auth.NONE),
        ("AWS_IAM", Auth.IAM),
        ("JWT", Auth.JWT),
        ("CUSTOM", Auth.LAMBDA),
        ("SOMETHING", Auth.UNKNOWN),
    ],
)
def test_what_a_route_asks_of_its_callers(read: Read, asks: str, auth: Auth) -> None:
    """`AuthorizationType` says it.

    https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-routes.html
    """
    (found,) = of(read(WORLD + route("GET /a", f", AuthorizationType: {asks}")), Route)
    assert found.auth is auth


def test_quick_create_makes_an_open_default_route(read: Read) -> None:
    """`Target` alone makes `$default`, which runs the function for anybody."""
    world = WORLD.replace("ProtocolType: HTTP", "ProtocolType: HTTP, Target: !GetAtt Fn.Arn")
    facts = read(world)
    (found,) = of(facts, Route)
    (trigger,) = of(facts, Trigger)
    assert (found.path, found.auth) == ("$default", Auth.NONE)
    assert (trigger.function_arn, trigger.source_arn) == (FN, f"{API}/$default/$default")


def test_connect_decides_for_every_route_of_a_websocket_api(read: Read) -> None:
    """Messages come over a connection that `$connect` let in; without that route anybody connects.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-control-access-iam.html
    """
    world = WORLD.replace("ProtocolType: HTTP", "ProtocolType: WEBSOCKET")
    uri = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations"
    world = world.replace("IntegrationUri: !GetAtt Fn.Arn", f"IntegrationUri: !Sub '{uri}'")
    facts = read(world + route("$connect", ", AuthorizationType: AWS_IAM", "Connect") + route("send", name="Send"))
    assert [(found.path, found.auth, found.attributes.get("auth_from")) for found in of(facts, Route)] == [
        ("$connect", Auth.IAM, None),
        ("send", Auth.IAM, "$connect"),
    ]
    assert [trigger.source_arn for trigger in of(facts, Trigger)] == [
        f"{API}/$default/$connect",
        f"{API}/$default/send",
    ]
    (alone,) = of(read(world + route("send", ", AuthorizationType: AWS_IAM")), Route)
    assert (alone.auth, alone.attributes["no_connect_route"]) == (Auth.NONE, True)


@pytest.mark.parametrize(
    ("subtype", "parameters", "action", "resource", "exact"),
    [
        ("SQS-SendMessage", "{QueueUrl: !Ref Queue}", "sqs:SendMessage", "sqs:R:A:${Queue}", True),
        ("SQS-PurgeQueue", "{QueueUrl: $request.body.q}", "sqs:PurgeQueue", "sqs:R:A:?", False),
        ("EventBridge-PutEvents", "{Source: a}", "events:PutEvents", "events:R:A:event-bus/default", True),
        ("EventBridge-PutEvents", "{EventBusName: b}", "events:PutEvents", "events:R:A:event-bus/b", True),
        ("Kinesis-PutRecord", "{StreamName: s}", "kinesis:PutRecord", "kinesis:R:A:stream/s", True),
        (
            "StepFunctions-StartSyncExecution",
            "{StateMachineArn: 'arn:aws:states:us-east-1:111122223333:stateMachine:m'}",
            "states:StartSyncExecution",
            "arn:aws:states:us-east-1:111122223333:stateMachine:m",
            True,
        ),
        (
            "AppConfig-GetConfiguration",
            "{Application: a}",
            "appconfig:GetConfiguration",
            "appconfig:R:A:application/a",
            False,
        ),
    ],
)
def test_service_subtypes_act_with_the_integrations_role(
    read: Read, subtype: str, parameters: str, action: str, resource: str, exact: bool
) -> None:
    """The subtype gives the action, the request parameters the resource.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services-reference.html
    """
    world = WORLD.replace(
        "IntegrationUri: !GetAtt Fn.Arn",
        f"IntegrationSubtype: {subtype}, CredentialsArn: !GetAtt Role.Arn, RequestParameters: {parameters}",
    )
    queue = "  Queue: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: 1}}\n"
    facts = read(world + route("POST /a") + queue)
    (use,) = of(facts, RoleUse)
    (need,) = use.required
    wanted = resource if resource.startswith("arn:") else f"arn:${{AWS::Partition}}:{resource}"
    wanted = wanted.replace("R:A", "${AWS::Region}:${AWS::AccountId}").replace("?", "${Unknown::request/QueueUrl}")
    assert (use.role_arn, need.actions, need.resource_arn, use.exact) == (ROLE, (action,), wanted, exact)


def test_a_lambda_authorizer_is_a_trigger(read: Read) -> None:
    """HTTP API authorizers run by the function's policy, or by their role."""
    uri = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations"
    authorizer = (
        "  Auth: {Type: AWS::ApiGatewayV2::Authorizer, Properties: {ApiId: !Ref Api, AuthorizerType: REQUEST, "
        f"AuthorizerUri: !Sub '{uri}', AuthorizerCredentialsArn: !GetAtt Role.Arn}}}}\n"
    )
    facts = read(WORLD + authorizer + route("GET /a", ", AuthorizationType: CUSTOM, AuthorizerId: !Ref Auth"))
    trigger = next(fact for fact in of(facts, Trigger) if fact.event == "authorizer")
    assert (trigger.mechanism, trigger.role_arn) == (Mechanism.SERVICE_ROLE, ROLE)
    assert of(facts, Route)[0].authorizer == f"{API}/authorizers/${{Auth}}"


def test_a_target_outside_the_template_is_said(read: Read) -> None:
    """A route to an integration that is not there is a route and an unknown."""
    facts = read(WORLD + route("GET /a").replace("${Link}", "abc123"))
    assert len(of(facts, Route)) == 1
    assert [fact.kind for fact in of(facts, Unknown) if fact.kind == "integration"] == ["integration"]
