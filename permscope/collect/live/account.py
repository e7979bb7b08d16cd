"""One account: its credentials, clients, rates, and what was asked of it."""

from __future__ import annotations

import re
import threading
from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING, Any

from permscope.collect.live.rates import Rate, rate_for
from permscope.lazy import dataclass

if TYPE_CHECKING:
    import boto3


class Stopped(BaseException):
    """The collection was interrupted; raised by the next call of every thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How hard an account is asked.

    Attributes:
        threads: calls at the same time, over all accounts.
        attempts: tries of one call, the first included.
        timeout: seconds to wait for a connection, and again for an answer.
        rate: calls a second to one service in one Region; None for the rates of each service.
    """

    threads: int = 16
    attempts: int = 5
    timeout: float = 20.0
    rate: float | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class LiveAccount:
    """An account that can be read.

    Attributes:
        id: 12-digit id.
        partition: `aws`, `aws-cn`, ...
        boto: boto3 session with its credentials.
        home: Region of global services and of the first calls.
        label: profile or role it is reached with, for messages.
        expired: error code with which the credentials were refused; no further call is made then.
        calls: requests sent, by `client.operation`, repeated tries included.
    """

    id: str
    partition: str
    boto: boto3.Session
    home: str
    label: str = ""
    limits: Limits = field(default_factory=Limits)
    expired: str | None = None
    stopped: threading.Event = field(default_factory=threading.Event)
    calls: Counter[str] = field(default_factory=Counter)
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    _rates: dict[tuple[str, str], Rate] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _offered: dict[str, frozenset[str]] = field(default_factory=dict)

    def client(self, name: str, region: str) -> Any:
        """The client of a service in a Region, made once."""
        with self._lock:
            found = self._clients.get((name, region))
            if found is None:
                found = make_client(self.boto, name, region, self.limits, patient=self.is_offered(name, region))
                found.meta.events.register("before-sign", lambda **_: self._wait(name, region))
                if not re.search(r"\.(amazonaws|api\.aws|amazonaws\.eu)\b", found.meta.endpoint_url):
                    found.meta.events.register("before-sign", self._own_host)
                found.meta.events.register("before-send", self._count)
                self._clients[name, region] = found
            return found

    def forget(self, region: str) -> None:
        """Let go of the clients of a Region that is done; they are large."""
        with self._lock:
            for key in [key for key in self._clients if key[1] == region]:
                del self._clients[key]

    def is_offered(self, client: str, region: str) -> bool:
        """Whether the SDK knows the service to be in a Region; a service may be newer there than the SDK."""
        with self._lock:
            if client not in self._offered:
                names = self.boto.get_available_regions(client, self.partition, allow_non_regional=True)
                self._offered[client] = frozenset(names)
            return region in self._offered[client] or not self._offered[client] & self._regions()

    def knows(self, region: str) -> bool:
        """Whether the SDK knows a Region of this name."""
        with self._lock:
            return region in self._regions()

    def _regions(self) -> frozenset[str]:
        """The Regions the SDK knows of: those of a service that is in all of them."""
        if "sts" not in self._offered:
            self._offered["sts"] = frozenset(self.boto.get_available_regions("sts", self.partition))
        return self._offered["sts"]

    def _wait(self, client: str, region: str) -> None:
        """Wait for the turn of a request; botocore asks before each one, repeated ones and further pages too.

        Raises:
            Stopped: when the collection was interrupted.
        """
        with self._lock:
            rate = self._rates.get((client, region))
            if rate is None:
                rate = self._rates[client, region] = rate_for(client, self.limits.rate)
        rate.wait()
        if self.stopped.is_set():
            raise Stopped

    def _own_host(self, request: Any, **more: object) -> None:
        """Leave out of the host what only AWS's own endpoints resolve (`111122223333.localhost`, `api.localhost`)."""
        del more
        for prefix in (self.id, "api"):
            request.url = request.url.replace(f"//{prefix}.", "//", 1)

    def _count(self, event_name: str, **more: object) -> None:
        """`before-send.lambda.GetPolicy` is sent for every request, also a repeated one."""
        del more
        service, _, operation = event_name.removeprefix("before-send.").partition(".")
        with self._lock:
            self.calls[f"{service}.{operation}"] += 1


def make_client(boto: boto3.Session, name: str, region: str, limits: Limits, *, patient: bool = True) -> Any:
    """A client that gives up after a while; an impatient one tries once, to see whether anybody is there."""
    from botocore.config import Config

    config = Config(
        retries={"mode": "adaptive", "total_max_attempts": limits.attempts if patient else 1},
        connect_timeout=limits.timeout if patient else min(limits.timeout, 5.0),
        read_timeout=limits.timeout,
        max_pool_connections=limits.threads,
        user_agent_extra="permscope",
    )
    return boto.client(name, region_name=region, config=config)
