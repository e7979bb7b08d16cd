"""What the ACL of a bucket lets everybody do, as edges: `can_access` from the public.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
"""

from __future__ import annotations

from permscope.catalog.actions import load
from permscope.graph.collector import NO_CONDITIONS, EdgeCollector
from permscope.graph.model import Decision, EdgeKind, Provenance
from permscope.graph.nodes import Nodes
from permscope.inventory.facts import Resource
from permscope.inventory.located import source_of

_LIST = ("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads")
GRANTS = {
    "PublicRead": _LIST,
    "PublicReadWrite": (*_LIST, "s3:PutObject"),
    "AuthenticatedRead": _LIST,  # everybody who has an AWS account, which anybody can open
}
"""What each canned ACL of a bucket grants to everybody; objects have ACLs of their own.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#acl-access-policy-permission-mapping
"""


def public_acl(fact: Resource) -> tuple[str, bool] | None:
    """The canned ACL that opens a bucket, and whether it surely does; None where the bucket shuts it out.

    A bucket made since April 2023 has no ACLs and blocks public ones unless it is told otherwise. A template that does
    not say is of such a bucket, whose deployment S3 refuses, or of an older one that is open.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
    """
    held = fact.attributes
    acl = held.get("access_control")
    if not isinstance(acl, str) or fact.type != "AWS::S3::Bucket" or acl not in GRANTS:
        return None
    blocks = held.get("public_access_block_given") is True
    if blocks and (held.get("block_public_acls") or held.get("ignore_public_acls")):
        return None
    owned = held.get("object_ownership_given") is True
    if owned and held.get("object_ownership") == "BucketOwnerEnforced":
        return None
    return acl, blocks and owned


def add_bucket_acls(nodes: Nodes, edges: EdgeCollector) -> None:
    """An edge from the public to each bucket that its ACL surely opens."""
    for fact in nodes.inventory.resources.values():
        found = public_acl(fact)
        if found is None or not found[1]:
            continue
        acl = found[0]
        conditions = {"template": {"condition": [fact.only_if]}} if fact.only_if else NO_CONDITIONS
        edges.add(
            EdgeKind.CAN_ACCESS,
            nodes.public().id,
            fact.id,
            actions=load().action_set(GRANTS[acl]),
            provenance=Provenance(
                source=source_of(acl, fact.source), logical_id=fact.logical_id, statement="AccessControl"
            ),
            conditions=conditions,
            decision=Decision.CONDITIONAL if conditions else Decision.ALLOW,
        )
