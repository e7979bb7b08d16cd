"""Everything the command line can name, read into one inventory."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from permscope.collect.discover import Found, discover
from permscope.collect.parameter_files import read_parameter_file, read_region
from permscope.collect.snapshot import read_snapshot
from permscope.collect.templates.collect import read_parts, read_templates
from permscope.collect.templates.options import LoadOptions
from permscope.errors import ConfigError, InputError, NothingReadError, SnapshotError
from permscope.inventory.facts import AnyFact, Unknown
from permscope.inventory.inventory import Collected, Inventory, Part
from permscope.inventory.source import Source

__all__ = ["LoadOptions", "collect_templates", "load", "load_parts"]


def load(paths: Sequence[str], options: LoadOptions | None = None) -> Inventory:
    """Read templates, directories, globs, CDK and SAM build output, snapshots and standard input into one inventory.

    Raises:
        InputError: where nothing can be read at all; `NothingReadError` where several inputs are broken.
        ConfigError: for parameter values that no template takes, or a parameter file that cannot be read.
    """
    collected = collect_templates(paths, options)
    if not collected.facts:
        if not collected.errors:
            raise InputError("nothing to read", hint="name a template, a directory, or `-` for standard input")
        if len(collected.errors) == 1:
            raise collected.errors[0]
        raise NothingReadError(collected.errors)
    return _inventory(collected)


def load_parts(parts: Sequence[Part]) -> Inventory | None:
    """What `load` gave, from what is kept of it; None where some of that is no longer kept."""
    collected = read_parts(parts)
    return _inventory(collected) if collected is not None and collected.facts else None


def _inventory(collected: Collected) -> Inventory:
    return Inventory(
        collected.facts,
        errors=collected.errors,
        files=collected.files,
        key=collected.key,
        parts=collected.parts,
    )


def collect_templates(paths: Sequence[str], options: LoadOptions | None = None) -> Collected:
    """The facts of every template and snapshot the paths name; what is broken is in `errors`, and the rest is read.

    Raises:
        ConfigError: as `load`.
    """
    options = options or LoadOptions()
    named = options.parameters
    options = _with_parameter_files(options)
    if options.account is not None and not re.fullmatch(r"[0-9]{12}", options.account):
        raise ConfigError(f"`{options.account}` is not an account id", hint="an account id has 12 digits")
    found = discover(list(paths), options)
    _check_parameters(named, found)
    collected = read_templates(found.templates) if found.templates else Collected()
    collected.errors = [*found.errors, *collected.errors]
    if found.errors or found.snapshots:
        collected.parts = ()
    if found.snapshots:
        collected.key = None
    for path in found.snapshots:
        try:
            facts = read_snapshot(path).facts
        except SnapshotError as error:
            collected.errors.append(error)
        else:
            collected.facts.extend(facts)
            collected.files = (*collected.files, path.as_posix())
            collected.errors.extend(_lacking(facts, path.as_posix()))
    if found.snapshots:
        collected.facts.extend(_placeless(found))
    return collected


def _placeless(found: Found) -> Iterator[Unknown]:
    """That templates stand beside accounts and do not say whether they are for one of them."""
    files = [template.place.file for template in found.templates if template.options.account is None]
    if files:
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        yield Unknown(
            what=f"the account of `{files[0]}`{more}",
            why="it is taken for none of those in the snapshots; `--account`, or `PATH@ACCOUNT/REGION`, tells it",
            kind="deployment",
            source=Source(file=files[0]),
        )


def _lacking(facts: Iterable[AnyFact], file: str) -> Iterator[SnapshotError]:
    """An error for a snapshot whose collection could not read everything; the unknowns say what it lacks."""
    failed = [fact for fact in facts if isinstance(fact, Unknown) and fact.is_failed_call]
    if failed:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(fact.kind for fact in failed).items()))
        calls = "a call" if len(failed) == 1 else f"{len(failed):,} calls"
        first = failed[0].source.call or failed[0].what
        yield SnapshotError(
            f"is incomplete: {calls} of its collection gave nothing ({kinds}; the first: {first})",
            source=Source(file=file),
            hint="the unknowns say what that hides",
        )


def _with_parameter_files(options: LoadOptions) -> LoadOptions:
    """The options with every value among `parameters`, wherever it came from: that is all the templates depend on."""
    values: dict[str, str] = dict(options.defaults)
    assumed = options.assumed
    for path in options.parameter_files:
        values.update(read_parameter_file(path))
        assumed = assumed._replace(region=read_region(path) or assumed.region)
    parameters = {**values, **options.parameters}
    return replace(options, parameters=parameters, defaults={}, parameter_files=(), assumed=assumed)


def _check_parameters(named: Collection[str], found: Found) -> None:
    """A value for a parameter that no template has is a spelling mistake."""
    if not named:
        return
    declared: set[str] = set()
    for template in found.templates:
        section = template.document.value.get("Parameters")
        declared.update(section if isinstance(section, dict) else ())
    for name in named:
        if name not in declared and found.templates and not found.errors:
            known = ", ".join(f"`{each}`" for each in sorted(declared)[:10])
            raise ConfigError(
                f"no template has a parameter `{name}`", hint=f"there are {known}" if known else "there are none"
            )
