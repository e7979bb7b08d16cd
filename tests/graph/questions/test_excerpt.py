"""A part of a large account answers as the whole does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from permscope.graph.build import build_graph
from permscope.graph.questions import excerpt as excerpt_module
from permscope.graph.questions.asking import graph_to_ask, who_can
from permscope.graph.trusted import TrustedParties
from permscope.inventory.facts import (
    Account,
    AnyFact,
    Function,
    Group,
    ManagedPolicy,
    Resource,
    ResourcePolicy,
    Role,
    User,
)
from permscope.inventory.inventory import Inventory
from permscope.inventory.policies import Policy, PolicyKind, parse_policy

ACCOUNT = "111122223333"
TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/orders"
BUCKET = "arn:aws:s3:::files"
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs"
FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:run"


def policy(kind: PolicyKind, *statements: dict[str, Any], arn: str | None = None) -> Policy:
    """A policy of the given statements."""
    return parse_policy({"Version": "2012-10-17", "Statement": list(statements)}, name="p", kind=kind, arn=arn)


def allow(actions: Any, resources: Any, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    """A statement."""
    return {"Effect": effect, "Action": actions, "Resource": resources, **more}


def role_arn(name: str) -> str:
    """The ARN of a role."""
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


STATEMENTS = (
    (allow("dynamodb:GetItem", TABLE),),
    (allow("dynamodb:*", "*"),),
    (allow("dynamodb:*", "*"), allow("dynamodb:*", TABLE, "Deny")),
    (allow("dynamodb:GetItem", f"{TABLE}/index/*"),),
    (allow("dynamodb:GetItem", TABLE.replace("orders", "other")),),
    (allow("s3:GetObject", f"{BUCKET}/*"),),
    (allow("s3:*", "arn:aws:s3:::f*"),),
    ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},),
    ({"Effect": "Allow", "Action": "dynamodb:*", "NotResource": TABLE},),
    (allow("lambda:InvokeFunction", f"{FUNCTION}*"),),
    (allow("iam:PassRole", role_arn("r-*")),),
    (allow("sqs:SendMessage", "*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),),
    (allow("*", "*"),),
)


def account() -> Iterator[AnyFact]:
    """Roles with each of the statements, a user by way of a group, and resource policies that name roles."""
    yield Account(id=ACCOUNT)
    trust = policy(
        PolicyKind.TRUST,
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    )
    for number, statements in enumerate(STATEMENTS):
        arn = role_arn(f"r-{number}")
        yield Role(arn=arn, name=f"r-{number}", trust=trust, inline_policies=(policy(PolicyKind.INLINE, *statements),))
        yield Function(arn=f"{FUNCTION}-{number}", name=f"run-{number}", role_arn=arn)
    yield Role(arn=role_arn("named"), name="named", trust=trust)
    managed = f"arn:aws:iam::{ACCOUNT}:policy/m"
    yield ManagedPolicy(arn=managed, name="m", policy=policy(PolicyKind.MANAGED, allow("sqs:*", QUEUE), arn=managed))
    group = f"arn:aws:iam::{ACCOUNT}:group/g"
    yield Group(arn=group, name="g", managed_policy_arns=(managed,))
    yield User(arn=f"arn:aws:iam::{ACCOUNT}:user/u", name="u", group_arns=(group,))
    yield Function(arn=FUNCTION, name="run", role_arn=role_arn("r-0"))
    for arn, kind in ((TABLE, "DynamoDB::Table"), (BUCKET, "S3::Bucket"), (QUEUE, "SQS::Queue")):
        yield Resource(id=arn, arn=arn, type=f"AWS::{kind}", name=arn.rpartition(":")[2].removeprefix("table/"))
    for arn, actions in ((BUCKET, "s3:GetObject"), (QUEUE, "sqs:SendMessage"), (FUNCTION, "lambda:InvokeFunction")):
        principals = {"AWS": [role_arn("named"), "444455556666"]}
        resource = f"{arn}/*" if arn == BUCKET else arn
        yield ResourcePolicy(
            resource_arn=arn, policy=policy(PolicyKind.RESOURCE, allow(actions, resource, Principal=principals))
        )


QUESTIONS = [
    ("dynamodb:GetItem", TABLE),
    ("dynamodb:GetItem", "orders"),
    ("dynamodb:Query", f"{TABLE}/index/by-name"),
    ("dynamodb:*", TABLE),
    ("s3:GetObject", "files"),
    ("s3:GetObject", f"{BUCKET}/a/b"),
    ("sqs:SendMessage", "jobs"),
    ("lambda:InvokeFunction", "run"),
    ("lambda:UpdateFunctionCode", FUNCTION),
    ("iam:PassRole", "r-1"),
    ("sts:AssumeRole", "r-1"),
    ("s3:GetObject", "arn:aws:s3:::elsewhere/x"),
    ("dynamodb:GetItem", "*"),
]


@pytest.mark.parametrize(("action", "resource"), QUESTIONS)
def test_a_part_answers_as_the_whole(monkeypatch: pytest.MonkeyPatch, action: str, resource: str) -> None:
    """The same principals, decisions, actions, conditions and statements."""
    monkeypatch.setattr(excerpt_module, "_MANY", 1)
    inventory = Inventory(account())

    def answers(graph: Any) -> list[Any]:
        return [
            (
                one.principal.id,
                one.decision,
                list(one.edge.actions),
                one.conditions,
                [p.statement for p in one.provenance],
            )
            for one in who_can(graph, action, resource)
        ]

    part = graph_to_ask(inventory, TrustedParties(), action, resource)
    assert answers(part) == answers(build_graph(inventory))


def test_a_part_is_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise it would not be worth it."""
    monkeypatch.setattr(excerpt_module, "_MANY", 1)
    inventory = Inventory(account())
    part = graph_to_ask(inventory, TrustedParties(), "sqs:SendMessage", "jobs")
    assert len(part.nodes) < len(build_graph(inventory).nodes) / 2
    assert part.unknowns == build_graph(inventory).unknowns
