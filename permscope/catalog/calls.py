"""Which IAM actions an API call needs.

Most actions are named like the call; a table holds the services whose SDK name is not their IAM prefix and the calls
whose action is named otherwise. It serves the SDK integrations of Step Functions and the universal targets of
EventBridge Scheduler. Actions that a call needs only for some parameters (`iam:PassRole`, tags) are not listed:
see `ActionDetails.dependent_actions`.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from permscope.catalog.actions import load

_FILE = Path(__file__).parent / "data" / "calls.txt"


class _Calls(NamedTuple):
    services: dict[str, tuple[str, str]]  # SDK name, letters and digits only -> (table name, IAM prefix)
    exceptions: dict[tuple[str, str], tuple[str, ...]]  # (table name, lower-case operation) -> actions


@lru_cache(maxsize=1)
def _calls() -> _Calls:
    _mark, *lines = _FILE.read_text(encoding="ascii").splitlines()
    services, exceptions = {}, {}
    for line in lines:
        kind, name, *rest = line.split("\t")
        if kind == "service":
            services[name] = (rest[0], rest[1])
        else:
            exceptions[name, rest[0]] = tuple(rest[1].split())
    return _Calls(services, exceptions)


def _plain(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def iam_prefix(sdk_service: str) -> str | None:
    """IAM prefix of a service by any of its SDK names: `states` for `sfn`, `logs` for `CloudWatch Logs`."""
    found = _calls().services.get(_plain(sdk_service))
    return found[1] if found else None


def iam_action(sdk_service: str, operation: str) -> tuple[str, ...]:
    """The IAM actions an API call always needs.

    Args:
        sdk_service: SDK name of the service in any spelling (`sfn`, `CloudWatch Logs`, `cognito-idp`).
        operation: API operation in any spelling (`PutItem`, `putItem`, `put_item`).

    Returns:
        Actions in AWS's spelling, more than one where the call does several things; empty when unknown.
    """
    table = _calls()
    name, prefix = table.services.get(_plain(sdk_service), ("", ""))
    lower = _plain(operation)
    if (name, lower) in table.exceptions:
        return table.exceptions[name, lower]
    action = f"{prefix}:{lower}"
    catalog = load()
    canonical = catalog.canonical(action)
    return () if canonical is None or catalog.is_retired(action) else (canonical,)
