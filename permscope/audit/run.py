"""An audit from facts to findings: rules chosen, graph built, suppressions and baseline applied.

What the rules find depends on the facts, the rules and whom the user trusts, so it is kept by those and not worked out
again; where facts only moved to other lines, what was found moves with them. Suppressions and baseline come after, each
time: they depend on the day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from permscope import cache
from permscope.audit.baseline import apply_baseline, read_baseline
from permscope.audit.config import Config
from permscope.audit.findings import Finding
from permscope.audit.suppressions import read_suppressions, suppress
from permscope.errors import NameNotFoundError
from permscope.graph.model import PermissionGraph
from permscope.graph.rule_files import builtin_folder, file_texts
from permscope.graph.trusted import TrustedParties
from permscope.inventory.inventory import Inventory, Key
from permscope.inventory.placed import moved_lines, names_a_line, read, write
from permscope.lazy import dataclass, regex

if TYPE_CHECKING:
    from permscope.audit.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an audit gives.

    Attributes:
        graph: in which the findings were found.
        findings: sorted; suppressed ones carry their reason.
        rules: how many rules were run.
    """

    graph: PermissionGraph
    findings: tuple[Finding, ...]
    rules: int


def run_audit(
    inventory: Inventory,
    *,
    config: Config | None = None,
    rule_folders: Sequence[Path] = (),
    only: Sequence[str] = (),
    baseline: Path | None = None,
    today: dt.date | None = None,
) -> Audit:
    """Audit the facts.

    Args:
        inventory: the facts.
        config: whom the user trusts and what he lives with.
        rule_folders: folders of further rules.
        only: ids or aliases of the rules to run; none given means all.
        baseline: file with findings that are known; they count as suppressed.
        today: the day suppressions are judged by.

    Raises:
        RuleError: for a rule file that is wrong.
        NameNotFoundError: for a rule that does not exist.
        ConfigError: for a baseline that cannot be read.
    """
    config = config or Config()
    known = read_baseline(baseline) if baseline is not None else None
    graph, findings, rules = _found(inventory, config, rule_folders, only)
    given = (*read_suppressions(inventory.files), *config.ignore)
    if given and not only:
        day = today or dt.datetime.now(tz=dt.UTC).date()
        findings = _sorted(suppress(findings, given, today=day, rules=_names(rule_folders)))
    elif given:
        found = suppress(findings, given, today=today or dt.datetime.now(tz=dt.UTC).date())
        findings = found[: len(findings)]  # with some rules only, what suppresses nothing cannot be told
    if known is not None:
        findings = apply_baseline(findings, known)
    return Audit(graph=graph, findings=findings, rules=rules)


def build(inventory: Inventory, trusted: TrustedParties | None = None) -> PermissionGraph:
    """The graph of the facts."""
    from permscope.graph.build import build_graph

    return build_graph(inventory, trusted)


def _found(
    inventory: Inventory, config: Config, folders: Sequence[Path], only: Sequence[str]
) -> tuple[PermissionGraph, tuple[Finding, ...], int]:
    """Graph and findings, from an earlier run or the other version where the facts are the same."""
    trusted, enabled, key = config.trusted, config.enable, inventory.key
    name = None
    if key is not None and (cache.is_on() or cache.is_sharing()):
        name = cache.digest(key.name, repr(trusted), "\n".join(only), "\n".join(enabled), *_content(folders))
        known = _known(name, key)
        if known is not None:
            return known
    from permscope.audit.engine import run
    from permscope.audit.rules import load_rules

    chosen = choose(load_rules(folders), only, enabled)
    graph = build(inventory, trusted)
    found = (graph, run(graph, inventory, chosen, trusted=trusted), len(chosen))
    if name is not None and key is not None:
        _keep(name, key, found)
    return found


def _known(name: str, key: Key) -> tuple[PermissionGraph, tuple[Finding, ...], int] | None:
    """What was found in the same facts before, its lines where they are now; None where that cannot be told."""
    remembered = cache.recall("audit", name)
    if remembered is not None and remembered[0] == key.lines:
        found: tuple[PermissionGraph, tuple[Finding, ...], int] = remembered[1]
        return found
    stored = cache.fetch("audit", name)
    if not isinstance(stored, tuple):
        return None
    lines, written = stored
    moved = moved_lines(lines, key.lines)
    if moved is None or names_a_line(written, moved):
        return None
    again: tuple[PermissionGraph, tuple[Finding, ...], int] | None = read(written, moved)
    if again is not None:
        cache.remember("audit", name, (key.lines, again))
    return again


def _keep(name: str, key: Key, found: tuple[PermissionGraph, tuple[Finding, ...], int]) -> None:
    cache.remember("audit", name, (key.lines, found))
    if cache.is_on():
        graph = found[0]
        decisions, graph.decisions = graph.decisions, None
        written = write(found)
        graph.decisions = decisions
        if written is not None:
            cache.keep("audit", name, (key.lines, written))


def _names(folders: Iterable[Path]) -> frozenset[str]:
    """Ids of all rules, which their files are named after."""
    return frozenset(Path(name).stem for folder in (builtin_folder(), *folders) for name in file_texts(folder))


def _content(folders: Iterable[Path]) -> Iterator[str | bytes]:
    """Every rule file with its name."""
    for folder in (builtin_folder(), *folders):
        yield str(folder)
        for item in file_texts(folder).items():
            yield from item


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(
        sorted(
            findings, key=lambda one: (one.rank, one.file or "", one.line or 0, one.column or 0, one.rule, one.resource)
        )
    )


def find_rules(rules: Sequence[Rule], name: str) -> list[Rule]:
    """The rules a name means: an id, an alias that other tools or AWS use, or an escalation path that they report.

    Raises:
        NameNotFoundError: when no rule has that name.
    """
    import difflib

    from permscope.audit.path_rules import find_path, rules_of_path

    wanted = name.lower()
    found = [rule for rule in rules if rule.id == wanted]
    for spelled in _other_spellings(wanted):
        found = found or [rule for rule in rules if spelled in map(_spelling, rule.aliases)]
    if not found and (path := find_path(wanted)) is not None:
        found = rules_of_path(rules, path)
    if found:
        return found
    names = [rule.id for rule in rules] + [alias for rule in rules for alias in rule.aliases]
    close = difflib.get_close_matches(name, names, n=3)
    hint = f"did you mean {', '.join(f'`{one}`' for one in close)}?" if close else "`permscope rules list` lists them"
    raise NameNotFoundError(f"no rule is called `{name}`", hint=hint)


# Tools put the pack a check is in before its name, and KICS calls a check by a UUID.
_PACKS = (
    "awssolutions-",
    "nist.800.53.r4-",
    "nist.800.53.r5-",
    "hipaa.security-",
    "pci.dss.321-",
    "serverless-",
    "avd-",
)
_UUID = regex(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _spelling(name: str) -> str:
    """A name without what tools write differently: AWS Config has `a-b` for the rule that others call `A_B`."""
    return name.lower().replace("_", "-")


def _other_spellings(name: str) -> Iterator[str]:
    yield _spelling(name)
    for pack in _PACKS:
        if name.startswith(pack):
            yield _spelling(name.removeprefix(pack))
    if _UUID.fullmatch(name):
        yield f"kics-{name[:8]}"


def choose(rules: Sequence[Rule], names: Sequence[str], enabled: Sequence[str] = ()) -> tuple[Rule, ...]:
    """All rules but those that must be enabled, or those that are named.

    Raises:
        NameNotFoundError: for a name that no rule has.
    """
    if not names:
        also = {rule.id for name in enabled for rule in find_rules(rules, name)}
        return tuple(rule for rule in rules if not rule.opt_in or rule.id in also)
    wanted = {rule.id for name in names for rule in find_rules(rules, name)}
    return tuple(rule for rule in rules if rule.id in wanted)
