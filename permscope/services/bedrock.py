"""Bedrock: agents and flows that call functions, knowledge bases, and the roles of all of them.

https://docs.aws.amazon.com/bedrock/latest/userguide/agents-permissions.html

Of a live agent the working draft is read, which is what CloudFormation describes; prompts are not kept.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_GetAgent.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from permscope.inventory.facts import AnyFact, Need
from permscope.inventory.located import LocatedStr
from permscope.services._answers import NOT_HERE, capitalised, each, picked
from permscope.services._live import LiveFact, LiveReader, Session
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


_GONE = ("ResourceNotFoundException",)
_DRAFT = "DRAFT"


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every agent, flow and knowledge base."""
    agents = [
        item["agentId"] for item in session.pages("bedrock-agent", "list_agents", "agentSummaries", none=NOT_HERE)
    ]
    yield from each(session, _agent, agents)
    flows = [item["id"] for item in session.pages("bedrock-agent", "list_flows", "flowSummaries", none=NOT_HERE)]
    yield from each(session, _flow, flows)
    bases = session.pages("bedrock-agent", "list_knowledge_bases", "knowledgeBaseSummaries", none=NOT_HERE)
    yield from each(session, _knowledge_base, [item["knowledgeBaseId"] for item in bases])


def _agent(session: Session, agent_id: str) -> Iterator[LiveFact]:
    answer = session.call("bedrock-agent", "get_agent", none=_GONE, agentId=agent_id) or {}
    agent = answer.get("agent")
    if not agent:
        return
    named: dict[str, Any] = {"agentId": agent_id, "agentVersion": _DRAFT}
    override = (agent.get("promptOverrideConfiguration") or {}).get("overrideLambda")
    bases = session.pages(
        "bedrock-agent", "list_agent_knowledge_bases", "agentKnowledgeBaseSummaries", none=_GONE, **named
    )
    properties = {
        **capitalised(picked(agent, "foundationModel", "customerEncryptionKeyArn", "agentResourceRoleArn")),
        "PromptOverrideConfiguration": {"OverrideLambda": override} if override else None,
        "ActionGroups": [*_action_groups(session, named)],
        "KnowledgeBases": [capitalised(picked(base, "knowledgeBaseId")) for base in bases],
    }
    yield session.resource(
        "AWS::Bedrock::Agent",
        properties,
        name=agent["agentName"],
        arn=agent["agentArn"],
        ref=agent_id,
        call="bedrock-agent.get_agent",
    )


def _action_groups(session: Session, named: Mapping[str, Any]) -> Iterator[Any]:
    for item in session.pages("bedrock-agent", "list_agent_action_groups", "actionGroupSummaries", none=_GONE, **named):
        answer = session.call(
            "bedrock-agent", "get_agent_action_group", none=_GONE, actionGroupId=item["actionGroupId"], **named
        )
        group = (answer or {}).get("agentActionGroup") or {}
        yield capitalised(picked(group, "actionGroupExecutor", "actionGroupState"))


def _flow(session: Session, flow_id: str) -> Iterator[LiveFact]:
    answer = session.call("bedrock-agent", "get_flow", none=_GONE, flowIdentifier=flow_id)
    if answer:
        nodes = (answer.get("definition") or {}).get("nodes") or ()
        functions = [picked(node.get("configuration") or {}, "lambdaFunction") for node in nodes]
        properties = {
            **capitalised(picked(answer, "executionRoleArn", "customerEncryptionKeyArn")),
            "Definition": {"Nodes": capitalised([{"configuration": found} for found in functions if found])},
        }
        yield session.resource(
            "AWS::Bedrock::Flow", properties, name=answer["name"], arn=answer["arn"], call="bedrock-agent.get_flow"
        )


def _knowledge_base(session: Session, base_id: str) -> Iterator[LiveFact]:
    answer = session.call("bedrock-agent", "get_knowledge_base", none=_GONE, knowledgeBaseId=base_id) or {}
    base = answer.get("knowledgeBase")
    if not base:
        return
    yield session.resource(
        "AWS::Bedrock::KnowledgeBase",
        capitalised(picked(base, "roleArn")),
        name=base["name"],
        arn=base["knowledgeBaseArn"],
        ref=base_id,
        call="bedrock-agent.get_knowledge_base",
    )
    for item in session.pages(
        "bedrock-agent", "list_data_sources", "dataSourceSummaries", none=_GONE, knowledgeBaseId=base_id
    ):
        source_id = item["dataSourceId"]
        found = session.call(
            "bedrock-agent", "get_data_source", none=_GONE, knowledgeBaseId=base_id, dataSourceId=source_id
        )
        source = (found or {}).get("dataSource")
        if source:
            ingestion = picked(source.get("vectorIngestionConfiguration") or {}, "customTransformationConfiguration")
            properties = {
                "KnowledgeBaseId": base_id,
                **capitalised(picked(source, "serverSideEncryptionConfiguration")),
                "VectorIngestionConfiguration": capitalised(ingestion) or None,
            }
            yield session.resource(
                "AWS::Bedrock::DataSource",
                properties,
                name=f"{base_id}|{source_id}",
                call="bedrock-agent.get_data_source",
            )


LIVE = (
    LiveReader(
        read=read_live,
        client="bedrock-agent",
        operations={
            "bedrock-agent.list_agents": "which agents there are",
            "bedrock-agent.get_agent": "which role and model an agent uses",
            "bedrock-agent.list_agent_action_groups": "which functions an agent may run",
            "bedrock-agent.get_agent_action_group": "which functions an agent may run",
            "bedrock-agent.list_agent_knowledge_bases": "which knowledge bases an agent asks",
            "bedrock-agent.list_flows": "which flows there are",
            "bedrock-agent.get_flow": "which functions a flow runs, and with which role",
            "bedrock-agent.list_knowledge_bases": "which knowledge bases there are",
            "bedrock-agent.get_knowledge_base": "which role fills a knowledge base",
            "bedrock-agent.list_data_sources": "which functions transform documents",
            "bedrock-agent.get_data_source": "which functions transform documents",
        },
    ),
)
