"""The JSON that `aws iam get-account-authorization-details` prints: every identity of an account, without any call.

https://docs.aws.amazon.com/cli/latest/reference/iam/get-account-authorization-details.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from permscope.collect.live.answers import identity_of, live_resource
from permscope.collect.live.collect import facts_of
from permscope.errors import SnapshotError
from permscope.inventory.arn import ArnParts, split_arn
from permscope.inventory.facts import Account, AnyFact, Unknown
from permscope.inventory.source import Source
from permscope.services._live import LiveFact, LiveResource, R, T
from permscope.services._live_iam import DETAILS, details
from permscope.services.interface import Stack

_LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")


class FileSession:
    """Answers that stand in a file; implements `services._live.Session` and calls nobody.

    Args:
        account: the account the file is about, as far as its ARNs tell.
        file: its path.
    """

    def __init__(self, account: ArnParts | None, file: str) -> None:
        self.account = account.account if account else ""
        self.partition = account.partition if account else "aws"
        self.region = ""
        label = f"{self.account}/global" if self.account else ""  # as `LiveSession` has it
        self.stack = Stack(label=label, partition=self.partition, account=self.account)
        self._file = file

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
        """Nothing is called."""
        del client, operation, none, optional, of, arguments
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
        """Nothing is called."""
        del client, operation, key, none, of, arguments
        return iter(())

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """One after the other."""
        return map(function, items)

    def offers(self, client: str, operation: str) -> bool:
        """Nothing is offered."""
        del client, operation
        return False

    def resource(
        self,
        type_name: str,
        properties: Mapping[str, Any],
        *,
        name: str,
        call: str,
        arn: str | None = None,
        ref: str | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> LiveResource:
        """What the file says, as a CloudFormation resource."""
        identity = identity_of(self.stack, type_name, name, arn, ref)
        return live_resource(self.stack, self.source(call), type_name, properties, identity, attributes)

    def source(self, call: str | None) -> Source:
        """The file, and the call that it is the answer of."""
        return Source(file=self._file, call=call, account=self.account or None)

    def unknown(self, what: str, why: str, kind: str, *, call: str | None = None, about: str | None = None) -> Unknown:
        """A fact about something that the file does not tell."""
        return Unknown(what=what, why=why, kind=kind, about=about, source=self.source(call))


def authorization_facts(document: Mapping[str, Any], file: str) -> list[AnyFact]:
    """The facts of an answer that was saved to a file.

    Args:
        document: the parsed JSON.
        file: its path.

    Raises:
        SnapshotError: it has another shape.
    """
    try:
        session = FileSession(_account(document), file)
        found: list[LiveFact] = list(details(session, [document]))
        facts = [fact for fact in found if not isinstance(fact, LiveResource)]
        resources = [fact for fact in found if isinstance(fact, LiveResource)]
        facts.extend(facts_of(resources, session.stack, session))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
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


def _account(document: Mapping[str, Any]) -> ArnParts | None:
    """The account most ARNs are of."""
    arns = (item["Arn"] for key in _LISTS for item in document.get(key) or () if isinstance(item, Mapping))
    parts = [part for arn in arns if (part := split_arn(arn)) is not None and part.account != "aws"]
    common = Counter(part.account for part in parts).most_common(1)
    return next((part for part in parts if part.account == common[0][0]), None) if common else None
