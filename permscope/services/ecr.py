"""Amazon ECR: repositories and registries, their policies.

A repository policy has no `Resource`: it speaks of its repository
(https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from permscope.inventory.facts import AnyFact
from permscope.services._answers import capitalised, each, picked
from permscope.services._holders import Held, holder, roles_of
from permscope.services._live import LiveFact, LiveReader, Session
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


_PUBLIC = Held(
    client="ecr-public",
    lists="describe_repositories",
    items="repositories",
    name="repositoryName",
    arn="repositoryArn",
    asks="get_repository_policy",
    by={"repositoryName": "repositoryName"},
    document="policyText",
    type_name="AWS::ECR::PublicRepository",
    policy="RepositoryPolicyText",
    none=("RepositoryPolicyNotFoundException", "RepositoryNotFoundException"),
    what="who may push to a public repository",
)
_NONE = ("RepositoryPolicyNotFoundException", "RepositoryNotFoundException", "RegistryPolicyNotFoundException")


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every private repository, and the policy of the registry."""
    yield from each(session, _live_repository, session.pages("ecr", "describe_repositories", "repositories"))
    registry = session.call("ecr", "get_registry_policy", none=_NONE) or {}
    if registry.get("policyText"):
        properties = {"PolicyText": registry["policyText"]}
        yield session.resource(
            "AWS::ECR::RegistryPolicy", properties, name=session.account, call="ecr.get_registry_policy"
        )


def _live_repository(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    name = item["repositoryName"]
    answer = session.call("ecr", "get_repository_policy", none=_NONE, repositoryName=name) or {}
    properties = {
        **capitalised(picked(item, "imageTagMutability", "encryptionConfiguration")),
        "RepositoryPolicyText": answer.get("policyText"),
    }
    yield session.resource(
        "AWS::ECR::Repository", properties, name=name, arn=item["repositoryArn"], call="ecr.get_repository_policy"
    )


LIVE = (
    _PUBLIC.reader(),
    LiveReader(
        read=read_live,
        client="ecr",
        operations={
            "ecr.describe_repositories": "which repositories of images there are",
            "ecr.get_repository_policy": "who may pull and push images",
            "ecr.get_registry_policy": "who may replicate images here",
        },
    ),
)
