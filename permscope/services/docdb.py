"""Amazon DocumentDB: clusters whose change streams Lambda polls.

https://docs.aws.amazon.com/lambda/latest/dg/with-documentdb.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from permscope.inventory.arn import split_arn
from permscope.inventory.facts import AnyFact, Need
from permscope.services._answers import picked
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services.interface import TemplateResource
from permscope.services.kafka import needs_of_vpc
from permscope.services.kms import encryption_key


def needs_to_poll(arn: str) -> tuple[Need, ...]:
    """What an execution role needs to read a cluster's change stream, besides the secret with its password."""
    needs = [Need(actions=("rds:DescribeDBClusters",), resource_arn=arn, why="to find the cluster")]
    parts = split_arn(arn)
    if parts is not None:
        prefix = arn[: len(arn) - len(parts.resource)]
        parameters, subnets = f"{prefix}cluster-pg:*", f"{prefix}subgrp:*"
        needs += [
            Need(actions=("rds:DescribeDBClusterParameters",), resource_arn=parameters, why="to see if streams are on"),
            Need(actions=("rds:DescribeDBSubnetGroups",), resource_arn=subnets, why="to find the cluster's network"),
        ]
    return (*needs, *needs_of_vpc())


def read_cluster(resource: TemplateResource) -> Iterable[AnyFact]:
    """A cluster; its master password is never looked at."""
    yield resource.resource(kms_key_arn=encryption_key(resource), encrypted=resource.flag("StorageEncrypted"))


TEMPLATE = {"AWS::DocDB::DBCluster": read_cluster}


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every cluster; the API is that of RDS and gives clusters of all engines unless it is told."""
    only = [{"Name": "engine", "Values": ["docdb"]}]
    for item in session.pages("docdb", "describe_db_clusters", "DBClusters", Filters=only):
        yield session.resource(
            "AWS::DocDB::DBCluster",
            picked(item, "KmsKeyId", "StorageEncrypted"),
            name=item["DBClusterIdentifier"],
            arn=item["DBClusterArn"],
            call="docdb.describe_db_clusters",
        )


LIVE = (
    LiveReader(
        read=read_live,
        client="docdb",
        operations={"docdb.describe_db_clusters": "which DocumentDB clusters there are"},
    ),
)
