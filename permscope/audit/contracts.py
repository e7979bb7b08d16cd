"""Contracts: what must stay true of the graph, checked with a counter-example where it does not.

```yaml
contracts:
  - name: only PutUser writes Users
    only: [PutUserFunction]
    can: [dynamodb:PutItem, dynamodb:UpdateItem, dynamodb:DeleteItem]
    on: UsersTable
  - name: nothing public reaches the secret
    never: {from: public, reaches: DbSecret}
  - preset: no-external-access
```

`on`, `from` and `reaches` take names as the command line does, a CloudFormation type, or a pattern with `*`. A name
that nothing has is an error: a contract about nothing would hold for ever.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from permscope.audit.findings import SEVERITIES, Finding, fingerprint
from permscope.catalog.actions import load
from permscope.errors import ConfigError
from permscope.inventory.located import as_list, key_source, source_of, value_source
from permscope.inventory.source import NOWHERE, Source
from permscope.lazy import dataclass

RULE = "contract"
_KEYS = ("name", "why", "severity", "only", "can", "on", "never", "preset", "except")
_NEVER = ("from", "reaches", "can")
EXTERNAL = ("external", "other accounts")


class Status(StrEnum):
    """Whether a contract holds; `unknown` where something that nobody can read may break it."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One contract as it is written.

    Attributes:
        name: what a person calls it.
        why: why it must hold, where that is written.
        severity: of a finding that it does not hold.
        only: names of those who may; None for the other kinds.
        can: action patterns.
        on: names of what it is about.
        start, reaches: of a `never`.
        preset: name of a ready-made contract.
        exceptions: names a preset leaves out.
    """

    name: str
    why: str = ""
    severity: str = "high"
    only: tuple[str, ...] | None = None
    can: tuple[str, ...] = ()
    on: tuple[str, ...] = ()
    start: str | None = None
    reaches: tuple[str, ...] = ()
    preset: str | None = None
    exceptions: tuple[str, ...] = ()
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One counter-example: what happens, the hops, and where the last of them is written."""

    message: str
    steps: tuple[tuple[str, Source], ...] = ()
    source: Source = NOWHERE
    nodes: tuple[str, ...] = ()
    sure: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one contract.

    Attributes:
        violations: counter-examples, surest first.
        unknowns: how many unknowns may break it.
        checked: how many things it was about.
    """

    contract: Contract
    status: Status
    violations: tuple[Violation, ...] = ()
    unknowns: int = 0
    checked: int = 0


# Ready-made contracts, and what each says
PRESETS = {
    "no-public-entry": "nobody calls anything without credentials",
    "no-external-access": "nobody outside our accounts has access to anything",
    "no-public-secrets": "no way leads from the internet to a secret",
    "no-admin-functions": "no function may do everything",
    "no-shared-roles": "every function has a role of its own",
    "no-escalation": "no function can become another principal",
}


# Reading


def parse_contracts(raw: object, place: Source = NOWHERE) -> tuple[Contract, ...]:
    """The contracts under `contracts:`.

    Raises:
        ConfigError: with file and line, when anything in them is wrong.
    """
    if raw is None:
        return ()
    if not isinstance(raw, list):
        raise ConfigError("`contracts` must be a list", source=source_of(raw, place))
    return tuple(_contract(item, source_of(item, place)) for item in raw)


def _contract(raw: object, place: Source) -> Contract:
    if not isinstance(raw, Mapping):
        raise ConfigError("a contract must be a mapping", source=place, hint="`- name: ...` with `only` or `never`")
    _check_keys(raw, _KEYS, place)
    kinds = [key for key in ("only", "never", "preset") if key in raw]
    if len(kinds) != 1:
        raise ConfigError("a contract has one of `only`, `never` and `preset`", source=place)
    severity = raw.get("severity", "high")
    if severity not in SEVERITIES:
        known = ", ".join(SEVERITIES)
        raise ConfigError(f"no severity `{severity}`", source=value_source(raw, "severity", place), hint=known)
    why = raw.get("why", "")
    name = raw.get("name") or raw.get("preset")
    if not isinstance(name, str) or not isinstance(why, str):
        raise ConfigError("a contract needs `name`", source=place, hint="say in a few words what must stay true")
    given: dict[str, Any] = {"name": str(name), "why": str(why).strip(), "severity": str(severity), "source": place}
    if "preset" in raw:
        return _preset(raw, given, place)
    if "except" in raw:
        raise ConfigError("`except` belongs to a `preset`", source=key_source(raw, "except", place))
    if "only" in raw:
        for key in ("can", "on"):
            if not raw.get(key):
                raise ConfigError(f"`only` needs `{key}`", source=place, hint="`only: [...]`, `can: [...]`, `on: ...`")
        return Contract(
            **given,
            only=_names(raw, "only", place),
            can=_actions(raw, "can", place),
            on=_names(raw, "on", place),
        )
    for key in ("can", "on"):
        if key in raw:
            hint = "write `never: {from: ..., reaches: ..., can: [...]}`"
            raise ConfigError(f"`{key}` stands inside `never`", source=key_source(raw, key, place), hint=hint)
    return _never(raw["never"], given, value_source(raw, "never", place))


def _preset(raw: Mapping[str, Any], given: dict[str, Any], place: Source) -> Contract:
    preset = raw["preset"]
    if preset not in PRESETS:
        near = difflib.get_close_matches(str(preset), PRESETS, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(PRESETS)}"
        raise ConfigError(f"no preset `{preset}`", source=value_source(raw, "preset", place), hint=hint)
    for key in ("can", "on"):
        if key in raw:
            raise ConfigError(f"a preset has no `{key}`", source=key_source(raw, key, place))
    given["why"] = given["why"] or PRESETS[preset]
    return Contract(**given, preset=str(preset), exceptions=_names(raw, "except", place))


def _never(raw: object, given: dict[str, Any], place: Source) -> Contract:
    if not isinstance(raw, Mapping):
        raise ConfigError("`never` must be a mapping", source=place, hint="`{from: public, reaches: DbSecret}`")
    _check_keys(raw, _NEVER, place)
    start = raw.get("from")
    if not isinstance(start, str) or not start.strip():
        raise ConfigError("`never` needs `from`", source=place, hint="`public`, `external`, a function, a role")
    if "can" in raw and "reaches" not in raw:
        raise ConfigError("`never` with `can` needs `reaches`", source=key_source(raw, "can", place))
    if "reaches" not in raw and start not in ("public", *EXTERNAL):
        raise ConfigError("`never` needs `reaches`, unless it is from `public` or `external`", source=place)
    return Contract(
        **given, start=start, reaches=_names(raw, "reaches", place), can=_actions(raw, "can", place, required=False)
    )


def _check_keys(raw: Mapping[str, Any], known: Sequence[str], place: Source) -> None:
    for key in raw:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known)}"
            raise ConfigError(f"no setting `{key}`", source=key_source(raw, key, place), hint=hint)


def _names(raw: Mapping[str, Any], key: str, place: Source) -> tuple[str, ...]:
    found: list[str] = []
    for item in as_list(raw.get(key)) if raw.get(key) is not None else []:
        if not isinstance(item, str) or not item.strip():
            at = source_of(item, value_source(raw, key, place))
            raise ConfigError(f"`{key}` must be a name or a list of names", source=at)
        found.append(item)  # it knows its line
    return tuple(found)


def _actions(raw: Mapping[str, Any], key: str, place: Source, *, required: bool = True) -> tuple[str, ...]:
    found = _names(raw, key, place)
    if required and not found:
        raise ConfigError(f"`{key}` names no action", source=value_source(raw, key, place))
    catalog = load()
    for pattern in found:
        if not catalog.expand(pattern):
            close = catalog.closest(pattern)
            hint = f"did you mean `{close}`?" if close else None
            at = source_of(pattern, value_source(raw, key, place))
            raise ConfigError(f"`{pattern}` is no IAM action", source=at, hint=hint)
    return found


# As findings


def as_findings(results: Iterable[Result]) -> tuple[Finding, ...]:
    """Contracts that do not hold, and those nobody can be sure of, as findings."""
    found: list[Finding] = []
    for result in results:
        contract = result.contract
        given: dict[str, Any] = {
            "rule": RULE,
            "title": f"Contract: {contract.name}",
            "why": contract.why or "It is written in `permscope.yaml` that this must not be possible.",
            "tags": ("contract",),
        }
        found.extend(
            Finding(
                **given,
                severity=contract.severity,
                confidence="high" if violation.sure else "medium",
                resource=violation.steps[-1][0] if violation.steps else contract.name,
                source=violation.source if violation.source.file else contract.source,
                message=f"contract `{contract.name}` does not hold: {violation.message}",
                fix="Take the permission away, or change the contract.",
                path=tuple(label for label, _ in violation.steps),
                steps=violation.steps,
                fingerprint=fingerprint(RULE, contract.name, violation.message),
                nodes=violation.nodes,
            )
            for violation in result.violations
        )
        if result.status is Status.UNKNOWN:
            found.append(
                Finding(
                    **given,
                    severity="info",
                    confidence="low",
                    resource=contract.name,
                    source=contract.source,
                    message=f"contract `{contract.name}` holds for all that is known; {result.unknowns} unknown"
                    f"{'' if result.unknowns == 1 else 's'} may break it",
                    fix="Give what is missing, such as parameters or the documents of managed policies.",
                    fingerprint=fingerprint(RULE, contract.name, "unknown"),
                )
            )
    return tuple(found)
