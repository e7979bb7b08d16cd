"""Services of which permscope knows which roles their resources act with, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from permscope.inventory.facts import AnyFact
from permscope.services._answers import NOT_HERE
from permscope.services._holders import holder, roles_of
from permscope.services._wiring import role_uses
from permscope.services._workers import Worker
from permscope.services.interface import TemplateResource

_SERVICES = {
    "AWS::Amplify::App": "amplify",
    "AWS::Amplify::Branch": "amplify",
    "AWS::AppFlow::Flow": "appflow",
    "AWS::ApplicationAutoScaling::ScalableTarget": "application-autoscaling",
    "AWS::Budgets::BudgetsAction": "budgets",
    "AWS::Chatbot::MicrosoftTeamsChannelConfiguration": "chatbot",
    "AWS::Chatbot::SlackChannelConfiguration": "chatbot",
    "AWS::CloudFront::RealtimeLogConfig": "cloudfront",
    "AWS::Config::ConfigurationAggregator": "config",
    "AWS::DAX::Cluster": "dax",
    "AWS::DLM::LifecyclePolicy": "dlm",
    "AWS::DMS::Endpoint": "dms",
    "AWS::DataBrew::Job": "databrew",
    "AWS::DataBrew::Project": "databrew",
    "AWS::DataSync::LocationS3": "datasync",
    "AWS::EC2::SpotFleet": "spotfleet",
    "AWS::EKS::Cluster": "eks",
    "AWS::EKS::FargateProfile": "eks-fargate-pods",
    "AWS::EKS::Nodegroup": "ec2",
    "AWS::EKS::PodIdentityAssociation": "pods.eks",
    "AWS::FIS::ExperimentTemplate": "fis",
    "AWS::GameLift::Fleet": "gamelift",
    "AWS::Grafana::Workspace": "grafana",
    "AWS::KafkaConnect::Connector": "kafkaconnect",
    "AWS::Kendra::DataSource": "kendra",
    "AWS::Kendra::Faq": "kendra",
    "AWS::Kendra::Index": "kendra",
    "AWS::LakeFormation::Resource": "lakeformation",
    "AWS::MWAA::Environment": "airflow",
    "AWS::MediaLive::Channel": "medialive",
    "AWS::Neptune::DBCluster": "rds",
    "AWS::Pinpoint::EventStream": "pinpoint",
    "AWS::QBusiness::DataSource": "qbusiness",
    "AWS::QBusiness::Plugin": "qbusiness",
    "AWS::QBusiness::Retriever": "qbusiness",
    "AWS::QBusiness::WebExperience": "application.qbusiness",
    "AWS::QLDB::Stream": "qldb",
    "AWS::Rekognition::StreamProcessor": "rekognition",
    "AWS::SageMaker::EndpointConfig": "sagemaker",
    "AWS::ServiceCatalog::LaunchRoleConstraint": "servicecatalog",
    "AWS::StorageGateway::NFSFileShare": "storagegateway",
    "AWS::StorageGateway::SMBFileShare": "storagegateway",
    "AWS::Timestream::ScheduledQuery": "timestream",
}
"""Type -> the service principal that assumes its roles, without `.amazonaws.com`."""


def read_app_runner(resource: TemplateResource) -> Iterable[AnyFact]:
    """An App Runner service: one role pulls its image, another is its code's.

    https://docs.aws.amazon.com/apprunner/latest/dg/security_iam_service-with-iam.html
    """
    yield resource.resource()
    access = "SourceConfiguration.AuthenticationConfiguration.AccessRoleArn"
    for path, service in ((access, "build"), ("InstanceConfiguration.InstanceRoleArn", "tasks")):
        yield from role_uses(resource, roles_of(resource, path), f"{service}.apprunner.amazonaws.com", exact=False)


def read_flow_log(resource: TemplateResource) -> Iterable[AnyFact]:
    """A flow log, which writes to CloudWatch Logs with a role."""
    yield resource.resource()
    roles = roles_of(resource, "DeliverLogsPermissionArn", "DeliverCrossAccountRole")
    yield from role_uses(resource, roles, "vpc-flow-logs.amazonaws.com", exact=False)


TEMPLATE = {
    "AWS::EC2::FlowLog": read_flow_log,
    "AWS::AppRunner::Service": read_app_runner,
    **{name: holder(service=f"{service}.amazonaws.com") for name, service in _SERVICES.items()},
}
SERVICE_PRINCIPALS = (
    "build.apprunner.amazonaws.com",
    "tasks.apprunner.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
    *(f"{service}.amazonaws.com" for service in dict.fromkeys(_SERVICES.values())),
)


_NODES = Worker(
    client="eks",
    lists="list_nodegroups",
    items="nodegroups",
    of={"clusterName": "name"},
    asks="describe_nodegroup",
    by={"clusterName": "name", "nodegroupName": "nodegroupName"},
    answer="nodegroup",
    name="nodegroupName",
    arn="nodegroupArn",
    type_name="AWS::EKS::Nodegroup",
    roles={"NodeRole": "nodeRole"},
    what="with which role the nodes of clusters act",
)
_FARGATE = Worker(
    client="eks",
    lists="list_fargate_profiles",
    items="fargateProfileNames",
    of={"clusterName": "name"},
    asks="describe_fargate_profile",
    by={"clusterName": "name", "fargateProfileName": "fargateProfileName"},
    answer="fargateProfile",
    name="fargateProfileName",
    arn="fargateProfileArn",
    type_name="AWS::EKS::FargateProfile",
    roles={"PodExecutionRoleArn": "podExecutionRoleArn"},
    what="with which role pods on Fargate are started",
)
_PODS = Worker(
    client="eks",
    lists="list_pod_identity_associations",
    items="associations",
    of={"clusterName": "name"},
    asks="describe_pod_identity_association",
    by={"clusterName": "name", "associationId": "associationId"},
    answer="association",
    name="associationId",
    arn="associationArn",
    type_name="AWS::EKS::PodIdentityAssociation",
    roles={"RoleArn": "roleArn", "TargetRoleArn": "targetRoleArn"},
    what="with which role pods act",
)
_WORKERS = (
    Worker(
        client="amplify",
        lists="list_apps",
        items="apps",
        arn="appArn",
        type_name="AWS::Amplify::App",
        roles={"IAMServiceRole": "iamServiceRoleArn", "ComputeRoleArn": "computeRoleArn"},
        what="with which role web apps are built",
    ),
    Worker(
        client="apprunner",
        lists="list_services",
        items="ServiceSummaryList",
        asks="describe_service",
        by={"ServiceArn": "ServiceArn"},
        answer="Service",
        name="ServiceName",
        arn="ServiceArn",
        type_name="AWS::AppRunner::Service",
        roles={
            path: path
            for path in (
                "SourceConfiguration.AuthenticationConfiguration.AccessRoleArn",
                "InstanceConfiguration.InstanceRoleArn",
            )
        },
        what="with which role services of App Runner act",
    ),
    Worker(
        client="chatbot",
        lists="describe_slack_channel_configurations",
        items="SlackChannelConfigurations",
        name="ChatConfigurationArn",
        arn="ChatConfigurationArn",
        type_name="AWS::Chatbot::SlackChannelConfiguration",
        roles={"IamRoleArn": "IamRoleArn"},
        what="with which role chats act",
        listed_none=NOT_HERE,
    ),
    Worker(
        client="chatbot",
        lists="list_microsoft_teams_channel_configurations",
        items="TeamChannelConfigurations",
        name="ChatConfigurationArn",
        arn="ChatConfigurationArn",
        type_name="AWS::Chatbot::MicrosoftTeamsChannelConfiguration",
        roles={"IamRoleArn": "IamRoleArn"},
        what="with which role chats act",
        listed_none=NOT_HERE,
    ),
    Worker(
        client="cloudformation",
        lists="list_stack_sets",
        items="Summaries",
        arguments={"Status": "ACTIVE"},
        asks="describe_stack_set",
        by={"StackSetName": "StackSetName"},
        answer="StackSet",
        name="StackSetName",
        arn="StackSetARN",
        type_name="AWS::CloudFormation::StackSet",
        roles={"AdministrationRoleARN": "AdministrationRoleARN"},
        what="with which role stack sets are deployed",
    ),
    Worker(
        client="databrew",
        lists="list_jobs",
        items="Jobs",
        name="Name",
        arn="ResourceArn",
        type_name="AWS::DataBrew::Job",
        roles={"RoleArn": "RoleArn"},
        what="with which role jobs prepare data",
    ),
    Worker(
        client="dax",
        lists="describe_clusters",
        items="Clusters",
        name="ClusterName",
        arn="ClusterArn",
        type_name="AWS::DAX::Cluster",
        roles={"IAMRoleARN": "IamRoleArn"},
        what="with which role caches read tables",
    ),
    Worker(
        client="dlm",
        lists="get_lifecycle_policies",
        items="Policies",
        asks="get_lifecycle_policy",
        by={"PolicyId": "PolicyId"},
        answer="Policy",
        name="PolicyId",
        arn="PolicyArn",
        type_name="AWS::DLM::LifecyclePolicy",
        roles={"ExecutionRoleArn": "ExecutionRoleArn"},
        what="with which role snapshots are made",
    ),
    Worker(
        client="eks",
        lists="list_clusters",
        items="clusters",
        asks="describe_cluster",
        by={"name": "name"},
        answer="cluster",
        type_name="AWS::EKS::Cluster",
        roles={"RoleArn": "roleArn", "ComputeConfig.NodeRoleArn": "computeConfig.nodeRoleArn"},
        what="with which role clusters act",
        inside=(_NODES, _FARGATE, _PODS),
    ),
    Worker(
        client="fis",
        lists="list_experiment_templates",
        items="experimentTemplates",
        asks="get_experiment_template",
        by={"id": "id"},
        answer="experimentTemplate",
        name="id",
        type_name="AWS::FIS::ExperimentTemplate",
        roles={"RoleArn": "roleArn"},
        what="with which role faults are injected",
        listed_none=NOT_HERE,
    ),
    Worker(
        client="gamelift",
        lists="describe_fleet_attributes",
        items="FleetAttributes",
        name="FleetId",
        arn="FleetArn",
        type_name="AWS::GameLift::Fleet",
        roles={"InstanceRoleARN": "InstanceRoleArn"},
        what="with which role game servers act",
    ),
    Worker(
        client="glue",
        lists="get_dev_endpoints",
        items="DevEndpoints",
        name="EndpointName",
        arn="{name}",
        type_name="AWS::Glue::DevEndpoint",
        roles={"RoleArn": "RoleArn"},
        what="with which role development endpoints act",
    ),
    Worker(
        client="grafana",
        lists="list_workspaces",
        items="workspaces",
        asks="describe_workspace",
        by={"workspaceId": "id"},
        answer="workspace",
        name="id",
        arn="{id}",
        type_name="AWS::Grafana::Workspace",
        roles={"RoleArn": "workspaceRoleArn"},
        what="with which role dashboards read",
    ),
    Worker(
        client="kafkaconnect",
        lists="list_connectors",
        items="connectors",
        asks="describe_connector",
        by={"connectorArn": "connectorArn"},
        name="connectorName",
        arn="connectorArn",
        type_name="AWS::KafkaConnect::Connector",
        roles={"ServiceExecutionRoleArn": "serviceExecutionRoleArn"},
        what="with which role connectors act",
    ),
    Worker(
        client="lakeformation",
        lists="list_resources",
        items="ResourceInfoList",
        name="ResourceArn",
        arn="",
        type_name="AWS::LakeFormation::Resource",
        roles={"RoleArn": "RoleArn"},
        what="with which role Lake Formation reads a data lake",
    ),
    Worker(
        client="medialive",
        lists="list_channels",
        items="Channels",
        name="Id",
        arn="Arn",
        type_name="AWS::MediaLive::Channel",
        roles={"RoleArn": "RoleArn"},
        what="with which role channels act",
    ),
    Worker(
        client="mwaa",
        lists="list_environments",
        items="Environments",
        asks="get_environment",
        by={"Name": "Name"},
        answer="Environment",
        name="Name",
        arn="Arn",
        type_name="AWS::MWAA::Environment",
        roles={"ExecutionRoleArn": "ExecutionRoleArn"},
        what="with which role workflows run",
    ),
)
LIVE = tuple(worker.reader() for worker in _WORKERS)
