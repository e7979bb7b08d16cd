"""AWS Glue: jobs and crawlers act with a role; the Data Catalog's policy has no CloudFormation type.

https://docs.aws.amazon.com/glue/latest/dg/create-an-iam-role.html
"""

from __future__ import annotations

from permscope.services._holders import holder

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
