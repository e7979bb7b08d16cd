"""Streams, databases and warehouses of a live account that run functions or act with roles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Delivery, Mechanism, Resource, RoleUse, Trigger

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:change"
ROLE = "arn:aws:iam::123456789012:role/stream"
STREAM = "arn:aws:firehose:eu-west-1:123456789012:deliverystream/clicks"
SOURCE = "arn:aws:kinesis:eu-west-1:123456789012:stream/raw"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
BUCKET: dict[str, Any] = {
    "RoleARN": ROLE,
    "BucketARN": "arn:aws:s3:::clicks",
    "BufferingHints": {},
    "CompressionFormat": "GZIP",
    "EncryptionConfiguration": {"KMSEncryptionConfig": {"AWSKMSKeyARN": KEY}},
}
PROCESSORS = {
    "Enabled": True,
    "Processors": [{"Type": "Lambda", "Parameters": [{"ParameterName": "LambdaArn", "ParameterValue": FUNCTION}]}],
}
FIREHOSE: dict[str, Any] = {
    "firehose.list_delivery_streams": lambda asked: (
        {"DeliveryStreamNames": ["clicks"], "HasMoreDeliveryStreams": True}
        if "ExclusiveStartDeliveryStreamName" not in asked
        else {"DeliveryStreamNames": ["splunk"], "HasMoreDeliveryStreams": False}
    ),
    "firehose.describe_delivery_stream": lambda asked: {
        "DeliveryStreamDescription": {
            "DeliveryStreamName": asked["DeliveryStreamName"],
            "DeliveryStreamARN": STREAM.replace("clicks", asked["DeliveryStreamName"]),
            "DeliveryStreamStatus": "ACTIVE",
            "DeliveryStreamType": "KinesisStreamAsSource",
            "VersionId": "1",
            "HasMoreDestinations": False,
            **(
                {
                    "Source": {"KinesisStreamSourceDescription": {"KinesisStreamARN": SOURCE, "RoleARN": ROLE}},
                    "DeliveryStreamEncryptionConfiguration": {"KeyARN": KEY, "KeyType": "CUSTOMER_MANAGED_CMK"},
                    "Destinations": [
                        {
                            "DestinationId": "1",
                            "S3DestinationDescription": BUCKET,
                            "ExtendedS3DestinationDescription": {**BUCKET, "ProcessingConfiguration": PROCESSORS},
                        }
                    ],
                }
                if asked["DeliveryStreamName"] == "clicks"
                else {
                    "Destinations": [
                        {
                            "DestinationId": "1",
                            "SplunkDestinationDescription": {
                                "HECToken": "not kept",
                                "S3DestinationDescription": BUCKET,
                                "ProcessingConfiguration": PROCESSORS,
                            },
                        }
                    ]
                }
            ),
        }
    },
}


def test_each_stream_calls_its_function_once(account: Callable[..., list[Any]]) -> None:
    """A bucket is described twice and is one destination; a destination without a role uses that of its backup."""
    found = [(fact.source_id, fact.role_arn) for fact in account("firehose", FIREHOSE, Trigger)]
    assert found == [(STREAM, ROLE), (STREAM.replace("clicks", "splunk"), ROLE)]


def test_streams_read_their_source_and_write_their_buckets(account: Callable[..., list[Any]]) -> None:
    """Sources, destinations and backups are deliveries with a role; tokens are not kept."""
    facts = account("firehose", FIREHOSE)
    found = {(fact.event, fact.sender_id, fact.target_arn) for fact in facts if isinstance(fact, Delivery)}
    assert found == {
        ("firehose-source", SOURCE, STREAM),
        ("firehose-destination", STREAM, "arn:aws:s3:::clicks"),
        ("firehose-destination", STREAM.replace("clicks", "splunk"), "arn:aws:s3:::clicks"),
    }
    needs = {action for fact in facts if isinstance(fact, RoleUse) for need in fact.required for action in need.actions}
    assert {"kinesis:GetRecords", "s3:PutObject", "kms:GenerateDataKey"} <= needs
    assert "not kept" not in repr(facts)


def test_sql_applications_run_functions_before_and_after(account: Callable[..., list[Any]]) -> None:
    """The older API has ended and the newer one is asked alone; inputs are processed and outputs are written."""
    arn = "arn:aws:kinesisanalytics:eu-west-1:123456789012:application/sums"
    sql = {
        "InputDescriptions": [
            {
                "InputId": "1",
                "InputProcessingConfigurationDescription": {
                    "InputLambdaProcessorDescription": {"ResourceARN": FUNCTION}
                },
                "KinesisStreamsInputDescription": {"ResourceARN": SOURCE},
            }
        ],
        "OutputDescriptions": [{"OutputId": "2", "LambdaOutputDescription": {"ResourceARN": FUNCTION}}],
    }
    answers = {
        "kinesisanalytics.list_applications": "UnsupportedOperationException",
        "kinesisanalyticsv2.list_applications": {
            "ApplicationSummaries": [
                {
                    "ApplicationName": "sums",
                    "ApplicationARN": arn,
                    "ApplicationStatus": "RUNNING",
                    "ApplicationVersionId": 1,
                    "RuntimeEnvironment": "SQL-1_0",
                }
            ]
        },
        "kinesisanalyticsv2.describe_application": {
            "ApplicationDetail": {
                "ApplicationARN": arn,
                "ApplicationName": "sums",
                "RuntimeEnvironment": "SQL-1_0",
                "ServiceExecutionRole": ROLE,
                "ApplicationStatus": "RUNNING",
                "ApplicationVersionId": 1,
                "ApplicationConfigurationDescription": {
                    "SqlApplicationConfigurationDescription": sql,
                    "EnvironmentPropertyDescriptions": {
                        "PropertyGroupDescriptions": [{"PropertyGroupId": "a", "PropertyMap": {"b": "not kept"}}]
                    },
                },
            }
        },
    }
    facts = account("kinesisanalytics", answers)
    found = {(fact.event, fact.source_id, fact.role_arn) for fact in facts if isinstance(fact, Trigger)}
    assert found == {
        ("kinesis-analytics-preprocessing", arn, ROLE),
        ("kinesis-analytics-output", arn, ROLE),
    }
    assert [fact.sender_id for fact in facts if isinstance(fact, Delivery)] == [SOURCE]
    assert "not kept" not in repr(facts)


def test_databases_act_with_their_roles(account: Callable[..., list[Any]]) -> None:
    """Clusters of other engines that the same API gives are those services' own."""
    arn = "arn:aws:rds:eu-west-1:123456789012:cluster"
    cluster = {"AssociatedRoles": [{"RoleArn": ROLE, "FeatureName": "Lambda", "Status": "ACTIVE"}]}
    answers = {
        "rds.describe_db_clusters": {
            "DBClusters": [
                {"DBClusterIdentifier": engine, "DBClusterArn": f"{arn}:{engine}", "Engine": engine, **cluster}
                for engine in ("aurora-mysql", "docdb", "neptune")
            ]
        },
        "rds.describe_db_instances": {"DBInstances": []},
        "rds.describe_db_proxies": {
            "DBProxies": [
                {
                    "DBProxyName": "p",
                    "DBProxyArn": "arn:aws:rds:eu-west-1:123456789012:db-proxy:prx-1",
                    "RoleArn": f"{ROLE}-proxy",
                    "Auth": [
                        {"SecretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:s", "IAMAuth": "REQUIRED"}
                    ],
                }
            ]
        },
    }
    facts = account("rds", answers)
    assert {(fact.id.rpartition(":")[2], fact.type) for fact in facts if isinstance(fact, Resource)} == {
        ("aurora-mysql", "AWS::RDS::DBCluster"),
        ("neptune", "AWS::Neptune::DBCluster"),
        ("prx-1", "AWS::RDS::DBProxy"),
    }
    assert {fact.role_arn for fact in facts if isinstance(fact, RoleUse)} == {ROLE, f"{ROLE}-proxy"}


def test_brokers_and_document_clusters_are_known(account: Callable[..., list[Any]]) -> None:
    """Whether the internet reaches a broker; of the shared API only clusters of DocumentDB are asked for."""
    broker = "arn:aws:mq:eu-west-1:123456789012:broker:b:b-1"
    answers = {
        "mq.list_brokers": {
            "BrokerSummaries": [{"BrokerId": "b-1", "DeploymentMode": "SINGLE_INSTANCE", "EngineType": "RABBITMQ"}]
        },
        "mq.describe_broker": {
            "BrokerId": "b-1",
            "BrokerName": "b",
            "BrokerArn": broker,
            "PubliclyAccessible": True,
            "EngineType": "RABBITMQ",
        },
    }
    (found,) = account("mq", answers, Resource)
    assert (found.id, found.attributes["publicly_accessible"]) == (broker, True)
    arn = "arn:aws:rds:eu-west-1:123456789012:cluster:docs"
    recorded = {"docdb.describe_db_clusters": {"DBClusters": [{"DBClusterIdentifier": "docs", "DBClusterArn": arn}]}}
    (found,) = account("docdb", recorded, Resource)
    assert found.id == arn
    assert account.asked[-1][1] == {"Filters": [{"Name": "engine", "Values": ["docdb"]}]}  # type: ignore[attr-defined]


def test_queries_run_the_functions_of_a_catalog(account: Callable[..., list[Any]]) -> None:
    """Whoever queries calls them; the account's own catalog is not asked about."""
    answers = {
        "athena.list_data_catalogs": {
            "DataCatalogsSummary": [
                {"CatalogName": "AwsDataCatalog", "Type": "GLUE"},
                {"CatalogName": "mysql", "Type": "LAMBDA"},
            ]
        },
        "athena.get_data_catalog": {
            "DataCatalog": {"Name": "mysql", "Type": "LAMBDA", "Parameters": {"function": FUNCTION, "x": "not kept"}}
        },
        "athena.list_work_groups": {"WorkGroups": [{"Name": "spark"}]},
        "athena.get_work_group": {"WorkGroup": {"Name": "spark", "Configuration": {"ExecutionRole": ROLE}}},
    }
    facts = account("athena", answers)
    assert [(f.function_arn, f.mechanism) for f in facts if isinstance(f, Trigger)] == [(FUNCTION, Mechanism.CALLER)]
    assert [fact.role_arn for fact in facts if isinstance(fact, RoleUse)] == [ROLE]
    assert "not kept" not in repr(facts)
