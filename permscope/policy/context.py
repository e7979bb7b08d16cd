"""The request context: condition keys and their values, complete or partial.

Key names are case-insensitive
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html). In a *complete* context a
key that is not there is absent from the request. In a *partial* one it is not known, unless AWS documents that such a
principal never carries it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from permscope.policy.requester import Requester, RequesterKind

ContextValues: TypeAlias = Mapping[str, tuple[str, ...]]

# Keys that only requests of one kind of principal carry:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
_OF_SERVICES = frozenset(
    ["aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths",
     "aws:principalservicename", "aws:principalservicenameslist"]
)  # fmt: skip
_OF_IAM = frozenset(
    ["aws:principalarn", "aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths", "aws:principaltype",
     "aws:userid", "aws:username"]
)  # fmt: skip
_OF_USERS = frozenset(["aws:username"])
_MOST_KEPT = 1024
_PRINCIPAL_TAG = "aws:principaltag/"
_TYPES = {
    RequesterKind.ROOT: "Account",
    RequesterKind.USER: "User",
    RequesterKind.ROLE: "AssumedRole",
    RequesterKind.SESSION: "AssumedRole",
    RequesterKind.FEDERATED_USER: "FederatedUser",
    RequesterKind.ANONYMOUS: "Anonymous",
}


class RequestContext:
    """The condition keys of one request.

    Args:
        values: values by key, in any case; no value means that the key is absent.
        complete: whether keys that are not in `values` are absent from the request.
        absent: keys that are absent from a partial context.

    Attributes:
        answers: conditions -> what they came to, where several requests share this context; None elsewhere.
    """

    # INVARIANT: `values` do not change, so what was worked out from them stays true.
    __slots__ = ("_absent", "_completed", "_kind", "answers", "complete", "values")

    def __init__(
        self,
        values: Mapping[str, Iterable[str]] | None = None,
        *,
        complete: bool = True,
        absent: Iterable[str] = (),
    ) -> None:
        self.values: dict[str, tuple[str, ...]] = (
            {key.lower(): tuple(found) for key, found in values.items()} if values else {}
        )
        self.complete = complete
        self._absent = frozenset(key.lower() for key in absent)
        self._kind: RequesterKind | None = None
        self._completed: dict[tuple[int, Hashable], tuple[Requester, RequestContext]] = {}
        self.answers: dict[int, tuple[Any, bool | None, set[str]]] | None = None

    def completed(
        self, requester: Requester, told: Hashable, implied: Callable[[], Mapping[str, tuple[str, ...]]]
    ) -> RequestContext:
        """`with_requester`, worked out once for a requester and what else decides what is implied (`told`)."""
        key = (id(requester), told)
        known = self._completed.get(key)
        if known is not None and known[0] is requester:
            if known[1].answers is None:
                known[1].answers = {}  # it is asked again, so its answers are worth keeping
            return known[1]
        made = self.with_requester(requester, implied())
        if len(self._completed) >= _MOST_KEPT:
            self._completed.clear()
        self._completed[key] = (requester, made)
        return made

    def is_absent(self, key: str) -> bool:
        """Whether a lower-case key that has no value surely has none; False means that it is not known."""
        return self.complete or key in self.values or key in self._absent or self._never(key)

    def _never(self, key: str) -> bool:
        kind = self._kind
        if kind is None:
            return False
        if kind in (RequesterKind.SERVICE, RequesterKind.FEDERATED):
            return key in _OF_IAM or key.startswith(_PRINCIPAL_TAG)
        if key in _OF_SERVICES:
            return True
        if kind is RequesterKind.ANONYMOUS:
            return key in _OF_IAM or key.startswith(_PRINCIPAL_TAG)
        return key in _OF_USERS and kind is not RequesterKind.USER

    def with_requester(
        self, requester: Requester, implied: Mapping[str, tuple[str, ...]] | None = None
    ) -> RequestContext:
        """The same context with what follows from the principal, and `implied`, filled in where it is missing."""
        filled = object.__new__(RequestContext)
        of_requester = _implied(requester)
        filled.values = {**of_requester, **implied, **self.values} if implied else {**of_requester, **self.values}
        filled.complete = self.complete
        filled._absent = self._absent
        filled._kind = requester.kind
        filled._completed = {}
        filled.answers = None
        return filled


@lru_cache(maxsize=16_384)
def _implied(requester: Requester) -> dict[str, tuple[str, ...]]:
    """What the principal itself says.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
    """
    kind = requester.kind
    found: dict[str, tuple[str, ...]] = {}
    match kind:
        case RequesterKind.SERVICE:
            found["aws:principalisawsservice"] = ("true",)
            found["aws:principalservicename"] = (requester.name,)
            found["aws:principalservicenameslist"] = (requester.name,)
            return found
        case RequesterKind.FEDERATED:
            return found
        case RequesterKind.ANONYMOUS:
            found["aws:principalaccount"] = ("anonymous",)
            found["aws:userid"] = ("anonymous",)
        case RequesterKind.ROOT:
            found["aws:userid"] = (requester.account,)
        case RequesterKind.USER:
            found["aws:username"] = (requester.name,)
        case RequesterKind.FEDERATED_USER:
            found["aws:userid"] = (f"{requester.account}:{requester.name}",)
        case _:
            pass
    found["aws:principaltype"] = (_TYPES[kind],)
    if kind is not RequesterKind.ANONYMOUS:
        found["aws:principalarn"] = (requester.principal_arn,)
        found["aws:principalaccount"] = (requester.account,)
        found["aws:principalisawsservice"] = ("false",)
    return found
