"""Decisions for many cases, one JSON object per line; the contract is in `docs/policy-evaluation.md`.

A line that cannot be decided is answered with an error, and the next one is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from permscope.errors import PolicyError
from permscope.inventory.policies import PolicyKind
from permscope.policy.compiled import CompiledPolicy, compile_document
from permscope.policy.context import RequestContext
from permscope.policy.evaluate import Case, PolicyLayers, Verdict, ask_case, weigh
from permscope.policy.layers import Match
from permscope.policy.requester import ANONYMOUS, Requester, federated, parse_requester, service

_encode = json.JSONEncoder().encode


def _no_number(text: str) -> Any:
    raise ValueError(text)  # `NaN` and `Infinity` are no JSON


_decode = json.JSONDecoder(parse_constant=_no_number).decode


def simulate_lines(lines: Iterable[str], *, explained: bool = False) -> Iterator[str]:
    """Answer each non-empty line with one line, in order; with `explained`, say why."""
    for line in lines:
        if line.strip():
            yield _encode(_answer(line, explained=explained))


def _answer(line: str, *, explained: bool) -> dict[str, Any]:
    try:
        case = _decode(line)
    except (ValueError, RecursionError):
        return {"id": None, "error": "the line is not valid JSON"}
    if not isinstance(case, Mapping):
        return {"id": None, "error": "the line is not a JSON object"}
    try:
        return simulate_case(case, explained=explained)
    except PolicyError as error:
        return {"id": case.get("id"), "error": str(error)}
    except RecursionError:
        return {"id": case.get("id"), "error": "the case is nested too deeply"}


def simulate_case(case: Mapping[str, Any], *, explained: bool = False) -> dict[str, Any]:
    """Decide one case.

    Args:
        case: of the contract.
        explained: add `because`, of an implicit deny `near`, and the text of each statement in `matched`.

    Raises:
        PolicyError: a field is missing or of the wrong kind, or AWS would refuse a policy.
    """
    layers = PolicyLayers(
        identity=_documents(case, "identityPolicies", PolicyKind.INLINE),
        resource=_document(case, "resourcePolicy", PolicyKind.RESOURCE),
        boundary=next(iter(_document(case, "permissionBoundary", PolicyKind.BOUNDARY)), None),
        session=_documents(case, "sessionPolicies", PolicyKind.SESSION),
        scps=_levels(case, "scps", PolicyKind.SCP),
        rcps=_levels(case, "rcps", PolicyKind.RCP),
    )
    asked = ask_case(
        read_principal(case.get("principal")),
        _text(case, "action"),
        _text(case, "resource"),
        _account(case.get("resourceAccount")),
        RequestContext(read_context(case.get("context"))),
        layers,
    )
    verdict = weigh(asked)
    if verdict.allowed is None:
        raise PolicyError(
            f"the decision depends on {', '.join(verdict.conditional_on)}", hint="replace template values"
        )
    answer = {"id": case.get("id"), "decision": verdict.decision.value, "matched": describe(verdict)}
    if explained:
        answer |= _explained(case, asked, layers, verdict)
    return answer


def _explained(case: Mapping[str, Any], asked: Case, layers: PolicyLayers, verdict: Verdict) -> dict[str, Any]:
    """Why, and `matched` once more with the text of each statement."""
    from permscope.policy.explain import explain

    why = explain(asked, layers.compiled, verdict)
    found: dict[str, Any] = {"because": list(why.because)}
    if why.near:
        found["near"] = [
            {key: value for key, value in asdict(miss).items() if value is not None} | {"misses": list(miss.misses)}
            for miss in why.near
        ]
    found["matched"] = [
        {**described, "text": _text_of(case, described)} for described in map(_described, verdict.matched)
    ]
    return found


def _text_of(case: Mapping[str, Any], described: Mapping[str, Any]) -> object:
    """The statement as the case has it; `policy` is the path of its document, such as `scps[0][1]`."""
    value: Any = case
    for step in described["policy"].replace("]", "").split("["):
        if not step.isdigit():
            value = value[step]
        elif isinstance(value, list):  # a level may be one document without a list around it
            value = value[int(step)]
    if isinstance(value, str):
        value = json.loads(value)
    statements = value["Statement"]
    return statements[described["statement"]] if isinstance(statements, list) else statements


def describe(verdict: Verdict) -> list[dict[str, Any]]:
    """The statements behind a verdict: layer, policy, 0-based index, Sid where there is one, and effect."""
    return [_described(match) for match in verdict.matched]


def _described(match: Match) -> dict[str, Any]:
    statement = match.statement
    found: dict[str, Any] = {"layer": match.layer, "policy": statement.policy, "statement": statement.index}
    if statement.sid is not None:
        found["sid"] = statement.sid
    found["effect"] = "Allow" if statement.allow else "Deny"
    return found


def read_principal(value: object) -> Requester:
    """A principal as text, or as an object with one of `service`, `federated`, `aws`.

    Raises:
        PolicyError: it is neither.
    """
    if isinstance(value, str):
        return parse_requester(value)
    if isinstance(value, Mapping) and len(value) == 1:
        ((kind, name),) = value.items()
        if isinstance(kind, str) and isinstance(name, str):
            match kind.lower():
                case "service":
                    return service(name)
                case "federated":
                    return federated(name)
                case "aws":
                    return ANONYMOUS if name == "*" else parse_requester(name)
    raise PolicyError('`principal` must be an ARN, `*` or {"service": "..."}')


def read_context(value: object) -> dict[str, tuple[str, ...]]:
    """The condition keys of a request: each a value or a list of values.

    Raises:
        PolicyError: it is no object of texts.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise PolicyError("`context` must be an object")
    found: dict[str, tuple[str, ...]] = {}
    for key, values in value.items():
        listed = values if isinstance(values, list) else [] if values is None else [values]
        found[key] = tuple(each if isinstance(each, str) else _scalar(each, key) for each in listed)
    return found


def _scalar(value: object, key: str) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            raise PolicyError(f"a value of `{key}` in `context` must be text")


def _text(case: Mapping[str, Any], key: str) -> str:
    value = case.get(key)
    if not isinstance(value, str) or not value:
        raise PolicyError(f"`{key}` must be text")
    return value


def _account(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    raise PolicyError("`resourceAccount` must be text")


def _documents(case: Mapping[str, Any], key: str, kind: PolicyKind) -> tuple[CompiledPolicy, ...]:
    value = case.get(key)
    if not value:
        return ()
    return _listed(value, key, kind)


def _listed(value: object, key: str, kind: PolicyKind) -> tuple[CompiledPolicy, ...]:
    if not isinstance(value, list):
        raise PolicyError(f"`{key}` must be a list of policy documents")
    return tuple(compile_document(document, name=f"{key}[{at}]", kind=kind) for at, document in enumerate(value))


def _document(case: Mapping[str, Any], key: str, kind: PolicyKind) -> tuple[CompiledPolicy, ...]:
    value = case.get(key)
    return () if value is None else (compile_document(value, name=key, kind=kind),)


def _levels(case: Mapping[str, Any], key: str, kind: PolicyKind) -> tuple[tuple[CompiledPolicy, ...], ...]:
    value = case.get(key)
    if not value:
        return ()
    if not isinstance(value, list):
        raise PolicyError(f"`{key}` must be a list of levels")
    return tuple(
        _listed(level if isinstance(level, list) else [level], f"{key}[{at}]", kind) for at, level in enumerate(value)
    )
