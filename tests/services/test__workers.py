"""What acts with roles in an account: every row of the tables against what the SDK says of its operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from permscope.catalog.cloudformation import type_facts
from permscope.collect.live.collect import facts_of
from permscope.inventory.facts import RoleUse
from permscope.services import bedrockagentcore, ec2, other_roles, readers_for, sagemaker
from permscope.services._live import LiveResource, Session
from permscope.services._workers import Worker
from permscope.services.interface import Stack

ACCOUNT, REGION = "123456789012", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
TABLES: tuple[Worker, ...] = (
    *other_roles._WORKERS,
    *sagemaker._WORKERS,
    *bedrockagentcore._WORKERS,
    ec2._FLOW_LOGS,
)
WORKERS = tuple(one for worker in TABLES for one in (worker, *worker.inside))
IDS = [f"{worker.client}.{worker.lists}" for worker in WORKERS]


def shapes(worker: Worker, operation: str) -> tuple[Any, Any]:
    """What an operation takes and gives."""
    import botocore.session

    service = botocore.session.get_session().get_service_model(worker.client)
    from botocore import xform_name

    names = {xform_name(name): name for name in service.operation_names}
    model = service.operation_model(names[operation])
    return model.input_shape, model.output_shape


def member(shape: Any, path: str) -> Any:
    """The shape at a path of an answer; fails where there is none."""
    for step in filter(None, path.split(".")):
        shape = shape.members[step.removesuffix("[]")]
        if step.endswith("[]"):
            shape = shape.member
    return shape


@pytest.mark.parametrize("worker", WORKERS, ids=IDS)
def test_the_sdk_knows_every_operation_and_every_key_of_a_row(worker: Worker) -> None:
    """A misspelt key would read nothing and say nothing."""
    asked, answered = shapes(worker, worker.lists)
    assert set(worker.arguments) | set(worker.of) <= set(asked.members if asked else ())
    item = member(answered, worker.items).member
    found = item
    known = set(item.members) if item.type_name == "structure" else {worker.name}
    if worker.asks:
        asked, answered = shapes(worker, worker.asks)
        assert set(worker.by) <= set(asked.members)
        assert set(worker.by.values()) <= known | set(worker.of.values())
        found = member(answered, worker.answer)
    for path in worker.roles.values():
        assert member(found, path).type_name == "string"
    assert worker.name in known | set(found.members)
    if worker.arn and not worker.arn.startswith("{"):
        assert worker.arn in known | set(found.members)


@pytest.mark.parametrize("worker", WORKERS, ids=IDS)
def test_the_type_of_a_row_has_its_properties_and_a_reader(worker: Worker) -> None:
    """The facts of a live thing are those of a template that declares it."""
    facts = type_facts(worker.type_name)
    assert facts is not None
    assert readers_for(worker.type_name)
    assert {path for path in worker.roles if path != "DeliverLogsPermissionArn"} <= set(facts.role_properties)


class Answering(Session):
    """Answers of the shapes that the SDK knows, in which every role is the same."""

    def __init__(self, worker: Worker) -> None:
        stack = Stack(label=f"{ACCOUNT}/{REGION}", partition="aws", region=REGION, account=ACCOUNT)
        super().__init__(stack, account=ACCOUNT, partition="aws", region=REGION)
        self.workers = {worker.lists: worker, **{one.lists: one for one in worker.inside}}
        self.asked = {one.asks: one for one in self.workers.values() if one.asks}

    def pages(self, client: str, operation: str, key: str = "", **more: Any) -> Iterator[Any]:
        """One thing of each kind."""
        del client, key, more
        worker = self.workers[operation]
        item = member(shapes(worker, operation)[1], worker.items).member
        yield "thing" if item.type_name == "string" else self._filled(item, worker)

    def call(self, client: str, operation: str, **more: Any) -> Mapping[str, Any]:
        """What there is to say of it."""
        del client, more
        worker = self.asked[operation]
        found: Any = self._filled(member(shapes(worker, operation)[1], worker.answer), worker)
        for step in reversed([step for step in worker.answer.split(".") if step]):
            found = {step: found}
        return dict(found)

    def _filled(self, shape: Any, worker: Worker) -> dict[str, Any]:
        found: dict[str, Any] = {
            name: f"arn:aws:x:{REGION}:{ACCOUNT}:{name}" if name.lower().endswith("arn") else "thing"
            for name, inner in shape.members.items()
            if inner.type_name == "string"
        }
        found["Environment"] = found["configuration"] = {"TOKEN": "not kept"}
        for path in worker.roles.values():
            if path.split(".")[0].removesuffix("[]") in shape.members:
                at: Any = found
                *steps, last = path.split(".")
                for step in steps:
                    inner: dict[str, Any] = {}
                    at = at.setdefault(step.removesuffix("[]"), [inner] if step.endswith("[]") else inner)
                    at = at[0] if isinstance(at, list) else at
                at[last] = ROLE
        return found


@pytest.mark.parametrize("worker", TABLES, ids=[f"{worker.client}.{worker.lists}" for worker in TABLES])
def test_a_thing_that_is_listed_acts_with_its_roles(worker: Worker) -> None:
    """Each is a resource of its type, under its ARN, and what is inside it is read as well."""
    session = Answering(worker)
    found = [fact for fact in worker.read(session) if isinstance(fact, LiveResource)]
    assert [each.type for each in found] == [worker.type_name, *(one.type_name for one in worker.inside)]
    facts = list(facts_of(found, session.stack, session))
    assert "not kept" not in repr(facts)
    used = {(fact.user_id, fact.role_arn) for fact in facts if isinstance(fact, RoleUse)}
    assert used == {(each.id, ROLE) for each in found}


def test_a_thing_without_a_role_acts_as_nobody() -> None:
    """Nothing is put in where the answer has nothing."""

    class Empty(Answering):
        def _filled(self, shape: Any, worker: Worker) -> dict[str, Any]:
            return {worker.name: "thing"}

    worker = other_roles._WORKERS[0]
    session = Empty(worker)
    (found,) = [fact for fact in worker.read(session) if isinstance(fact, LiveResource)]
    assert found.properties == {}
    assert [fact for fact in facts_of([found], session.stack, session) if isinstance(fact, RoleUse)] == []
