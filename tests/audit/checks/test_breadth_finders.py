"""What is broader than it needs to be, said once and as bad as it is."""

from __future__ import annotations

from typing import Any

import pytest


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


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ({"Action": "iam:*", "Resource": "*"}, "iam-full"),
        ({"Action": "dynamodb:*", "Resource": "*"}, "service-wildcard"),
        ({"Action": "*", "Resource": "arn:aws:s3:::orders/*"}, "action-star-scoped"),
        ({"NotAction": "iam:*", "Resource": "*"}, "allow-notaction"),
        ({"Action": "s3:GetObject", "NotResource": "arn:aws:s3:::secret/*"}, "allow-notresource"),
        ({"Action": "iam:PassRole", "Resource": "*"}, "passrole-star"),
        ({"Action": "iam:PassRole", "NotResource": "arn:aws:iam::*:role/admin"}, "passrole-notresource"),
        ({"Action": "iam:PassRole", "Resource": "arn:aws:iam::111122223333:role/x"}, "passrole-no-passedtoservice"),
        ({"Action": "iam:CreateServiceLinkedRole", "Resource": "*"}, "create-slr-star"),
        ({"Action": "lambda:InvokeFunction", "Resource": "*"}, "invoke-any-function"),
        ({"Action": "sts:AssumeRole", "Resource": "*"}, "assume-any-role"),
    ],
)
def test_each_kind_of_breadth_has_its_rule(rules_of: Any, statement: dict[str, Any], rule: str) -> None:
    """The one that says most about the statement speaks; a Deny of the same takes it away."""
    assert rule in rules_of({"Effect": "Allow", **statement})
    assert rule not in rules_of({"Effect": "Deny", **statement})


def test_everything_but_nothing_is_everything(audit: Any, role: Any) -> None:
    """AWS refuses an empty list, which is said as well; until it is filled it leaves nothing out."""
    found = audit({"Worker": role({"Effect": "Allow", "NotAction": [], "Resource": "*"})})
    assert [item.severity for item in found["allow-notaction"]] == ["critical"]
    assert "malformed" in found
    assert "malformed" in audit({"Worker": role({"Effect": "Allow", "Action": "s3:*", "NotResource": []})})


@pytest.mark.parametrize(
    ("element", "texts", "rule"),
    [
        ("NotAction", ["s3:*", "iam:*"], "allow-notaction"),
        ("NotResource", ["arn:aws:s3:::b", "arn:aws:s3:::a"], "allow-notresource"),
    ],
)
def test_the_order_of_exceptions_makes_no_other_finding(
    audit: Any, role: Any, element: str, texts: list[str], rule: str
) -> None:
    """A baseline knows the finding again."""
    other = {"Resource": "*"} if element == "NotAction" else {"Action": "s3:*"}
    one, two = (
        audit({"Worker": role({"Effect": "Allow", element: given, **other})})[rule] for given in (texts, texts[::-1])
    )
    assert [item.fingerprint for item in one] == [item.fingerprint for item in two]


def test_the_order_of_resources_makes_no_other_finding(audit: Any, role: Any) -> None:
    """What a statement leaves is judged over all its resources."""
    resources = ["arn:aws:sqs:*:*:*", "arn:aws:iam::*:role/*", "arn:aws:sso:::*"]
    found = [
        audit({"Worker": role({"Effect": "Allow", "NotAction": "s3:*", "Resource": given})})
        for given in (resources, resources[::-1])
    ]
    told = [{(each.rule, each.message, each.fingerprint) for rule in one.values() for each in rule} for one in found]
    assert told[0] == told[1]
    assert "allow-notaction" in found[0]


def test_everything_on_several_resources_names_them(audit: Any, role: Any) -> None:
    """In whatever order they stand."""
    resources = ["arn:aws:s3:::a/*", "arn:aws:sqs:eu-west-1:111122223333:q"]
    found = [
        audit({"Worker": role({"Effect": "Allow", "Action": "*", "Resource": given})})["action-star-scoped"]
        for given in (resources, resources[::-1])
    ]
    assert [each.message for each in found[0]] == [each.message for each in found[1]]
    assert "`arn:aws:s3:::a/*`, `" in found[0][0].message
