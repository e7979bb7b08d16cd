"""Amazon OpenSearch Service: domains, their access policies, and serverless collections.

The policies of serverless collections are no IAM documents: they are kept as resources and their principals as
attributes (https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-data-access.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from permscope.inventory.facts import AnyFact
from permscope.inventory.located import as_list, as_text
from permscope.services._holders import holder, roles_of
from permscope.services._values import json_value
from permscope.services._wiring import role_uses
from permscope.services.interface import TemplateResource
from permscope.services.kms import encryption_key

SERVICE = "opensearchservice.amazonaws.com"


def read_domain(resource: TemplateResource) -> Iterable[AnyFact]:
    """A domain and its access policy."""
    yield resource.resource(
        kms_key_arn=encryption_key(resource),
        in_vpc=resource.get("VPCOptions", "SubnetIds") is not None,
        fine_grained_access=resource.flag("AdvancedSecurityOptions", "Enabled"),
    )
    yield from resource.protects(resource.id, "AccessPolicies")
    yield from role_uses(resource, roles_of(resource), SERVICE, exact=False)


def read_access_policy(resource: TemplateResource) -> Iterable[AnyFact]:
    """A data access policy of serverless collections."""
    document = json_value(resource.get("Policy"))
    if document is None:
        yield resource.unknown("the data access policy", "it is no JSON", "shape", resource.place("Policy"))
    principals = [
        text
        for rule in as_list(document)
        if isinstance(rule, Mapping)
        for principal in as_list(rule.get("Principal"))
        if (text := as_text(principal))
    ]
    yield resource.resource(principals=tuple(principals), policy_type=resource.text("Type"))


TEMPLATE = {
    "AWS::OpenSearchService::Domain": read_domain,
    "AWS::Elasticsearch::Domain": read_domain,
    "AWS::OpenSearchServerless::AccessPolicy": read_access_policy,
    "AWS::OSIS::Pipeline": holder("ResourcePolicy", "Policy", service="osis-pipelines.amazonaws.com"),
}
SERVICE_PRINCIPALS = (SERVICE, "es.amazonaws.com", "osis-pipelines.amazonaws.com")
