"""Which transforms run, and in which order.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/transform-section-structure.html
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from permscope.collect.templates.stack import Bound
from permscope.collect.templates.transforms import check_shape
from permscope.errors import TemplateError
from permscope.inventory.facts import Function
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
    """The hint lists the sections there are."""
    with pytest.raises(TemplateError) as caught:
        bind("Description: x\nResources: text\n")
    assert str(caught.value.source) == "template.yaml:2:1"
    assert caught.value.hint == "its sections are `Description`, `Resources`"
    assert check_shape.__doc__
