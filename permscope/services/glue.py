"""AWS Glue: jobs and crawlers act with a role; the Data Catalog's policy has no CloudFormation type.

https://docs.aws.amazon.com/glue/latest/dg/create-an-iam-role.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.services._answers import picked, protecting
from permscope.services._holders import holder
from permscope.services._live import LiveFact, LiveReader, Session

SERVICE = "glue.amazonaws.com"
_WORKERS = (
    "AWS::Glue::Job",
    "AWS::Glue::Crawler",
    "AWS::Glue::DevEndpoint",
    "AWS::Glue::MLTransform",
    "AWS::Glue::Session",
    "AWS::Glue::TableOptimizer",
)

TEMPLATE = dict.fromkeys(_WORKERS, holder(service=SERVICE))
SERVICE_PRINCIPALS = (SERVICE,)


def read_live(session: Session) -> Iterator[LiveFact]:
    """The policies of the Data Catalog, and the jobs and crawlers with their roles; arguments of jobs are not kept.

    https://docs.aws.amazon.com/glue/latest/webapi/API_GetResourcePolicies.html
    """
    call = "glue.get_resource_policies"
    catalog = session.stack.arn("glue", "catalog")
    found = session.pages("glue", "get_resource_policies", "GetResourcePoliciesResponseList")
    for number, item in enumerate(found):
        name = f"catalog/{number}" if number else "catalog"
        for arn in (catalog, *(session.stack.arn("glue", f"{kind}/*") for kind in ("database", "table"))):
            yield from protecting(session, arn, item.get("PolicyInJson"), name=name, call=call)
    for key, operation, kind in (("Jobs", "get_jobs", "Job"), ("Crawlers", "get_crawlers", "Crawler")):
        for item in session.pages("glue", operation, key):
            yield session.resource(
                f"AWS::Glue::{kind}", picked(item, "Role"), name=item["Name"], call=f"glue.{operation}"
            )


LIVE = (
    LiveReader(
        read=read_live,
        client="glue",
        operations={
            "glue.get_resource_policies": "who may use the data catalog",
            "glue.get_jobs": "which roles jobs act with",
            "glue.get_crawlers": "which roles crawlers act with",
        },
    ),
)
