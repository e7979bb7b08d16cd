"""Everything a principal may do, with what is denied taken off."""

from __future__ import annotations

import time
from typing import Any

import pytest

from permscope.inventory.policies import Policy, PolicyKind, parse_policy
from permscope.policy.effective import EffectiveAccess, effective, parts_of

ROLE = "arn:aws:iam::111111111111:role/app"
TABLE = "arn:aws:dynamodb:eu-west-1:111111111111:table/T"
BUCKET = "arn:aws:s3:::b"


def policy(*statements: dict[str, Any], kind: PolicyKind = PolicyKind.INLINE) -> Policy:
    """A policy of statements written short."""
    return parse_policy({"Version": "2012-10-17", "Statement": list(statements)}, name="p", kind=kind)


def may(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """An Allow statement."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def must_not(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A Deny statement."""
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def access(*statements: dict[str, Any], **more: Any) -> EffectiveAccess:
    """The effective access of the role."""
    return effective([policy(*statements)], principal=ROLE, **more)


def test_a_grant_names_its_statement_actions_and_resources() -> None:
    """What a statement grants can be traced to its line."""
    (grant,) = access(may(["dynamodb:GetItem", "dynamodb:NoSuchAction"], [TABLE])).grants
    assert list(grant.actions) == ["dynamodb:GetItem"]
    assert (grant.resources, grant.conditional, grant.conditions) == ((TABLE,), False, ())
    assert grant.statement is not None
    assert grant.statement.index == 0
    assert grant.policy is not None


def test_only_actions_that_can_be_about_the_resource_are_granted() -> None:
    """`s3:*` on a bucket's ARN does not reach its objects, nor other services."""
    actions = access(may("*", BUCKET)).actions
    assert "s3:ListBucket" in actions
    assert "s3:GetObject" not in actions
    assert "dynamodb:GetItem" not in actions
    assert "s3:GetObject" in access(may("s3:*", f"{BUCKET}/*")).actions


def test_an_action_without_resources_needs_a_star() -> None:
    """Listing tables is granted on `*` only."""
    assert "dynamodb:ListTables" not in access(may("dynamodb:*", TABLE)).actions
    assert "dynamodb:ListTables" in access(may("dynamodb:*")).actions
    assert "s3:ListAllMyBuckets" in access(may("s3:*", "arn:aws:s3:::*")).actions


def test_a_deny_that_surely_applies_takes_access_away() -> None:
    """Denied actions are not reported at all."""
    found = access(may("s3:*Object", f"{BUCKET}/*"), must_not("s3:DeleteObject"))
    assert "s3:DeleteObject" not in found.actions
    assert all(not grant.conditional for grant in found.grants)


@pytest.mark.parametrize(
    "denied",
    [
        must_not("s3:DeleteObject", Condition={"Bool": {"aws:SecureTransport": "false"}}),
        must_not("s3:DeleteObject", f"{BUCKET}/private/*"),
        {"Effect": "Deny", "Action": "s3:DeleteObject", "NotResource": f"{BUCKET}/scratch/*"},
    ],
)
def test_a_deny_that_may_apply_makes_access_conditional(denied: dict[str, Any]) -> None:
    """Nothing a Deny might leave is hidden, and the Deny is named."""
    found = access(may("s3:*Object", f"{BUCKET}/*"), denied)
    conditional = [grant for grant in found.grants if "s3:DeleteObject" in grant.actions]
    assert [grant.conditional for grant in conditional] == [True]
    assert [statement.effect for statement in conditional[0].limited_by] == ["Deny"]
    certain = [grant for grant in found.grants if "s3:GetObject" in grant.actions]
    assert [grant.conditional for grant in certain] == [False]


def test_a_deny_elsewhere_changes_nothing() -> None:
    """A Deny on another bucket does not touch this one."""
    (grant,) = access(may("s3:GetObject", f"{BUCKET}/*"), must_not("s3:*", "arn:aws:s3:::c/*")).grants
    assert not grant.conditional


def test_conditions_that_the_principal_settles_are_settled() -> None:
    """What holds for this role is no condition; what cannot hold grants nothing."""
    settled = access(may("s3:GetObject", Condition={"StringEquals": {"aws:PrincipalAccount": "111111111111"}}))
    assert [grant.conditional for grant in settled.grants] == [False]
    assert not access(may("s3:GetObject", Condition={"StringEquals": {"aws:PrincipalAccount": "2"}})).grants
    assert not access(may("s3:GetObject", Condition={"ArnLike": {"aws:SourceArn": "*"}})).grants
    open_ = access(may("s3:GetObject", Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}})).grants
    assert [(grant.conditional, grant.conditions[0].key) for grant in open_] == [(True, "aws:SourceVpc")]


def test_a_boundary_narrows_to_its_own_resources() -> None:
    """Where a boundary allows only a part, the grant is about that part."""
    boundary = policy(may("s3:GetObject", f"{BUCKET}/a/*"), kind=PolicyKind.BOUNDARY)
    (grant,) = access(may("s3:*"), boundary=boundary).grants
    assert (list(grant.actions), grant.resources, grant.conditional) == (["s3:GetObject"], (f"{BUCKET}/a/*",), False)


def test_a_boundary_condition_makes_access_conditional() -> None:
    """A boundary that allows under a condition leaves access open, and is named."""
    limited = may("s3:*", Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})
    (grant,) = access(may("s3:GetObject"), boundary=policy(limited, kind=PolicyKind.BOUNDARY)).grants
    assert grant.conditional
    assert len(grant.limited_by) == 1


def test_every_control_policy_level_must_allow() -> None:
    """Levels intersect, policies of one level add up."""
    s3, sqs = (policy(may(f"{service}:*"), kind=PolicyKind.SCP) for service in ("s3", "sqs"))
    assert list(access(may(["s3:GetObject", "sqs:SendMessage"]), scps=[[s3, sqs], [s3]]).actions) == ["s3:GetObject"]
    assert not access(may("s3:GetObject"), scps=[[s3], []]).grants
    linked = "arn:aws:iam::111111111111:role/aws-service-role/es.amazonaws.com/X"
    assert effective([policy(may("s3:GetObject"))], scps=[[sqs]], principal=linked).grants


def test_a_template_condition_makes_a_grant_conditional() -> None:
    """A statement that may not be there grants nothing for sure."""
    maybe = parse_policy({"Statement": may("s3:GetObject")}, name="p", kind=PolicyKind.INLINE, only_if="IsProd")
    assert [grant.conditional for grant in effective([maybe]).grants] == [True]


def test_not_action_and_not_resource_are_kept_apart() -> None:
    """`NotAction` is every other action, `NotResource` is said beside the star."""
    found = access({"Effect": "Allow", "NotAction": "iam:*", "NotResource": f"{BUCKET}/*"})
    assert "iam:PassRole" not in found.actions
    assert "s3:GetObject" in found.actions
    assert {grant.not_resources for grant in found.grants} == {(f"{BUCKET}/*",)}
    assert "s3:GetObject" not in found.on(f"{BUCKET}/k").allowed


def test_access_to_a_resource_includes_what_is_under_it() -> None:
    """Objects of a bucket, indexes of a table, qualifiers of a function."""
    found = access(
        may(["s3:GetObject", "s3:ListBucket"], [BUCKET, f"{BUCKET}/*"]),
        may("dynamodb:Query", [TABLE + "/index/*"]),
        may("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:111111111111:function:f:live"),
    )
    assert list(found.on(BUCKET).allowed) == ["s3:GetObject", "s3:ListBucket"]
    assert list(found.on(TABLE).allowed) == ["dynamodb:Query"]
    on_function = found.on("arn:aws:lambda:eu-west-1:111111111111:function:f")
    assert list(on_function.allowed) == ["lambda:InvokeFunction"]
    assert on_function.grants[0].resources == ("arn:aws:lambda:eu-west-1:111111111111:function:f:live",)
    assert not found.on("arn:aws:s3:::c")


def test_access_to_a_resource_leaves_out_what_is_denied_there() -> None:
    """A Deny on one object prefix leaves the rest allowed under a condition."""
    found = access(
        may("s3:GetObject", f"{BUCKET}/*"),
        must_not("s3:GetObject", f"{BUCKET}/x/*"),
        must_not("s3:*", "arn:aws:s3:::c/*"),
    )
    assert not found.on(BUCKET).allowed
    assert list(found.on(BUCKET).conditional) == ["s3:GetObject"]
    assert not found.on("arn:aws:s3:::c").conditional


def test_a_version_is_nothing_that_new_code_is_given_to() -> None:
    """Code belongs to the function, so a Deny there leaves no version for it; invoking a version stays allowed.

    https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html
    """
    function = "arn:aws:lambda:eu-west-1:111111111111:function:f"
    found = access(may("lambda:*"), must_not("lambda:*", function)).on(function).allowed
    assert "lambda:UpdateFunctionCode" not in found
    assert "lambda:InvokeFunction" in found


def test_tokens_of_a_template_are_matched_and_given_back() -> None:
    """A generated name is the same on both sides, and grants show it as written."""
    table = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${Orders}"
    found = access(may("dynamodb:GetItem", table), may("dynamodb:PutItem", table.replace("Orders", "Param::Table")))
    assert found.grants[0].resources == (table,)
    on_table = found.on(table.replace("${AWS::Partition}", "aws"))
    assert list(on_table.allowed) == ["dynamodb:GetItem"]
    assert list(on_table.conditional) == ["dynamodb:PutItem"]


@pytest.mark.parametrize(
    ("arn", "under"),
    [
        (BUCKET, f"{BUCKET}/*"),
        (TABLE, f"{TABLE}/*"),
        ("arn:aws:logs:r:1:log-group:g", "arn:aws:logs:r:1:log-group:g:*"),
        ("arn:aws:execute-api:r:1:api", "arn:aws:execute-api:r:1:api/*"),
        ("arn:aws:sqs:r:1:q", None),
        ("arn:aws:s3:::b/*", None),
        ("arn:aws:s3:::b/key", None),
        (f"{TABLE}/index/i", None),
        ("arn:aws:lambda:r:1:function:f", "arn:aws:lambda:r:1:function:f:*"),
        ("arn:aws:lambda:r:1:function:f:live", None),
    ],
)
def test_what_lies_under_a_resource_depends_on_its_service(arn: str, under: str | None) -> None:
    """Sub-resources follow a slash or a colon."""
    assert parts_of(arn) == ((arn,) if under is None else (arn, under))


def test_a_user_is_what_its_policies_call_it() -> None:
    """`${aws:username}` is the user's own name, and of a role nothing.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_iam_credentials_console.html
    """
    own = policy(may("iam:CreateAccessKey", "arn:aws:iam::111111111111:user/${aws:username}"))
    bob, eve = (f"arn:aws:iam::111111111111:user/{name}" for name in ("bob", "eve"))
    found = effective([own], principal=bob)
    assert [grant.resources for grant in found.grants] == [(bob,)]
    assert list(found.on(bob).allowed) == ["iam:CreateAccessKey"]
    assert not found.on(eve)
    assert effective([own], principal=ROLE).grants == ()
    others = policy(may("iam:*"), must_not("iam:*", "arn:aws:iam::111111111111:user/${aws:username}"))
    denied = effective([others], principal=bob)
    assert not denied.on(bob)
    assert "iam:CreateAccessKey" in denied.on(eve).allowed


def test_a_resource_is_told_from_what_lies_under_it() -> None:
    """Items are in tables, and not in their indexes; a denied table may have an index that can be read."""
    index = access(may("dynamodb:*"), must_not("dynamodb:*", TABLE))
    assert "dynamodb:GetItem" not in index.on(TABLE).allowed
    assert "dynamodb:Query" in index.on(TABLE).allowed
    assert "dynamodb:Query" not in index.at(TABLE).allowed


def test_cost_does_not_grow_with_the_product_of_statements() -> None:
    """Many Allow and many Deny statements are filed, not paired."""
    allows = [may("s3:*") for _ in range(400)]
    denies = [must_not("s3:Put*", f"arn:aws:s3:::b{number}/x*") for number in range(400)]
    start = time.process_time()
    assert len(access(*allows, *denies).grants) == 800
    assert time.process_time() - start < 2


def test_a_policy_of_several_principals_gives_each_what_is_left_to_it() -> None:
    """What one policy grants is worked out once, but for variables, conditions and what caps a principal."""
    shared = policy(
        may("s3:GetObject", f"{BUCKET}/*"),
        may("iam:GetUser", "arn:aws:iam::111111111111:user/${aws:username}"),
        may("sqs:SendMessage", Condition={"StringEquals": {"aws:username": "ann"}}),
    )
    deny = policy(must_not("s3:GetObject", f"{BUCKET}/secret/*"))
    ann, bob = ("arn:aws:iam::111111111111:user/ann", "arn:aws:iam::111111111111:user/bob")

    def granted(principal: str, *more: Policy) -> list[tuple[tuple[str, ...], bool]]:
        return [(each.resources, each.conditional) for each in effective([shared, *more], principal=principal).grants]

    for _ in range(2):
        assert granted(ann) == [((f"{BUCKET}/*",), False), ((ann,), False), (("*",), False)]
        assert granted(bob) == [((f"{BUCKET}/*",), False), ((bob,), False)]
        assert granted(bob, deny) == [((f"{BUCKET}/*",), True), ((bob,), False)]
