"""Elastic Load Balancing: Lambda target groups, and the listeners and rules that lead to them.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from permscope.inventory.facts import AnyFact, Auth, Delivery, Mechanism, Route, Trigger
from permscope.inventory.located import as_text
from permscope.services._answers import each, picked
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import Item, about, mappings
from permscope.services.interface import TemplateReader, TemplateResource

SERVICE = "elasticloadbalancing.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE,)

_LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_TARGET_GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
_LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
_AUTH: Mapping[str, Auth] = {
    "authenticate-oidc": Auth.JWT,
    "authenticate-cognito": Auth.COGNITO,
    "jwt-validation": Auth.JWT,
}


def read_load_balancer(resource: TemplateResource) -> Iterable[AnyFact]:
    """A load balancer and whether the internet reaches it."""
    scheme = "internal" if resource.text("Scheme") == "internal" else "internet-facing"
    yield resource.resource(scheme=scheme, load_balancer_type=resource.text("Type") or "application")


def read_target_group(resource: TemplateResource) -> Iterable[AnyFact]:
    """A target group; one of the type `lambda` runs the function registered in it."""
    kind = resource.text("TargetType") or "instance"
    yield resource.resource(target_type=kind)
    if kind != "lambda":
        return
    for item in mappings(resource.get("Targets")):
        for target in item.texts("Id"):
            function = resource.stack.function_arn(target.text)
            if function is not None:
                yield Trigger(
                    function_arn=function,
                    event="target-group",
                    mechanism=Mechanism.RESOURCE_POLICY,
                    service=SERVICE,
                    source_id=resource.id,
                    source_arn=resource.arn,
                    **about(resource, target.source, target.only_if),
                )


class _Forward(NamedTuple):
    """A target group that actions lead to, and what they ask before."""

    target: str
    auth: Auth
    only_if: str | None


def _forwards(actions: Any) -> Iterator[_Forward]:
    """The target groups a list of actions leads to, in their `Order`."""

    def order(item: Item) -> int:
        text = as_text(item.get("Order")) or ""
        return int(text) if text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004 (a rule has few actions)

    auth = Auth.NONE
    for action in sorted(mappings(actions), key=order):
        kind = action.text("Type") or ""
        if kind in _AUTH:
            passes = action.text(*_settings_of(kind), "OnUnauthenticatedRequest") == "allow"
            auth = auth if passes else _AUTH[kind]
        for target in action.texts("TargetGroupArn"):
            yield _Forward(target.text, auth, target.only_if)
        for group in action.items("ForwardConfig", "TargetGroups"):
            for target in group.texts("TargetGroupArn"):
                yield _Forward(target.text, auth, target.only_if)


def _settings_of(kind: str) -> tuple[str, ...]:
    words = "".join(part.capitalize() for part in kind.split("-"))
    return (f"{words}Config",)


def read_listener(resource: TemplateResource) -> Iterable[AnyFact]:
    """A listener and the routes its default actions make."""
    yield resource.resource(
        load_balancer_arn=resource.text("LoadBalancerArn"),
        protocol=resource.text("Protocol"),
        port=resource.text("Port"),
        mutual_authentication=resource.text("MutualAuthentication", "Mode"),
    )
    yield from _routes(resource, resource, "DefaultActions", "/*")


def read_rule(resource: TemplateResource) -> Iterable[AnyFact]:
    """A listener rule and the routes its actions make."""
    listener = resource.stack.find(resource.get("ListenerArn"), _LISTENER)
    path = next(_paths(resource), "/*")
    yield resource.resource(listener_arn=resource.text("ListenerArn"), priority=resource.text("Priority"))
    yield from _routes(resource, listener, "Actions", path)


def _paths(rule: TemplateResource) -> Iterator[str]:
    for condition in mappings(rule.get("Conditions")):
        if condition.text("Field") == "path-pattern":
            for found in (*condition.texts("PathPatternConfig", "Values"), *condition.texts("Values")):
                yield found.text


def _routes(
    resource: TemplateResource, listener: TemplateResource | None, actions: str, path: str
) -> Iterator[AnyFact]:
    stack = resource.stack
    balancer = stack.find(listener.get("LoadBalancerArn"), _LOAD_BALANCER) if listener else None
    verifies = listener is not None and listener.text("MutualAuthentication", "Mode") == "verify"
    above = balancer or listener
    methods = tuple(
        found.text
        for condition in mappings(resource.get("Conditions"))
        for found in condition.texts("HttpRequestMethodConfig", "Values")
    )
    attributes: dict[str, str | bool | tuple[str, ...]] = {}
    if balancer is not None:
        attributes["scheme"] = balancer.text("Scheme") or "internet-facing"
    if len(methods) > 1:
        attributes["methods"] = methods
    seen: set[str] = set()
    for forward in _forwards(resource.get(actions)):
        if forward.target in seen:
            continue
        group = stack.find(forward.target, _TARGET_GROUP)
        if group is not None and as_text(group.get("TargetType")) != "lambda":
            continue
        seen.add(forward.target)
        target = group.id if group else forward.target
        route = f"route:{resource.id}" if len(seen) == 1 else f"route:{resource.id}/{len(seen)}"
        shared = about(resource, resource.place(actions), forward.only_if)
        yield Route(
            id=route,
            api_id=above.id if above else resource.text("ListenerArn") or resource.id,
            auth=Auth.MUTUAL_TLS if forward.auth is Auth.NONE and verifies else forward.auth,
            method=methods[0] if len(methods) == 1 else None,
            path=path,
            private=balancer is not None and balancer.text("Scheme") == "internal",
            target=target,
            attributes=attributes,
            **shared,
        )
        yield Delivery(sender_id=route, target_arn=target, event="listener-forward", **shared)


TEMPLATE: Mapping[str, TemplateReader] = {
    _LOAD_BALANCER: read_load_balancer,
    _TARGET_GROUP: read_target_group,
    _LISTENER: read_listener,
    "AWS::ElasticLoadBalancingV2::ListenerRule": read_rule,
}


_GONE = ("TargetGroupNotFound", "LoadBalancerNotFound", "ListenerNotFound")


def read_live(session: Session) -> Iterator[LiveFact]:
    """Load balancers and target groups; listeners and rules of those load balancers only that lead to functions."""
    leading: dict[str, None] = {}
    groups: list[Mapping[str, Any]] = []
    for item in session.pages("elbv2", "describe_target_groups", "TargetGroups"):
        groups.append(item)
        if item.get("TargetType") == "lambda":
            leading.update(dict.fromkeys(item.get("LoadBalancerArns") or ()))
    yield from each(session, _live_group, groups)
    for item in session.pages("elbv2", "describe_load_balancers", "LoadBalancers"):
        yield session.resource(
            _LOAD_BALANCER,
            picked(item, "Scheme", "Type"),
            name=item["LoadBalancerName"],
            arn=item["LoadBalancerArn"],
            call="elbv2.describe_load_balancers",
        )
    yield from each(session, _live_listeners, leading)


def _live_group(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    arn, properties = item["TargetGroupArn"], picked(item, "TargetType")
    call = "elbv2.describe_target_groups"
    if item.get("TargetType") == "lambda":
        answer = session.call("elbv2", "describe_target_health", none=_GONE, TargetGroupArn=arn) or {}
        targets = [found.get("Target") or {} for found in answer.get("TargetHealthDescriptions") or ()]
        properties["Targets"] = [picked(target, "Id") for target in targets]
        call = "elbv2.describe_target_health"
    yield session.resource(_TARGET_GROUP, properties, name=item["TargetGroupName"], arn=arn, call=call)


_ACTION = ("Type", "Order", "TargetGroupArn", "ForwardConfig")


def _actions(answer: Any) -> list[dict[str, Any]]:
    """Actions without the settings of logins, which may hold a client secret."""
    found = []
    for action in answer or ():
        config = _settings_of(action.get("Type") or "")[0]
        held = picked(action.get(config) or {}, "OnUnauthenticatedRequest")
        found.append({**picked(action, *_ACTION), **({config: held} if held else {})})
    return found


def _live_listeners(session: Session, balancer: str) -> Iterator[LiveFact]:
    for item in session.pages("elbv2", "describe_listeners", "Listeners", none=_GONE, LoadBalancerArn=balancer):
        arn = item["ListenerArn"]
        properties = picked(item, "LoadBalancerArn", "Protocol", "Port", "MutualAuthentication")
        if (item.get("MutualAuthentication") or {}).get("Mode") == "off":
            del properties["MutualAuthentication"]  # what a listener does where nothing is said
        properties["DefaultActions"] = _actions(item.get("DefaultActions"))
        yield session.resource(_LISTENER, properties, name=arn, arn=arn, call="elbv2.describe_listeners")
        for rule in session.pages("elbv2", "describe_rules", "Rules", none=_GONE, ListenerArn=arn):
            if rule.get("IsDefault"):
                continue
            properties = {
                **picked(rule, "Priority", "Conditions"),
                "ListenerArn": arn,
                "Actions": _actions(rule.get("Actions")),
            }
            yield session.resource(
                "AWS::ElasticLoadBalancingV2::ListenerRule",
                properties,
                name=rule["RuleArn"],
                arn=rule["RuleArn"],
                call="elbv2.describe_rules",
            )


LIVE = (
    LiveReader(
        read=read_live,
        client="elbv2",
        operations={
            "elbv2.describe_target_groups": "which target groups run functions",
            "elbv2.describe_target_health": "which function a target group runs",
            "elbv2.describe_load_balancers": "whether the internet reaches a load balancer",
            "elbv2.describe_listeners": "what a load balancer asks of callers",
            "elbv2.describe_rules": "which requests reach a function, and what is asked of them",
        },
    ),
)
