"""Snapshots: the facts of a live account (or of templates) in one file.

The file is one JSON document, plain, gzip (`.gz`) or Zstandard (`.zst`):

    {"schema": "permscope/snapshot/1", "made_by": "permscope 0.1.0", "collected": "2026-11-23T21:00:00Z",
     "accounts": ["111122223333"], "facts": {"Role": [...], "Function": [...], ...}}

Each fact is an object with the attributes of its class in `inventory/facts.py`; attributes that have their default are
left out. Environment values, secret values, code and payloads are never facts, so they are never in a snapshot.
"""

from __future__ import annotations

import dataclasses
import json
import os
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from permscope.errors import InputError, SnapshotError
from permscope.inventory.arn import account_of
from permscope.inventory.facts import AnyFact, Credentials, Unknown, User
from permscope.inventory.source import Source
from permscope.lazy import regex
from permscope.version import __version__

SCHEMA = "permscope/snapshot/1"
_SCHEMA_FAMILY = "permscope/snapshot/"
_LARGEST = 2 * 1024**3  # bytes after decompression; more is refused
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_GZIP_MAGIC = b"\x1f\x8b"
_DETAILS = frozenset({"UserDetailList", "GroupDetailList", "RoleDetailList"})
_DETAILS_START = regex(rb'(?:\xef\xbb\xbf)?\s*\{\s*"(?:UserDetailList|GroupDetailList|RoleDetailList)"\s*:\s*\[')
"""How the answer of `aws iam get-account-authorization-details` begins, which is read like a snapshot."""
_SURROGATE = regex(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
_LONE_SURROGATE = regex("[\ud800-\udfff]")


class Snapshot(NamedTuple):
    """A snapshot that was read.

    Attributes:
        facts: in file order.
        collected: ISO 8601 time of the collection, or the empty string.
        accounts: 12-digit ids of the accounts it was collected from.
        resume: what a collection that was interrupted had finished.
    """

    facts: tuple[AnyFact, ...]
    collected: str = ""
    accounts: tuple[str, ...] = ()
    resume: tuple[str, ...] = ()


def write_snapshot(
    path: str | Path,
    facts: Iterable[AnyFact],
    *,
    collected: str = "",
    accounts: Iterable[str] = (),
    resume: Iterable[str] = (),
    transform: Callable[[str], str] | None = None,
) -> None:
    """Write a snapshot atomically: the file is there whole, or as it was before.

    Args:
        path: `.json`, `.json.gz` or `.json.zst`; the ending decides the compression.
        facts: what to write.
        collected: ISO 8601 time of the collection.
        accounts: 12-digit ids of the accounts read.
        resume: names of finished parts, where the collection is not complete.
        transform: changes the JSON text before it is written.
    """
    grouped: dict[str, list[Any]] = {}
    for fact in facts:
        grouped.setdefault(type(fact).__name__, []).append(encode(fact))
    document = {
        "schema": SCHEMA,
        "made_by": f"permscope {__version__}",
        "collected": collected,
        "accounts": list(accounts),
        **({"resume": list(resume)} if resume else {}),
        "facts": grouped,
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    data = (transform(text) if transform else text).encode("utf-8", "surrogatepass")
    import tempfile

    target = Path(path)
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent or ".", prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(_compress(data, target.suffix))
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(f"`{path}` cannot be written: {error.strerror}") from error


def is_snapshot(start: bytes) -> bool:
    """Whether the first bytes of a file are those of a snapshot, plain or compressed, or of IAM's own account dump."""
    if start.startswith((_ZSTD_MAGIC, _GZIP_MAGIC)) or _SCHEMA_FAMILY.encode() in start[:200]:
        return True
    return _DETAILS_START.match(start) is not None


def read_snapshot(path: str | Path) -> Snapshot:
    """Read a snapshot.

    Raises:
        SnapshotError: the file is broken, or of a schema version this permscope does not read.
    """
    source = Source(file=str(path))
    try:
        data = _decompress(Path(path).read_bytes(), source)
        document = json.loads(data)
        if _SURROGATE.search(data):
            document = _printable(document)
    except OSError as error:
        raise SnapshotError(f"cannot be read: {error.strerror}", source=source) from error
    except MemoryError as error:
        raise SnapshotError("is too large for the memory there is", source=source) from error
    except (ValueError, RecursionError) as error:
        raise SnapshotError("is not a whole snapshot", source=source, hint="collect it again") from error
    if isinstance(document, dict) and "schema" not in document and not _DETAILS.isdisjoint(document):
        from permscope.collect.authorization_details import authorization_facts

        told = authorization_facts(document, str(path))
        return Snapshot((*told, *_without_report(told, str(path))))
    schema = document.get("schema") if isinstance(document, dict) else None
    if not isinstance(schema, str) or not schema.startswith(_SCHEMA_FAMILY):
        raise SnapshotError("is not a snapshot", source=source)
    if schema != SCHEMA:
        hint = f"this permscope {__version__} reads `{SCHEMA}`; collect again, or use the permscope that wrote it"
        raise SnapshotError(f"has the schema `{schema}`", source=source, hint=hint)
    found: list[AnyFact] = []
    try:
        for name, items in document["facts"].items():
            decode = decoder(_kinds()[name])
            found.extend(decode(item) for item in items)
        texts = decoder(tuple[str, ...])
        accounts, resume = texts(document.get("accounts", ())), texts(document.get("resume", ()))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        maker = str(document.get("made_by", ""))[:60]
        by = f"it was made by {maker}, this is permscope {__version__}" if maker else "collect it again"
        raise SnapshotError(f"holds a fact that cannot be read: {error}", source=source, hint=by) from error
    found.extend(_without_report(found, str(path)))
    return Snapshot(tuple(found), str(document.get("collected", "")), accounts, resume)


def _printable(value: Any) -> Any:
    """JSON values whose texts can be written: half a character, which UTF-8 has no place for, is replaced."""
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        return {_printable(key): _printable(item) for key, item in value.items()}
    return [_printable(item) for item in value] if isinstance(value, list) else value


def _without_report(facts: Iterable[AnyFact], file: str) -> list[Unknown]:
    """What is not known of accounts whose users are in a snapshot and whose credential report is not."""
    users: dict[str | None, None] = {}
    told: set[str | None] = set()
    for fact in facts:
        match fact:
            case User() if fact.source.call:
                users[account_of(fact.arn)] = None
            case Credentials():
                told.add(account_of(fact.principal_arn))
            case Unknown() if "credential_report" in (fact.source.call or ""):
                told.add(fact.source.account)
            case _:
                pass
    why = "the snapshot does not have it; not known: who has MFA, and how old passwords and access keys are"
    return [
        Unknown(
            what=f"the credential report of account `{account}`",
            why=why,
            kind="not-collected",
            source=Source(file=file, account=account),
        )
        for account in users
        if account not in told
    ]


def _compress(data: bytes, suffix: str) -> bytes:
    match suffix:
        case ".gz":
            import gzip

            return gzip.compress(data, mtime=0)
        case ".zst":
            import zstandard

            return zstandard.ZstdCompressor(level=9).compress(data)
        case _:
            return data


def _decompress(data: bytes, source: Source) -> bytes:
    """The document's bytes; a decompression bomb is refused."""
    import io

    if data.startswith(_GZIP_MAGIC):
        import gzip
        import zlib

        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
                plain = stream.read(_LARGEST + 1)
        except (EOFError, zlib.error, OSError) as error:
            raise SnapshotError("is cut off or not gzip", source=source) from error
    elif data.startswith(_ZSTD_MAGIC):
        import zstandard

        try:
            with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)) as reader:
                plain = reader.read(_LARGEST + 1)
        except zstandard.ZstdError as error:
            raise SnapshotError("is cut off or not Zstandard", source=source) from error
    else:
        plain = data
    if len(plain) > _LARGEST:
        raise SnapshotError("is larger than 2 GiB", source=source)
    return plain


def encode(value: Any) -> Any:
    """A fact, or anything inside one, as plain JSON values; attributes with their default are left out."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return str(value)
    if dataclasses.is_dataclass(value):
        return {
            name: encode(item)
            for name, default in _defaults(type(value))  # type: ignore[arg-type]
            if (item := getattr(value, name)) != default or default is dataclasses.MISSING
        }
    if isinstance(value, tuple) and hasattr(value, "_fields"):  # named tuples keep their names
        return {name: encode(item) for name, item in zip(value._fields, value, strict=True) if item not in (None, ())}
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    return [encode(item) for item in value]


@cache
def _defaults(kind: type) -> tuple[tuple[str, Any], ...]:
    found = []
    for field in dataclasses.fields(kind):
        default = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        found.append((field.name, default))
    return tuple(found)


Decoder = Callable[[Any], Any]


@cache
def decoder(annotation: Any) -> Decoder:
    """A function that turns plain JSON values back into a value of an annotated type."""
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return _union_decoder(arguments)
    if origin is tuple:
        item = decoder(arguments[0])
        return lambda raw: tuple([item(one) for one in raw])
    if origin is not None and issubclass(origin, Mapping):
        item = decoder(arguments[1])
        return lambda raw: {key: item(one) for key, one in raw.items()}
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return annotation
    if dataclasses.is_dataclass(annotation) or hasattr(annotation, "_fields"):
        return _record_decoder(annotation)
    return _checked(annotation) if annotation in _PLAIN else lambda raw: raw


_PLAIN = (str, int, bool, float)


def _checked(kind: type) -> Decoder:
    """Values of one type as they are: what a damaged file has instead would fail far from here."""

    def check(raw: Any) -> Any:
        if type(raw) is not kind and not (kind is float and type(raw) is int):
            raise TypeError(f"{json.dumps(raw)[:60]} where {_JSON_NAMES[kind]} is expected")
        return raw

    return check


_JSON_NAMES = {str: "text", int: "a number", bool: "true or false", float: "a number"}


@cache
def _kinds() -> Mapping[str, Any]:
    """The facts there are, by name."""
    return {kind.__name__: kind for kind in typing.get_args(AnyFact)}


def _record_decoder(kind: Any) -> Decoder:
    hints = typing.get_type_hints(kind)
    decoders = {name: decoder(hint) for name, hint in hints.items()}

    def decode(raw: Any) -> Any:
        return kind(**{name: decoders[name](value) for name, value in raw.items()})

    return _shared(decode) if kind is Source else decode


def _shared(decode: Decoder) -> Decoder:
    """Equal records as one object: thousands of statements come from the same call."""
    known: dict[tuple[tuple[str, Any], ...], Any] = {}

    def decode_once(raw: Any) -> Any:
        key = tuple(raw.items())
        found = known.get(key)
        if found is None:
            found = known[key] = decode(raw)
        return found

    return decode_once


def _union_decoder(arguments: tuple[Any, ...]) -> Decoder:
    """`X | None`, or plain values and a tuple of texts."""
    others = [argument for argument in arguments if argument is not types.NoneType]
    if len(others) == 1:
        inner = decoder(others[0])
        return lambda raw: None if raw is None else inner(raw)
    texts, checks = decoder(tuple[str, ...]), tuple(kind for kind in others if kind in _PLAIN)

    def decode(raw: Any) -> Any:
        if isinstance(raw, list):
            return texts(raw)
        if type(raw) not in checks:
            raise TypeError(f"{json.dumps(raw)[:60]} where text is expected")
        return raw

    return decode
