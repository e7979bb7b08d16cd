"""What to do about a complaint of the SAM translator."""

from __future__ import annotations

import pytest

from permscope.collect.templates.sam_hints import hint_of


@pytest.mark.parametrize(
    ("message", "word"),
    [
        ("Policy at index 0 in the 'Policies' property is not valid", "`Statement`"),
        ("property Foo not defined for resource of type AWS::Serverless::Function", "remove it"),
        ("Missing required property 'CodeUri'.", "add the property"),
        ("Something that nobody has seen yet", "`sam validate`"),
        ("", "`sam validate`"),
    ],
)
def test_every_complaint_is_answered_with_something_to_do(message: str, word: str) -> None:
    """One that is not known with where to read on."""
    assert word in hint_of(message)
