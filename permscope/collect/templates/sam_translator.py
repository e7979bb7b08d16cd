"""AWS's own SAM translator, kept from the network and made to tell which resource makes which."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from functools import cache, wraps
from types import SimpleNamespace
from typing import Any

from permscope.collect.templates.sam_import import import_translator
from permscope.inventory.located import LocatedDict
from permscope.lazy import dataclass


@dataclass(slots=True)
class Record:
    """Which SAM resource and event is being translated, and what came of it.

    Attributes:
        current: logical id of the resource.
        event: the event as the template names it; a topic's event makes a queue's event of its own.
        depth: how many translations are under way, each for the one before.
        made: generated logical id -> the resource and event that made it.
    """

    current: str | None = None
    event: str | None = None
    depth: int = 0
    made: dict[str, tuple[str, str | None]] = field(default_factory=dict)


_RECORDS: list[Record] = []


def translate(
    work: LocatedDict, values: Mapping[str, Any], region: str
) -> tuple[LocatedDict, Record, list[BaseException]]:
    """One attempt: the output, or the failures."""
    import_translator()
    from samtranslator.model.exceptions import ExceptionWithMessage, InvalidDocumentException

    record = Record()
    _RECORDS.append(record)
    try:
        with _quiet():
            return _translator(region).translate(work, dict(values)), record, []
    except InvalidDocumentException as error:
        return work, record, list(error.causes)
    except ExceptionWithMessage as error:
        return work, record, [error]
    except (RecursionError, Exception) as error:  # noqa: BLE001 - the translator trips over malformed input in many ways
        return work, record, [error]
    finally:
        _RECORDS.pop()


@cache
def _plugin_class() -> Any:
    from samtranslator.plugins.application.serverless_app_plugin import ServerlessAppPlugin

    class Offline(ServerlessAppPlugin):
        """Notes which resource is translated; never asks the Serverless Application Repository."""

        def on_before_transform_template(self, template_dict: Any) -> None:
            """Ask nothing."""

        def on_after_transform_template(self, template: Any) -> None:
            """Wait for nothing."""

        def on_before_transform_resource(self, logical_id: str, resource_type: str, resource_properties: Any) -> None:
            """Note the resource."""
            del resource_type, resource_properties
            if _RECORDS:
                _RECORDS[-1].current = logical_id

    Offline.__name__ = "ServerlessAppPlugin"
    return Offline


@cache
def _metrics_class() -> Any:
    from samtranslator.metrics.metrics import Metrics

    class Unmeasured(Metrics):
        """Keeps no measurements, and so has none to warn about."""

        def _record_metric(self, *arguments: Any, **keywords: Any) -> None:
            """Keep nothing."""

    return Unmeasured


def _translator(region: str) -> Any:
    _prepare_translator()
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    session: Any = SimpleNamespace(region_name=region)
    return Translator({}, Parser(), plugins=[_plugin_class()()], boto_session=session, metrics=_metrics_class()())


@cache
def _prepare_translator() -> None:
    """Build the policy template plugin once, and record which resource makes which."""
    from samtranslator.model import apigateway, sam_resources
    from samtranslator.model.eventsources import cloudwatchlogs, pull, push, scheduler
    from samtranslator.model.stepfunctions import events
    from samtranslator.open_api import open_api
    from samtranslator.swagger import swagger
    from samtranslator.translator import translator

    translator.make_policy_template_for_function_plugin = cache(translator.make_policy_template_for_function_plugin)
    for editor in (open_api, swagger):
        # Six copies of the whole API for each of its events; every editor but one that complains writes its copy back.
        setattr(editor, "_deepcopy", _same)  # noqa: B010
    # `AlwaysDeploy` names a deployment after the second it is made in; a report does not depend on the clock.
    setattr(apigateway, "time", SimpleNamespace(time=int))  # noqa: B010
    for module in (cloudwatchlogs, pull, push, scheduler, events):
        _record_results(module, is_event=True)
    _record_results(sam_resources, is_event=False)


def _same(value: Any) -> Any:
    return value


def _record_results(module: Any, *, is_event: bool) -> None:
    for made in vars(module).values():
        if inspect.isclass(made) and made.__module__ == module.__name__ and "to_cloudformation" in vars(made):
            setattr(made, "to_cloudformation", _recording(vars(made)["to_cloudformation"], is_event=is_event))  # noqa: B010


def _recording(function: Any, *, is_event: bool) -> Any:
    @wraps(function)
    def to_cloudformation(self: Any, *arguments: Any, **keywords: Any) -> Any:
        record = _RECORDS[-1] if _RECORDS else Record()
        if not is_event and record.depth == 0:  # a GraphQL API translates connectors of its own
            record.current = self.logical_id
        outer = record.event
        if is_event and outer is None:
            record.event = self.relative_id
        event = record.event
        record.depth += 1
        try:
            result = function(self, *arguments, **keywords)
        finally:
            record.depth -= 1
            record.event = outer
        owner = record.current or self.logical_id
        for resource in result if isinstance(result, list | tuple) else ():
            logical_id = getattr(resource, "logical_id", None)
            if isinstance(logical_id, str):
                record.made.setdefault(logical_id, (owner, event))
        return result

    return to_cloudformation


@contextmanager
def _quiet() -> Iterator[None]:
    import logging

    logger = logging.getLogger("samtranslator")
    before = logger.disabled, logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before[1])
