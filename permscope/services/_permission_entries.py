"""Entries that only a permission shows: services whose wiring to a function stands outside of every template.

The skill, bot or contact flow lives elsewhere; the permission is what says that it may run the function.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from permscope.inventory.facts import AnyFact, Mechanism, Trigger
from permscope.inventory.tokens import URL_SUFFIX
from permscope.services._values import about
from permscope.services._wiring import function_of, properties
from permscope.services.interface import TemplateResource

_INVOKING = ("lambda:invokefunction", "lambda:*", "*")


def entries(
    resource: TemplateResource, events: Mapping[str, str], *, wired_by: tuple[str, ...] = ()
) -> Iterator[AnyFact]:
    """A trigger for a permission whose principal is one of the named services.

    Args:
        resource: an `AWS::Lambda::Permission`.
        events: principal -> kind of wiring.
        wired_by: types that would show the wiring themselves; where the template has one, nothing is said twice.
    """
    action = (resource.text("Action") or "").lower()
    if action not in _INVOKING or any(True for _ in resource.stack.of_type(*wired_by) if wired_by):
        return
    for principal in properties(resource, "Principal"):
        service = principal.text.replace(URL_SUFFIX, "amazonaws.com")
        event = events.get(service)
        if event is None:
            continue
        token = resource.text("EventSourceToken")
        for text in properties(resource, "FunctionName"):
            arn = function_of(resource, text, by_name=True)
            if arn is None:
                continue
            yield Trigger(
                function_arn=arn,
                event=event,
                mechanism=Mechanism.RESOURCE_POLICY,
                service=service,
                source_arn=resource.text("SourceArn"),
                source_account=resource.text("SourceAccount"),
                context={"lambda:EventSourceToken": (token,)} if token else {},
                **about(resource, principal.source, principal.only_if or text.only_if),
            )
