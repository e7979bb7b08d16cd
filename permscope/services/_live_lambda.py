"""AWS Lambda of a live account: functions, versions, aliases, who may use them, URLs, mappings, destinations, layers.

`lambda:GetFunction` is never called: whoever may call it may download the code, and all it would add is where an image
comes from. Values of environment variables, which the list of functions holds, go no further than the name, `Ref` or
ARN of a resource of the account that a value is equal to.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from permscope.inventory.arn import function_arn_and_qualifier
from permscope.lazy import regex
from permscope.services._live import LiveFact, LiveReader, LiveResource, Session

_NONE = ("ResourceNotFoundException",)
_LATEST = "$LATEST"
# condition that Lambda stores -> the property of `AWS::Lambda::Permission` it was made of
_PROPERTIES = {
    ("arnlike", "aws:sourcearn"): "SourceArn",
    ("stringlike", "aws:sourcearn"): "SourceArn",
    ("stringequals", "aws:sourceaccount"): "SourceAccount",
    ("stringequals", "aws:principalorgid"): "PrincipalOrgID",
    ("stringequals", "lambda:eventsourcetoken"): "EventSourceToken",
    ("stringequals", "lambda:functionurlauthtype"): "FunctionUrlAuthType",
    ("bool", "lambda:invokedviafunctionurl"): "InvokedViaFunctionUrl",
}
_ACCOUNT_ROOT = regex(r"arn:[a-z-]+:iam::(\d{12}):root")


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every function with what belongs to it, then mappings, layers and code signing configurations."""
    configs = list(session.pages("lambda", "list_code_signing_configs", "CodeSigningConfigs"))
    yield from _code_signing_configs(session, configs)
    signing = dict(_signed(session, configs))
    functions: list[LiveResource] = []
    qualified: dict[str, list[str]] = {}
    for item in session.pages("lambda", "list_functions", "Functions", FunctionVersion="ALL"):
        arn, qualifier = function_arn_and_qualifier(item["FunctionArn"])
        if qualifier in (None, _LATEST) and item.get("Version", _LATEST) == _LATEST:
            functions.append(_function(session, item, arn, signing))
        else:
            version = str(item["Version"])
            qualified.setdefault(arn, []).append(version)
            yield _version(session, arn, version)
    yield from functions
    names = [(function.name, function.id, qualified.get(function.id, [])) for function in functions]
    for found in session.map(lambda each: list(_belongings(session, *each)), names):
        yield from found
    yield from _mappings(session)
    yield from _layers(session)
    yield from _capacity_providers(session)


def _function(session: Session, item: Mapping[str, Any], arn: str, signing: Mapping[str, str]) -> LiveResource:
    same = ("Role", "Runtime", "LoggingConfig", "TracingConfig", "FileSystemConfigs", "DeadLetterConfig")
    vpc = item.get("VpcConfig") or {}
    properties = {
        **{key: item.get(key) for key in same},
        "FunctionName": item["FunctionName"],
        "KmsKeyArn": item.get("KMSKeyArn"),
        "Layers": [layer["Arn"] for layer in item.get("Layers") or ()],
        "VpcConfig": {"SubnetIds": vpc["SubnetIds"]} if vpc.get("SubnetIds") else None,
        "Environment": {"Variables": (item.get("Environment") or {}).get("Variables") or {}},
        "CodeSigningConfigArn": signing.get(arn),
    }
    logging = item.get("LoggingConfig") or {}
    if logging.get("LogGroup") == f"/aws/lambda/{item['FunctionName']}":
        del properties["LoggingConfig"]  # what Lambda uses where nothing is said, as in a template that says nothing
    name = item["FunctionName"]
    return session.resource("AWS::Lambda::Function", properties, name=name, arn=arn, call="lambda.list_functions")


def _version(session: Session, function_arn: str, version: str) -> LiveResource:
    arn = f"{function_arn}:{version}"
    properties = {"FunctionName": function_arn}
    return session.resource(
        "AWS::Lambda::Version", properties, name=arn, arn=arn, ref=arn, call="lambda.list_functions"
    )


def _belongings(session: Session, name: str, arn: str, versions: list[str]) -> Iterator[LiveFact]:
    """What takes a call of its own for each function: aliases, policies, URLs, destinations."""
    aliases = []
    for alias in session.pages("lambda", "list_aliases", "Aliases", FunctionName=name):
        aliases.append(alias["Name"])
        alias_arn = alias["AliasArn"]
        properties = {"FunctionName": arn, "FunctionVersion": alias.get("FunctionVersion"), "Name": alias["Name"]}
        yield session.resource(
            "AWS::Lambda::Alias", properties, name=alias_arn, arn=alias_arn, ref=alias_arn, call="lambda.list_aliases"
        )
    for qualifier in (None, *aliases, *versions):
        yield from _policy(session, name, arn, qualifier)
    for qualifier in (None, *aliases):
        yield from _url(session, name, arn, qualifier)
    yield from _destinations(session, name, arn)


def _policy(session: Session, name: str, arn: str, qualifier: str | None) -> Iterator[LiveFact]:
    """The policy of a function, alias or version; each has its own, and none knows of the others.

    https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
    """
    target = f"{arn}:{qualifier}" if qualifier else arn
    answer = None
    call = "lambda.get_resource_policy"
    if session.offers("lambda", "get_resource_policy"):
        answer = session.call("lambda", "get_resource_policy", none=_NONE, optional=True, ResourceArn=target)
    if answer is None:
        call = "lambda.get_policy"
        more: dict[str, Any] = {"Qualifier": qualifier} if qualifier else {}
        answer = session.call("lambda", "get_policy", none=_NONE, of=target, FunctionName=name, **more)
    text = (answer or {}).get("Policy")
    if not text:
        return
    try:
        document = json.loads(text)
        statements = document["Statement"]
    except (ValueError, KeyError, TypeError):
        yield session.unknown(f"the policy of `{target}`", "it is not JSON with statements", "failed", call=call)
        return
    others = []
    for statement in statements if isinstance(statements, list) else [statements]:
        if not isinstance(statement, dict) or not _is_about(statement, arn, qualifier):
            continue
        permission = as_permission(statement, target)
        if permission is None:
            others.append(statement)
        else:
            sid = statement.get("Sid") or target
            yield session.resource("AWS::Lambda::Permission", permission, name=str(sid), call=call)
    if others:
        whole = {"ResourceArn": target, "PolicyDocument": {**document, "Statement": others}}
        yield session.resource("AWS::Lambda::ResourcePolicy", whole, name=target, call=call)


def _is_about(statement: Mapping[str, Any], arn: str, qualifier: str | None) -> bool:
    """Whether a statement is on what was asked for; some servers answer with those of all qualifiers."""
    resource = statement.get("Resource")
    if not isinstance(resource, str):
        return True
    base, own = function_arn_and_qualifier(resource)
    return base != arn or own == qualifier or (own == _LATEST and qualifier is None) or own == "*"


def as_permission(statement: Mapping[str, Any], target: str) -> dict[str, Any] | None:
    """The properties of the `AWS::Lambda::Permission` that Lambda made a statement of; None for any other statement."""
    principal, action = _principal(statement.get("Principal")), statement.get("Action")
    if statement.get("Effect") != "Allow" or not isinstance(action, str) or principal is None:
        return None
    found = {"FunctionName": target, "Action": action, "Principal": principal}
    for key in ("FunctionUrlAuthType", "InvokedViaFunctionUrl"):
        if key in statement:
            found[key] = str(statement[key])
    for operator, keys in (statement.get("Condition") or {}).items():
        for key, value in keys.items() if isinstance(keys, Mapping) else ():
            name = _PROPERTIES.get((str(operator).lower(), str(key).lower()))
            values = value if isinstance(value, list) else [value]
            if name is None or name in found or len(values) != 1:
                return None
            found[name] = str(values[0])
    return None if "NotAction" in statement or "NotPrincipal" in statement else found


def _principal(principal: object) -> str | None:
    """The `Principal` given to `AddPermission`, where there is one."""
    if isinstance(principal, str):
        return principal
    if not isinstance(principal, Mapping) or len(principal) != 1:
        return None
    kind, value = next(iter(principal.items()))
    if not isinstance(value, str) or kind not in ("Service", "AWS"):
        return None
    root = _ACCOUNT_ROOT.fullmatch(value)
    return root[1] if root else value


def _url(session: Session, name: str, arn: str, qualifier: str | None) -> Iterator[LiveFact]:
    more: dict[str, Any] = {"Qualifier": qualifier} if qualifier else {}
    answer = session.call("lambda", "get_function_url_config", none=_NONE, FunctionName=name, **more)
    if not answer:
        return
    base, own = function_arn_and_qualifier(answer.get("FunctionArn", arn))
    if base == arn and own not in (qualifier, _LATEST if qualifier is None else qualifier):
        return
    properties = {
        "TargetFunctionArn": arn,
        "Qualifier": qualifier,
        "AuthType": answer.get("AuthType"),
        "InvokeMode": answer.get("InvokeMode"),
        "Cors": answer.get("Cors"),
    }
    url = f"{arn}:{qualifier}" if qualifier else arn
    attributes = {"FunctionUrl": answer.get("FunctionUrl", "")}
    yield session.resource(
        "AWS::Lambda::Url",
        properties,
        name=url,
        ref=url,
        attributes=attributes,
        call="lambda.get_function_url_config",
    )


def _destinations(session: Session, name: str, arn: str) -> Iterator[LiveFact]:
    configs = session.pages(
        "lambda", "list_function_event_invoke_configs", "FunctionEventInvokeConfigs", none=_NONE, FunctionName=name
    )
    for config in configs:
        own = config.get("FunctionArn") or arn
        own = own.removesuffix(f":{_LATEST}")
        properties = {"FunctionName": own, "DestinationConfig": config.get("DestinationConfig")}
        yield session.resource(
            "AWS::Lambda::EventInvokeConfig", properties, name=own, call="lambda.list_function_event_invoke_configs"
        )


def _mappings(session: Session) -> Iterator[LiveFact]:
    call = "lambda.list_event_source_mappings"
    same = (
        "EventSourceArn",
        "DestinationConfig",
        "Topics",
        "Queues",
        "SourceAccessConfigurations",
        "SelfManagedEventSource",
        "AmazonManagedKafkaEventSourceConfig",
        "SelfManagedKafkaEventSourceConfig",
        "DocumentDBEventSourceConfig",
    )
    for item in session.pages("lambda", "list_event_source_mappings", "EventSourceMappings"):
        state = item.get("State") or "Enabled"
        if state != "Deleting":
            properties = {key: item.get(key) for key in same if item.get(key) not in (None, [], {})}
            properties |= {"FunctionName": item["FunctionArn"], "Enabled": state not in ("Disabled", "Disabling")}
            yield session.resource("AWS::Lambda::EventSourceMapping", properties, name=item["UUID"], call=call)


def _layers(session: Session) -> Iterator[LiveFact]:
    """The versions of the account's own layers, and who may use each."""
    layers = [layer["LayerName"] for layer in session.pages("lambda", "list_layers", "Layers")]
    for found in session.map(lambda name: list(_layer_versions(session, name)), layers):
        yield from found


def _layer_versions(session: Session, name: str) -> Iterator[LiveFact]:
    for version in session.pages("lambda", "list_layer_versions", "LayerVersions", LayerName=name):
        arn = version["LayerVersionArn"]
        properties = {"LayerName": name}
        yield session.resource(
            "AWS::Lambda::LayerVersion", properties, name=name, arn=arn, ref=arn, call="lambda.list_layer_versions"
        )
        answer = session.call(
            "lambda",
            "get_layer_version_policy",
            none=_NONE,
            of=arn,
            LayerName=name,
            VersionNumber=version["Version"],
        )
        yield from _layer_policy(session, arn, (answer or {}).get("Policy"))


def _layer_policy(session: Session, arn: str, text: str | None) -> Iterator[LiveFact]:
    try:
        statements = json.loads(text)["Statement"] if text else []
    except (ValueError, KeyError, TypeError):
        why = "it is not JSON with statements"
        yield session.unknown(f"the policy of `{arn}`", why, "failed", call="lambda.get_layer_version_policy")
        return
    for statement in statements:
        principal = _principal(statement.get("Principal"))
        if principal is None or statement.get("Effect") != "Allow":
            why = "a statement has a shape that Lambda does not document"
            yield session.unknown(f"the policy of `{arn}`", why, "failed", call="lambda.get_layer_version_policy")
            continue
        conditions = (statement.get("Condition") or {}).get("StringEquals") or {}
        properties = {
            "LayerVersionArn": arn,
            "Action": statement.get("Action"),
            "Principal": principal,
            "OrganizationId": conditions.get("aws:PrincipalOrgID") or statement.get("OrganizationId"),
        }
        yield session.resource(
            "AWS::Lambda::LayerVersionPermission",
            properties,
            name=str(statement.get("Sid") or arn),
            call="lambda.get_layer_version_policy",
        )


def _code_signing_configs(session: Session, configs: list[Mapping[str, Any]]) -> Iterator[LiveFact]:
    for config in configs:
        arn = config["CodeSigningConfigArn"]
        properties = {key: config.get(key) for key in ("CodeSigningPolicies", "AllowedPublishers")}
        yield session.resource(
            "AWS::Lambda::CodeSigningConfig", properties, name=arn, arn=arn, call="lambda.list_code_signing_configs"
        )


def _signed(session: Session, configs: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Function ARN -> its code signing configuration: asked per configuration, of which there are few."""
    for config in configs:
        arn = config["CodeSigningConfigArn"]
        for function in session.pages(
            "lambda", "list_functions_by_code_signing_config", "FunctionArns", CodeSigningConfigArn=arn
        ):
            yield function, arn


def _capacity_providers(session: Session) -> Iterator[LiveFact]:
    call = "lambda.list_capacity_providers"
    for item in session.pages("lambda", "list_capacity_providers", "CapacityProviders"):
        arn = item["CapacityProviderArn"]
        properties = {key: item.get(key) for key in ("KmsKeyArn", "PermissionsConfig")}
        yield session.resource(
            "AWS::Lambda::CapacityProvider", properties, name=arn.rpartition(":")[2], arn=arn, call=call
        )


LIVE = (
    LiveReader(
        read=read_live,
        client="lambda",
        operations={
            "lambda.list_functions": "which functions and versions there are",
            "lambda.list_aliases": "aliases, and who may use them",
            "lambda.get_resource_policy": "who may use a function, version or alias",
            "lambda.get_policy": "who may use a function, version or alias",
            "lambda.get_function_url_config": "whether a function has a URL, and what it asks of callers",
            "lambda.list_function_event_invoke_configs": "where results and failures are sent",
            "lambda.list_event_source_mappings": "which queues and streams run functions",
            "lambda.list_layers": "layers, and who may use them",
            "lambda.list_layer_versions": "the versions of a layer, and who may use them",
            "lambda.get_layer_version_policy": "who may use a layer version",
            "lambda.list_code_signing_configs": "which functions run signed code only",
            "lambda.list_functions_by_code_signing_config": "which functions run signed code only",
            "lambda.list_capacity_providers": "which role starts instances for functions",
        },
    ),
)
