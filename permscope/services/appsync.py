"""AWS AppSync: GraphQL and Event APIs, their data sources, resolvers and authorizers.

https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html
https://docs.aws.amazon.com/appsync/latest/eventapi/event-api-welcome.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from permscope.inventory.facts import AnyFact, Auth, Delivery, Mechanism, Need, RoleUse, Route, Trigger, resource_id
from permscope.inventory.located import as_text
from permscope.lazy import regex
from permscope.services._graphql import SchemaAuth, directives_of
from permscope.services._values import Item, about, mappings, origin_of, texts
from permscope.services.interface import Stack, TemplateReader, TemplateResource

SERVICE = "appsync.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE,)

_GRAPHQL = "AWS::AppSync::GraphQLApi"
_EVENTS = "AWS::AppSync::Api"
_SOURCE = "AWS::AppSync::DataSource"
_FUNCTION = "AWS::AppSync::FunctionConfiguration"
_AUTH: Mapping[str, Auth] = {
    "API_KEY": Auth.API_KEY,
    "AWS_IAM": Auth.IAM,
    "AMAZON_COGNITO_USER_POOLS": Auth.COGNITO,
    "OPENID_CONNECT": Auth.JWT,
    "AWS_LAMBDA": Auth.LAMBDA,
}
_RESOLVER = "AWS::AppSync::Resolver"
_VTL_OPERATION = regex(r"[\"']?operation[\"']?\s{0,50}:\s{0,50}[\"']([A-Za-z]{1,40})[\"']")
# operation of a resolver's request -> what IAM calls it
_OPERATIONS: Mapping[str, str] = {
    **{name: name for name in ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem")},
    "BatchPutItem": "BatchWriteItem",
    "BatchDeleteItem": "BatchWriteItem",
    "TransactGetItems": "GetItem",
}
_JS_OPERATION = regex(r"\bddb\.(get|put|update|remove|query|scan|batchGet|batchPut|batchDelete)\s{0,20}[(<]")
_JS_OPERATIONS: Mapping[str, str] = {
    "get": "GetItem",
    "put": "PutItem",
    "update": "UpdateItem",
    "remove": "DeleteItem",
    "query": "Query",
    "scan": "Scan",
    "batchGet": "BatchGetItem",
    "batchPut": "BatchWriteItem",
    "batchDelete": "BatchWriteItem",
}


class _Api(NamedTuple):
    """An API as its resolvers need to know it."""

    id: str
    modes: tuple[Auth, ...]
    schema: SchemaAuth | None
    private: bool


def read_graphql_api(resource: TemplateResource) -> Iterable[AnyFact]:
    """A GraphQL API, its authorizer functions and its log and merge roles."""
    api = _api(resource)
    yield resource.resource(
        api_id=_api_id(resource),
        auth_modes=tuple(mode.value for mode in api.modes),
        private=api.private or None,
        visibility=resource.text("Visibility"),
        introspection=resource.text("IntrospectionConfig"),
        xray_enabled=resource.flag("XrayEnabled") or None,
        field_log_level=resource.text("LogConfig", "FieldLogLevel"),
        log_role_arn=resource.text("LogConfig", "CloudWatchLogsRoleArn"),
    )
    providers = [Item(resource.properties, None), *mappings(resource.get("AdditionalAuthenticationProviders"))]
    yield from _authorizers(resource, providers)
    yield from _log_role(resource)
    for role in texts(resource.get("MergedApiExecutionRoleArn"), resource.place("MergedApiExecutionRoleArn")):
        need = Need(actions=("appsync:SourceGraphQL",), resource_arn="*", why="to call the source APIs")
        yield RoleUse(
            user_id=resource.id,
            role_arn=role.text,
            service=SERVICE,
            required=(need,),
            exact=False,
            **about(resource, role.source, role.only_if),
        )


def read_event_api(resource: TemplateResource) -> Iterable[AnyFact]:
    """An Event API with its authorizer functions and log role."""
    providers = list(mappings(resource.get("EventConfig", "AuthProviders")))
    yield resource.resource(
        api_id=_api_id(resource),
        auth_modes=tuple(mode.value for mode in _modes(resource)),
        log_role_arn=resource.text("EventConfig", "LogConfig", "CloudWatchLogsRoleArn"),
    )
    yield from _authorizers(resource, providers)
    yield from _log_role(resource, "EventConfig")


def _authorizers(resource: TemplateResource, providers: Iterable[Item]) -> Iterator[AnyFact]:
    """The functions that decide who may call, let in by their own policies.

    https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html#aws-lambda-authorization
    """
    for provider in providers:
        for found in provider.texts("LambdaAuthorizerConfig", "AuthorizerUri"):
            function = resource.stack.function_arn(found.text)
            if function is not None:
                yield Trigger(
                    function_arn=function,
                    event="authorizer",
                    mechanism=Mechanism.RESOURCE_POLICY,
                    service=SERVICE,
                    source_id=resource.id,
                    source_arn=resource.arn,
                    **about(resource, found.source, found.only_if),
                )


def _log_role(resource: TemplateResource, *above: str) -> Iterator[AnyFact]:
    path = (*above, "LogConfig", "CloudWatchLogsRoleArn")
    actions = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
    group = resource.stack.arn("logs", f"log-group:/aws/appsync/apis/{_api_id(resource)}:*")
    for role in texts(resource.get(*path), resource.place(*path)):
        yield RoleUse(
            user_id=resource.id,
            role_arn=role.text,
            service=SERVICE,
            required=(Need(actions=actions, resource_arn=group, why="to write logs"),),
            **about(resource, role.source, role.only_if),
        )


def _api_id(resource: TemplateResource) -> str:
    return (resource.arn or resource.ref).rpartition(":apis/")[2] or resource.ref


def _api_named(stack: Stack, value: object) -> TemplateResource | None:
    """The API whose id or ARN a property holds."""
    text = as_text(value)
    if not text:
        return None
    found = stack.find(text, _GRAPHQL, _EVENTS)
    if found is not None:
        return found
    named = text.strip("${}").removesuffix(".ApiId").rpartition("/")[2]
    for api in stack.of_type(_GRAPHQL, _EVENTS):
        if _api_id(api) == text or api.logical_id == named:
            return api
    return None


def _modes(api: TemplateResource) -> tuple[Auth, ...]:
    """The ways an API lets callers in, the default one first."""
    if api.type == _EVENTS:
        found = [provider.text("AuthType") for provider in mappings(api.get("EventConfig", "AuthProviders"))]
    else:
        found = [text.text for text in texts(api.get("AuthenticationType"))] or [None]
        found += [
            provider.text("AuthenticationType") for provider in mappings(api.get("AdditionalAuthenticationProviders"))
        ]
    return tuple(_AUTH.get(name or "", Auth.UNKNOWN) for name in found) or (Auth.UNKNOWN,)


def _api(resource: TemplateResource) -> _Api:
    schema = None
    for held in resource.stack.of_type("AWS::AppSync::GraphQLSchema"):
        if _api_named(resource.stack, held.get("ApiId")) is resource:
            definition = as_text(held.get("Definition"))
            schema = directives_of(definition) if definition else None
    private = as_text(resource.get("Visibility")) == "PRIVATE"
    return _Api(resource.id, _modes(resource), schema, private)


def read_data_source(resource: TemplateResource) -> Iterable[AnyFact]:
    """A data source and what its role is used for."""
    kind = resource.text("Type") or ""
    role = resource.text("ServiceRoleArn")
    api = _api_named(resource.stack, resource.get("ApiId"))
    functions = [
        (arn, found)
        for found in texts(
            resource.get("LambdaConfig", "LambdaFunctionArn"), resource.place("LambdaConfig", "LambdaFunctionArn")
        )
        if (arn := resource.stack.function_arn(found.text))
    ]
    yield resource.resource(
        api_id=api.id if api else None,
        data_source_type=kind,
        service_role_arn=role,
        endpoint=origin_of(resource.text("HttpConfig", "Endpoint")),
    )
    for function, found in functions:
        yield Trigger(
            function_arn=function,
            event="appsync-data-source",
            mechanism=Mechanism.SERVICE_ROLE,
            service=SERVICE,
            source_id=resource.id,
            source_arn=api.arn if api else None,
            role_arn=role,
            required=(Need(actions=("lambda:InvokeFunction",), resource_arn=function, why="to run the function"),),
            **about(resource, found.source, found.only_if),
        )
    if kind not in ("AWS_LAMBDA", "NONE", "") and role:
        needs, exact = _needs(resource, kind)
        yield RoleUse(
            user_id=resource.id,
            role_arn=role,
            service=SERVICE,
            required=needs,
            exact=exact,
            **about(resource, resource.place("ServiceRoleArn")),
        )
    elif kind not in ("NONE", "HTTP", "") and not role and kind != "OPENSEARCH_SERVICE":
        yield resource.unknown("the role", "`ServiceRoleArn` is missing", "role")


def _needs(resource: TemplateResource, kind: str) -> tuple[tuple[Need, ...], bool]:
    """What a data source needs its role for; the resolvers decide how much of it.

    https://docs.aws.amazon.com/appsync/latest/devguide/tutorials.html
    """
    stack = resource.stack
    match kind:
        case "AMAZON_DYNAMODB":
            name = as_text(resource.get("DynamoDBConfig", "TableName"))
            if not name or resource.flag("DynamoDBConfig", "UseCallerCredentials"):
                return (), False
            found = stack.find(name, "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")
            region = as_text(resource.get("DynamoDBConfig", "AwsRegion"))
            arn = (found.arn if found else None) or stack.arn("dynamodb", f"table/{name}", region=region or None)
            actions, exact = _operations(resource)
            return (_one(actions, arn, "to resolve fields") if actions else ()), exact
        case "AMAZON_EVENTBRIDGE":
            bus = as_text(resource.get("EventBridgeConfig", "EventBusArn"))
            return _one(("events:PutEvents",), bus, "to put events"), bool(bus)
        case "RELATIONAL_DATABASE":
            path = ("RelationalDatabaseConfig", "RdsHttpEndpointConfig")
            cluster = as_text(resource.get(*path, "DbClusterIdentifier"))
            secret = as_text(resource.get(*path, "AwsSecretStoreArn"))
            return (
                *_one(("rds-data:ExecuteStatement",), cluster, "to run statements"),
                *_one(("secretsmanager:GetSecretValue",), secret, "to log in"),
            ), False
        case _:
            return (), False


def _one(actions: tuple[str, ...], resource_arn: str | None, why: str) -> tuple[Need, ...]:
    return (Need(actions=actions, resource_arn=resource_arn, why=why),) if resource_arn else ()


def _operations(source: TemplateResource) -> tuple[tuple[str, ...], bool]:
    """The table operations that the resolvers of a data source make, and whether all their code could be read."""
    found: dict[str, None] = {}
    all_read = True
    for resolver in source.stack.of_type(_RESOLVER, _FUNCTION):
        if source.id not in _sources_named(resolver):
            continue
        code = [text.text for name in ("RequestMappingTemplate", "Code") for text in texts(resolver.get(name))]
        named = [name for text in code for name in _operations_in(text)]
        all_read = all_read and bool(named)
        found.update(dict.fromkeys(named))
    return tuple(f"dynamodb:{name}" for name in found), all_read and bool(found)


def _operations_in(code: str) -> Iterator[str]:
    for name in _VTL_OPERATION.findall(code):
        if name in _OPERATIONS:
            yield _OPERATIONS[name]
    for name in _JS_OPERATION.findall(code):
        yield _JS_OPERATIONS[name]


def read_resolver(resource: TemplateResource) -> Iterable[AnyFact]:
    """A resolver as a route: the field that callers ask for, and the data sources behind it."""
    held = _api_named(resource.stack, resource.get("ApiId"))
    type_name, field = resource.text("TypeName") or "", resource.text("FieldName") or ""
    api = _api(held) if held is not None else None
    above = held.arn if held is not None and held.arn else resource.stack.arn("appsync", f"apis/{_named_id(resource)}")
    field_arn = f"{above}/types/{type_name}/fields/{field}"
    sources = list(dict.fromkeys(_sources(resource)))
    attributes: dict[str, str | bool | tuple[str, ...]] = {}
    auth = Auth.UNKNOWN
    if api is not None:
        auth = _auth_of_field(api, type_name, field)
        if len(api.modes) > 1:
            attributes["auth_modes"] = tuple(mode.value for mode in api.modes)
    shared = about(resource)
    yield Route(
        id=f"route:{field_arn}",
        api_id=api.id if api else resource_id(_GRAPHQL, _named_id(resource)),
        auth=auth,
        path=f"{type_name}.{field}",
        api_key=auth is Auth.API_KEY,
        private=api is not None and api.private,
        target=sources[0] if sources else None,
        execute_arn=field_arn,
        attributes=attributes,
        **shared,
    )
    for source in sources:
        yield Delivery(sender_id=f"route:{field_arn}", target_arn=source, event="resolver", **shared)
    conflict = resource.stack.function_arn(
        as_text(resource.get("SyncConfig", "LambdaConflictHandlerConfig", "LambdaConflictHandlerArn"))
    )
    if conflict is not None:
        role = _role_of(resource, sources)
        yield Trigger(
            function_arn=conflict,
            event="appsync-conflict-handler",
            mechanism=Mechanism.SERVICE_ROLE,
            service=SERVICE,
            source_id=f"route:{field_arn}",
            source_arn=above,
            role_arn=role,
            required=(Need(actions=("lambda:InvokeFunction",), resource_arn=conflict, why="to resolve conflicts"),),
            **shared,
        )


def _named_id(resource: TemplateResource) -> str:
    return as_text(resource.get("ApiId")) or resource.logical_id


def _auth_of_field(api: _Api, type_name: str, field: str) -> Auth:
    """What a field asks: its own directives, else those of its type, else the API's default mode.

    https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html#using-additional-authorization-modes
    """
    default, *others = api.modes
    if not others:
        return default
    if api.schema is None:
        # Nobody can tell which fields a key opens, or does not: the directives stand in the schema.
        return Auth.UNKNOWN if {Auth.API_KEY, Auth.UNKNOWN} & set(api.modes) else default
    named = api.schema.of(type_name, field)
    if not named:
        return default
    modes = [mode for mode in (_DIRECTIVES[name] for name in named) if mode in api.modes]
    weakest = (Auth.API_KEY, Auth.LAMBDA, Auth.JWT, Auth.COGNITO, Auth.IAM)
    return next((mode for mode in weakest if mode in modes), default)


_DIRECTIVES: Mapping[str, Auth] = {
    "aws_api_key": Auth.API_KEY,
    "aws_iam": Auth.IAM,
    "aws_cognito_user_pools": Auth.COGNITO,
    "aws_auth": Auth.COGNITO,
    "aws_oidc": Auth.JWT,
    "aws_lambda": Auth.LAMBDA,
}


def _sources(resource: TemplateResource) -> Iterator[str]:
    """Ids of the data sources behind a resolver: its own, or those of the functions of its pipeline."""
    yield from _sources_named(resource)
    for found in texts(resource.get("PipelineConfig", "Functions")):
        name = found.text.strip("${}").removesuffix(".FunctionId").rpartition("/")[2]
        step = resource.stack.find(found.text, _FUNCTION) or resource.stack.resources.get(name)
        if step is not None and step.type == _FUNCTION:
            yield from _sources_named(step)


def _sources_named(resource: TemplateResource) -> Iterator[str]:
    """Ids of the data sources of that name in the same API; names are unique in an API only."""
    api = as_text(resource.get("ApiId"))
    for found in texts(resource.get("DataSourceName")):
        logical_id = found.text.strip("${}").removesuffix(".Name").rpartition("/")[2]
        for source in resource.stack.of_type(_SOURCE):
            same_api = api is None or as_text(source.get("ApiId")) == api
            if same_api and (
                found.text in (source.name, source.ref, as_text(source.get("Name"))) or source.logical_id == logical_id
            ):
                yield source.id
                break


def _role_of(resource: TemplateResource, sources: list[str]) -> str | None:
    for source in resource.stack.of_type(_SOURCE):
        if source.id in sources:
            return as_text(source.get("ServiceRoleArn"))
    return None


def read_namespace(resource: TemplateResource) -> Iterable[AnyFact]:
    """A channel namespace of an Event API: routes for publishing and subscribing, and the handlers behind them.

    https://docs.aws.amazon.com/appsync/latest/eventapi/configure-event-api-auth.html
    """
    held = _api_named(resource.stack, resource.get("ApiId"))
    yield resource.resource(api_id=held.id if held else None)
    default = _modes_of(held)
    arn = held.arn if held is not None and held.arn else resource.stack.arn("appsync", f"apis/{_named_id(resource)}")
    name = resource.text("Name") or resource.name
    for action, handler, modes_at, default_at in (
        ("PUBLISH", "OnPublish", "PublishAuthModes", "DefaultPublishAuthModes"),
        ("SUBSCRIBE", "OnSubscribe", "SubscribeAuthModes", "DefaultSubscribeAuthModes"),
    ):
        named = list(mappings(resource.get(modes_at)))
        if not named and held is not None:
            named = list(mappings(held.get("EventConfig", default_at)))
        modes = tuple(_AUTH.get(mode.text("AuthType") or "", Auth.UNKNOWN) for mode in named) or default
        weakest = (Auth.UNKNOWN, Auth.API_KEY, Auth.LAMBDA, Auth.JWT, Auth.COGNITO, Auth.IAM)
        auth = next((mode for mode in weakest if mode in modes), Auth.UNKNOWN)
        route = f"route:{arn}/channelNamespace/{name}/{action}"
        sources = [
            source.id
            for found in texts(resource.get("HandlerConfigs", handler, "Integration", "DataSourceName"))
            for source in resource.stack.of_type(_SOURCE)
            if found.text in (source.name, source.ref, as_text(source.get("Name")))
            and as_text(source.get("ApiId")) == as_text(resource.get("ApiId"))
        ]
        yield Route(
            id=route,
            api_id=held.id if held else resource_id(_EVENTS, _named_id(resource)),
            auth=auth,
            method=action,
            path=f"/{name}/*",
            api_key=auth is Auth.API_KEY,
            target=sources[0] if sources else None,
            execute_arn=f"{arn}/channelNamespace/{name}",
            **about(resource),
        )
        for source in sources:
            yield Delivery(sender_id=route, target_arn=source, event="channel-handler", **about(resource))


def _modes_of(held: TemplateResource | None) -> tuple[Auth, ...]:
    return _modes(held) if held is not None else (Auth.UNKNOWN,)


TEMPLATE: Mapping[str, TemplateReader] = {
    _GRAPHQL: read_graphql_api,
    _EVENTS: read_event_api,
    _SOURCE: read_data_source,
    _RESOLVER: read_resolver,
    "AWS::AppSync::ChannelNamespace": read_namespace,
}
