"""Bedrock: agents and flows that call functions, knowledge bases, and the roles of all of them.

https://docs.aws.amazon.com/bedrock/latest/userguide/agents-permissions.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact, Need
from permscope.inventory.located import LocatedStr
from permscope.services._permission_entries import entries
from permscope.services._values import Item, mappings, walk
from permscope.services._wiring import need, properties, protection, role_triggers, role_uses, triggers
from permscope.services.interface import TemplateResource

SERVICE = "bedrock.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE,)


def read_agent(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Bedrock::Agent`: its action groups call functions that let Bedrock in."""
    yield resource.resource(
        foundation_model=resource.text("FoundationModel"),
        kms_key_arn=resource.text("CustomerEncryptionKeyArn"),
    )
    for group in mappings(resource.get("ActionGroups")):
        enabled = group.text("ActionGroupState") != "DISABLED"
        found = group.texts("ActionGroupExecutor", "Lambda")
        yield from triggers(resource, found, event="bedrock-agent", service=SERVICE, enabled=enabled)
    found = properties(resource, "PromptOverrideConfiguration", "OverrideLambda")
    yield from triggers(resource, found, event="bedrock-agent", service=SERVICE)
    needs = (*_model_needs(resource), *_knowledge_needs(resource))
    yield from role_uses(resource, properties(resource, "AgentResourceRoleArn"), SERVICE, needs)


def _model_needs(resource: TemplateResource) -> Iterator[Need]:
    for text in properties(resource, "FoundationModel"):
        if text.text.startswith(("arn:", "${")):
            yield from need(text, "bedrock:InvokeModel", why="to call the model")
        else:
            arn = resource.stack.arn("bedrock", f"foundation-model/{text.text}", account="")
            yield from need(text._replace(text=arn), "bedrock:InvokeModel", why="to call the model")


def _knowledge_needs(resource: TemplateResource) -> Iterator[Need]:
    for base in mappings(resource.get("KnowledgeBases")):
        for text in base.texts("KnowledgeBaseId"):
            arn = resource.stack.arn("bedrock", f"knowledge-base/{text.text}")
            why = "to ask the knowledge base"
            yield Need(actions=("bedrock:Retrieve",), resource_arn=LocatedStr(arn, text.source), why=why)


def read_flow(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Bedrock::Flow`: functions that its nodes call with the flow's role.

    https://docs.aws.amazon.com/bedrock/latest/userguide/flows-permissions.html
    """
    yield resource.resource(kms_key_arn=resource.text("CustomerEncryptionKeyArn"))
    roles = [*properties(resource, "ExecutionRoleArn")]
    for inner in walk(resource.get("Definition")):
        found = Item(inner, None).texts("LambdaFunction", "LambdaArn")
        yield from role_triggers(resource, found, roles, event="bedrock-flow", service=SERVICE)
    yield from role_uses(resource, roles, SERVICE, exact=False)


def read_knowledge_base(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Bedrock::KnowledgeBase`: reads its sources and its store with a role."""
    yield resource.resource()
    yield from role_uses(resource, properties(resource, "RoleArn"), SERVICE, exact=False)


def read_data_source(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Bedrock::DataSource`: functions that transform documents, called with the knowledge base's role."""
    yield resource.resource(kms_key_arn=resource.text("ServerSideEncryptionConfiguration", "KmsKeyArn"))
    base = resource.stack.find(resource.get("KnowledgeBaseId"), "AWS::Bedrock::KnowledgeBase")
    roles = [*properties(base, "RoleArn")] if base is not None else []
    for inner in walk(resource.get("VectorIngestionConfiguration")):
        found = Item(inner, None).texts("TransformationLambdaConfiguration", "LambdaArn")
        yield from role_triggers(resource, found, roles, event="bedrock-data-source", service=SERVICE)


def read_role_user(resource: TemplateResource) -> Iterator[AnyFact]:
    """Other types of Bedrock that act with a role."""
    yield resource.resource()
    for name in ("RoleArn", "ExecutionRoleArn"):
        yield from role_uses(resource, properties(resource, name), SERVICE, exact=False)


def read_resource_policy(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Bedrock::ResourcePolicy`: who may use a resource of Bedrock."""
    yield resource.resource()
    name = "Policy" if resource.get("Policy") is not None else "PolicyDocument"
    yield from protection(resource, resource.text("ResourceArn"), resource.get(name), name)


def read_permission(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Lambda::Permission` for Bedrock, where the agent is in no template."""
    yield from entries(resource, {SERVICE: "bedrock-agent"}, wired_by=("AWS::Bedrock::Agent",))


TEMPLATE = {
    "AWS::Bedrock::Agent": read_agent,
    "AWS::Bedrock::Flow": read_flow,
    "AWS::Bedrock::KnowledgeBase": read_knowledge_base,
    "AWS::Bedrock::DataSource": read_data_source,
    "AWS::Bedrock::DataAutomationProject": read_role_user,
    "AWS::Bedrock::ResourcePolicy": read_resource_policy,
    "AWS::Lambda::Permission": read_permission,
}
