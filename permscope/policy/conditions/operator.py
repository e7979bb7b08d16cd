"""What an operator family gives: how one policy value is compared with one request value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from permscope.lazy import dataclass


@dataclass(frozen=True, slots=True)
class Operator:
    """One condition operator, without its set prefix and `IfExists`.

    Attributes:
        match: compares a prepared policy value with a request value; None when a template token leaves it open.
            A value that is not of the operator's kind matches nothing.
        prepare: what is made of a policy value once; None for a value that is not of the operator's kind.
        negated: whether the result is turned around, and a missing key satisfies it.
        variables: whether policy variables work in its values.
    """

    match: Callable[[Any, str], bool | None]
    prepare: Callable[[str], Any]
    negated: bool = False
    variables: bool = False
