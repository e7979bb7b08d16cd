"""No access without a word: what a diff does not name, nobody gained.

Pairs of small accounts are generated, the second mostly a slight change of the first. Every request of a grid that the
new policies allow and the old ones deny, decided by `evaluate`, must be named by a change.
"""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from permscope.graph.build import build_graph
from permscope.graph.diff import diff_graphs
from permscope.inventory.facts import ManagedPolicy, Resource, ResourcePolicy, Role
from permscope.inventory.inventory import Inventory
from permscope.inventory.policies import PolicyKind, parse_policy
from permscope.policy.applicable import applicable_actions
from permscope.policy.context import RequestContext
from permscope.policy.evaluate import PolicyLayers, decide
from permscope.policy.requester import parse_requester

ACCOUNT = "111111111111"
ROLES = tuple(f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("one", "two"))
BUCKET = "arn:aws:s3:::box"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/users"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/limit"
ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:ListBucket", "sqs:SendMessage", "dynamodb:GetItem", "dynamodb:PutItem")
RESOURCES = (BUCKET, f"{BUCKET}/a/1", f"{BUCKET}/b/1", "arn:aws:s3:::boxes/a/1", QUEUE, TABLE, f"{TABLE}-old")
CONTEXTS: tuple[dict[str, tuple[str, ...]], ...] = (
    {},
    {"aws:SourceIp": ("10.0.0.1",)},
    {"aws:SourceIp": ("192.0.2.1",), "aws:MultiFactorAuthPresent": ("true",)},
    {"aws:RequestTag/team": ("red",)},
    {"aws:RequestTag/team": ("red-two",), "aws:TagKeys": ("team", "cost")},
    {"aws:RequestTag/team": ("blue",), "aws:TagKeys": ("team",), "s3:DataAccessPointArn": (f"{BUCKET}",)},
)

# No request is made to put an object into a queue.
ASKED = [
    (action, resource)
    for action, resource in itertools.product(ACTIONS, RESOURCES)
    if action in (applicable_actions(resource) or ())
]

_actions = st.sampled_from([*ACTIONS, "s3:*", "s3:Get*", "*", "dynamodb:*Item", "sqs:*", "s3:?etObject"])
_patterns = st.sampled_from(
    [
        *("*", BUCKET, f"{BUCKET}/*", f"{BUCKET}/a/*", f"{BUCKET}*", "arn:aws:s3:::*", "arn:aws:s3:::box?s/*"),
        *(QUEUE, "arn:aws:sqs:*:*:*", TABLE, f"{TABLE}*", "arn:aws:dynamodb:us-east-1:*:table/*"),
        "arn:aws:s3:::${aws:RequestTag/team}/*",
    ]
)
_conditions = st.sampled_from(
    [
        {},
        {},
        {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        {"IpAddress": {"aws:SourceIp": "10.0.0.0/24"}},
        {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}},
        {"StringEquals": {"aws:RequestTag/team": "red"}},
        {"StringEquals": {"aws:RequestTag/team": ["red", "blue"]}},
        {"StringEqualsIfExists": {"aws:RequestTag/team": "red"}},
        {"StringLike": {"aws:RequestTag/team": "red*"}},
        {"StringNotEquals": {"aws:RequestTag/team": "red"}},
        {"StringNotEquals": {"aws:RequestTag/team": ["red", "blue"]}},
        {"StringNotLike": {"aws:RequestTag/team": "red*"}},
        {"Null": {"aws:RequestTag/team": "false"}},
        {"Null": {"aws:RequestTag/team": "true"}},
        {"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "cost"]}},
        {"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}},
        {"ForAnyValue:StringEquals": {"aws:TagKeys": ["team", "cost"]}},
        {"ForAnyValue:StringEquals": {"aws:TagKeys": "cost"}},
        {"ArnLike": {"s3:DataAccessPointArn": "arn:aws:s3:::b*"}},
        {"ArnEquals": {"s3:DataAccessPointArn": BUCKET}},
        {"StringEquals": {"aws:RequestTag/team": "red", "s3:DataAccessPointArn": BUCKET}},
    ]
)
_effects = st.sampled_from(["Allow", "Allow", "Allow", "Deny"])


@st.composite
def _statement(draw: st.DrawFn, *, principals: bool = False) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": draw(_effects)}
    inverse = draw(st.integers(0, 11))
    statement["NotAction" if inverse == 0 else "Action"] = draw(st.lists(_actions, min_size=1, max_size=3))
    statement["NotResource" if inverse == 1 else "Resource"] = draw(st.lists(_patterns, min_size=1, max_size=2))
    condition = draw(_conditions)
    if condition:
        statement["Condition"] = condition
    if principals:
        who = draw(st.sampled_from(["*", {"AWS": ROLES[0]}, {"AWS": ROLES[1]}, {"AWS": ACCOUNT}, {"AWS": list(ROLES)}]))
        statement["NotPrincipal" if statement["Effect"] == "Deny" and inverse == 2 else "Principal"] = who
        if "NotPrincipal" in statement and who == "*":
            statement["NotPrincipal"] = {"AWS": ROLES[0]}
    return statement


@st.composite
def _documents(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """Policies by what they are on: two roles, a boundary of the first, a bucket and a queue."""
    found = {role: draw(st.lists(_statement(), min_size=0, max_size=3)) for role in ROLES}
    found["boundary"] = draw(st.one_of(st.just([]), st.lists(_statement(), min_size=1, max_size=2)))
    for arn in (BUCKET, QUEUE):
        found[arn] = draw(st.one_of(st.just([]), st.lists(_statement(principals=True), max_size=2)))
    return found


@st.composite
def _pairs(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """An account, and what a pull request makes of it."""
    old = draw(_documents())
    if draw(st.booleans()):
        return old, draw(_documents())
    new = {name: [dict(each) for each in statements] for name, statements in old.items()}
    for name in draw(st.lists(st.sampled_from(sorted(new)), min_size=1, max_size=2)):
        statements = new[name]
        match draw(st.sampled_from(["drop", "add", "change", "condition", "split"])):
            case "drop" if statements:
                statements.pop(draw(st.integers(0, len(statements) - 1)))
            case "change" if statements:
                statements[0] = draw(_statement(principals=name in (BUCKET, QUEUE)))
            case "condition" if statements:
                statements[-1].pop("Condition", None)
                condition = draw(_conditions)
                if condition:
                    statements[-1]["Condition"] = condition
            case "split" if statements and len(statements[0].get("Action", [])) > 1:
                first = statements[0]
                statements[0:1] = [{**first, "Action": [action]} for action in first["Action"]]
            case _:
                statements.append(draw(_statement(principals=name in (BUCKET, QUEUE))))
    return old, new


class _World:
    """One version: its graph, and the decision on any request."""

    def __init__(self, documents: dict[str, list[dict[str, Any]]]) -> None:
        self.policies = {
            name: parse_policy(
                {"Version": "2012-10-17", "Statement": statements},
                name=name,
                kind=PolicyKind.RESOURCE if name in (BUCKET, QUEUE) else PolicyKind.INLINE,
            )
            for name, statements in documents.items()
            if statements
        }
        trust = parse_policy(
            {
                "Statement": {
                    "Effect": "Allow",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            },
            name="trust",
            kind=PolicyKind.TRUST,
        )
        facts: list[Any] = [
            Role(
                arn=role,
                name=role.rpartition("/")[2],
                trust=trust,
                inline_policies=(self.policies[role],) if role in self.policies else (),
                boundary_arn=BOUNDARY if role == ROLES[0] and "boundary" in self.policies else None,
            )
            for role in ROLES
        ]
        if "boundary" in self.policies:
            facts.append(ManagedPolicy(arn=BOUNDARY, name="limit", policy=self.policies["boundary"]))
        for arn, kind in ((BUCKET, "AWS::S3::Bucket"), (QUEUE, "AWS::SQS::Queue"), (TABLE, "AWS::DynamoDB::Table")):
            facts.append(Resource(id=arn, arn=arn, type=kind, name=arn.rpartition(":")[2]))
        facts += [
            ResourcePolicy(resource_arn=arn, policy=self.policies[arn])
            for arn in (BUCKET, QUEUE)
            if arn in self.policies
        ]
        self.graph = build_graph(Inventory(facts))
        self._layers: dict[tuple[str, str], PolicyLayers] = {}

    def allows(self, role: str, action: str, resource: str, context: dict[str, tuple[str, ...]]) -> bool:
        """Whether AWS would allow the request."""
        owner = BUCKET if resource == BUCKET or resource.startswith(f"{BUCKET}/") else resource
        key = (role, owner)
        if key not in self._layers:
            self._layers[key] = PolicyLayers(
                identity=(self.policies[role],) if role in self.policies else (),
                resource=(self.policies[owner],) if owner in self.policies else (),
                boundary=self.policies.get("boundary") if role == ROLES[0] else None,
            )
        requester = parse_requester(role)
        asked = RequestContext(dict(context), complete=True)
        return decide(requester, action, resource, ACCOUNT, asked, self._layers[key]).allowed is True


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(_pairs())
def test_every_request_that_is_newly_allowed_is_named(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """No request is allowed by the new policies and denied by the old ones without a change that names its action."""
    old, new = _World(pair[0]), _World(pair[1])
    diff = diff_graphs(old.graph, new.graph)
    for role, (action, resource), context in itertools.product(ROLES, ASKED, CONTEXTS):
        if not new.allows(role, action, resource, context) or old.allows(role, action, resource, context):
            continue
        named = [
            change
            for change in diff.risks
            if action in change.actions and (change.actor_id == role or change.target_id in (BUCKET, QUEUE))
        ]
        note(f"{role} {action} {resource} {context}; the diff says {[change.message for change in diff.risks]}")
        assert named


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(_documents(), st.randoms(use_true_random=False))
def test_the_same_policies_written_differently_are_no_change(documents: dict[str, Any], random: Any) -> None:
    """Shuffled and split statements, other cases and repeated values give an empty diff."""
    other: dict[str, list[dict[str, Any]]] = {}
    for name, statements in documents.items():
        rewritten: list[dict[str, Any]] = []
        for statement in statements:
            if len(statement.get("Action", [])) > 1:
                rewritten += [{**statement, "Action": each.upper()} for each in statement["Action"]]
            elif len(statement.get("Resource", [])) > 1:
                rewritten += [{**statement, "Resource": [each, each]} for each in statement["Resource"]]
            else:
                rewritten.append({**statement, "Sid": "Again"})
        random.shuffle(rewritten)
        other[name] = rewritten
    diff = diff_graphs(_World(documents).graph, _World(other).graph)
    assert [change.message for change in diff.changes] == []
