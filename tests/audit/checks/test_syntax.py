"""What can never take effect, and what to write instead."""

from __future__ import annotations

from typing import Any


def test_objects_of_the_bucket_are_what_to_write_where_only_the_bucket_is_named(audit: Any, role: Any) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/security_iam_service-with-iam.html tells both apart."""
    resources = {
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Role": role(
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": {"Fn::GetAtt": ["Bucket", "Arn"]}},
            {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::archive"},
        ),
    }
    fixes = [finding.fix for finding in audit(resources)["resource-mismatch"]]
    assert fixes == ['Write `!Sub "${Bucket.Arn}/*"`.', "Write `arn:aws:s3:::archive/*`."]


def test_an_action_that_takes_no_resource_is_told_apart_from_those_that_need_another(audit: Any, role: Any) -> None:
    """`kafka:GetBootstrapBrokers` can only be granted on `*`, and no ARN of a group or topic helps it.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonmanagedstreamingforapachekafka.html
    """
    statement = {
        "Effect": "Allow",
        "Action": ["kafka:GetBootstrapBrokers", "kafka-cluster:ReadData", "kafka-cluster:Connect"],
        "Resource": "arn:aws:kafka:us-east-1:111122223333:cluster/orders/abc-1",
    }
    (finding,) = audit({"Role": role(statement)})["resource-mismatch"]
    assert ":topic/" in finding.fix
    assert finding.fix.endswith('and for `kafka:GetBootstrapBrokers` `Resource: "*"`, in a statement of its own.')
