"""No access without a word: what a diff does not name, nobody gained.

Pairs of small accounts are generated, the second mostly a slight change of the first: roles, a user in a group,
boundaries, control policies, the policies of a bucket, a queue, a table, a function, a key and a role. Every request of
a grid that the new policies allow and the old ones deny, decided by `evaluate`, must be named by a change that is about
whoever asks, the action and the resource.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from permscope.graph.build import build_graph
from permscope.graph.diff.compare import Change, diff_graphs
from permscope.graph.nodes import PUBLIC
from permscope.inventory.facts import (
    Account,
    ControlPolicy,
    Function,
    Group,
    ManagedPolicy,
    OrganizationPath,
    Resource,
    ResourcePolicy,
    Role,
    User,
)
from permscope.inventory.inventory import Inventory
from permscope.inventory.policies import Policy, PolicyKind, parse_policy
from permscope.policy.applicable import applicable_actions
from permscope.policy.context import RequestContext
from permscope.policy.evaluate import PolicyLayers, decide
from permscope.policy.matching import covers, encode, opened
from permscope.policy.requester import ANONYMOUS, Requester, parse_requester, service

ACCOUNT, OTHER = "111111111111", "222222222222"
ONE, TWO = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("one", "two"))
USER, GROUP = f"arn:aws:iam::{ACCOUNT}:user/ann", f"arn:aws:iam::{ACCOUNT}:group/team"
STRANGER = f"arn:aws:iam::{OTHER}:role/them"
SNS = "sns.amazonaws.com"
BUCKET = "arn:aws:s3:::box"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/users"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:work"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/limit"
SHARED = f"arn:aws:iam::{ACCOUNT}:policy/shared"
TYPES = {
    BUCKET: "AWS::S3::Bucket",
    QUEUE: "AWS::SQS::Queue",
    TABLE: "AWS::DynamoDB::Table",
    KEY: "AWS::KMS::Key",
}
WITH_POLICY = (BUCKET, QUEUE, TABLE, FUNCTION, KEY)
ACTIONS = (
    *("s3:GetObject", "s3:PutObject", "s3:ListBucket", "sqs:SendMessage", "dynamodb:GetItem", "dynamodb:PutItem"),
    *("lambda:InvokeFunction", "kms:Decrypt", "sts:AssumeRole"),
)
RESOURCES = (BUCKET, f"{BUCKET}/a/1", f"{BUCKET}/b/1", "arn:aws:s3:::boxes/a/1", QUEUE, TABLE, f"{TABLE}-old")
RESOURCES = (*RESOURCES, FUNCTION, KEY, TWO)
CONTEXTS: tuple[dict[str, tuple[str, ...]], ...] = (
    {},
    {"aws:SourceIp": ("10.0.0.1",)},
    {"aws:SourceIp": ("192.0.2.1",), "aws:MultiFactorAuthPresent": ("true",)},
    {"aws:RequestTag/team": ("red",)},
    {"aws:RequestTag/team": ("red-two",), "aws:TagKeys": ("team", "cost")},
    {"aws:RequestTag/team": ("blue",), "aws:TagKeys": ("team",), "s3:DataAccessPointArn": (f"{BUCKET}",)},
    {"aws:SourceArn": (f"arn:aws:sns:us-east-1:{ACCOUNT}:news",), "aws:SourceAccount": (ACCOUNT,)},
    {"aws:SourceArn": (f"arn:aws:sns:us-east-1:{OTHER}:news",), "aws:SourceAccount": (OTHER,)},
)

# No request is made to put an object into a queue.
ASKED = [
    (action, resource)
    for action, resource in itertools.product(ACTIONS, RESOURCES)
    if action in (applicable_actions(resource) or ())
]

_actions = st.sampled_from(
    [*ACTIONS, "s3:*", "s3:Get*", "*", "dynamodb:*Item", "sqs:*", "s3:?etObject", "lambda:*", "kms:*", "sts:*"]
)
_patterns = st.sampled_from(
    [
        *("*", "*", BUCKET, f"{BUCKET}/*", f"{BUCKET}/a/*", f"{BUCKET}*", "arn:aws:s3:::*", "arn:aws:s3:::box?s/*"),
        *(QUEUE, "arn:aws:sqs:*:*:*", TABLE, f"{TABLE}*", "arn:aws:dynamodb:us-east-1:*:table/*", FUNCTION, KEY, TWO),
        *("arn:aws:s3:::${aws:RequestTag/team}/*", "arn:aws:lambda:*:*:function:w*", "arn:aws:iam::*:role/*"),
        "arn:aws:s3:::box/${aws:PrincipalAccount}/*",
    ]
)
_conditions = st.sampled_from(
    [
        {},
        {},
        {},
        {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        {"IpAddress": {"aws:SourceIp": "10.0.0.0/24"}},
        {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        {"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/24", "192.0.2.0/24"]}},
        {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}},
        {"StringEquals": {"aws:RequestTag/team": "red"}},
        {"StringEquals": {"aws:RequestTag/team": ["red", "blue"]}},
        {"StringEqualsIfExists": {"aws:RequestTag/team": "red"}},
        {"StringEqualsIgnoreCase": {"aws:RequestTag/team": "RED"}},
        {"StringLike": {"aws:RequestTag/team": "red*"}},
        {"StringLike": {"aws:RequestTag/team": "red"}},
        {"StringNotEquals": {"aws:RequestTag/team": "red"}},
        {"StringNotEquals": {"aws:RequestTag/team": ["red", "blue"]}},
        {"StringNotLike": {"aws:RequestTag/team": "red*"}},
        {"StringNotEqualsIfExists": {"aws:RequestTag/team": "red"}},
        {"Null": {"aws:RequestTag/team": "false"}},
        {"Null": {"aws:RequestTag/team": "true"}},
        {"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "cost"]}},
        {"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}},
        {"ForAnyValue:StringEquals": {"aws:TagKeys": ["team", "cost"]}},
        {"ForAnyValue:StringEquals": {"aws:TagKeys": "cost"}},
        {"ForAnyValue:StringNotEquals": {"aws:TagKeys": "cost"}},
        {"ArnLike": {"s3:DataAccessPointArn": "arn:aws:s3:::b*"}},
        {"ArnEquals": {"s3:DataAccessPointArn": BUCKET}},
        {"StringEquals": {"aws:RequestTag/team": "red", "s3:DataAccessPointArn": BUCKET}},
        {"ArnLike": {"aws:SourceArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:news"}},
        {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:news"}},
        {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
        {"StringNotEquals": {"aws:PrincipalAccount": [ACCOUNT, OTHER]}},
        {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}},
        {"ArnNotLike": {"aws:PrincipalArn": ONE}},
    ]
)
_effects = st.sampled_from(["Allow", "Allow", "Allow", "Deny"])
_principals = st.sampled_from(
    [
        *("*", {"AWS": "*"}, {"AWS": ONE}, {"AWS": TWO}, {"AWS": ACCOUNT}, {"AWS": [ONE, TWO]}, {"AWS": USER}),
        *({"AWS": OTHER}, {"AWS": f"arn:aws:iam::{OTHER}:root"}, {"AWS": STRANGER}, {"Service": SNS}),
        {"Service": [SNS, "s3.amazonaws.com"]},
    ]
)
_Documents = dict[str, list[dict[str, Any]]]


@st.composite
def _statement(draw: st.DrawFn, name: str) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": draw(_effects)}
    inverse = draw(st.integers(0, 11))
    statement["NotAction" if inverse == 0 else "Action"] = draw(st.lists(_actions, min_size=1, max_size=3))
    if name != "trust":
        statement["NotResource" if inverse == 1 else "Resource"] = draw(st.lists(_patterns, min_size=1, max_size=2))
    condition = draw(_conditions)
    if condition:
        statement["Condition"] = condition
    if name in (*WITH_POLICY, "trust"):
        who = draw(_principals)
        if statement["Effect"] == "Deny" and inverse == 2:
            statement["NotPrincipal"] = {"AWS": ONE} if who == "*" else who
        else:
            statement["Principal"] = who
    if name == "rcp":
        statement |= {"Effect": "Deny", "Principal": "*"}
    return statement


@st.composite
def _documents(draw: st.DrawFn) -> _Documents:
    """Policies by what they are on."""
    found: _Documents = {
        name: draw(st.lists(_statement(name), max_size=most))
        for name, most in ((ONE, 3), (TWO, 2), (USER, 2), (GROUP, 1), (SHARED, 1))
    }
    for name in ("boundary", "scp", "rcp"):
        found[name] = draw(st.one_of(st.just([]), st.just([]), st.lists(_statement(name), min_size=1, max_size=2)))
    for name in WITH_POLICY:
        found[name] = draw(st.one_of(st.just([]), st.lists(_statement(name), max_size=2)))
    found["trust"] = draw(st.lists(_statement("trust"), max_size=2))
    return found


@st.composite
def _pairs(draw: st.DrawFn) -> tuple[_Documents, _Documents]:
    """An account, and what a pull request makes of it."""
    old = draw(_documents())
    if draw(st.integers(0, 3)) == 0:
        return old, draw(_documents())
    new = {name: [dict(each) for each in statements] for name, statements in old.items()}
    for name in draw(st.lists(st.sampled_from(sorted(new)), min_size=1, max_size=2)):
        statements = new[name]
        match draw(st.sampled_from(["drop", "add", "change", "condition", "split", "narrow", "move"])):
            case "drop" if statements:
                statements.pop(draw(st.integers(0, len(statements) - 1)))
            case "change" if statements:
                statements[0] = draw(_statement(name))
            case "condition" if statements:
                statements[-1].pop("Condition", None)
                condition = draw(_conditions)
                if condition:
                    statements[-1]["Condition"] = condition
            case "split" if statements and len(statements[0].get("Action", [])) > 1:
                first = statements[0]
                statements[0:1] = [{**first, "Action": [action]} for action in first["Action"]]
            case "narrow" if statements and "Resource" in statements[0]:
                statements[0]["Resource"] = draw(st.lists(_patterns, min_size=1, max_size=2))
            case "move" if name in (ONE, SHARED):
                new[ONE], new[SHARED] = new[SHARED], new[ONE]
            case _:
                statements.append(draw(_statement(name)))
    return old, new


class Caller(NamedTuple):
    """Somebody who asks.

    Attributes:
        nodes: ids and names under which a change may be about him.
    """

    requester: Requester
    nodes: frozenset[str]


CALLERS = {
    ONE: Caller(parse_requester(ONE), frozenset({ONE, FUNCTION, ACCOUNT})),
    TWO: Caller(parse_requester(TWO), frozenset({TWO, ACCOUNT})),
    USER: Caller(parse_requester(USER), frozenset({USER, GROUP, ACCOUNT})),
    STRANGER: Caller(parse_requester(STRANGER), frozenset({STRANGER, OTHER})),
    SNS: Caller(service(SNS), frozenset({SNS})),
    "*": Caller(ANONYMOUS, frozenset()),
}
_EVERYTHING = parse_policy(
    {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}, name="all", kind=PolicyKind.INLINE
)
_LAMBDA = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
_KINDS = {"trust": PolicyKind.TRUST, "scp": PolicyKind.SCP, "rcp": PolicyKind.RCP}


class World:
    """One version: its graph, and the decision on any request."""

    def __init__(self, documents: _Documents) -> None:
        self.policies = {
            name: parse_policy(
                {"Version": "2012-10-17", "Statement": [*statements, *([_LAMBDA] if name == "trust" else [])]},
                name=name,
                kind=PolicyKind.RESOURCE if name in WITH_POLICY else _KINDS.get(name, PolicyKind.INLINE),
            )
            for name, statements in documents.items()
            if statements or name == "trust"
        }
        own = parse_policy({"Statement": _LAMBDA}, name="trust", kind=PolicyKind.TRUST)
        self._shared = self.policies.get(SHARED)
        facts: list[Any] = [
            Account(id=ACCOUNT),
            Role(
                arn=ONE,
                name="one",
                trust=own,
                inline_policies=self._of(ONE),
                managed_policy_arns=(SHARED,) if self._shared else (),
                boundary_arn=BOUNDARY if "boundary" in self.policies else None,
            ),
            Role(arn=TWO, name="two", trust=self.policies["trust"], inline_policies=self._of(TWO)),
            User(arn=USER, name="ann", inline_policies=self._of(USER), group_arns=(GROUP,)),
            Group(arn=GROUP, name="team", inline_policies=self._of(GROUP)),
            Function(arn=FUNCTION, name="work", role_arn=ONE),
        ]
        facts += [Resource(id=arn, arn=arn, type=kind, name=arn.rpartition(":")[2]) for arn, kind in TYPES.items()]
        for arn, name in ((BOUNDARY, "boundary"), (SHARED, SHARED)):
            facts += [ManagedPolicy(arn=arn, name=name, policy=policy) for policy in self._of(name)]
        facts += [ResourcePolicy(resource_arn=arn, policy=policy) for arn in WITH_POLICY for policy in self._of(arn)]
        controls = [ControlPolicy(policy=p, targets=(ACCOUNT,)) for name in ("scp", "rcp") for p in self._of(name)]
        if controls:
            facts += [*controls, OrganizationPath(account=ACCOUNT, path=(ACCOUNT,))]
        self.graph = build_graph(Inventory(facts))
        self._layers: dict[tuple[str, str], PolicyLayers] = {}

    def _of(self, name: str) -> tuple[Policy, ...]:
        return (self.policies[name],) if name in self.policies else ()

    def allows(self, caller: str, action: str, resource: str, context: dict[str, tuple[str, ...]]) -> bool:
        """Whether AWS would allow the request."""
        owner = owner_of(resource)
        key = (caller, owner)
        if key not in self._layers:
            rcp, scp = self._of("rcp"), self._of("scp")
            identity = {
                ONE: (*self._of(ONE), *self._of(SHARED)),
                TWO: self._of(TWO),
                USER: (*self._of(USER), *self._of(GROUP)),
                STRANGER: (_EVERYTHING,),
            }
            self._layers[key] = PolicyLayers(
                identity=identity.get(caller, ()),
                resource=self._of("trust" if owner == TWO else owner),
                boundary=self.policies.get("boundary") if caller == ONE else None,
                scps=(scp,) if scp and caller in (ONE, TWO, USER) else (),
                rcps=(rcp,) if rcp else (),
            )
        asked = RequestContext(dict(context), complete=True)
        requester = CALLERS[caller].requester
        return decide(requester, action, resource, ACCOUNT, asked, self._layers[key]).allowed is True


def owner_of(resource: str) -> str:
    """What a request is about, as the policies are filed."""
    return BUCKET if resource.startswith(f"{BUCKET}/") else resource


def is_about(change: Change, caller: str, action: str, resource: str) -> bool:
    """Whether a change says that somebody may use an action on a resource."""
    if action not in change.actions:
        return False
    who = {change.actor_id, *change.nodes}
    by_anybody = bool(who & {"*", PUBLIC}) or change.actor_id.startswith("AWS:") or change.weakened == "deny"
    if not (by_anybody or who & CALLERS[caller].nodes):
        return False
    target = change.target_id.removeprefix("set:")
    return (
        not target  # a control policy is about everything
        or target.startswith("!")
        or owner_of(resource) == target
        or covers(opened(encode(target)), encode(resource))
    )


def _gained(old: World, new: World) -> Iterator[tuple[str, str, str]]:
    for caller, (action, resource) in itertools.product(CALLERS, ASKED):
        for context in CONTEXTS:
            if "aws:SourceArn" in context and caller != SNS:
                continue  # only services send it, so in an identity policy it is never there
            if new.allows(caller, action, resource, context) and not old.allows(caller, action, resource, context):
                yield caller, action, resource
                break


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(_pairs())
def test_every_request_that_is_newly_allowed_is_named(pair: tuple[_Documents, _Documents]) -> None:
    """No request is allowed by the new policies and denied by the old ones without a change that is about it."""
    old, new = World(pair[0]), World(pair[1])
    diff = diff_graphs(old.graph, new.graph)
    note(f"the diff says {[change.message for change in diff.risks]}")
    for gained in _gained(old, new):
        note(f"somebody gained {gained}")
        assert any(is_about(change, *gained) for change in diff.risks)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(_documents(), st.randoms(use_true_random=False))
def test_the_same_policies_written_differently_are_no_change(documents: _Documents, random: Any) -> None:
    """Shuffled and split statements, other cases and repeated values give an empty diff."""
    other: _Documents = {}
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
    diff = diff_graphs(World(documents).graph, World(other).graph)
    assert [change.message for change in diff.changes] == []


def test_the_check_itself_sees_a_gain() -> None:
    """An account that opens its bucket is not taken for one that does not."""
    empty: _Documents = {name: [] for name in (ONE, TWO, USER, GROUP, SHARED, *WITH_POLICY, "trust")}
    opened_up = {**empty, BUCKET: [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]}
    old, new = World(empty), World(opened_up)
    found = {(caller, action) for caller, action, _ in _gained(old, new)}
    assert {("*", "s3:GetObject"), (STRANGER, "s3:GetObject"), (ONE, "s3:GetObject")} <= found
    (change,) = diff_graphs(old.graph, new.graph).risks
    assert not is_about(replace(change, target_id=QUEUE), "*", "s3:GetObject", f"{BUCKET}/a/1")
