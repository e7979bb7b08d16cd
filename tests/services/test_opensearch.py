"""Search domains and collections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import Resource, ResourcePolicy, RoleUse

Read = Callable[..., list[Any]]
HERE = "${AWS::Region}:${AWS::AccountId}"
ARN = "arn:${AWS::Partition}"
DOCUMENT = "{Statement: [{Effect: Allow, Principal: '*', Action: 's3:*', Resource: '*'}]}"


@pytest.mark.parametrize(
    ("resource", "properties", "protected"),
    [
        (
            "AWS::OpenSearchService::Domain",
            "DomainName: logs, AccessPolicies: DOCUMENT",
            f"{ARN}:es:{HERE}:domain/logs",
        ),
        ("AWS::Elasticsearch::Domain", "DomainName: logs, AccessPolicies: DOCUMENT", f"{ARN}:es:{HERE}:domain/logs"),
    ],
)
def test_its_policy_protects_it(read: Read, resource: str, properties: str, protected: str) -> None:
    """What the policy is on is the resource's own ARN, or what it names."""
    text = properties.replace("DOCUMENT", DOCUMENT)
    (found,) = read(f"Resources: {{X: {{Type: {resource}, Properties: {{{text}}}}}}}", ResourcePolicy)
    assert found.resource_arn == protected
    assert [statement.effect for statement in found.policy.statements] == ["Allow"]


def test_a_data_access_policy_names_its_principals(read: Read) -> None:
    """Serverless collections have JSON of their own kind."""
    role = "arn:aws:iam::111122223333:role/search"
    policy = f'[{{"Rules": [], "Principal": ["{role}"]}}]'
    (found,) = read(
        f"Resources: {{X: {{Type: AWS::OpenSearchServerless::AccessPolicy, Properties: "
        f"{{Name: p, Type: data, Policy: '{policy}'}}}}}}",
        Resource,
    )
    assert found.attributes["principals"] == (role,)


@pytest.mark.parametrize(
    ("kind", "service"),
    [
        ("AWS::OpenSearchService::Domain", "opensearchservice.amazonaws.com"),
        ("AWS::Elasticsearch::Domain", "es.amazonaws.com"),
    ],
)
def test_a_domain_reaches_cognito_under_the_name_of_its_api(read: Read, kind: str, service: str) -> None:
    """The former API has the former principal.

    https://docs.aws.amazon.com/opensearch-service/latest/developerguide/cognito-auth.html
    """
    options = "CognitoOptions: {Enabled: true, RoleArn: 'arn:aws:iam::111122223333:role/c'}"
    (use,) = read(f"Resources: {{X: {{Type: {kind}, Properties: {{{options}}}}}}}", RoleUse)
    assert use.service == service
