"""Real templates, read whole: nothing raises, and no resource of the text is missing from the facts.

The reading that is compared with uses nothing of permscope: plain YAML, with every tag ignored.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from permscope.collect.load import LoadOptions, collect_templates
from permscope.inventory.facts import Unknown
from permscope.inventory.inventory import Collected

TEMPLATES = Path(__file__).parents[3] / "shared" / "templates"
pytestmark = pytest.mark.skipif(not TEMPLATES.is_dir(), reason="the shared templates are not beside the checkout")

# What these become is part of another resource: they have no fact of their own.
MERGED = frozenset(["AWS::Serverless::Connector", "AWS::CloudFormation::WaitConditionHandle"])


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Plain YAML; tags of CloudFormation are ignored."""


def _untagged(loader: yaml.SafeLoader, _tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


_Loader.add_multi_constructor("!", _untagged)


def _templates() -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted(TEMPLATES.rglob("*")):
        if path.suffix not in (".yaml", ".yml", ".json") or not path.is_file():
            continue
        value = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader
        resources = value.get("Resources") if isinstance(value, dict) else None
        if isinstance(resources, dict) and all(
            isinstance(each, dict) and "Type" in each for each in resources.values()
        ):
            yield path, resources


@cache
def _collected() -> Collected:
    return collect_templates([str(TEMPLATES)])


def test_every_template_is_read_without_an_error() -> None:
    """Every file that is a template is found, and these were all deployed by somebody."""
    found = _collected()
    assert [str(error) for error in found.errors] == []
    assert {Path(file).resolve() for file in found.files} == {path.resolve() for path, _ in _templates()}


def test_every_resource_of_the_text_is_a_fact() -> None:
    """Under the logical id the user wrote, with a line between its key and the next."""
    said: dict[Path, set[str]] = {}
    for fact in _collected().facts:
        if fact.source.file and fact.logical_id:
            said.setdefault(Path(fact.source.file).resolve(), set()).add(fact.logical_id)
    missing = [
        (path.parent.name, logical_id)
        for path, resources in _templates()
        for logical_id, resource in resources.items()
        if resource["Type"] not in MERGED
        and "Condition" not in resource
        and logical_id not in said.get(path.resolve(), set())
    ]
    assert missing == []


def test_every_fact_of_a_template_has_a_line() -> None:
    """Nothing a template says is without a place."""
    homeless = [fact for fact in _collected().facts if fact.logical_id and not (fact.source.file and fact.source.line)]
    assert homeless == []


def test_no_unknown_stands_there_twice() -> None:
    """One fact for each cause."""
    unknowns = [fact for fact in _collected().facts if isinstance(fact, Unknown)]
    assert len(unknowns) == len(set(unknowns))


def test_each_template_read_alone_says_as_much_as_among_the_others() -> None:
    """Reading stacks together only tells their generated names apart."""
    together: dict[str, int] = {}
    for fact in _collected().facts:
        if fact.logical_id and not isinstance(fact, Unknown):
            together[str(fact.source.file)] = together.get(str(fact.source.file), 0) + 1
    for path in list(_templates())[::9]:
        alone = collect_templates([str(path[0])], LoadOptions())
        count = sum(
            bool(fact.logical_id) and fact.source.file == path[0].as_posix() and not isinstance(fact, Unknown)
            for fact in alone.facts
        )
        assert count == together.get(path[0].as_posix(), 0), path[0]
