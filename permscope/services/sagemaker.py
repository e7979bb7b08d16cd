"""SageMaker: what runs with which execution role; pipelines that call functions.

Of a live account jobs, which are over after a while, and the definitions of pipelines are not read.
https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact
from permscope.services._values import Item, json_value, walk
from permscope.services._wiring import properties, role_triggers, role_uses
from permscope.services._workers import Worker
from permscope.services.interface import TemplateResource

SERVICE = "sagemaker.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE,)

_ROLES = (
    ("RoleArn",),
    ("ExecutionRoleArn",),
    ("ExecutionRole",),
    ("DefaultUserSettings", "ExecutionRole"),
    ("DefaultSpaceSettings", "ExecutionRole"),
    ("UserSettings", "ExecutionRole"),
    ("OfflineStoreConfig", "RoleArn"),
    ("ClusterRole",),
    ("InstanceGroups", "ExecutionRole"),
)


def read_role_user(resource: TemplateResource) -> Iterator[AnyFact]:
    """Notebooks, models, domains, jobs: code that may do all its role allows."""
    yield resource.resource(kms_key_arn=resource.text("KmsKeyId"))
    for path in _ROLES:
        yield from role_uses(resource, properties(resource, *path), SERVICE, exact=False)


def read_pipeline(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::SageMaker::Pipeline`: Lambda steps are called with the pipeline's role.

    https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-steps-types.html#step-type-lambda
    """
    yield resource.resource()
    roles = [*properties(resource, "RoleArn")]
    body = resource.get("PipelineDefinition", "PipelineDefinitionBody")
    place = resource.place("PipelineDefinition")
    for step in walk(json_value(body)):
        if step.get("Type") == "Lambda" and isinstance(step.get("FunctionArn"), str):
            found = [text._replace(source=place) for text in Item(step, None).texts("FunctionArn")]
            yield from role_triggers(resource, found, roles, event="sagemaker-pipeline-step", service=SERVICE)
    yield from role_uses(resource, roles, SERVICE, exact=False)


TEMPLATE = {
    "AWS::SageMaker::Pipeline": read_pipeline,
    **{
        f"AWS::SageMaker::{name}": read_role_user
        for name in (
            "Cluster",
            "DataQualityJobDefinition",
            "Domain",
            "FeatureGroup",
            "Image",
            "InferenceExperiment",
            "Model",
            "ModelBiasJobDefinition",
            "ModelExplainabilityJobDefinition",
            "ModelQualityJobDefinition",
            "MonitoringSchedule",
            "NotebookInstance",
            "ProcessingJob",
            "UserProfile",
        )
    },
}

_WHAT = "with which role notebooks, models and pipelines act"
_PROFILES = Worker(
    client="sagemaker",
    lists="list_user_profiles",
    items="UserProfiles",
    of={"DomainIdEquals": "DomainId"},
    asks="describe_user_profile",
    by={"DomainId": "DomainId", "UserProfileName": "UserProfileName"},
    name="UserProfileName",
    arn="UserProfileArn",
    type_name="AWS::SageMaker::UserProfile",
    roles={"UserSettings.ExecutionRole": "UserSettings.ExecutionRole"},
    what="with which role users of SageMaker Studio act",
)
_WORKERS = (
    Worker(
        client="sagemaker",
        lists="list_notebook_instances",
        items="NotebookInstances",
        asks="describe_notebook_instance",
        by={"NotebookInstanceName": "NotebookInstanceName"},
        name="NotebookInstanceName",
        arn="NotebookInstanceArn",
        type_name="AWS::SageMaker::NotebookInstance",
        roles={"RoleArn": "RoleArn"},
        what=_WHAT,
    ),
    Worker(
        client="sagemaker",
        lists="list_models",
        items="Models",
        asks="describe_model",
        by={"ModelName": "ModelName"},
        name="ModelName",
        arn="ModelArn",
        type_name="AWS::SageMaker::Model",
        roles={"ExecutionRoleArn": "ExecutionRoleArn"},
        what=_WHAT,
    ),
    Worker(
        client="sagemaker",
        lists="list_pipelines",
        items="PipelineSummaries",
        name="PipelineName",
        arn="PipelineArn",
        type_name="AWS::SageMaker::Pipeline",
        roles={"RoleArn": "RoleArn"},
        what=_WHAT,
    ),
    Worker(
        client="sagemaker",
        lists="list_clusters",
        items="ClusterSummaries",
        asks="describe_cluster",
        by={"ClusterName": "ClusterName"},
        name="ClusterName",
        arn="ClusterArn",
        type_name="AWS::SageMaker::Cluster",
        roles={"InstanceGroups[].ExecutionRole": "InstanceGroups[].ExecutionRole"},
        what="with which role the nodes of HyperPod clusters act",
    ),
    Worker(
        client="sagemaker",
        lists="list_domains",
        items="Domains",
        asks="describe_domain",
        by={"DomainId": "DomainId"},
        name="DomainId",
        arn="DomainArn",
        type_name="AWS::SageMaker::Domain",
        roles={path: path for path in ("DefaultUserSettings.ExecutionRole", "DefaultSpaceSettings.ExecutionRole")},
        what="with which role users of SageMaker Studio act",
        inside=(_PROFILES,),
    ),
)
LIVE = tuple(worker.reader() for worker in _WORKERS)
