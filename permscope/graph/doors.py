"""The right to invoke as edges: to functions, to their URLs, and to the API routes that ask for IAM."""

from __future__ import annotations

from collections.abc import Iterable

from permscope.catalog.actions import ActionSet, load
from permscope.graph.collector import EdgeCollector, Permit
from permscope.graph.model import EdgeKind, NodeKind
from permscope.graph.nodes import Nodes
from permscope.graph.targets import Target
from permscope.inventory.arn import split_arn
from permscope.inventory.facts import Auth, Route
from permscope.policy.matching import encode, relation

# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsappsync.html
_OF_APPSYNC = ("appsync:GraphQL", "appsync:EventConnect", "appsync:EventPublish", "appsync:EventSubscribe")


class Doors:
    """Functions, function URLs and routes, as those see them who may invoke.

    Args:
        nodes: the nodes.
        edges: where the edges go.
    """

    def __init__(self, nodes: Nodes, edges: EdgeCollector) -> None:
        self._edges = edges
        catalog = load()
        self._invoke = catalog.action_set(("lambda:InvokeFunction", "lambda:InvokeAsync"))
        self._invoke_url = catalog.expand("lambda:InvokeFunctionUrl")
        self._execute = catalog.action_set(("execute-api:Invoke", *_OF_APPSYNC))
        self.actions = self._invoke | self._invoke_url | self._execute
        self._urls: dict[str, list[Route]] = {}
        self._routes: dict[str, list[Route]] = {}
        for route in nodes.inventory.of(Route):
            if route.id.startswith("url:"):
                self._urls.setdefault(route.api_id, []).append(route)
            elif route.execute_arn:
                self._routes.setdefault(api_of(route.execute_arn), []).append(route)

    def open(self, permit: Permit, target: Target, actions: ActionSet) -> ActionSet:
        """Edges for the invoking actions among `actions`; what is left to be said otherwise comes back.

        Of a set everything is left, since a set's edge says all that is granted on it.
        """
        invokes = actions & self.actions
        if not invokes:
            return actions
        if target.kind is NodeKind.RESOURCE_SET:
            self._edges.permit(EdgeKind.CAN_INVOKE, target.id, invokes, permit)
            return actions
        calls = invokes & self._execute
        functions = invokes - calls
        rest = actions
        if functions:
            self._functions(permit, target, functions)
            rest = rest - functions
        if calls and permit.pattern is not None and self._calls(permit, permit.pattern, calls):
            rest = rest - calls
        return rest

    def _functions(self, permit: Permit, target: Target, actions: ActionSet) -> None:
        qualifier = target.rest.removeprefix(":") if target.rest.startswith(":") else None
        self._edges.permit(EdgeKind.CAN_INVOKE, target.id, actions, permit, qualifier=qualifier)
        through_url = actions & self._invoke_url
        if through_url:
            for url in self._urls.get(target.id, ()):
                if url.auth is not Auth.NONE:
                    self._edges.permit(EdgeKind.CAN_INVOKE, url.id, through_url, permit, qualifier=qualifier)

    def _calls(self, permit: Permit, pattern: str, actions: ActionSet) -> bool:
        return self.routes(permit, (pattern,), self._routes.get(api_of(pattern), ()), actions)

    def api_routes(self, execute_arn: str) -> list[Route]:
        """The routes of the API of an `execute-api` ARN."""
        return self._routes.get(api_of(execute_arn), [])

    def routes(self, permit: Permit, patterns: Iterable[str], routes: Iterable[Route], actions: ActionSet) -> bool:
        """Edges to those of the routes that ask for IAM and that a pattern reaches; whether there was one."""
        found = False
        for route in routes:
            calls = actions & calls_of(route)
            if (
                calls
                and route.auth is Auth.IAM
                and any(reaches(pattern, route.execute_arn or "") for pattern in patterns)
            ):
                found = True
                self._edges.permit(EdgeKind.CAN_INVOKE, route.id, calls, permit)
        return found


def calls_of(route: Route) -> ActionSet:
    """What a caller of a route does, as IAM calls it."""
    if route.id.startswith("url:"):
        return load().expand("lambda:InvokeFunctionUrl")
    if ":appsync:" not in (route.execute_arn or route.id):
        return load().expand("execute-api:Invoke")
    event = {"PUBLISH": "appsync:EventPublish", "SUBSCRIBE": "appsync:EventSubscribe"}.get(route.method or "")
    return load().expand(event or "appsync:GraphQL")


def api_of(execute_arn: str) -> str:
    """The API id of an `execute-api` or `appsync` ARN."""
    parts = split_arn(execute_arn)
    if parts is None:
        return execute_arn
    resource = parts.resource.removeprefix("apis/")
    return resource.partition("/")[0]


def reaches(pattern: str, route: str) -> bool:
    """Whether a pattern reaches a route; its stage or method may be an unknown token."""
    return relation(encode(_path_of(pattern)), encode(_path_of(route))) is not False


def _path_of(execute_arn: str) -> str:
    parts = split_arn(execute_arn)
    if parts is None:
        return execute_arn
    return parts.resource.removeprefix("apis/").partition("/")[2] or "*"
