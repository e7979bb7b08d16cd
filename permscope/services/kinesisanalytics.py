"""Amazon Kinesis Data Analytics (SQL) and Managed Service for Apache Flink.

https://docs.aws.amazon.com/kinesisanalytics/latest/dev/lambda-preprocessing.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from permscope.inventory.facts import AnyFact, Delivery, Need
from permscope.services._values import Item, Text, about, located, root
from permscope.services._wiring import role_triggers, role_uses
from permscope.services.firehose import INVOKE_ACTIONS
from permscope.services.interface import TemplateResource

SERVICE = "kinesisanalytics.amazonaws.com"
_READ_STREAM = ("kinesis:DescribeStream", "kinesis:GetShardIterator", "kinesis:GetRecords")
_READ_FIREHOSE = ("firehose:DescribeDeliveryStream", "firehose:Get*")
_WRITE = {
    "KinesisStreamsOutput": ("kinesis:DescribeStream", "kinesis:PutRecord", "kinesis:PutRecords"),
    "KinesisFirehoseOutput": (
        "firehose:DescribeDeliveryStream",
        "firehose:PutRecord",
        "firehose:PutRecordBatch",
    ),
}


def read_application(resource: TemplateResource) -> Iterable[AnyFact]:
    """An application: SQL with a role for each input, or any other with one role for all."""
    yield resource.resource()
    shared = list(root(resource).texts("ServiceExecutionRole"))
    yield from role_uses(resource, shared, SERVICE, exact=False)
    for path in (("Inputs",), ("ApplicationConfiguration", "SqlApplicationConfiguration", "Inputs")):
        for item in root(resource).items(*path):
            yield from _input(resource, item, shared)


def _input(resource: TemplateResource, item: Item, shared: list[Text]) -> Iterator[AnyFact]:
    for processor in item.items("InputProcessingConfiguration", "InputLambdaProcessor"):
        yield from role_triggers(
            resource,
            processor.texts("ResourceARN"),
            list(processor.texts("RoleARN")) or shared,
            event="kinesis-analytics-preprocessing",
            service=SERVICE,
            actions=INVOKE_ACTIONS,
        )
    for key, actions in (("KinesisStreamsInput", _READ_STREAM), ("KinesisFirehoseInput", _READ_FIREHOSE)):
        for source in item.items(key):
            for arn in source.texts("ResourceARN"):
                need = Need(actions=actions, resource_arn=located(arn), why="to read the input")
                for role in list(source.texts("RoleARN")) or shared:
                    yield Delivery(
                        sender_id=arn.text,
                        target_arn=resource.id,
                        event="kinesis-analytics-input",
                        role_arn=located(role),
                        required=(need,),
                        **about(resource, arn.source, arn.only_if),
                    )
                    yield from role_uses(resource, [role], SERVICE, [need])


def read_output(resource: TemplateResource) -> Iterable[AnyFact]:
    """What an application writes its results to: a function, a stream or a delivery stream."""
    named = resource.text("ApplicationName")
    types = ("AWS::KinesisAnalytics::Application", "AWS::KinesisAnalyticsV2::Application")
    application = resource.stack.find(named, *types)
    user = application.id if application is not None else resource.id
    shared = list(root(application).texts("ServiceExecutionRole")) if application is not None else []
    for output in root(resource).items("Output"):
        for function in output.items("LambdaOutput"):
            yield from role_triggers(
                resource,
                function.texts("ResourceARN"),
                list(function.texts("RoleARN")) or shared,
                event="kinesis-analytics-output",
                service=SERVICE,
                actions=INVOKE_ACTIONS,
                source_id=user,
            )
        for key, actions in _WRITE.items():
            for target in output.items(key):
                for arn in target.texts("ResourceARN"):
                    need = Need(actions=actions, resource_arn=located(arn), why="to write the results")
                    for role in list(target.texts("RoleARN")) or shared:
                        yield Delivery(
                            sender_id=user,
                            target_arn=located(arn),
                            event="kinesis-analytics-output",
                            role_arn=located(role),
                            required=(need,),
                            **about(resource, arn.source, arn.only_if),
                        )
                        yield from role_uses(resource, [role], SERVICE, [need], user_id=user)


TEMPLATE = {
    "AWS::KinesisAnalytics::Application": read_application,
    "AWS::KinesisAnalytics::ApplicationOutput": read_output,
    "AWS::KinesisAnalyticsV2::Application": read_application,
    "AWS::KinesisAnalyticsV2::ApplicationOutput": read_output,
}
SERVICE_PRINCIPALS = (SERVICE,)
