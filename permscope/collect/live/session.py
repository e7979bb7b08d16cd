"""The calls of one account and Region: pages, limits, and failures that become `Unknown` facts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from typing import Any

from permscope.collect.live.account import LiveAccount
from permscope.collect.live.faults import INVALID_TOKEN, Fault, NoSuchOperationError, fault_of
from permscope.inventory.facts import Unknown
from permscope.inventory.source import Source
from permscope.services._live import R, Session, T
from permscope.services.interface import Stack

_TOKENS = (
    ("NextToken", "NextToken"),
    ("nextToken", "nextToken"),
    ("nextToken", "NextToken"),
    ("Marker", "NextMarker"),
    ("Marker", "Marker"),
    ("position", "position"),
    ("pageToken", "nextPageToken"),
)
"""Name of the token in the request and in the answer of operations for which botocore has no paginator."""
_MOST_PAGES = 100_000
_mapping = threading.local()


class LiveSession(Session):
    """A Region of an account, or its global services.

    Args:
        account: whose credentials are used.
        region: of the calls and of the resources' ARNs.
        operations: `client.operation` -> what is not known where it fails; other operations are refused.
        executor: runs `map`; None runs everything in the calling thread.
        scope: Region in `Source` facts; None for global services.
    """

    def __init__(
        self,
        account: LiveAccount,
        region: str,
        operations: Mapping[str, str],
        executor: Executor | None = None,
        *,
        scope: str | None = None,
    ) -> None:
        stack = Stack(
            label=f"{account.id}/{scope or 'global'}",  # tells its things without ARN from those of other places
            partition=account.partition,
            region=region,
            account=account.id,
            url_suffix=_suffix(account),
        )
        super().__init__(stack, account=account.id, partition=account.partition, region=region)
        self.faults: list[Fault] = []
        self.unknowns: list[Unknown] = []
        self._account = account
        self._operations = operations
        self._executor = executor
        self._scope = scope
        self._refused: set[str] = set()

    def call(
        self,
        client: str,
        operation: str,
        *,
        none: tuple[str, ...] = (),
        optional: bool = False,
        of: str = "",
        **arguments: Any,
    ) -> Mapping[str, Any] | None:
        """One API call: its answer, an empty mapping for an error in `none`, None where it failed."""
        found: Mapping[str, Any] | Fault = {}
        try:
            method = self._method(client, operation)
            found = _without_metadata(method(**arguments))
        except Exception as error:  # noqa: BLE001 - whatever goes wrong between here and AWS is one failed call
            found = self._fault(error, client, none)
        if not isinstance(found, Fault):
            return found
        if found.kind in ("unsupported", "denied"):
            self._refused.add(f"{client}.{operation}")
        if not (optional and found.kind in ("unsupported", "denied")):
            self._failed(found, client, operation, of or _named(arguments))
        return None

    def pages(
        self,
        client: str,
        operation: str,
        key: str = "",
        *,
        none: tuple[str, ...] = (),
        of: str = "",
        **arguments: Any,
    ) -> Iterator[Any]:
        """Every item under `key` over all pages; where a page fails, the rest is an `Unknown`."""
        pages = self._pages(client, operation, arguments)
        while True:
            try:
                page = next(pages, None)
            except Exception as error:  # noqa: BLE001 - see `call`
                fault = self._fault(error, client, none)
                if isinstance(fault, Fault):
                    self._failed(fault, client, operation, of or _named(arguments))
                return
            if page is None:
                return
            yield from _items(page, key)

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """`function` of each item on several threads, in order; in this thread where that is one of them already."""
        if self._executor is None or getattr(_mapping, "busy", False):
            return map(function, items)

        def run(item: T) -> R:
            _mapping.busy = True
            try:
                return function(item)
            finally:
                _mapping.busy = False

        return self._executor.map(run, items)

    def offers(self, client: str, operation: str) -> bool:
        """Whether the SDK has the operation and the service did not refuse or miss it here before."""
        if f"{client}.{operation}" in self._refused:
            return False
        try:
            return hasattr(self._account.client(client, self.region), operation)
        except Exception:  # noqa: BLE001 - an SDK that lacks the whole service
            return False

    def source(self, call: str | None) -> Source:
        """Where an answer came from."""
        return Source(call=call, account=self.account, region=self._scope)

    def _method(self, client: str, operation: str) -> Callable[..., Any]:
        name = f"{client}.{operation}"
        if name not in self._operations:
            raise ValueError(f"`{name}` is not among the reader's operations")
        if self._account.expired:
            raise _ExpiredError(self._account.expired)
        method = getattr(self._account.client(client, self.region), operation, None)
        if method is None:
            raise NoSuchOperationError(name)
        return method  # type: ignore[no-any-return]

    def _pages(self, client: str, operation: str, arguments: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        method = self._method(client, operation)
        boto = self._account.client(client, self.region)
        if boto.can_paginate(operation):
            yield from boto.get_paginator(operation).paginate(**arguments)
            return
        token: Mapping[str, Any] = {}
        for _ in range(_MOST_PAGES):
            page = method(**arguments, **token)
            yield page
            following = _token(boto, operation, page)
            if not following:
                return
            if following == token:
                raise RuntimeError("the same page came twice")
            token = following

    def _fault(self, error: Exception, client: str, none: tuple[str, ...]) -> Fault | dict[str, Any]:
        """What a failed call means; an empty answer for an error that says there is no such thing."""
        fault = Fault("expired", error.code) if isinstance(error, _ExpiredError) else fault_of(error)
        if fault.code in none:
            return {}
        if not self._account.is_offered(client, self.region) and fault.code in _NOBODY_THERE:
            return {}
        if fault.kind == "expired" and self._account.expired is None:
            if fault.code in INVALID_TOKEN and self._still_valid():
                return Fault("denied", fault.code)
            self._account.expired = fault.code
        return fault

    def _still_valid(self) -> bool:
        """Whether the credentials work at all, so that only this service or Region refuses them."""
        try:
            self._account.client("sts", self._account.home).get_caller_identity()
        except Exception:  # noqa: BLE001 - refused, or nobody there: either way they cannot be used
            return False
        return True

    def _failed(self, fault: Fault, client: str, operation: str, of: str) -> None:
        name = f"{client}.{operation}"
        hides = self._operations.get(name, "")
        what = f"`{name}` of `{of}`" if of else f"`{name}`"
        why = f"{fault}; not known: {hides}" if hides else str(fault)
        about = self.stack.arn("s3", of, region="", account="") if client == "s3" and of else of
        self.faults.append(fault)
        self.unknowns.append(
            self.unknown(what, why, fault.kind, call=name, about=about if about.startswith("arn:") else None)
        )


class _ExpiredError(Exception):
    """A call that was not made, because the credentials are no longer accepted."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


_NOBODY_THERE = frozenset(
    {"EndpointConnectionError", "ConnectTimeoutError", "UnrecognizedClientException", "InvalidClientTokenId"}
)


def _suffix(account: LiveAccount) -> str:
    return "amazonaws.com.cn" if account.partition == "aws-cn" else "amazonaws.com"


def _without_metadata(answer: Any) -> Mapping[str, Any]:
    if isinstance(answer, dict):
        answer.pop("ResponseMetadata", None)
        return answer
    return {}


def _named(arguments: Mapping[str, Any]) -> str:
    """What a call was about: its first argument that is text."""
    return next((value for value in arguments.values() if isinstance(value, str)), "")


def _items(page: Mapping[str, Any], key: str) -> Iterator[Any]:
    """The items of a page; the page itself where no key is given."""
    if not key:
        yield _without_metadata(page)
        return
    found: Any = page
    for step in key.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    yield from found if isinstance(found, list) else ()


def _token(boto: Any, operation: str, page: Mapping[str, Any]) -> Mapping[str, Any]:
    """The arguments that ask for the following page; empty on the last one."""
    shape = boto.meta.service_model.operation_model(boto.meta.method_to_api_mapping[operation]).input_shape
    members = shape.members if shape is not None else {}
    for asked, answered in _TOKENS:
        if asked in members and page.get(answered):
            return {asked: page[answered]}
    if page.get("HasMoreDeliveryStreams"):
        return {"ExclusiveStartDeliveryStreamName": page["DeliveryStreamNames"][-1]}
    if page.get("HasMoreApplications"):
        return {"ExclusiveStartApplicationName": page["ApplicationSummaries"][-1]["ApplicationName"]}
    if page.get("LastEvaluatedStreamArn"):
        return {"ExclusiveStartStreamArn": page["LastEvaluatedStreamArn"]}
    return {}
