"""CloudTrail: trails that write to log groups with a role.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/send-cloudtrail-events-to-cloudwatch-logs.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact
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
