"""Amazon S3 of a live account, what its control API tells: batch jobs, buckets on Outposts.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_AWS_S3_Control.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from permscope.services._answers import NOT_HERE, each
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._wiring import properties, role_triggers, role_uses

_JOB = "AWS::S3::Job"  # no type of CloudFormation
_BATCH = "batchoperations.s3.amazonaws.com"
_UNFINISHED = (
    "Active",
    "Completing",
    "New",
    "Paused",
    "Pausing",
    "Preparing",
    "Ready",
    "Suspended",
)


def read_jobs(session: Session) -> Iterator[LiveFact]:
    """Every batch job that may still run a function or copy objects.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-invoke-lambda.html
    """
    found = session.pages(
        "s3control", "list_jobs", "Jobs", none=NOT_HERE, AccountId=session.account, JobStatuses=list(_UNFINISHED)
    )
    yield from each(session, _job, [job["JobId"] for job in found])


def _job(session: Session, job_id: str) -> Iterator[LiveFact]:
    named: dict[str, Any] = {"AccountId": session.account, "JobId": job_id}
    answer = session.call("s3control", "describe_job", none=("NoSuchJob",), of=job_id, **named)
    job = (answer or {}).get("Job") or {}
    if not job:
        return
    function = ((job.get("Operation") or {}).get("LambdaInvoke") or {}).get("FunctionArn")
    held = {"FunctionArn": function, "RoleArn": job.get("RoleArn")}
    arn = job.get("JobArn") or session.stack.arn("s3", f"job/{job_id}")
    found = session.resource(_JOB, held, name=job_id, arn=arn, call="s3control.describe_job")
    yield found
    roles = list(properties(found, "RoleArn"))
    yield from role_uses(found, roles, _BATCH, exact=False)
    yield from role_triggers(found, properties(found, "FunctionArn"), roles, event="s3-batch-job", service=_BATCH)


def read_outposts(session: Session) -> Iterator[LiveFact]:
    """The buckets and access points of every Outpost with S3.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/S3onOutposts.html
    """
    for outpost in session.pages("s3outposts", "list_outposts_with_s3", "Outposts", none=NOT_HERE):
        buckets = session.pages(
            "s3control",
            "list_regional_buckets",
            "RegionalBucketList",
            of=outpost["OutpostId"],
            AccountId=session.account,
            OutpostId=outpost["OutpostId"],
        )
        yield from each(session, _outposts_bucket, buckets)


def _outposts_bucket(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    arn, name = item["BucketArn"], item["Bucket"]
    call = "s3control.list_regional_buckets"
    yield session.resource("AWS::S3Outposts::Bucket", {"BucketName": name}, name=name, arn=arn, call=call)
    none = ("NoSuchBucketPolicy", "NoSuchBucket")
    answer = session.call("s3control", "get_bucket_policy", none=none, of=arn, AccountId=session.account, Bucket=arn)
    if (answer or {}).get("Policy"):
        document = {"Bucket": arn, "PolicyDocument": (answer or {})["Policy"]}
        call = "s3control.get_bucket_policy"
        yield session.resource("AWS::S3Outposts::BucketPolicy", document, name=arn, call=call)
    points = session.pages(
        "s3control", "list_access_points", "AccessPointList", of=arn, AccountId=session.account, Bucket=arn
    )
    for point in points:
        yield from _outposts_point(session, point)


def _outposts_point(session: Session, point: Mapping[str, Any]) -> Iterator[LiveFact]:
    arn = point.get("AccessPointArn")
    if not arn:
        return
    call = "s3control.get_access_point_policy"
    none = ("NoSuchAccessPoint", "NoSuchAccessPointPolicy")
    answer = session.call("s3control", "get_access_point_policy", none=none, AccountId=session.account, Name=arn)
    held = {"VpcConfiguration": point.get("VpcConfiguration"), "Policy": (answer or {}).get("Policy")}
    yield session.resource("AWS::S3Outposts::AccessPoint", held, name=point["Name"], arn=arn, call=call)


LIVE = (
    LiveReader(
        read=read_jobs,
        client="s3control",
        operations={
            "s3control.list_jobs": "which batch jobs run functions on objects",
            "s3control.describe_job": "which function a batch job runs, and with which role",
        },
    ),
    LiveReader(
        read=read_outposts,
        client="s3outposts",
        operations={
            "s3outposts.list_outposts_with_s3": "which Outposts have buckets",
            "s3control.list_regional_buckets": "which buckets an Outpost has",
            "s3control.get_bucket_policy": "who may use a bucket of an Outpost",
            "s3control.list_access_points": "which access points a bucket of an Outpost has",
            "s3control.get_access_point_policy": "who may use an access point of an Outpost",
        },
    ),
)
