"""Routes and function URLs that anybody can call, and how to close them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from permscope.audit.fields import IMPLICIT_APIS, is_from_event
from permscope.audit.findings import Hit
from permscope.audit.predicates import Taken, finder, predicate
from permscope.audit.subjects import Subject
from permscope.audit.world import StatementView, World
from permscope.graph.model import EdgeKind
from permscope.inventory.facts import Auth, Resource, Route
from permscope.inventory.tokens import has_unknown


def _function_url(world: World, function_id: str, auth: Auth) -> Route | None:
    for route in world.routes.values():
        if route.id.startswith("url:") and route.auth is auth and route.id.startswith(f"url:{function_id}"):
            return route
    return None


@predicate("statement")
def function_has_a_signed_url(subject: Subject) -> bool:
    """The function has a URL that asks its callers for a signature."""
    view: StatementView = subject.it
    return view.holder is not None and _function_url(subject.world, view.holder.id, Auth.IAM) is not None


@predicate("route")
def bypasses_an_authorizer(subject: Subject) -> bool:
    """The function behind an open function URL is also behind an API that asks its callers who they are."""
    world = subject.world
    for edge in world.graph.outgoing(subject.it.id, EdgeKind.TRIGGERS):
        others = [world.routes.get(other.source) for other in world.graph.incoming(edge.target, EdgeKind.TRIGGERS)]
        asked = [route for route in others if route is not None and route.id != subject.it.id]
        if any(route.auth in (Auth.IAM, Auth.COGNITO, Auth.JWT, Auth.LAMBDA) for route in asked):
            return True
    return False


@finder("route", values=("what", "unless", "fix"))
def open_methods(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A method that asks for nothing; of an API that is in no input a policy may still keep callers out."""
    world, node = subject.world, subject.it
    route = world.routes.get(node.id)
    known = route is not None and world.resource(route.api_id) is not None
    path = node.path or ""
    where = f"`{node.method} {path}`" if not has_unknown(path) else f"`{node.method}` of `{node.logical_id}`"
    unless = "" if known else ", unless a policy of its API, which is in no input, keeps callers out"
    yield Hit(
        values={"what": where, "unless": unless, "fix": _how_to_authorize(subject)},
        confidence=None if known else "medium",
    )


@predicate("route")
def is_where_connections_begin(subject: Subject) -> bool:
    """`$connect` of a WebSocket API, or, where an API of the input has no such route, its `$default` or first route.

    Without a `$connect` route every connection is taken:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html
    """
    world = subject.world
    route = world.routes.get(subject.it.id)
    if route is None or route.path == "$connect" or world.resource(route.api_id) is None:
        return route is not None and route.path == "$connect"
    paths = sorted(other.path for other in world.routes.values() if other.api_id == route.api_id)
    return "$connect" not in paths and route.path == ("$default" if "$default" in paths else paths[0])


@predicate("route")
def faces_the_internet(subject: Subject) -> bool:
    """A listener of a load balancer that the input says is internet-facing."""
    route = subject.world.routes.get(subject.it.id)
    return route is not None and route.attributes.get("scheme") == "internet-facing"


@finder("route", values=("fix",))
def open_events(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """An event of a SAM function, with the `Auth` its kind of API takes.

    An HTTP API takes `AWS_IAM` only where its own `Auth` enables it:
    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-httpapi-httpapiauth.html
    """
    world = subject.world
    route = world.routes.get(subject.it.id)
    api = world.resource(route.api_id) if route else None
    wired = world.graph.outgoing(subject.it.id, EdgeKind.TRIGGERS) if route else ()
    owners = [world.graph.nodes[edge.target].logical_id for edge in wired]
    owner = owners[0] if route and owners and route.logical_id in IMPLICIT_APIS else None
    yield Hit(values={"fix": "\n".join(_of_event(api))}, resource=owner)


def _of_event(api: Resource | None) -> list[str]:
    lines = ["# of the event", "Auth: {Authorizer: AWS_IAM}   # or an authorizer that the API's `Auth` defines"]
    if api is not None and api.type == "AWS::ApiGatewayV2::Api":
        lines += [
            "# of the `AWS::Serverless::HttpApi`, or under `Globals: HttpApi:`",
            "Auth: {EnableIamAuthorizer: true}",
        ]
    return lines


_OF_METHOD = "AuthorizationType: AWS_IAM (or COGNITO_USER_POOLS or CUSTOM with an `AuthorizerId`)"
_OF_ROUTE = "AuthorizationType: JWT (or AWS_IAM, or CUSTOM) with an `AuthorizerId`"
_OF_CONNECT = "AuthorizationType: AWS_IAM (or CUSTOM with an `AuthorizerId`), of the `$connect` route"
_OF_DEFINITION = """# of the operation, in the OpenAPI definition
security: [{<name>: []}]   # a security scheme of the definition with `x-amazon-apigateway-authorizer`"""
_OF_TARGET = """Type: AWS::ApiGatewayV2::ApiGatewayManagedOverrides
Properties:
  ApiId: !Ref {api}
  Route: {{AuthorizationType: AWS_IAM}}   # or JWT or CUSTOM with an `AuthorizerId`"""


def _how_to_authorize(subject: Subject) -> str:
    """What to write where a route is written: its own resource, an OpenAPI definition, the event of a SAM function.

    The route that `Target` of an HTTP API makes has no resource, and takes its authorization from overrides:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-apigatewaymanagedoverrides.html
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authorizer.html
    """
    route = subject.world.routes.get(subject.it.id)
    api = subject.world.resource(route.api_id) if route is not None else None
    if is_from_event(subject):
        return "\n".join(_of_event(api))
    place = route.attributes.get("written_in") if route is not None else None
    if place == "definition":
        return _OF_DEFINITION
    if place == "target" and api is not None and api.logical_id:
        return _OF_TARGET.format(api=api.logical_id)
    if api is not None and api.attributes.get("protocol_type") == "WEBSOCKET":
        return _OF_CONNECT
    return _OF_ROUTE if "ApiGatewayV2" in (api.type if api else route.api_id if route else "") else _OF_METHOD


@finder("route", values=("fix",))
def unauthorized_routes(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A route, with what to write where it is written."""
    yield Hit(values={"fix": _how_to_authorize(subject)})


@finder("route", values=("said",))
def urls_without_authentication(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A function URL that asks for nothing; one step lower while permissions are missing and nobody gets in."""
    label = subject.it.label
    if is_closed_to_everybody(subject):
        yield Hit(
            values={
                "said": f"`{label}` asks nobody who they are, and is closed only as long as permissions are missing"
            },
            unreachable="every call is answered with 403",
        )
        return
    yield Hit(values={"said": f"anyone on the internet can run the function behind `{label}`"})


@predicate("route")
def is_closed_to_everybody(subject: Subject) -> bool:
    """No policy lets the public call the route, though it asks for no authentication."""
    wired = list(subject.world.graph.outgoing(subject.it.id, EdgeKind.TRIGGERS))
    return bool(wired) and all(edge.authorized is False for edge in wired)
