"""Laws that hold for the readers of every service."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from permscope import services
from permscope.catalog.cloudformation import type_facts
from permscope.inventory.facts import Fact
from permscope.inventory.located import Alternatives, LocatedDict, LocatedList, LocatedStr
from permscope.inventory.source import Source
from permscope.services import modules, template_readers
from permscope.services.interface import Stack, TemplateResource

_TYPES = sorted(type_name for type_name in template_readers() if not type_name.endswith("*"))
_PLACE = Source("template.yaml", 1, 1)
_TEXTS = st.sampled_from(
    [
        "",
        "*",
        "name",
        "alias/key",
        "arn:",
        "arn:aws:sqs",
        "arn:aws:lambda:eu-west-1:111122223333:function:orders:live",
        "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${T}/stream/1",
        "${Param::Unknown}",
        "${Other}",
        "{",
        "https://sqs.eu-west-1.amazonaws.com/111122223333/orders",
        "NONE",
        "lambda",
        "sqs",
    ]
).map(lambda text: LocatedStr(text, _PLACE))


def _property_names(type_name: str) -> list[str]:
    """Words a reader may ask for: gathered from the code constants of the readers of the type."""
    names: set[str] = set()
    for reader in template_readers()[type_name]:
        pending: list[Any] = [reader]
        seen: set[int] = set()
        while pending and len(seen) < 400:
            found = pending.pop()
            if id(found) in seen:
                continue
            seen.add(id(found))
            code = getattr(found, "__code__", found)
            constants = getattr(code, "co_consts", None)
            if constants is None:
                if isinstance(found, str) and found[:1].isupper() and found.isalnum():
                    names.add(found)
                elif isinstance(found, tuple | list | frozenset):
                    pending.extend(found)
                elif isinstance(found, dict):
                    pending.extend(found)
                    pending.extend(found.values())
                continue
            pending.extend(constants)
            scope = getattr(found, "__globals__", {})
            pending.extend(
                scope[name]
                for name in code.co_names
                if name in scope and (callable(scope[name]) or isinstance(scope[name], tuple | dict | str))
            )
            pending.extend(cell.cell_contents for cell in getattr(found, "__closure__", None) or ())
    return sorted(names) or ["Name"]


def _values(names: list[str]) -> st.SearchStrategy[Any]:
    keys = st.sampled_from(names).map(lambda text: LocatedStr(text, _PLACE))
    leaf = _TEXTS | st.booleans() | st.integers(0, 9) | st.none()
    return st.recursive(
        leaf,
        lambda inner: (
            st.lists(inner, max_size=3).map(lambda items: LocatedList(items, _PLACE))
            | st.dictionaries(keys, inner, max_size=5).map(lambda items: LocatedDict(items, _PLACE))
            | st.lists(inner, min_size=2, max_size=2).map(lambda items: Alternatives(items, "Undecided", _PLACE))
        ),
        max_leaves=12,
    )


@pytest.mark.parametrize("type_name", _TYPES)
def test_no_shape_of_properties_makes_a_reader_fail(type_name: str) -> None:
    """Whatever a template says of a resource, its readers answer with facts that carry their place."""
    names = _property_names(type_name)

    @settings(max_examples=10, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(st.sampled_from(names), _values(names), max_size=8), st.sampled_from([None, "arn"]))
    def read(properties: dict[str, Any], arn: str | None) -> None:
        stack = Stack()
        arn = arn and stack.arn("service", "thing")
        for logical_id, kind in (("It", type_name), ("Other", type_name), ("T", "AWS::DynamoDB::Table")):
            stack.resources[logical_id] = TemplateResource(
                logical_id=logical_id,
                type=kind,
                properties=LocatedDict(properties, _PLACE),
                stack=stack,
                source=_PLACE,
                origin=logical_id,
                name="name",
                arn=arn,
                ref=f"${{{logical_id}}}",
            )
        resource = stack.resources["It"]
        for reader in template_readers()[type_name]:
            for fact in reader(resource):
                assert isinstance(fact, Fact)
                assert fact.source.file == "template.yaml"
                asdict(fact)

    read()


def test_every_type_a_reader_is_for_exists() -> None:
    """A reader for a misspelt type would never be called."""
    assert [type_name for type_name in _TYPES if type_facts(type_name) is None] == []


def test_no_resource_policy_is_read_twice() -> None:
    """Two readers of one policy would say everything twice."""
    twice = {
        type_name: readers
        for type_name, readers in template_readers().items()
        if len(readers) > 1 and type_name.endswith(("Policy", "Bucket", "Queue", "Topic", "Table", "Role", "Key"))
    }
    assert twice == {}


def test_every_service_says_what_it_is() -> None:
    """Each service file opens with a docstring that names its service, and service principals look like ones."""
    for module in modules():
        assert module.__doc__
        for principal in getattr(module, "SERVICE_PRINCIPALS", ()):
            assert principal.endswith((".amazonaws.com", ".amazon.com")), (module.__name__, principal)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """What the build writes down, beside a copy of the services."""
    folder = tmp_path / "services"
    shutil.copytree(Path(services.__file__).parent, folder, ignore=shutil.ignore_patterns("__pycache__", ".types.json"))
    monkeypatch.setattr(services, "_INDEX", folder / ".types.json")
    for known in (services._index, services.readers_for):
        known.cache_clear()
    yield services.write_index()
    for known in (services._index, services.readers_for):
        known.cache_clear()


def test_the_index_leads_to_the_readers_that_all_modules_together_give(index: Path) -> None:
    """For each type, for custom resources, and for a type that nobody reads."""
    names = (*_TYPES, "Custom::Thing", "AWS::Nothing::AtAll")
    with_index = {name: services.readers_for(name) for name in names}
    assert services._index() is not None
    index.unlink()
    services._index.cache_clear()
    services.readers_for.cache_clear()
    assert {name: services.readers_for(name) for name in names} == with_index
    assert with_index["AWS::Nothing::AtAll"] == ()


def test_an_index_of_other_sources_is_not_used(index: Path) -> None:
    """A service that is added or changed is read without a build."""
    (index.parent / "new.py").write_text("TEMPLATE = {}\n")
    assert services._index() is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"content": 1}'])
def test_an_index_that_is_broken_is_not_used(index: Path, text: str) -> None:
    """It only saves time."""
    index.write_text(text)
    assert services._index() is None
