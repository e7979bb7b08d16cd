"""What access grants let whom do."""

from __future__ import annotations

from pathlib import Path

import pytest

from permscope.collect.load import load
from permscope.graph.build import build_graph
from permscope.graph.model import Decision
from permscope.graph.questions.asking import who_can
from permscope.inventory.facts import ResourcePolicy, Unknown
from permscope.inventory.inventory import Inventory

WORLD = """
Resources:
  Bucket: {{Type: AWS::S3::Bucket, Properties: {{BucketName: lake}}}}
  Analyst:
    Type: AWS::IAM::Role
    Properties:
      RoleName: analyst
      AssumeRolePolicyDocument:
        Statement: {{Effect: Allow, Principal: {{Service: lambda.amazonaws.com}}, Action: sts:AssumeRole}}
      Policies:
        - PolicyName: own
          PolicyDocument: {{Statement: {{Effect: Allow, Action: s3:GetDataAccess, Resource: "*"}}}}
  Location:
    Type: AWS::S3::AccessGrantsLocation
    Properties: {{LocationScope: "{location}", IamRoleArn: !GetAtt Analyst.Arn}}
  Grant:
    Type: AWS::S3::AccessGrant
    Properties:
      AccessGrantsLocationId: {named}
      AccessGrantsLocationConfiguration: {{S3SubPrefix: "{added}"}}
      Permission: {permission}
      Grantee: {{GranteeType: {kind}, GranteeIdentifier: !GetAtt Analyst.Arn}}
"""
USUAL = {"location": "s3://", "named": "!Ref Location", "added": "lake/sales/*", "permission": "READ", "kind": "IAM"}


def read(folder: Path, **changed: str) -> Inventory:
    """A world with one grant."""
    path = folder / "template.yaml"
    path.write_text(WORLD.format(**{**USUAL, **changed}), encoding="utf-8")
    return load([str(path)])


def test_a_grant_is_access_under_the_condition_that_it_is_used(tmp_path: Path) -> None:
    """Reading below the prefix, never writing or reading elsewhere; requests with granted credentials say so.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-grants-location-register.html
    """
    graph = build_graph(read(tmp_path))
    (answer,) = who_can(graph, "s3:GetObject", "arn:aws:s3:::lake/sales/2026.csv")
    assert (answer.principal.label, answer.decision) == ("Analyst", Decision.CONDITIONAL)
    assert "s3:AccessGrantsInstanceArn" in answer.conditions["ArnEquals"]
    assert who_can(graph, "s3:PutObject", "arn:aws:s3:::lake/sales/2026.csv") == []
    assert who_can(graph, "s3:GetObject", "arn:aws:s3:::lake/people/ada.csv") == []


@pytest.mark.parametrize(
    ("changed", "resource"),
    [
        ({}, "lake/sales/*"),
        ({"added": "lake/*"}, "lake/*"),
        ({"location": "s3://lake/sales", "added": "2026*"}, "lake/sales/2026*"),
        ({"location": "s3://lake/sales/*", "added": "2026*"}, "lake/sales/2026*"),
        ({"location": "s3://lake/sales/*", "added": ""}, "lake/sales/*"),
        ({"named": "default", "added": "lake/x"}, "lake/x"),
    ],
)
def test_what_is_granted_is_the_location_with_what_is_added(
    tmp_path: Path, changed: dict[str, str], resource: str
) -> None:
    """A bucket, a prefix or one object."""
    (policy,) = read(tmp_path, **changed).of(ResourcePolicy)
    assert policy.policy.statements[0].resources is not None
    assert [text.rpartition(":::")[2] for text in policy.policy.statements[0].resources] == [resource]


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"kind": "DIRECTORY_USER"}, "the grantee of `Grant`"),
        ({"named": "loc-1234"}, "the grant of `Grant`"),
        ({"permission": "EVERYTHING"}, "the grant of `Grant`"),
        ({"added": ""}, "the grant of `Grant`"),
    ],
)
def test_a_grant_that_cannot_be_told_is_unknown(tmp_path: Path, changed: dict[str, str], what: str) -> None:
    """Somebody in a directory, a location of elsewhere, a word that AWS does not have, every bucket there is."""
    inventory = read(tmp_path, **changed)
    assert inventory.of(ResourcePolicy) == ()
    assert [fact.what for fact in inventory.of(Unknown)] == [what]
