"""EventBridge Scheduler: schedules, their targets and the role each target is called with.

Every target, a function too, is called with the target's role; a resource policy plays no part.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from permscope.inventory.arn import split_arn
from permscope.inventory.facts import AnyFact, Delivery, Mechanism, Need, RoleUse, Trigger
from permscope.inventory.located import LocatedStr
from permscope.services._answers import differing, each, picked
from permscope.services._calls import Call, parse_arguments
from permscope.services._integrations import api_call
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._targets import sending, target
from permscope.services._values import Item, Text, about, located, mappings
from permscope.services.interface import TemplateResource

SERVICE = "scheduler.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE,)

_SDK_PARTS = 3


def read_schedule(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Scheduler::Schedule`: one schedule, its target, its dead-letter queue."""
    group = resource.text("GroupName") or "default"
    enabled = (resource.text("State") or "ENABLED") != "DISABLED"
    yield resource.resource(
        group_arn=_group_arn(resource, group),
        schedule_expression=resource.text("ScheduleExpression"),
        state=resource.text("State"),
        kms_key_arn=resource.text("KmsKeyArn"),
    )
    for item in mappings(resource.get("Target")):
        queues = [*item.texts("DeadLetterConfig", "Arn")]
        for text in item.texts("Arn"):
            yield from _target(resource, item, text, queues, enabled=enabled)
        for queue in queues:
            yield Delivery(
                sender_id=resource.id,
                target_arn=located(queue),
                event="dead-letter-queue",
                role_arn=item.text("RoleArn"),
                required=_to_queue(queue),
                enabled=enabled,
                **about(resource, queue.source, queue.only_if),
            )


def _group_arn(resource: TemplateResource, group: str) -> str:
    found = resource.stack.find(group, "AWS::Scheduler::ScheduleGroup")
    if found is not None and found.arn:
        return found.arn
    return resource.stack.arn("scheduler", f"schedule-group/{group}")


def _to_queue(queue: Text) -> tuple[Need, ...]:
    return (Need(actions=("sqs:SendMessage",), resource_arn=located(queue), why="to keep failed events"),)


def _target(
    resource: TemplateResource, item: Item, text: Text, queues: list[Text], *, enabled: bool
) -> Iterator[AnyFact]:
    """The trigger or the role use that one target comes to, once for every role it may have."""
    stack = resource.stack
    group_arn = _group_arn(resource, resource.text("GroupName") or "default")
    where = target(stack, located(text))
    call = _universal(resource, item, text)
    if call is None and where.is_function:
        call = Call(function_arn=where.arn)
    elif call is None:
        unknown = None if where.known else f"only a deployment tells what `{text.text}` is"
        call = Call(needs=sending(stack, where, item.value), unknown=unknown)
    if call.unknown:
        yield resource.unknown(f"target `{text.text}`", call.unknown, "target", text.source)
    shared = about(resource, text.source, text.only_if or item.only_if)
    roles = [*item.texts("RoleArn")]
    if not roles:
        yield resource.unknown(f"role of the target `{text.text}`", "it has no `RoleArn`", "shape", text.source)
    for role in roles:
        if call.function_arn is not None:
            need = Need(actions=("lambda:InvokeFunction",), resource_arn=call.function_arn, why="to run the function")
            yield Trigger(
                function_arn=call.function_arn,
                event="schedule",
                mechanism=Mechanism.SERVICE_ROLE,
                service=SERVICE,
                source_id=resource.id,
                source_arn=group_arn,
                role_arn=located(role),
                required=(need,),
                enabled=enabled,
                **{**shared, "only_if": role.only_if or shared["only_if"]},
            )
        elif where.known and where.service != SERVICE.partition(".")[0]:
            yield Delivery(
                sender_id=resource.id,
                target_arn=where.node,
                event="schedule",
                role_arn=located(role),
                required=call.needs,
                enabled=enabled,
                **{**shared, "only_if": role.only_if or shared["only_if"]},
            )
        yield RoleUse(
            user_id=resource.id,
            role_arn=located(role),
            service=SERVICE,
            source_arn=group_arn,
            required=(*call.needs, *(need for queue in queues for need in _to_queue(queue))),
            exact=call.unknown is None and (call.function_arn is not None or bool(call.needs)),
            **{**shared, "only_if": role.only_if or shared["only_if"]},
        )


def _universal(resource: TemplateResource, item: Item, text: Text) -> Call | None:
    """What a universal target (`arn:aws:scheduler:::aws-sdk:SERVICE:apiCall`) calls; None for any other target.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
    """
    parts = split_arn(text.text)
    if parts is None or parts.service != "scheduler":
        return None
    words = parts.resource.split(":")
    if len(words) != _SDK_PARTS or words[0] != "aws-sdk":
        return Call(unknown=f"`{text.text}` is not understood")
    given = next(item.texts("Input"), None)
    arguments = parse_arguments(LocatedStr(given.text, given.source) if given else None, text.source)
    return api_call(resource.stack, words[1], words[2], arguments, "to call the target")


def read_group(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Scheduler::ScheduleGroup`: a group of schedules; its ARN is the `aws:SourceArn` of all of them."""
    yield resource.resource()


TEMPLATE = {
    "AWS::Scheduler::Schedule": read_schedule,
    "AWS::Scheduler::ScheduleGroup": read_group,
}


_GONE = ("ResourceNotFoundException",)


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every schedule and schedule group."""
    for item in session.pages("scheduler", "list_schedule_groups", "ScheduleGroups"):
        yield session.resource(
            "AWS::Scheduler::ScheduleGroup",
            {},
            name=item["Name"],
            arn=item["Arn"],
            call="scheduler.list_schedule_groups",
        )
    yield from each(session, _live_schedule, session.pages("scheduler", "list_schedules", "Schedules"))


def _live_schedule(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    group = item.get("GroupName") or "default"
    answer = session.call("scheduler", "get_schedule", none=_GONE, of=item["Arn"], Name=item["Name"], GroupName=group)
    if not answer:
        return
    target = dict(answer["Target"])
    if ":aws-sdk:" not in target["Arn"]:
        target.pop("Input", None)  # an event; of a universal target it is what names the resource that is acted on
    properties = {
        **picked(answer, "ScheduleExpression", "KmsKeyArn"),
        **differing(answer, State="ENABLED"),
        "GroupName": None if group == "default" else group,
        "Target": target,
    }
    yield session.resource(
        "AWS::Scheduler::Schedule", properties, name=item["Name"], arn=item["Arn"], call="scheduler.get_schedule"
    )


LIVE = (
    LiveReader(
        read=read_live,
        client="scheduler",
        operations={
            "scheduler.list_schedule_groups": "which groups of schedules there are",
            "scheduler.list_schedules": "which schedules there are",
            "scheduler.get_schedule": "what a schedule runs, and with which role",
        },
    ),
)
