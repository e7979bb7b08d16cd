"""Amazon S3 of a live account: each bucket in its own Region, access points, and what keeps the public out.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from permscope.services._live import LiveFact, LiveReader, Session

_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_NO_BLOCK = ("NoSuchPublicAccessBlockConfiguration",)
_GROUPS = "http://acs.amazonaws.com/groups/"
_MULTI_REGION_HOME = "us-west-2"


def read_live(session: Session) -> Iterator[LiveFact]:
    """The buckets of this Region with everything that decides who may use them."""
    account = session.call("s3control", "get_public_access_block", none=_NO_BLOCK, AccountId=session.account)
    blocked = _block(account)
    names = [
        bucket["Name"]
        for bucket in session.pages("s3", "list_buckets", "Buckets", BucketRegion=session.region)
        if (bucket.get("BucketRegion") or _location(session, bucket["Name"])) == session.region
    ]
    for found in session.map(lambda name: list(_bucket(session, name, blocked)), names):
        yield from found
    points = session.pages("s3control", "list_access_points", "AccessPointList", AccountId=session.account)
    for found in session.map(lambda point: list(_access_point(session, point, blocked)), list(points)):
        yield from found
    if session.region == _MULTI_REGION_HOME:
        yield from _multi_region(session)


def _location(session: Session, name: str) -> str | None:
    """The Region of a bucket, for servers that do not say it in the list; None where it cannot be read."""
    answer = session.call("s3", "get_bucket_location", none=("NoSuchBucket",), Bucket=name)
    if answer is None:
        return None
    location = answer.get("LocationConstraint") or "us-east-1"
    return "eu-west-1" if location == "EU" else str(location)


Block = Mapping[str, bool | None]


def _block(answer: Mapping[str, Any] | None) -> Block:
    """The four switches of an answer: all off where there is none, not known where it could not be read."""
    found = (answer or {}).get("PublicAccessBlockConfiguration") or {}
    return {key: bool(found.get(key)) if answer is not None else None for key in _BLOCKS}


def _stricter(own: Block, account: Block) -> dict[str, bool] | None:
    """The stricter of both holds for each switch; None where it is not known how one of them stands."""
    found = {key: own[key] or account[key] or (None if None in (own[key], account[key]) else False) for key in _BLOCKS}
    known = {key: value for key, value in found.items() if value is not None}
    return known if len(known) == len(_BLOCKS) else None


def _bucket(session: Session, name: str, blocked: Block) -> Iterator[LiveFact]:
    def ask(operation: str, *none: str) -> Mapping[str, Any]:
        return session.call("s3", operation, none=("NoSuchBucket", *none), Bucket=name) or {}

    own = _block(session.call("s3", "get_public_access_block", none=("NoSuchBucket", *_NO_BLOCK), Bucket=name))
    encryption = ask("get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError")
    controls = session.call(
        "s3", "get_bucket_ownership_controls", none=("NoSuchBucket", "OwnershipControlsNotFoundError"), Bucket=name
    )
    replication = ask("get_bucket_replication", "ReplicationConfigurationNotFoundError")
    properties = {
        "BucketName": name,
        "PublicAccessBlockConfiguration": _stricter(own, blocked),
        "BucketEncryption": _encryption(encryption.get("ServerSideEncryptionConfiguration")),
        "OwnershipControls": _ownership(controls),
        "AccessControl": _canned(ask("get_bucket_acl").get("Grants") or ()),
        "NotificationConfiguration": _notifications(ask("get_bucket_notification_configuration")),
        "ReplicationConfiguration": replication.get("ReplicationConfiguration"),
        "WebsiteConfiguration": {} if ask("get_bucket_website", "NoSuchWebsiteConfiguration") else None,
    }
    yield session.resource("AWS::S3::Bucket", properties, name=name, call="s3.list_buckets")
    policy = ask("get_bucket_policy", "NoSuchBucketPolicy").get("Policy")
    if policy:
        document = {"Bucket": name, "PolicyDocument": policy}
        yield session.resource("AWS::S3::BucketPolicy", document, name=name, call="s3.get_bucket_policy")


def _ownership(answer: Mapping[str, Any] | None) -> Any:
    """Who owns the objects; a bucket without ownership controls is older than April 2023, and its ACLs count."""
    if answer is None:
        return None
    return answer.get("OwnershipControls") or {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}


def _encryption(found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    rules = [rule.get("ApplyServerSideEncryptionByDefault") or {} for rule in (found or {}).get("Rules") or ()]
    keys = [rule["KMSMasterKeyID"] for rule in rules if rule.get("KMSMasterKeyID")]
    if not keys:
        return None
    return {
        "ServerSideEncryptionConfiguration": [
            {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}} for key in keys
        ]
    }


def _canned(grants: Any) -> str | None:
    """The canned ACL that grants amount to, as far as it lets others in.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
    """
    given: dict[str, set[str]] = {}
    for grant in grants:
        group = str((grant.get("Grantee") or {}).get("URI") or "").removeprefix(_GROUPS)
        given.setdefault(group, set()).add(grant.get("Permission") or "")
    public = given.get("global/AllUsers", set())
    if public & {"WRITE", "FULL_CONTROL", "WRITE_ACP"}:
        return "PublicReadWrite"
    if public:
        return "PublicRead"
    if given.get("global/AuthenticatedUsers"):
        return "AuthenticatedRead"
    return "LogDeliveryWrite" if given.get("s3/LogDelivery") else None


def _notifications(answer: Mapping[str, Any]) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    for asked, key, target in (
        ("LambdaFunctionConfigurations", "LambdaConfigurations", "Function"),
        ("QueueConfigurations", "QueueConfigurations", "Queue"),
        ("TopicConfigurations", "TopicConfigurations", "Topic"),
    ):
        arn = f"{'LambdaFunction' if target == 'Function' else target}Arn"
        targets = [
            {target: item[arn], "Event": item.get("Events"), "Filter": _filter(item)}
            for item in answer.get(asked) or ()
            if item.get(arn)
        ]
        if targets:
            found[key] = targets
    if answer.get("EventBridgeConfiguration") is not None:
        found["EventBridgeConfiguration"] = {"EventBridgeEnabled": True}
    return found or None


def _filter(item: Mapping[str, Any]) -> dict[str, Any]:
    """The filter of a notification as a template writes it."""
    return {"S3Key": {"Rules": ((item.get("Filter") or {}).get("Key") or {}).get("FilterRules") or []}}


def _access_point(session: Session, point: Mapping[str, Any], blocked: Block) -> Iterator[LiveFact]:
    name = point["Name"]
    none = ("NoSuchAccessPoint",)
    details = session.call("s3control", "get_access_point", none=none, AccountId=session.account, Name=name)
    own = _block(details)
    answer = session.call(
        "s3control",
        "get_access_point_policy",
        none=(*none, "NoSuchAccessPointPolicy"),
        of=name,
        AccountId=session.account,
        Name=name,
    )
    properties = {
        "Bucket": point.get("Bucket"),
        "VpcConfiguration": point.get("VpcConfiguration"),
        "PublicAccessBlockConfiguration": _stricter(own, blocked),
        "Policy": (answer or {}).get("Policy"),
    }
    yield session.resource(
        "AWS::S3::AccessPoint",
        properties,
        name=name,
        arn=point.get("AccessPointArn"),
        call="s3control.get_access_point_policy",
    )


def _multi_region(session: Session) -> Iterator[LiveFact]:
    """Multi-Region access points, whose control plane is in one Region."""
    call = "s3control.list_multi_region_access_points"
    points = session.pages("s3control", "list_multi_region_access_points", "AccessPoints", AccountId=session.account)
    for point in points:
        name, alias = point["Name"], point.get("Alias")
        arn = session.stack.arn("s3", f"accesspoint/{alias}", region="") if alias else None
        yield session.resource("AWS::S3::MultiRegionAccessPoint", {"Name": name}, name=name, arn=arn, call=call)
        answer = session.call(
            "s3control",
            "get_multi_region_access_point_policy",
            none=("NoSuchMultiRegionAccessPoint",),
            of=name,
            AccountId=session.account,
            Name=name,
        )
        policy = (((answer or {}).get("Policy") or {}).get("Established") or {}).get("Policy")
        if policy:
            yield session.resource(
                "AWS::S3::MultiRegionAccessPointPolicy",
                {"MrapName": name, "Policy": policy},
                name=name,
                call="s3control.get_multi_region_access_point_policy",
            )


LIVE = (
    LiveReader(
        read=read_live,
        client="s3",
        operations={
            "s3control.get_public_access_block": "whether the account keeps the public out of its buckets",
            "s3.list_buckets": "which buckets there are",
            "s3.get_bucket_location": "which Region a bucket is in",
            "s3.get_public_access_block": "whether a bucket keeps the public out",
            "s3.get_bucket_encryption": "the key of a bucket",
            "s3.get_bucket_ownership_controls": "whether the ACLs of a bucket count",
            "s3.get_bucket_replication": "where a bucket is replicated, and with which role",
            "s3.get_bucket_acl": "whom a bucket's ACL lets in",
            "s3.get_bucket_notification_configuration": "which functions and queues a bucket runs",
            "s3.get_bucket_website": "whether a bucket is a website",
            "s3.get_bucket_policy": "who may use a bucket",
            "s3control.list_access_points": "which access points there are",
            "s3control.get_access_point": "whether an access point keeps the public out",
            "s3control.get_access_point_policy": "who may use an access point",
            "s3control.list_multi_region_access_points": "which multi-Region access points there are",
            "s3control.get_multi_region_access_point_policy": "who may use a multi-Region access point",
        },
    ),
)
