"""EventBridge Pipes: one role reads the source, calls the enrichment and sends to the target.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-permissions.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from permscope.inventory.arn import split_arn
from permscope.inventory.facts import AnyFact, Delivery, Mechanism, Need, RoleUse, Trigger
from permscope.inventory.located import LocatedStr, source_of
from permscope.services import dynamodb, kinesis, sqs
from permscope.services._answers import differing, each, picked
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._targets import Target, sending, target
from permscope.services._values import Text, about, located, mappings, root
from permscope.services.interface import TemplateResource

SERVICE = "pipes.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE,)

_ACTIONS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("firehose", "deliverystream"): ("firehose:PutRecordBatch",),
    ("kinesis", "stream"): ("kinesis:PutRecords",),
}
_SYNC = {("states", "stateMachine"): ("states:StartSyncExecution",)}
_PARAMETERS: Mapping[str, str] = {
    "ActiveMQBrokerParameters": "mq",
    "DynamoDBStreamParameters": "dynamodb",
    "KinesisStreamParameters": "kinesis",
    "ManagedStreamingKafkaParameters": "kafka",
    "RabbitMQBrokerParameters": "mq",
    "SqsQueueParameters": "sqs",
}
_CREDENTIALS = ("BasicAuth", "ClientCertificateTlsAuth", "SaslScram256Auth", "SaslScram512Auth")
_NETWORK = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeVpcs",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
)


def read_pipe(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Pipes::Pipe`: the way from a source over an enrichment to a target."""
    enabled = (resource.text("DesiredState") or "RUNNING") != "STOPPED"
    yield resource.resource(kms_key_arn=resource.text("KmsKeyIdentifier"), state=resource.text("DesiredState"))
    properties = root(resource)
    needs: list[Need] = []
    unknown = False
    sources = [*properties.texts("Source")]
    reads = [(text, _source_needs(resource, located(text))) for text in sources]
    for text, reading in reads:
        needs.extend(reading)
        if not reading:
            unknown = True
            yield resource.unknown(f"source `{text.text}`", _unread(text), "target", text.source)
    calls = [
        *((text, target(resource.stack, located(text)), "enrichment") for text in properties.texts("Enrichment")),
        *((text, target(resource.stack, located(text)), "target") for text in properties.texts("Target")),
    ]
    for text, where, leg in calls:
        found = () if where.is_function else _leg_needs(resource, where, leg)
        needs.extend(found)
        if not found and not where.is_function:
            unknown = True
            why = "it is not understood" if where.known else "only a deployment tells what it is"
            yield resource.unknown(f"{leg} `{text.text}`", why, "target", text.source)
    needs.extend(_settings(resource))
    for role in properties.texts("RoleArn"):
        for text, reading in reads:
            yield Delivery(
                sender_id=_sender(resource, located(text)),
                target_arn=resource.id,
                event="pipe-source",
                role_arn=located(role),
                required=reading,
                enabled=enabled,
                **about(resource, text.source, text.only_if),
            )
        for text, where, leg in calls:
            if where.is_function:
                yield _trigger(resource, text, where, role, leg, enabled=enabled)
            elif where.known:
                yield Delivery(
                    sender_id=resource.id,
                    target_arn=where.node,
                    event=f"pipe-{leg}",
                    role_arn=located(role),
                    required=_leg_needs(resource, where, leg),
                    enabled=enabled,
                    **about(resource, text.source, text.only_if),
                )
        yield RoleUse(
            user_id=resource.id,
            role_arn=located(role),
            service=SERVICE,
            required=tuple(needs),
            exact=not unknown,
            **about(resource, role.source, role.only_if),
        )


def _unread(text: Text) -> str:
    return "only a deployment tells what it is" if text.text.startswith("${") else "it is not understood"


def _trigger(resource: TemplateResource, text: Text, where: Target, role: Text, leg: str, *, enabled: bool) -> Trigger:
    return Trigger(
        function_arn=where.arn,
        event=f"pipe-{leg}",
        mechanism=Mechanism.SERVICE_ROLE,
        service=SERVICE,
        source_id=resource.id,
        source_arn=resource.arn,
        role_arn=located(role),
        required=(Need(actions=("lambda:InvokeFunction",), resource_arn=where.arn, why=f"to call the {leg}"),),
        enabled=enabled,
        **about(resource, text.source, text.only_if),
    )


def _sender(resource: TemplateResource, text: str) -> str:
    """The id of what a pipe reads: of a table's stream the table."""
    table = dynamodb.source_table(resource.stack, text)
    if table is not None and table.arn:
        return table.arn
    found = resource.stack.find(text)
    return found.id if found is not None else dynamodb.table_of(kinesis.stream_of(text))


def _source_needs(resource: TemplateResource, text: str) -> tuple[Need, ...]:
    """What the role must be allowed to read the source; nothing for a source that is not known."""
    parts = split_arn(text)
    service = parts.service if parts is not None else _service_by_parameters(resource)
    place = source_of(text, resource.source)
    table = dynamodb.source_table(resource.stack, text)
    if table is not None:
        stream = text if service == "dynamodb" else LocatedStr(dynamodb.stream_arn(table), place)
        return dynamodb.needs_to_poll(stream)
    match service:
        case "sqs":
            return sqs.needs_to_poll(text)
        case "kinesis":
            return kinesis.needs_to_poll(text)
        case "dynamodb":
            return dynamodb.needs_to_poll(text)
        case "mq":
            broker = Need(actions=("mq:DescribeBroker",), resource_arn=text, why="to read the broker")
            return (broker, *_secrets(resource), Need(actions=_NETWORK, resource_arn="*", why="to reach the broker"))
        case "kafka":
            cluster = Need(
                actions=("kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"),
                resource_arn=text,
                why="to read the cluster",
            )
            network = Need(actions=_NETWORK, resource_arn="*", why="to reach the cluster")
            return (cluster, *_secrets(resource), network)
    if text.startswith("smk://"):
        needs = [*_secrets(resource)]
        if resource.get("SourceParameters", "SelfManagedKafkaParameters", "Vpc") is not None:
            needs.append(Need(actions=_NETWORK, resource_arn="*", why="to reach the cluster"))
        return tuple(needs) or (Need(actions=(), resource_arn="*", why="to read the cluster"),)
    return ()


def _service_by_parameters(resource: TemplateResource) -> str:
    """The service of a source that only a deployment tells, by the parameters that are given for it."""
    given = next((item.value for item in mappings(resource.get("SourceParameters"))), {})
    return next((service for name, service in _PARAMETERS.items() if name in given), "")


def _secrets(resource: TemplateResource) -> Iterator[Need]:
    """The secrets that sign in to a broker or cluster."""
    for kind in (
        "ActiveMQBrokerParameters",
        "RabbitMQBrokerParameters",
        "ManagedStreamingKafkaParameters",
        "SelfManagedKafkaParameters",
    ):
        for item in mappings(resource.get("SourceParameters", kind)):
            for name in _CREDENTIALS:
                for secret in item.texts("Credentials", name):
                    yield Need(
                        actions=("secretsmanager:GetSecretValue",), resource_arn=located(secret), why="to sign in"
                    )
            for secret in item.texts("ServerRootCaCertificate"):
                yield Need(
                    actions=("secretsmanager:GetSecretValue",), resource_arn=located(secret), why="to trust the server"
                )


def _leg_needs(resource: TemplateResource, where: Target, leg: str) -> tuple[Need, ...]:
    """What calling the enrichment, or sending to the target, takes."""
    if leg == "enrichment":
        return sending(resource.stack, where, actions=_SYNC)
    parameters = next((item.value for item in mappings(resource.get("TargetParameters"))), {})
    kind = resource.text("TargetParameters", "StepFunctionStateMachineParameters", "InvocationType")
    actions = {**_ACTIONS, **(_SYNC if kind == "REQUEST_RESPONSE" else {})}
    return sending(resource.stack, where, parameters, actions)


def _settings(resource: TemplateResource) -> Iterator[Need]:
    """Where failed events and logs go, which the pipe's role must allow."""
    for item in mappings(resource.get("SourceParameters")):
        for inner in mappings(list(item.value.values())):
            for queue in inner.texts("DeadLetterConfig", "Arn"):
                parts = split_arn(queue.text)
                action = "sns:Publish" if parts is not None and parts.service == "sns" else "sqs:SendMessage"
                yield Need(actions=(action,), resource_arn=located(queue), why="to keep failed events")
    for stream in root(resource).texts("LogConfiguration", "FirehoseLogDestination", "DeliveryStreamArn"):
        yield Need(actions=("firehose:PutRecord",), resource_arn=located(stream), why="to write logs")
    for bucket in root(resource).texts("LogConfiguration", "S3LogDestination", "BucketName"):
        arn = LocatedStr(resource.stack.arn("s3", f"{bucket.text}/*", region="", account=""), bucket.source)
        yield Need(actions=("s3:PutObject",), resource_arn=arn, why="to write logs")
    for group in root(resource).texts("LogConfiguration", "CloudwatchLogsLogDestination", "LogGroupArn"):
        actions = ("logs:CreateLogStream", "logs:PutLogEvents")
        yield Need(actions=actions, resource_arn=located(group), why="to write logs")


TEMPLATE = {"AWS::Pipes::Pipe": read_pipe}


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every pipe."""
    names = [item["Name"] for item in session.pages("pipes", "list_pipes", "Pipes")]
    yield from each(session, _live_pipe, names)


def _live_pipe(session: Session, name: str) -> Iterator[LiveFact]:
    answer = session.call("pipes", "describe_pipe", none=("NotFoundException",), Name=name)
    if not answer:
        return
    same = ("KmsKeyIdentifier", "Source", "SourceParameters", "Enrichment", "Target", "RoleArn")
    properties = {
        **picked(answer, *same, "LogConfiguration"),
        **differing(answer, DesiredState="RUNNING"),
        "TargetParameters": answer.get("TargetParameters"),
    }
    if properties["TargetParameters"]:
        properties["TargetParameters"] = {
            key: value for key, value in properties["TargetParameters"].items() if key != "InputTemplate"
        }
    yield session.resource("AWS::Pipes::Pipe", properties, name=name, arn=answer["Arn"], call="pipes.describe_pipe")


LIVE = (
    LiveReader(
        read=read_live,
        client="pipes",
        operations={
            "pipes.list_pipes": "which pipes there are",
            "pipes.describe_pipe": "what a pipe reads, calls and writes, and with which role",
        },
    ),
)
