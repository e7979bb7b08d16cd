"""Container image repositories."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import Resource, ResourcePolicy

Read = Callable[..., list[Any]]
HERE = "${AWS::Region}:${AWS::AccountId}"
ARN = "arn:${AWS::Partition}"
DOCUMENT = "{Statement: [{Effect: Allow, Principal: '*', Action: 's3:*', Resource: '*'}]}"


@pytest.mark.parametrize(
    ("resource", "properties", "protected"),
    [
        (
            "AWS::ECR::Repository",
            "RepositoryName: app, RepositoryPolicyText: DOCUMENT",
            f"{ARN}:ecr:{HERE}:repository/app",
        ),
        ("AWS::ECR::RegistryPolicy", "PolicyText: DOCUMENT", f"{ARN}:ecr:{HERE}:repository/*"),
        (
            "AWS::ECR::RepositoryCreationTemplate",
            "Prefix: team/, RepositoryPolicy: DOCUMENT",
            f"{ARN}:ecr:{HERE}:repository/team/*",
        ),
        (
            "AWS::ECR::RepositoryCreationTemplate",
            "Prefix: ROOT, RepositoryPolicy: DOCUMENT",
            f"{ARN}:ecr:{HERE}:repository/*",
        ),
    ],
)
def test_its_policy_protects_it(read: Read, resource: str, properties: str, protected: str) -> None:
    """What the policy is on is the resource's own ARN, or what it names."""
    text = properties.replace("DOCUMENT", DOCUMENT)
    (found,) = read(f"Resources: {{X: {{Type: {resource}, Properties: {{{text}}}}}}}", ResourcePolicy)
    assert found.resource_arn == protected
    assert [statement.effect for statement in found.policy.statements] == ["Allow"]


def test_tags_may_move_unless_a_repository_forbids_it(read: Read) -> None:
    """`MUTABLE` is the default of `ImageTagMutability`."""
    (found,) = read("Resources: {X: {Type: AWS::ECR::Repository, Properties: {}}}", Resource)
    assert found.attributes["image_tag_mutability"] == "MUTABLE"
