"""What REST, HTTP and WebSocket APIs share, and that no reader of a front door is upset by strange input."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from permscope.inventory.facts import Auth, Fact, Route
from permscope.inventory.located import Alternatives
from permscope.services import (
    apigateway,
    apigatewayv2,
    appsync,
    cloudfront,
    cognito,
    elasticloadbalancing,
    vpclattice,
)
from permscope.services._gateway import Api, Stage, invoke_arn, merged, path_pattern
from permscope.services.interface import Stack, TemplateResource

MODULES: tuple[ModuleType, ...] = (
    apigateway,
    apigatewayv2,
    appsync,
    cloudfront,
    cognito,
    elasticloadbalancing,
    vpclattice,
)
READERS = [(kind, reader) for module in MODULES for kind, reader in module.TEMPLATE.items()]
ARN = "arn:aws:execute-api:eu-west-1:111122223333:a1"


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("/orders/{id}", "/orders/*"),
        ("/{proxy+}", "/*"),
        ("/${Param::Base}/{id}", "/${Param::Base}/*"),
        ("/{a}-{b}", "/*-*"),
    ],
)
def test_a_path_parameter_is_a_wildcard_and_a_token_is_not(path: str, pattern: str) -> None:
    """API Gateway writes `*` for parameters into source ARNs; what a deployment settles stays."""
    assert path_pattern(path) == pattern


@pytest.mark.parametrize(
    ("method", "path", "arn"),
    [
        ("GET", "/", f"{ARN}/prod/GET/"),
        ("GET", "/a/{b}", f"{ARN}/prod/GET/a/*"),
        ("ANY", "/a", f"{ARN}/prod/*/a"),
        (None, "$connect", f"{ARN}/prod/$connect"),
    ],
)
def test_the_arn_of_a_call(method: str | None, path: str, arn: str) -> None:
    """Stage, method and path; a route key alone for WebSocket routes.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html
    """
    api = Api(stack=Stack(), id="a", reference="a1", arn=ARN, protocol="REST", stages=(Stage(name="prod"),))
    assert invoke_arn(api, "prod", method, path) == arn


def test_what_an_undecided_condition_asks_is_unknown_where_it_differs() -> None:
    """A route is open in one deployment and signed in another: it is one route, and nobody knows what it asks."""
    routes = [
        Route(id="r", api_id="a", auth=Auth.NONE, only_if="Open", api_key=True),
        Route(id="r", api_id="a", auth=Auth.IAM, only_if="not Open"),
        Route(id="s", api_id="a", auth=Auth.IAM, only_if="Open"),
    ]
    first, second = merged(routes)
    assert isinstance(first, Route)
    assert (first.auth, first.only_if, first.api_key) == (Auth.UNKNOWN, None, False)
    assert first.attributes["auth_modes"] == ("iam", "none")
    assert second is routes[2]


KEYS = sorted(
    {
        *("RestApiId", "ResourceId", "HttpMethod", "AuthorizationType", "AuthorizerId", "Integration", "Uri", "Type"),
        *("Credentials", "RequestParameters", "RequestTemplates", "Body", "paths", "/a", "get", "security", "uri"),
        *("x-amazon-apigateway-integration", "x-amazon-apigateway-policy", "securityDefinitions", "custom", "type"),
        *("x-amazon-apigateway-authorizer", "authorizerUri", "Policy", "Statement", "EndpointConfiguration", "Types"),
        *("ApiId", "RouteKey", "Target", "IntegrationUri", "IntegrationSubtype", "StageName", "Variables", "$ref"),
        *("MethodSettings", "AccessLogSetting", "ApiStages", "CorsConfiguration", "AllowOrigins", "ParentId"),
        *("AuthenticationType", "AdditionalAuthenticationProviders", "LambdaAuthorizerConfig", "AuthorizerUri"),
        *("DataSourceName", "LambdaConfig", "LambdaFunctionArn", "PipelineConfig", "Functions", "Definition"),
        *("DistributionConfig", "Origins", "DomainName", "DefaultCacheBehavior", "LambdaFunctionAssociations"),
        *("LambdaFunctionARN", "PreSignUp", "CustomSMSSender", "Roles", "RoleMappings", "CognitoEvents"),
        *("TargetType", "Targets", "Id", "DefaultActions", "Actions", "Conditions", "Order", "ForwardConfig"),
        *("TargetGroups", "TargetGroupArn", "Match", "HttpMatch", "DefaultAction", "Forward", "EventConfig"),
    }
)
TEXTS = st.sampled_from(
    [
        "",
        "*",
        "AWS",
        "AWS_PROXY",
        "NONE",
        "lambda",
        "LAMBDA",
        "${Other}",
        "integrations/${Other}",
        "GET /a",
        "$connect",
        "arn:aws:apigateway:r:lambda:path/1/functions/f/invocations",
        "arn:aws:apigateway:r:dynamodb:action/GetItem",
        "arn:aws:apigateway:r:s3:path/{b}/{k}",
        "arn:aws:apigateway:r",
        "arn:",
        "${Url.FunctionUrl}",
        '{"paths": {"/": []}}',
        "#/a/b",
        "SQS-SendMessage",
        "99999999999999999999",
    ]
)
VALUES = st.recursive(
    st.one_of(TEXTS, st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
        st.lists(inner, min_size=1, max_size=2).map(lambda items: Alternatives(items, "Condition")),
    ),
    max_leaves=25,
)
PROPERTIES = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=10)


@given(kinds=st.lists(st.sampled_from(READERS), min_size=1, max_size=4), data=st.data())
@settings(max_examples=400, deadline=None)
def test_no_reader_is_upset_by_strange_input(kinds: list[Any], data: st.DataObject) -> None:
    """Templates are hostile: a reader gives facts and unknowns, whatever the properties are."""
    stack = Stack()
    names = ["Api", "Other", "Url", "More"]
    for name, (kind, _) in zip(names, kinds, strict=False):
        stack.resources[name] = TemplateResource(
            logical_id=name,
            type=kind,
            properties=data.draw(PROPERTIES),
            stack=stack,
            origin=name,
            name=f"${{{name}}}",
            ref=f"${{{name}}}",
        )
    for (_, reader), resource in zip(kinds, stack.resources.values(), strict=False):
        assert all(isinstance(fact, Fact) for fact in reader(resource))
