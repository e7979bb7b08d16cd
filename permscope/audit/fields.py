"""What a rule can ask of each kind of subject: the vocabulary of `for_each` and `where`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from permscope.audit.conditions import STRENGTHS, keeps_only_some_out, strength
from permscope.audit.matching import Field, Fields
from permscope.audit.subjects import Subject
from permscope.audit.world import (
    PRINCIPAL_KINDS,
    AttachmentView,
    World,
    plain_name,
)
from permscope.graph.collector import entries_in
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind
from permscope.inventory.arn import account_of, split_arn
from permscope.inventory.facts import Auth, Credentials, Mechanism, PolicyAttachment, ResourcePolicy
from permscope.inventory.policies import PolicyKind, Statement
from permscope.inventory.tokens import has_unknown
from permscope.lazy import dataclass


def _node_fields(prefix: str, of: Callable[[Subject], Node | None]) -> Iterator[tuple[str, Field]]:
    def attribute(name: str) -> Callable[[Subject], Any]:
        def read(subject: Subject) -> Any:
            node = of(subject)
            return getattr(node, name, None) if node is not None else None

        return read

    def kind(subject: Subject) -> str | None:
        node = of(subject)
        return node.kind.value if node is not None else None

    def exposed(subject: Subject) -> bool:
        node = of(subject)
        return node is not None and node.id in subject.world.exposed

    def external(subject: Subject) -> bool:
        node = of(subject)
        return node is not None and subject.world.is_external(node.account)

    yield f"{prefix}kind", Field("text", kind, "node kind", tuple(item.value for item in NodeKind))
    for name, doc in (
        ("id", "node id"),
        ("label", "what a person calls it"),
        ("type", "CloudFormation type"),
        ("account", "account id"),
        ("arn", "ARN"),
        ("logical_id", "logical id in the template"),
        ("service", "principal of a service node"),
        ("method", "HTTP method of a route"),
        ("path", "path of a route"),
    ):
        yield f"{prefix}{name}", Field("text", attribute(name), doc)
    auth = tuple(item.value for item in Auth)
    yield f"{prefix}auth", Field("text", attribute("auth"), "what a route asks of the caller", auth)
    yield f"{prefix}trusted", Field("bool", attribute("trusted"), "whether the user vouches for its account")
    yield f"{prefix}exposed", Field("bool", exposed, "whether the public reaches it")
    yield f"{prefix}external", Field("bool", external, "whether it is in another account")


def _holder(subject: Subject) -> Node | None:
    return subject.holder


NODE: Fields = dict(_node_fields("", _holder))


def _api_kind(subject: Subject) -> str:
    world = subject.world
    route = world.routes.get(subject.it.id)
    if route is None or route.id.startswith("url:"):
        return "url"
    api = world.resource(route.api_id)
    node = world.node(route.api_id)
    # Of an API that is in no input, the id says what kind the template takes it for.
    kind = api.type if api else node.type if node and node.type else route.api_id.partition("/")[0]
    if api is None and kind == "AWS::ApiGatewayV2::Api" and not route.method and route.path != "$default":
        return "websocket"
    if kind and kind.startswith("AWS::ApiGatewayV2::"):
        protocol = str(api.attributes.get("protocol_type") or api.attributes.get("protocol") or "") if api else ""
        return "websocket" if protocol.upper() == "WEBSOCKET" or route.path.startswith("$connect") else "http"
    if kind and kind.startswith("AWS::AppSync::"):
        return "graphql"
    if kind and kind.startswith("AWS::ElasticLoadBalancingV2::"):
        return "load_balancer"
    return "rest" if kind and kind.startswith("AWS::ApiGateway::") else "other"


def _route_fact(name: str) -> Callable[[Subject], Any]:
    return lambda subject: getattr(subject.world.routes.get(subject.it.id), name, None)


def _route_attribute(name: str) -> Callable[[Subject], Any]:
    def read(subject: Subject) -> Any:
        route = subject.world.routes.get(subject.it.id)
        return route.attributes.get(name) if route is not None else None

    return read


# APIs that SAM makes of the events of functions that name none.
IMPLICIT_APIS = ("ServerlessRestApi", "ServerlessHttpApi")


def is_from_event(subject: Subject) -> bool:
    """Whether a route was written as an event of a SAM function or state machine."""
    route = subject.world.routes.get(subject.it.id)
    if route is None or route.logical_id is None:
        return False
    if route.logical_id in IMPLICIT_APIS:
        return True
    api = subject.world.resource(route.api_id)
    if api is not None and api.logical_id == route.logical_id and api.source != route.source:
        return False
    return (route.source.file, route.logical_id) in subject.world.places_of_events


def _callable_by_public(subject: Subject) -> bool:
    world = subject.world
    edges = list(world.graph.incoming(subject.it.id, EdgeKind.CAN_INVOKE))
    return any(is_open(world, edge) for edge in edges) or any(_is_open_but_for_some(world, edge) for edge in edges)


def _is_open_but_for_some(world: World, edge: Edge) -> bool:
    """Whether an API's policy lets the public in and keeps only those out that it names (a block list)."""
    route = world.routes.get(edge.target)
    if route is None or "unknown" not in edge.conditions or world.graph.nodes[edge.source].kind is not NodeKind.PUBLIC:
        return False
    api = world.resource(route.api_id)
    arns = dict.fromkeys((route.api_id, str(api.attributes.get("execute_arn") or "") if api else ""))
    statements = [
        statement
        for arn in arns
        for held in world.inventory.resource_policies.get(arn, ())
        for statement in held.policy.statements
    ]
    lets_in = any(
        statement.effect == "Allow"
        and any(world.who(principal).kind == "public" for principal in statement.principals or ())
        and strength(statement.conditions) in ("none", "weak")
        for statement in statements
    )
    return lets_in and all(keeps_only_some_out(each) for each in statements if each.effect == "Deny")


def is_open(world: World, edge: Edge) -> bool:
    """Whether an edge lets in the public, with nothing in its conditions that keeps anyone out."""
    return (
        world.graph.nodes[edge.source].kind is NodeKind.PUBLIC
        and edge.decision is not Decision.DENY
        and "network" not in edge.conditions
        and strength(entries_in(edge.conditions)) in ("none", "weak")
    )


ROUTE: Fields = {
    **NODE,
    "api": Field(
        "text", _api_kind, "kind of API", ("rest", "http", "websocket", "graphql", "load_balancer", "url", "other")
    ),
    "api_key": Field("bool", _route_fact("api_key"), "whether an API key is asked for"),
    "private": Field("bool", _route_fact("private"), "whether it can be reached from inside a VPC only"),
    "cors.origins": Field("texts", _route_attribute("allow_origins"), "origins that CORS lets in"),
    "cors.credentials": Field("bool", _route_attribute("allow_credentials"), "whether CORS lets cookies through"),
    "authorizer": Field("text", _route_fact("authorizer"), "its authorizer"),
    "sam_event": Field("bool", is_from_event, "whether it is an event of a SAM function"),
    "open": Field("bool", _callable_by_public, "whether anybody can call it, resource policy included"),
}


def _edge(name: str) -> Callable[[Subject], Any]:
    return lambda subject: getattr(subject.it, name)


EDGE: Fields = {
    **dict(_node_fields("source.", lambda subject: subject.world.graph.nodes.get(subject.it.source))),
    **dict(_node_fields("target.", lambda subject: subject.world.graph.nodes.get(subject.it.target))),
    "kind": Field("text", lambda subject: subject.it.kind.value, "edge kind", tuple(item.value for item in EdgeKind)),
    "mechanism": Field(
        "text",
        lambda subject: str(subject.it.mechanism) if subject.it.mechanism else None,
        "what must allow a wiring",
        tuple(item.value for item in Mechanism),
    ),
    "event": Field("text", _edge("event"), "kind of wiring"),
    "authorized": Field("bool", _edge("authorized"), "whether the wiring is allowed; `unknown` too"),
    "decision": Field(
        "text", lambda subject: subject.it.decision.value, "whether it holds", tuple(item.value for item in Decision)
    ),
    "qualifier": Field("text", _edge("qualifier"), "version or alias of the target"),
    "via": Field("text", _edge("via"), "ARN of the role through which it happens"),
    "reason": Field("text", _edge("reason"), "of a derived edge: one clause"),
    "actions": Field("actions", _edge("actions"), "what is allowed"),
    "conditions.strength": Field(
        "text",
        lambda subject: strength(entries_in(subject.it.conditions)),
        "how much the conditions restrict",
        STRENGTHS,
    ),
}


def _statement(name: str) -> Callable[[Subject], Any]:
    return lambda subject: getattr(subject.it.statement, name)


_PROTECTED_BY = {
    "AWS::SNS": "sns",
    "AWS::SQS": "sqs",
    "AWS::S3": "s3",
    "AWS::KMS": "kms",
    "AWS::SecretsManager": "secretsmanager",
    "AWS::Events": "events",
    "AWS::ECR": "ecr",
    "AWS::Lambda": "lambda:function",
    "AWS::ApiGateway": "execute-api",
}


def protected_service(subject: Subject) -> str:
    """Service, and kind where it matters, of what a resource policy is on; by its own type where the ARN is unknown."""
    fact = subject.fact
    if not isinstance(fact, ResourcePolicy):
        return ""
    parts = split_arn(fact.resource_arn)
    if (parts is not None and parts.service == "lambda") or fact.type.startswith("AWS::Lambda::"):
        layer = fact.resource_arn.partition(":layer:")[1] or fact.type == "AWS::Lambda::LayerVersionPermission"
        return "lambda:layer" if layer else "lambda:function"
    if parts is not None and not has_unknown(parts.service):
        return parts.service
    kind = subject.holder.type if subject.holder and subject.holder.type else fact.type
    known = _PROTECTED_BY.get("::".join(kind.split("::")[:2]))
    return known or (kind.split("::")[1].lower() if kind.count("::") == 2 else "")  # noqa: PLR2004


def _has(name: str) -> Callable[[Subject], bool]:
    return lambda subject: getattr(subject.it.statement, name) is not None


def _keys(statement: Statement) -> tuple[str, ...]:
    return tuple(entry.key.lower() for entry in statement.conditions)


_POLICY: Fields = {
    **dict(_node_fields("holder.", _holder)),
    "kind": Field(
        "text", lambda subject: subject.it.kind, "which side the policy is on", ("identity", "trust", "resource")
    ),
    "policy.kind": Field(
        "text",
        lambda subject: subject.it.policy.kind.value,
        "what it is attached to",
        tuple(item.value for item in PolicyKind),
    ),
    "policy.name": Field("text", lambda subject: plain_name(subject.it.policy.name), "name of the policy"),
    "policy.version": Field("text", lambda subject: subject.it.policy.version, "`Version` of the document"),
}
POLICY: Fields = _POLICY
STATEMENT: Fields = {
    **_POLICY,
    "protects": Field(
        "text", protected_service, "of a resource policy: `lambda:function`, `sqs`, `sns`, `s3`, `kms`, ..."
    ),
    "effect": Field("text", _statement("effect"), "`Allow` or `Deny`", ("Allow", "Deny")),
    "sid": Field("text", _statement("sid"), "its `Sid`"),
    "actions": Field("actions", lambda subject: subject.it.actions, "what it names"),
    "resources": Field("texts", _statement("resources"), "its `Resource` patterns"),
    "principals": Field(
        "texts", lambda subject: tuple(who.kind for who in subject.it.who), "kinds of its principals", PRINCIPAL_KINDS
    ),
    "principal": Field("texts", lambda subject: tuple(who.text for who in subject.it.who), "its principals as written"),
    "not_action": Field("bool", _has("not_actions"), "whether it has `NotAction`"),
    "not_resource": Field("bool", _has("not_resources"), "whether it has `NotResource`"),
    "not_principal": Field("bool", _has("not_principals"), "whether it has `NotPrincipal`"),
    "conditions.strength": Field(
        "text", lambda subject: strength(subject.it.statement.conditions), "how much its conditions restrict", STRENGTHS
    ),
    "conditions.keys": Field("texts", lambda subject: _keys(subject.it.statement), "its condition keys in lower case"),
}


def _attached_name(subject: Subject) -> str:
    view: AttachmentView = subject.it
    return view.principal.node.label if view.principal.node else view.principal.label


def _is_aws_managed(subject: Subject) -> bool:
    """By its ARN, or by its name alone as SAM takes it."""
    view: AttachmentView = subject.it
    named = ":aws:policy/" in view.arn
    return named or (view.policy is not None and view.policy.kind is PolicyKind.AWS_MANAGED)


def _attached_to(subject: Subject) -> str:
    """Kind and name of what a managed policy is attached to, as its ARN has them."""
    holder = subject.it.principal.fact
    parts = split_arn(holder.principal_arn if isinstance(holder, PolicyAttachment) else holder.arn)
    return parts.resource if parts else ""


PRINCIPAL: Fields = {
    **NODE,
    "held": Field("bool", lambda subject: subject.it.held, "whether a principal of the input holds the policies"),
}
ATTACHMENT: Fields = {
    **dict(_node_fields("holder.", _holder)),
    "principal.kind": Field(
        "text",
        lambda subject: _attached_to(subject).partition("/")[0],
        "what it is attached to, in the input or not",
        ("role", "user", "group"),
    ),
    "principal.name": Field("text", _attached_name, "name of what it is attached to"),
    "name": Field("text", lambda subject: subject.it.name, "name of the managed policy"),
    "arn": Field("text", lambda subject: str(subject.it.arn), "ARN of the managed policy"),
    "aws_managed": Field("bool", _is_aws_managed, "whether it is one of AWS's own"),
}


def _reported(name: str) -> Callable[[Subject], Any]:
    return lambda subject: getattr(subject.fact, name)


def _active_keys(subject: Subject) -> int:
    return sum(key.active for key in subject.it.access_keys)


CREDENTIALS: Fields = {
    **NODE,
    "account": Field("text", lambda subject: account_of(subject.it.principal_arn), "account id"),
    "root": Field(
        "bool", lambda subject: subject.it.principal_arn.endswith(":root"), "whether they are the root user's"
    ),
    "password": Field("bool", _reported("password"), "whether it can sign in with a password; `unknown` too"),
    "mfa": Field("bool", _reported("mfa"), "whether an MFA device is enabled; `unknown` too"),
    "active_keys": Field("number", _active_keys, "how many access keys can be used"),
}


def _nodes(*kinds: NodeKind) -> Callable[[World], Iterator[Subject]]:
    def subjects(world: World) -> Iterator[Subject]:
        for node in world.graph.of_kind(*kinds):
            yield Subject(world, node, node, node.fact)

    return subjects


def _edges(kind: EdgeKind) -> Callable[[World], Iterator[Subject]]:
    def subjects(world: World) -> Iterator[Subject]:
        for edge in world.graph.edges_of(kind):
            yield Subject(world, edge, world.graph.nodes[edge.target])

    return subjects


def _statements(world: World) -> Iterator[Subject]:
    for view in world.statements:
        yield Subject(world, view, view.holder, view.fact)


def _policies(world: World) -> Iterator[Subject]:
    for view in world.policies:
        yield Subject(world, view, view.holder, view.fact)


def _principals(world: World) -> Iterator[Subject]:
    for view in world.principals:
        yield Subject(world, view, view.node, view.fact)


def _attachments(world: World) -> Iterator[Subject]:
    for view in world.attachments:
        yield Subject(world, view, view.principal.node, view.fact)


def _credentials(world: World) -> Iterator[Subject]:
    seen: set[str] = set()
    for fact in world.inventory.of(Credentials):
        if fact.principal_arn not in seen:
            seen.add(fact.principal_arn)
            yield Subject(world, fact, world.node(fact.principal_arn), fact)


@dataclass(frozen=True, slots=True)
class SubjectKind:
    """One value of `for_each`."""

    fields: Fields
    subjects: Callable[[World], Iterator[Subject]]
    doc: str


SUBJECTS: Mapping[str, SubjectKind] = {
    **{
        kind.value: SubjectKind(NODE, _nodes(kind), f"every `{kind.value}` node")
        for kind in NodeKind
        if kind is not NodeKind.ROUTE
    },
    **{kind.value: SubjectKind(EDGE, _edges(kind), f"every `{kind.value}` edge") for kind in EdgeKind},
    "route": SubjectKind(ROUTE, _nodes(NodeKind.ROUTE), "every API route and function URL"),
    "statement": SubjectKind(STATEMENT, _statements, "every statement of every policy, with its holder"),
    "policy": SubjectKind(POLICY, _policies, "every policy document"),
    "principal": SubjectKind(PRINCIPAL, _principals, "every role, user, group and unattached policy: effective access"),
    "credentials": SubjectKind(CREDENTIALS, _credentials, "every user, and the root user, of IAM's credential report"),
    "attachment": SubjectKind(ATTACHMENT, _attachments, "every managed policy where it is attached"),
}
