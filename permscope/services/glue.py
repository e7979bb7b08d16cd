"""AWS Glue: jobs and crawlers act with a role; the Data Catalog's policy has no CloudFormation type.

https://docs.aws.amazon.com/glue/latest/dg/create-an-iam-role.html
"""

from __future__ import annotations

from collections.abc import Iterable

from permscope.inventory.facts import AnyFact
from permscope.inventory.located import LocatedStr
from permscope.services._holders import roles_of
from permscope.services._wiring import role_uses
from permscope.services.iam import principal_arn
from permscope.services.interface import TemplateResource

SERVICE = "glue.amazonaws.com"


def read_worker(resource: TemplateResource) -> Iterable[AnyFact]:
    """A job, crawler or endpoint; its role may be given by name as well as by ARN."""
    yield resource.resource()
    roles = (
        role._replace(text=principal_arn(resource.stack, LocatedStr(role.text, role.source)) or role.text)
        for role in roles_of(resource)
    )
    yield from role_uses(resource, roles, SERVICE, exact=False)


TEMPLATE = dict.fromkeys(
    (
        "AWS::Glue::Job",
        "AWS::Glue::Crawler",
        "AWS::Glue::DevEndpoint",
        "AWS::Glue::MLTransform",
        "AWS::Glue::Session",
        "AWS::Glue::TableOptimizer",
    ),
    read_worker,
)
SERVICE_PRINCIPALS = (SERVICE,)
