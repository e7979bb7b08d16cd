"""Amazon Bedrock of a live account: agents, flows, knowledge bases and their data sources.

Of an agent the working draft is read, which is what CloudFormation describes; prompts are not kept.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_GetAgent.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from permscope.services._answers import NOT_HERE, capitalised, each, picked
from permscope.services._live import LiveFact, LiveReader, Session

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
