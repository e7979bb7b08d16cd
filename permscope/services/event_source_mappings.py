"""What AWS Lambda polls for a function: queues, streams, Kafka topics, brokers and change streams.

Lambda reads the source with the function's execution role, so no resource policy of the function is asked
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html). What the role needs is said by the
service of each source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from permscope.inventory.arn import split_arn
from permscope.inventory.facts import AnyFact, Mechanism, Need, Trigger
from permscope.inventory.located import LocatedStr, source_of
from permscope.services import docdb, dynamodb, kafka, kinesis, mq, sqs
from permscope.services._values import Item, root
from permscope.services.interface import TemplateResource
from permscope.services.kms import customer_key
from permscope.services.lambda_ import execution_role
from permscope.services.lambda_destinations import delivery

EVENT = "event-source-mapping"
_SERVICES = {
    "sqs": "sqs.amazonaws.com",
    "kinesis": "kinesis.amazonaws.com",
    "dynamodb": "dynamodb.amazonaws.com",
    "kafka": "kafka.amazonaws.com",
    "mq": "mq.amazonaws.com",
    "rds": "rds.amazonaws.com",
}
_NETWORK = ("VPC_SUBNET", "VPC_SECURITY_GROUP", "VIRTUAL_HOST")
_TYPES = {
    "AWS::SQS::Queue": "sqs",
    "AWS::DynamoDB::Table": "dynamodb",
    "AWS::DynamoDB::GlobalTable": "dynamodb",
    "AWS::MSK::Cluster": "kafka",
    "AWS::MSK::ServerlessCluster": "kafka",
    "AWS::AmazonMQ::Broker": "mq",
    "AWS::DocDB::DBCluster": "rds",
}


class _Source(NamedTuple):
    """What a mapping reads.

    Attributes:
        arn: as the mapping names it; None for self-managed Kafka.
        kind: service field of its ARN; empty where that is not known, `self-managed-kafka` without an ARN.
        resource: of this template.
        id: what the trigger starts at: of a table's stream the table, of a consumer its stream.
        stream: ARN of the Kinesis stream, where this template has it.
    """

    arn: str | None
    kind: str
    resource: TemplateResource | None
    id: str | None
    stream: str | None


def _source(mapping: TemplateResource) -> _Source:
    stack = mapping.stack
    arn = mapping.text("EventSourceArn")
    if arn is None:
        known = mapping.get("SelfManagedEventSource") is not None
        return _Source(None, "self-managed-kafka" if known else "", None, None, None)
    stream = kinesis.source_stream(stack, arn)
    resource = stack.find(stream or arn) or dynamodb.source_table(stack, arn)
    parts = split_arn(arn)
    if parts is not None:
        kind = parts.service
    elif stream is not None:
        kind = "kinesis"
    else:
        kind = (_TYPES.get(resource.type, "") if resource is not None else "") or _kind_by_properties(mapping)
    origin = stream or (resource.id if resource is not None else dynamodb.table_of(kinesis.stream_of(arn)))
    return _Source(arn, kind, resource, LocatedStr(origin, source_of(arn)), stream)


def _kind_by_properties(mapping: TemplateResource) -> str:
    """The kind of a source whose ARN is not known, from what only that kind may set."""
    if mapping.get("Topics") is not None or mapping.get("AmazonManagedKafkaEventSourceConfig") is not None:
        return "kafka"
    if mapping.get("DocumentDBEventSourceConfig") is not None:
        return "rds"
    if mapping.get("Queues") is not None:
        return "mq"
    return ""


def read_mapping(resource: TemplateResource) -> Iterable[AnyFact]:
    """A mapping: a trigger that polls, and where it sends the batches that failed."""
    for variant in resource.variants("FunctionName", "EventSourceArn", "Enabled"):
        arn = resource.stack.function_arn(variant.text("FunctionName"))
        if arn is None:
            yield variant.unknown("the event source mapping", "its `FunctionName` is missing", "shape")
            continue
        source = _source(variant)
        if not source.kind:
            why = "the kind of its source is not known, so neither is what its role needs"
            yield variant.unknown("the event source mapping", why, "source", variant.get("EventSourceArn"))
        enabled = variant.get("Enabled")
        yield Trigger(
            function_arn=arn,
            event=EVENT,
            mechanism=Mechanism.POLL,
            service=_SERVICES.get(source.kind, "lambda.amazonaws.com"),
            source_id=source.id,
            source_arn=source.arn,
            role_arn=execution_role(resource.stack, arn),
            required=tuple(_needs(variant, source)),
            enabled=enabled is None or variant.flag("Enabled"),
            exact=bool(source.kind),
            **variant.facts_about(variant.place("EventSourceArn")),
        )
        for found in root(variant).texts("DestinationConfig", "OnFailure", "Destination"):
            target = LocatedStr(found.text, found.source)
            yield from delivery(variant, arn, target, "on-failure", found.only_if)


def _needs(mapping: TemplateResource, source: _Source) -> Iterator[Need]:
    arn = source.arn or ""
    match source.kind:
        case "sqs":
            yield from sqs.needs_to_poll(arn)
        case "kinesis":
            yield from kinesis.needs_to_poll(arn, source.stream)
        case "dynamodb":
            yield from dynamodb.needs_to_poll(arn)
        case "kafka":
            yield from kafka.needs_to_poll(
                arn,
                mapping.texts("Topics"),
                group=mapping.text("AmazonManagedKafkaEventSourceConfig", "ConsumerGroupId"),
                iam=source.resource is not None
                and kafka.authenticates_by_iam(source.resource)
                and not mapping.get("SourceAccessConfigurations"),
            )
        case "mq":
            yield from mq.needs_to_poll(arn)
        case "rds":
            yield from docdb.needs_to_poll(arn)
        case "self-managed-kafka":
            if any((item.text("Type") or "") in _NETWORK[:2] for item in _access(mapping)):
                yield from kafka.needs_of_vpc()
    if source.kind in ("sqs", "kinesis", "dynamodb"):
        key = customer_key(source.resource)
        if key:
            yield Need(actions=("kms:Decrypt",), resource_arn=key, why="to read the encrypted source")
    yield from _secrets(mapping)


def _access(mapping: TemplateResource) -> Iterator[Item]:
    return root(mapping).items("SourceAccessConfigurations")


def _secrets(mapping: TemplateResource) -> Iterator[Need]:
    """Every secret the mapping authenticates with, and the key of it where this template says so."""
    uris: dict[str, None] = {}
    for item in _access(mapping):
        if (item.text("Type") or "") not in _NETWORK:
            uris.update((LocatedStr(found.text, found.source), None) for found in item.texts("URI"))
    for uri in uris:
        yield Need(actions=("secretsmanager:GetSecretValue",), resource_arn=uri, why="to authenticate at the source")
        key = customer_key(mapping.stack.find(uri, "AWS::SecretsManager::Secret"))
        if key:
            yield Need(actions=("kms:Decrypt",), resource_arn=key, why="to read the encrypted secret")


TEMPLATE = {"AWS::Lambda::EventSourceMapping": read_mapping}
