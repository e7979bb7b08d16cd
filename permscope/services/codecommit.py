"""CodeCommit: repository triggers.

https://docs.aws.amazon.com/codecommit/latest/userguide/how-to-notify-lambda.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact
from permscope.services._targets import target
from permscope.services._values import located, mappings
from permscope.services._wiring import deliveries, triggers
from permscope.services.interface import TemplateResource

SERVICE = "codecommit.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE,)


def read_repository(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::CodeCommit::Repository`: functions and topics that pushes run."""
    yield resource.resource(kms_key_arn=resource.text("KmsKeyId"))
    for item in mappings(resource.get("Triggers")):
        for text in item.texts("DestinationArn"):
            if target(resource.stack, located(text)).service == "sns":
                yield from deliveries(resource, [text], event="codecommit-trigger", service=SERVICE)
            else:
                yield from triggers(resource, [text], event="codecommit-trigger", service=SERVICE)


TEMPLATE = {"AWS::CodeCommit::Repository": read_repository}
