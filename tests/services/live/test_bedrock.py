"""Bedrock agents and AgentCore gateways of a live account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Mechanism, ResourcePolicy, RoleUse, Trigger, Unknown

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function"
ROLE = "arn:aws:iam::123456789012:role/agent"
BEDROCK = "arn:aws:bedrock:eu-west-1:123456789012"
CORE = "arn:aws:bedrock-agentcore:eu-west-1:123456789012"
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
TIMES = {"createdAt": NOW, "updatedAt": NOW}
ANSWERS: dict[str, Any] = {
    "bedrock-agent.list_agents": {
        "agentSummaries": [{"agentId": "AGENT12345", "agentName": "shop", "agentStatus": "PREPARED", "updatedAt": NOW}]
    },
    "bedrock-agent.get_agent": {
        "agent": {
            "agentId": "AGENT12345",
            "agentName": "shop",
            "agentArn": f"{BEDROCK}:agent/AGENT12345",
            "agentVersion": "DRAFT",
            "agentStatus": "PREPARED",
            "idleSessionTTLInSeconds": 600,
            "agentResourceRoleArn": ROLE,
            "foundationModel": "anthropic.claude-v2",
            "instruction": "not kept, because it is long enough to be an instruction",
            **TIMES,
        }
    },
    "bedrock-agent.list_agent_action_groups": {
        "actionGroupSummaries": [
            {"actionGroupId": "GROUP12345", "actionGroupName": "a", "actionGroupState": "ENABLED", "updatedAt": NOW}
        ]
    },
    "bedrock-agent.get_agent_action_group": {
        "agentActionGroup": {
            "agentId": "AGENT12345",
            "agentVersion": "DRAFT",
            "actionGroupId": "GROUP12345",
            "actionGroupName": "a",
            "actionGroupState": "ENABLED",
            "actionGroupExecutor": {"lambda": f"{FUNCTION}:act"},
            **TIMES,
        }
    },
    "bedrock-agent.list_agent_knowledge_bases": {
        "agentKnowledgeBaseSummaries": [
            {"knowledgeBaseId": "BASE123456", "knowledgeBaseState": "ENABLED", "updatedAt": NOW}
        ]
    },
    "bedrock-agent.list_flows": {
        "flowSummaries": [
            {
                "name": "f",
                "id": "FLOW123456",
                "arn": f"{BEDROCK}:flow/FLOW123456",
                "status": "Prepared",
                "version": "DRAFT",
                **TIMES,
            }
        ]
    },
    "bedrock-agent.get_flow": {
        "name": "f",
        "id": "FLOW123456",
        "arn": f"{BEDROCK}:flow/FLOW123456",
        "status": "Prepared",
        "version": "DRAFT",
        "executionRoleArn": f"{ROLE}-flow",
        "definition": {
            "nodes": [
                {
                    "name": "n",
                    "type": "LambdaFunction",
                    "configuration": {"lambdaFunction": {"lambdaArn": f"{FUNCTION}:node"}},
                }
            ]
        },
        **TIMES,
    },
    "bedrock-agent.list_knowledge_bases": {
        "knowledgeBaseSummaries": [{"knowledgeBaseId": "BASE123456", "name": "b", "status": "ACTIVE", "updatedAt": NOW}]
    },
    "bedrock-agent.get_knowledge_base": {
        "knowledgeBase": {
            "knowledgeBaseId": "BASE123456",
            "name": "b",
            "knowledgeBaseArn": f"{BEDROCK}:knowledge-base/BASE123456",
            "roleArn": f"{ROLE}-base",
            "knowledgeBaseConfiguration": {"type": "VECTOR"},
            "status": "ACTIVE",
            **TIMES,
        }
    },
    "bedrock-agent.list_data_sources": {
        "dataSourceSummaries": [
            {
                "knowledgeBaseId": "BASE123456",
                "dataSourceId": "SOURCE1234",
                "name": "s",
                "status": "AVAILABLE",
                "updatedAt": NOW,
            }
        ]
    },
    "bedrock-agent.get_data_source": {
        "dataSource": {
            "knowledgeBaseId": "BASE123456",
            "dataSourceId": "SOURCE1234",
            "name": "s",
            "status": "AVAILABLE",
            "dataSourceConfiguration": {"type": "S3"},
            "vectorIngestionConfiguration": {
                "customTransformationConfiguration": {
                    "intermediateStorage": {"s3Location": {"uri": "s3://between"}},
                    "transformations": [
                        {
                            "stepToApply": "POST_CHUNKING",
                            "transformationFunction": {
                                "transformationLambdaConfiguration": {"lambdaArn": f"{FUNCTION}:chunk"}
                            },
                        }
                    ],
                }
            },
            **TIMES,
        }
    },
}


def test_agents_flows_and_data_sources_run_functions(account: Callable[..., list[Any]]) -> None:
    """An agent by the function's policy, a flow and a data source by a role."""
    found = {
        (fact.function_arn.rpartition(":")[2], fact.mechanism, fact.role_arn, fact.source_arn)
        for fact in account("bedrock", ANSWERS, Trigger)
    }
    assert found == {
        ("act", Mechanism.RESOURCE_POLICY, None, f"{BEDROCK}:agent/AGENT12345"),
        ("node", Mechanism.SERVICE_ROLE, f"{ROLE}-flow", None),
        ("chunk", Mechanism.SERVICE_ROLE, f"{ROLE}-base", None),
    }


def test_the_role_of_an_agent_calls_its_model_and_asks_its_knowledge(account: Callable[..., list[Any]]) -> None:
    """Instructions are not kept."""
    facts = account("bedrock", ANSWERS)
    (use,) = [fact for fact in facts if isinstance(fact, RoleUse) and fact.role_arn == ROLE]
    assert {need.resource_arn for need in use.required} == {
        "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-v2",
        f"{BEDROCK}:knowledge-base/BASE123456",
    }
    assert "not kept" not in repr(facts)


POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"bedrock-agentcore:*",'
    '"Resource":"*"}]}'
)
GATEWAY = f"{CORE}:gateway/gw-1234567890"
RUNTIME = f"{CORE}:runtime/rt-1234567890"
BROWSER = f"{CORE}:browser-custom/br-1234567890"
CORE_ANSWERS: dict[str, Any] = {
    "bedrock-agentcore-control.list_gateways": {
        "items": [
            {
                "gatewayId": "gw-1234567890",
                "name": "tools",
                "status": "READY",
                "authorizerType": "AWS_IAM",
                "protocolType": "MCP",
                **TIMES,
            }
        ]
    },
    "bedrock-agentcore-control.get_gateway": {
        "gatewayArn": GATEWAY,
        "gatewayId": "gw-1234567890",
        "name": "tools",
        "status": "READY",
        "authorizerType": "AWS_IAM",
        "roleArn": ROLE,
        "interceptorConfigurations": [
            {"interceptor": {"lambda": {"arn": f"{FUNCTION}:filter"}}, "interceptionPoints": ["REQUEST"]}
        ],
        **TIMES,
    },
    "bedrock-agentcore-control.list_gateway_targets": {
        "items": [{"targetId": "TARGET1234", "name": "t", "status": "READY", **TIMES}]
    },
    "bedrock-agentcore-control.get_gateway_target": {
        "gatewayArn": GATEWAY,
        "targetId": "TARGET1234",
        "name": "t",
        "status": "READY",
        "targetConfiguration": {
            "mcp": {"lambda": {"lambdaArn": f"{FUNCTION}:tool", "toolSchema": {"s3": {"uri": "s3://schema/a.json"}}}}
        },
        "credentialProviderConfigurations": [{"credentialProviderType": "GATEWAY_IAM_ROLE"}],
        **TIMES,
    },
    "bedrock-agentcore-control.list_agent_runtimes": {
        "agentRuntimes": [
            {
                "agentRuntimeArn": RUNTIME,
                "agentRuntimeId": "rt-1234567890",
                "agentRuntimeVersion": "1",
                "agentRuntimeName": "runner",
                "description": "d",
                "lastUpdatedAt": NOW,
                "status": "READY",
            }
        ]
    },
    "bedrock-agentcore-control.get_agent_runtime": {
        "agentRuntimeArn": RUNTIME,
        "agentRuntimeId": "rt-1234567890",
        "agentRuntimeVersion": "1",
        "agentRuntimeName": "runner",
        "createdAt": NOW,
        "lastUpdatedAt": NOW,
        "roleArn": f"{ROLE}-runtime",
        "status": "READY",
        "lifecycleConfiguration": {},
        "environmentVariables": {"TOKEN": "not kept"},
    },
    "bedrock-agentcore-control.list_browsers": {
        "browserSummaries": [{"browserId": "br-1234567890", "browserArn": BROWSER, "status": "READY", "createdAt": NOW}]
    },
    "bedrock-agentcore-control.get_browser": {
        "browserId": "br-1234567890",
        "browserArn": BROWSER,
        "name": "reader",
        "status": "READY",
        "executionRoleArn": f"{ROLE}-browser",
        "networkConfiguration": {"networkMode": "PUBLIC"},
        "createdAt": NOW,
        "lastUpdatedAt": NOW,
    },
    "bedrock-agentcore-control.list_code_interpreters": "AccessDeniedException",
    "bedrock-agentcore-control.get_resource_policy": lambda asked: (
        {"policy": POLICY} if asked["resourceArn"] == RUNTIME else "ResourceNotFoundException"
    ),
}


def test_a_gateway_offers_functions_as_tools(account: Callable[..., list[Any]]) -> None:
    """Targets and interceptors are called with the gateway's role."""
    found = {
        (fact.function_arn.rpartition(":")[2], fact.source_id, fact.role_arn)
        for fact in account("bedrockagentcore", CORE_ANSWERS, Trigger)
    }
    assert found == {("tool", GATEWAY, ROLE), ("filter", GATEWAY, ROLE)}


def test_a_runtime_has_a_role_and_a_policy(account: Callable[..., list[Any]]) -> None:
    """Its environment is not kept."""
    facts = account("bedrockagentcore", CORE_ANSWERS)
    assert [fact.resource_arn for fact in facts if isinstance(fact, ResourcePolicy)] == [RUNTIME]
    assert f"{ROLE}-runtime" in {fact.role_arn for fact in facts if isinstance(fact, RoleUse)}
    assert "not kept" not in repr(facts)


def test_a_browser_of_agents_has_a_role(account: Callable[..., list[Any]]) -> None:
    """And who may not list the code interpreters hears that their roles are not known."""
    facts = account("bedrockagentcore", CORE_ANSWERS)
    assert f"{ROLE}-browser" in {fact.role_arn for fact in facts if isinstance(fact, RoleUse)}
    (unknown,) = [fact for fact in facts if isinstance(fact, Unknown)]
    assert unknown.source.call == "bedrock-agentcore-control.list_code_interpreters"
