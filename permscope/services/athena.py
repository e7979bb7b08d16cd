"""Amazon Athena: data catalogs whose functions run with the permissions of whoever queries.

https://docs.aws.amazon.com/athena/latest/ug/connect-to-a-data-source.html
"""

from __future__ import annotations

from collections.abc import Iterable

from permscope.inventory.facts import AnyFact, Mechanism
from permscope.services._holders import holder
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
