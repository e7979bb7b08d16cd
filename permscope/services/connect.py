"""Amazon Connect: functions that contact flows of an instance may call.

https://docs.aws.amazon.com/connect/latest/adminguide/connect-lambda-functions.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._permission_entries import entries
from permscope.services._wiring import properties, triggers
from permscope.services.interface import TemplateResource

SERVICE = "connect.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE,)


def read_association(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Connect::IntegrationAssociation`: a function that an instance may call."""
    instance = resource.text("InstanceId")
    yield resource.resource(integration_type=resource.text("IntegrationType"), instance_id=instance)
    if resource.text("IntegrationType") == "LAMBDA_FUNCTION":
        found = properties(resource, "IntegrationArn")
        yield from triggers(
            resource,
            found,
            event="connect-flow",
            service=SERVICE,
            source_arn=instance,
            source_id=instance or resource.id,
        )


def read_permission(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Lambda::Permission` for Connect, where the association was made by hand."""
    yield from entries(resource, {SERVICE: "connect-flow"}, wired_by=("AWS::Connect::IntegrationAssociation",))


TEMPLATE = {
    "AWS::Connect::IntegrationAssociation": read_association,
    "AWS::Lambda::Permission": read_permission,
}


def read_live(session: Session) -> Iterator[LiveFact]:
    """The functions that the flows of each instance may call.

    https://docs.aws.amazon.com/connect/latest/APIReference/API_ListLambdaFunctions.html
    """
    call = "connect.list_lambda_functions"
    for item in session.pages("connect", "list_instances", "InstanceSummaryList"):
        instance = item["Arn"]
        for function in session.pages(
            "connect",
            "list_lambda_functions",
            "LambdaFunctions",
            none=("ResourceNotFoundException",),
            InstanceId=item["Id"],
        ):
            properties = {
                "InstanceId": instance,
                "IntegrationType": "LAMBDA_FUNCTION",
                "IntegrationArn": function,
            }
            name = f"{instance}/{function}"
            yield session.resource("AWS::Connect::IntegrationAssociation", properties, name=name, call=call)


LIVE = (
    LiveReader(
        read=read_live,
        client="connect",
        operations={
            "connect.list_instances": "which contact centres there are",
            "connect.list_lambda_functions": "which functions calls and chats run",
        },
    ),
)
