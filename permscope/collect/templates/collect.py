"""Templates of one run, read into facts together: exports meet imports, nested stacks are read with their parents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from permscope.collect.templates.document import Document
from permscope.collect.templates.facts import export_name, stack_facts
from permscope.collect.templates.files import Place, RefusedFileError, locate
from permscope.collect.templates.options import LoadOptions
from permscope.collect.templates.stack import Bound, Run, bind_template, condition_of, nested_reference
from permscope.errors import PermscopeError, TemplateError
from permscope.inventory.facts import Account, AnyFact, Unknown
from permscope.inventory.inventory import Collected
from permscope.inventory.source import Source
from permscope.inventory.tokens import TOKEN

_MAX_CHAIN = 15
_STACK_NAME = re.compile(r"\$\{(?:AWS::StackName|[^{}]*/AWS\.StackName)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template file that was found and parsed.

    Attributes:
        place: where it stands.
        document: its content.
        options: how it is bound; a CDK manifest may complete the user's options.
        named: whether the user named this very file.
    """

    place: Place
    document: Document
    options: LoadOptions
    named: bool = False


@dataclass(slots=True)
class World:
    """All stacks of a run, and what they export."""

    roots: list[Bound] = field(default_factory=list)
    _exports: list[tuple[str, Bound, str]] | None = None
    _open: set[str] = field(default_factory=set)

    def import_value(self, name: str) -> Any:
        """The value exported under a name, or None.

        An export name that holds its stack's name, which only the deployment settles, is met by the one import that
        fits it.
        """
        if name in self._open or len(self._open) > _MAX_CHAIN:
            return None
        self._open.add(name)
        try:
            exports = self._exports if self._exports is not None else list(self._all_exports())
            for exported, bound, output in exports:
                if exported == name:
                    return bound.output(output)
            fitting = [(bound, output) for exported, bound, output in exports if _fits(exported, name)]
            return fitting[0][0].output(fitting[0][1]) if len(fitting) == 1 else None
        finally:
            self._open.discard(name)

    def settle(self) -> list[Bound]:
        """Every stack, nested ones too; from here on exports do not change."""
        stacks = [bound for root in self.roots for bound in root.family()]
        self._exports = list(self._all_exports(stacks))
        return stacks

    def _all_exports(self, stacks: Iterable[Bound] | None = None) -> Iterable[tuple[str, Bound, str]]:
        for bound in self.roots if stacks is None else stacks:
            outputs = bound.sections.get("Outputs")
            for output, raw in outputs.items() if isinstance(outputs, Mapping) else ():
                if isinstance(raw, Mapping) and "Export" in raw and condition_of(raw, bound)[0] is not False:
                    exported = export_name(raw, bound)
                    if exported:
                        yield exported, bound, str(output)


def _fits(exported: str, name: str) -> bool:
    """Whether an import can mean an export whose name holds its stack's name."""
    pieces = _STACK_NAME.split(exported)
    if len(pieces) not in (2, 3) or TOKEN.search(name):
        return False
    return re.fullmatch("[A-Za-z0-9-]+".join(map(re.escape, pieces)), name) is not None


def read_templates(templates: Sequence[Template]) -> Collected:
    """The facts of all templates, roots in the order given, each followed by its nested stacks."""
    collected = Collected()
    roots = _without_nested(templates)
    labels = _labels([template.place.file for template in roots])
    world = World()
    run = Run(import_value=world.import_value)
    for template, label in zip(roots, labels, strict=True):
        try:
            bound = bind_template(
                template.document.value,
                template.place,
                template.options,
                label=label,
                problems=template.document.problems,
                run=run,
            )
        except TemplateError as error:
            collected.errors.append(error)
            continue
        except RecursionError:
            collected.errors.append(_too_deep(template.place))
            continue
        world.roots.append(bound)
    stacks = world.settle()
    accounts: dict[str, None] = {}
    facts: list[AnyFact] = []
    errors: list[PermscopeError] = collected.errors
    for bound in stacks:
        try:
            facts.extend(stack_facts(bound))
        except RecursionError:
            errors.append(_too_deep(bound.place))
        errors.extend(bound.errors)
        accounts[str(bound.pseudo["AWS::AccountId"])] = None
    unknowns = dict.fromkeys(fact for fact in facts if isinstance(fact, Unknown))
    plain = [fact for fact in facts if not isinstance(fact, Unknown)]
    collected.facts = [*(Account(id=account) for account in accounts), *plain, *unknowns]
    collected.files = tuple(dict.fromkeys(file for bound in stacks for file in bound.files))
    return collected


def _too_deep(place: Place) -> TemplateError:
    return TemplateError("the template refers to itself too deeply to be read", source=Source(place.file, 1, 1))


def _without_nested(templates: Sequence[Template]) -> list[Template]:
    """The templates that are not nested in another one of them; one that the user named stays."""
    nested: set[str] = set()
    for template in templates:
        value = template.document.value
        resources = value.get("Resources") if isinstance(value, Mapping) else None
        for resource in resources.values() if isinstance(resources, Mapping) else ():
            reference = nested_reference(resource) if isinstance(resource, Mapping) else None
            if reference is None:
                continue
            try:
                found = locate(reference, template.place)[1].file
            except RefusedFileError:
                continue
            if found != template.place.file:
                nested.add(found)
    roots = [template for template in templates if template.named or template.place.file not in nested]
    return roots or list(templates)


def _labels(files: Sequence[str]) -> list[str]:
    """A short name for each root stack; none where there is only one."""
    if len(files) < 2:  # noqa: PLR2004
        return [""] * len(files)
    parts = [_label_parts(file) for file in files]
    shared = 0
    while all(len(part) > shared + 1 for part in parts) and len({part[shared] for part in parts}) == 1:
        shared += 1
    labels: list[str] = []
    for part in parts:
        label = re.sub(r"[^A-Za-z0-9_./-]", "_", "/".join(part[shared:])) or "stack"
        candidate, number = label, 2
        while candidate in labels:
            candidate, number = f"{label}~{number}", number + 1
        labels.append(candidate)
    return labels


def _label_parts(file: str) -> list[str]:
    """Folders and stem; the stem of a `template.yaml` in a folder says nothing."""
    parts = [part for part in file.split("/") if part not in ("", ".", "..")]
    stem = re.sub(r"(\.template)?\.(ya?ml|json|template|cfn)$", "", parts[-1]) if parts else "stack"
    folders = parts[:-1]
    return folders if folders and stem in ("template", "cloudformation", "sam", "stack", "main") else [*folders, stem]
