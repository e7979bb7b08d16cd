"""Amazon API Gateway HTTP and WebSocket APIs: routes, integrations, authorizers, stages.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from permscope.inventory.facts import AnyFact, Auth
from permscope.inventory.located import as_text
from permscope.inventory.tokens import unknown_token
from permscope.services._answers import arn_of, each, picked
from permscope.services._gateway import V2, Api, Operation, api_named, api_of, merged, mutual_tls, route_facts
from permscope.services._gateway_calls import Integration
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._openapi import body_facts
from permscope.services._values import about, texts
from permscope.services.apigateway import authorizer_triggers, credentials_in, names_of, read_domain
from permscope.services.interface import Stack, TemplateReader, TemplateResource

_CONNECT = "$connect"
_INTEGRATION = "AWS::ApiGatewayV2::Integration"
_AUTHORIZER = "AWS::ApiGatewayV2::Authorizer"
_AUTH: Mapping[str, Auth] = {"NONE": Auth.NONE, "AWS_IAM": Auth.IAM, "JWT": Auth.JWT, "CUSTOM": Auth.LAMBDA}


def read_api(resource: TemplateResource) -> Iterable[AnyFact]:
    """An HTTP or WebSocket API: itself, its quick-create route, and all its definition says."""
    api = api_of(resource)
    tls = mutual_tls(resource.stack, resource.ref)
    yield resource.resource(
        api_id=resource.ref,
        execute_arn=api.arn,
        protocol_type=api.protocol,
        disable_execute_api_endpoint=resource.flag("DisableExecuteApiEndpoint") or None,
        mutual_tls=tls if tls != "none" else None,
        cors_allow_origins=tuple(found.text for found in texts(resource.get("CorsConfiguration", "AllowOrigins"))),
        cors_allow_credentials=resource.flag("CorsConfiguration", "AllowCredentials") or None,
        stages=tuple(stage.name for stage in api.stages),
    )
    if resource.get("BodyS3Location") is not None and resource.get("Body") is None:
        place = resource.place("BodyS3Location")
        yield resource.unknown("`BodyS3Location`", "the definition is in a bucket", "external", place)
    if resource.get("Target") is not None:
        yield from merged(_quick_create(resource, api))
    yield from body_facts(resource, api, resource.properties.get("Body"))


def _quick_create(resource: TemplateResource, api: Api) -> Iterator[AnyFact]:
    """The route that `Target` makes: `$default` or `RouteKey`, in a `$default` stage, without authorization.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop.html
    """
    method, path = _split_key(resource.text("RouteKey") or "$default")
    targets = tuple(texts(resource.get("Target"), resource.place("Target")))
    to_url = all(target.text.startswith("http") for target in targets)
    yield from route_facts(
        Operation(
            api=api,
            method=method,
            path=path,
            auth=Auth.NONE,
            integration=Integration(
                kind="http_proxy" if to_url else "aws_proxy",
                uris=targets,
                credentials=resource.text("CredentialsArn"),
            ),
            shared=about(resource, resource.place("Target")),
            attributes={"written_in": "target"},
        )
    )


def _split_key(key: str) -> tuple[str | None, str]:
    """The method and path of a route key; `$default` and WebSocket keys have no method."""
    method, _, path = key.partition(" ")
    return (method.upper(), path.strip()) if path else (None, key)


def read_route(resource: TemplateResource) -> Iterable[AnyFact]:
    """A route with what is behind it."""
    api = api_named(resource.stack, resource.get("ApiId"), V2)
    if api is None:
        yield resource.unknown("the API", "`ApiId` is missing or no text", "shape")
        return
    yield from merged(_route(resource, api))


def _route(resource: TemplateResource, api: Api) -> Iterator[AnyFact]:
    for variant in resource.variants("AuthorizationType", "AuthorizerId", "RouteKey", "Target", "ApiKeyRequired"):
        key = variant.text("RouteKey") or unknown_token("Unknown", "route")
        method, path = _split_key(key)
        if api.protocol == "WEBSOCKET":
            method, path = None, key
        auth, authorizer, declared_by = _asked_of(variant, api, path)
        attributes: dict[str, str | bool | tuple[str, ...]] = {}
        if declared_by is None:
            attributes["no_connect_route"] = True
        elif declared_by is not variant:
            attributes["auth_from"] = _CONNECT
        integration, problem = _integration_of(variant)
        if problem:
            yield variant.unknown(f"the target of route `{key}`", problem, "integration")
        yield from route_facts(
            Operation(
                api=api,
                method=method,
                path=path,
                auth=auth,
                authorizer=authorizer,
                scopes=variant.texts("AuthorizationScopes"),
                api_key=(declared_by or variant).flag("ApiKeyRequired"),
                integration=integration,
                shared=about(variant),
                attributes=attributes,
            )
        )


def _asked_of(resource: TemplateResource, api: Api, path: str) -> tuple[Auth, str | None, TemplateResource | None]:
    """What a route asks of its callers, and the resource that says so; of a WebSocket API `$connect` decides.

    None instead of a resource: a WebSocket API without a `$connect` route takes everybody.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-control-access.html
    """
    decides = resource
    if api.protocol == "WEBSOCKET" and path != _CONNECT:
        connect = next(_connect_routes(resource.stack, api), None)
        if connect is None:
            return Auth.NONE, None, None
        decides = connect
        if len({as_text(route.get("AuthorizationType")) for route in decides.variants("AuthorizationType")}) > 1:
            return Auth.UNKNOWN, None, decides
    auth = _AUTH.get(decides.text("AuthorizationType") or "NONE", Auth.UNKNOWN)
    named = decides.text("AuthorizerId") if auth in (Auth.LAMBDA, Auth.JWT) else None
    authorizer = resource.stack.find(named, _AUTHORIZER)
    return auth, authorizer.id if authorizer else named, decides


def _connect_routes(stack: Stack, api: Api) -> Iterator[TemplateResource]:
    return (
        route
        for route in stack.of_type("AWS::ApiGatewayV2::Route")
        if as_text(route.get("RouteKey")) == _CONNECT and as_text(route.get("ApiId")) == api.reference
    )


def _integration_of(route: TemplateResource) -> tuple[Integration | None, str | None]:
    """The integration that a route's `Target` (`integrations/ID`) names, or why it is not known."""
    target = route.text("Target")
    if not target:
        return None, "it has none"
    resource = route.stack.find(target.removeprefix("integrations/"), _INTEGRATION)
    if resource is None:
        return None, f"`{target}` is no integration of this template"
    parameters = resource.get("RequestParameters")
    templates = resource.get("RequestTemplates")
    return (
        Integration(
            kind=(resource.text("IntegrationType") or "unknown").lower(),
            uris=tuple(texts(resource.get("IntegrationUri"), resource.place("IntegrationUri"))),
            method=resource.text("IntegrationMethod") or "",
            credentials=resource.text("CredentialsArn"),
            subtype=resource.text("IntegrationSubtype"),
            parameters=parameters if isinstance(parameters, Mapping) else {},
            templates=templates if isinstance(templates, Mapping) else {},
        ),
        None,
    )


def read_authorizer(resource: TemplateResource) -> Iterable[AnyFact]:
    """An authorizer of an HTTP or WebSocket API, and the function it asks."""
    api = api_named(resource.stack, resource.get("ApiId"), V2)
    yield resource.resource(
        api_id=api.id if api else None,
        authorizer_type=resource.text("AuthorizerType"),
        issuer=resource.text("JwtConfiguration", "Issuer"),
        audience=resource.texts("JwtConfiguration", "Audience"),
        result_ttl_in_seconds=resource.text("AuthorizerResultTtlInSeconds"),
    )
    if api is not None:
        yield from authorizer_triggers(resource, api, "AuthorizerUri", "AuthorizerCredentialsArn")


def read_stage(resource: TemplateResource) -> Iterable[AnyFact]:
    """A stage of an HTTP or WebSocket API: where its logs go and what they hold."""
    api = api_named(resource.stack, resource.get("ApiId"), V2)
    traced = resource.flag("DefaultRouteSettings", "DataTraceEnabled")
    routes = resource.get("RouteSettings")
    for settings in routes.values() if isinstance(routes, Mapping) else ():
        traced = traced or (isinstance(settings, Mapping) and as_text(settings.get("DataTraceEnabled")) == "true")
    yield resource.resource(
        api_id=api.id if api else None,
        stage_name=resource.text("StageName"),
        access_log_destination_arn=resource.text("AccessLogSettings", "DestinationArn"),
        data_trace_enabled=traced or None,
        auto_deploy=resource.flag("AutoDeploy") or None,
        variables=names_of(resource.get("StageVariables")),
        credentials=credentials_in(resource.get("StageVariables")),
    )


TEMPLATE: Mapping[str, TemplateReader] = {
    V2: read_api,
    "AWS::ApiGatewayV2::Route": read_route,
    _AUTHORIZER: read_authorizer,
    "AWS::ApiGatewayV2::Stage": read_stage,
    "AWS::ApiGatewayV2::DomainName": read_domain,
}


_GONE = ("NotFoundException",)


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every HTTP and WebSocket API with its routes, integrations, authorizers and stages, then domain names."""
    yield from each(session, _live_api, session.pages("apigatewayv2", "get_apis", "Items"))
    for item in session.pages("apigatewayv2", "get_domain_names", "Items"):
        name = item["DomainName"]
        for found in session.pages("apigatewayv2", "get_api_mappings", "Items", none=_GONE, DomainName=name):
            yield session.resource(
                "AWS::ApiGatewayV2::ApiMapping",
                {"DomainName": name, **picked(found, "ApiId", "Stage")},
                name=f"{name}/{found.get('ApiMappingKey') or ''}",
                call="apigatewayv2.get_api_mappings",
            )


def _live_api(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    api = item["ApiId"]
    properties = picked(item, "Name", "ProtocolType", "DisableExecuteApiEndpoint", "CorsConfiguration")
    yield session.resource(
        V2,
        properties,
        name=item["Name"],
        arn=session.stack.arn("execute-api", api),
        ref=api,
        call="apigatewayv2.get_apis",
    )
    for kind, operation, names in _PARTS:
        call = f"apigatewayv2.{operation}"
        for found in session.pages("apigatewayv2", operation, "Items", none=_GONE, ApiId=api):
            ref = found["StageName"] if kind == "Stage" else found[f"{kind}Id"]
            type_name = f"AWS::ApiGatewayV2::{kind}"
            arn = arn_of(session, type_name, ApiId=api, id=ref, name=ref)
            properties = {"ApiId": api, **picked(found, *names)}
            if "AccessLogSettings" in properties:
                properties["AccessLogSettings"] = picked(properties["AccessLogSettings"], "DestinationArn")
            name = found.get("RouteKey") or found.get("Name") or ref
            yield session.resource(type_name, properties, name=name, arn=arn, ref=ref, call=call)


_PARTS = (
    (
        "Integration",
        "get_integrations",
        (
            "IntegrationType",
            "IntegrationUri",
            "IntegrationMethod",
            "IntegrationSubtype",
            "CredentialsArn",
            "RequestParameters",
            "RequestTemplates",
        ),
    ),
    (
        "Authorizer",
        "get_authorizers",
        (
            "AuthorizerType",
            "AuthorizerUri",
            "AuthorizerCredentialsArn",
            "AuthorizerResultTtlInSeconds",
            "JwtConfiguration",
        ),
    ),
    (
        "Route",
        "get_routes",
        ("RouteKey", "Target", "AuthorizationType", "AuthorizerId", "AuthorizationScopes", "ApiKeyRequired"),
    ),
    (
        "Stage",
        "get_stages",
        (
            "StageName",
            "AccessLogSettings",
            "DefaultRouteSettings",
            "RouteSettings",
            "StageVariables",
            "AutoDeploy",
        ),
    ),
)

LIVE = (
    LiveReader(
        read=read_live,
        client="apigatewayv2",
        operations={
            "apigatewayv2.get_apis": "which HTTP and WebSocket APIs there are",
            "apigatewayv2.get_routes": "what the routes of an API ask of callers",
            "apigatewayv2.get_integrations": "which functions the routes of an API run",
            "apigatewayv2.get_authorizers": "which functions let callers in",
            "apigatewayv2.get_stages": "stages of HTTP and WebSocket APIs and their variables",
            "apigatewayv2.get_domain_names": "custom domain names",
            "apigatewayv2.get_api_mappings": "which API is behind a custom domain name",
        },
    ),
)
