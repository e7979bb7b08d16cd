"""How broad effective access is, and how bad that is."""

from __future__ import annotations

from typing import Any

import pytest

MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


@pytest.mark.parametrize(
    "statements",
    [
        [{"Action": "*", "Resource": "*"}],
        [{"Action": "*:*", "Resource": "arn:aws:*:*:*:*:*"}],
        [{"Action": ["IAM:*", "s3:getobject"], "Resource": "*"}, {"Action": "sts:Assume?ole", "Resource": "*"}],
    ],
)
def test_an_administrator_is_one_finding_however_spelled(
    audit: Any, role: Any, statements: list[dict[str, Any]]
) -> None:
    """Every lesser rule keeps quiet about what is said already."""
    found = audit({"Role": role(*({"Effect": "Allow", **statement} for statement in statements))})
    assert found["admin-star"][0].severity == "critical"
    assert not {"service-wildcard", "self-escalation", "write-unscoped", "cloudtrail-full"} & set(found)


def test_a_condition_on_an_escalation_lowers_it(audit: Any, role: Any) -> None:
    """Only callers with MFA can take the way."""
    put = {"Effect": "Allow", "Action": "iam:PutRolePolicy", "Resource": "*"}
    assert audit({"Role": role(put)})["self-escalation"][0].severity == "critical"
    (finding,) = audit({"Role": role({**put, "Condition": MFA})})["self-escalation"]
    assert (finding.severity, finding.adjusted) == (
        "high",
        "lowered from critical: `aws:MultiFactorAuthPresent` narrows it",
    )


@pytest.mark.parametrize(
    ("policy", "severity"),
    [
        ("IAMFullAccess", "critical"),
        ("PowerUserAccess", "high"),
        ("AmazonS3FullAccess", "high"),
        ("AmazonTextractFullAccess", "medium"),
    ],
)
def test_a_managed_policy_is_as_bad_as_what_it_gives(audit: Any, role: Any, policy: str, severity: str) -> None:
    """IAM is administration in one more step; a service that holds no data of others is less than one that does."""
    found = audit({"Role": role(ManagedPolicyArns=[f"arn:aws:iam::aws:policy/{policy}"])})
    assert found["elevated-managed-attached"][0].severity == severity


@pytest.mark.parametrize(
    ("action", "severity"),
    [("logs:DescribeLogStreams", "low"), ("logs:GetLogEvents", "medium"), ("s3:ListBucket", "low")],
)
def test_seeing_what_there_is_is_less_than_reading_it(audit: Any, role: Any, action: str, severity: str) -> None:
    """Names and settings are no contents."""
    found = audit({"Role": role({"Effect": "Allow", "Action": action, "Resource": "*"})})
    assert [item.severity for item in found["resource-star-restrictable"]] == [severity]


def test_own_logs_stay_a_remark_behind_an_open_door(audit: Any, role: Any) -> None:
    """Who calls a function may fill its log anyway."""
    logs = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Code": {"ZipFile": "x"}, "Handler": "a.b"},
    }
    url = {"Type": "AWS::Lambda::Url", "Properties": {"AuthType": "NONE", "TargetFunctionArn": {"Ref": "Function"}}}
    let_in = {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunctionUrl",
            "FunctionName": {"Ref": "Function"},
            "Principal": "*",
            "FunctionUrlAuthType": "NONE",
        },
    }
    found = audit({"Role": role(logs), "Function": function, "Url": url, "LetIn": let_in})
    assert [item.severity for item in found["write-unscoped"]] == ["low"]


def test_a_role_that_one_service_takes_may_be_passed_more_freely(audit: Any, role: Any) -> None:
    """Its trust policy says to whom it can be passed."""
    passes = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": {"Fn::GetAtt": ["Job", "Arn"]}}
    (finding,) = audit({"Role": role(passes), "Job": role(service="batch.amazonaws.com")})[
        "passrole-no-passedtoservice"
    ]
    assert finding.severity == "low"
    assert "StringEquals: {iam:PassedToService: batch.amazonaws.com}" in finding.fix


@pytest.mark.parametrize(
    ("action", "written"),
    [
        ("bedrock:InvokeModel", ":foundation-model/<ResourceId>"),
        ("logs:PutLogEvents", ":log-group:<LogGroupName>:*"),
        ("glue:GetTable", ":database/<DatabaseName>"),
        ("glue:GetTable", ":table/<DatabaseName>/<TableName>"),
        ("events:PutEvents", ":event-bus/<EventBusName>"),
    ],
)
def test_a_fix_names_what_calls_are_about(audit: Any, role: Any, action: str, written: str) -> None:
    """With every resource that one call needs, else the narrowed statement would not work."""
    found = audit({"Role": role({"Effect": "Allow", "Action": action, "Resource": "*"})})
    (finding,) = found.get("write-unscoped", found.get("resource-star-restrictable", []))
    assert written in finding.fix
    assert "busv2" not in finding.fix


CAP = {
    "Type": "AWS::IAM::ManagedPolicy",
    "Properties": {
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"}],
        }
    },
}
ADMINISTRATOR = {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]}


def test_a_boundary_or_a_deny_makes_nobody_an_administrator(audit: Any, role: Any) -> None:
    """What is attached gives no more than what caps it leaves.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    assert "admin-managed-attached" in audit({"Role": role(**ADMINISTRATOR)})
    capped = role(**ADMINISTRATOR, PermissionsBoundary={"Ref": "Cap"})
    everything = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    for resources in ({"Role": capped, "Cap": CAP}, {"Role": role(everything, **ADMINISTRATOR)}):
        assert not {"admin-managed-attached", "elevated-managed-attached"} & set(audit(resources))


def test_a_boundary_that_nobody_has_may_cap(audit: Any, role: Any) -> None:
    """What it leaves is not known, so the finding is less sure and says why."""
    unknown = role(
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        PermissionsBoundary="arn:aws:iam::111122223333:policy/theirs",
    )
    (finding,) = audit({"Role": unknown})["admin-star"]
    assert (finding.severity, finding.confidence) == ("high", "medium")
    assert "its permissions boundary is in no input" in finding.adjusted


def test_the_order_of_policies_does_not_choose_whom_to_blame(audit: Any, role: Any) -> None:
    """What a managed policy of AWS gives as well is still said of the statement that the user wrote."""
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}]}
    beside = {
        "Type": "AWS::IAM::Policy",
        "Properties": {"PolicyName": "own", "Roles": [{"Ref": "Role"}], "PolicyDocument": document},
    }
    attached = {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/IAMFullAccess"]}
    apart = audit({"Role": role(**attached), "Beside": beside})
    inside = audit({"Role": role(*document["Statement"], **attached)})
    assert "iam-full" in apart
    assert "iam-full" in inside


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("s3:*", "s3:* ("),
        (["s3:Put*", "s3:GetObject"], "s3:"),
        (["dynamodb:PutItem", "dynamodb:GetItem"], "dynamodb:GetItem, dynamodb:PutItem"),
    ],
)
def test_many_actions_are_said_as_the_one_element_that_gives_them(
    audit: Any, role: Any, action: Any, said: str
) -> None:
    """A list of dozens tells less than `s3:*`; a few are named."""
    service = "dynamodb" if "dynamodb" in said else "s3"
    pattern = "arn:aws:s3:::*" if service == "s3" else "arn:aws:dynamodb:*:*:table/*"
    statement = {"Effect": "Allow", "Action": action, "Resource": pattern}
    (finding,) = audit({"Role": role(statement)})["resource-effectively-star"]
    assert f"`Role` may do {said}" in finding.message
    assert len(finding.message) < 300


def test_a_pattern_for_much_is_counted_and_one_for_little_is_spelled_out(audit: Any, role: Any) -> None:
    """What changes something is what matters."""
    found = audit(
        {
            "Much": role({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::orders/*"}),
            "Little": role(
                {"Effect": "Allow", "Action": "sqs:SendM*", "Resource": "arn:aws:sqs:eu-west-1:111122223333:a"},
                {"Effect": "Allow", "Action": "sns:Pub*", "Resource": "arn:aws:sns:eu-west-1:111122223333:a"},
                {"Effect": "Allow", "Action": "dynamodb:P*", "Resource": "arn:aws:dynamodb:eu-west-1:1:table/a"},
            ),
        }
    )["action-pattern-write"]
    messages = {finding.guilty: finding.message for finding in found}
    assert "of which change something" in messages["s3:*"]
    assert "dynamodb:PutItem" in messages["dynamodb:P*"]
