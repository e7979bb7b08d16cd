"""Batch jobs and Outposts of a live account."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Mechanism, Resource, ResourcePolicy, RoleUse, Trigger, Unknown

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:resize"
ROLE = "arn:aws:iam::123456789012:role/batch"
BUCKET = "arn:aws:s3-outposts:eu-west-1:123456789012:outpost/op-01ac5d28a6a232904/bucket/images"
POINT = "arn:aws:s3-outposts:eu-west-1:123456789012:outpost/op-01ac5d28a6a232904/accesspoint/images"
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": {"AWS": "210987654321"}, "Action": "*", "Resource": "*"},
    }
)
NOTHING: dict[str, Any] = {
    "s3control.list_jobs": {"Jobs": []},
    "s3outposts.list_outposts_with_s3": {"Outposts": []},
}


def test_an_account_without_any_has_nothing_unknown(account: Callable[..., list[Any]]) -> None:
    """That there is no instance, or no such service in a Region, is an answer."""
    assert account("s3_control", NOTHING) == []
    nowhere = dict.fromkeys(NOTHING, "EndpointConnectionError")
    assert account("s3_control", nowhere, Unknown) == []


def test_a_batch_job_runs_its_function_with_its_role(account: Callable[..., list[Any]]) -> None:
    """Only jobs that may still run are asked for; a job that copies objects runs no function but uses its role."""
    jobs = {
        "job-run": {"LambdaInvoke": {"FunctionArn": FUNCTION, "UserArguments": {"token": "not kept"}}},
        "job-copy": {"S3PutObjectCopy": {"TargetResource": "arn:aws:s3:::copies"}},
    }
    answers = {
        **NOTHING,
        "s3control.list_jobs": {"Jobs": [{"JobId": name, "Status": "Ready"} for name in jobs]},
        "s3control.describe_job": lambda asked: {
            "Job": {
                "JobId": asked["JobId"],
                "JobArn": f"arn:aws:s3:eu-west-1:123456789012:job/{asked['JobId']}",
                "RoleArn": ROLE,
                "Operation": jobs[asked["JobId"]],
            }
        },
    }
    facts = account("s3_control", answers)
    (trigger,) = [fact for fact in facts if isinstance(fact, Trigger)]
    assert (trigger.function_arn, trigger.role_arn, trigger.mechanism, trigger.source_id) == (
        FUNCTION,
        ROLE,
        Mechanism.SERVICE_ROLE,
        "arn:aws:s3:eu-west-1:123456789012:job/job-run",
    )
    uses = {(fact.user_id.rpartition("/")[2], fact.role_arn) for fact in facts if isinstance(fact, RoleUse)}
    assert uses == {("job-run", ROLE), ("job-copy", ROLE)}
    asked = dict(account.asked)["s3control.list_jobs"]  # type: ignore[attr-defined]
    assert not {"Complete", "Failed", "Cancelled"} & set(asked["JobStatuses"])
    assert "not kept" not in repr(facts)


def test_buckets_and_access_points_of_an_outpost_have_policies(account: Callable[..., list[Any]]) -> None:
    """Both are asked for by ARN, as their names are no names of buckets."""
    answers = {
        **NOTHING,
        "s3outposts.list_outposts_with_s3": {"Outposts": [{"OutpostId": "op-01ac5d28a6a232904"}]},
        "s3control.list_regional_buckets": {
            "RegionalBucketList": [
                {
                    "Bucket": "images",
                    "BucketArn": BUCKET,
                    "PublicAccessBlockEnabled": True,
                    "CreationDate": "2026-01-01",
                }
            ]
        },
        "s3control.get_bucket_policy": {"Policy": POLICY},
        "s3control.list_access_points": {
            "AccessPointList": [
                {"Name": "images", "NetworkOrigin": "VPC", "Bucket": "images", "AccessPointArn": POINT},
            ]
        },
        "s3control.get_access_point_policy": {"Policy": POLICY},
    }
    facts = account("s3_control", answers)
    assert {fact.resource_arn for fact in facts if isinstance(fact, ResourcePolicy)} == {BUCKET, POINT}
    types = {fact.type for fact in facts if isinstance(fact, Resource)}
    assert types == {"AWS::S3Outposts::Bucket", "AWS::S3Outposts::AccessPoint"} | (
        {"AWS::S3Outposts::BucketPolicy"} & types
    )
