"""Template conditions in three values: true, false, and None for one that only a deployment decides.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from permscope.inventory.located import Alternatives, as_list, as_text
from permscope.inventory.tokens import TOKEN, has_token

_MAX_DEPTH = 40
Resolve = Callable[[Any], Any]
Allowed = Callable[[str], frozenset[str] | None]


class Conditions:
    """The `Conditions` section of one template.

    Args:
        definitions: condition name -> expression.
        resolve: resolves the operands of `Fn::Equals`.
        allowed: the values an unknown parameter token may have, where its `AllowedValues` tell.
    """

    def __init__(self, definitions: Mapping[str, Any], resolve: Resolve, allowed: Allowed) -> None:
        self.definitions = definitions
        self._resolve = resolve
        self._allowed = allowed
        self._decided: dict[str, bool | None] = {}
        self._assumed: dict[str, bool] = {}
        self._open: list[str] = []
        self._cut = False

    def decide(self, name: object) -> bool | None:
        """Whether a condition holds; None where it cannot be told, also for one that is not defined or circular."""
        if not isinstance(name, str) or name not in self.definitions:
            return None
        if name in self._assumed:
            return self._assumed[name]
        if name in self._decided:
            return self._decided[name]
        if name in self._open or len(self._open) > _MAX_DEPTH:
            self._cut = True
            return None
        self._open.append(name)
        try:
            found = self.evaluate(self.definitions[name])
        finally:
            self._open.pop()
        if not self._cut:  # what was cut short in a circle may be more from another start
            self._decided[name] = found
        elif not self._open:
            self._decided[name] = found
            self._cut = False
        return found

    def side(self, name: str) -> str:
        """A condition by name, or as `not X` where it is but the opposite of another, as those that SAM makes are."""
        match self.definitions.get(name):
            case {"Fn::Not": [{"Condition": str(other), **rest}], **more} if not rest and not more:
                return f"not {other}"
        return name

    @contextmanager
    def assuming(self, name: object, *, holds: bool) -> Iterator[None]:
        """Decide other conditions as they are where `name` is `holds`."""
        before = self._assumed, self._decided
        self._assumed, self._decided = dict(self._assumed), {}
        self._imply(name, holds=holds, depth=0)
        try:
            yield
        finally:
            self._assumed, self._decided = before

    def _imply(self, name: object, *, holds: bool, depth: int) -> None:
        if not isinstance(name, str) or name in self._assumed or depth > _MAX_DEPTH:
            return
        self._assumed[name] = holds
        self._imply_expression(self.definitions.get(name), holds=holds, depth=depth + 1)

    def _imply_expression(self, expression: object, *, holds: bool, depth: int) -> None:
        if depth > _MAX_DEPTH:
            return
        match expression:
            case {"Condition": other, **rest} if not rest:
                self._imply(other, holds=holds, depth=depth)
            case {"Fn::Not": [other]}:
                self._imply_expression(other, holds=not holds, depth=depth + 1)
            case {"Fn::And": [*others]} if holds:
                for other in others:
                    self._imply_expression(other, holds=True, depth=depth + 1)
            case {"Fn::Or": [*others]} if not holds:
                for other in others:
                    self._imply_expression(other, holds=False, depth=depth + 1)

    def evaluate(self, expression: object, depth: int = 0) -> bool | None:
        """The value of a condition expression."""
        if depth > _MAX_DEPTH:
            return None
        match expression:
            case bool():
                return expression
            case {"Condition": name, **rest} if not rest:
                return self.decide(name)
            case {"Fn::Not": [other]}:
                held = self.evaluate(other, depth + 1)
                return None if held is None else not held
            case {"Fn::And": [*others]}:
                return self._all(others, depth, settles=False)
            case {"Fn::Or": [*others]}:
                return self._all(others, depth, settles=True)
            case {"Fn::Equals": [one, other]}:
                return self._equal(self._resolve(one), self._resolve(other))
            case str() if expression in self.definitions:
                return self.decide(expression)
        return None

    def _all(self, others: list[Any], depth: int, *, settles: bool) -> bool | None:
        held = [self.evaluate(other, depth + 1) for other in others]
        if settles in held:
            return settles
        return None if None in held else not settles

    def _equal(self, one: object, other: object) -> bool | None:
        """Equality of two resolved values; numbers and booleans compare as CloudFormation's text."""
        if isinstance(one, Alternatives) or isinstance(other, Alternatives):
            results = {self._equal(a, b) for a in _options(one) for b in _options(other)}
            return results.pop() if len(results) == 1 else None
        left, right = as_text(one), as_text(other)
        if left is None or right is None:
            if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
                results = {self._equal(a, b) for a, b in zip(one, other, strict=True)}
                return False if False in results else None if None in results else True
            return None
        if left == right:
            return True
        if not has_token(left) and not has_token(right):
            return False
        for token, literal in ((left, right), (right, left)):
            allowed = self._allowed(token)
            if allowed is not None and not has_token(literal) and literal not in allowed:
                return False
        return None if _may_match(left, right) else False

    def causes(self, name: str) -> tuple[str, ...]:
        """Names of the parameters and pseudo parameters that a condition looks at, through other conditions too."""
        found: dict[str, None] = {}
        seen: set[str] = set()
        todo: list[Any] = [{"Condition": name}]
        while todo:
            node = todo.pop()
            if isinstance(node, Mapping):
                for key, value in node.items():
                    if key == "Condition" and isinstance(value, str):
                        if value not in seen:
                            seen.add(value)
                            todo.append(self.definitions.get(value))
                    elif key == "Ref" and isinstance(value, str):
                        found[value] = None
                    elif key == "Fn::Sub":
                        text = next((item for item in as_list(value) if isinstance(item, str)), "")
                        found.update(dict.fromkeys(token[2:-1] for token in TOKEN.findall(text)))
                    else:
                        todo.append(value)
            elif isinstance(node, list):
                todo.extend(node)
        return tuple(sorted(found))


def _options(value: object) -> Iterator[Any]:
    if isinstance(value, Alternatives):
        yield from value
    else:
        yield value


def _may_match(left: str, right: str) -> bool:
    """Whether two texts with tokens could be equal, judged by their literal beginning and end."""
    heads = [TOKEN.split(text, maxsplit=1)[0] for text in (left, right)]
    tails = [TOKEN.split(text)[-1] for text in (left, right)]
    shared = min(len(heads[0]), len(heads[1]))
    ending = min(len(tails[0]), len(tails[1]))
    return heads[0][:shared] == heads[1][:shared] and (not ending or tails[0][-ending:] == tails[1][-ending:])
