"""Bedrock AgentCore: gateways that offer functions as tools, and runtimes that act with roles.

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-prerequisites-permissions.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact
from permscope.services._values import Item, walk
from permscope.services._wiring import properties, protection, role_triggers, role_uses
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
