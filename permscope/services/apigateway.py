"""Amazon API Gateway REST APIs: methods, authorizers, resource policies, stages, the account's log role.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-rest-api.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from permscope.inventory.facts import AnyFact, Auth, Need, Resource, ResourcePolicy, RoleUse
from permscope.inventory.located import LocatedStr, as_text, source_of
from permscope.inventory.policies import Statement
from permscope.inventory.tokens import unknown_token
from permscope.services._answers import arn_of, capitalised, differing, each, json_text, picked
from permscope.services._credentials import looks_like_credential
from permscope.services._gateway import (
    REST,
    SERVICE,
    Api,
    Operation,
    api_named,
    api_of,
    function_trigger,
    merged,
    mutual_tls,
    route_facts,
    under,
)
from permscope.services._gateway_calls import Integration, function_in
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._openapi import body_facts
from permscope.services._values import about, texts
from permscope.services.interface import TemplateReader, TemplateResource

SERVICE_PRINCIPALS = (SERVICE,)

_DEEPEST_PATH = 100
_AUTH: Mapping[str, Auth] = {
    "NONE": Auth.NONE,
    "AWS_IAM": Auth.IAM,
    "CUSTOM": Auth.LAMBDA,
    "COGNITO_USER_POOLS": Auth.COGNITO,
}


def read_api(resource: TemplateResource) -> Iterable[AnyFact]:
    """A REST API: itself, its resource policy, and all its definition says."""
    api = api_of(resource)
    types = tuple(found.text for found in texts(resource.get("EndpointConfiguration", "Types")))
    endpoints = tuple(found.text for found in texts(resource.get("EndpointConfiguration", "VpcEndpointIds")))
    tls = mutual_tls(resource.stack, resource.ref)
    source = resource.text("ApiKeySourceType") or as_text(resource.get("Body", "x-amazon-apigateway-api-key-source"))
    yield resource.resource(
        api_id=resource.ref,
        execute_arn=api.arn,
        protocol_type="REST",
        endpoint_types=types or (("PRIVATE",) if api.private else ()),
        private=api.private or None,
        vpc_endpoint_ids=endpoints,
        disable_execute_api_endpoint=resource.flag("DisableExecuteApiEndpoint") or None,
        mutual_tls=tls if tls != "none" else None,
        api_key_source=source,
        has_resource_policy=api.has_policy or None,
        stages=tuple(stage.name for stage in api.stages),
    )
    for path in (("Policy",), ("Body", "x-amazon-apigateway-policy")):
        for fact in resource.protects(api.arn, *path):
            yield expanded(fact, api.arn) if isinstance(fact, ResourcePolicy) else fact
    if resource.get("BodyS3Location") is not None and resource.get("Body") is None:
        place = resource.place("BodyS3Location")
        yield resource.unknown("`BodyS3Location`", "the definition is in a bucket", "external", place)
    yield from body_facts(resource, api, resource.properties.get("Body"))


def expanded(fact: ResourcePolicy, api_arn: str) -> ResourcePolicy:
    """A resource policy with the short form `execute-api:/stage/METHOD/path` written out as ARNs.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-examples.html
    """

    def spelled_out(values: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if values is None else tuple(_spelled_out(value, api_arn) for value in values)

    def of(statement: Statement) -> Statement:
        return replace(
            statement,
            resources=spelled_out(statement.resources),
            not_resources=spelled_out(statement.not_resources),
        )

    policy = replace(fact.policy, statements=tuple(of(statement) for statement in fact.policy.statements))
    return replace(fact, policy=policy)


def _spelled_out(value: str, api_arn: str) -> str:
    if not value.startswith("execute-api:"):
        return value
    return LocatedStr(f"{api_arn}/{value.removeprefix('execute-api:').lstrip('/')}", source_of(value))


def read_method(resource: TemplateResource) -> Iterable[AnyFact]:
    """A method of a REST API as a route with what is behind it."""
    api = api_named(resource.stack, resource.get("RestApiId"), REST)
    if api is None:
        yield resource.unknown("the API", "`RestApiId` is missing or no text", "shape")
        return
    yield from merged(_method(resource, api))


def _method(resource: TemplateResource, api: Api) -> Iterator[AnyFact]:
    for variant in resource.variants("AuthorizationType", "AuthorizerId", "ApiKeyRequired", "Integration"):
        declared = variant.text("AuthorizationType") or "NONE"
        authorizer = resource.stack.find(variant.get("AuthorizerId"), "AWS::ApiGateway::Authorizer")
        auth = _AUTH.get(declared, Auth.UNKNOWN)
        if auth is Auth.LAMBDA and authorizer is not None and authorizer.get("Type") == "COGNITO_USER_POOLS":
            auth = Auth.COGNITO
        asks = auth in (Auth.LAMBDA, Auth.COGNITO)
        integration = _integration(variant)
        method = (variant.text("HttpMethod") or "ANY").upper()
        path = _full_path(resource, api)
        if integration is None:
            yield variant.unknown(f"integration of `{method} {path}`", "the method has none", "integration")
        yield from route_facts(
            Operation(
                api=api,
                method=method,
                path=path,
                auth=auth,
                authorizer=(authorizer.id if authorizer else variant.text("AuthorizerId")) if asks else None,
                scopes=variant.texts("AuthorizationScopes"),
                api_key=variant.flag("ApiKeyRequired"),
                integration=integration,
                shared=about(variant),
            )
        )


def _integration(resource: TemplateResource) -> Integration | None:
    if not isinstance(resource.get("Integration"), Mapping):
        return None
    parameters = resource.get("Integration", "RequestParameters")
    templates = resource.get("Integration", "RequestTemplates")
    return Integration(
        kind=(resource.text("Integration", "Type") or "unknown").lower(),
        uris=tuple(texts(resource.get("Integration", "Uri"), resource.place("Integration", "Uri"))),
        method=resource.text("Integration", "IntegrationHttpMethod") or "",
        credentials=resource.text("Integration", "Credentials"),
        parameters=parameters if isinstance(parameters, Mapping) else {},
        templates=templates if isinstance(templates, Mapping) else {},
    )


def _full_path(method: TemplateResource, api: Api) -> str:
    """The path of a method, by the chain of `ParentId`s up to the API's root."""
    parts: list[str] = []
    above = as_text(method.get("ResourceId"))
    for _ in range(_DEEPEST_PATH):
        if above is None:
            break
        found = method.stack.find(above, "AWS::ApiGateway::Resource")
        if found is None:
            break
        parts.append(as_text(found.get("PathPart")) or unknown_token("Unknown", "path"))
        above = as_text(found.get("ParentId"))
    at_root = above is not None and (above.endswith("RootResourceId}") or above == api.reference)
    if not at_root:
        parts.append(unknown_token("Unknown", "path"))
    return "/" + "/".join(reversed(parts))


def read_authorizer(resource: TemplateResource) -> Iterable[AnyFact]:
    """An authorizer of a REST API, and the function it asks."""
    api = api_named(resource.stack, resource.get("RestApiId"), REST)
    yield resource.resource(
        api_id=api.id if api else None,
        authorizer_type=resource.text("Type"),
        provider_arns=resource.texts("ProviderARNs"),
        result_ttl_in_seconds=resource.text("AuthorizerResultTtlInSeconds"),
        identity_source=resource.text("IdentitySource"),
    )
    if api is not None:
        yield from authorizer_triggers(resource, api, "AuthorizerUri", "AuthorizerCredentials")


def authorizer_triggers(resource: TemplateResource, api: Api, uri: str, credentials: str) -> Iterator[AnyFact]:
    """The function an authorizer resource asks.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/configure-api-gateway-lambda-authorization.html
    """
    for found in texts(resource.get(uri), resource.place(uri)):
        function = function_in(resource.stack, found.text)
        if function is None:
            yield resource.unknown("the function", f"`{found.text}` names none", "integration", found.source)
            continue
        own = resource.arn if resource.arn and ":execute-api:" in resource.arn else None
        yield function_trigger(
            function,
            event="authorizer",
            credentials=resource.text(credentials),
            source_id=resource.id,
            source_arn=own or f"{api.arn}/authorizers/{resource.ref}",
            shared=under(about(resource), found),
        )


def read_stage(resource: TemplateResource) -> Iterable[AnyFact]:
    """A stage of a REST API: where its logs go and what they hold."""
    api = api_named(resource.stack, resource.get("RestApiId"), REST)
    yield _stage(resource, api, resource.items("MethodSettings"))


def _stage(resource: TemplateResource, api: Api | None, settings: Iterable[Mapping[str, Any]]) -> Resource:
    levels = []
    traced = False
    for setting in settings:
        level = as_text(setting.get("LoggingLevel"))
        if level and level.upper() != "OFF":
            levels.append(level.upper())
        traced = traced or as_text(setting.get("DataTraceEnabled")) == "true"
    return resource.resource(
        api_id=api.id if api else None,
        stage_name=resource.text("StageName"),
        access_log_destination_arn=resource.text("AccessLogSetting", "DestinationArn"),
        logging_levels=tuple(levels),
        data_trace_enabled=traced or None,
        tracing_enabled=resource.flag("TracingEnabled") or None,
        client_certificate_id=resource.text("ClientCertificateId"),
        variables=names_of(resource.get("Variables")),
        credentials=credentials_in(resource.get("Variables")),
    )


def credentials_in(variables: object) -> tuple[str, ...]:
    """The names of stage variables whose value is a credential in plain text."""
    return tuple(
        LocatedStr(str(name), source_of(value, source_of(name)))
        for name, value in (variables.items() if isinstance(variables, Mapping) else ())
        if looks_like_credential(str(name), as_text(value) or "")
    )


def names_of(variables: object) -> tuple[str, ...]:
    """The names of stage variables; values stay where they are."""
    return tuple(str(name) for name in variables) if isinstance(variables, Mapping) else ()


def read_account(resource: TemplateResource) -> Iterable[AnyFact]:
    """The role with which API Gateway writes logs for every REST and WebSocket API of the account and Region.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
    """
    yield resource.resource(cloudwatch_role_arn=resource.text("CloudWatchRoleArn"))
    actions = ("CreateLogGroup", "CreateLogStream", "DescribeLogGroups", "DescribeLogStreams", "PutLogEvents")
    for role in texts(resource.get("CloudWatchRoleArn"), resource.place("CloudWatchRoleArn")):
        yield RoleUse(
            user_id=resource.id,
            role_arn=role.text,
            service=SERVICE,
            required=(Need(actions=tuple(f"logs:{name}" for name in actions), resource_arn="*", why="to write logs"),),
            **about(resource, role.source, role.only_if),
        )


def read_domain(resource: TemplateResource) -> Iterable[AnyFact]:
    """A custom domain name: whether it asks for client certificates, and its policy where it is private."""
    types = tuple(found.text for found in texts(resource.get("EndpointConfiguration", "Types")))
    yield resource.resource(
        domain_name=resource.text("DomainName"),
        endpoint_types=types,
        mutual_tls=resource.get("MutualTlsAuthentication", "TruststoreUri") is not None or None,
        security_policy=resource.text("SecurityPolicy"),
    )
    if resource.type == "AWS::ApiGateway::DomainNameV2":
        yield from resource.protects(resource.id, "Policy")


def read_usage_plan(resource: TemplateResource) -> Iterable[AnyFact]:
    """A usage plan and the stages it meters; a key alone says who calls, it is no authorization.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
    """
    stages = []
    for entry in resource.items("ApiStages"):
        api, stage = as_text(entry.get("ApiId")), as_text(entry.get("Stage"))
        if api:
            stages.append(f"{api}/{stage or '*'}")
    yield resource.resource(
        usage_plan_name=resource.text("UsagePlanName"),
        api_stages=tuple(stages),
        throttled=resource.get("Throttle") is not None or None,
    )


TEMPLATE: Mapping[str, TemplateReader] = {
    REST: read_api,
    "AWS::ApiGateway::Method": read_method,
    "AWS::ApiGateway::Authorizer": read_authorizer,
    "AWS::ApiGateway::Stage": read_stage,
    "AWS::ApiGateway::Account": read_account,
    "AWS::ApiGateway::DomainName": read_domain,
    "AWS::ApiGateway::DomainNameV2": read_domain,
    "AWS::ApiGateway::UsagePlan": read_usage_plan,
}


_GONE = ("NotFoundException",)


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every REST API with its methods, authorizers and stages, then domain names, usage plans and the log role.

    What is read is what would be deployed next; a stage keeps serving what was deployed to it.
    """
    yield from each(session, _live_api, session.pages("apigateway", "get_rest_apis", "items"))
    yield from _live_domains(session)
    for plan in session.pages("apigateway", "get_usage_plans", "items"):
        properties = {
            **capitalised(picked(plan, "apiStages", "throttle")),
            "UsagePlanName": plan.get("name"),
        }
        yield session.resource(
            "AWS::ApiGateway::UsagePlan",
            properties,
            name=plan.get("name") or plan["id"],
            arn=arn_of(session, "AWS::ApiGateway::UsagePlan", id=plan["id"]),
            ref=plan["id"],
            call="apigateway.get_usage_plans",
        )
    account = session.call("apigateway", "get_account") or {}
    if account.get("cloudwatchRoleArn"):
        yield session.resource(
            "AWS::ApiGateway::Account",
            {"CloudWatchRoleArn": account["cloudwatchRoleArn"]},
            name=session.account,
            call="apigateway.get_account",
        )


def _live_api(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    api = item["id"]
    properties = {
        **capitalised(picked(item, "endpointConfiguration", "disableExecuteApiEndpoint")),
        "ApiKeySourceType": item.get("apiKeySource") if item.get("apiKeySource") != "HEADER" else None,
        "Policy": document(item.get("policy")),
        "Name": item.get("name"),
    }
    yield session.resource(
        REST,
        properties,
        name=item.get("name") or api,
        arn=session.stack.arn("execute-api", api),
        ref=api,
        call="apigateway.get_rest_apis",
    )
    yield from _live_methods(session, api)
    for authorizer in session.pages("apigateway", "get_authorizers", "items", none=_GONE, restApiId=api):
        same = ("type", "providerARNs", "authorizerUri", "authorizerCredentials", "identitySource")
        yield session.resource(
            "AWS::ApiGateway::Authorizer",
            {
                **capitalised(picked(authorizer, *same)),
                **capitalised(differing(authorizer, authorizerResultTtlInSeconds=300)),
                "RestApiId": api,
            },
            name=authorizer["name"],
            arn=session.stack.arn("execute-api", f"{api}/authorizers/{authorizer['id']}"),
            ref=authorizer["id"],
            call="apigateway.get_authorizers",
        )
    for stage in session.pages("apigateway", "get_stages", "item", none=_GONE, restApiId=api):
        yield _live_stage(session, api, stage)


def _live_methods(session: Session, api: str) -> Iterator[LiveFact]:
    """The methods of an API, each under its whole path.

    https://docs.aws.amazon.com/apigateway/latest/api/API_GetResources.html
    """
    call = "apigateway.get_resources"
    for item in session.pages("apigateway", "get_resources", "items", none=_GONE, restApiId=api, embed=["methods"]):
        held = api if item["path"] == "/" else f"{api}/{item['id']}"
        if held != api:
            yield session.resource(
                "AWS::ApiGateway::Resource",
                {"RestApiId": api, "ParentId": api, "PathPart": item["path"].lstrip("/")},
                name=item["path"],
                arn=arn_of(session, "AWS::ApiGateway::Resource", RestApiId=api, id=item["id"]),
                ref=held,
                call=call,
            )
        for verb, method in (item.get("resourceMethods") or {}).items():
            same = ("authorizationType", "authorizerId", "apiKeyRequired", "authorizationScopes")
            properties = {
                **capitalised(picked(method, *same)),
                "RestApiId": api,
                "ResourceId": held,
                "HttpMethod": verb,
                "Integration": _integration_answer(method.get("methodIntegration")),
            }
            name = f"{verb} {item['path']}"
            yield session.resource("AWS::ApiGateway::Method", properties, name=f"{api} {name}", call=call)


def _integration_answer(answer: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not answer:
        return None
    return {
        **capitalised(
            picked(answer, "type", "uri", "credentials", "requestParameters", "requestTemplates"),
            keep=("RequestParameters", "RequestTemplates"),
        ),
        "IntegrationHttpMethod": answer.get("httpMethod"),
    }


def _live_stage(session: Session, api: str, stage: Mapping[str, Any]) -> LiveFact:
    logs = stage.get("accessLogSettings") or {}
    settings = (stage.get("methodSettings") or {}).values()
    properties = {
        **capitalised(picked(stage, "stageName", "tracingEnabled", "clientCertificateId", "variables"), ("Variables",)),
        "RestApiId": api,
        "AccessLogSetting": {"DestinationArn": logs["destinationArn"]} if logs.get("destinationArn") else None,
        "MethodSettings": [capitalised(picked(setting, "loggingLevel", "dataTraceEnabled")) for setting in settings],
    }
    name = stage["stageName"]
    return session.resource(
        "AWS::ApiGateway::Stage",
        properties,
        name=name,
        arn=arn_of(session, "AWS::ApiGateway::Stage", RestApiId=api, name=name),
        call="apigateway.get_stages",
    )


def _live_domains(session: Session) -> Iterator[LiveFact]:
    for item in session.pages("apigateway", "get_domain_names", "items"):
        name, policy = item["domainName"], document(item.get("policy"))
        private = item.get("domainNameId") is not None
        properties = {
            **capitalised(
                picked(item, "domainName", "endpointConfiguration", "mutualTlsAuthentication", "securityPolicy")
            ),
            "Policy": policy,
        }
        yield session.resource(
            f"AWS::ApiGateway::DomainName{'V2' if private else ''}",
            properties,
            name=name,
            arn=item.get("domainNameArn") or session.stack.arn("apigateway", f"/domainnames/{name}", account=""),
            ref=name,
            call="apigateway.get_domain_names",
        )
        if "REGIONAL" in ((item.get("endpointConfiguration") or {}).get("types") or ()):
            continue  # the newer API has the mappings of these, whatever kind of API they lead to
        more = {"domainNameId": item["domainNameId"]} if private else {}
        for found in session.pages(
            "apigateway", "get_base_path_mappings", "items", none=_GONE, domainName=name, **more
        ):
            yield session.resource(
                "AWS::ApiGateway::BasePathMapping",
                {"DomainName": name, "RestApiId": found.get("restApiId"), "Stage": found.get("stage")},
                name=f"{name}/{found.get('basePath') or ''}",
                call="apigateway.get_base_path_mappings",
            )


def document(text: str | None) -> Any:
    r"""A policy as API Gateway gives it: JSON text whose quotes are escaped once more (`{\"Version\": ...`)."""
    if not text:
        return None
    found = json_text(text)
    return found if isinstance(found, Mapping) else json_text(json_text(f'"{text}"')) or text


LIVE = (
    LiveReader(
        read=read_live,
        client="apigateway",
        operations={
            "apigateway.get_rest_apis": "REST APIs and who may call them",
            "apigateway.get_resources": "which functions a REST API runs, and what it asks of callers",
            "apigateway.get_authorizers": "which functions let callers in",
            "apigateway.get_stages": "stages of REST APIs and their variables",
            "apigateway.get_domain_names": "custom domain names and who may call them",
            "apigateway.get_base_path_mappings": "which API is behind a custom domain name",
            "apigateway.get_usage_plans": "which API keys are metered",
            "apigateway.get_account": "which role writes the logs of APIs",
        },
    ),
)
