"""S3 Object Lambda: a function that transforms objects on their way to whoever reads them.

The reader's own permissions call the function.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/olap-policies.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact, Mechanism
from permscope.services._values import Item, mappings, walk
from permscope.services._wiring import protection, triggers
from permscope.services.interface import TemplateResource

SERVICE = "s3-object-lambda.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE,)


def read_access_point(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::S3ObjectLambda::AccessPoint`: the functions of its transformations."""
    yield resource.resource(supporting_access_point=resource.text("ObjectLambdaConfiguration", "SupportingAccessPoint"))
    for configuration in mappings(resource.get("ObjectLambdaConfiguration", "TransformationConfigurations")):
        for inner in walk(configuration.value.get("ContentTransformation")):
            found = Item(inner, configuration.only_if).texts("FunctionArn")
            yield from triggers(resource, found, event="s3-object-lambda", service=SERVICE, mechanism=Mechanism.CALLER)


def read_access_point_policy(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::S3ObjectLambda::AccessPointPolicy`: who may read through an access point."""
    yield resource.resource()
    name = resource.text("ObjectLambdaAccessPoint") or ""
    found = resource.stack.find(name, "AWS::S3ObjectLambda::AccessPoint")
    arn = found.arn if found is not None else None
    if arn is None and name:
        arn = name if name.startswith("arn:") else resource.stack.arn("s3-object-lambda", f"accesspoint/{name}")
    yield from protection(resource, arn, resource.get("PolicyDocument"), "PolicyDocument")


TEMPLATE = {
    "AWS::S3ObjectLambda::AccessPoint": read_access_point,
    "AWS::S3ObjectLambda::AccessPointPolicy": read_access_point_policy,
}
