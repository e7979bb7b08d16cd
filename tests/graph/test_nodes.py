"""Nodes: one for each fact and each stranger, under names people use."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.graph.model import EdgeKind, NodeKind, PermissionGraph
from permscope.graph.nodes import Nodes
from permscope.graph.trusted import TrustedParties
from permscope.inventory.facts import Account, Role
from permscope.inventory.inventory import Inventory
from permscope.inventory.policies import Policy, PolicyKind, Principal

ROLE = Role(
    arn="arn:aws:iam::111122223333:role/app",
    name="app",
    trust=Policy(name="trust", kind=PolicyKind.TRUST, statements=()),
    unique_id="AROAEXAMPLE",
)


@pytest.fixture
def nodes() -> Nodes:
    """The nodes of an account with one role."""
    made = Nodes(
        Inventory([Account(id="111122223333"), ROLE]),
        PermissionGraph(),
        TrustedParties(accounts=frozenset(["444455556666"])),
    )
    made.add_facts()
    return made


@pytest.mark.parametrize(
    ("principal", "node_id"),
    [
        (Principal("*", "*"), "public"),
        (Principal("AWS", "*"), "public"),
        (Principal("AWS", "444455556666"), "account:444455556666"),
        (Principal("AWS", "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"), "account:${AWS::AccountId}"),
        (Principal("AWS", ROLE.arn), ROLE.arn),
        (Principal("AWS", "AROAEXAMPLE"), ROLE.arn),
        (Principal("AWS", "AROAGONE"), "AROAGONE"),
        (Principal("AWS", "arn:aws:sts::111122223333:assumed-role/app/session"), ROLE.arn),
        (Principal("Service", "s3.amazonaws.com"), "service:s3.amazonaws.com"),
        (Principal("Service", "states.${AWS::Region}.${AWS::URLSuffix}"), "service:states.amazonaws.com"),
        (Principal("Service", "logs.eu-west-1.amazonaws.com"), "service:logs.amazonaws.com"),
        (
            Principal("Service", "lambda.alarms.cloudwatch.amazonaws.com"),
            "service:lambda.alarms.cloudwatch.amazonaws.com",
        ),
        (Principal("Federated", "cognito-identity.amazonaws.com"), "federated:cognito-identity.amazonaws.com"),
        (Principal("CanonicalUser", "abc"), "canonical:abc"),
        (Principal("AWS", "${Param::Who}"), "${Param::Who}"),
    ],
)
def test_each_principal_has_a_node(nodes: Nodes, principal: Principal, node_id: str) -> None:
    """AWS documents the elements (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html)."""
    assert nodes.principal(principal).id == node_id
    assert nodes.principal(principal) is nodes.principal(principal)


@pytest.mark.parametrize(
    ("account", "trusted"), [("111122223333", True), ("444455556666", True), ("999999999999", False)]
)
def test_accounts_are_the_users_own_trusted_or_strange(nodes: Nodes, account: str, trusted: bool) -> None:
    """Only what the user vouches for is trusted."""
    assert nodes.account(account).trusted is trusted


def test_a_stranger_has_the_type_its_arn_tells(nodes: Nodes) -> None:
    """A bucket in no input is a bucket all the same."""
    node = nodes.external("arn:aws:s3:::elsewhere")
    assert (node.kind, node.type, node.label) == (NodeKind.EXTERNAL, "AWS::S3::Bucket", "elsewhere")


def test_a_name_that_begins_like_the_logical_id_is_no_logical_id(world: Any) -> None:
    """Only what SAM generates is called by its name."""
    made = world("  Orders: {Type: AWS::SQS::Queue, Properties: {QueueName: OrdersProd}}\n")
    assert (made.node("Orders").logical_id, made.node("Orders").label) == ("Orders", "Orders")


def test_things_of_one_sam_resource_have_names_of_their_own(world: Any) -> None:
    """The function keeps the logical id."""
    made = world(
        """\
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: a.b
      InlineCode: x
      Events: {Tick: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 day)}}}
"""
    )
    labels = [node.label for node in made.graph.nodes.values() if node.kind in (NodeKind.FUNCTION, NodeKind.RESOURCE)]
    assert sorted(labels) == ["Fn", "FnTick"]


def test_a_resource_of_a_cdk_app_is_called_as_the_app_calls_it(world: Any) -> None:
    """Its logical id, which ends in a hash, still names it.

    https://docs.aws.amazon.com/cdk/v2/guide/identifiers.html#identifiers-paths
    """
    made = world(
        """\
  OrdersQueue0A1B2C3D: {Type: AWS::SQS::Queue, Metadata: {'aws:cdk:path': Shop/Orders/Queue/Resource}}
  Plain: {Type: AWS::SQS::Queue, Metadata: {'aws:cdk:path': Shop/Plain}}
  Strange: {Type: AWS::SQS::Queue, Metadata: {'aws:cdk:path': "a\\u001b[31m"}}
  Marked: {Type: AWS::SQS::Queue, Metadata: {'aws:cdk:path': "Shop/`<b>`"}}
  Wrong: {Type: AWS::SQS::Queue, Metadata: {'aws:cdk:path': {a: b}}}
"""
    )
    labels = [node.label for node in made.graph.nodes.values() if node.type == "AWS::SQS::Queue"]
    assert labels == ["Shop/Orders/Queue", "Shop/Plain", "Strange", "Marked", "Wrong"]
    assert made.node("OrdersQueue0A1B2C3D") is made.node("Shop/Orders/Queue")


def test_a_version_or_alias_is_its_function_under_a_qualifier(world: Any, function: Any) -> None:
    """A policy that names one leads to the function.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html
    """
    made = world(
        function("Fn", "{Effect: Allow, Action: 'lambda:GetFunction', Resource: [!Ref Live, !Ref Version]}"),
        "  Version: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Fn}}\n"
        "  Live: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Fn, Name: live, FunctionVersion: '1'}}\n",
    )
    function_node = made.node("Fn")
    assert {edge.target for edge in made.edges(EdgeKind.CAN_ACCESS, "FnRole")} == {function_node.id}
    assert {node.type for node in made.graph.nodes.values()} == {"AWS::Lambda::Function", "AWS::IAM::Role", None}


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ("api-destination/orders/*", "Destination"),
        ("api-destination/orders", "Destination"),
        ("api-destination/*", None),
        ("api-destination/orders-eu/*", None),
    ],
)
def test_a_policy_names_what_has_an_id_of_aws_behind_its_name(
    world: Any, function: Any, resource: str, name: str
) -> None:
    """The id is known only after the deployment, so policies write `*` for it.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-manage-iam-access.html
    """
    arn = f"!Sub 'arn:aws:events:${{AWS::Region}}:${{AWS::AccountId}}:{resource}'"
    destination = (
        "  Destination:\n    Type: AWS::Events::ApiDestination\n"
        "    Properties: {Name: orders, HttpMethod: POST, ConnectionArn: c, InvocationEndpoint: 'https://a.example'}\n"
    )
    made = world(
        destination, function("Fn", f"{{Effect: Allow, Action: 'events:InvokeApiDestination', Resource: {arn}}}")
    )
    edge = made.edge(EdgeKind.CAN_ACCESS, "FnRole")
    assert made.graph.nodes[edge.target].logical_id == name


def test_the_topics_of_a_cluster_are_below_it(world: Any, function: Any) -> None:
    """`topic/<cluster>/<uuid>/<topic>` names the cluster (msk/latest/developerguide/security-iam.html)."""
    arn = "!Sub 'arn:aws:kafka:${AWS::Region}:${AWS::AccountId}:topic/main/*'"
    made = world(
        "  Cluster: {Type: AWS::MSK::Cluster, Properties: {ClusterName: main}}\n",
        function("Fn", f"{{Effect: Allow, Action: 'kafka-cluster:*', Resource: {arn}}}"),
    )
    edge = made.edge(EdgeKind.CAN_ACCESS, "FnRole", "Cluster")
    assert "kafka-cluster:ReadData" in edge.actions
    assert "kafka-cluster:AlterCluster" not in edge.actions


def test_the_data_sources_that_sam_makes_of_an_api_are_told_apart(world: Any) -> None:
    """They share the API's logical id, and each has the name the template gives it.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-graphqlapi-datasources.html
    """
    table = "AWS::DynamoDB::Table, Properties: {KeySchema: [{AttributeName: id, KeyType: HASH}]}"
    found = world(
        f"""  Api:
    Type: AWS::Serverless::GraphQLApi
    Properties:
      SchemaInline: "type Query {{ get: String }}"
      Auth: {{Type: AWS_IAM}}
      DataSources:
        DynamoDb:
          Orders: {{TableName: !Ref OrdersTable, TableArn: !GetAtt OrdersTable.Arn}}
          Users: {{TableName: !Ref UsersTable, TableArn: !GetAtt UsersTable.Arn}}
  OrdersTable: {{Type: {table}}}
  UsersTable: {{Type: {table}}}
"""
    )
    labels = [node.label for node in found.graph.nodes.values() if node.type == "AWS::AppSync::DataSource"]
    assert labels == ["Api (DataSource Orders)", "Api (DataSource Users)"]
