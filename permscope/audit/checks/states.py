"""Questions about functions, resources and roles as they are set up, beside what their statements say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from permscope.audit.checks.breadth import admin_principals
from permscope.audit.checks.wiring import functions_of, triggers_between
from permscope.audit.fields import IMPLICIT_APIS, Subject, is_from_event
from permscope.audit.findings import Hit
from permscope.audit.fixes import written_arn
from permscope.audit.predicates import Taken, finder, predicate
from permscope.audit.replacements import grant_on, resource_named, role_of
from permscope.audit.world import PolicyView, StatementView, World
from permscope.catalog.actions import load
from permscope.graph.bucket_acls import public_acl
from permscope.graph.model import Edge, EdgeKind, NodeKind
from permscope.inventory.arn import split_arn
from permscope.inventory.facts import Auth, Delivery, Function, Need, Resource, ResourcePolicy, Role, Route, Trigger
from permscope.inventory.located import source_of
from permscope.inventory.policies import PolicyKind
from permscope.inventory.tokens import has_unknown

# What writing into a source means, by the service of its ARN.
_WRITES = {
    "s3": ("s3:PutObject",),
    "sqs": ("sqs:SendMessage",),
    "sns": ("sns:Publish",),
    "dynamodb": ("dynamodb:PutItem", "dynamodb:UpdateItem"),
    "kinesis": ("kinesis:PutRecord", "kinesis:PutRecords"),
}


@predicate("function")
def runs_as_administrator(subject: Subject) -> bool:
    """The function's role may do everything, or every IAM and STS write, on every resource."""
    return role_of(subject.world, subject.it.id) in admin_principals(subject.world)


@predicate("function")
def has_no_code_signing(subject: Subject) -> bool:
    """The function takes any code, signed or not."""
    return isinstance(subject.fact, Function) and not subject.fact.code_signing_config


@predicate("statement")
def holder_is_administrator(subject: Subject) -> bool:
    """The role of a trust policy is an administrator."""
    return subject.holder is not None and subject.holder.id in admin_principals(subject.world)


@finder("function", values=("role", "log_group"))
def cannot_log(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A function whose role may not write to its log group."""
    world, fact = subject.world, subject.fact
    role = role_of(world, subject.it.id)
    decisions = getattr(world.graph, "decisions", None)
    if role is None or decisions is None or not isinstance(fact, Function):
        return
    if world.inventory.missing_policies(world.inventory.roles[role]):
        return
    parts = split_arn(fact.arn)
    if parts is None:
        return
    group = fact.log_group or f"/aws/lambda/{fact.name}"
    arn = f"arn:{parts.partition}:logs:{parts.region}:{parts.account}:log-group:{group}:log-stream:any"
    need = Need(actions=("logs:CreateLogStream", "logs:PutLogEvents"), resource_arn=arn)
    access, wanted = world.by_arn[role].access, load().action_set(need.actions)
    everywhere = (grant for grant in access.grants if "*" in grant.resources and not grant.conditional)
    if has_unknown(arn) or any(wanted <= grant.actions for grant in everywhere) or wanted <= access.on(arn).allowed:
        return
    if decisions.role_may(role, need).authorized is False:
        yield Hit(values={"role": world.graph.nodes[role].label, "log_group": group}, nodes=(role,))


# What Lambda does with the execution role before the code runs, whatever the resource:
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions,
# https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html#services-xray-permissions
_VPC = ("ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface")
_TRACING = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")


@finder("function", values=("role", "missing", "feature", "effect", "managed"))
def features_without_permission(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A function in a VPC, or with active tracing (`low`), whose role may not do what Lambda does for that."""
    world, fact = subject.world, subject.fact
    role = role_of(world, subject.it.id)
    if role is None or not isinstance(fact, Function) or world.inventory.missing_policies(world.inventory.roles[role]):
        return
    granted = {
        action for grant in world.by_arn[role].access.grants for action in (*_VPC, *_TRACING) if action in grant.actions
    }
    for used, feature, needed, effect, managed, severity in (
        (
            fact.in_vpc,
            "VpcConfig",
            _VPC,
            "so Lambda refuses to create it",
            "service-role/AWSLambdaVPCAccessExecutionRole",
            None,
        ),
        (fact.tracing, "TracingConfig", _TRACING, "so no trace arrives", "AWSXRayDaemonWriteAccess", "low"),
    ):
        missing = [action for action in needed if action not in granted]
        if used and missing:
            yield Hit(
                element=feature,
                values={
                    "role": world.graph.nodes[role].label,
                    "missing": ", ".join(f"`{action}`" for action in missing),
                    "feature": feature,
                    "effect": effect,
                    "managed": managed,
                },
                nodes=(role,),
                severity=severity,
            )


@finder("function", values=("role", "variable", "resource", "fix"))
def configured_without_access(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A function that is told the name of a resource its role may not touch at all."""
    world, fact = subject.world, subject.fact
    role = role_of(world, subject.it.id)
    if role is None or not isinstance(fact, Function) or world.inventory.missing_policies(world.inventory.roles[role]):
        return
    view = world.by_arn[role]
    if any("iam:PassRole" in grant.actions for grant in view.access.grants):
        return  # it tells another service, with another role, what to work on
    for variable, value in fact.environment.items():
        node = resource_named(world, value)
        if node is None or node in world.inventory.resource_policies or node == fact.arn:
            continue
        access = view.access.on(node)
        target = world.graph.nodes[node]
        # A grant may name the resource by another of its attributes than the ARN is made of.
        mark = f"${{{target.logical_id}."
        named = any(mark in pattern for grant in view.access.grants for pattern in grant.resources)
        if not access.allowed and not access.conditional and not named:
            yield Hit(
                element=variable,
                resource=fact.logical_id,
                values={
                    "role": view.label,
                    "variable": variable,
                    "resource": target.label,
                    "fix": _how_to_allow(world, role, fact, node),
                },
                nodes=(role, node),
            )


def _how_to_allow(world: World, role: str, function: Function, arn: str) -> str:
    """What to add so that a function may use a resource, as its role is written."""
    sam = world.inventory.roles[role].logical_id == function.logical_id
    grant = grant_on(world, arn, sam=sam)
    return grant or f"# the actions that the code calls, on {written_arn(world, arn)}"


# What fires which of S3's events:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
_FIRES = {
    "s3:objectcreated": ("s3:PutObject",),
    "s3:objectremoved": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3:objecttagging": ("s3:PutObjectTagging", "s3:DeleteObjectTagging"),
    "s3:objectacl": ("s3:PutObjectAcl",),
}


@finder("function", values=("resource", "action", "role"))
def writes_to_its_own_trigger(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A function that may do to the bucket, queue, topic, table or stream that runs it what runs it."""
    world = subject.world
    role = role_of(world, subject.it.id)
    if role is None:
        return
    access = world.by_arn[role].access
    for edge in world.graph.incoming(subject.it.id, EdgeKind.TRIGGERS):
        source = world.graph.nodes[edge.source]
        parts = split_arn(source.arn or "")
        if source.kind is not NodeKind.RESOURCE or parts is None or source.arn is None:
            continue
        arn = source.arn.partition("/stream/")[0] if parts.service == "dynamodb" else source.arn
        wirings = triggers_between(world, edge) if parts.service == "s3" else []
        writes = [action for wiring in wirings for action in _refired(access, arn, wiring)]
        if not wirings:
            granted = _named_grants(access, arn)
            writes = [action for action in _WRITES.get(parts.service, ()) if action in granted]
        if writes and edge.event != "self-managed-kafka":
            yield Hit(
                element=source.label,
                values={"resource": source.label, "action": writes[0], "role": world.graph.nodes[role].label},
                nodes=(source.id, role),
            )


def _refired(access: Any, bucket: str, wiring: Trigger) -> list[str]:
    """What a function may do in a bucket that fires the notification which runs it, under the prefix it is about."""
    granted = _named_grants(access, bucket, f"/{wiring.below}of-its-own" if wiring.below else "")
    occasions = [":".join(text.lower().split(":")[:2]) for text in wiring.occasions] or ["s3:objectcreated"]
    return [action for text in occasions for action in _FIRES.get(text, ()) if action in granted]


def _named_grants(access: Any, arn: str, below: str = "") -> Any:
    """What is allowed on a resource by grants that name it: a grant on everything has rules of its own."""
    found = access.on(arn + below).allowed
    wide = access.on(arn + "-of-somebody-else" + below).allowed
    return found - wide


_DELIVERED = {
    "dead-letter-queue": "dead-letter queue",
    "on-success": "on-success destination",
    "on-failure": "on-failure destination",
}


@finder("delivers_to", values=("said", "fix"))
def undeliverable(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A destination or dead-letter queue that its sender may not write to, with the statement to add."""
    world, edge = subject.world, subject.it
    source, target = world.graph.nodes[edge.source], world.graph.nodes[edge.target]
    if edge.event in _READ:
        return  # what the target's own role lacks is said where that role is used
    delivery = _delivery_of(world, edge)
    written = written_arn(world, target.id)
    if target.type == "AWS::S3::Bucket" and target.logical_id:
        written = f'[{written}, !Sub "${{{target.logical_id}.Arn}}/*"]'
    actions = _sending(delivery, target.id)
    if delivery is not None and delivery.service and not delivery.role_arn:
        wired = f"its {_DELIVERED[edge.event]} " if edge.event in _DELIVERED else ""
        said = f"`{source.label}` sends to {wired}`{target.label}`, whose policy does not let `{delivery.service}` in"
        lines = [
            "- Effect: Allow",
            f"  Principal: {{Service: {delivery.service}}}",
            f"  Action: {actions}",
            f"  Resource: {written}",
        ]
        if delivery.source_arn:
            lines += ["  Condition:", f"    ArnLike: {{aws:SourceArn: {written_arn(world, delivery.source_arn)}}}"]
    else:
        what = _DELIVERED.get(edge.event or "", "destination")
        said = f"`{source.label}` may not write to its {what} `{target.label}`"
        lines = ["- Effect: Allow", f"  Action: {actions}", f"  Resource: {written}"]
    yield Hit(element=f"{edge.event or ''} {target.label}", values={"said": said, "fix": "\n".join(lines)})


def _delivery_of(world: World, edge: Edge) -> Delivery | None:
    """The fact behind an edge: by its sender and kind, of several the one that names the target."""
    known: dict[tuple[str, str], list[Delivery]] = world.memo.setdefault("deliveries", {})
    if not known:
        for item in world.inventory.of(Delivery):
            known.setdefault((item.sender_id, item.event), []).append(item)
    found = known.get((edge.source, edge.event or ""), [])
    name = edge.target.rpartition(":")[2]
    return next((item for item in found if item.target_arn.rpartition(":")[2] == name), found[0] if found else None)


_READ = ("firehose-source", "kinesis-analytics-input", "pipe-source")
"""Deliveries that the target fetches: their sender writes nothing."""

_SENDING = {
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "lambda": "lambda:InvokeFunction",
    "events": "events:PutEvents",
    "s3": "s3:PutObject",
    "kinesis": "kinesis:PutRecord",
    "firehose": "firehose:PutRecord",
}


def _sending(delivery: Delivery | None, target_arn: str) -> str:
    """The actions it takes to deliver, as YAML."""
    named = dict.fromkeys(action for need in delivery.required for action in need.actions) if delivery else {}
    parts = split_arn(target_arn)
    actions = list(named) or [_SENDING.get(parts.service if parts else "", "<the action that writes to it>")]
    return actions[0] if len(actions) == 1 else f"[{', '.join(actions)}]"


@predicate("role")
def trusts_services_it_does_not_serve(subject: Subject) -> bool:
    """A role that only functions of the input run with, and that other services may assume besides."""
    return bool(_idle_services(subject))


def _idle_services(subject: Subject) -> list[str]:
    world, fact = subject.world, subject.fact
    if not isinstance(fact, Role) or not functions_of(world, fact.arn):
        return []
    users = {edge.source for edge in world.graph.incoming(fact.arn, EdgeKind.EXECUTES_AS)}
    if any(world.graph.nodes[user].kind is not NodeKind.FUNCTION for user in users):
        return []
    trusted = {
        str(principal.value)
        for statement in fact.trust.statements
        if statement.effect == "Allow"
        for principal in statement.principals or ()
        if principal.kind == "Service"
    }
    return sorted(name for name in trusted if not name.startswith(("lambda.", "edgelambda.")) and "${" not in name)


@finder("role", values=("services",))
def idle_trusts(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """The services besides Lambda that may assume a role which only functions run with."""
    if subject.fact is None or subject.world.inventory.may_lack(subject.fact.source.account):
        return
    services = _idle_services(subject)
    if services:
        yield Hit(element=", ".join(services), values={"services": ", ".join(f"`{name}`" for name in services)})


# Resources


def _attribute(subject: Subject, name: str) -> Any:
    return subject.fact.attributes.get(name) if isinstance(subject.fact, Resource) else None


@predicate("resource")
def lets_guests_in(subject: Subject) -> bool:
    """A Cognito identity pool that gives credentials to anybody."""
    return _attribute(subject, "allow_unauthenticated_identities") is True


# What guests of a web page are meant to send: measurements and their own synchronized data.
_OF_GUESTS = frozenset({"cognito-sync", "cognito-identity", "mobileanalytics", "mobiletargeting", "rum", "evidently"})


@predicate("resource")
def guests_may_write(subject: Subject) -> bool:
    """The role that guests of an identity pool get changes something besides measurements."""
    world = subject.world
    for arn in _attribute(subject, "unauthenticated_role_arns") or ():
        view = world.by_arn.get(arn)
        for grant in view.access.grants if view else ():
            levels = grant.actions.levels()
            if "Write" in levels or "Permissions management" in levels:
                catalog = load()
                writes = grant.actions & (catalog.level_set("Write") | catalog.level_set("Permissions management"))
                if any(service not in _OF_GUESTS for service in writes.services()):
                    return True
    return False


@finder("resource", values=("asks",))
def opened_by_an_api_key(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """An AppSync API whose callers, or those of some fields, prove themselves by an API key and nothing else.

    Where other ways are allowed too, the directives of the schema tell which fields a key opens.
    """
    modes = _attribute(subject, "auth_modes")
    if not isinstance(modes, tuple) or Auth.API_KEY.value not in modes:
        return
    if set(modes) == {Auth.API_KEY.value}:
        yield Hit(values={"asks": f"`{subject.it.label}` asks for"})
        return
    fields = [
        route.path
        for route in subject.world.routes.values()
        if route.auth is Auth.API_KEY and route.api_id == subject.it.id
    ]
    if fields:
        shown = ", ".join(f"`{field}`" for field in fields[:_FIELDS])
        more = f" and {len(fields) - _FIELDS} more fields" if len(fields) > _FIELDS else ""
        yield Hit(values={"asks": f"{shown}{more} of `{subject.it.label}` ask for"})


_FIELDS = 3


@predicate("resource")
def turns_public_access_block_off(subject: Subject) -> bool:
    """A bucket whose public access block leaves something open."""
    return _attribute(subject, "public_access_block") is False


_OPENED = {
    "PublicReadWrite": ("anyone on the internet may list and write to", "critical"),
    "PublicRead": ("anyone on the internet may list", None),
    "AuthenticatedRead": ("anyone with an AWS account may list", None),
}


@finder("resource", values=("who", "acl"))
def open_acls(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A bucket whose canned ACL lets everybody in; one that S3 would not take, were the bucket new, a step lower."""
    found = public_acl(subject.fact) if isinstance(subject.fact, Resource) else None
    if found is None:
        return
    acl, sure = found
    who, severity = _OPENED[acl]
    hit = Hit(element=acl, source=source_of(acl), values={"who": who, "acl": acl}, severity=severity)
    if not sure:
        hit.unreachable = "S3 refuses the ACL on buckets made since April 2023, and takes it on older ones"
        hit.severity, hit.confidence = "high", "medium"
    yield hit


@predicate("statement")
def resource_is_in_a_vpc(subject: Subject) -> bool:
    """The resource of a resource policy can be reached from inside a VPC only."""
    fact = subject.world.resource(subject.holder.id) if subject.holder else None
    lattice = isinstance(subject.fact, ResourcePolicy) and ":vpc-lattice:" in subject.fact.resource_arn
    return lattice or (fact is not None and fact.attributes.get("in_vpc") is True)


@predicate("statement")
def only_filters_traffic(subject: Subject) -> bool:
    """The policy of a VPC endpoint, which lets nobody in and only cuts down what goes through.

    https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
    """
    arn = subject.fact.resource_arn if isinstance(subject.fact, ResourcePolicy) else ""
    return arn.startswith("AWS::EC2::VPCEndpoint/") or ":vpc-endpoint/" in arn


@predicate("policy")
def nobody_may_change_the_key_policy(subject: Subject) -> bool:
    """No principal of the account keeps `kms:PutKeyPolicy`: AWS refuses such a key policy, or the key is lost."""
    view: PolicyView = subject.it
    world = subject.world
    if view.policy.kind is not PolicyKind.RESOURCE or not view.policy.statements:
        return False
    for statement in view.policy.statements:
        if statement.effect != "Allow" or statement.not_principals is not None:
            continue
        if "kms:PutKeyPolicy" not in world.actions_of(statement):
            continue
        if any(world.who(principal).kind in ("own", "unknown", "public") for principal in statement.principals or ()):
            return False
    return True


# Routes


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


@finder("function", values=("variable",))
def plain_credentials(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each environment variable of a function whose value is a credential in plain text."""
    fact = subject.fact
    for name in fact.credentials if isinstance(fact, Function) else ():
        yield Hit(element=name, source=source_of(name), values={"variable": name})


@finder("resource", values=("variable",))
def plain_stage_credentials(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each variable of an API stage whose value is a credential in plain text."""
    fact = subject.fact
    if not isinstance(fact, Resource) or not fact.type.endswith("::Stage"):
        return
    names = fact.attributes.get("credentials")
    for name in names if isinstance(names, tuple) else ():
        yield Hit(element=name, source=source_of(name), values={"variable": name})
