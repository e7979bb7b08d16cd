"""CodeCommit: repository triggers.

https://docs.aws.amazon.com/codecommit/latest/userguide/how-to-notify-lambda.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from permscope.inventory.facts import AnyFact
from permscope.services._answers import capitalised, each, picked
from permscope.services._live import LiveFact, LiveReader, Session
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


_GONE = ("RepositoryDoesNotExistException",)


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every repository with its triggers."""
    yield from each(session, _live_repository, session.pages("codecommit", "list_repositories", "repositories"))


def _live_repository(session: Session, item: Mapping[str, Any]) -> Iterator[LiveFact]:
    name = item["repositoryName"]
    answer = session.call("codecommit", "get_repository_triggers", none=_GONE, repositoryName=name) or {}
    found = [capitalised(picked(trigger, "destinationArn")) for trigger in answer.get("triggers") or ()]
    yield session.resource(
        "AWS::CodeCommit::Repository",
        {"Triggers": found or None},
        name=name,
        arn=session.stack.arn("codecommit", name),
        ref=item["repositoryId"],
        call="codecommit.get_repository_triggers",
    )


LIVE = (
    LiveReader(
        read=read_live,
        client="codecommit",
        operations={
            "codecommit.list_repositories": "which repositories there are",
            "codecommit.get_repository_triggers": "which functions and topics pushes run",
        },
    ),
)
