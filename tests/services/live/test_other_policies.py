"""Who may use a resource: the policies that live accounts give, service by service."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from permscope.inventory.facts import Resource, ResourcePolicy, Unknown

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
A = "eu-west-1:123456789012"
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "s", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
    }
)
ROLE = "arn:aws:iam::123456789012:role/r"
DOMAIN = {
    "DomainId": "123456789012/logs",
    "DomainName": "logs",
    "ARN": f"arn:aws:es:{A}:domain/logs",
    "ClusterConfig": {},
    "AccessPolicies": POLICY,
}
PARAMETER = f"arn:aws:ssm:{A}:parameter/shared"
AUTHORITY = f"arn:aws:acm-pca:{A}:certificate-authority/12345678-1234-1234-1234-123456789012"
APPLICATION = f"arn:aws:serverlessrepo:{A}:applications/shop"
NETWORK = {"CoreNetworkId": "core-1", "CoreNetworkArn": "arn:aws:networkmanager::123456789012:core-network/core-1"}
VAULT = {"VaultARN": f"arn:aws:glacier:{A}:vaults/old", "VaultName": "old"}
TABLES = f"arn:aws:s3tables:{A}:bucket/tables"
TABLE = f"{TABLES}/table/12345678-1234-1234-1234-123456789012"
VECTORS = f"arn:aws:s3vectors:{A}:bucket/vectors"
PROJECT = f"arn:aws:rekognition:{A}:project/cats/1234567890123"
CLASSIFIER = f"arn:aws:comprehend:{A}:document-classifier/sorter"
STORE = f"arn:aws:cloudtrail:{A}:eventdatastore/1"
NONE: dict[str, Any] = {
    "schemas.list_registries": {"Registries": []},
    "dsql.list_clusters": {"clusters": []},
    "amp.list_workspaces": {"workspaces": []},
    "network-firewall.list_firewall_policies": {"FirewallPolicies": []},
    "network-firewall.list_rule_groups": {"RuleGroups": []},
    "wafv2.list_rule_groups": {"RuleGroups": []},
    "serverlessrepo.list_applications": {"Applications": []},
    "rekognition.describe_projects": {"ProjectDescriptions": []},
    "comprehend.list_document_classifiers": {"DocumentClassifierPropertiesList": []},
    "comprehend.list_entity_recognizers": {"EntityRecognizerPropertiesList": []},
    "glacier.list_vaults": "NoLongerSupportedException",
    "mediastore.list_containers": "AccessDeniedException",
    "networkmanager.list_core_networks": {"CoreNetworks": []},
    "ram.list_resources": {"resources": []},
}
S3: dict[str, Any] = {
    "s3control.list_access_points_for_object_lambda": {"ObjectLambdaAccessPointList": []},
    "s3.list_directory_buckets": {"Buckets": []},
    "s3tables.list_table_buckets": {"tableBuckets": []},
    "s3vectors.list_vector_buckets": {"vectorBuckets": []},
}

CASES: list[tuple[str, dict[str, Any], set[str]]] = [
    (
        "backup",
        {
            "backup.list_backup_vaults": {
                "BackupVaultList": [
                    {"BackupVaultName": "safe", "BackupVaultArn": f"arn:aws:backup:{A}:backup-vault:safe"}
                ]
            },
            "backup.get_backup_vault_access_policy": {"Policy": POLICY},
            "backup.list_backup_plans": {"BackupPlansList": [{"BackupPlanId": "plan"}]},
            "backup.list_backup_selections": {"BackupSelectionsList": [{"SelectionId": "all", "IamRoleArn": ROLE}]},
        },
        {f"arn:aws:backup:{A}:backup-vault:safe"},
    ),
    (
        "codeartifact",
        {
            "codeartifact.list_domains": {
                "domains": [{"name": "d1", "owner": "123456789012", "arn": f"arn:aws:codeartifact:{A}:domain/d1"}]
            },
            "codeartifact.get_domain_permissions_policy": {"policy": {"document": POLICY}},
            "codeartifact.list_repositories": {
                "repositories": [
                    {
                        "name": "r1",
                        "domainName": "d1",
                        "domainOwner": "123456789012",
                        "arn": f"arn:aws:codeartifact:{A}:repository/d1/r1",
                    }
                ]
            },
            "codeartifact.get_repository_permissions_policy": "ResourceNotFoundException",
        },
        {f"arn:aws:codeartifact:{A}:domain/d1"},
    ),
    (
        "ecr",
        {
            "ecr.describe_repositories": {
                "repositories": [{"repositoryName": "shop", "repositoryArn": f"arn:aws:ecr:{A}:repository/shop"}]
            },
            "ecr.get_repository_policy": {"policyText": POLICY},
            "ecr.get_registry_policy": {"policyText": POLICY},
            "ecr-public.describe_repositories": {
                "repositories": [
                    {"repositoryName": "open", "repositoryArn": "arn:aws:ecr-public::123456789012:repository/open"}
                ]
            },
            "ecr-public.get_repository_policy": {"policyText": POLICY},
        },
        {
            f"arn:aws:ecr:{A}:repository/shop",
            f"arn:aws:ecr:{A}:repository/*",
            "arn:aws:ecr-public::123456789012:repository/open",
        },
    ),
    (
        "efs",
        {
            "efs.describe_file_systems": {
                "FileSystems": [
                    {
                        "OwnerId": "123456789012",
                        "CreationToken": "t",
                        "FileSystemId": identifier,
                        "FileSystemArn": f"arn:aws:elasticfilesystem:{A}:file-system/{identifier}",
                        "CreationTime": NOW,
                        "LifeCycleState": "available",
                        "NumberOfMountTargets": 0,
                        "SizeInBytes": {"Value": 0},
                        "PerformanceMode": "generalPurpose",
                        "Tags": [],
                    }
                    for identifier in ("fs-11111111", "fs-22222222")
                ]
            },
            "efs.describe_file_system_policy": lambda asked: (
                {"Policy": POLICY} if asked["FileSystemId"] == "fs-11111111" else "PolicyNotFound"
            ),
            "efs.describe_access_points": {
                "AccessPoints": [
                    {
                        "AccessPointId": "fsap-1",
                        "AccessPointArn": f"arn:aws:elasticfilesystem:{A}:access-point/fsap-1",
                        "FileSystemId": "fs-11111111",
                    }
                ]
            },
        },
        {f"arn:aws:elasticfilesystem:{A}:file-system/fs-11111111"},
    ),
    (
        "opensearch",
        {
            "opensearch.list_domain_names": {"DomainNames": [{"DomainName": "logs"}]},
            "opensearch.describe_domains": {"DomainStatusList": [DOMAIN]},
            "opensearchserverless.list_access_policies": {"accessPolicySummaries": [{"name": "open", "type": "data"}]},
            "opensearchserverless.get_access_policy": {
                "accessPolicyDetail": {"name": "open", "policy": [{"Principal": [ROLE], "Rules": []}]}
            },
        },
        {f"arn:aws:es:{A}:domain/logs"},
    ),
    (
        "glue",
        {
            "glue.get_resource_policies": {"GetResourcePoliciesResponseList": [{"PolicyInJson": POLICY}]},
            "glue.get_jobs": {"Jobs": [{"Name": "etl", "Role": "glue", "DefaultArguments": {"--key": "not kept"}}]},
            "glue.get_crawlers": {"Crawlers": [{"Name": "spider", "Role": ROLE}]},
        },
        {f"arn:aws:glue:{A}:catalog", f"arn:aws:glue:{A}:database/*", f"arn:aws:glue:{A}:table/*"},
    ),
    (
        "xray",
        {
            "xray.list_resource_policies": {
                "ResourcePolicies": [{"PolicyName": "sns", "PolicyDocument": POLICY, "PolicyRevisionId": "1"}]
            }
        },
        {f"arn:aws:xray:{A}:*"},
    ),
    (
        "ssm",
        {
            "ssm.describe_parameters": {
                "Parameters": [
                    {"Name": "shared", "ARN": PARAMETER, "Type": "String", "Tier": "Advanced"},
                    {"Name": "own", "Type": "SecureString", "Tier": "Standard"},
                ]
            },
            "ssm.get_resource_policies": {"Policies": [{"PolicyId": "1", "PolicyHash": "h", "Policy": POLICY}]},
            "ssm.list_documents": {"DocumentIdentifiers": []},
            "ssm.describe_maintenance_windows": {"WindowIdentities": []},
        },
        {PARAMETER},
    ),
    (
        "kafka",
        {
            "kafka.list_clusters_v2": {
                "ClusterInfoList": [
                    {
                        "ClusterType": "SERVERLESS",
                        "ClusterArn": f"arn:aws:kafka:{A}:cluster/c/1",
                        "ClusterName": "c",
                        "Serverless": {"VpcConfigs": [{"SubnetIds": ["subnet-1"]}]},
                    }
                ]
            },
            "kafka.get_cluster_policy": {"Policy": POLICY},
        },
        {f"arn:aws:kafka:{A}:cluster/c/1"},
    ),
    (
        "redshift",
        {
            "redshift.describe_clusters": {
                "Clusters": [
                    {
                        "ClusterIdentifier": "dw",
                        "ClusterNamespaceArn": f"arn:aws:redshift:{A}:namespace:1",
                        "IamRoles": [{"IamRoleArn": ROLE}],
                    }
                ]
            },
            "redshift.get_resource_policy": {"ResourcePolicy": {"Policy": POLICY}},
            "redshift-serverless.list_namespaces": {
                "namespaces": [
                    {
                        "namespaceArn": f"arn:aws:redshift-serverless:{A}:namespace/1",
                        "namespaceName": "dws",
                        "iamRoles": [f"IamRole(applyStatus=in-sync, iamRoleArn={ROLE})"],
                    }
                ]
            },
            "redshift-serverless.get_resource_policy": "ResourceNotFoundException",
        },
        {f"arn:aws:redshift:{A}:cluster:dw"},
    ),
    (
        "ec2",
        {
            "ec2.describe_instances": {"Reservations": []},
            "ec2.describe_flow_logs": {"FlowLogs": []},
            "ec2.describe_vpc_endpoints": {
                "VpcEndpoints": [
                    {"VpcEndpointId": "vpce-1", "ServiceName": "s3", "VpcId": "vpc-1", "PolicyDocument": POLICY},
                    {
                        "VpcEndpointId": "vpce-2",
                        "PolicyDocument": json.dumps(
                            {"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]}
                        ),
                    },
                ]
            },
            "ec2.describe_vpc_endpoint_service_configurations": {
                "ServiceConfigurations": [{"ServiceId": "vpce-svc-1"}]
            },
            "ec2.describe_vpc_endpoint_service_permissions": {"AllowedPrincipals": [{"Principal": "*"}]},
        },
        {f"arn:aws:ec2:{A}:vpc-endpoint/vpce-1"},
    ),
    (
        "signer",
        {
            "signer.list_signing_profiles": {
                "profiles": [{"profileName": "code", "arn": f"arn:aws:signer:{A}:/signing-profiles/code"}]
            },
            "signer.list_profile_permissions": {
                "permissions": [
                    {"action": "signer:StartSigningJob", "principal": "210987654321", "statementId": "partner"}
                ]
            },
        },
        {f"arn:aws:signer:{A}:/signing-profiles/code"},
    ),
    (
        "acmpca",
        {
            "acm-pca.list_certificate_authorities": {"CertificateAuthorities": [{"Arn": AUTHORITY}]},
            "acm-pca.list_permissions": {
                "Permissions": [{"Principal": "acm.amazonaws.com", "Actions": ["IssueCertificate"]}]
            },
            "acm-pca.get_policy": {"Policy": POLICY},
        },
        {AUTHORITY},
    ),
    (
        "cloudtrail",
        {
            "cloudtrail.describe_trails": {"trailList": []},
            "cloudtrail.list_event_data_stores": {"EventDataStores": [{"Name": "store", "EventDataStoreArn": STORE}]},
            "cloudtrail.list_channels": {"Channels": []},
            "cloudtrail.get_resource_policy": {"ResourcePolicy": POLICY},
        },
        {STORE},
    ),
    (
        "s3_variants",
        {
            **S3,
            "s3.list_directory_buckets": {
                "Buckets": [
                    {"Name": "a--euw1-az1--x-s3", "BucketArn": f"arn:aws:s3express:{A}:bucket/a--euw1-az1--x-s3"}
                ]
            },
            "s3.get_bucket_policy": {"Policy": POLICY},
            "s3tables.list_table_buckets": {
                "tableBuckets": [{"arn": TABLES, "name": "tables", "ownerAccountId": "123456789012", "createdAt": NOW}]
            },
            "s3tables.get_table_bucket_policy": "NotFoundException",
            "s3tables.list_tables": {
                "tables": [
                    {
                        "namespace": ["n"],
                        "name": "t",
                        "type": "customer",
                        "tableARN": TABLE,
                        "createdAt": NOW,
                        "modifiedAt": NOW,
                    }
                ]
            },
            "s3tables.get_table_policy": {"resourcePolicy": POLICY},
            "s3vectors.list_vector_buckets": {
                "vectorBuckets": [{"vectorBucketName": "vectors", "vectorBucketArn": VECTORS, "creationTime": NOW}]
            },
            "s3vectors.get_vector_bucket_policy": {"policy": POLICY},
        },
        {f"arn:aws:s3express:{A}:bucket/a--euw1-az1--x-s3", TABLE, VECTORS},
    ),
    (
        "other_policies",
        {
            **NONE,
            "serverlessrepo.list_applications": {
                "Applications": [
                    {"ApplicationId": APPLICATION, "Author": "a", "Description": "d", "Name": "shop"},
                ]
            },
            "serverlessrepo.get_application_policy": {"Statements": [{"Actions": ["Deploy"], "Principals": ["*"]}]},
            "glacier.list_vaults": {"VaultList": [VAULT]},
            "glacier.get_vault_access_policy": {"policy": {"Policy": POLICY}},
            "glacier.get_vault_lock": {"Policy": POLICY, "State": "Locked"},
            "networkmanager.list_core_networks": {"CoreNetworks": [NETWORK]},
            "networkmanager.get_resource_policy": {"PolicyDocument": POLICY},
            "ram.list_resources": {"resources": [{"arn": PARAMETER}, {"arn": PARAMETER}]},
            "ram.get_resource_policies": {"policies": [POLICY]},
            "rekognition.describe_projects": {"ProjectDescriptions": [{"ProjectArn": PROJECT}]},
            "rekognition.list_project_policies": {
                "ProjectPolicies": [{"PolicyName": "copy", "PolicyDocument": POLICY}]
            },
            "comprehend.list_document_classifiers": {
                "DocumentClassifierPropertiesList": [{"DocumentClassifierArn": CLASSIFIER}]
            },
            "comprehend.describe_resource_policy": {"ResourcePolicy": POLICY},
        },
        {APPLICATION, VAULT["VaultARN"], PARAMETER, PROJECT, CLASSIFIER, NETWORK["CoreNetworkArn"]},
    ),
    (
        "other_policies",
        {
            **NONE,
            "schemas.list_registries": {
                "Registries": [{"RegistryArn": f"arn:aws:schemas:{A}:registry/shop", "RegistryName": "shop"}]
            },
            "schemas.get_resource_policy": {"Policy": POLICY},
            "dsql.list_clusters": {
                "clusters": [{"identifier": "a" * 26, "arn": f"arn:aws:dsql:{A}:cluster/{'a' * 26}"}]
            },
            "dsql.get_cluster_policy": {"policy": POLICY, "policyVersion": "1"},
            "amp.list_workspaces": {
                "workspaces": [
                    {
                        "workspaceId": "ws-1",
                        "arn": f"arn:aws:aps:{A}:workspace/ws-1",
                        "status": {"statusCode": "ACTIVE"},
                        "createdAt": NOW,
                    }
                ]
            },
            "amp.describe_resource_policy": {"policyDocument": POLICY, "policyStatus": "ACTIVE", "revisionId": "1"},
            "network-firewall.list_rule_groups": {
                "RuleGroups": [{"Name": "g", "Arn": f"arn:aws:network-firewall:{A}:stateful-rulegroup/g"}]
            },
            "network-firewall.describe_resource_policy": "ResourceNotFoundException",
            "wafv2.list_rule_groups": {
                "RuleGroups": [{"Name": "w", "ARN": f"arn:aws:wafv2:{A}:regional/rulegroup/w/1"}]
            },
            "wafv2.get_permission_policy": {"Policy": POLICY},
        },
        {
            f"arn:aws:schemas:{A}:registry/shop",
            f"arn:aws:dsql:{A}:cluster/{'a' * 26}",
            f"arn:aws:aps:{A}:workspace/ws-1",
            f"arn:aws:wafv2:{A}:regional/rulegroup/w/1",
        },
    ),
]


@pytest.mark.parametrize(("part", "answers", "protected"), CASES, ids=[case[0] for case in CASES])
def test_policies_protect_what_they_are_on(
    account: Callable[..., list[Any]], part: str, answers: dict[str, Any], protected: set[str]
) -> None:
    """Every policy is read, one that does not exist is no failure, and arguments are not kept."""
    facts = account(part, answers)
    assert {str(fact.resource_arn) for fact in facts if isinstance(fact, ResourcePolicy)} == protected
    assert not [fact for fact in facts if isinstance(fact, Unknown)]
    assert all(fact.policy.statements for fact in facts if isinstance(fact, ResourcePolicy))
    assert "not kept" not in repr(facts)


def test_a_policy_that_may_not_be_read_is_unknown(account: Callable[..., list[Any]]) -> None:
    """What is denied is said, with what it hides, and the vault is known all the same."""
    answers = {**CASES[0][1], "backup.get_backup_vault_access_policy": "AccessDeniedException"}
    facts = account("backup", answers)
    (unknown,) = [fact for fact in facts if isinstance(fact, Unknown)]
    assert (unknown.kind, unknown.source.call) == ("denied", "backup.get_backup_vault_access_policy")
    assert "who may use backups" in unknown.why
    assert [fact.name for fact in facts if isinstance(fact, Resource) and "Vault" in fact.type] == ["safe"]
