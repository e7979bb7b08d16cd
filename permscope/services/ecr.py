"""Amazon ECR: repositories and registries, their policies.

A repository policy has no `Resource`: it speaks of its repository
(https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html).
"""

from __future__ import annotations

from collections.abc import Iterable

from permscope.inventory.facts import AnyFact
from permscope.services._holders import holder, roles_of
from permscope.services._wiring import role_uses
from permscope.services.interface import TemplateResource
from permscope.services.kms import encryption_key


def read_repository(resource: TemplateResource) -> Iterable[AnyFact]:
    """A repository and its policy."""
    mutability = resource.text("ImageTagMutability") or "MUTABLE"
    yield resource.resource(kms_key_arn=encryption_key(resource), image_tag_mutability=mutability)
    yield from resource.protects(resource.id, "RepositoryPolicyText")


def read_registry_policy(resource: TemplateResource) -> Iterable[AnyFact]:
    """The policy of the account's registry in this Region."""
    yield from resource.protects(resource.stack.arn("ecr", "repository/*"), "PolicyText")


def read_creation_template(resource: TemplateResource) -> Iterable[AnyFact]:
    """The policy that repositories get which ECR makes by itself."""
    yield resource.resource()
    prefix = resource.text("Prefix")
    if prefix:
        name = "*" if prefix == "ROOT" else f"{prefix.rstrip('/')}/*"
        yield from resource.protects(resource.stack.arn("ecr", f"repository/{name}"), "RepositoryPolicy")
    yield from role_uses(resource, roles_of(resource), "ecr.amazonaws.com", exact=False)


TEMPLATE = {
    "AWS::ECR::Repository": read_repository,
    "AWS::ECR::PublicRepository": holder("RepositoryPolicyText"),
    "AWS::ECR::RegistryPolicy": read_registry_policy,
    "AWS::ECR::RepositoryCreationTemplate": read_creation_template,
    "AWS::ECR::PullThroughCacheRule": holder(service="pullthroughcache.ecr.amazonaws.com"),
}
SERVICE_PRINCIPALS = ("ecr.amazonaws.com", "pullthroughcache.ecr.amazonaws.com")
