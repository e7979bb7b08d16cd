"""`AWS::Include` and `Fn::ForEach`.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-include.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from permscope.collect.templates.stack import Bound
from permscope.inventory.facts import Output, Resource, Route, Unknown
from permscope.inventory.inventory import Collected


def test_an_included_file_stands_where_it_is_included(collect: Callable[..., Collected]) -> None:
    """Its values know their own file; properties beside the include stay."""
    found = collect(
        {
            "template.yaml": """
            Resources:
              Q:
                Type: AWS::SQS::Queue
                Properties:
                  Fn::Transform: {Name: AWS::Include, Parameters: {Location: parts/queue.yaml}}
                  VisibilityTimeout: 5
              Fn::Transform:
                Name: AWS::Include
                Parameters: {Location: parts/more.json}
            """,
            "parts/queue.yaml": "QueueName: !Sub 'q-${AWS::Region}'\n",
            "parts/more.json": '{"T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "t"}}}',
        }
    )
    names = {fact.name: fact for fact in found.facts if isinstance(fact, Resource)}
    assert set(names) == {"q-${AWS::Region}", "t"}
    assert str(names["t"].source.file).endswith("parts/more.json")
    assert not found.errors


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("s3://bucket/x.yaml", "not a local file"),
        ("nope.yaml", "no such file"),
        ("../x.yaml", "outside"),
        ("self.yaml", "include each other without end"),
        ("broken.yaml", "it is broken"),
        ("!Ref P", "not a local file"),
    ],
)
def test_an_include_that_is_not_read_is_unknown(collect: Callable[..., Collected], location: str, why: str) -> None:
    """The rest of the template is read."""
    found = collect(
        {
            "app/template.yaml": f"""
            Parameters: {{P: {{Type: String}}}}
            Resources:
              Q:
                Type: AWS::SQS::Queue
                Properties: {{'Fn::Transform': {{Name: 'AWS::Include', Parameters: {{Location: {location}}}}}}}
            """,
            "app/self.yaml": "A: {'Fn::Transform': {Name: 'AWS::Include', Parameters: {Location: self.yaml}}}\n",
            "app/broken.yaml": "a: b: c",
            "x.yaml": "a: 1",
        },
        paths=("app/template.yaml",),
    )
    unknowns = [fact for fact in found.facts if isinstance(fact, Unknown)]
    assert [why in fact.why for fact in unknowns if fact.kind == "include"] == [True]
    assert any(isinstance(fact, Resource) for fact in found.facts)


def test_a_loop_is_unrolled(bind: Callable[..., Bound]) -> None:
    """Loops make resources and outputs, nest, and take a parameter as their collection."""
    bound = bind(
        """
        Transform: AWS::LanguageExtensions
        Parameters: {Names: {Type: CommaDelimitedList, Default: 'a,b'}}
        Resources:
          Fn::ForEach::Topics:
            - Name
            - !Ref Names
            - Topic${Name}:
                Type: AWS::SNS::Topic
                Properties: {TopicName: !Sub 'topic-${Name}', DisplayName: !Ref Name}
          Fn::ForEach::Outer:
            - X
            - [p.q, r]
            - Fn::ForEach::Inner:
                - Y
                - ['1', '2']
                - Q&{X}${Y}: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Join ['-', [!Ref X, !Ref Y]]}}
        Outputs:
          Fn::ForEach::Out:
            - Name
            - !Ref Names
            - Out${Name}: {Value: !GetAtt [!Sub 'Topic${Name}', TopicArn]}
        """
    )
    resolver = bound.resolver
    names = {key: list(resolver.resolve(value.get("Properties")).values()) for key, value in bound.resources.items()}
    assert names == {
        "Topica": ["topic-a", "a"],
        "Topicb": ["topic-b", "b"],
        "Qpq1": ["p.q-1"],
        "Qpq2": ["p.q-2"],
        "Qr1": ["r-1"],
        "Qr2": ["r-2"],
    }
    assert set(bound.sections["Outputs"]) == {"Outa", "Outb"}
    assert bound.unknowns == []


@pytest.mark.parametrize(
    ("loop", "why"),
    [
        ("[N, !Ref Open, {Q: {}}]", "its collection is not known"),
        ("[N, text, {Q: {}}]", "its collection is not known"),
        ("[N, [a]]", "it needs an identifier"),
        ("text", "it needs an identifier"),
    ],
)
def test_a_loop_that_cannot_be_unrolled_is_unknown(bind: Callable[..., Bound], loop: str, why: str) -> None:
    """What it would make is missing, and that is said."""
    bound = bind(
        f"""
        Transform: AWS::LanguageExtensions
        Parameters: {{Open: {{Type: CommaDelimitedList}}}}
        Resources:
          Q: {{Type: 'AWS::SQS::Queue'}}
          Fn::ForEach::L: {loop}
        """
    )
    assert [(fact.kind, why in fact.why) for fact in bound.unknowns] == [("for-each", True)]
    assert list(bound.resources) == ["Q"]


def test_loops_within_loops_are_bounded(bind: Callable[..., Bound]) -> None:
    """Ten loops of ten values each would be ten thousand million resources."""
    body = "Q: {Type: 'AWS::SQS::Queue'}"
    for level in range(10):
        body = f"Fn::ForEach::L{level}: [V{level}, [a, b, c, d, e, f, g, h, i, j], {{{body}}}]"
    bound = bind(f"Transform: AWS::LanguageExtensions\nResources:\n  T: {{Type: 'AWS::SNS::Topic'}}\n  {body}\n")
    assert {fact.why for fact in bound.unknowns} == {"it unrolls too often"}


def test_a_loop_without_its_transform_is_told(bind: Callable[..., Bound]) -> None:
    """CloudFormation would refuse the template."""
    bound = bind(
        """
        Resources:
          Fn::ForEach::L: [N, [a], {'Q${N}': {Type: 'AWS::SQS::Queue'}}]
        """
    )
    assert list(bound.resources) == ["Qa"]
    assert [fact.kind for fact in bound.unknowns] == ["transform"]


def test_outputs_of_a_loop_are_facts(collect: Callable[..., Collected]) -> None:
    """`Fn::GetAtt` with a logical id that the loop makes."""
    found = collect(
        """
        Transform: AWS::LanguageExtensions
        Resources:
          Fn::ForEach::T: [N, [a], {'T${N}': {Type: 'AWS::SNS::Topic'}}]
        Outputs:
          Fn::ForEach::O: [N, [a], {'O${N}': {Value: {'Fn::GetAtt': ['T${N}', TopicName]}}}]
        """
    )
    assert [fact.value for fact in found.facts if isinstance(fact, Output)] == ["${Ta}"]


def test_a_loop_leaves_text_where_nothing_is_left_to_substitute(collect: Callable[..., Collected]) -> None:
    """SAM takes the path of an event as it is written, and the loop has written it out."""
    found = collect(
        """
        Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
        Resources:
          Fn::ForEach::Workers:
            - Name
            - [orders, items]
            - Worker${Name}:
                Type: AWS::Serverless::Function
                Properties:
                  Runtime: python3.12
                  Handler: a.b
                  Events:
                    Get: {Type: HttpApi, Properties: {Path: !Sub '/${Name}', Method: get}}
        """
    )
    assert not found.errors
    assert {fact.path for fact in found.facts if isinstance(fact, Route)} == {"/orders", "/items"}
