"""Databases that act with roles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Resource, RoleUse

Read = Callable[..., list[Any]]


def test_a_database_calls_functions_with_an_associated_role(read: Read) -> None:
    """Which function is decided by SQL at run time, so the role's needs are not known."""
    role = "arn:aws:iam::111122223333:role/aurora"
    facts = read(f"""
Resources:
  D:
    Type: AWS::RDS::DBCluster
    Properties:
      Engine: aurora-mysql
      MasterUserPassword: hush-hush
      AssociatedRoles: [{{FeatureName: Lambda, RoleArn: '{role}'}}]
      MonitoringRoleArn: arn:aws:iam::111122223333:role/monitoring
""")
    uses = [(fact.role_arn, fact.service, fact.exact) for fact in facts if isinstance(fact, RoleUse)]
    (cluster,) = [fact for fact in facts if isinstance(fact, Resource)]
    assert uses == [
        (role, "rds.amazonaws.com", False),
        ("arn:aws:iam::111122223333:role/monitoring", "monitoring.rds.amazonaws.com", False),
    ]
    assert cluster.attributes["role_features"] == ("Lambda",)
    assert "hush-hush" not in repr(facts)


def test_a_proxy_reads_secrets_with_its_role(read: Read) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-iam-setup.html ."""
    (proxy, use) = read(
        """
Resources:
  P:
    Type: AWS::RDS::DBProxy
    Properties:
      DBProxyName: p
      EngineFamily: MYSQL
      RoleArn: arn:aws:iam::111122223333:role/proxy
      Auth: [{SecretArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db', IAMAuth: REQUIRED}]
      VpcSubnetIds: [s]
""",
        Resource,
        RoleUse,
    )
    assert proxy.attributes["iam_authentication"] is True
    assert use.role_arn == "arn:aws:iam::111122223333:role/proxy"
