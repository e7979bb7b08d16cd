# ruff: noqa: E501 (one row of the table is one line)
"""One policy document for everything a principal may do."""

from __future__ import annotations

import random
from typing import Any

import pytest

from permscope.catalog.actions import load
from permscope.inventory.policies import Policy, PolicyKind, parse_policy
from permscope.policy.consolidate import consolidate
from permscope.policy.context import RequestContext
from permscope.policy.evaluate import PolicyLayers, Request, evaluate

ROLE = "arn:aws:iam::111111111111:role/app"
ACTIONS = (
    "s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:ListAllMyBuckets", "dynamodb:GetItem", "dynamodb:Query",
    "dynamodb:ListTables", "lambda:InvokeFunction", "sqs:SendMessage", "iam:PassRole",
)  # fmt: skip
RESOURCES = (
    "arn:aws:s3:::b", "arn:aws:s3:::b/x", "arn:aws:s3:::b/bob", "arn:aws:s3:::bb", "arn:aws:s3:::red/x", "*",
    "arn:aws:dynamodb:eu-west-1:111111111111:table/T", "arn:aws:dynamodb:eu-west-1:111111111111:table/T/index/I",
    "arn:aws:lambda:eu-west-1:111111111111:function:f", "arn:aws:sqs:eu-west-1:111111111111:q",
    "arn:aws:iam::111111111111:role/app", "arn:aws:s3:::b/${aws:username}",
)  # fmt: skip
PATTERNS = (
    *RESOURCES, "arn:aws:s3:::*", "arn:aws:s3:::b*", "arn:aws:s3:::b/*", "arn:*:s3:::*/x", "arn:aws:s3:::?",
    "arn:aws:dynamodb:*:*:table/*", "arn:aws:dynamodb:*:111111111111:table/T", "arn:aws:dynamodb:eu-*:*:table/T/*",
    "arn:aws:*", "arn:aws:iam::*:role/*", "arn:aws:s3:::${aws:PrincipalTag/team}/*",
)  # fmt: skip
ACTION_PATTERNS = (*ACTIONS, "*", "s3:*", "s3:Get*", "s3:*Object", "S3:LIST*", "dynamodb:*", "lambda:*", "iam:*")
CONDITIONS: tuple[dict[str, Any], ...] = (
    {"StringEquals": {"aws:PrincipalAccount": "111111111111"}},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"Bool": {"aws:SecureTransport": "false"}},
    {"StringNotEquals": {"aws:PrincipalTag/team": "red"}},
    {"StringEquals": {"aws:PrincipalTag/team": ["red", "${aws:username}"]}},
    {"StringEqualsIfExists": {"aws:PrincipalTag/team": ["red", "blue"]}},
    {"ForAllValues:StringLike": {"aws:TagKeys": ["a*", "b"]}, "Null": {"aws:TagKeys": "false"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}},
)
CONTEXTS: tuple[dict[str, list[str]], ...] = (
    {},
    {"aws:SecureTransport": ["true"]},
    {"aws:SecureTransport": ["false"], "aws:PrincipalTag/team": ["red"]},
    {"aws:TagKeys": ["a1", "b"], "aws:PrincipalTag/team": ["b"], "aws:SecureTransport": ["true"]},
)


def _statement(rng: random.Random, denies: int) -> dict[str, Any]:
    found: dict[str, Any] = {"Effect": "Deny" if rng.randrange(denies) == 0 else "Allow"}
    found["NotAction" if rng.randrange(8) == 0 else "Action"] = rng.sample(ACTION_PATTERNS, rng.randint(1, 3))
    resources = ["*"] if rng.randrange(3) == 0 else rng.sample(PATTERNS, rng.randint(1, 3))
    found["NotResource" if rng.randrange(8) == 0 else "Resource"] = resources
    if rng.randrange(4) == 0:
        found["Condition"] = rng.choice(CONDITIONS)
    return found


def _policy(rng: random.Random, kind: PolicyKind, denies: int = 4) -> Policy:
    statements = [_statement(rng, denies) for _ in range(rng.randint(1, 4))]
    version = "2008-10-17" if rng.randrange(8) == 0 else "2012-10-17"
    return parse_policy({"Version": version, "Statement": statements}, name=kind.value, kind=kind)


def _allowed(layers: PolicyLayers, action: str, resource: str, values: dict[str, list[str]]) -> bool:
    request = Request(principal=ROLE, action=action, resource=resource, context=RequestContext(values))
    return evaluate(request, layers).allowed is True


def _check(seed: int) -> bool:
    """Whether a random consolidated policy says the same for every request, not only no more."""
    rng = random.Random(seed)  # noqa: S311 (reproducible, nothing secret)
    layers = PolicyLayers(
        identity=tuple(_policy(rng, PolicyKind.INLINE) for _ in range(rng.randint(1, 3))),
        boundary=_policy(rng, PolicyKind.BOUNDARY, 6) if rng.randrange(2) == 0 else None,
        scps=tuple((_policy(rng, PolicyKind.SCP, 3),) for _ in range(rng.choice([0, 0, 1, 2]))),
    )
    made = consolidate(
        layers.identity, boundary=layers.boundary, scps=layers.scps, principal=ROLE, wildcards=rng.randrange(2) == 0
    )
    alone = PolicyLayers(identity=(parse_policy(made.document, name="all", kind=PolicyKind.INLINE),))
    for action in ACTIONS:
        for resource in RESOURCES:
            values = rng.choice(CONTEXTS)
            before, after = (_allowed(each, action, resource, values) for each in (layers, alone))
            where = (seed, action, resource, values, made)
            assert before or not after, where
            assert before is after or made.remarks, where
    return not made.remarks


def test_a_consolidated_policy_decides_like_what_it_is_made_of() -> None:
    """Never wider, and the same where nothing is remarked; nearly always nothing is."""
    exact = [_check(seed) for seed in range(250)]
    assert sum(exact) > 0.6 * len(exact)


@pytest.mark.slow
def test_many_consolidated_policies_decide_like_what_they_are_made_of() -> None:
    """The same for more of them: 600,000 pairs of requests."""
    for seed in range(1_000, 6_000):
        _check(seed)


def _document(*statements: dict[str, Any]) -> Policy:
    return parse_policy({"Version": "2012-10-17", "Statement": list(statements)}, name="p", kind=PolicyKind.INLINE)


def _allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def _deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


SECURE = {"Bool": {"aws:SecureTransport": "true"}}
BUCKET = "arn:aws:s3:::b"
FORMS: list[tuple[str, list[dict[str, Any]], list[dict[str, Any]] | None, list[dict[str, Any]]]] = [
    ("what is allowed twice is written once", [_allow("s3:Get*"), _allow("s3:GetObject", f"{BUCKET}/*")], None, [_allow("s3:Get*")]),
    ("resources with the same actions stand together", [_allow("sqs:*", "b"), _allow("sqs:*", "a")], None, [_allow("sqs:*", ["a", "b"])]),
    ("a condition is kept", [_allow("sqs:*", Condition=SECURE)], None, [_allow("sqs:*", Condition=SECURE)]),
    ("a condition that the principal settles is not", [_allow("sqs:*", Condition={"StringEquals": {"aws:PrincipalAccount": "111111111111"}})], None, [_allow("sqs:*")]),
    ("a statement that never holds is left out", [_allow("sqs:*"), _allow("s3:*", Condition={"StringLike": {"aws:username": "*"}})], None, [_allow("sqs:*")]),
    ("a Deny is taken off", [_allow(["sqs:SendMessage", "sqs:PurgeQueue"]), _deny("sqs:Purge*")], None, [_allow("sqs:SendMessage")]),
    ("a Deny of nothing allowed is left out", [_allow("sqs:*"), _deny("s3:*")], None, [_allow("sqs:*")]),
    ("a Deny on a part stays", [_allow("sqs:*"), _deny(["sqs:*", "s3:*"], "arn:aws:sqs:*:*:q")], None, [_allow("sqs:*"), _deny("sqs:*", "arn:aws:sqs:*:*:q")]),
    ("a Deny under a condition stays", [_allow("sqs:*"), _deny("*", Condition=SECURE)], None, [_allow("sqs:*"), _deny("*", Condition=SECURE)]),
    ("everything but a Deny stays two statements", [_allow("*"), _deny("iam:*")], None, [_allow("*"), _deny("iam:*")]),
    ("a boundary cuts actions", [_allow("*")], [_allow(["sqs:*", "s3:*"])], [_allow(["s3:*", "sqs:*"])]),
    ("a boundary cuts resources", [_allow("s3:GetObject")], [_allow("s3:*", f"{BUCKET}/*")], [_allow("s3:GetObject", f"{BUCKET}/*")]),
    ("a boundary that crosses a resource is a fence", [_allow("s3:GetObject", f"{BUCKET}*")], [_allow("s3:*", "arn:aws:s3:::*/x")],
     [_allow("s3:GetObject", f"{BUCKET}*"), {"Effect": "Deny", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::*/x"}]),
    ("NotAction is kept where it is shorter", [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], None, [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]),
]  # fmt: skip


@pytest.mark.parametrize(("given", "boundary", "expected"), [pytest.param(*row[1:], id=row[0]) for row in FORMS])
def test_a_consolidated_policy_is_as_short_as_a_person_would_write_it(
    given: list[dict[str, Any]], boundary: list[dict[str, Any]] | None, expected: list[dict[str, Any]]
) -> None:
    """Nothing twice, nothing without effect, Deny only where it is needed."""
    made = consolidate([_document(*given)], boundary=None if boundary is None else _document(*boundary), principal=ROLE)
    assert (made.document["Statement"], made.remarks) == (expected, ())


def test_wildcards_are_used_where_they_grant_nothing_more() -> None:
    """Names become patterns; the set of actions stays."""
    policies = [_document(_allow("s3:*"), _deny("s3:GetObject*"))]
    plain, short = (consolidate(policies, wildcards=wildcards).document for wildcards in (False, True))
    assert len(short["Statement"][0]["Action"]) < len(plain["Statement"][0]["Action"])
    assert load().action_set(short["Statement"][0]["Action"]) == load().action_set(plain["Statement"][0]["Action"])


def test_what_depends_on_a_template_condition_is_left_out_and_told() -> None:
    """A document has no template conditions, and is never wider."""
    policy = parse_policy(
        {"Version": "2012-10-17", "Statement": [_allow("sqs:*")]}, name="p", kind=PolicyKind.INLINE, only_if="IsProd"
    )
    made = consolidate([policy])
    assert made.document["Statement"] == []
    assert made.remarks == ("statement 0 of `p` is left out: it depends on the template condition `IsProd`",)


def test_old_documents_keep_their_dollars() -> None:
    """What is plain text before version 2012-10-17 is quoted in a document of that version."""
    old = parse_policy(
        {"Version": "2008-10-17", "Statement": _allow("s3:*", "arn:aws:s3:::b/${aws:username}")},
        name="p",
        kind=PolicyKind.INLINE,
    )
    assert consolidate([old]).document["Statement"][0]["Resource"] == "arn:aws:s3:::b/${$}{aws:username}"
