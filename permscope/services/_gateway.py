"""What REST, HTTP and WebSocket APIs share: stages, ARNs, and how one operation of an API becomes facts.

ARNs: https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from typing import Any

from permscope.inventory.facts import AnyFact, Auth, Mechanism, Need, RoleUse, Route, Trigger, Unknown, resource_id
from permscope.inventory.located import as_text
from permscope.inventory.tokens import unknown_token
from permscope.lazy import dataclass, regex
from permscope.services._gateway_calls import Integration, call_of, function_in
from permscope.services._values import Text, dig, origin_of, texts
from permscope.services.interface import Stack, TemplateResource

SERVICE = "apigateway.amazonaws.com"
REST = "AWS::ApiGateway::RestApi"
V2 = "AWS::ApiGatewayV2::Api"
CALLER = "caller"

_PARAMETER = regex(r"(?<!\$)\{([^{}/]+?)\+?\}")
_STAGE_VARIABLE = regex(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}|\$stageVariables\.([A-Za-z0-9_]+)")
_CALLERS_OWN = regex(r"^arn:[^:]*(?:::Partition\})?:iam::\*:user/\*$")
_ANY_METHOD = unknown_token("Unknown", "method")
_MAPPINGS = ("AWS::ApiGateway::BasePathMapping", "AWS::ApiGatewayV2::ApiMapping")
_DOMAINS = ("AWS::ApiGateway::DomainName", "AWS::ApiGatewayV2::DomainName")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage of an API with its stage variables."""

    name: str
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """An API as its routes need to know it.

    Attributes:
        id: id of its `Resource` fact.
        reference: API id, or its token.
        arn: `arn:...:execute-api:R:A:API`.
        protocol: `REST`, `HTTP` or `WEBSOCKET`.
        stages: those the template has; empty where it has none.
        mutual_tls: whether every way to it asks for a client certificate.
        has_policy: whether it has a resource policy (REST only).
    """

    stack: Stack
    id: str
    reference: str
    arn: str
    protocol: str
    stages: tuple[Stage, ...] = ()
    private: bool = False
    mutual_tls: bool = False
    has_policy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method, route or route key of an API.

    Attributes:
        shared: keyword arguments of every fact about it (place, logical id, condition, stack).
        integration: what is behind it; None where that is not known.
    """

    api: Api
    method: str | None
    path: str
    auth: Auth
    shared: Mapping[str, Any]
    authorizer: str | None = None
    scopes: tuple[str, ...] = ()
    api_key: bool = False
    integration: Integration | None = None
    attributes: Mapping[str, str | bool | tuple[str, ...]] = field(default_factory=dict)


def api_of(resource: TemplateResource) -> Api:
    """The API that a `RestApi` or `ApiGatewayV2::Api` resource is."""
    stack = resource.stack
    protocol = "REST"
    if resource.type == V2:
        protocol = (as_text(resource.get("ProtocolType")) or "HTTP").upper()
    types = [*texts(dig(resource.properties, "EndpointConfiguration", "Types"))]
    types += texts(dig(resource.properties, "Body", "x-amazon-apigateway-endpoint-configuration", "types"))
    disabled = resource.flag("DisableExecuteApiEndpoint") or resource.flag(
        "Body", "x-amazon-apigateway-endpoint-configuration", "disableExecuteApiEndpoint"
    )
    # Quick create makes a `$default` stage along with its route.
    made = (Stage(name="$default"),) if resource.type == V2 and resource.get("Target") is not None else ()
    return Api(
        stack=stack,
        id=resource.id,
        reference=resource.ref,
        arn=_execute_arn(resource),
        protocol=protocol,
        stages=tuple(_stages(stack, resource.ref)) or made,
        private=any(found.text == "PRIVATE" for found in types),
        mutual_tls=disabled and mutual_tls(stack, resource.ref) == "all",
        has_policy=resource.get("Policy") is not None or resource.get("Body", "x-amazon-apigateway-policy") is not None,
    )


def api_named(stack: Stack, value: object, type_name: str) -> Api | None:
    """The API that a property such as `RestApiId` names, in this template or out of it; None for no text."""
    resource = stack.find(value, type_name)
    if resource is not None:
        return api_of(resource)
    reference = as_text(value)
    if not reference:
        return None
    return Api(
        stack=stack,
        id=resource_id(type_name, reference),
        reference=reference,
        arn=stack.arn("execute-api", reference),
        protocol="REST" if type_name == REST else "HTTP",
        stages=tuple(_stages(stack, reference)),
    )


def _execute_arn(resource: TemplateResource) -> str:
    if resource.arn and ":execute-api:" in resource.arn:
        return resource.arn
    return resource.stack.arn("execute-api", resource.ref)


def _stages(stack: Stack, reference: str) -> Iterator[Stage]:
    """The stages of an API; the `Stage` stage that SAM leaves on its deployments is not one anybody asked for."""
    named = set()
    for resource in stack.of_type("AWS::ApiGateway::Stage", "AWS::ApiGatewayV2::Stage", "AWS::ApiGateway::Deployment"):
        api = as_text(resource.get("RestApiId")) or as_text(resource.get("ApiId"))
        if api != reference:
            continue
        deployment = resource.type == "AWS::ApiGateway::Deployment"
        if deployment and resource.origin not in ("", resource.logical_id):
            continue
        variables = (
            resource.get("StageDescription", "Variables")
            if deployment
            else resource.get("Variables") or resource.get("StageVariables")
        )
        known = {key: as_text(value) for key, value in variables.items()} if isinstance(variables, Mapping) else {}
        for found in texts(resource.get("StageName")):
            if found.text not in named:
                named.add(found.text)
                yield Stage(name=found.text, variables={key: text for key, text in known.items() if text is not None})


def mutual_tls(stack: Stack, reference: str) -> str:
    """Whether `all`, `some` or `none` of an API's custom domains ask for a client certificate."""
    asked = []
    for mapping in stack.of_type(*_MAPPINGS):
        if reference in (as_text(mapping.get("RestApiId")), as_text(mapping.get("ApiId"))):
            domain = stack.find(mapping.get("DomainName"), *_DOMAINS)
            asked.append(domain is not None and domain.get("MutualTlsAuthentication", "TruststoreUri") is not None)
    if not any(asked):
        return "none"
    return "all" if all(asked) else "some"


def path_pattern(path: str) -> str:
    """A path with `*` for each parameter, as API Gateway writes it into source ARNs."""
    return _PARAMETER.sub("*", path)


def invoke_arn(api: Api, stage: str, method: str | None, path: str) -> str:
    """The ARN of a call, `API/STAGE/METHOD/PATH`; WebSocket routes and `$default` have `API/STAGE/ROUTEKEY`."""
    if method is None:
        return f"{api.arn}/{stage}/{path}"
    return f"{api.arn}/{stage}/{'*' if method == 'ANY' else method}/{path_pattern(path).lstrip('/')}"


def _source_arn(operation: Operation, stage: str) -> str:
    """The ARN that API Gateway sends to a function: an HTTP API names the route as it is, `{parameter}` and all.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    api, method = operation.api, operation.method
    if method is None:
        return invoke_arn(api, stage, method, operation.path)
    path = operation.path if api.protocol == "HTTP" else path_pattern(operation.path)
    return f"{api.arn}/{stage}/{_ANY_METHOD if method == 'ANY' else method}/{path.lstrip('/')}"


def route_id(api: Api, method: str | None, path: str) -> str:
    """`Route.id` of an operation."""
    return f"route:{api.arn}/{method}/{path.lstrip('/')}" if method else f"route:{api.arn}/{path}"


def route_facts(operation: Operation) -> Iterator[AnyFact]:
    """An operation as a `Route`, and what is behind it: triggers, uses of a role, unknowns."""
    api = operation.api
    behind: list[AnyFact] = []
    target = None
    attributes: dict[str, str | bool | tuple[str, ...]] = dict(operation.attributes)
    integration = operation.integration
    if integration is not None:
        attributes["integration"] = integration.kind
        if integration.kind == "mock":
            attributes["mock"] = True
        behind.extend(_triggers(operation, integration))
        if not behind:
            target, others = _behind(operation, integration)
            behind.extend(others)
        if integration.kind.startswith("http") and integration.uris:
            attributes["uri"] = origin_of(integration.uris[0].text) or ""
    if api.stages:
        attributes["stages"] = tuple(stage.name for stage in api.stages)
    if api.has_policy:
        attributes["has_resource_policy"] = True
    stage = api.stages[0].name if len(api.stages) == 1 else "*"
    yield Route(
        id=route_id(api, operation.method, operation.path),
        api_id=api.id,
        auth=_effective_auth(operation),
        method=operation.method,
        path=operation.path,
        authorizer=operation.authorizer,
        scopes=operation.scopes,
        api_key=operation.api_key,
        private=api.private,
        target=target,
        execute_arn=invoke_arn(api, stage, operation.method, operation.path),
        attributes=attributes,
        **operation.shared,
    )
    yield from behind


def _effective_auth(operation: Operation) -> Auth:
    if operation.auth is not Auth.NONE:
        return operation.auth
    if operation.api_key:
        return Auth.API_KEY
    return Auth.MUTUAL_TLS if operation.api.mutual_tls else Auth.NONE


def _per_stage(api: Api, text: str) -> Iterator[tuple[str, str]]:
    """Each stage with the text as it is there: stage variables are put in, one nobody set is unknown."""
    for stage in api.stages or (Stage(name=unknown_token("Unknown", "stage")),):
        yield (
            stage.name,
            _STAGE_VARIABLE.sub(
                lambda found, known=stage.variables: known.get(  # type: ignore[misc]
                    found[1] or found[2], unknown_token("Unknown", f"stageVariables.{found[1] or found[2]}")
                ),
                text,
            ),
        )


def _triggers(operation: Operation, integration: Integration) -> Iterator[Trigger]:
    """The functions behind an operation, one trigger per stage."""
    api = operation.api
    event = {"REST": "rest-method", "WEBSOCKET": "websocket-route"}.get(api.protocol, "http-route")
    for uri in integration.uris:
        for stage, text in _per_stage(api, uri.text):
            function = function_in(api.stack, text)
            if function is None:
                continue
            yield function_trigger(
                function,
                event=event,
                credentials=integration.credentials,
                source_id=route_id(api, operation.method, operation.path),
                source_arn=_source_arn(operation, stage),
                shared=under(operation.shared, uri),
            )


def under(shared: Mapping[str, Any], found: Text) -> Mapping[str, Any]:
    """Shared arguments of a fact that depends on the undecided condition of a value."""
    return {**shared, "only_if": found.only_if} if found.only_if else shared


def function_trigger(
    function: str,
    *,
    event: str,
    credentials: str | None,
    source_id: str,
    source_arn: str,
    shared: Mapping[str, Any],
) -> Trigger:
    """A function that API Gateway runs: by the function's policy, by a role, or as the caller.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/permissions.html
    """
    mechanism, role = Mechanism.RESOURCE_POLICY, None
    if credentials and _CALLERS_OWN.match(credentials):
        mechanism = Mechanism.CALLER
    elif credentials:
        mechanism, role = Mechanism.SERVICE_ROLE, credentials
    required: tuple[Need, ...] = ()
    if mechanism is not Mechanism.RESOURCE_POLICY:
        required = (Need(actions=("lambda:InvokeFunction",), resource_arn=function, why="to run the function"),)
    return Trigger(
        function_arn=function,
        event=event,
        mechanism=mechanism,
        service=SERVICE,
        source_id=source_id,
        source_arn=source_arn,
        role_arn=role,
        required=required,
        **shared,
    )


def _behind(operation: Operation, integration: Integration) -> tuple[str | None, list[AnyFact]]:
    """What is behind an operation that runs no function: the target, and the use of a role or an unknown."""
    api = operation.api
    route = route_id(api, operation.method, operation.path)
    what = f"integration of `{' '.join(part for part in (operation.method, operation.path) if part)}`"
    if integration.kind in ("mock", "http", "http_proxy"):
        arn = integration.uris[0].text if integration.uris else ""
        return (arn if arn.startswith("arn:") else None), []
    if not integration.uris and not integration.subtype:
        return None, [Unknown(what=what, why="it names nothing to call", kind="integration", **operation.shared)]
    uri = next(iter(_per_stage(api, integration.uris[0].text)))[1] if integration.uris else ""
    call = call_of(api.stack, uri, integration)
    if call is None:
        why = f"`{uri or integration.subtype}` is no integration that is known"
        return None, [Unknown(what=what, why=why, kind="integration", **operation.shared)]
    if not integration.credentials:
        why = "it has no credentials, and calls to an AWS service need a role"
        return call.target, [Unknown(what=what, why=why, kind="integration", **operation.shared)]
    return call.target, [
        RoleUse(
            user_id=route,
            role_arn=CALLER if _CALLERS_OWN.match(integration.credentials) else integration.credentials,
            service=SERVICE,
            required=call.needs,
            exact=call.exact,
            **operation.shared,
        )
    ]


def merged(facts: Iterable[AnyFact]) -> Iterator[AnyFact]:
    """Facts with one `Route` for each id; what the variants of an undecided condition ask may differ."""
    routes: dict[str, list[Route]] = {}
    kept: list[AnyFact | str] = []
    for fact in facts:
        if not isinstance(fact, Route):
            kept.append(fact)
            continue
        if fact.id not in routes:
            kept.append(fact.id)
        routes.setdefault(fact.id, []).append(fact)
    for entry in kept:
        if not isinstance(entry, str):
            yield entry
            continue
        first, *others = routes[entry]
        if not others:
            yield first
            continue
        asked = tuple(sorted({route.auth.value for route in (first, *others)}))
        yield replace(
            first,
            auth=first.auth if len(asked) == 1 else Auth.UNKNOWN,
            api_key=first.api_key and all(route.api_key for route in others),
            only_if=first.only_if if all(route.only_if == first.only_if for route in others) else None,
            attributes={**first.attributes, "auth_modes": asked} if len(asked) > 1 else first.attributes,
        )
