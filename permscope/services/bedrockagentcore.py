"""Bedrock AgentCore: gateways that offer functions as tools, and runtimes that act with roles.

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-prerequisites-permissions.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact
from permscope.services._answers import NOT_HERE, capitalised, each, picked
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import Item, walk
from permscope.services._wiring import properties, protection, role_triggers, role_uses
from permscope.services._workers import Worker
from permscope.services.interface import TemplateResource

SERVICE = "bedrock-agentcore.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE,)


def read_gateway(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::BedrockAgentCore::Gateway`: its role, and the functions that intercept calls."""
    yield resource.resource(authorizer_type=resource.text("AuthorizerType"), kms_key_arn=resource.text("KmsKeyArn"))
    roles = [*properties(resource, "RoleArn")]
    for inner in walk(resource.get("InterceptorConfigurations")):
        found = Item(inner, None).texts("Lambda", "Arn")
        yield from role_triggers(resource, found, roles, event="agentcore-interceptor", service=SERVICE)
    yield from role_uses(resource, roles, SERVICE, exact=False)


def read_gateway_target(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::BedrockAgentCore::GatewayTarget`: a function offered as a tool, called with the gateway's role."""
    gateway = resource.stack.find(resource.get("GatewayIdentifier"), "AWS::BedrockAgentCore::Gateway")
    yield resource.resource(gateway_identifier=resource.text("GatewayIdentifier"))
    roles = [*properties(gateway, "RoleArn")] if gateway is not None else []
    found = properties(resource, "TargetConfiguration", "Mcp", "Lambda", "LambdaArn")
    source_id = gateway.id if gateway is not None else resource.id
    yield from role_triggers(
        resource, found, roles, event="agentcore-gateway-target", service=SERVICE, source_id=source_id
    )


def read_role_user(resource: TemplateResource) -> Iterator[AnyFact]:
    """Runtimes, browsers, code interpreters and memories: what they do is code, so their role may do all it allows."""
    yield resource.resource(network_mode=resource.text("NetworkConfiguration", "NetworkMode"))
    for name in ("RoleArn", "ExecutionRoleArn", "MemoryExecutionRoleArn"):
        yield from role_uses(resource, properties(resource, name), SERVICE, exact=False)


def read_resource_policy(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::BedrockAgentCore::ResourcePolicy`: who may use a runtime or gateway."""
    yield resource.resource()
    yield from protection(resource, resource.text("ResourceArn"), resource.get("Policy"), "Policy")


TEMPLATE = {
    "AWS::BedrockAgentCore::Gateway": read_gateway,
    "AWS::BedrockAgentCore::GatewayTarget": read_gateway_target,
    "AWS::BedrockAgentCore::Runtime": read_role_user,
    "AWS::BedrockAgentCore::BrowserCustom": read_role_user,
    "AWS::BedrockAgentCore::CodeInterpreterCustom": read_role_user,
    "AWS::BedrockAgentCore::Memory": read_role_user,
    "AWS::BedrockAgentCore::ResourcePolicy": read_resource_policy,
}


_CLIENT = "bedrock-agentcore-control"
_GONE = ("ResourceNotFoundException",)


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every gateway with its targets, and every runtime."""
    gateways = [item["gatewayId"] for item in session.pages(_CLIENT, "list_gateways", "items", none=NOT_HERE)]
    yield from each(session, _live_gateway, gateways)
    runtimes = [
        item["agentRuntimeId"] for item in session.pages(_CLIENT, "list_agent_runtimes", "agentRuntimes", none=NOT_HERE)
    ]
    yield from each(session, _live_runtime, runtimes)


def _live_gateway(session: Session, gateway_id: str) -> Iterator[LiveFact]:
    answer = session.call(_CLIENT, "get_gateway", none=_GONE, gatewayIdentifier=gateway_id)
    if not answer:
        return
    arn = answer["gatewayArn"]
    yield session.resource(
        "AWS::BedrockAgentCore::Gateway",
        capitalised(picked(answer, "authorizerType", "kmsKeyArn", "roleArn", "interceptorConfigurations")),
        name=answer["name"],
        arn=arn,
        ref=gateway_id,
        call=f"{_CLIENT}.get_gateway",
    )
    yield from _live_policy(session, arn)
    for item in session.pages(_CLIENT, "list_gateway_targets", "items", none=_GONE, gatewayIdentifier=gateway_id):
        target_id = item["targetId"]
        found = session.call(
            _CLIENT, "get_gateway_target", none=_GONE, gatewayIdentifier=gateway_id, targetId=target_id
        )
        mcp = ((found or {}).get("targetConfiguration") or {}).get("mcp") or {}
        function = (mcp.get("lambda") or {}).get("lambdaArn")
        held = {"Mcp": {"Lambda": {"LambdaArn": function}}} if function else None
        yield session.resource(
            "AWS::BedrockAgentCore::GatewayTarget",
            {"GatewayIdentifier": gateway_id, "TargetConfiguration": held},
            name=f"{gateway_id}|{target_id}",
            call=f"{_CLIENT}.get_gateway_target",
        )


def _live_runtime(session: Session, runtime_id: str) -> Iterator[LiveFact]:
    answer = session.call(_CLIENT, "get_agent_runtime", none=_GONE, agentRuntimeId=runtime_id)
    if answer:
        arn = answer["agentRuntimeArn"]
        yield session.resource(
            "AWS::BedrockAgentCore::Runtime",
            capitalised(picked(answer, "roleArn", "networkConfiguration")),
            name=answer["agentRuntimeName"],
            arn=arn,
            ref=runtime_id,
            call=f"{_CLIENT}.get_agent_runtime",
        )
        yield from _live_policy(session, arn)


def _live_policy(session: Session, arn: str) -> Iterator[LiveFact]:
    answer = session.call(_CLIENT, "get_resource_policy", none=_GONE, resourceArn=arn) or {}
    if answer.get("policy"):
        properties = {"ResourceArn": arn, "Policy": answer["policy"]}
        yield session.resource(
            "AWS::BedrockAgentCore::ResourcePolicy", properties, name=arn, call=f"{_CLIENT}.get_resource_policy"
        )


_WHAT = "which role code that agents write and run has"
_WORKERS = tuple(
    Worker(
        client=_CLIENT,
        lists=lists,
        items=items,
        arguments={"type": "CUSTOM"},
        asks=asks,
        by={key: key},
        name=key,
        arn=arn,
        type_name=type_name,
        roles={"ExecutionRoleArn": "executionRoleArn"},
        what=_WHAT,
        listed_none=NOT_HERE,
    )
    for lists, items, asks, key, arn, type_name in (
        (
            "list_browsers",
            "browserSummaries",
            "get_browser",
            "browserId",
            "browserArn",
            "AWS::BedrockAgentCore::BrowserCustom",
        ),
        (
            "list_code_interpreters",
            "codeInterpreterSummaries",
            "get_code_interpreter",
            "codeInterpreterId",
            "codeInterpreterArn",
            "AWS::BedrockAgentCore::CodeInterpreterCustom",
        ),
    )
)
LIVE = (
    LiveReader(
        read=read_live,
        client=_CLIENT,
        operations={
            f"{_CLIENT}.list_gateways": "which gateways offer tools to agents",
            f"{_CLIENT}.get_gateway": "which role and functions a gateway uses",
            f"{_CLIENT}.list_gateway_targets": "which functions are offered as tools",
            f"{_CLIENT}.get_gateway_target": "which functions are offered as tools",
            f"{_CLIENT}.list_agent_runtimes": "which agents are hosted",
            f"{_CLIENT}.get_agent_runtime": "which role a hosted agent has",
            f"{_CLIENT}.get_resource_policy": "who may use a gateway or hosted agent",
        },
    ),
    *(worker.reader() for worker in _WORKERS),
)
