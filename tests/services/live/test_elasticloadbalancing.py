"""Load balancers of a live account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Auth, Route, Trigger

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:web"
ELB = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
BALANCER, OTHER = f"{ELB}:loadbalancer/app/web/1", f"{ELB}:loadbalancer/app/other/2"
GROUP, MACHINES = f"{ELB}:targetgroup/web/3", f"{ELB}:targetgroup/machines/4"
LISTENER = f"{ELB}:listener/app/web/1/5"
RULE = f"{ELB}:listener-rule/app/web/1/5/6"
ANSWERS: dict[str, Any] = {
    "elbv2.describe_target_groups": {
        "TargetGroups": [
            {
                "TargetGroupArn": GROUP,
                "TargetGroupName": "web",
                "TargetType": "lambda",
                "LoadBalancerArns": [BALANCER],
            },
            {
                "TargetGroupArn": MACHINES,
                "TargetGroupName": "machines",
                "TargetType": "instance",
                "LoadBalancerArns": [OTHER],
            },
        ]
    },
    "elbv2.describe_target_health": {"TargetHealthDescriptions": [{"Target": {"Id": FUNCTION}}]},
    "elbv2.describe_load_balancers": {
        "LoadBalancers": [
            {
                "LoadBalancerArn": BALANCER,
                "LoadBalancerName": "web",
                "Scheme": "internet-facing",
                "Type": "application",
            },
            {"LoadBalancerArn": OTHER, "LoadBalancerName": "other", "Scheme": "internal", "Type": "application"},
        ]
    },
    "elbv2.describe_listeners": {
        "Listeners": [
            {
                "ListenerArn": LISTENER,
                "LoadBalancerArn": BALANCER,
                "Port": 443,
                "Protocol": "HTTPS",
                "DefaultActions": [{"Type": "forward", "TargetGroupArn": MACHINES}],
                "MutualAuthentication": {"Mode": "off"},
            }
        ]
    },
    "elbv2.describe_rules": {
        "Rules": [
            {"RuleArn": f"{LISTENER}/default", "IsDefault": True, "Priority": "default"},
            {
                "RuleArn": RULE,
                "Priority": "1",
                "IsDefault": False,
                "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/pay/*"]}}],
                "Actions": [
                    {
                        "Type": "authenticate-oidc",
                        "Order": 1,
                        "AuthenticateOidcConfig": {
                            "Issuer": "https://example.com",
                            "AuthorizationEndpoint": "https://example.com",
                            "TokenEndpoint": "https://example.com",
                            "UserInfoEndpoint": "https://example.com",
                            "ClientId": "a",
                            "ClientSecret": "not kept",
                        },
                    },
                    {"Type": "forward", "Order": 2, "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": GROUP}]}},
                ],
            },
        ]
    },
}


def test_a_target_group_runs_its_function(account: Callable[..., list[Any]]) -> None:
    """The health of a target group names its targets; machines are not asked for."""
    (trigger,) = account("elasticloadbalancing", ANSWERS, Trigger)
    assert (trigger.function_arn, trigger.source_arn) == (FUNCTION, GROUP)
    asked = [arguments for name, arguments in account.asked if name == "elbv2.describe_target_health"]  # type: ignore[attr-defined]
    assert asked == [{"TargetGroupArn": GROUP}]


def test_a_rule_asks_for_a_login(account: Callable[..., list[Any]]) -> None:
    """The login counts, its client secret is not kept; the default action leads to machines."""
    facts = account("elasticloadbalancing", ANSWERS)
    (route,) = [fact for fact in facts if isinstance(fact, Route)]
    assert (route.path, route.auth, route.target, route.private) == ("/pay/*", Auth.JWT, GROUP, False)
    assert "not kept" not in repr(facts)


def test_listeners_of_other_load_balancers_are_not_asked_for(account: Callable[..., list[Any]]) -> None:
    """A load balancer that leads to no function has no listeners worth a call."""
    account("elasticloadbalancing", ANSWERS)
    asked = [arguments for name, arguments in account.asked if name == "elbv2.describe_listeners"]  # type: ignore[attr-defined]
    assert asked == [{"LoadBalancerArn": BALANCER}]
