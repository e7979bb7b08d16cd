"""AppSync of a live account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Auth, Delivery, Mechanism, RoleUse, Route, Trigger

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:resolve"
ROLE = "arn:aws:iam::123456789012:role/source"
API = "arn:aws:appsync:eu-west-1:123456789012:apis/api1"
EVENTS = "arn:aws:appsync:eu-west-1:123456789012:apis/api2"


def sources(asked: Any) -> Any:
    """A function and a table behind the GraphQL API, a function behind the Event API."""
    api = API if asked["apiId"] == "api1" else EVENTS
    function = {
        "name": "fn",
        "type": "AWS_LAMBDA",
        "dataSourceArn": f"{api}/datasources/fn",
        "serviceRoleArn": ROLE,
        "lambdaConfig": {"lambdaFunctionArn": FUNCTION},
    }
    table = {
        "name": "orders",
        "type": "AMAZON_DYNAMODB",
        "dataSourceArn": f"{api}/datasources/orders",
        "serviceRoleArn": ROLE,
        "dynamodbConfig": {"tableName": "orders", "awsRegion": "eu-west-1"},
    }
    return {"dataSources": [function, table] if api == API else [function]}


def resolvers(asked: Any) -> Any:
    """A pipeline that uses the function, and a unit resolver that uses the table."""
    assert asked["typeName"] == "Query"
    pipeline = {
        "typeName": "Query",
        "fieldName": "price",
        "resolverArn": f"{API}/types/Query/resolvers/price",
        "pipelineConfig": {"functions": ["step1"]},
    }
    unit = {
        "typeName": "Query",
        "fieldName": "order",
        "resolverArn": f"{API}/types/Query/resolvers/order",
        "dataSourceName": "orders",
        "code": "export function request(ctx) { return ddb.get({key: {id: ctx.args.id}}); }",
    }
    return {"resolvers": [pipeline, unit]}


ANSWERS: dict[str, Any] = {
    "appsync.list_graphql_apis": {
        "graphqlApis": [
            {
                "name": "shop",
                "apiId": "api1",
                "arn": API,
                "authenticationType": "AWS_IAM",
                "additionalAuthenticationProviders": [
                    {"authenticationType": "AWS_LAMBDA", "lambdaAuthorizerConfig": {"authorizerUri": FUNCTION}},
                    {"authenticationType": "API_KEY"},
                ],
                "visibility": "GLOBAL",
            }
        ]
    },
    "appsync.list_data_sources": sources,
    "appsync.list_functions": {
        "functions": [
            {
                "functionId": "step1",
                "functionArn": f"{API}/functions/step1",
                "name": "step",
                "dataSourceName": "fn",
            }
        ]
    },
    "appsync.list_types": {
        "types": [
            {"name": "Query", "definition": "type Query {\n  price: Int @aws_api_key\n  order: Int\n}"},
            {"name": "Colour", "definition": "enum Colour { RED }"},
        ]
    },
    "appsync.list_resolvers": resolvers,
    "appsync.list_apis": {
        "apis": [
            {
                "apiId": "api2",
                "name": "chat",
                "apiArn": EVENTS,
                "eventConfig": {
                    "authProviders": [{"authType": "API_KEY"}],
                    "connectionAuthModes": [{"authType": "API_KEY"}],
                    "defaultPublishAuthModes": [{"authType": "API_KEY"}],
                    "defaultSubscribeAuthModes": [{"authType": "API_KEY"}],
                },
            }
        ]
    },
    "appsync.list_channel_namespaces": {
        "channelNamespaces": [
            {
                "apiId": "api2",
                "name": "rooms",
                "channelNamespaceArn": f"{EVENTS}/channelNamespace/rooms",
                "handlerConfigs": {
                    "onPublish": {
                        "behavior": "DIRECT",
                        "integration": {"dataSourceName": "fn", "lambdaConfig": {"invokeType": "EVENT"}},
                    }
                },
            }
        ]
    },
}


def test_data_sources_run_functions_with_their_role(account: Callable[..., list[Any]]) -> None:
    """Data sources use a role, authorizers the function's policy; an API that is listed twice is one."""
    found = {(fact.event, fact.mechanism, fact.source_arn) for fact in account("appsync", ANSWERS, Trigger)}
    assert found == {
        ("authorizer", Mechanism.RESOURCE_POLICY, API),
        ("appsync-data-source", Mechanism.SERVICE_ROLE, API),
        ("appsync-data-source", Mechanism.SERVICE_ROLE, EVENTS),
    }


def test_a_field_asks_what_its_schema_says(account: Callable[..., list[Any]]) -> None:
    """Directives in the types decide; without any, the default mode of the API."""
    routes = {fact.path: fact.auth for fact in account("appsync", ANSWERS, Route)}
    assert routes["Query.price"] is Auth.API_KEY
    assert routes["Query.order"] is Auth.IAM
    assert routes["/rooms/*"] is Auth.API_KEY


def test_resolvers_lead_to_their_data_sources(account: Callable[..., list[Any]]) -> None:
    """A pipeline leads to the data sources of its functions, a namespace to that of its handler."""
    found = {(fact.event, fact.target_arn) for fact in account("appsync", ANSWERS, Delivery)}
    assert found == {
        ("resolver", f"{API}/datasources/fn"),
        ("resolver", f"{API}/datasources/orders"),
        ("channel-handler", f"{EVENTS}/datasources/fn"),
    }


def test_a_table_is_used_as_the_resolvers_say(account: Callable[..., list[Any]]) -> None:
    """The code tells the operation and is not kept."""
    facts = account("appsync", ANSWERS)
    (use,) = [fact for fact in facts if isinstance(fact, RoleUse)]
    assert [(need.actions, need.resource_arn) for need in use.required] == [
        (("dynamodb:GetItem",), "arn:aws:dynamodb:eu-west-1:123456789012:table/orders")
    ]
    assert "ctx.args" not in repr(facts)
