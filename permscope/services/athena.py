"""Amazon Athena: data catalogs whose functions run with the permissions of whoever queries.

https://docs.aws.amazon.com/athena/latest/ug/connect-to-a-data-source.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from permscope.inventory.facts import AnyFact, Mechanism
from permscope.services._answers import each, picked
from permscope.services._holders import holder
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import root
from permscope.services._wiring import triggers
from permscope.services.interface import TemplateResource

_FUNCTIONS = ("function", "metadata-function", "record-function")


def read_catalog(resource: TemplateResource) -> Iterable[AnyFact]:
    """A data catalog; one of type `LAMBDA` is a function that answers queries."""
    yield resource.resource(catalog_type=resource.text("Type"))
    for key in _FUNCTIONS:
        yield from triggers(
            resource,
            root(resource).texts("Parameters", key),
            event="athena-federated-query",
            service="athena.amazonaws.com",
            mechanism=Mechanism.CALLER,
        )


TEMPLATE = {"AWS::Athena::DataCatalog": read_catalog, "AWS::Athena::WorkGroup": holder(service="athena.amazonaws.com")}
SERVICE_PRINCIPALS = ("athena.amazonaws.com",)


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every data catalog; of one that is a function, the function."""
    for item in session.pages("athena", "list_data_catalogs", "DataCatalogsSummary"):
        name, kind, properties = item["CatalogName"], item.get("Type"), {}
        if kind != "GLUE":
            answer = session.call("athena", "get_data_catalog", none=("InvalidRequestException",), Name=name) or {}
            properties = picked((answer.get("DataCatalog") or {}).get("Parameters") or {}, *_FUNCTIONS)
        yield session.resource(
            "AWS::Athena::DataCatalog",
            {"Type": kind, "Parameters": properties or None},
            name=name,
            call="athena.list_data_catalogs",
        )
    groups = [item["Name"] for item in session.pages("athena", "list_work_groups", "WorkGroups")]
    yield from each(session, _live_group, groups)


def _live_group(session: Session, name: str) -> Iterator[LiveFact]:
    answer = session.call("athena", "get_work_group", none=("InvalidRequestException",), WorkGroup=name) or {}
    configuration = (answer.get("WorkGroup") or {}).get("Configuration") or {}
    properties = {"WorkGroupConfiguration": picked(configuration, "ExecutionRole")}
    yield session.resource("AWS::Athena::WorkGroup", properties, name=name, call="athena.get_work_group")


LIVE = (
    LiveReader(
        read=read_live,
        client="athena",
        operations={
            "athena.list_data_catalogs": "which functions answer queries",
            "athena.get_data_catalog": "which functions answer queries",
            "athena.list_work_groups": "which roles notebooks act with",
            "athena.get_work_group": "which roles notebooks act with",
        },
    ),
)
