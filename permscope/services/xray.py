"""AWS X-Ray: which services may send traces to this account.

https://docs.aws.amazon.com/xray/latest/devguide/xray-services-sns.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from permscope.inventory.facts import AnyFact
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services.interface import TemplateResource


def read_policy(resource: TemplateResource) -> Iterable[AnyFact]:
    """A policy of the account's traces in this Region."""
    yield from resource.protects(resource.stack.arn("xray", "*"), "PolicyDocument")


TEMPLATE = {"AWS::XRay::ResourcePolicy": read_policy}
SERVICE_PRINCIPALS = ("xray.amazonaws.com",)


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every policy of the account's traces."""
    for item in session.pages("xray", "list_resource_policies", "ResourcePolicies"):
        yield session.resource(
            "AWS::XRay::ResourcePolicy",
            {"PolicyDocument": item.get("PolicyDocument")},
            name=item["PolicyName"],
            call="xray.list_resource_policies",
        )


LIVE = (
    LiveReader(
        read=read_live,
        client="xray",
        operations={"xray.list_resource_policies": "which services may send traces"},
    ),
)
