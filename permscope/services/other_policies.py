"""Services of which permscope knows where their resource policy stands, and nothing else.

Registries of event schemas, applications of the Serverless Application Repository, Aurora DSQL, Rekognition, Amazon
Managed Prometheus, vaults, firewalls, and what is shared through AWS RAM.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from permscope.services._answers import each, protecting, still_there
from permscope.services._holders import Held, holder, policy_for
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services.interface import TemplateResource


def _arn(service: str, pattern: str) -> Callable[[TemplateResource, str], str]:
    return lambda resource, name: resource.stack.arn(service, pattern.format(name))


TEMPLATE = {
    "AWS::AIOps::InvestigationGroup": holder("InvestigationGroupPolicy"),
    "AWS::APS::ResourcePolicy": policy_for("WorkspaceArn", "PolicyDocument"),
    "AWS::CloudTrail::ResourcePolicy": policy_for("ResourceArn", "ResourcePolicy"),
    "AWS::DSQL::Cluster": holder("PolicyDocument"),
    "AWS::EventSchemas::RegistryPolicy": policy_for("RegistryName", "Policy", arn=_arn("schemas", "registry/{}")),
    "AWS::MediaPackageV2::ChannelPolicy": policy_for("ChannelName", "Policy"),
    "AWS::MediaPackageV2::OriginEndpointPolicy": policy_for("OriginEndpointName", "Policy"),
    "AWS::MediaStore::Container": holder("Policy"),
    "AWS::MediaTailor::ChannelPolicy": policy_for("ChannelName", "Policy", arn=_arn("mediatailor", "channel/{}")),
    "AWS::Oam::Sink": holder("Policy"),
    "AWS::RUM::AppMonitor": holder("ResourcePolicy", "PolicyDocument"),
    "AWS::SMSVOICE::ResourcePolicy": policy_for("ResourceArn", "PolicyDocument"),
    "AWS::Omics::SequenceStore": holder("S3AccessPolicy"),
    "AWS::SageMaker::ModelPackageGroup": holder("ModelPackageGroupPolicy"),
    "AWS::VpcLattice::ResourcePolicy": policy_for("ResourceArn", "Policy"),
}


_REGISTRIES = Held(
    client="schemas",
    lists="list_registries",
    items="Registries",
    arguments={"Scope": "LOCAL"},
    name="RegistryName",
    arn="RegistryArn",
    asks="get_resource_policy",
    by={"RegistryName": "RegistryName"},
    document="Policy",
    type_name="AWS::EventSchemas::Registry",
    none=("NotFoundException",),
    what="who may use a registry of event schemas",
)
_DSQL = Held(
    client="dsql",
    lists="list_clusters",
    items="clusters",
    name="identifier",
    arn="arn",
    asks="get_cluster_policy",
    by={"identifier": "identifier"},
    document="policy",
    type_name="AWS::DSQL::Cluster",
    policy="PolicyDocument",
    what="who may connect to a DSQL cluster",
)
_PROMETHEUS = Held(
    client="amp",
    lists="list_workspaces",
    items="workspaces",
    name="workspaceId",
    arn="arn",
    asks="describe_resource_policy",
    by={"workspaceId": "workspaceId"},
    document="policyDocument",
    type_name="AWS::APS::Workspace",
    what="who may query and write metrics",
)
_FIREWALLS = tuple(
    Held(
        client="network-firewall",
        lists=lists,
        items=items,
        name="Name",
        arn="Arn",
        asks="describe_resource_policy",
        by={"ResourceArn": "Arn"},
        document="Policy",
        type_name=type_name,
        what="to which accounts firewall rules are shared",
    )
    for lists, items, type_name in (
        ("list_firewall_policies", "FirewallPolicies", "AWS::NetworkFirewall::FirewallPolicy"),
        ("list_rule_groups", "RuleGroups", "AWS::NetworkFirewall::RuleGroup"),
    )
)
_WEB_FIREWALLS = Held(
    client="wafv2",
    lists="list_rule_groups",
    items="RuleGroups",
    arguments={"Scope": "REGIONAL"},
    name="Name",
    arn="ARN",
    asks="get_permission_policy",
    by={"ResourceArn": "ARN"},
    document="Policy",
    type_name="AWS::WAFv2::RuleGroup",
    none=("WAFNonexistentItemException",),
    what="to which accounts web firewall rules are shared",
)

_NETWORKS = Held(
    client="networkmanager",
    lists="list_core_networks",
    items="CoreNetworks",
    name="CoreNetworkId",
    arn="CoreNetworkArn",
    asks="get_resource_policy",
    by={"ResourceArn": "CoreNetworkArn"},
    document="PolicyDocument",
    type_name="AWS::NetworkManager::CoreNetwork",
    what="to which accounts a core network is shared",
)
_CONTAINERS = Held(
    client="mediastore",
    lists="list_containers",
    items="Containers",
    name="Name",
    arn="ARN",
    asks="get_container_policy",
    by={"ContainerName": "Name"},
    document="Policy",
    type_name="AWS::MediaStore::Container",
    policy="Policy",
    none=("PolicyNotFoundException", "ContainerNotFoundException"),
    what="who may read and write a container of MediaStore",
)


def read_applications(session: Session) -> Iterator[LiveFact]:
    """Who may deploy an application of the Serverless Application Repository; `*` is everybody.

    https://docs.aws.amazon.com/serverlessrepo/latest/devguide/security_iam_resource-based-policy-examples.html
    """
    found = session.pages("serverlessrepo", "list_applications", "Applications")
    yield from each(session, _application, [item["ApplicationId"] for item in found])


def _application(session: Session, arn: str) -> Iterator[LiveFact]:
    call = "serverlessrepo.get_application_policy"
    answer = session.call("serverlessrepo", "get_application_policy", none=("NotFoundException",), ApplicationId=arn)
    yield session.resource(
        "AWS::ServerlessRepo::Application",
        {},
        name=arn.rpartition("/")[2],
        arn=arn,
        call="serverlessrepo.list_applications",
    )
    statements = [_statement(item, arn) for item in (answer or {}).get("Statements") or ()]
    if statements:
        document = {"Version": "2012-10-17", "Statement": statements}
        yield from protecting(session, arn, document, name=arn.rpartition("/")[2], call=call)


def _statement(item: Mapping[str, Any], arn: str) -> dict[str, Any]:
    """A statement as IAM writes it; actions have no prefix here, and accounts stand bare."""
    principals = item.get("Principals") or []
    statement: dict[str, Any] = {
        "Sid": item.get("StatementId"),
        "Effect": "Allow",
        "Principal": "*" if "*" in principals else {"AWS": principals},
        "Action": [f"serverlessrepo:{action.partition(':')[2] or action}" for action in item.get("Actions") or ()],
        "Resource": arn,
    }
    if item.get("PrincipalOrgIDs"):
        statement["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": item["PrincipalOrgIDs"]}}
    return statement


def read_projects(session: Session) -> Iterator[LiveFact]:
    """Who may copy the models of a Rekognition project."""
    call = "rekognition.list_project_policies"
    for project in session.pages("rekognition", "describe_projects", "ProjectDescriptions"):
        arn = project["ProjectArn"]
        none = ("ResourceNotFoundException",)
        for item in session.pages("rekognition", "list_project_policies", "ProjectPolicies", none=none, ProjectArn=arn):
            yield from protecting(session, arn, item.get("PolicyDocument"), name=item["PolicyName"], call=call)


def read_models(session: Session) -> Iterator[LiveFact]:
    """Who may copy a model of Comprehend."""
    for operation, key, arn in (
        ("list_document_classifiers", "DocumentClassifierPropertiesList", "DocumentClassifierArn"),
        ("list_entity_recognizers", "EntityRecognizerPropertiesList", "EntityRecognizerArn"),
    ):
        for item in session.pages("comprehend", operation, key):
            answer = session.call(
                "comprehend", "describe_resource_policy", none=("ResourceNotFoundException",), ResourceArn=item[arn]
            )
            policy, call = (answer or {}).get("ResourcePolicy"), "comprehend.describe_resource_policy"
            yield from protecting(session, item[arn], policy, name=item[arn], call=call)


def read_vaults(session: Session) -> Iterator[LiveFact]:
    """Who may use a vault of S3 Glacier; the service takes no new customers."""
    ended = ("NoLongerSupportedException", "ResourceNotFoundException")
    named: dict[str, Any] = {"accountId": "-"}
    for item in session.pages("glacier", "list_vaults", "VaultList", none=ended, **named):
        name, call = item["VaultName"], "glacier.get_vault_access_policy"
        answer = session.call("glacier", "get_vault_access_policy", none=ended, of=name, vaultName=name, **named) or {}
        policy = (answer.get("policy") or {}).get("Policy")
        yield from protecting(session, item["VaultARN"], policy, name=name, call=call)
        lock = session.call("glacier", "get_vault_lock", none=ended, of=name, vaultName=name, **named) or {}
        yield from protecting(session, item["VaultARN"], lock.get("Policy"), name=name, call="glacier.get_vault_lock")


def read_containers(session: Session) -> Iterator[LiveFact]:
    """Every container of MediaStore, where the service still answers."""
    if still_there(session, "mediastore", "list_containers"):
        yield from _CONTAINERS.read(session)


def read_shares(session: Session) -> Iterator[LiveFact]:
    """The policies that AWS RAM put on what the account shares, beside the policies that others wrote.

    https://docs.aws.amazon.com/ram/latest/APIReference/API_GetResourcePolicies.html
    """
    found = session.pages("ram", "list_resources", "resources", resourceOwner="SELF")
    yield from each(session, _share, dict.fromkeys(item["arn"] for item in found))


def _share(session: Session, arn: str) -> Iterator[LiveFact]:
    none = ("ResourceArnNotFoundException",)
    for policy in session.pages("ram", "get_resource_policies", "policies", none=none, of=arn, resourceArns=[arn]):
        yield from protecting(session, arn, policy, name=f"{arn}/share", call="ram.get_resource_policies")


LIVE = (
    _REGISTRIES.reader(),
    _DSQL.reader(),
    _PROMETHEUS.reader(),
    *(held.reader() for held in _FIREWALLS),
    _WEB_FIREWALLS.reader(),
    LiveReader(
        read=read_applications,
        client="serverlessrepo",
        operations={
            "serverlessrepo.list_applications": "which applications are published",
            "serverlessrepo.get_application_policy": "who may deploy a published application",
        },
    ),
    LiveReader(
        read=read_projects,
        client="rekognition",
        operations={
            "rekognition.describe_projects": "who may copy models",
            "rekognition.list_project_policies": "who may copy models",
        },
    ),
    LiveReader(
        read=read_models,
        client="comprehend",
        operations={
            "comprehend.list_document_classifiers": "who may copy models",
            "comprehend.list_entity_recognizers": "who may copy models",
            "comprehend.describe_resource_policy": "who may copy models",
        },
    ),
    LiveReader(
        read=read_vaults,
        client="glacier",
        operations={
            "glacier.list_vaults": "which vaults there are",
            "glacier.get_vault_access_policy": "who may use a vault",
            "glacier.get_vault_lock": "who may not change a vault",
        },
    ),
    LiveReader(read=read_containers, client="mediastore", operations=_CONTAINERS.operations),
    LiveReader(read=_NETWORKS.read, client="networkmanager", operations=_NETWORKS.operations, is_global=True),
    LiveReader(
        read=read_shares,
        client="ram",
        operations={
            "ram.list_resources": "what is shared with other accounts",
            "ram.get_resource_policies": "what is shared with other accounts",
        },
    ),
)
