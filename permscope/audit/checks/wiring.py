"""Whether what is wired together is also allowed, and who shares what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from permscope.audit.checks.breadth import admin_principals
from permscope.audit.findings import Hit
from permscope.audit.fixes import reference, written_arn
from permscope.audit.predicates import Taken, finder, predicate
from permscope.audit.subjects import Subject
from permscope.audit.world import World
from permscope.graph.decisions import is_optional
from permscope.graph.model import Edge, EdgeKind, NodeKind
from permscope.graph.wiring import MERELY_LISTS
from permscope.inventory.arn import function_arn_and_qualifier
from permscope.inventory.facts import Mechanism, Need, Resource, RoleUse, Trigger
from permscope.inventory.tokens import unknown_token

_VALUES = ("function", "source", "service", "role", "missing", "fix", "condition")


def _triggers(world: World) -> dict[tuple[str, str], list[Trigger]]:
    known: dict[tuple[str, str], list[Trigger]] = world.memo.setdefault("triggers", {})
    if not known:
        for trigger in world.inventory.of(Trigger):
            key = (trigger.source_id or f"service:{trigger.service}", function_name(trigger.function_arn))
            known.setdefault(key, []).append(trigger)
    return known


def function_name(arn: str) -> str:
    """The name in a function ARN, by which wirings that write partition, Region or account out are found as well."""
    return function_arn_and_qualifier(arn)[0].rpartition(":")[2]


def triggers_between(world: World, edge: Edge) -> list[Trigger]:
    """Every wiring that an edge from a source to a function stands for."""
    return _triggers(world).get((edge.source, function_name(edge.target)), [])


def _trigger_of(world: World, edge: Edge) -> Trigger | None:
    found = triggers_between(world, edge)
    return next((item for item in found if item.event == edge.event), found[0] if found else None)


def _sub(text: str) -> str:
    return f'!Sub "{text}"' if "${" in text else text


@finder("triggers", values=_VALUES)
def unanswered_triggers(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A wiring that the function's own policy does not allow, with the permission to add."""
    world, edge = subject.world, subject.it
    trigger = _trigger_of(world, edge)
    function = world.graph.nodes[edge.target]
    service = trigger.service if trigger else world.graph.nodes[edge.source].service or ""
    lines = ["Type: AWS::Lambda::Permission", "Properties:"]
    name = f"!Ref {function.logical_id}" if function.logical_id else function.label
    if trigger is not None and function_arn_and_qualifier(trigger.function_arn)[1]:
        name = _sub(str(trigger.function_arn))
    lines += [f"  FunctionName: {name}", "  Action: lambda:InvokeFunction", f"  Principal: {service}"]
    if trigger is not None and trigger.source_arn:
        lines.append(f"  SourceArn: {_source_text(world, trigger)}")
    if trigger is not None and trigger.source_account:
        lines.append("  SourceAccount: !Ref AWS::AccountId")
    yield Hit(
        element=f"{edge.event or ''} {world.graph.nodes[edge.source].label}",
        source=trigger.source if trigger is not None and trigger.source.line else subject.source,
        resource=trigger.logical_id if trigger is not None else None,
        values={
            "function": function.label,
            "source": world.graph.nodes[edge.source].label,
            "service": service,
            "role": "",
            "missing": edge.reason or f"nothing lets `{service}` invoke it",
            "condition": "",
            "fix": "\n".join(lines),
        },
    )


@finder("triggers", values=_VALUES)
def unreplicated_functions(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A function at CloudFront's edge whose role does not trust the service that runs it there.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-edge-permissions.html
    """
    world, edge = subject.world, subject.it
    trigger = _trigger_of(world, edge)
    function = world.inventory.function(edge.target)
    role = world.inventory.roles.get(function.role_arn or "") if function else None
    if function is None or role is None:
        return
    yield Hit(
        element=f"edge {world.graph.nodes[edge.source].label}",
        source=role.source,
        resource=role.logical_id or role.arn,
        nodes=(role.arn,),
        values={
            "function": world.graph.nodes[edge.target].label,
            "source": world.graph.nodes[edge.source].label,
            "service": trigger.service if trigger else "",
            "role": role.logical_id or role.name,
            "missing": "`edgelambda.amazonaws.com`",
            "condition": "",
            "fix": "Principal: {Service: [lambda.amazonaws.com, edgelambda.amazonaws.com]}\nAction: sts:AssumeRole",
        },
    )


def _source_text(world: World, trigger: Trigger) -> str:
    fact = world.resource(trigger.source_id or "")
    if isinstance(fact, Resource) and fact.arn == trigger.source_arn:
        written = reference(fact)
        if written:
            return written
    return _sub((trigger.source_arn or "").replace(unknown_token("Unknown", "stage"), "*"))


def _missing(world: World, role_arn: str, needs: tuple[Need, ...]) -> list[tuple[str, str]]:
    """What a role surely lacks; with it what AWS lists besides and not every wiring needs, so that it is added too."""
    decisions = getattr(world.graph, "decisions", None)
    if decisions is None:
        return []
    answers = [
        (
            action,
            need.resource_arn,
            decisions.role_may(role_arn, Need(actions=(action,), resource_arn=need.resource_arn)),
        )
        for need in needs
        for action in need.actions
    ]
    if all(answer.authorized is not False for _, _, answer in answers):
        return []
    return [
        (action, resource)
        for action, resource, answer in answers
        if answer.authorized is False or (answer.authorized is None and is_optional(action) and not answer.provenance)
    ]


def _statement_text(world: World, missing: list[tuple[str, str]]) -> str:
    """The statement that allows what is missing, as YAML."""
    by_resource: dict[str, list[str]] = {}
    for action, resource in missing:
        by_resource.setdefault(resource, []).append(action)
    lines: list[str] = []
    for resource, actions in by_resource.items():
        lines += ["- Effect: Allow", f"  Action: [{', '.join(dict.fromkeys(actions))}]"]
        lines.append(f"  Resource: {written_arn(world, resource) if resource != '*' else chr(34) + '*' + chr(34)}")
    return "\n".join(lines)


@finder("triggers", values=_VALUES)
def unreadable_sources(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """An event source that the execution role may not read, with the statement to add."""
    world, edge = subject.world, subject.it
    trigger = _trigger_of(world, edge)
    function = world.graph.nodes[edge.target]
    role_arn = trigger.role_arn if trigger else None
    if trigger is None or not role_arn:
        return
    missing = _missing(world, role_arn, trigger.required)
    if not missing:
        return
    role = world.graph.nodes.get(role_arn)
    listing = all(action in MERELY_LISTS for action, _ in missing)
    read = world.graph.nodes[edge.source]
    yield Hit(
        element=f"{edge.event or ''} {read.label}",
        source=trigger.source if trigger.source.line else subject.source,
        resource=trigger.logical_id,
        nodes=(role_arn,) if role else (),
        values={
            "function": function.label,
            # A Kafka cluster outside AWS is no node: what is known of it stands in the mapping.
            "source": (trigger.logical_id if read.kind is NodeKind.SERVICE else None) or read.label,
            "service": trigger.service,
            "role": role.label if role else role_arn,
            "missing": ", ".join(dict.fromkeys(f"`{action}`" for action, _ in missing)),
            "condition": "",
            "fix": _statement_text(world, missing),
        },
        # Mappings have been made without what merely lists streams.
        severity="low" if listing else None,
        confidence="medium" if listing else None,
    )


@finder("executes_as", values=_VALUES)
def powerless_callers(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """What a state machine, rule, schedule or API calls with a role that may not call it."""
    world, edge = subject.world, subject.it
    user = world.graph.nodes[edge.source]
    if user.kind is NodeKind.FUNCTION:
        return
    missing: list[tuple[str, str]] = []
    guilty: RoleUse | Trigger | None = None
    for use in _calls(world).get((edge.source, edge.target), ()):
        found = _missing(world, edge.target, use.required)
        if found and guilty is None:
            guilty = use
        missing.extend(found)
    if edge.authorized is False and role_document_is_known(subject):
        yield from _untrusted_callers(subject)
    if guilty is None:
        return
    missing = list(dict.fromkeys(missing))
    yield Hit(
        element=", ".join(f"{action} {resource}" for action, resource in missing[:3]),
        source=guilty.source if guilty.source.line else subject.source,
        resource=guilty.logical_id,
        values={
            "function": "",
            "source": user.label,
            "service": guilty.service,
            "role": world.graph.nodes[edge.target].label,
            "missing": ", ".join(f"`{action}` on `{resource}`" for action, resource in missing[:3])
            + (f" and {len(missing) - 3} more" if len(missing) > 3 else ""),  # noqa: PLR2004
            "condition": "",
            "fix": _statement_text(world, missing),
        },
    )


def _untrusted_callers(subject: Subject) -> Iterator[Hit]:
    """A service whose role does not trust it, so that none of its calls are made at all.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-service.html
    """
    world, edge = subject.world, subject.it
    use = next((use for use in _calls(world).get((edge.source, edge.target), ()) if use.service), None)
    if use is None or use.service.startswith("arn:"):
        return
    yield Hit(
        element=f"trust {use.service}",
        source=use.source if use.source.line else subject.source,
        resource=use.logical_id,
        values={
            "function": "",
            "source": world.graph.nodes[edge.source].label,
            "service": use.service,
            "role": world.graph.nodes[edge.target].label,
            "missing": f"a trust policy that lets `{use.service}` assume it",
            "condition": "",
            "fix": f"Effect: Allow\nPrincipal: {{Service: {use.service}}}\nAction: sts:AssumeRole",
        },
    )


def _calls(world: World) -> dict[tuple[str, str], list[RoleUse | Trigger]]:
    """What each thing calls with each role: its own calls, and the functions it runs."""
    known: dict[tuple[str, str], list[RoleUse | Trigger]] = world.memo.setdefault("calls", {})
    if not known:
        for use in world.inventory.of(RoleUse):
            known.setdefault((use.user_id, use.role_arn), []).append(use)
        for trigger in world.inventory.of(Trigger):
            if trigger.mechanism is Mechanism.SERVICE_ROLE and trigger.source_id and trigger.role_arn:
                if _is_undecided(world, trigger.source_id, trigger):
                    continue
                known.setdefault((trigger.source_id, trigger.role_arn), []).append(trigger)
    return known


def _is_undecided(world: World, source_id: str, trigger: Trigger) -> bool:
    """Whether the graph leaves open that the wiring works, so that nothing is surely missing."""
    function = function_arn_and_qualifier(trigger.function_arn)[0]
    found = [
        edge.authorized
        for edge in world.graph.outgoing(source_id, EdgeKind.TRIGGERS)
        if edge.target == function and edge.via == trigger.role_arn
    ]
    return bool(found) and all(authorized is None for authorized in found)


@predicate("executes_as")
def role_document_is_known(subject: Subject) -> bool:
    """The role is in the input, and no other has its ARN, so that its trust policy can be read."""
    node = subject.world.graph.nodes[subject.it.target]
    return node.kind is NodeKind.ROLE and node.id not in subject.world.inventory.shared_roles


def functions_of(world: World, role_id: str) -> list[str]:
    """Node ids of the functions that run with a role."""
    return [
        edge.source
        for edge in world.graph.incoming(role_id, EdgeKind.EXECUTES_AS)
        if world.graph.nodes[edge.source].kind is NodeKind.FUNCTION
    ]


@finder("role", "external", values=("functions", "count", "exposed"))
def roles_of_several_functions(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A role that two or more functions run with; `high` where the public reaches some of them and not others."""
    world, node = subject.world, subject.it
    users = list(dict.fromkeys(functions_of(world, node.id)))
    if len(users) < 2:  # noqa: PLR2004
        return
    labels = [world.graph.nodes[user].label for user in users]
    exposed = [user for user in users if user in world.exposed]
    mixed = bool(exposed) and len(exposed) < len(users)
    first = world.graph.nodes[users[0]]
    yield Hit(
        element=node.label,
        source=node.source if node.source.line else first.source,
        values={
            "functions": ", ".join(f"`{label}`" for label in labels[:5]) + (" ..." if len(labels) > 5 else ""),  # noqa: PLR2004
            "count": str(len(labels)),
            "exposed": f"; the public reaches `{world.graph.nodes[exposed[0]].label}`" if mixed else "",
        },
        nodes=tuple(users),
        severity="high" if mixed else None,
    )


# Routes and URLs


@predicate("route")
def leads_to_power(subject: Subject) -> bool:
    """Behind the route is a function whose role is an administrator or can change permissions everywhere."""
    world = subject.world
    admins = admin_principals(world)
    for edge in world.graph.outgoing(subject.it.id, EdgeKind.TRIGGERS):
        for run in world.graph.outgoing(edge.target, EdgeKind.EXECUTES_AS):
            if run.target in admins or _powerful(world, run.target):
                return True
    return False


def _powerful(world: World, role_id: str) -> bool:
    for edge in world.graph.outgoing(role_id, EdgeKind.CAN_ACCESS):
        target = world.graph.nodes[edge.target]
        if target.kind is NodeKind.RESOURCE_SET and "Permissions management" in edge.actions.levels():
            return True
        if "secretsmanager:GetSecretValue" in edge.actions or "ssm:GetParameter" in edge.actions:
            return True
    return False
