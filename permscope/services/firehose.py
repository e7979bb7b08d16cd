"""Amazon Data Firehose: delivery streams, the functions that transform their records, and where they deliver.

Firehose does everything with the role of the destination or source
(https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from permscope.inventory.facts import AnyFact, Delivery, Mechanism, Need, Trigger
from permscope.inventory.located import LocatedStr
from permscope.services._answers import each
from permscope.services._holders import roles_of
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import Item, Text, about, located, root
from permscope.services._wiring import INVOKE, function_of, role_uses
from permscope.services.interface import TemplateResource
from permscope.services.kms import encryption_key

SERVICE = "firehose.amazonaws.com"
EVENT = "firehose-transformation"
BUCKET_ACTIONS = ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads")
OBJECT_ACTIONS = ("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject")
STREAM_ACTIONS = ("kinesis:DescribeStream", "kinesis:GetShardIterator", "kinesis:GetRecords", "kinesis:ListShards")
DOMAIN_ACTIONS = (
    "es:DescribeDomain",
    "es:DescribeDomains",
    "es:DescribeDomainConfig",
    "es:ESHttpPost",
    "es:ESHttpPut",
)
_BACKUPS = ("S3Configuration", "S3BackupConfiguration")


def read_delivery_stream(resource: TemplateResource) -> Iterable[AnyFact]:
    """A delivery stream with its source, its transformations and its destinations."""
    yield resource.resource(kms_key_arn=encryption_key(resource))
    yield from _sources(resource)
    for key in resource.properties:
        if str(key).endswith("DestinationConfiguration"):
            for destination in root(resource).items(str(key)):
                yield from _transformations(resource, destination)
                yield from _destination(resource, destination)
    secrets = {text.text: text for text in _secret_roles(resource)}
    yield from role_uses(resource, secrets.values(), SERVICE, exact=False)


def _sources(resource: TemplateResource) -> Iterator[AnyFact]:
    for source in root(resource).items("KinesisStreamSourceConfiguration"):
        for stream in source.texts("KinesisStreamARN"):
            need = Need(actions=STREAM_ACTIONS, resource_arn=located(stream), why="to read the stream")
            yield from _reads(resource, stream, "firehose-source", source.texts("RoleARN"), need)
    for source in root(resource).items("MSKSourceConfiguration"):
        for cluster in source.texts("MSKClusterARN"):
            actions = ("kafka:GetBootstrapBrokers", "kafka:DescribeCluster", "kafka:DescribeClusterV2")
            need = Need(actions=actions, resource_arn=located(cluster), why="to read the cluster")
            roles = source.texts("AuthenticationConfiguration", "RoleARN")
            yield from _reads(resource, cluster, "firehose-source", roles, need)


def _reads(
    resource: TemplateResource, source: Text, event: str, roles: Iterable[Text], need: Need
) -> Iterator[AnyFact]:
    for role in roles:
        yield Delivery(
            sender_id=source.text,
            target_arn=resource.id,
            event=event,
            role_arn=located(role),
            required=(need,),
            **about(resource, source.source, source.only_if or role.only_if),
        )
        yield from role_uses(resource, [role], SERVICE, [need])


def _transformations(resource: TemplateResource, destination: Item) -> Iterator[AnyFact]:
    """The function each Lambda processor calls, with a role of its own or the destination's.

    AWS's example grants `lambda:GetFunctionConfiguration` besides; records are transformed without it.
    https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3
    """
    for processor in destination.items("ProcessingConfiguration", "Processors"):
        parameters = {
            name.text: list(parameter.texts("ParameterValue"))
            for parameter in processor.items("Parameters")
            for name in parameter.texts("ParameterName")
        }
        for function in parameters.get("LambdaArn", ()):
            arn = function_of(resource, function)
            if arn is None:
                why = "only a deployment tells what it is"
                yield resource.unknown(f"function `{function.text}`", why, "target", function.source)
                continue
            roles = parameters.get("RoleArn") or list(destination.texts("RoleARN"))
            roles = roles or [role for key in _BACKUPS for role in destination.texts(key, "RoleARN")][:1]
            enabled = destination.text("ProcessingConfiguration", "Enabled")
            choices: list[Text | None] = [*roles]
            for role in choices or [None]:
                yield Trigger(
                    function_arn=arn,
                    event=EVENT,
                    mechanism=Mechanism.SERVICE_ROLE,
                    service=SERVICE,
                    source_id=resource.id,
                    role_arn=located(role) if role else None,
                    required=(Need(actions=INVOKE, resource_arn=arn, why="to transform the records"),),
                    enabled=enabled is None or enabled.lower() == "true",
                    **about(resource, function.source, function.only_if),
                )


def _destination(resource: TemplateResource, destination: Item) -> Iterator[AnyFact]:
    """What a destination and its backup bucket are written with."""
    roles = list(destination.texts("RoleARN"))
    for bucket in destination.texts("BucketARN"):
        yield from _writes(resource, bucket, roles, to_bucket(located(bucket), _bucket_key(destination)))
    for domain in destination.texts("DomainARN"):
        arn = located(domain)
        needs = (
            Need(actions=DOMAIN_ACTIONS, resource_arn=arn, why="to index the records"),
            Need(actions=("es:ESHttpPost", "es:ESHttpPut"), resource_arn=f"{arn}/*", why="to index the records"),
        )
        yield from _writes(resource, domain, roles, needs)
    for key in _BACKUPS:
        for backup in destination.items(key):
            own = list(backup.texts("RoleARN")) or roles
            for bucket in backup.texts("BucketARN"):
                yield from _writes(resource, bucket, own, to_bucket(located(bucket), _bucket_key(backup)))
    if not any(True for _ in destination.texts("BucketARN")) and not any(True for _ in destination.texts("DomainARN")):
        yield from role_uses(resource, roles, SERVICE, exact=False)


def _bucket_key(destination: Item) -> str | None:
    return destination.text("EncryptionConfiguration", "KMSEncryptionConfig", "AWSKMSKeyARN")


def to_bucket(arn: str, key: str | None = None) -> tuple[Need, ...]:
    """What a role needs to deliver to a bucket, encrypted with a key where there is one."""
    needs = (
        Need(actions=BUCKET_ACTIONS, resource_arn=arn, why="to find the bucket"),
        Need(actions=OBJECT_ACTIONS, resource_arn=LocatedStr(f"{arn}/*"), why="to store the records"),
    )
    if not key:
        return needs
    return (
        *needs,
        Need(actions=("kms:Decrypt", "kms:GenerateDataKey"), resource_arn=key, why="to encrypt the records"),
    )


def _writes(
    resource: TemplateResource, target: Text, roles: Iterable[Text], needs: tuple[Need, ...]
) -> Iterator[AnyFact]:
    for role in roles:
        yield Delivery(
            sender_id=resource.id,
            target_arn=located(target),
            event="firehose-destination",
            role_arn=located(role),
            required=needs,
            **about(resource, target.source, target.only_if or role.only_if),
        )
        yield from role_uses(resource, [role], SERVICE, needs)


def _secret_roles(resource: TemplateResource) -> Iterator[Text]:
    """Roles that read a destination's password, its schema, or reach it in a VPC."""
    for key in resource.properties:
        for part in ("SecretsManagerConfiguration", "VpcConfiguration"):
            yield from roles_of(resource, f"{key}.{part}.RoleARN")
        yield from roles_of(resource, f"{key}.DataFormatConversionConfiguration.SchemaConfiguration.RoleARN")
    path = "DatabaseSourceConfiguration.DatabaseSourceAuthenticationConfiguration.SecretsManagerConfiguration.RoleARN"
    yield from roles_of(resource, path)


TEMPLATE = {"AWS::KinesisFirehose::DeliveryStream": read_delivery_stream}
SERVICE_PRINCIPALS = (SERVICE,)


_SECRET = ("HECToken", "Username", "User", "Password", "RequestConfiguration", "EndpointConfiguration", "CopyCommand")
_RENAMED = {
    "S3DestinationDescription": "S3Configuration",
    "VpcConfigurationDescription": "VpcConfiguration",
}


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every delivery stream."""
    names = [*session.pages("firehose", "list_delivery_streams", "DeliveryStreamNames")]
    yield from each(session, _live_stream, names)


def _live_stream(session: Session, name: str) -> Iterator[LiveFact]:
    """One delivery stream; what CloudFormation calls a configuration the API describes.

    https://docs.aws.amazon.com/firehose/latest/APIReference/API_DestinationDescription.html
    """
    call = "firehose.describe_delivery_stream"
    none = ("ResourceNotFoundException",)
    answer = session.call("firehose", "describe_delivery_stream", none=none, DeliveryStreamName=name) or {}
    found = answer.get("DeliveryStreamDescription")
    if not found:
        return
    key = (found.get("DeliveryStreamEncryptionConfiguration") or {}).get("KeyARN")
    properties: dict[str, Any] = {
        "DeliveryStreamEncryptionConfigurationInput": {"KeyARN": key} if key else None,
        **_described(found.get("Source") or {}),
    }
    for destination in found.get("Destinations") or ():
        held = {key: value for key, value in destination.items() if key.endswith("DestinationDescription")}
        if "ExtendedS3DestinationDescription" in held:
            held.pop("S3DestinationDescription", None)  # the same once more, for clients that know no other
        for kind, settings in held.items():
            properties[f"{kind.removesuffix('Description')}Configuration"] = _described(settings)
    yield session.resource(
        "AWS::KinesisFirehose::DeliveryStream", properties, name=name, arn=found["DeliveryStreamARN"], call=call
    )


def _described(value: Any) -> Any:
    """A description with the names of the configuration it was made of, without what may be a secret."""
    if isinstance(value, Mapping):
        return {
            _RENAMED.get(key) or (f"{key.removesuffix('Description')}Configuration" if _is_part(key) else key): (
                _described(inner)
            )
            for key, inner in value.items()
            if key not in _SECRET
        }
    return [_described(inner) for inner in value] if isinstance(value, list) else value


def _is_part(key: str) -> bool:
    return key.endswith("Description")


LIVE = (
    LiveReader(
        read=read_live,
        client="firehose",
        operations={
            "firehose.list_delivery_streams": "which delivery streams there are",
            "firehose.describe_delivery_stream": "which functions transform records, and where they go with which role",
        },
    ),
)
