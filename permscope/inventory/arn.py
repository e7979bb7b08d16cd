"""ARNs whose parts may be tokens.

A token such as `${AWS::Region}` holds colons, so an ARN is never split with `str.split` alone. Format:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, NewType

from permscope.inventory.tokens import ACCOUNT, PARTITION, REGION
from permscope.lazy import regex

AccountId = NewType("AccountId", str)
ActionName = NewType("ActionName", str)

_FIELD = regex(r"(?:\$\{[^}]*\}|[^:])*")
_PARTS = 6


class ArnParts(NamedTuple):
    """The six fields of an ARN; `resource` keeps its own colons."""

    prefix: str
    partition: str
    service: str
    region: str
    account: str
    resource: str


@lru_cache(maxsize=65_536)
def split_arn(text: str) -> ArnParts | None:
    """The fields of an ARN or ARN pattern, or None for text that is no ARN."""
    if not text.startswith("arn:"):
        return None
    if "${" not in text:
        fields = text.split(":", _PARTS - 1)
        return ArnParts(*fields) if len(fields) == _PARTS else None
    fields = []
    at = 0
    for _ in range(_PARTS - 1):
        found = _FIELD.match(text, at)
        end = found.end() if found else at
        if end >= len(text):
            return None
        fields.append(text[at:end])
        at = end + 1
    return ArnParts(*fields, resource=text[at:])  # type: ignore[misc]


def make_arn(
    service: str, resource: str, *, partition: str = PARTITION, region: str = REGION, account: str = ACCOUNT
) -> str:
    """An ARN; fields that are not given are the deployment's own."""
    return f"arn:{partition}:{service}:{region}:{account}:{resource}"


def account_of(arn: str) -> str | None:
    """The account field of an ARN; None when it is no ARN or has no account (`arn:aws:s3:::bucket`)."""
    parts = split_arn(arn)
    return parts.account or None if parts else None


def function_arn_and_qualifier(arn: str) -> tuple[str, str | None]:
    """A Lambda ARN as the unqualified function ARN and its qualifier (`alias`, `3`, `$LATEST`), if any.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
    """
    parts = split_arn(arn)
    if parts is None or parts.service != "lambda" or not parts.resource.startswith("function:"):
        return arn, None
    name = parts.resource[len("function:") :]
    found = _FIELD.match(name)
    end = found.end() if found else len(name)
    if end >= len(name):
        return arn, None
    qualifier = name[end + 1 :]
    return arn[: len(arn) - len(qualifier) - 1], qualifier
