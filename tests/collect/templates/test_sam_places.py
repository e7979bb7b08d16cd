"""The line of a SAM resource that made something."""

from __future__ import annotations

import pytest

from permscope.collect.templates.document import parse_document
from permscope.collect.templates.sam_places import Maker, place_policies
from permscope.inventory.located import LocatedDict, LocatedStr, key_source, source_of
from permscope.inventory.policies import PolicyKind, parse_policy

TEXT = """\
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      FunctionUrlConfig: {AuthType: NONE}
      AutoPublishAlias: live
      Tracing: Active
      Policies:
        - AmazonS3ReadOnlyAccess
        - SQSPollerPolicy: {QueueName: q}
      Events:
        Queue: {Type: SQS, Properties: {Queue: q}}
"""


@pytest.fixture
def maker() -> Maker:
    """The function of the text."""
    resources = parse_document(TEXT, "t.yaml").value["Resources"]
    return Maker("Fn", resources["Fn"], key_source(resources, "Fn"), {"VpcConfig": {}})


@pytest.mark.parametrize(
    ("logical_id", "line"),
    [("FnUrl", 5), ("FnUrlPublicPermissions", 5), ("FnVersion0123456789", 6), ("FnAliaslive", 6), ("FnElse", 2)],
)
def test_a_generated_resource_stands_where_its_property_does(maker: Maker, logical_id: str, line: int) -> None:
    """https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html."""
    assert maker.of_resource(logical_id).line == line


@pytest.mark.parametrize(
    ("policy", "line"), [("AWSXrayWriteOnlyAccess", 7), ("AWSLambdaSQSQueueExecutionRole", 12), ("Nobody", 2)]
)
def test_a_policy_that_sam_adds_stands_where_its_reason_does(maker: Maker, policy: str, line: int) -> None:
    """A property or an event; the resource, where nothing tells."""
    assert maker.of_policy(policy).line == line


def test_an_entry_of_policies_is_the_place_of_what_it_gives(maker: Maker) -> None:
    """Of a managed policy its name, of a template its name."""
    place = maker.of_policy("Nobody")
    document = LocatedDict({"Statement": [{"Effect": "Allow", "Action": "sqs:ReceiveMessage", "Resource": "*"}]}, place)
    role = {
        "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"],
        "Policies": [{"PolicyName": "FnRolePolicy1", "PolicyDocument": document}],
    }
    place_policies(role, maker, place)
    (arn,) = role["ManagedPolicyArns"]
    assert isinstance(arn, LocatedStr)
    assert source_of(arn).line == 9
    moved = role["Policies"][0]["PolicyDocument"]  # type: ignore[index]
    assert source_of(moved).line == 10
    assert parse_policy(moved, name="p", kind=PolicyKind.INLINE).statements[0].effect == "Allow"
