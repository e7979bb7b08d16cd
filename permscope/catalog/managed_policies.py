"""The policies that AWS manages, with their documents.

Includes documents of policies that AWS has withdrawn: old templates still name them, attaching them fails, and what
they granted can be told. Documents lie in zlib chunks of sixteen; one is decompressed when a policy of it is asked
for.
"""

from __future__ import annotations

import json
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

_DATA = Path(__file__).parent / "data"
_PER_CHUNK = 16


class ManagedPolicy(NamedTuple):
    """A policy of AWS and its default version."""

    name: str
    arn: str  # in the partition that was asked for; partition `aws` for a bare name
    path: str  # "/", "/service-role/", "/job-function/", ...
    default_version: str  # "v3"
    document: dict[str, Any]  # shared between callers: not to be changed
    retired: bool  # withdrawn by AWS: existing attachments work, attaching it again fails


class _Entry(NamedTuple):
    name: str
    path: str
    version: str
    retired: bool
    number: int


class _Index(NamedTuple):
    date: str
    chunk_starts: tuple[int, ...]
    entries: dict[str, _Entry]


@lru_cache(maxsize=1)
def _index() -> _Index:
    header, *lines = (_DATA / "managed_policies.txt").read_text(encoding="ascii").splitlines()
    _mark, date, sizes = header.split("\t")
    starts = [0]
    for size in sizes.split():
        starts.append(starts[-1] + int(size))
    entries = {}
    for number, line in enumerate(lines):
        name, path, version, mark = line.split("\t")
        entries[name] = _Entry(name, path, version, mark == "R", number)
    return _Index(date, tuple(starts), entries)


@lru_cache(maxsize=32)
def _chunk(number: int) -> list[str]:
    starts = _index().chunk_starts
    with (_DATA / "managed_policies.bin").open("rb") as file:
        file.seek(starts[number])
        return zlib.decompress(file.read(starts[number + 1] - starts[number])).decode("ascii").split("\n")


@lru_cache(maxsize=2048)
def _document(number: int) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(_chunk(number // _PER_CHUNK)[number % _PER_CHUNK])
    return parsed


def names() -> tuple[str, ...]:
    """Names of all policies, withdrawn ones included, sorted."""
    return tuple(sorted(entry.name for entry in _index().entries.values()))


def date() -> str:
    """When the newest policy in the list was last changed, as `2026-09-30`."""
    return _index().date


def document(arn_or_name: str) -> ManagedPolicy | None:
    """The AWS managed policy of that name.

    Args:
        arn_or_name: an ARN in any partition (`arn:${AWS::Partition}:...` too), `service-role/NAME`, or a bare name.

    Returns:
        None when AWS has no such policy, when the ARN is a customer's, or when its path is not the policy's.
    """
    partition, path, name = _parts(arn_or_name)
    entry = _index().entries.get(name)
    if entry is None or path not in {None, entry.path}:
        return None
    return ManagedPolicy(
        name=entry.name,
        arn=f"arn:{partition}:iam::aws:policy{entry.path}{entry.name}",
        path=entry.path,
        default_version=entry.version,
        document=_document(entry.number),
        retired=entry.retired,
    )


def _parts(text: str) -> tuple[str, str | None, str]:
    """Partition, path (None when the text has none) and name."""
    partition, path = "aws", text
    if text.startswith("arn:"):
        head, mark, path = text.partition(":iam::aws:policy/")
        if not mark:
            return partition, None, ""
        partition = head.removeprefix("arn:")
        path = f"/{path}"
    folder, slash, name = path.rpartition("/")
    if not slash:
        return partition, None, name
    return partition, f"/{folder.strip('/')}/".replace("//", "/"), name
