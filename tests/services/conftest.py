"""Reads a template into facts with the readers of `permscope.services`, for the tests of single services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.collect.templates.collect import read_templates
from permscope.collect.templates.document import parse_document
from permscope.collect.templates.files import Place
from permscope.collect.templates.options import LoadOptions
from permscope.collect.templates.world import Template
from permscope.inventory.facts import AnyFact


def read_text(text: str, **options: str) -> list[AnyFact]:
    """The facts of one template."""
    document = parse_document(text, "template.yaml")
    place = Place(file="template.yaml")
    template = Template(place=place, document=document, options=LoadOptions(**options))  # type: ignore[arg-type]
    collected = read_templates([template])
    assert not collected.errors
    return collected.facts


@pytest.fixture
def read() -> Callable[..., list[Any]]:
    """Read template text into facts, of the given classes where any are given; keyword arguments are `LoadOptions`."""

    def read_kinds(text: str, *kinds: type[AnyFact], **options: str) -> list[Any]:
        facts = read_text(text, **options)
        return [fact for fact in facts if isinstance(fact, kinds)] if kinds else facts

    return read_kinds
