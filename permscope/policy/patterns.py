"""Lists of action patterns and of resource patterns, compiled once and matched often."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from permscope.policy.context import RequestContext
from permscope.policy.matching import (
    ANY_PARTITION,
    UNKNOWN,
    compare,
    encode,
    glob,
    opened,
    patterns_intersect,
)
from permscope.policy.ternary import either
from permscope.policy.variables import Unresolved, escape, expand, has_variable

_API = "execute-api:/"
_PARTITIONS = ("aws", "aws-cn", "aws-us-gov", "aws-eusc")


class ActionPatterns:
    """Action patterns of a statement; case does not matter.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
    """

    __slots__ = ("_exact", "_globs", "_prefixes", "everything", "texts")

    def __init__(self, texts: tuple[str, ...]) -> None:
        self.texts = texts
        lower = [text.lower() for text in texts]
        self.everything = any(text in ("*", "*:*") for text in lower)
        self._exact = frozenset(text for text in lower if "*" not in text and "?" not in text)
        rest = [text for text in lower if text not in self._exact]
        simple = [text for text in rest if text.find("*") == len(text) - 1 and "?" not in text]
        self._prefixes = tuple(text[:-1] for text in simple)
        self._globs = tuple(text for text in rest if text not in simple)

    def matches(self, action: str) -> bool:
        """Whether one of them matches a lower-case action."""
        if action in self._exact or self.everything or action.startswith(self._prefixes):
            return True
        return bool(self._globs) and any(glob(pattern, action) for pattern in self._globs)


@lru_cache(maxsize=16_384)
def action_patterns(texts: tuple[str, ...]) -> ActionPatterns:
    """Compiled action patterns, shared between statements that say the same."""
    return ActionPatterns(texts)


class ResourcePatterns:
    """Resource patterns of a statement; case matters.

    Attributes:
        texts: encoded, as the statement has them.
        everything: whether one of them is `*`.
    """

    __slots__ = ("_dynamic", "_exact", "_globs", "_plain", "_prefixes", "_settled", "_unknown", "everything", "texts")

    def __init__(self, texts: tuple[str, ...], *, variables: bool) -> None:
        texts = tuple(_in_full(text) for text in texts)
        self.texts = tuple(encode(text) for text in texts)
        self._dynamic = tuple(text for text in texts if variables and has_variable(text))
        dynamic = {encode(text) for text in self._dynamic}
        plain = [text for text in self.texts if text not in dynamic]
        self._plain = tuple(plain)
        self._unknown = tuple(text for text in plain if UNKNOWN in text)
        self._settled = not self._dynamic and not self._unknown
        self.everything = False
        exact: set[str] = set()
        prefixes: list[str] = []
        globs: list[str] = []
        for text in plain:
            for pattern in _with_partitions(text):
                star = pattern.find("*")
                if not pattern.strip("*") and pattern:
                    self.everything = True
                elif "?" in pattern or (star >= 0 and star < len(pattern) - 1):
                    globs.append(pattern)
                elif star >= 0:
                    prefixes.append(pattern[:-1])
                else:
                    exact.add(pattern)
        self._exact = frozenset(exact)
        self._prefixes = tuple(prefixes)
        self._globs = tuple(globs)

    def matches(self, resource: str, context: RequestContext, why: set[str]) -> bool | None:
        """Whether one of them matches an encoded resource; what leaves this open is added to `why`."""
        if self.everything or resource in self._exact or resource.startswith(self._prefixes):
            return True
        if self._globs and any(glob(pattern, resource) for pattern in self._globs):
            return True
        if self._settled and UNKNOWN not in resource and not resource.startswith(ANY_PARTITION):
            return False
        return self._matches_slowly(resource, context, why)

    def _matches_slowly(self, resource: str, context: RequestContext, why: set[str]) -> bool | None:
        result: bool | None = False
        open_keys: set[str] = set()
        if resource.startswith(ANY_PARTITION) or UNKNOWN in resource or self._unknown:
            for pattern in self._plain:
                found = compare(pattern, resource)
                if found:
                    return True
                if found is None:
                    open_keys.add("resource")
                result = either(result, found)
        escaped = escape(resource)
        for text in self._dynamic:
            try:
                found = compare(expand(text, context), escaped)
            except Unresolved as unresolved:
                if unresolved.key is None:
                    continue
                found = None if _possible(text, resource) else False
                if found is None:
                    open_keys.add(unresolved.key)
            if found:
                return True
            result = either(result, found)
        if result is None:
            why |= open_keys
        return result

    def resolvable(self, context: RequestContext, why: set[str]) -> bool | None:
        """Whether every variable in them has a value; without one, a `NotResource` statement is invalid."""
        result: bool | None = True
        for text in self._dynamic:
            try:
                expand(text, context)
            except Unresolved as unresolved:
                if unresolved.key is None:
                    return False
                why.add(unresolved.key)
                result = None
        return result


def _in_full(text: str) -> str:
    """A resource as an ARN where an API's policy writes `execute-api:/stage/METHOD/path`.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-examples.html
    """
    return f"arn:*:execute-api:*:*:*/{text[len(_API) :]}" if text.startswith(_API) else text


def _with_partitions(pattern: str) -> Iterable[str]:
    """A pattern, once per partition where the template leaves the partition open."""
    yield pattern
    if pattern.startswith(ANY_PARTITION):
        for partition in _PARTITIONS:
            yield f"arn:{partition}:{pattern[len(ANY_PARTITION) :]}"


def _possible(text: str, resource: str) -> bool:
    return patterns_intersect(opened(encode(text)), opened(resource))


@lru_cache(maxsize=16_384)
def resource_patterns(texts: tuple[str, ...], *, variables: bool) -> ResourcePatterns:
    """Compiled resource patterns, shared between statements that say the same."""
    return ResourcePatterns(texts, variables=variables)
