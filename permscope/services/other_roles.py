"""Services of which permscope knows which roles their resources act with, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from permscope.inventory.facts import AnyFact
from permscope.services._holders import holder, roles_of
from permscope.services._wiring import role_uses
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
