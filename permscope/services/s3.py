"""Amazon S3: buckets, what they notify, their policies and what keeps them from being public.

Object Lambda, directory, table and vector buckets are in `s3_variants`.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/NotificationHowTo.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from permscope.inventory.facts import AnyFact, Delivery, Need, RoleUse
from permscope.inventory.located import LocatedStr, as_text, source_of
from permscope.inventory.tokens import UNKNOWN_TOKEN
from permscope.services._values import Item, Text, about, located, policy_on, root
from permscope.services._wiring import triggers
from permscope.services.iam import role_arn
from permscope.services.interface import Stack, TemplateResource
from permscope.services.kms import encryption_key
from permscope.services.sns import topic_arn
from permscope.services.sqs import queue_arn

SERVICE = "s3.amazonaws.com"
EVENT = "s3-notification"
_BLOCKS = {
    "BlockPublicAcls": "block_public_acls",
    "BlockPublicPolicy": "block_public_policy",
    "IgnorePublicAcls": "ignore_public_acls",
    "RestrictPublicBuckets": "restrict_public_buckets",
}


def bucket_arn(stack: Stack, value: object) -> str | None:
    """The ARN of a bucket given by name or ARN."""
    text = as_text(value)
    if not text:
        return None
    known = stack.find(text, "AWS::S3::Bucket")
    if known is not None and known.arn:
        return LocatedStr(known.arn, source_of(value))
    if text.startswith("arn:") or (UNKNOWN_TOKEN.fullmatch(text) and "arn" in text.lower()):
        return text
    return LocatedStr(stack.arn("s3", text, region="", account=""), source_of(value))


def public_access_block(resource: TemplateResource) -> dict[str, bool]:
    """The four switches that keep the public out.

    A new bucket or access point without the block has all four on; a block given turns off what it does not name
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html).
    """
    given = resource.get("PublicAccessBlockConfiguration")
    if not isinstance(given, Mapping):
        found = dict.fromkeys(_BLOCKS.values(), True)
    else:
        found = {name: resource.flag("PublicAccessBlockConfiguration", key) for key, name in _BLOCKS.items()}
    given_by_template = isinstance(given, Mapping)
    return {"public_access_block": all(found.values()), "public_access_block_given": given_by_template, **found}


def read_bucket(resource: TemplateResource) -> Iterable[AnyFact]:
    """A bucket, everything it notifies, and the role it replicates with."""
    ownership = [rule.text("ObjectOwnership") for rule in root(resource).items("OwnershipControls", "Rules")]
    event_bridge = resource.get("NotificationConfiguration", "EventBridgeConfiguration")
    yield resource.resource(
        kms_key_arn=encryption_key(resource),
        object_ownership=next((text for text in ownership if text), None) or "BucketOwnerEnforced",
        object_ownership_given=any(ownership),
        access_control=resource.text("AccessControl"),
        event_bridge=isinstance(event_bridge, Mapping)
        and as_text(event_bridge.get("EventBridgeEnabled", True)) != "false",
        website=resource.get("WebsiteConfiguration") is not None,
        **public_access_block(resource),
    )
    yield from _notifications(resource)
    yield from _replication(resource)


def _notifications(resource: TemplateResource) -> Iterator[AnyFact]:
    for given in resource.items("NotificationConfiguration"):
        for key in ("LambdaConfigurations", "QueueConfigurations", "TopicConfigurations"):
            list(resource.part(given).items(key))  # what is no mapping becomes an unknown of the bucket
    for item in root(resource).items("NotificationConfiguration", "LambdaConfigurations"):
        occasions = tuple(found.text for found in item.texts("Event"))
        yield from triggers(
            resource, item.texts("Function"), event=EVENT, service=SERVICE, occasions=occasions, below=_prefix(item)
        )
    yield from _told(resource, resource.id, _notified(resource, "QueueConfigurations", "Queue"), queue_arn)
    yield from _told(resource, resource.id, _notified(resource, "TopicConfigurations", "Topic"), topic_arn)


def _notified(resource: TemplateResource, key: str, target: str) -> Iterator[Text]:
    for item in root(resource).items("NotificationConfiguration", key):
        yield from item.texts(target)


def _told(
    resource: TemplateResource, bucket: str, found: Iterable[Text], arn_of: Callable[[Stack, str], str | None]
) -> Iterator[Delivery]:
    """Queues or topics that hear of a bucket's objects; their own policies let S3 in."""
    for each in found:
        text = located(each)
        yield Delivery(
            sender_id=bucket,
            target_arn=arn_of(resource.stack, text) or text,
            event=EVENT,
            service=SERVICE,
            source_arn=bucket,
            source_account=resource.stack.account,
            **about(resource, each.source, each.only_if),
        )


def read_custom_notifications(resource: TemplateResource) -> Iterator[AnyFact]:
    """What the CDK has a function of its own set on a bucket, in the words of the S3 API.

    https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_s3_notifications-readme.html
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_NotificationConfiguration.html
    """
    for name in root(resource).texts("BucketName"):
        bucket = bucket_arn(resource.stack, located(name))
        if bucket is None:
            continue
        resource = resource.when(name.only_if)
        for item in root(resource).items("NotificationConfiguration", "LambdaFunctionConfigurations"):
            yield from triggers(
                resource,
                item.texts("LambdaFunctionArn"),
                event=EVENT,
                service=SERVICE,
                source_id=bucket,
                source_arn=bucket,
                occasions=tuple(found.text for found in item.texts("Events")),
                below=_prefix(item),
            )
        yield from _told(resource, bucket, _notified(resource, "QueueConfigurations", "QueueArn"), queue_arn)
        yield from _told(resource, bucket, _notified(resource, "TopicConfigurations", "TopicArn"), topic_arn)


def _prefix(item: Item) -> str:
    """The prefix of the keys that a notification is about, in CloudFormation's or in S3's words; empty for all keys."""
    for rule in (*item.items("Filter", "S3Key", "Rules"), *item.items("Filter", "Key", "FilterRules")):
        if (rule.text("Name") or "").lower() == "prefix":
            return rule.text("Value") or ""
    return ""


def _replication(resource: TemplateResource) -> Iterator[AnyFact]:
    """The role of replication (https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html)."""
    for configuration in root(resource).items("ReplicationConfiguration"):
        targets = [
            bucket_arn(resource.stack, located(found))
            for rule in configuration.items("Rules")
            for found in rule.texts("Destination", "Bucket")
        ]
        needs = [
            Need(
                actions=("s3:GetReplicationConfiguration", "s3:ListBucket"),
                resource_arn=resource.id,
                why="to find what to replicate",
            ),
            Need(
                actions=(
                    "s3:GetObjectVersionForReplication",
                    "s3:GetObjectVersionAcl",
                    "s3:GetObjectVersionTagging",
                ),
                resource_arn=f"{resource.id}/*",
                why="to read the objects",
            ),
        ]
        needs += [
            Need(
                actions=("s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"),
                resource_arn=f"{arn}/*",
                why="to write the replicas",
            )
            for arn in dict.fromkeys(targets)
            if arn
        ]
        for found in configuration.texts("Role"):
            role = role_arn(resource.stack, located(found))
            if role:
                shared = about(resource, found.source, found.only_if)
                yield RoleUse(user_id=resource.id, role_arn=role, service=SERVICE, required=tuple(needs), **shared)


def read_bucket_policy(resource: TemplateResource) -> Iterable[AnyFact]:
    """The policy of a bucket."""
    return policy_on(
        resource, "Bucket", lambda policy, named: bucket_arn(policy.stack, located(named)), "PolicyDocument"
    )


def read_access_point(resource: TemplateResource) -> Iterable[AnyFact]:
    """An access point of a bucket, with its own policy and public access block."""
    bucket = bucket_arn(resource.stack, resource.text("Bucket"))
    vpc = resource.text("VpcConfiguration", "VpcId")
    yield resource.resource(bucket_arn=bucket, vpc_id=vpc, **public_access_block(resource))
    yield from resource.protects(resource.id, "Policy")


def read_multi_region_policy(resource: TemplateResource) -> Iterable[AnyFact]:
    """The policy of a multi-Region access point, whose ARN has its alias and no Region."""
    for found in root(resource).texts("MrapName"):
        known = resource.stack.find(found.text, "AWS::S3::MultiRegionAccessPoint")
        arn = known.arn if known is not None else None
        if arn is None:
            arn = resource.stack.arn("s3", f"accesspoint/{found.text}", region="")
        yield from resource.when(found.only_if).protects(arn, "Policy")


TEMPLATE = {
    "AWS::S3::Bucket": read_bucket,
    "AWS::S3::BucketPolicy": read_bucket_policy,
    "Custom::S3BucketNotifications": read_custom_notifications,
    "AWS::S3::AccessPoint": read_access_point,
    "AWS::S3::MultiRegionAccessPointPolicy": read_multi_region_policy,
}
SERVICE_PRINCIPALS = (SERVICE, "batchoperations.s3.amazonaws.com")
