"""Delivery streams: transformations, sources and destinations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import Delivery, Mechanism, RoleUse, Trigger

Read = Callable[..., list[Any]]
HERE = "${AWS::Region}:${AWS::AccountId}"
ARN = "arn:${AWS::Partition}"


ROLE = "arn:aws:iam::111122223333:role/firehose"
LAMBDA = "arn:aws:lambda:eu-west-1:111122223333:function:transform:3"
PROCESSING = """{Enabled: %s, Processors: [{Type: Lambda, Parameters: [
          {ParameterName: LambdaArn, ParameterValue: '%s'}]}]}"""


def stream(destination: str, processing: str, more: str = "") -> str:
    """A template with one delivery stream."""
    return f"""
Resources:
  D:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      {destination}:
        BucketARN: arn:aws:s3:::lake
        RoleARN: {ROLE}
        ProcessingConfiguration: {processing}
{more}
"""


@pytest.mark.parametrize(
    "destination",
    [
        "ExtendedS3DestinationConfiguration",
        "AmazonopensearchserviceDestinationConfiguration",
        "HttpEndpointDestinationConfiguration",
        "RedshiftDestinationConfiguration",
        "SplunkDestinationConfiguration",
        "SnowflakeDestinationConfiguration",
        "IcebergDestinationConfiguration",
    ],
)
@pytest.mark.parametrize("enabled", [True, False])
def test_every_destination_may_transform(read: Read, destination: str, enabled: bool) -> None:
    """The delivery role calls the function, on exactly the version that is named."""
    processing = PROCESSING % (str(enabled).lower(), LAMBDA)
    (trigger,) = read(stream(destination, processing), Trigger)
    assert (trigger.function_arn, trigger.mechanism, trigger.role_arn) == (LAMBDA, Mechanism.SERVICE_ROLE, ROLE)
    assert trigger.required[0].actions == ("lambda:InvokeFunction",)
    assert trigger.enabled is enabled


def test_a_processor_may_have_a_role_of_its_own(read: Read) -> None:
    """`RoleArn` among the processor's parameters."""
    processing = PROCESSING % ("true", LAMBDA)
    own = "arn:aws:iam::111122223333:role/processor"
    processing = processing.replace("}]}]}", f"}}, {{ParameterName: RoleArn, ParameterValue: '{own}'}}]}}]}}")
    (trigger,) = read(stream("ExtendedS3DestinationConfiguration", processing), Trigger)
    assert trigger.role_arn == own


def test_records_flow_from_a_stream_to_a_bucket(read: Read) -> None:
    """Both ends are deliveries with what their role needs."""
    source = f"""      KinesisStreamSourceConfiguration:
        KinesisStreamARN: arn:aws:kinesis:eu-west-1:111122223333:stream/clicks
        RoleARN: {ROLE}"""
    facts = read(stream("ExtendedS3DestinationConfiguration", "{Enabled: false}", source))
    first, second = [fact for fact in facts if isinstance(fact, Delivery)]
    uses = [fact for fact in facts if isinstance(fact, RoleUse)]
    here = f"{ARN}:firehose:{HERE}:deliverystream/${{D}}"
    assert (first.sender_id, first.target_arn) == ("arn:aws:kinesis:eu-west-1:111122223333:stream/clicks", here)
    assert first.required[0].actions[0] == "kinesis:DescribeStream"
    assert (second.sender_id, second.target_arn) == (here, "arn:aws:s3:::lake")
    assert [need.resource_arn for need in second.required] == ["arn:aws:s3:::lake", "arn:aws:s3:::lake/*"]
    assert {(use.role_arn, use.service) for use in uses} == {(ROLE, "firehose.amazonaws.com")}


def test_a_backup_bucket_is_written_too(read: Read) -> None:
    """With a role of its own, and a key where it is encrypted."""
    key = "arn:aws:kms:eu-west-1:111122223333:key/1"
    backup = f"""        S3BackupConfiguration:
          BucketARN: arn:aws:s3:::backup
          RoleARN: arn:aws:iam::111122223333:role/backup
          EncryptionConfiguration: {{KMSEncryptionConfig: {{AWSKMSKeyARN: '{key}'}}}}"""
    found = read(stream("ExtendedS3DestinationConfiguration", "{Enabled: false}", backup), Delivery)
    assert [(fact.target_arn, fact.role_arn) for fact in found] == [
        ("arn:aws:s3:::lake", ROLE),
        ("arn:aws:s3:::backup", "arn:aws:iam::111122223333:role/backup"),
    ]
    assert found[1].required[-1].resource_arn == key
