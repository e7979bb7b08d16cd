"""Policy variables: `${aws:username}`, `${aws:username, 'anonymous'}`, and the literals `${*}`, `${?}`, `${$}`.

Only documents of version `2012-10-17` have them
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html). A template token is no variable:
its name has two colons (`${AWS::Region}`) or none (`${Orders}`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from permscope.lazy import regex
from permscope.policy.matching import QUESTION, STAR, encode

if TYPE_CHECKING:
    from permscope.policy.context import RequestContext

VARIABLE = regex(r"\$\{(?:([*?$])|\s*([^{}:,'*?$\s]+:(?!:)[^{},']*)(?:,\s*'([^']*)'\s*)?)\}")
_LITERALS = {"*": STAR, "?": QUESTION, "$": "$"}


def has_variable(text: str) -> bool:
    """Whether any part of `text` is a policy variable or a variable-like literal."""
    return "${" in text and VARIABLE.search(text) is not None


def escape(text: str) -> str:
    """Text in which `*` and `?` stand for themselves."""
    if "*" in text:
        text = text.replace("*", STAR)
    return text.replace("?", QUESTION) if "?" in text else text


def unescape(text: str) -> str:
    """The text that `escape` was given."""
    return text.replace(STAR, "*").replace(QUESTION, "?")


class Unresolved(Exception):  # noqa: N818 (a signal between this module and its callers, never an error of the user)
    """A variable without value; `key` is None when the request surely has none, else the key that is not known."""

    def __init__(self, key: str | None) -> None:
        super().__init__(key)
        self.key = key


def expand(text: str, context: RequestContext) -> str:
    """A pattern with its variables replaced by what the request says.

    A key with several values cannot be a variable: it counts as one without a value
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html).

    Raises:
        Unresolved: a variable has no value.
    """

    def value(found: re.Match[str]) -> str:
        literal, key, default = found.groups()
        if literal:
            return _LITERALS[literal]
        key = key.strip().lower()
        values = context.values.get(key)
        if values is not None and len(values) == 1:
            return escape(encode(values[0]))
        if not values and not context.is_absent(key):
            raise Unresolved(key)
        if default is not None:
            return escape(default)
        raise Unresolved(None)

    return encode(VARIABLE.sub(value, text))


def settle(text: str, context: RequestContext) -> str | None:
    """An encoded pattern with the variables replaced whose value is known; None where one surely has none."""

    def value(found: re.Match[str]) -> str:
        literal, key, default = found.groups()
        if literal:
            return found[0]
        key = key.strip().lower()
        values = context.values.get(key)
        if values is not None and len(values) == 1:
            return found[0] if "*" in values[0] or "?" in values[0] else encode(values[0])
        if values or not context.is_absent(key):
            return found[0]
        if default is None:
            raise Unresolved(None)
        return found[0] if "*" in default or "?" in default else default

    try:
        return VARIABLE.sub(value, text)
    except Unresolved:
        return None
