"""API Gateway of a live account: REST, HTTP and WebSocket APIs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import Auth, Mechanism, Resource, ResourcePolicy, RoleUse, Route, Trigger, Unknown
from permscope.services.apigateway import document

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:pay"
URI = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
ROLE = "arn:aws:iam::123456789012:role/api"
API = "arn:aws:execute-api:eu-west-1:123456789012:rest1"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": f"{API}/*"},
    ],
}
ESCAPED = json.dumps(json.dumps(POLICY))[1:-1]
REST: dict[str, Any] = {
    "apigateway.get_rest_apis": {
        "items": [
            {
                "id": "rest1",
                "name": "shop",
                "policy": ESCAPED,
                "apiKeySource": "HEADER",
                "endpointConfiguration": {"types": ["REGIONAL"]},
                "disableExecuteApiEndpoint": True,
            }
        ]
    },
    "apigateway.get_resources": {
        "items": [
            {"id": "root", "path": "/"},
            {
                "id": "res1",
                "parentId": "up",
                "pathPart": "{id}",
                "path": "/orders/{id}",
                "resourceMethods": {
                    "GET": {
                        "httpMethod": "GET",
                        "authorizationType": "CUSTOM",
                        "authorizerId": "auth1",
                        "apiKeyRequired": False,
                        "methodIntegration": {"type": "AWS_PROXY", "httpMethod": "POST", "uri": URI},
                    },
                    "POST": {
                        "httpMethod": "POST",
                        "authorizationType": "AWS_IAM",
                        "apiKeyRequired": False,
                        "methodIntegration": {
                            "type": "AWS",
                            "httpMethod": "POST",
                            "uri": "arn:aws:apigateway:eu-west-1:sqs:path/123456789012/orders",
                            "credentials": ROLE,
                            "requestParameters": {
                                "integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"
                            },
                            "requestTemplates": {"application/json": "Action=SendMessage&MessageBody=$input.body"},
                        },
                    },
                },
            },
        ]
    },
    "apigateway.get_authorizers": {
        "items": [{"id": "auth1", "name": "token", "type": "TOKEN", "authorizerUri": URI.replace("pay", "let-in")}]
    },
    "apigateway.get_stages": {
        "item": [
            {
                "stageName": "live",
                "variables": {"secret": "not kept"},
                "accessLogSettings": {"destinationArn": "arn:aws:logs:eu-west-1:123456789012:log-group:api"},
                "methodSettings": {"*/*": {"loggingLevel": "INFO", "dataTraceEnabled": True}},
            }
        ]
    },
    "apigateway.get_domain_names": {
        "items": [
            {
                "domainName": "api.example.com",
                "endpointConfiguration": {"types": ["REGIONAL"]},
                "mutualTlsAuthentication": {"truststoreUri": "s3://trust/store.pem"},
            }
        ]
    },
    "apigateway.get_usage_plans": {
        "items": [{"id": "plan1", "name": "gold", "apiStages": [{"apiId": "rest1", "stage": "live"}]}]
    },
    "apigateway.get_account": {"cloudwatchRoleArn": ROLE},
}


def test_methods_and_authorizers_run_their_functions(account: Callable[..., list[Any]]) -> None:
    """The source ARN has the stage, the verb and the path with `*` for its parameters."""
    found = {(trigger.event, trigger.source_arn) for trigger in account("apigateway", REST, Trigger)}
    assert found == {
        ("rest-method", f"{API}/live/GET/orders/*"),
        ("authorizer", f"{API}/authorizers/auth1"),
    }


def test_a_method_has_its_whole_path_and_its_authorizer(account: Callable[..., list[Any]]) -> None:
    """Paths come whole from the API; the authorizer is found by its id."""
    facts = account("apigateway", REST)
    routes = {fact.method: fact for fact in facts if isinstance(fact, Route)}
    assert {route.path for route in routes.values()} == {"/orders/{id}"}
    assert (routes["GET"].auth, routes["GET"].authorizer) == (Auth.LAMBDA, f"{API}/authorizers/auth1")
    assert routes["POST"].auth is Auth.IAM
    assert not [fact for fact in facts if isinstance(fact, Unknown)]


def test_a_service_integration_uses_its_role(account: Callable[..., list[Any]]) -> None:
    """The role sends to the queue of the path; the account's role writes logs."""
    needs = {
        need.resource_arn: need.actions
        for use in account("apigateway", REST, RoleUse)
        for need in use.required
        if need.resource_arn != "*"
    }
    assert needs == {"arn:aws:sqs:eu-west-1:123456789012:orders": ("sqs:SendMessage",)}


def test_the_policy_of_an_api_is_unescaped(account: Callable[..., list[Any]]) -> None:
    """API Gateway escapes the quotes of a policy once more."""
    (policy,) = account("apigateway", REST, ResourcePolicy)
    assert policy.resource_arn == API
    assert policy.policy.statements[0].resources == (f"{API}/*",)


def test_values_of_stage_variables_are_not_kept(account: Callable[..., list[Any]]) -> None:
    """Their names are."""
    facts = account("apigateway", REST)
    (stage,) = [fact for fact in facts if isinstance(fact, Resource) and fact.type == "AWS::ApiGateway::Stage"]
    assert stage.attributes["variables"] == ("secret",)
    assert stage.attributes["data_trace_enabled"] is True
    assert "not kept" not in repr(facts)


@pytest.mark.parametrize("text", [ESCAPED, json.dumps(POLICY)])
def test_a_policy_is_read_escaped_or_not(text: str) -> None:
    """Some servers leave the second escaping out."""
    assert document(text) == POLICY


V2: dict[str, Any] = {
    "apigatewayv2.get_apis": {
        "Items": [
            {
                "ApiId": "http1",
                "Name": "shop",
                "ProtocolType": "HTTP",
                "RouteSelectionExpression": "$request.method $request.path",
                "CorsConfiguration": {"AllowOrigins": ["*"]},
            }
        ]
    },
    "apigatewayv2.get_routes": {
        "Items": [
            {
                "RouteId": "route1",
                "RouteKey": "GET /orders",
                "Target": "integrations/int1",
                "AuthorizationType": "JWT",
                "AuthorizerId": "jwt1",
            },
            {"RouteId": "route2", "RouteKey": "$default", "Target": "integrations/int1", "AuthorizationType": "NONE"},
        ]
    },
    "apigatewayv2.get_integrations": {
        "Items": [{"IntegrationId": "int1", "IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION}]
    },
    "apigatewayv2.get_authorizers": {
        "Items": [
            {
                "AuthorizerId": "jwt1",
                "Name": "users",
                "AuthorizerType": "JWT",
                "JwtConfiguration": {"Issuer": "https://example.com", "Audience": ["shop"]},
            }
        ]
    },
    "apigatewayv2.get_stages": {"Items": [{"StageName": "$default", "AutoDeploy": True}]},
    "apigatewayv2.get_domain_names": {"Items": [{"DomainName": "api.example.com"}]},
    "apigatewayv2.get_api_mappings": {"Items": [{"ApiId": "http1", "Stage": "$default"}]},
}


def test_routes_of_an_http_api_run_their_function(account: Callable[..., list[Any]]) -> None:
    """The integration is found by its id, the authorizer too."""
    facts = account("apigatewayv2", V2)
    triggers = {fact.source_arn: fact.mechanism for fact in facts if isinstance(fact, Trigger)}
    api = "arn:aws:execute-api:eu-west-1:123456789012:http1"
    assert triggers == {
        f"{api}/$default/GET/orders": Mechanism.RESOURCE_POLICY,
        f"{api}/$default/$default": Mechanism.RESOURCE_POLICY,
    }
    auth = {fact.path: (fact.auth, fact.authorizer) for fact in facts if isinstance(fact, Route)}
    assert auth == {"/orders": (Auth.JWT, f"{api}/authorizers/jwt1"), "$default": (Auth.NONE, None)}
    assert not [fact for fact in facts if isinstance(fact, Unknown)]
