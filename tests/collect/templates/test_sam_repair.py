"""The smallest part of a template that the translator rejects is taken out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.collect.templates.document import parse_document
from permscope.collect.templates.sam_repair import Edit, EditKind, apply
from permscope.graph.build import build_graph
from permscope.inventory.facts import AnyFact, Auth, Function, Resource, Role, Route, Trigger, Unknown
from permscope.inventory.inventory import Collected, Inventory
from permscope.inventory.source import Source

HEAD = "Transform: AWS::Serverless-2016-10-31\n"
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


def _of(found: Collected, kind: type[AnyFact]) -> list[AnyFact]:  # type: ignore[type-arg]
    return [fact for fact in found.facts if isinstance(fact, kind)]


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


def test_what_the_translator_rejects_is_told_and_the_rest_is_read(collect: Callable[..., Collected]) -> None:
    """A misspelt property, a strange event and a broken resource each give an error at their line."""
    found = collect(
        HEAD
        + """
Globals: {Function: {Runtime: python3.12, Nope: 1}}
Resources:
  Good: {Type: 'AWS::Serverless::Function', Properties: {Handler: a.b}}
  Property:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Nope: 1
  Event:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Events:
        Strange: {Type: Nothing}
  Broken:
    Type: AWS::Serverless::Api
    Properties: {Name: x}
  Queue: {Type: 'AWS::SQS::Queue'}
"""
    )
    assert [error.source.line for error in found.errors if error.source] == [3, 10, 16, 17]
    functions = {fact.logical_id for fact in _of(found, Function)}
    assert functions == {"Good", "Property", "Event"}
    unknowns = [(fact.what, fact.kind) for fact in _of(found, Unknown) if isinstance(fact, Unknown)]
    assert unknowns == [
        ("`Globals.Function.Nope`", "transform"),
        ("property `Nope` of `Property`", "transform"),
        ("event `Strange` of `Event`", "transform"),
        ("what `Broken` expands to", "transform"),
    ]
    types = {fact.type for fact in _of(found, Resource) if isinstance(fact, Resource)}
    assert {"AWS::Serverless::Api", "AWS::SQS::Queue"} <= types


@pytest.mark.parametrize(
    ("properties", "line", "hint", "missing"),
    [
        ("      Policies: [AmazonSQSFullAccess, {NoSuchPolicy: {}}]", 9, "an entry is", "`Policies[1]` of `Fn`"),
        ("      Policies: [{SQSPollerPolicy: {}}]", 9, "its parameters", "`Policies[0]` of `Fn`"),
        (
            "      DeploymentPreference: {Type: AllAtOnce}",
            9,
            "add `AutoPublishAlias`",
            "property `DeploymentPreference`",
        ),
        ("      PackageType: Wrong", 9, "correct it", "property `PackageType` of `Fn`"),
        (
            "      Events: {Tick: {Type: Schedule, Properties: {}}, Q: {Type: SQS, Properties: {Queue: 'arn:a'}}}",
            9,
            "add the property",
            "event `Tick` of `Fn`",
        ),
    ],
)
def test_only_what_the_translator_rejects_of_a_function_is_missing(
    collect: Callable[..., Collected], properties: str, line: int, hint: str, missing: str
) -> None:
    """A policy, an event or a property goes, with its line and what to do; function, role and the rest stay."""
    found = collect(
        f"{HEAD}Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n"
        f"      Handler: a.b\n      Runtime: python3.12\n      FunctionName: work\n{properties}\n"
    )
    (error,) = found.errors
    assert error.source is not None
    assert error.source.line == line
    assert hint in (error.hint or "")
    assert [fact.name for fact in _of(found, Function) if isinstance(fact, Function)] == ["work"]
    assert len(_of(found, Role)) == 1
    assert any(missing in fact.what for fact in _of(found, Unknown) if isinstance(fact, Unknown))


def test_a_function_without_runtime_is_read_all_the_same(collect: Callable[..., Collected]) -> None:
    """The deployment would fail, and who may do what is there to see."""
    found = collect(
        HEAD
        + """Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      MemorySize: 128
      Policies: [AmazonSQSFullAccess]
"""
    )
    (error,) = found.errors
    assert error.source is not None
    assert error.source.line == 3
    assert len(_of(found, Function)) == 1
    (role,) = _of(found, Role)
    assert isinstance(role, Role)
    assert role.managed_policy_arns[-1].endswith("AmazonSQSFullAccess")


def test_a_path_of_parameters_is_an_error_and_a_route(collect: Callable[..., Collected]) -> None:
    """SAM takes a path as it is written, so the deployment fails; what is meant is plain."""
    found = collect(
        "Parameters: {Version: {Type: String, Default: v1}}\n"
        + HEAD
        + """Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Runtime: python3.12
      Events:
        Get: {Type: Api, Properties: {Path: !Sub '/${Version}/orders', Method: get}}
        Put: {Type: Api, Properties: {Path: !Ref Version, Method: put}}
"""
    )
    assert sorted(error.source.line for error in found.errors if error.source) == [10, 11]
    assert {fact.path for fact in _of(found, Route) if isinstance(fact, Route)} == {"/v1/orders", "v1"}


@pytest.mark.parametrize(
    "resources",
    [
        "{Fn: {Type: 'AWS::Serverless::Function', Properties: text}}",
        "{Fn: {Type: 'AWS::Serverless::Function', Properties: [a]}}",
        "{Fn: {Type: 'AWS::Serverless::Function', Properties: {Events: [a]}}}",
        "{Fn: {Type: 'AWS::Serverless::Function', Properties: {Events: {E: text}}}}",
        "{Fn: {Type: 'AWS::Serverless::Function', Properties: {Policies: 5}}}",
        "{Fn: {Type: 'AWS::Serverless::Function', Properties: {Policies: [{S3ReadPolicy: {}}], Handler: a}}}",
        "{Fn: {Type: 'AWS::Serverless::Function', Condition: [a]}}",
        "{Fn: {Type: 'AWS::Serverless::Function'}}",
        "{'Bad-Id': {Type: 'AWS::Serverless::Function', Properties: {Handler: a, Runtime: b}}}",
        "{M: {Type: 'AWS::Serverless::StateMachine', Properties: {Definition: text}}}",
        "{A: {Type: 'AWS::Serverless::Api', Properties: {StageName: {a: b}, DefinitionBody: [1]}}}",
        "{A: {Type: 'AWS::Serverless::HttpApi', Properties: {DefinitionBody: {paths: [1]}}}}",
        "{A: {Type: 'AWS::Serverless::Application', Properties: {Location: 5}}}",
        "{A: {Type: 'AWS::Serverless::Application', Properties: text}}",
        "{C: {Type: 'AWS::Serverless::Connector', Properties: {Source: {Id: X}, Destination: {Id: X}}}}",
        "{F: {Type: 'AWS::Serverless::Future', Properties: {A: 1}}}",
        "{Q: {Type: 'AWS::SQS::Queue', Connectors: text}}",
        "{Q: {Type: 5}}",
        "{Q: {}}",
    ],
)
def test_malformed_sam_resources_never_end_the_run(collect: Callable[..., Collected], resources: str) -> None:
    """Whatever the translator trips over is an error of this template, and its resources are facts all the same."""
    found = collect(f"{HEAD}Resources: {resources}\n")
    assert any(isinstance(fact, Resource | Function) for fact in found.facts)
