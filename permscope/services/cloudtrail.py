"""CloudTrail: trails that write to log groups with a role.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/send-cloudtrail-events-to-cloudwatch-logs.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact
from permscope.services._answers import picked, protecting
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._wiring import deliveries, needs_to_send, properties, role_uses
from permscope.services.interface import TemplateResource

SERVICE = "cloudtrail.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE,)


def read_trail(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::CloudTrail::Trail`: the log group it writes with a role, and the topic it tells."""
    yield resource.resource(s3_bucket_name=resource.text("S3BucketName"), kms_key_arn=resource.text("KMSKeyId"))
    needs = needs_to_send(resource, properties(resource, "CloudWatchLogsLogGroupArn"))
    yield from role_uses(resource, properties(resource, "CloudWatchLogsRoleArn"), SERVICE, needs)
    topics = [text for text in properties(resource, "SnsTopicName") if text.text.startswith("arn:")]
    yield from deliveries(resource, topics, event="trail", service=SERVICE)


TEMPLATE = {"AWS::CloudTrail::Trail": read_trail}


_NONE = (
    "ResourcePolicyNotFoundException",
    "ResourceNotFoundException",
    "UnsupportedOperationException",
    "OperationNotPermittedException",
)


def read_live(session: Session) -> Iterator[LiveFact]:
    """The trails whose home is this Region, and who may use event data stores and channels."""
    for item in session.pages("cloudtrail", "describe_trails", "trailList", includeShadowTrails=False):
        properties = {
            **picked(item, "S3BucketName", "CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn"),
            "KMSKeyId": item.get("KmsKeyId"),
            "SnsTopicName": item.get("SnsTopicARN") or item.get("SnsTopicName"),
        }
        yield session.resource(
            "AWS::CloudTrail::Trail",
            properties,
            name=item["Name"],
            arn=item.get("TrailARN"),
            call="cloudtrail.describe_trails",
        )
    for operation, key, arn, kind in (
        ("list_event_data_stores", "EventDataStores", "EventDataStoreArn", "EventDataStore"),
        ("list_channels", "Channels", "ChannelArn", "Channel"),
    ):
        for item in session.pages("cloudtrail", operation, key, none=_NONE):
            yield session.resource(
                f"AWS::CloudTrail::{kind}", {}, name=item["Name"], arn=item[arn], call=f"cloudtrail.{operation}"
            )
            answer = session.call("cloudtrail", "get_resource_policy", none=_NONE, ResourceArn=item[arn]) or {}
            call = "cloudtrail.get_resource_policy"
            yield from protecting(session, item[arn], answer.get("ResourcePolicy"), name=item["Name"], call=call)


LIVE = (
    LiveReader(
        read=read_live,
        client="cloudtrail",
        operations={
            "cloudtrail.describe_trails": "which roles and topics trails use",
            "cloudtrail.list_event_data_stores": "who may query event data stores",
            "cloudtrail.list_channels": "who may write to a channel",
            "cloudtrail.get_resource_policy": "who may query event data stores and write to channels",
        },
    ),
)
