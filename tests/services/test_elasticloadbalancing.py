"""Application Load Balancers in front of functions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from permscope.inventory.facts import AnyFact, Auth, Delivery, Mechanism, Route, Trigger

Read = Callable[[str], list[AnyFact]]
WORLD = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13, Role: "arn:aws:iam::111122223333:role/r"}}
  Balancer: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Scheme: SCHEME}}
  Group: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties:
    {TargetType: lambda, Targets: [{Id: !GetAtt Fn.Arn}]}}
  Servers: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {TargetType: ip, Port: 80}}
  Listener: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties:
    {LoadBalancerArn: !Ref Balancer, Port: 443, Protocol: HTTPS, DefaultActions: ACTIONS}}
"""
FORWARD = "{Type: forward, Order: 2, TargetGroupArn: !Ref Group}"


def world(actions: str, scheme: str = "internet-facing") -> str:
    """A load balancer with those default actions."""
    return WORLD.replace("ACTIONS", actions).replace("SCHEME", scheme)


def of(facts: list[AnyFact], kind: type) -> list:
    """The facts of one kind."""
    return [fact for fact in facts if isinstance(fact, kind)]


def test_a_target_group_runs_its_function_by_the_functions_policy(read: Read) -> None:
    """The target group is the source the service names.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
    """
    facts = read(world(f"[{FORWARD}]"))
    (trigger,) = of(facts, Trigger)
    assert trigger.mechanism is Mechanism.RESOURCE_POLICY
    assert trigger.service == "elasticloadbalancing.amazonaws.com"
    assert trigger.source_id == trigger.source_arn
    assert ":targetgroup/" in (trigger.source_arn or "")
    (delivery,) = of(facts, Delivery)
    (route,) = of(facts, Route)
    assert (delivery.sender_id, delivery.target_arn) == (route.id, trigger.source_id)


@pytest.mark.parametrize(
    ("actions", "auth"),
    [
        (f"[{FORWARD}]", Auth.NONE),
        (f"[{{Type: authenticate-oidc, Order: 1, AuthenticateOidcConfig: {{Issuer: i}}}}, {FORWARD}]", Auth.JWT),
        (f"[{FORWARD}, {{Type: authenticate-cognito, Order: 1, AuthenticateCognitoConfig: {{}}}}]", Auth.COGNITO),
        (f"[{{Type: jwt-validation, Order: 1}}, {FORWARD}]", Auth.JWT),
        (
            f"[{{Type: authenticate-oidc, AuthenticateOidcConfig: {{OnUnauthenticatedRequest: allow}}}}, {FORWARD}]",
            Auth.NONE,
        ),
        ("[{Type: forward, ForwardConfig: {TargetGroups: [{TargetGroupArn: !Ref Group}]}}]", Auth.NONE),
    ],
)
def test_what_a_listener_asks_of_its_callers(read: Read, actions: str, auth: Auth) -> None:
    """Actions run by their order; one that lets everybody on asks for nothing.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
    """
    (route,) = of(read(world(actions)), Route)
    assert route.auth is auth
    assert route.attributes["scheme"] == "internet-facing"


def test_an_internal_load_balancer_is_private(read: Read) -> None:
    """Nobody on the internet reaches it."""
    (route,) = of(read(world(f"[{FORWARD}]", "internal")), Route)
    assert route.private


def test_servers_behind_a_listener_are_no_route(read: Read) -> None:
    """Only target groups that run functions, or that are not known, matter."""
    assert not of(read(world("[{Type: forward, TargetGroupArn: !Ref Servers}]")), Route)


def test_a_rule_is_a_route_with_its_path_and_method(read: Read) -> None:
    """Its conditions say which requests it takes."""
    rule = """
  Rule:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref Listener
      Priority: 1
      Conditions:
        - {Field: path-pattern, PathPatternConfig: {Values: [/orders/*]}}
        - {Field: http-request-method, HttpRequestMethodConfig: {Values: [POST]}}
      Actions: [{Type: forward, TargetGroupArn: !Ref Group}]
"""
    (route,) = of(read(world("[{Type: fixed-response}]") + rule), Route)
    assert (route.method, route.path, route.logical_id) == ("POST", "/orders/*", "Rule")
