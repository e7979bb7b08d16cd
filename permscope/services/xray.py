"""AWS X-Ray: which services may send traces to this account.

https://docs.aws.amazon.com/xray/latest/devguide/xray-services-sns.html
"""

from __future__ import annotations

from collections.abc import Iterable

from permscope.inventory.facts import AnyFact
from permscope.services.interface import TemplateResource


def read_policy(resource: TemplateResource) -> Iterable[AnyFact]:
    """A policy of the account's traces in this Region."""
    yield from resource.protects(resource.stack.arn("xray", "*"), "PolicyDocument")


TEMPLATE = {"AWS::XRay::ResourcePolicy": read_policy}
SERVICE_PRINCIPALS = ("xray.amazonaws.com",)
