"""What to write in place of a policy that gives too much: grants on what the template shows the holder to use.

What a function uses is what its environment names, what runs it, and what it is wired to call; the code itself is not
read, so a grant names the usual actions and leaves it to the reader to keep those that the code calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from permscope.audit.fixes import reference, written_arn
from permscope.audit.world import World
from permscope.graph.model import EdgeKind
from permscope.inventory.arn import split_arn
from permscope.inventory.facts import Function, Mechanism, Need, Resource, RoleUse, Trigger

_SHOWN = 4
_USED_BY_NAME = frozenset({"dynamodb", "sqs", "sns", "s3", "secretsmanager", "kinesis", "states", "events", "lambda"})


class _Usual(NamedTuple):
    """What code usually does with a resource.

    Attributes:
        actions: on the resource.
        below: what else of the resource they are about; `None` for the resource itself.
        template: SAM's policy templates for it, the least first.
        parameter: of these.
        value: what the parameter takes, with the logical id filled in.
    """

    actions: tuple[str, ...]
    below: tuple[str, ...] = ("",)
    template: tuple[str, ...] = ()
    parameter: str = ""
    value: str = "!Ref {id}"


_USUAL = {
    "AWS::DynamoDB::Table": _Usual(
        ("dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"),
        ("", "/index/*"),
        ("DynamoDBReadPolicy", "DynamoDBWritePolicy", "DynamoDBCrudPolicy"),
        "TableName",
    ),
    "AWS::S3::Bucket": _Usual(
        ("s3:GetObject", "s3:PutObject"), ("/*",), ("S3ReadPolicy", "S3WritePolicy", "S3CrudPolicy"), "BucketName"
    ),
    "AWS::SQS::Queue": _Usual(
        ("sqs:SendMessage",), ("",), ("SQSSendMessagePolicy",), "QueueName", "!GetAtt {id}.QueueName"
    ),
    "AWS::SNS::Topic": _Usual(
        ("sns:Publish",), ("",), ("SNSPublishMessagePolicy",), "TopicName", "!GetAtt {id}.TopicName"
    ),
    "AWS::Lambda::Function": _Usual(("lambda:InvokeFunction",), ("",), ("LambdaInvokePolicy",), "FunctionName"),
    "AWS::StepFunctions::StateMachine": _Usual(
        ("states:StartExecution",), ("",), ("StepFunctionsExecutionPolicy",), "StateMachineName", "!GetAtt {id}.Name"
    ),
    "AWS::SecretsManager::Secret": _Usual(
        ("secretsmanager:GetSecretValue",), ("",), ("AWSSecretsManagerGetSecretValuePolicy",), "SecretArn"
    ),
    "AWS::Kinesis::Stream": _Usual(("kinesis:PutRecord", "kinesis:PutRecords")),
    "AWS::Events::EventBus": _Usual(
        ("events:PutEvents",), ("",), ("EventBridgePutEventsPolicy",), "EventBusName", "!GetAtt {id}.Name"
    ),
}


def role_of(world: World, function_id: str) -> str | None:
    """The role of the input that a function runs with."""
    for edge in world.graph.outgoing(function_id, EdgeKind.EXECUTES_AS):
        if edge.target in world.inventory.roles:
            return edge.target
    return None


def resource_named(world: World, value: str) -> str | None:
    """The ARN of the resource that the value of an environment variable refers to."""
    known: dict[str, str | None] = world.memo.setdefault("by_name", {})
    if not known:
        facts: tuple[Resource | Function, ...] = (
            *world.inventory.resources.values(),
            *world.inventory.functions.values(),
        )
        for fact in facts:
            parts = split_arn(fact.arn or "")
            if parts is None or parts.service not in _USED_BY_NAME or fact.arn is None:
                continue
            for name in (fact.arn, fact.name):
                known[name] = None if known.get(name, fact.arn) != fact.arn else fact.arn
        known.setdefault("", None)
    return known.get(value)


def grant_on(world: World, arn: str, *, sam: bool) -> str:
    """The policy template or statement for what code usually does with a resource; empty where that is not known.

    Args:
        world: of the resource.
        arn: of it.
        sam: whether it goes into the `Policies` of a SAM function.
    """
    fact = world.resource(arn) or world.inventory.functions.get(arn)
    usual = _USUAL.get(fact.type if isinstance(fact, Resource) else "AWS::Lambda::Function") if fact else None
    if fact is None or usual is None:
        return ""
    if sam and usual.template and fact.logical_id and reference(fact):
        first, *others = usual.template
        more = f"  # or {', '.join(others)}, as the code needs" if others else ""
        return f"- {first}: {{{usual.parameter}: {usual.value.format(id=fact.logical_id)}}}{more}"
    return _statement(usual.actions, [_written(world, arn, tail) for tail in usual.below])


def grants_for(world: World, role: str, services: Iterable[str] | None = None) -> str:
    """What a role needs for what it is seen to be used for, as lines for a policy; empty where nothing is seen.

    Args:
        world: of the role.
        role: its ARN.
        services: only what is of these services; None for all.
    """
    lines = [line for line in dict.fromkeys(_lines(world, role, services)) if line]
    if len(lines) > _SHOWN:
        lines[_SHOWN:] = [f"# and {len(lines) - _SHOWN} more of these"]
    return "\n".join(lines)


def _lines(world: World, role: str, services: Iterable[str] | None) -> Iterator[str]:
    fact = world.inventory.roles.get(role)
    for function in _functions_of(world, role):
        # A role that SAM makes of a function is that function's, and its `Policies` stand there.
        sam = fact is not None and fact.logical_id is not None and fact.logical_id == function.logical_id
        for value in function.environment.values():
            arn = resource_named(world, value)
            if arn is not None and _is_of(arn, services):
                yield grant_on(world, arn, sam=sam)
    for need in _needs_of(world, role):
        if _is_of(need.resource_arn, services):
            yield _statement(need.actions, [written_arn(world, need.resource_arn)], sure=True)


def _is_of(arn: str, services: Iterable[str] | None) -> bool:
    parts = split_arn(arn)
    return parts is not None and (services is None or parts.service in services)


def _functions_of(world: World, role: str) -> Iterator[Function]:
    for edge in world.graph.incoming(role, EdgeKind.EXECUTES_AS):
        function = world.inventory.functions.get(edge.source)
        if function is not None:
            yield function


def _needs_of(world: World, role: str) -> tuple[Need, ...]:
    """What wirings need a role for, worked out once for all roles."""
    known: dict[str, dict[Need, None]] | None = world.memo.get("needs of roles")
    if known is None:
        known = world.memo["needs of roles"] = {}
        for use in world.inventory.of(RoleUse):
            known.setdefault(use.role_arn, {}).update(dict.fromkeys(use.required))
        for trigger in world.inventory.of(Trigger):
            if trigger.role_arn and trigger.mechanism is not Mechanism.RESOURCE_POLICY:
                known.setdefault(trigger.role_arn, {}).update(dict.fromkeys(trigger.required))
    return tuple(known.get(role, ()))


def _written(world: World, arn: str, tail: str) -> str:
    """An ARN, or what is below it, as the template writes it."""
    fact = world.resource(arn) or world.inventory.functions.get(arn)
    written = written_arn(world, arn)
    if not tail:
        return written
    if written.startswith("!GetAtt ") and fact is not None:
        return f'!Sub "${{{written.removeprefix("!GetAtt ")}}}{tail}"'
    return f'{written[:-1]}{tail}"' if written.endswith('"') else f"{written}{tail}"


def _statement(actions: tuple[str, ...], resources: list[str], *, sure: bool = False) -> str:
    shown = actions[0] if len(actions) == 1 else f"[{', '.join(actions)}]"
    if len(actions) > 1 and not sure:
        shown += "  # those of them that the code calls"
    where = resources[0] if len(resources) == 1 else "[" + ", ".join(resources) + "]"
    return f"- Effect: Allow\n  Action: {shown}\n  Resource: {where}"
