"""The JSON that `aws iam get-account-authorization-details` prints: every identity of an account, without any call.

https://docs.aws.amazon.com/cli/latest/reference/iam/get-account-authorization-details.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from permscope.collect.live.collect import facts_of
from permscope.errors import SnapshotError
from permscope.inventory.arn import ArnParts, split_arn
from permscope.inventory.facts import Account, AnyFact
from permscope.inventory.source import Source
from permscope.services._live import LiveFact, LiveResource, Session
from permscope.services._live_iam import DETAILS, details
from permscope.services.interface import Stack

_LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")


class FileSession(Session):
    """Answers that stand in a file, so that nobody is called.

    Args:
        account: the account the file is about, as far as its ARNs tell.
        file: its path.
    """

    def __init__(self, account: ArnParts | None, file: str) -> None:
        account_id, partition = (account.account, account.partition) if account else ("", "aws")
        label = f"{account_id}/global" if account_id else ""  # as `LiveSession` has it
        stack = Stack(label=label, partition=partition, account=account_id)
        super().__init__(stack, account=account_id, partition=partition, region="")
        self._file = file

    def source(self, call: str | None) -> Source:
        """The file, and the call that it is the answer of."""
        return Source(file=self._file, call=call, account=self.account or None)


def authorization_facts(document: Mapping[str, Any], file: str) -> list[AnyFact]:
    """The facts of an answer that was saved to a file.

    Args:
        document: the parsed JSON.
        file: its path.

    Raises:
        SnapshotError: it has another shape.
    """
    try:
        _check_texts(document)
        session = FileSession(_account(document), file)
        found: list[LiveFact] = list(details(session, [document]))
        facts = [fact for fact in found if not isinstance(fact, LiveResource)]
        resources = [fact for fact in found if isinstance(fact, LiveResource)]
        facts.extend(facts_of(resources, session.stack, session))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise SnapshotError(
            f"is not what `aws iam get-account-authorization-details` prints: {type(error).__name__} {error}",
            source=Source(file=file),
        ) from error
    if document.get("IsTruncated"):
        why = "the answer is its first page only; without `--max-items` the CLI gives all of them"
        facts.append(session.unknown("further users, groups, roles and policies", why, "failed", call=DETAILS))
    if session.account:
        facts.insert(0, Account(id=session.account, source=session.source(DETAILS)))
    return facts


_DOCUMENTS = frozenset({"AssumeRolePolicyDocument", "Document", "PolicyDocument"})
_TEXTS = re.compile(r".*(?:Arn|Date|Id|Name|Type)|Key|Path|Region|Value")


def _check_texts(value: object) -> None:
    """Refuse what is no text where IAM prints one; policies are checked when they are parsed.

    Raises:
        TypeError: for such a value.
    """
    if isinstance(value, list):
        for item in value:
            _check_texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if _TEXTS.fullmatch(key) and not (item is None or isinstance(item, str)):
                raise TypeError(f"`{key}` is no text")
            if key not in _DOCUMENTS:
                _check_texts(item)


def _account(document: Mapping[str, Any]) -> ArnParts | None:
    """The account most ARNs are of."""
    arns = (item["Arn"] for key in _LISTS for item in document.get(key) or () if isinstance(item, Mapping))
    parts = [part for arn in arns if (part := split_arn(arn)) is not None and part.account != "aws"]
    common = Counter(part.account for part in parts).most_common(1)
    return next((part for part in parts if part.account == common[0][0]), None) if common else None
