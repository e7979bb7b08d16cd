"""Amazon OpenSearch Service: domains, their access policies, and serverless collections.

The policies of serverless collections are no IAM documents: they are kept as resources and their principals as
attributes (https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-data-access.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from permscope.inventory.facts import AnyFact
from permscope.inventory.located import as_list, as_text
from permscope.services._answers import each, picked
from permscope.services._holders import holder, roles_of
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import json_value
from permscope.services._wiring import role_uses
from permscope.services.interface import TemplateResource
from permscope.services.kms import encryption_key

SERVICE = "opensearchservice.amazonaws.com"
_FORMER = "es.amazonaws.com"


def read_domain(resource: TemplateResource) -> Iterable[AnyFact]:
    """A domain and its access policy."""
    yield resource.resource(
        kms_key_arn=encryption_key(resource),
        in_vpc=resource.get("VPCOptions", "SubnetIds") is not None,
        fine_grained_access=resource.flag("AdvancedSecurityOptions", "Enabled"),
    )
    yield from resource.protects(resource.id, "AccessPolicies")
    service = _FORMER if resource.type == "AWS::Elasticsearch::Domain" else SERVICE
    yield from role_uses(resource, roles_of(resource), service, exact=False)


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
SERVICE_PRINCIPALS = (SERVICE, _FORMER, "osis-pipelines.amazonaws.com")


_MOST_DOMAINS = 5
"""How many domains one call may ask for."""


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every domain with its access policy.

    https://docs.aws.amazon.com/opensearch-service/latest/APIReference/API_DescribeDomains.html
    """
    names = [item["DomainName"] for item in session.pages("opensearch", "list_domain_names", "DomainNames")]
    for start in range(0, len(names), _MOST_DOMAINS):
        answer = session.call("opensearch", "describe_domains", DomainNames=names[start : start + _MOST_DOMAINS])
        for item in (answer or {}).get("DomainStatusList") or ():
            properties = {
                "VPCOptions": picked(item.get("VPCOptions") or {}, "SubnetIds") or None,
                "CognitoOptions": picked(item.get("CognitoOptions") or {}, "RoleArn"),
                "EncryptionAtRestOptions": picked(item.get("EncryptionAtRestOptions") or {}, "KmsKeyId"),
                "AdvancedSecurityOptions": picked(item.get("AdvancedSecurityOptions") or {}, "Enabled"),
                "AccessPolicies": item.get("AccessPolicies") or None,
            }
            yield session.resource(
                "AWS::OpenSearchService::Domain",
                properties,
                name=item["DomainName"],
                arn=item["ARN"],
                call="opensearch.describe_domains",
            )


def read_live_serverless(session: Session) -> Iterator[LiveFact]:
    """The data access policies of serverless collections."""
    found = session.pages("opensearchserverless", "list_access_policies", "accessPolicySummaries", type="data")
    yield from each(session, _live_access_policy, [item["name"] for item in found])


def _live_access_policy(session: Session, name: str) -> Iterator[LiveFact]:
    call = "opensearchserverless.get_access_policy"
    none = ("ResourceNotFoundException",)
    answer = session.call("opensearchserverless", "get_access_policy", none=none, of=name, type="data", name=name)
    detail = (answer or {}).get("accessPolicyDetail") or {}
    if detail.get("policy") is not None:
        properties = {"Name": name, "Type": "data", "Policy": detail["policy"]}
        yield session.resource("AWS::OpenSearchServerless::AccessPolicy", properties, name=name, call=call)


LIVE = (
    LiveReader(
        read=read_live,
        client="opensearch",
        operations={
            "opensearch.list_domain_names": "which search domains there are",
            "opensearch.describe_domains": "who may search and change a domain",
        },
    ),
    LiveReader(
        read=read_live_serverless,
        client="opensearchserverless",
        operations={
            "opensearchserverless.list_access_policies": "who may search and change collections",
            "opensearchserverless.get_access_policy": "who may search and change collections",
        },
    ),
)
