"""AWS KMS: keys and their policies, and which key a resource is encrypted with.

Key policies: https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from permscope.inventory.facts import AnyFact, ResourcePolicy
from permscope.inventory.located import LocatedStr, as_text, source_of
from permscope.inventory.policies import PolicyKind, parse_policy
from permscope.inventory.source import Source
from permscope.inventory.tokens import UNKNOWN_TOKEN
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import root
from permscope.services.interface import Stack, TemplateResource

_KEY_TYPES = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")
_BUCKET_KEY = (
    "BucketEncryption",
    "ServerSideEncryptionConfiguration",
    "ServerSideEncryptionByDefault",
    "KMSMasterKeyID",
)
_KEY_PROPERTIES: dict[str, tuple[str, ...]] = {
    "AWS::SQS::Queue": ("KmsMasterKeyId",),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
    "AWS::Kinesis::Stream": ("StreamEncryption", "KeyId"),
    "AWS::DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
    "AWS::S3::Bucket": _BUCKET_KEY,
    "AWS::SecretsManager::Secret": ("KmsKeyId",),
    "AWS::EFS::FileSystem": ("KmsKeyId",),
    "AWS::ECR::Repository": ("EncryptionConfiguration", "KmsKey"),
    "AWS::Backup::BackupVault": ("EncryptionKeyArn",),
    "AWS::RDS::DBCluster": ("KmsKeyId",),
    "AWS::RDS::DBInstance": ("KmsKeyId",),
    "AWS::DocDB::DBCluster": ("KmsKeyId",),
    "AWS::OpenSearchService::Domain": ("EncryptionAtRestOptions", "KmsKeyId"),
    "AWS::Elasticsearch::Domain": ("EncryptionAtRestOptions", "KmsKeyId"),
    "AWS::AmazonMQ::Broker": ("EncryptionOptions", "KmsKeyId"),
    "AWS::MSK::Cluster": ("EncryptionInfo", "EncryptionAtRest", "DataVolumeKMSKeyId"),
    "AWS::KinesisFirehose::DeliveryStream": ("DeliveryStreamEncryptionConfigurationInput", "KeyARN"),
}


def key_arn(stack: Stack, value: object) -> str | None:
    """The ARN of a key given by id, ARN or alias; an alias that the template makes is followed to its key.

    The target of an alias is a key, never another alias:
    https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html (TargetKeyId)
    """
    alias = stack.find(value, "AWS::KMS::Alias")
    if alias is not None and stack.find(value, *_KEY_TYPES) is None:
        return _arn_of_key(stack, alias.text("TargetKeyId")) or alias.arn
    return _arn_of_key(stack, value)


def _arn_of_key(stack: Stack, value: object) -> str | None:
    text = as_text(value)
    if not text:
        return None
    key = stack.find(text, *_KEY_TYPES)
    if key is not None and key.arn:
        return LocatedStr(key.arn, source_of(value))
    if text.startswith("arn:") or UNKNOWN_TOKEN.fullmatch(text):
        return text
    return LocatedStr(stack.arn("kms", text if text.startswith("alias/") else f"key/{text}"), source_of(value))


def encryption_key(resource: TemplateResource) -> str | None:
    """The ARN of the key a resource's data is encrypted with; None for keys that AWS owns and types not known."""
    arn = _encryption_key(resource)
    return None if arn in resource.stack.keys_of_aws else arn


def _encryption_key(resource: TemplateResource) -> str | None:
    path = _KEY_PROPERTIES.get(resource.type)
    if path is None:
        return None
    if path is not _BUCKET_KEY:
        return key_arn(resource.stack, resource.get(*path))
    rules = root(resource).items(*path[:2])
    return key_arn(resource.stack, next((key for rule in rules if (key := rule.text(*path[2:]))), None))


def customer_key(resource: TemplateResource | None) -> str | None:
    """As `encryption_key`, without AWS managed keys (`alias/aws/sqs`), which ask nothing of a policy of the account."""
    arn = encryption_key(resource) if resource is not None else None
    return None if arn is None or ":alias/aws/" in arn else arn


def read_key(resource: TemplateResource) -> Iterable[AnyFact]:
    """A key with its key policy, the root of trust of everything the key protects."""
    yield resource.resource(
        multi_region=resource.flag("MultiRegion"),
        enabled=resource.get("Enabled") is None or resource.flag("Enabled"),
        key_spec=resource.text("KeySpec"),
    )
    if resource.get("KeyPolicy") is None:
        # Without `KeyPolicy` KMS attaches its default, which hands the key to the account's IAM policies.
        policy = resource.policy(_default_policy(resource.stack), PolicyKind.RESOURCE, name="default key policy")
        yield ResourcePolicy(resource_arn=resource.id, policy=policy, **resource.facts_about())
    else:
        yield from resource.protects(resource.id, "KeyPolicy")


def _default_policy(stack: Stack) -> dict[str, object]:
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": stack.arn("iam", "root", region="")},
        "Action": "kms:*",
        "Resource": "*",
    }
    return {"Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement]}


def read_alias(resource: TemplateResource) -> Iterable[AnyFact]:
    """An alias and the key behind it."""
    yield resource.resource(target_key_arn=_arn_of_key(resource.stack, resource.text("TargetKeyId")))


TEMPLATE = {"AWS::KMS::Key": read_key, "AWS::KMS::ReplicaKey": read_key, "AWS::KMS::Alias": read_alias}
SERVICE_PRINCIPALS = ("kms.amazonaws.com",)


_GONE = ("NotFoundException", "KMSInvalidStateException")


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every key of the account with its policy and its grants; of keys that AWS manages only that they are such."""
    keys = [key["KeyArn"] for key in session.pages("kms", "list_keys", "Keys")]
    for found in session.map(lambda arn: list(_live_key(session, arn)), keys):
        yield from found
    for alias in session.pages("kms", "list_aliases", "Aliases"):
        if alias.get("TargetKeyId") and not alias["AliasName"].startswith("alias/aws/"):
            properties = {"AliasName": alias["AliasName"], "TargetKeyId": alias["TargetKeyId"]}
            name = alias["AliasName"]
            arn = alias.get("AliasArn")
            yield session.resource("AWS::KMS::Alias", properties, name=name, arn=arn, ref=name, call="kms.list_aliases")


def _live_key(session: Session, arn: str) -> Iterator[LiveFact]:
    answer = session.call("kms", "describe_key", none=_GONE, KeyId=arn)
    key = (answer or {}).get("KeyMetadata") or {}
    if key.get("KeyManager") == "AWS":
        session.stack.keys_of_aws.add(arn)
        return
    policy = session.call("kms", "get_key_policy", none=_GONE, KeyId=arn, PolicyName="default")
    spec = key.get("KeySpec")
    properties = {
        "Enabled": key.get("Enabled", True),
        "MultiRegion": key.get("MultiRegion"),
        "KeySpec": None if spec == "SYMMETRIC_DEFAULT" else spec,
        # Where it cannot be read, the default stands for it, so that nothing IAM policies allow is hidden.
        "KeyPolicy": (policy or {}).get("Policy"),
    }
    name = arn.rpartition("/")[2]
    yield session.resource("AWS::KMS::Key", properties, name=name, arn=arn, ref=name, call="kms.get_key_policy")
    for grant in session.pages("kms", "list_grants", "Grants", none=_GONE, KeyId=arn):
        yield _grant(session, arn, grant)


def _grant(session: Session, arn: str, grant: Mapping[str, Any]) -> ResourcePolicy:
    """A grant as the statement it amounts to: it allows on its own, and never denies.

    https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
    """
    constraints = grant.get("Constraints") or {}
    context = constraints.get("EncryptionContextEquals") or constraints.get("EncryptionContextSubset") or {}
    grantee = grant.get("GranteePrincipal") or ""
    statement: dict[str, Any] = {
        "Sid": grant.get("Name") or grant.get("GrantId"),
        "Effect": "Allow",
        "Principal": {"Service" if grantee.endswith(".amazonaws.com") else "AWS": grantee},
        "Action": [f"kms:{operation}" for operation in grant.get("Operations") or ()],
        "Resource": arn,
    }
    if context:
        keys = {f"kms:EncryptionContext:{key}": value for key, value in context.items()}
        statement["Condition"] = {"StringEquals": keys}
    source = Source(call="kms.list_grants", account=session.account, region=session.region)
    document = {"Version": "2012-10-17", "Statement": [statement]}
    name = f"grant {grant.get('GrantId')}"
    policy = parse_policy(document, name=name, kind=PolicyKind.RESOURCE, source=source)
    return ResourcePolicy(resource_arn=arn, policy=policy, source=source)


LIVE = (
    LiveReader(
        read=read_live,
        client="kms",
        operations={
            "kms.list_keys": "which keys there are, and who may use them",
            "kms.list_aliases": "which keys aliases lead to",
            "kms.describe_key": "whether a key is AWS's own",
            "kms.get_key_policy": "who may use a key",
            "kms.list_grants": "who may use a key by a grant",
        },
    ),
)
