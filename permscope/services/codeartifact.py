"""AWS CodeArtifact: domains and repositories, their policies.

https://docs.aws.amazon.com/codeartifact/latest/ug/repo-policies.html
"""

from __future__ import annotations

from permscope.services._holders import Held, holder

TEMPLATE = {
    "AWS::CodeArtifact::Domain": holder("PermissionsPolicyDocument"),
    "AWS::CodeArtifact::Repository": holder("PermissionsPolicyDocument"),
}
SERVICE_PRINCIPALS = ("codeartifact.amazonaws.com",)


_DOMAINS = Held(
    client="codeartifact",
    lists="list_domains",
    items="domains",
    name="name",
    arn="arn",
    asks="get_domain_permissions_policy",
    by={"domain": "name", "domainOwner": "owner"},
    document="policy.document",
    type_name="AWS::CodeArtifact::Domain",
    policy="PermissionsPolicyDocument",
    what="who may use a domain of packages",
)
_REPOSITORIES = Held(
    client="codeartifact",
    lists="list_repositories",
    items="repositories",
    name="name",
    arn="arn",
    asks="get_repository_permissions_policy",
    by={"domain": "domainName", "domainOwner": "domainOwner", "repository": "name"},
    document="policy.document",
    type_name="AWS::CodeArtifact::Repository",
    policy="PermissionsPolicyDocument",
    what="who may read and publish packages",
)
LIVE = (_DOMAINS.reader(), _REPOSITORIES.reader())
