"""The gate: does a change let something happen that it must not?

```yaml
gate:
  forbid: [new-public-entry, new-external-principal, new-escalation-path]   # whatever their severity
  review: [new-access, weakened]                                            # a person looks at these
  fail_on: high                                                             # everything new from here on fails
  unknown: review                                                           # what gained unknowns mean
```

New are the changes of the graph, and the findings that were not there before. Findings that were there never fail a
build; contracts must hold whenever they are checked.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any

from permscope.audit.contracts import Result, Status
from permscope.audit.contracts import as_findings as contract_findings
from permscope.audit.echoes import merge_echoes
from permscope.audit.findings import SEVERITIES, Finding
from permscope.errors import ConfigError
from permscope.graph.diff.compare import Change, ChangeKind, GraphDiff
from permscope.inventory.located import as_list, key_source, source_of, value_source
from permscope.inventory.source import NOWHERE, Source
from permscope.lazy import dataclass

FAIL_ON = (*SEVERITIES, "never")
_KEYS = ("forbid", "review", "fail_on", "unknown")
_UNKNOWN = ("pass", "review", "fail")
_KINDS = tuple(kind.value for kind in ChangeKind if kind is not ChangeKind.ACCESS_REMOVED)
# Besides kinds of change, an access-level rise can be forbidden or sent to review.
RISE = "access-level-rise"


class Verdict(StrEnum):
    """What the gate says."""

    PASS = "pass"  # noqa: S105 - no password
    REVIEW = "review"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePolicy:
    """The `gate:` part of `permscope.yaml`.

    Attributes:
        forbid: kinds of change that fail whatever their severity.
        review: kinds of change that a person must look at.
        fail_on: severity from which on anything new fails, or `never`.
        unknown: what it means that more is unknown than before: `pass`, `review` or `fail`.
    """

    forbid: tuple[str, ...] = ()
    review: tuple[str, ...] = ()
    fail_on: str = "high"
    unknown: str = "review"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """The verdict and what led to it.

    Attributes:
        failing: what fails the build, worst first: changes, new findings, contracts; all as findings.
        reviewing: what a person must look at.
        others: new and below every limit, or suppressed.
        removed: what can no longer happen.
        old_findings: how many findings were there before and still are.
        fixed: how many findings are gone.
        contracts: every contract with what became of it.
        notes: remarks about the gate itself, such as a changed configuration.
    """

    verdict: Verdict
    diff: GraphDiff
    policy: GatePolicy
    failing: tuple[Finding, ...] = ()
    reviewing: tuple[Finding, ...] = ()
    others: tuple[Finding, ...] = ()
    removed: tuple[Change, ...] = ()
    old_findings: int = 0
    fixed: int = 0
    contracts: tuple[Result, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything new, worst first: what fails, what is to be looked at, the rest."""
        return (*self.failing, *self.reviewing, *self.others)


def parse_gate(raw: object, place: Source = NOWHERE, *, fail_on: str | None = None) -> GatePolicy:
    """The policy under `gate:`.

    Args:
        raw: the located value; None for the default.
        place: of the configuration file.
        fail_on: what the file says for every command, where `gate` does not say otherwise.

    Raises:
        ConfigError: with file and line, when anything in it is wrong.
    """
    default = GatePolicy(fail_on=fail_on or "high")
    if raw is None:
        return default
    if not isinstance(raw, Mapping):
        raise ConfigError("`gate` must be a mapping", source=source_of(raw, place))
    for key in raw:
        if key not in _KEYS:
            raise _no_such("setting", key, _KEYS, key_source(raw, key, place))
    limit = raw.get("fail_on", default.fail_on)
    if limit not in FAIL_ON:
        raise _no_such("severity", limit, FAIL_ON, value_source(raw, "fail_on", place))
    unknown = raw.get("unknown", default.unknown)
    if unknown not in _UNKNOWN:
        raise _no_such("answer", unknown, _UNKNOWN, value_source(raw, "unknown", place))
    return GatePolicy(
        forbid=_kinds(raw, "forbid", place),
        review=_kinds(raw, "review", place),
        fail_on=str(limit),
        unknown=str(unknown),
    )


def _kinds(raw: Mapping[str, Any], key: str, place: Source) -> tuple[str, ...]:
    known = (*_KINDS, RISE)
    found = []
    for item in as_list(raw.get(key)) if raw.get(key) is not None else []:
        if item not in known:
            raise _no_such("kind of change", item, known, source_of(item, value_source(raw, key, place)))
        found.append(str(item))
    return tuple(found)


def _no_such(what: str, name: object, known: Sequence[str], place: Source) -> ConfigError:
    near = difflib.get_close_matches(str(name), known, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known)}"
    return ConfigError(f"no {what} `{name}`", source=place, hint=hint)


# Deciding


def decide(
    diff: GraphDiff,
    policy: GatePolicy,
    *,
    old_findings: Iterable[Finding] = (),
    new_findings: Iterable[Finding] = (),
    changes: Iterable[Finding] | None = None,
    contracts: Sequence[Result] = (),
    notes: Sequence[str] = (),
) -> GateResult:
    """The verdict on a change.

    Args:
        diff: of the two graphs.
        policy: what must not happen.
        old_findings: of the audit of the old version.
        new_findings: of the audit of the new version, suppressed ones marked.
        changes: the risks of `diff` as findings, where suppressions were applied to them.
        contracts: checked against the new version.
        notes: remarks that somebody must read.
    """
    risks = tuple(changes) if changes is not None else tuple(map(as_finding, diff.risks))
    by_print = {change.fingerprint: change for change in diff.risks}
    new, still, fixed = new_only(tuple(old_findings), tuple(new_findings), diff)
    risks, new = merge_echoes(risks, new)
    failing: list[Finding] = []
    reviewing: list[Finding] = []
    others: list[Finding] = []
    for finding in (*contract_findings(contracts), *risks, *new):
        kinds = _kinds_of(by_print.get(finding.fingerprint))
        if finding.suppressed is not None:
            others.append(finding)
        elif _fails(finding, kinds, policy):
            failing.append(finding)
        elif kinds & set(policy.review):
            reviewing.append(finding)
        else:
            others.append(finding)
    # What loosens the gate itself must not pass unseen, and notes are about that.
    verdict = Verdict.FAIL if failing else Verdict.REVIEW if reviewing or notes else Verdict.PASS
    said = list(notes)
    if diff.gained_unknowns:
        number = len(diff.gained_unknowns)
        said.append(f"{number} thing{'s' if number > 1 else ''} that nobody can know came with this change")
        if policy.unknown != "pass":
            verdict = _worse(verdict, Verdict(policy.unknown))
    if any(result.status is Status.UNKNOWN for result in contracts) and policy.unknown != "pass":
        verdict = _worse(verdict, Verdict(policy.unknown))
    order = _order
    return GateResult(
        verdict=verdict,
        diff=diff,
        policy=policy,
        failing=tuple(sorted(failing, key=order)),
        reviewing=tuple(sorted(reviewing, key=order)),
        others=tuple(sorted(others, key=order)),
        removed=diff.removed,
        old_findings=still,
        fixed=fixed,
        contracts=tuple(contracts),
        notes=tuple(said),
    )


def _kinds_of(change: Change | None) -> set[str]:
    if change is None:
        return set()
    return {kind.value for kind in change.kinds} | ({RISE} if change.risen else set())


def _fails(finding: Finding, kinds: set[str], policy: GatePolicy) -> bool:
    if kinds & set(policy.forbid):
        return True
    return policy.fail_on != "never" and finding.rank <= FAIL_ON.index(policy.fail_on)


def _worse(one: Verdict, other: Verdict) -> Verdict:
    order = (Verdict.PASS, Verdict.REVIEW, Verdict.FAIL)
    return max(one, other, key=order.index)


def _order(finding: Finding) -> tuple[object, ...]:
    return (finding.rank, finding.file or "", finding.line or 0, finding.rule, finding.resource, finding.message)


def new_only(old: Sequence[Finding], new: Sequence[Finding], diff: GraphDiff) -> tuple[tuple[Finding, ...], int, int]:
    """The findings that were not there before, how many were, and how many are gone.

    A finding is the same when its fingerprint is; else when the same rule finds the same guilty text at something that
    is the same thing under another name; else when it moved together with its policy: one that is gone for one that is
    new, of the same rule, text and severity.
    """
    left: dict[str, list[Finding]] = defaultdict(list)
    for finding in old:
        left[finding.fingerprint].append(finding)
    still = 0
    rest = []
    for finding in new:
        if left.get(finding.fingerprint):
            left[finding.fingerprint].pop()
            still += 1
        else:
            rest.append(finding)
    gone = [finding for findings in left.values() for finding in findings]
    found = []
    for finding in rest:
        twin = next((each for each in gone if _is_moved(each, finding, diff)), None)
        if twin is None:
            found.append(finding)
        else:
            gone.remove(twin)
            still += 1
    return tuple(found), still, len(gone)


def _is_moved(old: Finding, new: Finding, diff: GraphDiff) -> bool:
    if old.rule != new.rule or new.rank < old.rank:
        return False
    translate = diff.matching.old_id if diff.matching is not None else str
    same_nodes = bool({translate(node) for node in new.nodes} & set(old.nodes))
    old_text = diff.matching.old_text if diff.matching is not None else str
    same_text = bool(new.guilty) and old.guilty in (new.guilty, old_text(new.guilty))
    return (same_nodes and (same_text or not new.guilty)) or (same_text and old.resource == new.resource)


# Changes as findings

_TITLES = {
    ChangeKind.NEW_PUBLIC_ENTRY: "New public entry",
    ChangeKind.NEW_EXTERNAL_PRINCIPAL: "New external principal",
    ChangeKind.NEW_ESCALATION_PATH: "New escalation path",
    ChangeKind.NEW_EXPOSURE_PATH: "New exposure path",
    ChangeKind.WEAKENED: "Weakened",
    ChangeKind.NEW_ACCESS: "New access",
    ChangeKind.NEW_INVOKER: "New invoker",
    ChangeKind.WIRING_BROKEN: "Wiring broken",
    ChangeKind.ACCESS_REMOVED: "Access removed",
}
_WHYS = {
    ChangeKind.NEW_PUBLIC_ENTRY: "Anyone can come in here after this change, without credentials that you gave out.",
    ChangeKind.NEW_EXTERNAL_PRINCIPAL: "Somebody outside your accounts gets in with this change.",
    ChangeKind.NEW_ESCALATION_PATH: "Whoever controls the code can use the rights of another principal as well.",
    ChangeKind.NEW_EXPOSURE_PATH: "A fault in the function is enough to reach this from outside.",
    ChangeKind.WEAKENED: "Something that held access back does so no longer, or less.",
    ChangeKind.NEW_ACCESS: "If the function is broken into, this is what is lost as well.",
    ChangeKind.NEW_INVOKER: "One more way to run the function, with input that it chooses.",
    ChangeKind.WIRING_BROKEN: "The events are dropped or pile up, mostly without an error anybody sees.",
    ChangeKind.ACCESS_REMOVED: "What needed the access fails after the change.",
}
_FIXES = {
    ChangeKind.NEW_PUBLIC_ENTRY: "Put an authorizer on the route, or name the caller in the policy.",
    ChangeKind.NEW_EXTERNAL_PRINCIPAL: "Name the principal and a condition, or list the account under `trusted`.",
    ChangeKind.NEW_ESCALATION_PATH: "Take the action away, or narrow it to a resource that has no rights of its own.",
    ChangeKind.NEW_EXPOSURE_PATH: "Narrow what the function's role may touch, or who may call it.",
    ChangeKind.WEAKENED: "Put the restriction back, or say in the pull request why it is not needed any more.",
    ChangeKind.NEW_ACCESS: "Grant only the actions the code calls, on the resource it calls them on.",
    ChangeKind.NEW_INVOKER: "Give the permission `SourceArn` and `SourceAccount` of the one source that is meant.",
    ChangeKind.WIRING_BROKEN: "Give the source the permission the message names.",
    ChangeKind.ACCESS_REMOVED: "Nothing to do where that was meant.",
}


def title_of(kind: ChangeKind) -> str:
    """A kind of change as a heading."""
    return _TITLES[kind]


def as_finding(change: Change) -> Finding:
    """A change as a finding, for every report that shows findings."""
    tags = ["diff", *(kind.value for kind in change.also)]
    if change.risen:
        tags.append(RISE)
    if change.weakened:
        tags.append(f"weakened-{change.weakened}")
    return Finding(
        rule=change.kind.value,
        title=_TITLES[change.kind],
        severity=change.severity,
        confidence="high" if change.sure else "medium",
        resource=change.target or change.actor,
        source=change.source if change.source is not NOWHERE else change.old_source,
        message=change.message,
        why=_WHYS[change.kind],
        fix=_FIXES[change.kind],
        tags=tuple(tags),
        path=tuple(step.label for step in change.path),
        steps=tuple((f"{step.label} {step.words}".strip(), step.source) for step in change.path),
        fingerprint=change.fingerprint,
        nodes=change.nodes,
    )


def mark(findings: Iterable[Finding], reason: str) -> tuple[Finding, ...]:
    """Findings marked as suppressed."""
    return tuple(replace(finding, suppressed=reason) for finding in findings)
