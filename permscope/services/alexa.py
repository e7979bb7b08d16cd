"""Alexa: skills live outside of AWS, so the permission is the entry; the skill id is its `EventSourceToken`.

https://developer.amazon.com/docs/custom-skills/host-a-custom-skill-as-an-aws-lambda-function.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact
from permscope.services._permission_entries import entries
from permscope.services._values import Item, walk
from permscope.services._wiring import triggers
from permscope.services.interface import TemplateResource

CUSTOM = "alexa-appkit.amazon.com"
SMART_HOME = "alexa-connectedhome.amazon.com"
SERVICE_PRINCIPALS = (CUSTOM, SMART_HOME)

_EVENTS = {CUSTOM: "alexa-skill", SMART_HOME: "alexa-smart-home"}


def read_permission(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Lambda::Permission` for Alexa: the only place that shows the entry."""
    yield from entries(resource, _EVENTS, wired_by=("Alexa::ASK::Skill",))


def read_skill(resource: TemplateResource) -> Iterator[AnyFact]:
    """`Alexa::ASK::Skill`: a skill whose manifest may name its functions."""
    yield resource.resource()
    manifest = resource.get("SkillPackage", "Overrides", "Manifest")
    for name, service in (("custom", CUSTOM), ("smartHome", SMART_HOME), ("video", SMART_HOME)):
        for apis in walk(manifest):
            if name not in apis:
                continue
            found = [
                text
                for inner in walk(apis[name])
                for text in Item(inner, None).texts("uri")
                if text.text.startswith(("arn:", "${"))
            ]
            yield from triggers(
                resource,
                found,
                event=_EVENTS[service],
                service=service,
                source_arn=None,
                source_account=None,
                context={"lambda:EventSourceToken": (resource.ref,)} if resource.ref else {},
            )


TEMPLATE = {"AWS::Lambda::Permission": read_permission, "Alexa::ASK::Skill": read_skill}
