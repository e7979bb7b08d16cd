"""CloudWatch: alarms and what they call, metric streams.

A function called by an alarm must let `lambda.alarms.cloudwatch.amazonaws.com` in.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact
from permscope.services._answers import each, picked
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._targets import resource_behind, target
from permscope.services._values import located
from permscope.services._wiring import deliveries, needs_to_send, properties, role_uses, triggers
from permscope.services.interface import TemplateResource

SERVICE = "cloudwatch.amazonaws.com"
FUNCTION_ACTIONS = "lambda.alarms.cloudwatch.amazonaws.com"
STREAMS = "streams.metrics.cloudwatch.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE, FUNCTION_ACTIONS, STREAMS)

_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")


def read_alarm(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::CloudWatch::Alarm` and `CompositeAlarm`: an alarm, and each function or topic that one of its states calls.

    Scaling policies, EC2 actions and OpsItems are called with service-linked roles and are not wired here.
    """
    enabled = resource.text("ActionsEnabled") != "false"
    yield resource.resource(alarm_rule=resource.text("AlarmRule"))
    for kind in _ACTIONS:
        for text in properties(resource, kind):
            where = target(resource.stack, located(text))
            if where.service == "sns":
                yield from deliveries(resource, [text], event="alarm", service=SERVICE, enabled=enabled)
            elif where.is_function or (not where.known and not resource_behind(resource.stack, text.text)):
                yield from triggers(resource, [text], event="alarm", service=FUNCTION_ACTIONS, enabled=enabled)


def read_metric_stream(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::CloudWatch::MetricStream`: metrics sent to a Firehose stream with a role."""
    yield resource.resource(firehose_arn=resource.text("FirehoseArn"))
    needs = needs_to_send(resource, properties(resource, "FirehoseArn"))
    yield from role_uses(resource, properties(resource, "RoleArn"), STREAMS, needs)


TEMPLATE = {
    "AWS::CloudWatch::Alarm": read_alarm,
    "AWS::CloudWatch::CompositeAlarm": read_alarm,
    "AWS::CloudWatch::MetricStream": read_metric_stream,
}


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every alarm with its actions, and every metric stream."""
    kinds = ["MetricAlarm", "CompositeAlarm"]
    for page in session.pages("cloudwatch", "describe_alarms", AlarmTypes=kinds):
        for key, type_name in (("MetricAlarms", "Alarm"), ("CompositeAlarms", "CompositeAlarm")):
            for item in page.get(key) or ():
                yield session.resource(
                    f"AWS::CloudWatch::{type_name}",
                    picked(item, *_ACTIONS, "ActionsEnabled", "AlarmRule"),
                    name=item["AlarmName"],
                    arn=item.get("AlarmArn"),
                    call="cloudwatch.describe_alarms",
                )
    streams = [item["Name"] for item in session.pages("cloudwatch", "list_metric_streams", "Entries")]
    yield from each(session, _live_stream, streams)


def _live_stream(session: Session, name: str) -> Iterator[LiveFact]:
    call = "cloudwatch.get_metric_stream"
    answer = session.call("cloudwatch", "get_metric_stream", none=("ResourceNotFoundException",), Name=name)
    if answer:
        properties = picked(answer, "FirehoseArn", "RoleArn")
        yield session.resource("AWS::CloudWatch::MetricStream", properties, name=name, arn=answer.get("Arn"), call=call)


LIVE = (
    LiveReader(
        read=read_live,
        client="cloudwatch",
        operations={
            "cloudwatch.describe_alarms": "which functions and topics alarms call",
            "cloudwatch.list_metric_streams": "which metric streams there are",
            "cloudwatch.get_metric_stream": "which role sends metrics to a stream",
        },
    ),
)
