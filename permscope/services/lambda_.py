"""AWS Lambda: functions, versions, aliases, function URLs, web functions, layers and where functions run.

Who may use a function is in `lambda_permissions`, what polls for it in `event_source_mappings`, where it sends its
results in `lambda_destinations`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from permscope.inventory.arn import function_arn_and_qualifier
from permscope.inventory.facts import AnyFact, Auth, Function, Mechanism, Need, Route, Trigger
from permscope.inventory.located import LocatedStr, as_text, source_of
from permscope.inventory.tokens import UNKNOWN_TOKEN
from permscope.services._credentials import looks_like_credential
from permscope.services._holders import holder, roles_of
from permscope.services._values import located, root, texts
from permscope.services._wiring import role_uses
from permscope.services.iam import role_arn
from permscope.services.interface import Stack, TemplateResource
from permscope.services.kms import key_arn
from permscope.services.lambda_destinations import delivery

SERVICE = "lambda.amazonaws.com"
_STAGES = ("AWS::ApiGateway::Stage", "AWS::ApiGatewayV2::Stage")
URL_ACTIONS = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
"""Both are asked of the caller of a function URL (https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html)."""


def execution_role(stack: Stack, function_arn: str) -> str | None:
    """The execution role of a function of this template; None for any other function."""
    function = stack.find(function_arn_and_qualifier(function_arn)[0], "AWS::Lambda::Function")
    return role_arn(stack, function.text("Role")) if function is not None else None


def read_function(resource: TemplateResource) -> Iterable[AnyFact]:
    """A function with its role, its versions and aliases, and the names of its environment variables."""
    stack = resource.stack
    roles = [
        (role_arn(stack, located(text)), text.only_if)
        for text in texts(resource.properties.get("Role"), resource.place("Role"))
    ]
    role, role_only_if = roles[0] if roles else (None, None)
    if role is None:
        yield resource.unknown("the execution role", "`Role` is missing", "role")
    aliases = dict(_aliases(resource))
    yield Function(
        arn=resource.id,
        name=resource.name,
        role_arn=role,
        role_only_if=role_only_if,
        other_roles={arn: only_if for arn, only_if in roles[1:] if arn and only_if and arn != role},
        runtime=resource.text("Runtime"),
        aliases=tuple(aliases),
        alias_versions={arn: version for arn, version in aliases.items() if version},
        versions=tuple(version.arn for version in _qualified(resource, "AWS::Lambda::Version") if version.arn),
        environment=_environment(resource),
        credentials=tuple(_credentials(resource)),
        layers=resource.texts("Layers"),
        code=_code(resource),
        kms_key_arn=key_arn(stack, resource.text("KmsKeyArn")),
        log_group=resource.text("LoggingConfig", "LogGroup"),
        in_vpc=bool(resource.get("VpcConfig", "SubnetIds")),
        tracing=resource.text("TracingConfig", "Mode") == "Active",
        file_systems=tuple(arn for item in resource.items("FileSystemConfigs") if (arn := as_text(item.get("Arn")))),
        code_signing_config=resource.text("CodeSigningConfigArn"),
        **resource.facts_about(),
    )
    for found in root(resource).texts("DeadLetterConfig", "TargetArn"):
        target = LocatedStr(found.text, found.source)
        yield from delivery(resource, resource.id, target, "dead-letter-queue", found.only_if)


def _qualified(function: TemplateResource, type_name: str) -> Iterable[TemplateResource]:
    """The versions or aliases of this template that belong to a function."""
    return function.stack.grouped(type_name, _functions_named).get(function.logical_id, ())


def _functions_named(resource: TemplateResource) -> Iterator[str]:
    """The logical ids of the functions that a version or alias may belong to."""
    for variant in resource.variants("FunctionName"):
        named = resource.stack.function_arn(variant.text("FunctionName"))
        function = named and resource.stack.find(function_arn_and_qualifier(named)[0], "AWS::Lambda::Function")
        if function:
            yield function.logical_id


def _aliases(function: TemplateResource) -> Iterator[tuple[str, str]]:
    """Each alias with the qualified ARN of the version it points to, or an empty string."""
    for alias in _qualified(function, "AWS::Lambda::Alias"):
        text = alias.text("FunctionVersion") or ""
        mentioned = [found for found in function.stack.mentioned(text) if found.type == "AWS::Lambda::Version"]
        if mentioned and mentioned[0].arn:
            version = mentioned[0].arn
        else:
            version = f"{function.arn}:{text}" if text and not UNKNOWN_TOKEN.search(text) else ""
        if alias.arn:
            yield alias.arn, version


def _environment(resource: TemplateResource) -> Mapping[str, str]:
    """Names of variables, with the id of the resource of this template whose name or ARN a value holds."""
    found: dict[str, str] = {}
    for variables in root(resource).items("Environment", "Variables"):
        for name, value in variables.value.items():
            text = next((text for text in variables.texts(name)), None)
            found[str(name)] = LocatedStr(_reference(resource.stack, text.text if text else ""), source_of(value))
    return found


def _credentials(resource: TemplateResource) -> Iterator[str]:
    """Names of variables whose value is a credential in plain text."""
    for variables in root(resource).items("Environment", "Variables"):
        for name, value in variables.value.items():
            if any(looks_like_credential(str(name), found.text) for found in variables.texts(name)):
                yield LocatedStr(str(name), source_of(value, source_of(name)))


def _reference(stack: Stack, text: str) -> str:
    named = stack.find(text)
    if named is not None and named.type not in _STAGES:
        return named.id
    mentioned = stack.mentioned(text)
    return mentioned[0].id if len(mentioned) == 1 else ""


def _code(resource: TemplateResource) -> str | None:
    image = resource.text("Code", "ImageUri")
    bucket, key, version = (resource.text("Code", name) for name in ("S3Bucket", "S3Key", "S3ObjectVersion"))
    pinned = f"?versionId={version}" if version else ""
    return image or (f"s3://{bucket}/{key or ''}{pinned}" if bucket else None)


def read_qualified(resource: TemplateResource) -> Iterable[AnyFact]:
    """A version or alias: part of its function's fact; a resource of its own where the function is elsewhere."""
    named = resource.stack.function_arn(resource.text("FunctionName"))
    known = named and resource.stack.find(function_arn_and_qualifier(named)[0], "AWS::Lambda::Function")
    resource.is_part = bool(known)
    if not known:
        yield resource.resource(function_arn=named)


def read_url(resource: TemplateResource) -> Iterable[AnyFact]:
    """A function URL: a door to a function or alias that asks for nothing, or for a signature."""
    for variant in resource.variants("TargetFunctionArn", "Qualifier", "AuthType"):
        arn = resource.stack.function_arn(variant.text("TargetFunctionArn"))
        if arn is None:
            yield variant.unknown("the function URL", "its `TargetFunctionArn` is missing", "shape")
            continue
        qualifier = variant.text("Qualifier")
        base, own = function_arn_and_qualifier(arn)
        target = f"{base}:{qualifier}" if qualifier and qualifier != "$LATEST" and own is None else arn
        auth = {"NONE": Auth.NONE, "AWS_IAM": Auth.IAM}.get(variant.text("AuthType") or "", Auth.UNKNOWN)
        if auth is Auth.UNKNOWN:
            yield variant.unknown("the authorization", "its `AuthType` is not known", "auth", variant.get("AuthType"))
        route = f"url:{target}"
        yield Route(
            id=route,
            api_id=base,
            auth=auth,
            execute_arn=target,
            attributes=_cors(variant),
            **variant.facts_about(variant.place("AuthType")),
        )
        context = {"lambda:InvokedViaFunctionUrl": ("true",)}
        if auth is not Auth.UNKNOWN:
            context["lambda:FunctionUrlAuthType"] = ("NONE" if auth is Auth.NONE else "AWS_IAM",)
        yield Trigger(
            function_arn=target,
            event="function-url",
            mechanism=Mechanism.CALLER,
            service=SERVICE,
            source_id=route,
            context=context,
            required=(Need(actions=URL_ACTIONS, resource_arn=target, why="to call the function URL"),),
            **variant.facts_about(),
        )


def _cors(resource: TemplateResource) -> dict[str, str | bool | tuple[str, ...]]:
    cors = resource.get("Cors")
    found: dict[str, str | bool | tuple[str, ...]] = {"invoke_mode": resource.text("InvokeMode") or "BUFFERED"}
    if isinstance(cors, Mapping):
        found["allow_origins"] = resource.texts("Cors", "AllowOrigins")
        found["allow_credentials"] = resource.flag("Cors", "AllowCredentials")
    return found


def read_layer_version(resource: TemplateResource) -> Iterable[AnyFact]:
    """A layer version."""
    yield resource.resource()


def read_code_signing_config(resource: TemplateResource) -> Iterable[AnyFact]:
    """Whose signatures a function's code must carry, and what happens without one."""
    policy = resource.text("CodeSigningPolicies", "UntrustedArtifactOnDeployment")
    publishers = resource.texts("AllowedPublishers", "SigningProfileVersionArns")
    yield resource.resource(untrusted_artifact_on_deployment=policy or "Warn", signing_profile_version_arns=publishers)


def read_capacity_provider(resource: TemplateResource) -> Iterable[AnyFact]:
    """A capacity provider: Lambda starts instances with its operator role."""
    yield resource.resource(kms_key_arn=key_arn(resource.stack, resource.text("KmsKeyArn")))
    yield from role_uses(resource, roles_of(resource), SERVICE, exact=False)


def read_web_function_endpoint(resource: TemplateResource) -> Iterable[AnyFact]:
    """An endpoint of a web function; `ApplicationManaged` lets every request through to the code.

    https://docs.aws.amazon.com/lambda/latest/dg/web-functions-endpoint-access-control.html
    """
    yield resource.resource()
    text = resource.text("AuthType") or ""
    auth = {"IamAuth": Auth.IAM, "ApplicationManaged": Auth.NONE}.get(text, Auth.UNKNOWN)
    if auth is Auth.UNKNOWN:
        yield resource.unknown("the authorization", "its `AuthType` is not known", "auth", resource.get("AuthType"))
    web_function = resource.stack.find(resource.text("FunctionName") or resource.text("WebFunctionName"))
    yield Route(
        id=f"url:{resource.id}",
        api_id=resource.id,
        auth=auth,
        execute_arn=resource.arn,
        target=web_function.id if web_function is not None else None,
        **resource.facts_about(resource.place("AuthType")),
    )


_ACTING = holder(service=SERVICE)

TEMPLATE = {
    "AWS::Lambda::Function": read_function,
    "AWS::Lambda::Version": read_qualified,
    "AWS::Lambda::Alias": read_qualified,
    "AWS::Lambda::Url": read_url,
    "AWS::Lambda::LayerVersion": read_layer_version,
    "AWS::Lambda::CodeSigningConfig": read_code_signing_config,
    "AWS::Lambda::CapacityProvider": read_capacity_provider,
    "AWS::Lambda::WebFunction": _ACTING,
    "AWS::Lambda::WebFunctionRevision": _ACTING,
    "AWS::Lambda::WebFunctionEndpoint": read_web_function_endpoint,
    "AWS::Lambda::MicrovmImage": _ACTING,
    "AWS::Lambda::NetworkConnector": _ACTING,
}
SERVICE_PRINCIPALS = (
    SERVICE,
    "edgelambda.amazonaws.com",
    "replicator.lambda.amazonaws.com",
    "scaler.lambda.amazonaws.com",
)
