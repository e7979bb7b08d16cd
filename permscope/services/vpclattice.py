"""Amazon VPC Lattice: Lambda target groups, services and their auth policies.

https://docs.aws.amazon.com/vpc-lattice/latest/ug/lambda-functions.html
https://docs.aws.amazon.com/vpc-lattice/latest/ug/auth-policies.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from permscope.inventory.facts import AnyFact, Auth, Delivery, Mechanism, Route, Trigger
from permscope.inventory.located import as_text
from permscope.services._answers import capitalised, each, picked
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import about, mappings
from permscope.services.interface import Stack, TemplateReader, TemplateResource

SERVICE = "vpc-lattice.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE,)

_SERVICE = "AWS::VpcLattice::Service"
_NETWORK = "AWS::VpcLattice::ServiceNetwork"
_ASSOCIATION = "AWS::VpcLattice::ServiceNetworkServiceAssociation"
_LISTENER = "AWS::VpcLattice::Listener"
_TARGET_GROUP = "AWS::VpcLattice::TargetGroup"


def read_target_group(resource: TemplateResource) -> Iterable[AnyFact]:
    """A target group; one of the type `LAMBDA` runs the function registered in it."""
    kind = resource.text("Type")
    yield resource.resource(target_type=kind)
    if kind != "LAMBDA":
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


def read_service(resource: TemplateResource) -> Iterable[AnyFact]:
    """A service or service network: whether callers must sign, which `AuthType` says."""
    yield resource.resource(auth_type=resource.text("AuthType") or "NONE")


def read_auth_policy(resource: TemplateResource) -> Iterable[AnyFact]:
    """The auth policy of a service or service network."""
    named = resource.stack.find(resource.get("ResourceIdentifier"), _SERVICE, _NETWORK)
    yield from resource.protects(named.id if named else resource.text("ResourceIdentifier"), "Policy")


def read_listener(resource: TemplateResource) -> Iterable[AnyFact]:
    """A listener and the routes of its default action."""
    yield resource.resource(service=resource.text("ServiceIdentifier"), protocol=resource.text("Protocol"))
    yield from _routes(resource, resource.get("ServiceIdentifier"), "DefaultAction", None, "/*")


def read_rule(resource: TemplateResource) -> Iterable[AnyFact]:
    """A rule of a listener and the routes it makes."""
    match = resource.get("Match", "HttpMatch")
    method = path = None
    if isinstance(match, Mapping):
        method = as_text(resource.get("Match", "HttpMatch", "Method"))
        exact = as_text(resource.get("Match", "HttpMatch", "PathMatch", "Match", "Exact"))
        prefix = as_text(resource.get("Match", "HttpMatch", "PathMatch", "Match", "Prefix"))
        path = exact or (f"{prefix.rstrip('/')}/*" if prefix else None)
    yield resource.resource(listener=resource.text("ListenerIdentifier"), priority=resource.text("Priority"))
    service = resource.get("ServiceIdentifier")
    if service is None:
        listener = resource.stack.find(resource.get("ListenerIdentifier"), _LISTENER)
        service = listener.get("ServiceIdentifier") if listener else None
    yield from _routes(resource, service, "Action", method, path or "/*")


def _routes(resource: TemplateResource, named: Any, action: str, method: str | None, path: str) -> Iterator[AnyFact]:
    stack = resource.stack
    service = stack.find(named, _SERVICE)
    auth = _auth(stack, service) if service else Auth.UNKNOWN
    seen: set[str] = set()
    for forward in mappings(resource.get(action, "Forward", "TargetGroups")):
        for found in forward.texts("TargetGroupIdentifier"):
            if found.text in seen:
                continue
            seen.add(found.text)
            group = stack.find(found.text, _TARGET_GROUP)
            target = group.id if group else found.text
            route = f"route:{resource.id}" if len(seen) == 1 else f"route:{resource.id}/{len(seen)}"
            shared = about(resource, found.source, found.only_if)
            yield Route(
                id=route,
                api_id=service.id if service else as_text(named) or resource.id,
                auth=auth,
                method=method,
                path=path,
                private=True,
                target=target,
                **shared,
            )
            yield Delivery(sender_id=route, target_arn=target, event="listener-forward", **shared)


def _auth(stack: Stack, service: TemplateResource) -> Auth:
    """What a service asks: a signature where it or one of its service networks has `AWS_IAM`."""
    kinds = [as_text(service.get("AuthType")) or "NONE"]
    for association in stack.of_type(_ASSOCIATION):
        if stack.find(association.get("ServiceIdentifier"), _SERVICE) is service:
            network = stack.find(association.get("ServiceNetworkIdentifier"), _NETWORK)
            if network is None:
                kinds.append("?")
            else:
                kinds.append(as_text(network.get("AuthType")) or "NONE")
    if "AWS_IAM" in kinds[:1] or (len(kinds) > 1 and all(kind == "AWS_IAM" for kind in kinds[1:])):
        return Auth.IAM
    return Auth.NONE if set(kinds) <= {"NONE", "AWS_IAM"} else Auth.UNKNOWN


TEMPLATE: Mapping[str, TemplateReader] = {
    _TARGET_GROUP: read_target_group,
    _SERVICE: read_service,
    _NETWORK: read_service,
    "AWS::VpcLattice::AuthPolicy": read_auth_policy,
    _LISTENER: read_listener,
    "AWS::VpcLattice::Rule": read_rule,
}


_GONE = ("ResourceNotFoundException",)


def read_live(session: Session) -> Iterator[LiveFact]:
    """Target groups that run functions, services with their listeners and rules, service networks, and policies."""
    for item in session.pages("vpc-lattice", "list_target_groups", "items", targetGroupType="LAMBDA"):
        arn = item["arn"]
        targets = session.pages("vpc-lattice", "list_targets", "items", none=_GONE, targetGroupIdentifier=arn)
        properties = {
            "Type": item.get("type"),
            "Targets": [capitalised(picked(target, "id")) for target in targets],
        }
        yield session.resource(_TARGET_GROUP, properties, name=item["name"], arn=arn, call="vpc-lattice.list_targets")
    services = [item["arn"] for item in session.pages("vpc-lattice", "list_services", "items")]
    yield from each(session, _live_service, services)
    networks = [item["arn"] for item in session.pages("vpc-lattice", "list_service_networks", "items")]
    yield from each(session, _live_network, networks)


def _live_service(session: Session, arn: str) -> Iterator[LiveFact]:
    answer = session.call("vpc-lattice", "get_service", none=_GONE, serviceIdentifier=arn)
    if not answer:
        return
    properties = capitalised(picked(answer, "authType"))
    yield session.resource(_SERVICE, properties, name=answer["name"], arn=arn, call="vpc-lattice.get_service")
    yield from _live_policies(session, arn)
    for item in session.pages("vpc-lattice", "list_listeners", "items", none=_GONE, serviceIdentifier=arn):
        yield from _live_listener(session, arn, item["arn"])
    call = "vpc-lattice.list_service_network_service_associations"
    for item in session.pages(
        "vpc-lattice", "list_service_network_service_associations", "items", none=_GONE, serviceIdentifier=arn
    ):
        properties = {"ServiceIdentifier": arn, "ServiceNetworkIdentifier": item.get("serviceNetworkArn")}
        yield session.resource(_ASSOCIATION, properties, name=item["arn"], arn=item["arn"], call=call)


def _live_listener(session: Session, service: str, arn: str) -> Iterator[LiveFact]:
    named: dict[str, Any] = {"serviceIdentifier": service, "listenerIdentifier": arn}
    answer = session.call("vpc-lattice", "get_listener", none=_GONE, of=arn, **named)
    if not answer:
        return
    properties = {**capitalised(picked(answer, "protocol", "defaultAction")), "ServiceIdentifier": service}
    yield session.resource(_LISTENER, properties, name=arn, arn=arn, call="vpc-lattice.get_listener")
    for item in session.pages("vpc-lattice", "list_rules", "items", none=_GONE, of=arn, **named):
        rule = None
        if not item.get("isDefault"):
            rule = session.call(
                "vpc-lattice", "get_rule", none=_GONE, of=item["arn"], ruleIdentifier=item["arn"], **named
            )
        if rule:
            properties = {
                **capitalised(picked(rule, "match", "action", "priority")),
                "ServiceIdentifier": service,
                "ListenerIdentifier": arn,
            }
            yield session.resource(
                "AWS::VpcLattice::Rule", properties, name=rule["arn"], arn=rule["arn"], call="vpc-lattice.get_rule"
            )


def _live_network(session: Session, arn: str) -> Iterator[LiveFact]:
    answer = session.call("vpc-lattice", "get_service_network", none=_GONE, serviceNetworkIdentifier=arn)
    if answer:
        properties = capitalised(picked(answer, "authType"))
        call = "vpc-lattice.get_service_network"
        yield session.resource(_NETWORK, properties, name=answer["name"], arn=arn, call=call)
        yield from _live_policies(session, arn)


def _live_policies(session: Session, arn: str) -> Iterator[LiveFact]:
    """Who may call a service or network, and to whom it is shared.

    https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_GetAuthPolicy.html
    """
    auth = session.call("vpc-lattice", "get_auth_policy", none=_GONE, resourceIdentifier=arn) or {}
    if auth.get("policy"):
        properties = {"ResourceIdentifier": arn, "Policy": auth["policy"]}
        yield session.resource("AWS::VpcLattice::AuthPolicy", properties, name=arn, call="vpc-lattice.get_auth_policy")
    shared = session.call("vpc-lattice", "get_resource_policy", none=_GONE, resourceArn=arn) or {}
    if shared.get("policy"):
        properties = {"ResourceArn": arn, "Policy": shared["policy"]}
        yield session.resource(
            "AWS::VpcLattice::ResourcePolicy", properties, name=arn, call="vpc-lattice.get_resource_policy"
        )


LIVE = (
    LiveReader(
        read=read_live,
        client="vpc-lattice",
        operations={
            "vpc-lattice.list_target_groups": "which target groups run functions",
            "vpc-lattice.list_targets": "which function a target group runs",
            "vpc-lattice.list_services": "which services there are",
            "vpc-lattice.get_service": "whether callers of a service must sign",
            "vpc-lattice.list_listeners": "which requests a service takes",
            "vpc-lattice.get_listener": "which target group a service leads to",
            "vpc-lattice.list_rules": "which requests reach a function",
            "vpc-lattice.get_rule": "which requests reach a function",
            "vpc-lattice.list_service_networks": "which service networks there are",
            "vpc-lattice.get_service_network": "whether callers in a service network must sign",
            "vpc-lattice.list_service_network_service_associations": "which network a service is in",
            "vpc-lattice.get_auth_policy": "who may call a service",
            "vpc-lattice.get_resource_policy": "to which accounts a service is shared",
        },
    ),
)
