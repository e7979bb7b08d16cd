"""From accounts to facts: every account, Region and service, side by side, each failure kept to itself.

The part of a collection is one account in one Region, or its global services. The answers of a part form one `Stack`,
whose resources the template readers make facts of; a finished part can be written down, so an interrupted collection
goes on where it stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from dataclasses import field
from typing import NamedTuple, Protocol

from permscope.collect.live.account import LiveAccount
from permscope.collect.live.faults import Fault
from permscope.collect.live.regions import enabled_regions
from permscope.collect.live.session import LiveSession
from permscope.inventory.facts import Account, AnyFact, Unknown
from permscope.inventory.source import Source
from permscope.lazy import dataclass
from permscope.services import live_readers, readers_for
from permscope.services._live import LiveReader, LiveResource, Session
from permscope.services.interface import Stack

_PARTS_AT_ONCE = 4
_READERS_AT_ONCE = 12


class Part(NamedTuple):
    """An account in one Region, or its global services."""

    account: LiveAccount
    region: str | None

    @property
    def name(self) -> str:
        """`111122223333/eu-west-1`, `111122223333/global`."""
        return f"{self.account.id}/{self.region or 'global'}"

    @property
    def readers(self) -> tuple[tuple[str, LiveReader], ...]:
        """What is read in it."""
        return tuple(found for found in live_readers() if found[1].is_global == (self.region is None))


@dataclass(slots=True, kw_only=True)
class PartFacts:
    """What a part gave.

    Attributes:
        name: of the part.
        facts: in the order of the readers, failures last.
        again: whether reading it once more may give more: something was throttled, broken or expired.
        failed: whether something could not be read.
    """

    name: str
    facts: list[AnyFact] = field(default_factory=list)
    again: bool = False
    failed: bool = False


class Progress(Protocol):
    """Who is told how far a collection is; called from several threads."""

    def parts(self, readers: Mapping[str, int]) -> None:
        """These parts will be read, each with so many readers."""

    def read(self, part: str, reader: str) -> None:
        """A reader is done."""

    def done(self, part: str) -> None:
        """A part is done."""


class Silent:
    """Tells nobody."""

    def parts(self, readers: Mapping[str, int]) -> None:
        """Nothing."""

    def read(self, part: str, reader: str) -> None:
        """Nothing."""

    def done(self, part: str) -> None:
        """Nothing."""


@dataclass(slots=True)
class Plan:
    """The parts to read, and the Regions nobody could list."""

    parts: list[Part] = field(default_factory=list)
    unknowns: list[Unknown] = field(default_factory=list)


def plan(accounts: Iterable[LiveAccount], regions: Sequence[str] = ()) -> Plan:
    """The parts of a collection: the global services and every enabled Region of each account.

    Args:
        accounts: to read.
        regions: only these; none means every Region an account has enabled.
    """
    found = Plan()
    for account in accounts:
        names: Sequence[str] = tuple(dict.fromkeys(regions))
        if names:
            names = tuple(_existing(account, names, found.unknowns))
        else:
            names, fault = enabled_regions(account)
            if fault is not None:
                source = Source(call="ec2.describe_regions", account=account.id)
                why = f"{fault}; not known: everything in Regions other than {names[0]}"
                found.unknowns.append(
                    Unknown(what=f"Regions of account `{account.id}`", why=why, kind=fault.kind, source=source)
                )
        found.parts.append(Part(account, None))
        found.parts.extend(Part(account, region) for region in names)
    return found


def _existing(account: LiveAccount, names: Sequence[str], unknowns: list[Unknown]) -> Iterator[str]:
    """The Regions that there are: nobody answers in one that is misspelt, which would look like an empty one."""
    strange = [name for name in names if not account.knows(name)]
    enabled: Sequence[str] = enabled_regions(account)[0] if strange else ()
    for name in names:
        if name not in strange or name in enabled:
            yield name
        else:
            why = f"account `{account.id}` has no such Region; not known: everything in it"
            source = Source(call="ec2.describe_regions", account=account.id)
            unknowns.append(Unknown(what=f"Region `{name}`", why=why, kind="failed", source=source))


def collect_parts(parts: Sequence[Part], progress: Progress | None = None) -> Iterator[PartFacts]:
    """Read parts side by side; each is given as soon as it is done.

    Closing the iterator early, or an interruption, stops every thread at its next call.
    """
    if not parts:
        return
    progress = progress or Silent()
    progress.parts({part.name: len(part.readers) for part in parts})
    threads = parts[0].account.limits.threads
    with (
        ThreadPoolExecutor(threads, "permscope-call") as calls,
        ThreadPoolExecutor(min(_READERS_AT_ONCE, threads), "permscope-reader") as readers,
        ThreadPoolExecutor(min(_PARTS_AT_ONCE, threads), "permscope-part") as workers,
    ):
        pending: list[Future[PartFacts]] = [
            workers.submit(_collect_part, part, readers, calls, progress) for part in parts
        ]
        try:
            for future in as_completed(pending):
                yield future.result()
        except BaseException:
            for part in parts:
                part.account.stopped.set()
            for executor in (workers, readers, calls):
                executor.shutdown(wait=False, cancel_futures=True)
            raise


def _collect_part(part: Part, readers: Executor, calls: Executor, progress: Progress) -> PartFacts:
    """Everything of one part: the answers of all readers first, then the facts that they come to together."""
    account = part.account
    region = part.region or account.home
    main = LiveSession(account, region, {}, scope=part.region)

    def read(name: str, reader: LiveReader) -> tuple[list[LiveResource], list[AnyFact], LiveSession]:
        session = LiveSession(account, region, reader.operations, calls, scope=part.region)
        session.stack = main.stack
        answers = _answers(session, reader, name)
        progress.read(part.name, name)
        return *answers, session

    futures = [readers.submit(read, name, reader) for name, reader in part.readers]
    found = PartFacts(name=part.name)
    extra: list[AnyFact] = []
    unknowns: list[Unknown] = []
    resources: list[LiveResource] = []
    for future in futures:
        own, facts, session = future.result()
        resources.extend(own)
        extra.extend(facts)
        unknowns.extend(session.unknowns)
        found.failed = found.failed or bool(session.faults)
        found.again = found.again or any(fault.may_pass for fault in session.faults)
    if part.region:
        account.forget(region)
    found.facts = [*extra, *facts_of(resources, main.stack, main), *dict.fromkeys(unknowns)]
    progress.done(part.name)
    return found


def _answers(session: LiveSession, reader: LiveReader, name: str) -> tuple[list[LiveResource], list[AnyFact]]:
    """What a reader yields; an answer of a shape it does not expect ends it, and is said."""
    resources: list[LiveResource] = []
    facts: list[AnyFact] = []
    held: Session = session
    try:
        for fact in reader.read(held):
            if isinstance(fact, LiveResource):
                resources.append(fact)
            else:
                facts.append(fact)
    except Exception as error:  # noqa: BLE001 - a strange answer of one service must not lose the others
        why = f"an answer could not be understood: {type(error).__name__}"
        facts.append(session.unknown(f"part of `{name.strip('_')}`", why, "failed"))
        session.faults.append(_strange(error))
    return resources, facts


def _strange(error: Exception) -> Fault:
    return Fault("failed", type(error).__name__)


def facts_of(resources: Iterable[LiveResource], stack: Stack, session: Session) -> Iterator[AnyFact]:
    """What the template readers make of the resources of a stack together."""
    for added in resources:
        _add(stack, added)
    for resource in stack.resources.values():
        found: list[AnyFact] = []
        for reader in readers_for(resource.type):
            try:
                found.extend(reader(resource))
            except Exception as error:  # noqa: BLE001 - one strange resource must not end the collection
                why = f"its answer could not be understood: {type(error).__name__}"
                found.append(session.unknown(f"`{resource.name}` ({resource.type})", why, "failed"))
        found.extend(resource.unknowns)
        if all(isinstance(fact, Unknown) for fact in found):
            found.append(resource.resource())
        yield from found


def _add(stack: Stack, resource: LiveResource) -> None:
    """Put a resource into its stack, under a key of its own."""
    key = f"{resource.type} {resource.id}"
    number = 2
    while key in stack.resources:
        key, number = f"{resource.type} {resource.id} {number}", number + 1
    stack.resources[key] = resource


def accounts_of(facts: Iterable[AnyFact], ids: Iterable[str]) -> list[Account]:
    """An `Account` fact of every account that has none yet."""
    known = {fact.id for fact in facts if isinstance(fact, Account)}
    return [
        Account(id=account, source=Source(call="sts.get_caller_identity", account=account))
        for account in ids
        if account not in known
    ]


def calls_of(accounts: Iterable[LiveAccount]) -> Counter[str]:
    """Requests sent to all accounts, by `service.operation`."""
    total: Counter[str] = Counter()
    for account in {id(account): account for account in accounts}.values():
        total.update(account.calls)
    return total
