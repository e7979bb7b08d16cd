"""The calls of an API whose stage or method is open, one by one.

A route for `ANY` runs its function for every HTTP method, and API Gateway names the method of the request in the source
ARN; a permission for one method lets one of them in. A stage is one segment of that ARN: whatever it is called, it is
not a part of the path.
https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from permscope.graph.outcome import Outcome, all_of
from permscope.inventory.policies import Policy
from permscope.inventory.tokens import has_unknown
from permscope.policy.matching import decode, encode

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_ANY = "ANY"
_UNNAMED = "${AnotherStage}"  # equals no other stage
_STAGE, _METHOD = 1, 2
_MOST_STAGES = 8


def is_open(source_arn: str | None) -> bool:
    """Whether an ARN is one of a route whose stage or method is not known."""
    return source_arn is not None and ":execute-api:" in source_arn and bool(_open_segments(source_arn))


def each_call(source_arn: str, policies: Iterable[Policy], ask: Callable[[str], Outcome]) -> Outcome:
    """Whether every call of an open route is let in.

    Args:
        source_arn: of the route.
        policies: those that decide, for the stages they name.
        ask: whether a call of exactly this ARN is let in.
    """
    segments, open_ones = _segments(source_arn), _open_segments(source_arn)
    stages = _stages(policies) if _STAGE in open_ones else [segments[_STAGE]]
    answers = []
    for stage in stages:

        def call(method: str | None, stage: str = stage) -> Outcome:
            return ask(_with(segments, stage, method))

        answers.append(_every_method(call) if _METHOD in open_ones else call(None))
    let_in = [answer for answer in answers if answer.authorized is not False]
    if len({answer.authorized for answer in answers}) == 1:
        return answers[0]
    together = all_of(let_in)
    return Outcome(None, together.provenance, together.conditions, "it depends on the stage")


def _every_method(ask: Callable[[str], Outcome]) -> Outcome:
    answers = {method: ask(method) for method in METHODS}
    let_in = {method: answer for method, answer in answers.items() if answer.authorized is not False}
    together = all_of(let_in.values())
    if len(let_in) == len(answers):
        return together
    if let_in:
        names = ", ".join(f"`{method}`" for method in let_in)
        return Outcome(None, together.provenance, together.conditions, f"it is let in for {names} only")
    if ask(_ANY).authorized is not False:
        return Outcome(None, reason="it is let in for a method `ANY`, and requests have a method of their own")
    return answers[METHODS[0]]


def _segments(arn: str) -> list[str]:
    """`arn:...:API`, stage, method, path; a token may hold slashes of its own."""
    return [decode(segment) for segment in encode(arn).split("/", 3)]


def _open_segments(arn: str) -> list[int]:
    segments = _segments(arn)
    return [at for at in (_STAGE, _METHOD) if at < len(segments) - 1 and has_unknown(segments[at])]


def _stages(policies: Iterable[Policy]) -> list[str]:
    """Stages that policies name, and one that none of them does."""
    named = dict.fromkeys(
        segments[_STAGE]
        for value in _values(policies)
        if ":execute-api:" in value and len(segments := _segments(value)) > _STAGE
        if not any(letter in segments[_STAGE] for letter in "*?")
    )
    return [_UNNAMED, *list(named)[:_MOST_STAGES]]


def _values(policies: Iterable[Policy]) -> Iterator[str]:
    for policy in policies:
        for statement in policy.statements:
            for entry in statement.conditions:
                yield from entry.values


def _with(segments: list[str], stage: str, method: str | None) -> str:
    head, _, *rest = segments
    if method is not None:
        rest = [method, *rest[1:]]
    return "/".join((head, stage, *rest))
