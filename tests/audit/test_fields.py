"""What a rule can ask of a subject: every field answers, also where it does not apply."""

from __future__ import annotations

from typing import Any

from permscope.audit.fields import SUBJECTS, is_from_event
from permscope.audit.world import World
from permscope.collect.load import LoadOptions, load
from permscope.graph.build import build_graph
from permscope.graph.trusted import TrustedParties

QUEUE = """
  Jobs: {Type: AWS::SQS::Queue}
  Worker:
    Type: AWS::Lambda::Function
    Properties: {Runtime: python3.12, Handler: a.b, Code: {ZipFile: x}, Role: !GetAtt Role.Arn}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    CONDITION
    Properties: {FunctionName: !Ref Worker, EventSourceArn: !GetAtt Jobs.Arn}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
"""


def world_of(tmp_path: Any, text: str) -> World:
    """The world of a template."""
    path = tmp_path / "template.yaml"
    path.write_text(text, encoding="utf-8")
    inventory = load([str(path)], LoadOptions())
    return World(build_graph(inventory), inventory, TrustedParties())


def test_every_field_can_be_read_of_every_subject(tmp_path: Any) -> None:
    """What does not apply is None and never an error: rules ask many subjects that they are not about."""
    text = "Conditions: {Is: !Equals [!Ref 'AWS::Region', a]}\nResources:" + QUEUE.replace("CONDITION", "Condition: Is")
    world = world_of(tmp_path, text)
    asked = 0
    for kind in SUBJECTS.values():
        for subject in kind.subjects(world):
            for field in kind.fields.values():
                value = field.get(subject)
                asked += 1
                assert not field.choices or value is None or field.kind != "text" or value in ("", *field.choices)
    assert asked > 200


def test_a_route_is_no_event_of_a_function_of_its_name_in_another_template(tmp_path: Any) -> None:
    """Logical ids are a template's own."""
    routes = """
Resources:
  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: a, ProtocolType: HTTP}}
  Worker: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: GET /, Target: !Sub "integrations/${Call}"}}
  Call:
    Type: AWS::ApiGatewayV2::Integration
    Properties: {ApiId: !Ref Api, IntegrationType: HTTP_PROXY, IntegrationUri: "https://example.com", IntegrationMethod: GET}
"""  # noqa: E501
    (tmp_path / "routes.yaml").write_text(routes, encoding="utf-8")
    (tmp_path / "functions.yaml").write_text("Resources:" + QUEUE.replace("CONDITION", ""), encoding="utf-8")
    inventory = load([str(tmp_path)], LoadOptions())
    world = World(build_graph(inventory), inventory, TrustedParties())
    [route] = SUBJECTS["route"].subjects(world)
    assert world.routes[route.it.id].logical_id == "Worker"
    assert not is_from_event(route)
