"""Amazon Kinesis Data Analytics (SQL) and Managed Service for Apache Flink.

https://docs.aws.amazon.com/kinesisanalytics/latest/dev/lambda-preprocessing.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from permscope.inventory.facts import AnyFact, Delivery, Need
from permscope.services._answers import each, picked
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import Item, Text, about, located, root
from permscope.services._wiring import role_triggers, role_uses
from permscope.services.interface import TemplateResource

SERVICE = "kinesisanalytics.amazonaws.com"
_INVOKE_ACTIONS = ("lambda:InvokeFunction", "lambda:GetFunctionConfiguration")
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
            actions=_INVOKE_ACTIONS,
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
                actions=_INVOKE_ACTIONS,
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


_LAMBDA_OR_STREAM = ("LambdaOutput", "KinesisStreamsOutput", "KinesisFirehoseOutput")
_ENDED = ("EndpointConnectionError", "UnsupportedOperationException")
"""How the API of SQL applications says that they are no more, as they have been since January 2026."""


def _live_reader(client: str, version: str, none: tuple[str, ...]) -> Callable[[Session], Iterator[LiveFact]]:
    """Reads the applications of one of the two APIs; code and properties of applications are not kept."""

    def one(session: Session, name: str) -> Iterator[LiveFact]:
        gone = (*none, "ResourceNotFoundException")
        answer = session.call(client, "describe_application", none=gone, ApplicationName=name) or {}
        detail = answer.get("ApplicationDetail")
        if not detail:
            return
        sql = detail
        if version:
            configuration = detail.get("ApplicationConfigurationDescription") or {}
            sql = configuration.get("SqlApplicationConfigurationDescription") or {}
        inputs = [_described(found) for found in sql.get("InputDescriptions") or ()]
        held = {"ApplicationConfiguration": {"SqlApplicationConfiguration": {"Inputs": inputs}}}
        yield session.resource(
            f"AWS::KinesisAnalytics{version}::Application",
            {**picked(detail, "ServiceExecutionRole"), **(held if version else {"Inputs": inputs})},
            name=name,
            arn=detail["ApplicationARN"],
            call=f"{client}.describe_application",
        )
        for found in sql.get("OutputDescriptions") or ():
            output = picked(_described(found), *_LAMBDA_OR_STREAM)
            yield session.resource(
                f"AWS::KinesisAnalytics{version}::ApplicationOutput",
                {"ApplicationName": name, "Output": output},
                name=f"{name}/{found.get('OutputId')}",
                call=f"{client}.describe_application",
            )

    def read(session: Session) -> Iterator[LiveFact]:
        items = session.pages(client, "list_applications", "ApplicationSummaries", none=none)
        yield from each(session, one, [item["ApplicationName"] for item in items])

    return read


def _described(value: Any) -> Any:
    """A description with the names of the configuration it was made of."""
    if isinstance(value, Mapping):
        return {key.removesuffix("Description"): _described(inner) for key, inner in value.items()}
    return value


def _live_operations(client: str) -> dict[str, str]:
    return {
        f"{client}.list_applications": "which analytics applications there are",
        f"{client}.describe_application": "which functions an application runs, and with which role",
    }


LIVE = (
    LiveReader(
        read=_live_reader("kinesisanalytics", "", _ENDED),
        client="kinesisanalytics",
        operations=_live_operations("kinesisanalytics"),
    ),
    LiveReader(
        read=_live_reader("kinesisanalyticsv2", "V2", ()),
        client="kinesisanalyticsv2",
        operations=_live_operations("kinesisanalyticsv2"),
    ),
)
