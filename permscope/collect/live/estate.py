"""One collection from beginning to end: accounts, parts, snapshot, and what came of it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import field
from pathlib import Path

from permscope.collect.live.account import Limits, LiveAccount
from permscope.collect.live.accounts import Choice, find_accounts
from permscope.collect.live.collect import PartFacts, Progress, accounts_of, calls_of, collect_parts, plan
from permscope.collect.live.parts import PartsFolder
from permscope.collect.snapshot import write_snapshot
from permscope.inventory.facts import AnyFact, Function, OrganizationPath, Unknown
from permscope.lazy import dataclass


@dataclass(slots=True, kw_only=True)
class Estate:
    """What a collection gave.

    Attributes:
        facts: of all accounts, in the order of accounts and Regions.
        accounts: 12-digit ids of those that were read.
        calls: requests sent, by `service.operation`.
        parts: number of accounts and Regions read.
        resumed: number of them that an earlier run had read.
        again: whether `--resume` may give more.
    """

    facts: list[AnyFact] = field(default_factory=list)
    accounts: tuple[str, ...] = ()
    calls: Counter[str] = field(default_factory=Counter)
    parts: int = 0
    resumed: int = 0
    again: bool = False

    @property
    def failures(self) -> tuple[Unknown, ...]:
        """Everything that could not be read."""
        return tuple(fact for fact in self.facts if isinstance(fact, Unknown) and fact.is_failed_call)

    @property
    def calls_per_thousand_functions(self) -> float | None:
        """What the collection costs, in requests; None without functions."""
        functions = sum(isinstance(fact, Function) for fact in self.facts)
        return self.calls.total() * 1000 / functions if functions else None


def collect_estate(
    output: Path,
    choice: Choice,
    *,
    regions: Sequence[str] = (),
    limits: Limits | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    redact: Callable[[str], str] | None = None,
) -> Estate:
    """Read accounts and write their snapshot.

    Args:
        output: the snapshot; its ending decides the compression.
        choice: which accounts.
        regions: only these; none means every Region an account has enabled.
        limits: how hard AWS is asked.
        resume: go on with an interrupted collection into the same output.
        progress: told how far it is.
        redact: changes the text of the snapshot before it is written.

    Raises:
        CollectError: when no account can be read at all.
        InputError: when the output cannot be written.
    """
    accounts = find_accounts(choice, limits or Limits())
    folder = PartsFolder(output)
    known = folder.start(resume=resume)
    planned = plan(accounts.found, regions)
    todo = [part for part in planned.parts if part.name not in known]
    found: dict[str, PartFacts] = {part.name: known[part.name] for part in planned.parts if part.name in known}
    resumed = len(found)
    for part in collect_parts(todo, progress):
        folder.keep(part)
        found[part.name] = part
    parts = [found[part.name] for part in planned.parts]
    unknowns = [*accounts.unknowns, *planned.unknowns]
    estate = _estate(parts, accounts.found, unknowns)
    estate.resumed = resumed
    now = dt.datetime.now(tz=dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    write_snapshot(output, estate.facts, collected=now, accounts=estate.accounts, transform=redact)
    estate.again = folder.finish(parts)
    return estate


def _estate(parts: Sequence[PartFacts], accounts: Sequence[LiveAccount], unknowns: Sequence[Unknown]) -> Estate:
    found = [fact for part in parts for fact in part.facts]
    walked = {fact.account for fact in found if isinstance(fact, OrganizationPath)}
    # A member account does not see the control policies that its organization's management account told of.
    facts = [fact for fact in found if not (_is_about_controls(fact) and fact.source.account in walked)]
    ids = tuple(account.id for account in accounts)
    return Estate(
        facts=[*accounts_of(facts, ids), *facts, *unknowns],
        accounts=ids,
        calls=calls_of(accounts),
        parts=len(parts),
    )


def _is_about_controls(fact: AnyFact) -> bool:
    return isinstance(fact, Unknown) and fact.kind == "organization"
