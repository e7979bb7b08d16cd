"""The terminal view of a graph."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len

from permscope.catalog.actions import load
from permscope.collect.load import LoadOptions
from permscope.collect.load import load as load_inventory
from permscope.graph.build import build_graph
from permscope.graph.model import Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.graph.questions.queries import find_node, focus
from permscope.report.graph_text import print_graph
from permscope.report.matrix import print_matrix
from permscope.report.routes import print_routes

ROOT = Path(__file__).parent.parent.parent

Draw = Callable[..., str]
World = Callable[[str], PermissionGraph]


@pytest.mark.parametrize("width", [80, 120, 200])
@pytest.mark.parametrize("folder", ["orders", "hostile"])
def test_the_graph_of_the_fixtures_looks_as_reviewed(
    folder: str, width: int, world: World, shown: Draw, golden: Callable[[str, str], None]
) -> None:
    """The view is what someone looked at and found good."""
    graph = world(folder)
    golden(f"graph-{folder}-{width}.txt", shown(lambda console: print_graph(graph, console), width=width))


def test_the_graph_in_ascii_looks_as_reviewed(world: World, shown: Draw, golden: Callable[[str, str], None]) -> None:
    """Old consoles can show every character of the view itself."""
    graph = world("orders")
    text = shown(lambda console: print_graph(graph, console), width=80, ascii_only=True)
    assert text.isascii()
    golden("graph-orders-ascii.txt", text)


@pytest.mark.parametrize("width", [80, 120])
def test_a_function_is_shown_with_its_entries_its_role_and_what_it_touches(
    graph: PermissionGraph, shown: Draw, width: int
) -> None:
    """Whatever the layout, the same is said: entries, wiring with its verdict, role, resources, conditions."""
    text = " ".join(shown(lambda console: print_graph(graph, console), width=width).split())
    for words in ("GET /", "no authorization", "not authorized", "FnRole", "Orders DynamoDB Table", "Read, Write"):
        assert words in text
    assert "aws:SourceAccount = 111122223333" in text


@pytest.mark.parametrize("width", [80, 120])
def test_names_never_reach_the_terminal_as_escapes_or_markup(graph: PermissionGraph, shown: Draw, width: int) -> None:
    """A hostile name is shown letter by letter."""
    text = shown(lambda console: print_graph(graph, console), width=width)
    assert "\x1b" not in text
    assert "[bold]" in text


@pytest.mark.parametrize("width", [40, 80, 120, 200])
@pytest.mark.parametrize("folder", ["orders", "hostile"])
def test_no_line_is_wider_than_the_terminal_or_ends_in_white_space(
    folder: str, width: int, world: World, shown: Draw
) -> None:
    """Long lines are folded by the cells they take, wide characters counted as two."""
    graph = world(folder)
    for line in shown(lambda console: print_graph(graph, console), width=width).splitlines():
        assert cell_len(line) <= width
        assert line == line.rstrip()


def test_all_shows_every_function_however_many(large: PermissionGraph, shown: Draw) -> None:
    """What `--all` is for."""
    text = shown(lambda console: print_graph(large, console, whole=True), width=100)
    assert text.count("runs as Function") == 60


def test_a_focus_among_many_is_shown_in_full(large: PermissionGraph, shown: Draw) -> None:
    """One function of many with its own world only."""
    part = focus(large, find_node(large, "Function7"), 1)
    text = shown(lambda console: print_graph(part, console, whole=True), width=100)
    assert "Table7  DynamoDB Table" in text
    assert "Table8" not in text


def test_what_lies_at_the_edge_of_a_focus_is_not_said_to_be_alone(large: PermissionGraph, shown: Draw) -> None:
    """A neighbour is shown with all its entries, also those that are farther away than the focus reaches."""
    part = focus(large, find_node(large, "Table7"), 1)
    text = shown(lambda console: print_graph(part, console, whole=True, within=large), width=100)
    assert "nothing in the input" not in text
    assert "Queue7" in text


def test_a_role_that_nothing_acts_as_is_shown_with_who_may_become_it(shown: Draw) -> None:
    """A pipeline's role is an actor too."""
    graph = PermissionGraph()
    for node in (
        Node(id="role", kind=NodeKind.ROLE, label="Deploy", type="AWS::IAM::Role"),
        Node(id="account:1", kind=NodeKind.ACCOUNT, label="1", account="111122223333"),
        Node(id="table", kind=NodeKind.RESOURCE, label="Orders", type="AWS::DynamoDB::Table"),
    ):
        graph.add_node(node)
    actions = load().action_set(["dynamodb:PutItem"])
    graph.add_edge(Edge(source="account:1", target="role", kind=EdgeKind.CAN_ASSUME))
    graph.add_edge(Edge(source="role", target="table", kind=EdgeKind.CAN_ACCESS, actions=actions))
    text = shown(lambda console: print_graph(graph, console), width=80)
    assert "account 111122223333  may become it" in text
    assert "Orders  DynamoDB Table  Write  dynamodb:PutItem" in text


BEHIND = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Api: {Type: AWS::AppSync::GraphQLApi, Properties: {Name: api, AuthenticationType: API_KEY}}
  Schema:
    Type: AWS::AppSync::GraphQLSchema
    Properties: {ApiId: !GetAtt Api.ApiId, Definition: "type Query {order: String}"}
  Source:
    Type: AWS::AppSync::DataSource
    Properties:
      ApiId: !GetAtt Api.ApiId
      Name: Source
      Type: AWS_LAMBDA
      ServiceRoleArn: !GetAtt Role.Arn
      LambdaConfig: {LambdaFunctionArn: !GetAtt Fn.Arn}
  Resolver:
    Type: AWS::AppSync::Resolver
    Properties: {ApiId: !GetAtt Api.ApiId, TypeName: Query, FieldName: order, DataSourceName: !GetAtt Source.Name}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: appsync.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: run
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: lambda:InvokeFunction, Resource: !GetAtt Fn.Arn}]
  Fn:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.13, Handler: a.b, InlineCode: pass}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [orders]}
      Targets: [{Id: log, Arn: !GetAtt Log.Arn}]
  Log: {Type: AWS::Logs::LogGroup}
"""


@pytest.mark.parametrize("width", [80, 120])
def test_what_stands_behind_an_entry_is_shown_with_it(tmp_path: Path, shown: Draw, width: int) -> None:
    """A GraphQL field hands its data source what the caller sent, so who may call the field may run the function.

    https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html
    """
    path = tmp_path / "template.yaml"
    path.write_text(BEHIND, encoding="utf-8")
    behind = build_graph(load_inventory([str(path)], LoadOptions()))
    text = " ".join(shown(lambda console: print_graph(behind, console), width=width).split())
    assert text.startswith("1 function, 1 open to anyone")
    assert "from Query.order (API key only)" in text


def test_a_rule_that_only_hands_on_is_an_actor_too(tmp_path: Path, shown: Draw) -> None:
    """A rule with a log group as its target has no role, and delivers all the same.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    """
    path = tmp_path / "template.yaml"
    path.write_text(BEHIND, encoding="utf-8")
    behind = build_graph(load_inventory([str(path)], LoadOptions()))
    text = shown(lambda console: print_graph(behind, console))
    assert "delivers to Log  rule target" in text


DIRECT = """
Resources:
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: mail}}
  Send:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: POST
      AuthorizationType: AWS_IAM
      Integration:
        Type: AWS
        IntegrationHttpMethod: POST
        Credentials: !GetAtt Role.Arn
        Uri: !Sub arn:aws:apigateway:${AWS::Region}:email:action/SendEmail
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: apigateway.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: send
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: ses:SendEmail, Resource: "*"}]
"""


def test_what_an_integration_calls_is_shown_with_its_route(tmp_path: Path, shown: Draw) -> None:
    """An integration with an AWS service does one action, on what its mapping template takes from the request.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-integration-types.html
    """
    path = tmp_path / "template.yaml"
    path.write_text(DIRECT, encoding="utf-8")
    behind = build_graph(load_inventory([str(path)], LoadOptions()))
    text = shown(lambda console: print_graph(behind, console))
    assert "ses:SendEmail" in next(line for line in text.splitlines() if "calls what the request names" in line)


@pytest.mark.parametrize("show", [print_graph, print_routes, print_matrix])
def test_one_template_in_several_accounts_is_told_apart(tmp_path: Path, shown: Draw, show: Callable[..., None]) -> None:
    """Everything has the same name and place in both, so the account and Region are said; of one stack they are not."""
    path = tmp_path / "template.yaml"
    path.write_text((ROOT / "fixtures/orders/template.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    places = [f"{path}@111122223333/eu-west-1", f"{path}@444455556666/eu-west-1"]

    def view(inputs: list[str]) -> str:
        drawn = build_graph(load_inventory(inputs, LoadOptions()))
        return " ".join(shown(lambda console: show(drawn, console), width=200).split())

    both = view(places)
    assert "account 111122223333," in both
    assert "account 444455556666," in both
    assert "account 111122223333" not in view(places[:1])
