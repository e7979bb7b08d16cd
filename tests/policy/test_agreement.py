"""Generated cross-checks: `effective` and `evaluate` never disagree, nor does a partial context with a complete one."""

from __future__ import annotations

import random
from typing import Any

import pytest

from permscope.inventory.policies import Policy, PolicyKind, parse_policy
from permscope.policy.context import RequestContext
from permscope.policy.effective import EffectiveAccess, Grant, effective
from permscope.policy.evaluate import PolicyLayers, Request, Verdict, evaluate
from permscope.policy.matching import encode
from permscope.policy.patterns import resource_patterns

ROLE = "arn:aws:iam::111111111111:role/app"
ACTIONS = (
    "s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:ListAllMyBuckets", "dynamodb:GetItem", "dynamodb:Query",
    "dynamodb:ListTables", "lambda:InvokeFunction", "lambda:UpdateFunctionCode", "sqs:SendMessage", "iam:PassRole",
)  # fmt: skip
RESOURCES = (
    "arn:aws:s3:::b", "arn:aws:s3:::b/x", "arn:aws:s3:::b/y/z", "arn:aws:s3:::bb",
    "arn:aws:dynamodb:eu-west-1:111111111111:table/T", "arn:aws:dynamodb:eu-west-1:111111111111:table/T/index/I",
    "arn:aws:lambda:eu-west-1:111111111111:function:f", "arn:aws:lambda:eu-west-1:111111111111:function:f:live",
    "arn:aws:sqs:eu-west-1:111111111111:q", "arn:aws:iam::111111111111:role/app", "arn:aws:iam::111111111111:role/r",
)  # fmt: skip
FITTING = {
    "s3:GetObject": RESOURCES[1:3], "s3:PutObject": RESOURCES[1:3], "s3:ListBucket": (RESOURCES[0], RESOURCES[3]),
    "s3:ListAllMyBuckets": ("*",), "dynamodb:GetItem": RESOURCES[4:5], "dynamodb:Query": RESOURCES[4:6],
    "dynamodb:ListTables": ("*",), "lambda:InvokeFunction": RESOURCES[6:8], "lambda:UpdateFunctionCode": RESOURCES[6:7],
    "sqs:SendMessage": RESOURCES[8:9], "iam:PassRole": RESOURCES[9:11],
}  # fmt: skip
PATTERNS = (
    "*", "arn:aws:s3:::*", "arn:aws:s3:::b*", "arn:aws:s3:::b/*", "arn:aws:s3:::?", "arn:aws:s3:::*/z", "arn:aws:*",
    "arn:aws:dynamodb:*:*:table/*", "arn:aws:dynamodb:*:111111111111:table/T", "arn:aws:dynamodb:*:*:table/T/*",
    "arn:aws:lambda:*:*:function:f", "arn:aws:lambda:*:*:function:f*", "arn:aws:lambda:*:*:function:f:*",
    "arn:aws:iam::*:role/*", "arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::${aws:PrincipalTag/team}/*",
)  # fmt: skip
ACTION_PATTERNS = ("*", "s3:*", "s3:Get*", "s3:*Object", "S3:LIST*", "dynamodb:*", "lambda:*", "dynamodb:?uery")
CONDITIONS: tuple[dict[str, Any], ...] = (
    {"StringEquals": {"aws:PrincipalAccount": "111111111111"}},
    {"StringEquals": {"aws:PrincipalAccount": "222222222222"}},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"Bool": {"aws:SecureTransport": "false"}},
    {"StringNotEquals": {"aws:PrincipalTag/team": "red"}},
    {"StringEqualsIfExists": {"aws:PrincipalTag/team": ["red", "blue"]}},
    {"ForAllValues:StringLike": {"aws:TagKeys": ["a*", "b"]}},
    {"ForAnyValue:StringNotLike": {"aws:TagKeys": "a*"}},
    {"Null": {"aws:TagKeys": "true"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}},
    {"StringLike": {"aws:username": "*"}},
    {"NumericLessThan": {"s3:max-keys": "10"}, "Bool": {"aws:SecureTransport": "true"}},
)
CONTEXTS: tuple[dict[str, list[str]], ...] = (
    {},
    {"aws:SecureTransport": ["true"]},
    {"aws:SecureTransport": ["false"], "aws:PrincipalTag/team": ["red"], "s3:max-keys": ["9"]},
    {"aws:TagKeys": ["a1", "b"], "aws:PrincipalTag/team": ["b"]},
    {"aws:TagKeys": ["c"], "aws:SecureTransport": ["true"], "s3:max-keys": ["11"]},
)


def _statement(rng: random.Random, denies: int) -> dict[str, Any]:
    effect = "Deny" if rng.randrange(denies) == 0 else "Allow"
    actions = rng.sample(ACTIONS + ACTION_PATTERNS, rng.randint(1, 3))
    resources = rng.sample(RESOURCES + PATTERNS, rng.randint(1, 3))
    if rng.randrange(3) == 0:
        resources = ["*"]
    found: dict[str, Any] = {"Effect": effect}
    found["NotAction" if rng.randrange(7) == 0 else "Action"] = actions
    found["NotResource" if rng.randrange(7) == 0 else "Resource"] = resources
    if rng.randrange(3) == 0:
        found["Condition"] = rng.choice(CONDITIONS)
    return found


def _policy(rng: random.Random, kind: PolicyKind, denies: int = 4) -> Policy:
    statements = [_statement(rng, denies) for _ in range(rng.randint(1, 5))]
    return parse_policy({"Version": "2012-10-17", "Statement": statements}, name=kind.value, kind=kind)


def _layers(rng: random.Random) -> PolicyLayers:
    return PolicyLayers(
        identity=tuple(_policy(rng, PolicyKind.INLINE) for _ in range(rng.randint(1, 3))),
        boundary=_policy(rng, PolicyKind.BOUNDARY) if rng.randrange(3) == 0 else None,
        scps=tuple((_policy(rng, PolicyKind.SCP, 3),) for _ in range(rng.choice([0, 0, 1, 2]))),
    )


def _effective(layers: PolicyLayers) -> EffectiveAccess:
    return effective(layers.identity, boundary=layers.boundary, scps=layers.scps, principal=ROLE)


def _gives(grant: Grant, action: str, resource: str, *, surely: bool) -> bool:
    """Whether a grant is about an action on a concrete resource."""
    if action not in grant.actions or (surely and grant.conditional):
        return False
    context = RequestContext(complete=False)
    wanted = (True,) if surely else (True, None)
    if action == "s3:ListAllMyBuckets":
        resource = "arn:aws:s3:::*"
    inside = resource_patterns(grant.resources, variables=True).matches(encode(resource), context, set())
    if inside not in wanted:
        return False
    outside = resource_patterns(grant.not_resources, variables=True).matches(encode(resource), context, set())
    return outside is False if surely else outside is not True


def _check(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 (reproducible, nothing secret)
    layers = _layers(rng)
    access = _effective(layers)
    for _ in range(6):
        action = rng.choice(ACTIONS)
        resource = rng.choice(FITTING[action])
        values = rng.choice(CONTEXTS)
        where = (seed, action, resource, values)
        verdict = _ask(action, resource, layers, RequestContext(values))
        if verdict.allowed:
            assert any(_gives(grant, action, resource, surely=False) for grant in access.grants), ("hidden", *where)
        else:
            assert not any(_gives(grant, action, resource, surely=True) for grant in access.grants), ("added", *where)
        if resource != "*":
            found = access.on(resource)
            if verdict.allowed:
                assert action in found.allowed or action in found.conditional, ("hidden on", *where)
            for grant in found.grants:
                if _gives(grant, action, resource, surely=True):
                    assert verdict.allowed, ("added on", *where)
        partial = _ask(action, resource, layers, RequestContext(values, complete=False)).allowed
        assert partial is None or partial is verdict.allowed, ("partial", *where)


def _ask(action: str, resource: str, layers: PolicyLayers, context: RequestContext) -> Verdict:
    return evaluate(Request(principal=ROLE, action=action, resource=resource, context=context), layers)


BINDINGS = ("b", "T", "b/x", "f", "111111111111", "*", "true", "a1")
UNKNOWN = "${Param::X}"
OPEN_RESOURCES = (
    f"arn:aws:s3:::{UNKNOWN}", f"arn:aws:s3:::{UNKNOWN}/*", f"arn:aws:s3:::b/{UNKNOWN}", UNKNOWN,
    f"arn:aws:dynamodb:*:{UNKNOWN}:table/T", f"arn:aws:dynamodb:*:*:table/{UNKNOWN}", f"arn:aws:*:{UNKNOWN}",
)  # fmt: skip
OPEN_CONDITIONS: tuple[dict[str, Any], ...] = (
    {"StringEquals": {"aws:PrincipalAccount": UNKNOWN}},
    {"StringNotEquals": {"aws:PrincipalTag/team": UNKNOWN}},
    {"StringLike": {"aws:PrincipalArn": f"arn:aws:iam::{UNKNOWN}:role/*"}},
    {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{UNKNOWN}:role/*"}},
    {"ForAllValues:StringLike": {"aws:TagKeys": ["b", UNKNOWN]}},
    {"ForAnyValue:StringNotEquals": {"aws:TagKeys": UNKNOWN}},
    {"Bool": {"aws:SecureTransport": UNKNOWN}},
)


def _bound(value: Any, binding: str) -> Any:
    match value:
        case str():
            return value.replace(UNKNOWN, binding)
        case list():
            return [_bound(each, binding) for each in value]
        case dict():
            return {key: _bound(each, binding) for key, each in value.items()}
    return value


def _open_document(rng: random.Random) -> dict[str, Any]:
    statements = [_statement(rng, 4) for _ in range(rng.randint(1, 3))]
    for statement in statements:
        key = "Resource" if "Resource" in statement else "NotResource"
        if rng.randrange(2):
            statement[key] = [*statement[key], rng.choice(OPEN_RESOURCES)]
        if rng.randrange(3) == 0:
            statement["Condition"] = rng.choice(OPEN_CONDITIONS)
    return {"Version": "2012-10-17", "Statement": statements}


def _check_unknown(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 (reproducible, nothing secret)
    document = _open_document(rng)
    action = rng.choice(ACTIONS)
    resource = rng.choice((*FITTING[action], *OPEN_RESOURCES[:3]))
    context = RequestContext(rng.choice(CONTEXTS))

    def decide(binding: str) -> bool | None:
        policy = parse_policy(_bound(document, binding), name="p", kind=PolicyKind.INLINE)
        return _ask(action, _bound(resource, binding), PolicyLayers(identity=(policy,)), context).allowed

    undecided = decide(UNKNOWN)
    for binding in BINDINGS:
        if "*" in binding and UNKNOWN in resource:
            continue
        assert undecided is None or decide(binding) is undecided, (seed, action, resource, binding)


@pytest.mark.parametrize("block", range(10))
def test_an_unknown_value_never_decides_for_one_of_the_values_it_may_have(block: int) -> None:
    """What is decided with an unknown template value holds whatever the deployment gives."""
    for seed in range(block * 100, block * 100 + 100):
        _check_unknown(seed)


@pytest.mark.parametrize("block", range(10))
def test_effective_access_and_single_decisions_agree(block: int) -> None:
    """What `effective` calls sure is allowed in every context, and what any context allows it does not hide."""
    for seed in range(block * 50, block * 50 + 50):
        _check(seed)


@pytest.mark.slow
def test_effective_access_and_single_decisions_agree_on_100000_requests() -> None:
    """The same over many more policies."""
    for seed in range(1_000_000, 1_016_700):
        _check(seed)
