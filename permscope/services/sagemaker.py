"""SageMaker: what runs with which execution role; pipelines that call functions.

https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact
from permscope.services._values import Item, json_value, walk
from permscope.services._wiring import properties, role_triggers, role_uses
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
