"""The stacks of one run and what they export to each other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from permscope.collect.templates.document import Document, LateDocument
from permscope.collect.templates.facts import export_name, stack_facts
from permscope.collect.templates.files import Place
from permscope.collect.templates.functions import Exported
from permscope.collect.templates.intrinsics import stored_key
from permscope.collect.templates.kept import Kept
from permscope.collect.templates.options import LoadOptions
from permscope.collect.templates.stack import Bound, condition_of
from permscope.inventory.located import as_text
from permscope.inventory.tokens import TOKEN, has_token, has_unknown
from permscope.lazy import dataclass, regex

_MAX_CHAIN = 15
_STORING = ("AWS::SSM::Parameter", "Custom::CrossRegionExportWriter")
_STACK_NAME = regex(r"\$\{(?:AWS::StackName|[^{}]*/AWS\.StackName)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template file that was found and parsed.

    Attributes:
        place: where it stands.
        document: its content.
        digest: SHA-256 of its bytes; empty where it is not to be kept.
        options: how it is bound; a CDK manifest may complete the user's options.
        named: whether the user named this very file.
        nests: whether another file may be nested in it.
    """

    place: Place
    document: Document | LateDocument
    options: LoadOptions
    digest: str = ""
    named: bool = False
    nests: bool = True


@dataclass(slots=True)
class Root:
    """A root stack of a run: bound now, or known from an earlier run.

    Attributes:
        name: under which its facts are kept; None where they are not.
        bound: the stack; None where `kept` says all.
        kept: what an earlier run made of it.
        imports: export name -> the value it got, None where nobody exports it.
    """

    template: Template
    label: str
    name: str | None = None
    bound: Bound | None = None
    kept: Kept | None = None
    imports: dict[str, Any] = field(default_factory=dict)
    _stacks: list[Bound] | None = None

    @property
    def stacks(self) -> list[Bound]:
        """The stack and those nested in it."""
        if self._stacks is None:
            self._stacks = self.bound.family() if self.bound is not None else []
        return self._stacks

    def exports(self, *, nested: bool) -> Iterable[tuple[str, Callable[[], Any]]]:
        """Each export name with what gives its value."""
        if self.kept is not None:
            for name, value in self.kept.exports:
                yield name, partial(_itself, value)
        elif self.bound is not None:
            for bound in self.stacks if nested else [self.bound]:
                yield from _exports_of(bound)
                yield from _stored_by(bound)

    def make(self) -> Kept:
        """What this stack and those nested in it say.

        Raises:
            RecursionError: for a template that refers to itself without end.
        """
        facts = [fact for bound in self.stacks for fact in stack_facts(bound)]
        return Kept(
            facts=tuple(facts),
            errors=tuple(error for bound in self.stacks for error in bound.errors),
            accounts=tuple(dict.fromkeys(str(bound.pseudo["AWS::AccountId"]) for bound in self.stacks)),
            files=tuple(file for bound in self.stacks for file in bound.files),
            exports=tuple((name, value()) for name, value in self.exports(nested=True)),
            imports=dict(self.imports),
            answers=dict(self.template.place.reads.answers) if self.template.place.reads else {},
        )


def _itself(value: Any) -> Any:
    return value


def _exports_of(bound: Bound) -> Iterable[tuple[str, Callable[[], Any]]]:
    outputs = bound.sections.get("Outputs")
    for output, raw in outputs.items() if isinstance(outputs, Mapping) else ():
        if isinstance(raw, Mapping) and "Export" in raw and condition_of(raw, bound)[0] is not False:
            exported = export_name(raw, bound)
            if exported:
                yield exported, partial(bound.output, str(output))


def _stored_by(bound: Bound) -> Iterable[tuple[str, Callable[[], Any]]]:
    """What a stack stores in Systems Manager, in its own Region or, as CDK apps do, in another one."""
    account, region = str(bound.pseudo["AWS::AccountId"]), str(bound.pseudo["AWS::Region"])
    for logical_id, raw in bound.resources.items():
        kind = raw.get("Type") if isinstance(raw, Mapping) else None
        properties = raw.get("Properties") if isinstance(raw, Mapping) else None
        if not isinstance(properties, Mapping) or kind not in _STORING or condition_of(raw, bound)[0] is False:
            continue
        if kind == "AWS::SSM::Parameter":
            name = bound.identities.of(logical_id).name
            yield stored_key(account, region, name), partial(_stored_value, bound, properties.get("Value"))
            continue
        written = properties.get("WriterProps")
        exports = written.get("exports") if isinstance(written, Mapping) else None
        where = as_text(bound.resolver.plain(written.get("region"))) if isinstance(written, Mapping) else None
        for name, value in exports.items() if isinstance(exports, Mapping) else ():
            yield stored_key(account, where or region, str(name)), partial(_stored_value, bound, value)


def _stored_value(bound: Bound, value: Any) -> str | None:
    """A stored text that names a resource; no other is kept, as it may be a secret."""
    text = as_text(bound.resolver.plain(value))
    return text if text and (text.startswith("arn:") or has_token(text)) and not has_unknown(text) else None


@dataclass(slots=True)
class World:
    """All stacks of a run, and what they export."""

    roots: list[Root] = field(default_factory=list)
    _exports: list[tuple[Root, str, Callable[[], Any]]] | None = None
    _open: set[str] = field(default_factory=set)

    def import_value(self, name: str, importer: Root) -> Any:
        """The value exported under a name where a stack is deployed, or None: exports are for their account and Region.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-importvalue.html

        A name is exported once in an account and Region. Of several templates that export it, the importer's own tree
        is meant, else the one that is alone with it in the importer's folder; of others that do not export the same,
        nobody knows which: `Exported.SEVERAL`.

        An export name that holds its stack's name, which only the deployment settles, is met by the one import that
        fits it.
        """
        if name in self._open or len(self._open) > _MAX_CHAIN:
            return None
        self._open.add(name)
        try:
            exports = self._exports
            if exports is None:
                exports = self._all(nested=False)
            options = importer.template.options
            stores = name.startswith("ssm:")  # such a name says account and Region itself
            exporting = [
                (root, value)
                for root, exported, value in exports
                if exported == name and (stores or _may_meet(root.template.options, options))
            ]
            if exporting:
                return _value_for(importer, exporting)
            if stores:
                return None
            fitting = [
                value
                for root, exported, value in exports
                if _fits(exported, name) and _may_meet(root.template.options, options)
            ]
            return fitting[0]() if len(fitting) == 1 else None
        finally:
            self._open.discard(name)

    def settle(self) -> None:
        """From here on exports do not change, and those of nested stacks count too."""
        self._exports = None
        self._exports = self._all(nested=True)

    def _all(self, *, nested: bool) -> list[tuple[Root, str, Callable[[], Any]]]:
        return [(root, name, value) for root in self.roots for name, value in root.exports(nested=nested)]


def _value_for(importer: Root, exporting: Sequence[tuple[Root, Callable[[], Any]]]) -> Any:
    """The value that a stack imports, of those exported under one name."""
    folder = PurePosixPath(importer.template.place.file).parent
    own = [value for root, value in exporting if root is importer]
    beside = [value for root, value in exporting if PurePosixPath(root.template.place.file).parent == folder]
    if len(exporting) == 1 or own or len(beside) == 1:
        return (own or beside or [exporting[0][1]])[0]()
    found = [value() for _, value in exporting]
    return found[0] if all(each == found[0] for each in found) else Exported.SEVERAL


def _may_meet(one: LoadOptions, other: LoadOptions) -> bool:
    """Whether two stacks may be in the same account and Region; what is not said may be either."""
    return all(
        None in pair or pair[0] == pair[1] for pair in ((one.account, other.account), (one.region, other.region))
    )


def _fits(exported: str, name: str) -> bool:
    """Whether an import can mean an export whose name holds its stack's name."""
    pieces = _STACK_NAME.split(exported)
    if len(pieces) not in (2, 3) or TOKEN.search(name):
        return False
    return re.fullmatch("[A-Za-z0-9-]+".join(map(re.escape, pieces)), name) is not None
