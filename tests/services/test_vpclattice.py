"""VPC Lattice services in front of functions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from permscope.inventory.facts import AnyFact, Auth, Delivery, ResourcePolicy, Route, Trigger

Read = Callable[[str], list[AnyFact]]
WORLD = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13, Role: "arn:aws:iam::111122223333:role/r"}}
  Group: {Type: AWS::VpcLattice::TargetGroup, Properties: {Type: LAMBDA, Targets: [{Id: !GetAtt Fn.Arn}]}}
  Service: {Type: AWS::VpcLattice::Service, Properties: {AuthType: SERVICE}}
  Network: {Type: AWS::VpcLattice::ServiceNetwork, Properties: {AuthType: NETWORK}}
  Link: {Type: AWS::VpcLattice::ServiceNetworkServiceAssociation, Properties:
    {ServiceIdentifier: !Ref Service, ServiceNetworkIdentifier: !Ref Network}}
  Listener: {Type: AWS::VpcLattice::Listener, Properties: {ServiceIdentifier: !Ref Service, Protocol: HTTPS,
    DefaultAction: {Forward: {TargetGroups: [{TargetGroupIdentifier: !Ref Group}]}}}}
  Policy: {Type: AWS::VpcLattice::AuthPolicy, Properties: {ResourceIdentifier: !Ref Service, Policy:
    {Statement: [{Effect: Allow, Principal: "*", Action: "vpc-lattice-svcs:Invoke", Resource: "*"}]}}}
"""


@pytest.mark.parametrize(
    ("service", "network", "auth"),
    [
        ("NONE", "NONE", Auth.NONE),
        ("AWS_IAM", "NONE", Auth.IAM),
        ("NONE", "AWS_IAM", Auth.IAM),
    ],
)
def test_a_service_or_its_network_asks_for_a_signature(read: Read, service: str, network: str, auth: Auth) -> None:
    """Either `AuthType` is enough.

    https://docs.aws.amazon.com/vpc-lattice/latest/ug/auth-policies.html
    """
    facts = read(WORLD.replace("SERVICE}", f"{service}}}").replace("NETWORK}", f"{network}}}"))
    (route,) = [fact for fact in facts if isinstance(fact, Route)]
    assert (route.auth, route.private) == (auth, True)


def test_the_target_group_runs_the_function(read: Read) -> None:
    """The listener hands on to the group, the group is the source the service names."""
    facts = read(WORLD)
    (trigger,) = [fact for fact in facts if isinstance(fact, Trigger)]
    (delivery,) = [fact for fact in facts if isinstance(fact, Delivery)]
    (policy,) = [fact for fact in facts if isinstance(fact, ResourcePolicy)]
    assert (trigger.service, trigger.source_id) == ("vpc-lattice.amazonaws.com", trigger.source_arn)
    assert delivery.target_arn == trigger.source_id
    assert ":service/" in policy.resource_arn
