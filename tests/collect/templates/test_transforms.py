"""Which transforms run, and in which order.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/transform-section-structure.html
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from permscope.collect.templates.stack import Bound
from permscope.collect.templates.transforms import check_shape
from permscope.errors import TemplateError
from permscope.inventory.facts import Function, Unknown
from permscope.inventory.inventory import Collected


def test_includes_come_before_loops_and_loops_before_sam(collect: Callable[..., Collected]) -> None:
    """A loop in an included file makes SAM functions."""
    found = collect(
        {
            "template.yaml": """
            Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
            Resources:
              Fn::Transform: {Name: AWS::Include, Parameters: {Location: functions.yaml}}
            """,
            "functions.yaml": """
            Fn::ForEach::Functions:
              - Name
              - [A, B]
              - Fn${Name}:
                  Type: AWS::Serverless::Function
                  Properties: {Handler: a.b, Runtime: python3.12, CodeUri: ., FunctionName: !Ref Name}
            """,
        }
    )
    assert not found.errors
    assert [fact.name for fact in found.facts if isinstance(fact, Function)] == ["A", "B"]


def test_the_shape_error_points_at_the_section(bind: Callable[..., Bound]) -> None:
    """The hint says what the section must be."""
    with pytest.raises(TemplateError) as caught:
        bind("Description: x\nResources: text\n")
    assert str(caught.value.source) == "template.yaml:2:1"
    assert caught.value.hint == "it maps logical ids to resources; check its indentation"
    assert check_shape.__doc__


def test_a_template_of_loops_alone_that_nobody_can_unroll_is_a_template(collect: Callable[..., Collected]) -> None:
    """What it makes is unknown, and nothing is broken.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
    """
    found = collect(
        """
        Transform: AWS::LanguageExtensions
        Parameters: {Names: {Type: CommaDelimitedList}}
        Resources:
          Fn::ForEach::Queues: [Name, !Ref Names, {'Q${Name}': {Type: AWS::SQS::Queue}}]
        """
    )
    assert not found.errors
    assert [(fact.what, fact.kind) for fact in found.facts if isinstance(fact, Unknown)] == [
        ("loop `Fn::ForEach::Queues`", "for-each")
    ]
