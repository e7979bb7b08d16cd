"""Rule files: one rule per file, `rules/<family>/<rule-id>.yaml`, checked when loaded and compiled to closures.

A misspelt field, action, severity, edge kind or predicate is a `RuleError` with file and line, never a rule that
silently matches nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from permscope.audit.fields import SUBJECTS, SubjectKind
from permscope.audit.findings import CONFIDENCES, SEVERITIES, Hit
from permscope.audit.located_yaml import parse_located
from permscope.audit.matching import Fields, Test, compile_where, needs_of
from permscope.audit.predicates import FINDERS, PREDICATES, Finder, Taken
from permscope.audit.subjects import Subject
from permscope.errors import RuleError, why_unreadable
from permscope.graph.mapping_reader import MappingReader, no_such
from permscope.graph.rule_files import RuleFile, builtin_folder, read_folder
from permscope.inventory.located import source_of, value_source
from permscope.inventory.source import Source
from permscope.lazy import dataclass, regex

ADJUSTMENTS = ("exposure", "condition", "unreachable")
_SLUG = regex(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_PLACEHOLDER = regex(r"(?<!\$)\{([a-z][a-z0-9_.]*)\}")
_REQUIRED = ("id", "title", "severity", "for_each", "message", "why", "fix", "references")
_OPTIONAL = (
    "where",
    "find",
    "severity_if",
    "confidence",
    "adjust",
    "subsumed_by",
    "tags",
    "aliases",
    "opt_in",
)
_MAX_FILE = 200_000
_ESCALATION = "escalation"

Template = Callable[[Subject, Hit], str]
Find = Callable[[Subject, Taken], Iterable[Hit]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One compiled rule.

    Attributes:
        id: slug; also the file's name.
        family: folder it stands in.
        severity: before adjustment.
        for_each: kind of subject.
        test: whether a subject is guilty.
        needs: fields of which `test` asks for one of some values, so that only such subjects are tested.
        find: the guilty elements inside a guilty subject.
        looks_for: name of the finder behind `find`, with its parameters; None where there is none.
        severity_if: severities that replace the default, the first whose test holds.
        adjust: which circumstances change the severity.
        subsumed_by: rules that already say it when they find the same thing.
        opt_in: whether it runs only where the user names it or enables it.
        why_text, fix_text: the texts for documentation, before anything is filled in.
    """

    id: str
    family: str
    title: str
    severity: str
    confidence: str
    for_each: str
    test: Test
    needs: Mapping[str, frozenset[str]]
    find: Find
    looks_for: tuple[str, Any] | None
    severity_if: tuple[tuple[str, Test], ...]
    adjust: frozenset[str]
    subsumed_by: tuple[str, ...]
    message: Template
    why: Template
    fix: Template
    why_text: str
    fix_text: str
    tags: tuple[str, ...]
    aliases: tuple[str, ...]
    references: tuple[str, ...]
    source: Source
    opt_in: bool = False


def load_rules(folders: Iterable[Path] = (), *, builtin: bool = True) -> tuple[Rule, ...]:
    """Every rule, sorted by id.

    Args:
        folders: further folders; a rule there replaces one of the same id.
        builtin: whether to load the rules that come with permscope.

    Raises:
        RuleError: for a folder that does not exist or a rule file that is wrong.
    """
    found: dict[str, Rule] = {}
    for folder in ([builtin_folder()] if builtin else []) + list(folders):
        if not folder.is_dir():
            raise RuleError(f"no rule folder `{folder}`", source=Source(str(folder)))
        here: dict[str, Rule] = {}
        for file in read_folder(folder, without=_ESCALATION):  # these are no rules; the graph reads them
            rule = _compile(file)
            if rule.id in here:
                raise RuleError(f"rule `{rule.id}` is in two files", source=rule.source)
            here[rule.id] = rule
        found.update(here)
    for rule in found.values():
        for other in rule.subsumed_by:
            if other not in found:
                raise no_such("rule", other, found, source_of(other, rule.source))
    return tuple(found[name] for name in sorted(found))


def load_rule(path: Path) -> Rule:
    """Read and compile one rule file.

    Raises:
        RuleError: with file and line, when anything in it is wrong.
    """
    file = path.as_posix()
    try:
        return _compile(RuleFile(file, path.parent.name, path.read_bytes()))
    except OSError as error:
        raise RuleError(f"cannot be read: {why_unreadable(error)}", source=Source(file)) from None


def _compile(file: RuleFile) -> Rule:
    name = file.file.rpartition("/")[2]
    rule = _of_tree(file) or _of_text(file)
    if rule.id != name.rpartition(".")[0]:
        hint = "one rule per file, named after its id"
        raise RuleError(f"rule `{rule.id}` stands in `{name}`", source=rule.source, hint=hint)
    return rule


def _of_tree(file: RuleFile) -> Rule | None:
    """The rule of a tree that was parsed before; None where it has a mistake, for a tree does not know its place."""
    if file.tree is None:
        return None
    try:
        return _Reader(file.tree, Source(file.file, 1, 1)).rule(file.family)
    except RuleError:
        return None


def _of_text(file: RuleFile) -> Rule:
    try:
        text = file.text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RuleError(f"cannot be read: {why_unreadable(error)}", source=Source(file.file)) from None
    if len(text) > _MAX_FILE:
        raise RuleError("too large for a rule", source=Source(file.file))
    return parse_rule(text, file.file, family=file.family)


def parse_rule(text: str, file: str, *, family: str = "") -> Rule:
    """Compile the text of a rule file.

    Raises:
        RuleError: with file and line, when anything in it is wrong.
    """
    raw = parse_located(text, file, RuleError)
    if not isinstance(raw, Mapping):
        raise RuleError("a rule must be a mapping", source=Source(file, 1))
    return _Reader(raw, Source(file, 1, 1)).rule(family)


class _Reader(MappingReader):
    """Reads one rule, with the place of everything that can be wrong."""

    def __init__(self, raw: Mapping[str, Any], top: Source) -> None:
        super().__init__(raw, top, what="rule element", whole="a rule", required=_REQUIRED, optional=_OPTIONAL)

    def rule(self, family: str) -> Rule:
        raw = self.raw
        name = self.text("id")
        if not _SLUG.fullmatch(name):
            raise RuleError(f"`{name}` is no rule id", source=self.at("id"), hint="lower-case words joined by `-`")
        for_each = self.one_of("for_each", raw["for_each"], SUBJECTS)
        kind = SUBJECTS[for_each]
        finder, find, looks_for = self.find(for_each)
        values = frozenset(finder.values if finder else ())
        adjust = [self.one_of("adjust", item, ADJUSTMENTS) for item in self.texts("adjust")]
        return Rule(
            id=name,
            family=family,
            title=self.text("title"),
            severity=self.one_of("severity", raw["severity"], SEVERITIES),
            confidence=self.one_of("confidence", raw.get("confidence", "high"), CONFIDENCES),
            for_each=for_each,
            test=self.where(for_each, kind),
            needs=needs_of(self.raw.get("where"), kind.fields),
            find=find,
            looks_for=looks_for,
            severity_if=self.severity_if(for_each, kind),
            adjust=frozenset(adjust),
            subsumed_by=self.texts("subsumed_by"),
            message=self.template("message", kind.fields, values),
            why=self.template("why", kind.fields, values),
            fix=self.template("fix", kind.fields, values),
            why_text=_readable(self.text("why")),
            fix_text=_readable(self.block("fix")),
            tags=self.texts("tags"),
            aliases=self.texts("aliases"),
            references=self.texts("references"),
            source=self.at("id"),
            opt_in=self.flag("opt_in"),
        )

    def predicates(self, for_each: str) -> dict[str, Test]:
        return {name: item.test for name, item in PREDICATES.items() if not item.kinds or for_each in item.kinds}

    def where(self, for_each: str, kind: SubjectKind) -> Test:
        if self.raw.get("where") is None:
            return lambda _subject: True
        return compile_where(self.raw["where"], kind.fields, self.predicates(for_each), self.at("where"))

    def severity_if(self, for_each: str, kind: SubjectKind) -> tuple[tuple[str, Test], ...]:
        raw = self.raw.get("severity_if")
        if raw is None:
            return ()
        if not isinstance(raw, Mapping):
            raise RuleError("`severity_if` must map a severity to a `where`", source=self.at("severity_if"))
        predicates = self.predicates(for_each)
        return tuple(
            (
                self.one_of("severity", severity, SEVERITIES),
                compile_where(where, kind.fields, predicates, value_source(raw, severity, self.top)),
            )
            for severity, where in raw.items()
        )

    def find(self, for_each: str) -> tuple[Finder | None, Find, tuple[str, Any] | None]:
        raw = self.raw.get("find")
        if raw is None:
            return None, lambda _subject, _taken: (Hit(),), None
        place = self.at("find")
        name, given = (
            (raw, None) if isinstance(raw, str) else next(iter(raw.items()), ("", None)) if raw else ("", None)
        )
        if not isinstance(raw, str) and (not isinstance(raw, Mapping) or len(raw) != 1):
            raise RuleError("`find` must be the name of a finder, or one name with its parameters", source=place)
        if name not in FINDERS:
            raise no_such("finder", name, FINDERS, place)
        finder = FINDERS[name]
        if for_each not in finder.kinds:
            hint = f"it looks at: {', '.join(finder.kinds)}"
            raise RuleError(f"finder `{name}` cannot look at `{for_each}`", source=place, hint=hint)
        parameters = finder.check(given, place)
        run = finder.run
        return finder, lambda subject, taken: run(subject, parameters, taken), (name, parameters)

    def template(self, key: str, fields: Fields, values: frozenset[str]) -> Template:
        text = self.block(key) if key == "fix" else self.text(key)
        parts = _PLACEHOLDER.split(text)
        for name in parts[1::2]:
            if name in fields:
                continue
            known = [*fields, *(f"hit.{value}" for value in sorted(values))]
            if not name.startswith("hit.") or name[4:] not in values:
                raise no_such("placeholder", name, known, self.at(key))
        getters = {name: fields[name].get for name in parts[1::2] if name in fields}

        def fill(subject: Subject, hit: Hit) -> str:
            found = list(parts)
            for at in range(1, len(parts), 2):
                name = parts[at]
                value = getters[name](subject) if name in getters else hit.values.get(name[4:])
                if value is None and name.endswith("label"):
                    value = subject.resource  # what is named and in no input has no node
                found[at] = _shown(value)
            return "".join(found)

        return fill


def _shown(value: object) -> str:
    match value:
        case None:
            return "?"
        case bool():
            return "yes" if value else "no"
        case tuple():
            return ", ".join(str(item) for item in value)
        case _:
            return str(value)


def _readable(text: str) -> str:
    """A text with names in place of what a finding fills in."""
    filled = text.replace("{hit.fix}", "(each finding says it with the names of your own template)")
    return _PLACEHOLDER.sub(lambda found: f"<{found[1].removeprefix('hit.').replace('.', ' ')}>", filled)
