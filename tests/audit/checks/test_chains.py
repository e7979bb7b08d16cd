"""Ways that end at an administrator."""

from __future__ import annotations

from typing import Any

ADMIN = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def assume(role: str) -> dict[str, Any]:
    """May become a role of the template."""
    return {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": {"Fn::GetAtt": [role, "Arn"]}}


def trusting(made: dict[str, Any], other: str) -> dict[str, Any]:
    """A role that another one may become."""
    principal = {"AWS": {"Fn::GetAtt": [other, "Arn"]}}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    made["Properties"]["AssumeRolePolicyDocument"]["Statement"] = [statement]
    return made


def function(role: str) -> dict[str, Any]:
    """A function with a role of the template."""
    code = {"ZipFile": "def h(e, c): pass"}
    properties = {"Role": {"Fn::GetAtt": [role, "Arn"]}, "Code": code, "Runtime": "python3.12", "Handler": "index.h"}
    return {"Type": "AWS::Lambda::Function", "Properties": properties}


def test_the_shortest_way_over_several_roles_is_told_step_by_step(audit: Any, role: Any) -> None:
    """No single permission looks dangerous; a role that is one step away has a rule of its own."""
    found = audit(
        {
            "First": role(assume("Second")),
            "Second": trusting(role(assume("Boss")), "First"),
            "Boss": trusting(role(ADMIN), "Second"),
        }
    )["transitive-admin"]
    assert [(item.resource, item.path) for item in found] == [("First", ("First", "Second", "Boss"))]


def test_a_way_that_a_deny_closes_is_none(audit: Any, role: Any) -> None:
    """What is denied at one step is denied for the whole way."""
    deny = {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"}
    found = audit(
        {
            "First": role(assume("Second")),
            "Second": trusting(role(assume("Boss"), deny), "First"),
            "Boss": trusting(role(ADMIN), "Second"),
        }
    )
    assert "transitive-admin" not in found


def test_a_function_one_step_from_administrator_names_the_role_it_becomes(audit: Any, role: Any) -> None:
    """Its own role looks small."""
    found = audit({"Small": role(assume("Boss")), "Boss": trusting(role(ADMIN), "Small"), "Page": function("Small")})
    (finding,) = found["overprivileged-function"]
    assert "`Boss`" in finding.message
    assert finding.path == ("Page", "Small", "Boss")
