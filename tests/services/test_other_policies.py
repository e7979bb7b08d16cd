"""Services of which only the resource policy is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import ResourcePolicy

Read = Callable[..., list[Any]]
HERE = "${AWS::Region}:${AWS::AccountId}"
ARN = "arn:${AWS::Partition}"
DOCUMENT = "{Statement: [{Effect: Allow, Principal: '*', Action: 's3:*', Resource: '*'}]}"


@pytest.mark.parametrize(
    ("resource", "properties", "protected"),
    [
        (
            "AWS::CloudTrail::ResourcePolicy",
            "ResourceArn: 'arn:aws:cloudtrail:eu-west-1:111122223333:channel/1', ResourcePolicy: DOCUMENT",
            "arn:aws:cloudtrail:eu-west-1:111122223333:channel/1",
        ),
        ("AWS::EventSchemas::RegistryPolicy", "RegistryName: r, Policy: DOCUMENT", f"{ARN}:schemas:{HERE}:registry/r"),
        ("AWS::DSQL::Cluster", "PolicyDocument: DOCUMENT", f"{ARN}:dsql:{HERE}:cluster/${{X}}"),
        (
            "AWS::APS::ResourcePolicy",
            "WorkspaceArn: 'arn:aws:aps:eu-west-1:111122223333:workspace/ws-1', PolicyDocument: DOCUMENT",
            "arn:aws:aps:eu-west-1:111122223333:workspace/ws-1",
        ),
        ("AWS::MediaTailor::ChannelPolicy", "ChannelName: c, Policy: DOCUMENT", f"{ARN}:mediatailor:{HERE}:channel/c"),
    ],
)
def test_its_policy_protects_it(read: Read, resource: str, properties: str, protected: str) -> None:
    """What the policy is on is the resource's own ARN, or what it names."""
    text = properties.replace("DOCUMENT", DOCUMENT)
    (found,) = read(f"Resources: {{X: {{Type: {resource}, Properties: {{{text}}}}}}}", ResourcePolicy)
    assert found.resource_arn == protected
    assert [statement.effect for statement in found.policy.statements] == ["Allow"]
