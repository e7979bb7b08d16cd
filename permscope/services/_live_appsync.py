"""AWS AppSync of a live account: APIs, data sources, resolvers and channel namespaces.

https://docs.aws.amazon.com/appsync/latest/APIReference/API_ListResolvers.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from permscope.lazy import regex
from permscope.services._answers import capitalised, each, picked
from permscope.services._live import LiveFact, LiveReader, Session

_GONE = ("NotFoundException",)
_OBJECT_TYPE = regex(r"^\s*(?:extend\s+)?type\s", re.MULTILINE)
_RESOLVER = (
    "typeName",
    "fieldName",
    "dataSourceName",
    "pipelineConfig",
    "syncConfig",
    "code",
    "requestMappingTemplate",
)


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every GraphQL API, merged ones too, and every Event API."""
    apis: dict[str, Mapping[str, Any]] = {}
    for kind in ("GRAPHQL", "MERGED"):
        for item in session.pages("appsync", "list_graphql_apis", "graphqlApis", apiType=kind):
            apis.setdefault(item["arn"], item)
    yield from each(session, _graphql_api, apis.values())
    yield from each(session, _event_api, session.pages("appsync", "list_apis", "apis"))


def _graphql_api(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    api = item["apiId"]
    same = ("name", "authenticationType", "logConfig", "additionalAuthenticationProviders", "xrayEnabled")
    properties = capitalised(picked(item, *same, "lambdaAuthorizerConfig", "mergedApiExecutionRoleArn"))
    for name, default in (("visibility", "GLOBAL"), ("introspectionConfig", "ENABLED")):
        if item.get(name) not in (None, default):
            properties |= capitalised(picked(item, name))
    yield session.resource(
        "AWS::AppSync::GraphQLApi",
        properties,
        name=item["name"],
        arn=item["arn"],
        attributes={"ApiId": api},
        call="appsync.list_graphql_apis",
    )
    yield from _data_sources(session, api)
    for found in session.pages("appsync", "list_functions", "functions", none=_GONE, apiId=api):
        properties = {"ApiId": api, **capitalised(picked(found, "name", *_RESOLVER))}
        yield session.resource(
            "AWS::AppSync::FunctionConfiguration",
            properties,
            name=found["functionId"],
            arn=found.get("functionArn"),
            call="appsync.list_functions",
        )
    definitions = []
    for found in session.pages("appsync", "list_types", "types", none=_GONE, apiId=api, format="SDL"):
        definition = found.get("definition") or ""
        definitions.append(definition)
        if _OBJECT_TYPE.search(definition):
            yield from _resolvers(session, api, found["name"])
    if definitions:
        schema = {"ApiId": api, "Definition": "\n".join(definitions)}
        yield session.resource("AWS::AppSync::GraphQLSchema", schema, name=api, call="appsync.list_types")


def _data_sources(session: Session, api: str) -> Iterator[LiveFact]:
    same = ("name", "type", "serviceRoleArn", "lambdaConfig", "eventBridgeConfig", "relationalDatabaseConfig")
    for item in session.pages("appsync", "list_data_sources", "dataSources", none=_GONE, apiId=api):
        properties = {
            **capitalised(picked(item, *same)),
            "ApiId": api,
            "DynamoDBConfig": capitalised(item.get("dynamodbConfig")),
            "HttpConfig": capitalised(picked(item.get("httpConfig") or {}, "endpoint")) or None,
        }
        yield session.resource(
            "AWS::AppSync::DataSource",
            properties,
            name=item["name"],
            arn=item["dataSourceArn"],
            call="appsync.list_data_sources",
        )


def _resolvers(session: Session, api: str, type_name: str) -> Iterator[LiveFact]:
    for item in session.pages(
        "appsync", "list_resolvers", "resolvers", none=_GONE, of=f"{api}/{type_name}", apiId=api, typeName=type_name
    ):
        properties = {"ApiId": api, **capitalised(picked(item, *_RESOLVER))}
        yield session.resource(
            "AWS::AppSync::Resolver",
            properties,
            name=f"{type_name}.{item['fieldName']}",
            arn=item.get("resolverArn"),
            call="appsync.list_resolvers",
        )


def _event_api(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    api = item["apiId"]
    yield session.resource(
        "AWS::AppSync::Api",
        capitalised(picked(item, "name", "eventConfig")),
        name=item["name"],
        arn=item["apiArn"],
        attributes={"ApiId": api},
        call="appsync.list_apis",
    )
    yield from _data_sources(session, api)
    for found in session.pages("appsync", "list_channel_namespaces", "channelNamespaces", none=_GONE, apiId=api):
        same = ("name", "subscribeAuthModes", "publishAuthModes", "handlerConfigs")
        yield session.resource(
            "AWS::AppSync::ChannelNamespace",
            {"ApiId": api, **capitalised(picked(found, *same))},
            name=found["name"],
            arn=found.get("channelNamespaceArn"),
            call="appsync.list_channel_namespaces",
        )


LIVE = (
    LiveReader(
        read=read_live,
        client="appsync",
        operations={
            "appsync.list_graphql_apis": "GraphQL APIs and how they let callers in",
            "appsync.list_data_sources": "which functions, tables and buses an API uses, and with which role",
            "appsync.list_functions": "which data sources the pipelines of an API use",
            "appsync.list_types": "which fields an API has, and what they ask of callers",
            "appsync.list_resolvers": "which data source is behind a field",
            "appsync.list_apis": "Event APIs and how they let callers in",
            "appsync.list_channel_namespaces": "which functions handle the events of a channel",
        },
    ),
)
