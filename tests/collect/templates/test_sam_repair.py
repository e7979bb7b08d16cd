"""The smallest part of a template that the translator rejects is taken out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.collect.templates.document import parse_document
from permscope.collect.templates.sam_repair import Edit, EditKind, apply
from permscope.graph.build import build_graph
from permscope.inventory.facts import Auth, Function, Route, Trigger, Unknown
from permscope.inventory.inventory import Collected, Inventory
from permscope.inventory.source import Source

TEXT = """\
Globals: {Function: {Timeout: 3, Odd: 1}}
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Odd: 1
    Properties:
      MemorySize: 1
      Policies: [A, B, C]
      Events: {One: {Type: Api, Properties: {Path: !Sub '/${Stage}/${AWS::Region}', Method: get}}, Two: {Type: SQS}}
"""
TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Parameters: {Id: {Type: String}}
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: x
      Handler: a.b
      Events:
        One: EVENT
      Runtime: python3.13
"""


@pytest.mark.parametrize(
    ("edit", "path", "left"),
    [
        (Edit(EditKind.RESOURCE, "Fn"), ("Resources",), {}),
        (
            Edit(EditKind.POLICY, "Fn", "1"),
            ("Resources", "Fn", "Properties", "Policies"),
            ["A", {"Ref": "AWS::NoValue"}, "C"],
        ),
        (Edit(EditKind.EVENT, "Fn", "One"), ("Resources", "Fn", "Properties", "Events"), {"Two": {"Type": "SQS"}}),
        (Edit(EditKind.GLOBAL, "Function", "Odd"), ("Globals", "Function"), {"Timeout": 3}),
        (Edit(EditKind.ROLE, "Fn", "FnRole"), ("Resources", "Fn", "Properties", "Role"), "${Unknown::role_of_Fn}"),
        (
            Edit(EditKind.API, "Fn", "Two"),
            ("Resources",),
            {"Fn": parse_document(TEXT.replace(", Two: {Type: SQS}", ""), "t.yaml").value["Resources"]["Fn"]},
        ),
        (
            Edit(EditKind.PATH, "Fn", "One"),
            ("Resources", "Fn", "Properties", "Events", "One", "Properties", "Path"),
            "/prod/${AWS::Region}",
        ),
    ],
)
def test_one_thing_goes_and_the_others_keep_their_number(edit: Edit, path: tuple[str, ...], left: Any) -> None:
    """A policy's place in the list is what SAM names the rest by."""
    found = work = parse_document(TEXT, "t.yaml").value
    apply(edit, work, {"Stage": "prod"})
    for step in path:
        found = found[step]
    assert found == left


@pytest.mark.parametrize("kind", [kind for kind in EditKind if kind is not EditKind.RESOURCE])
@pytest.mark.parametrize("resource", ["text", "{}", "{Properties: []}", "{Properties: {Events: 1, Policies: 2}}"])
def test_a_resource_of_any_shape_is_no_crash(kind: EditKind, resource: str) -> None:
    """Whatever made the translator complain; what is missing is said."""
    work = parse_document(f"Resources: {{Fn: {resource}}}", "t.yaml").value
    edit = Edit(kind, "Fn", "0")
    apply(edit, work, {})
    assert "Fn" in edit.unknown(Source("t.yaml", 1, 1)).what


@pytest.mark.parametrize(
    ("event", "api"),
    [
        ("{Type: Api, Properties: {RestApiId: !Ref Id, Path: '/x/{id}', Method: get}}", "${Param::Id}"),
        ("{Type: HttpApi, Properties: {ApiId: !Ref Id, Path: '/x/{id}', Method: GET}}", "${Param::Id}"),
        ("{Type: HttpApi, Properties: {ApiId: !ImportValue a, Path: '/x/{id}', Method: GET}}", "${Import::a}"),
    ],
)
def test_an_event_of_an_api_that_is_elsewhere_is_a_route_all_the_same(
    collect: Callable[..., Collected], event: str, api: str
) -> None:
    """SAM wants the API in the same template, and says so; how that API asks who is there is not known.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-api.html
    """
    text = TEMPLATE.replace("EVENT", event)
    found = collect({"template.yaml": text})
    (route,) = [fact for fact in found.facts if isinstance(fact, Route)]
    (trigger,) = [fact for fact in found.facts if isinstance(fact, Trigger)]
    (unknown,) = [fact for fact in found.facts if isinstance(fact, Unknown) and fact.what.startswith("the API of")]
    assert (route.method, route.path, route.api_id, route.auth) == (
        "GET",
        "/x/{id}",
        f"AWS::ApiGatewayV2::Api/{api}",
        Auth.UNKNOWN,
    )
    assert (trigger.source_id, trigger.source.line, unknown.source.line) == (route.id, 10, 10)
    assert len(found.errors) == 1
    (edge,) = [
        edge
        for edge in build_graph(Inventory(found.facts)).edges
        if edge.kind == "triggers" and edge.source == route.id
    ]
    assert edge.authorized is True


def test_a_function_whose_role_would_take_a_taken_id_is_kept(collect: Callable[..., Collected]) -> None:
    """SAM calls the role `<function>Role`; only which role runs the function is not known.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources-function.html
    """
    taken = "  FnRole: {Type: AWS::SNS::Topic}\n  Q: {Type: AWS::SQS::Queue}\n"
    event = "{Type: SQS, Properties: {Queue: !GetAtt Q.Arn}}"
    found = collect({"template.yaml": TEMPLATE.replace("EVENT", event) + taken})
    (function,) = [fact for fact in found.facts if isinstance(fact, Function)]
    (trigger,) = [fact for fact in found.facts if isinstance(fact, Trigger)]
    whys = [fact.why for fact in found.facts if isinstance(fact, Unknown)]
    assert (function.role_arn, trigger.event) == ("${Unknown::role_of_Fn}", "event-source-mapping")
    assert "SAM makes it as `FnRole`, and another resource has that id" in whys
