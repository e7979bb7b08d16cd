"""Escalation paths: `rules/escalation/<id>.yaml`, one file per way to gain the rights of somebody else.

A file says what must be allowed (`needs`), each on what, and what is gained (`gains`); `takeover` judges it for every
principal against what is really there:

```
id: lambda-004                              # the file's name; pathfinding.cloud's id where it has the path
title: Rewrite a function and invoke it
category: existing-work
gains: role-of-thing                        # one of GAINS
types: [AWS::Lambda::Function]              # what the thing is
needs:
  - {action: "lambda:UpdateFunctionCode", on: thing}
  - {action: "lambda:InvokeFunction", on: thing}
why: ...
references: [https://...]
```

A misspelt key, action, service or kind is a `RuleError` with file and line. Files are parsed when a principal may do
all, or all but one, of their actions: most inputs need few of them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from permscope.catalog.actions import ActionSet, load
from permscope.errors import RuleError
from permscope.graph import rule_files
from permscope.graph.located_yaml import parse_located
from permscope.graph.mapping_reader import MappingReader, no_such
from permscope.graph.rule_files import RuleFile
from permscope.inventory.located import source_of
from permscope.inventory.source import Source
from permscope.lazy import dataclass, regex

CATEGORIES = (
    "new-work",
    "existing-work",
    "self-escalation",
    "boundary-removal",
    "principal-access",
    "resource-policy",
)
GAINS: Mapping[str, str] = {
    "passed-role": "a role that may be passed to `service` and trusts it",
    "role-of-thing": "the role that something of one of `types` runs with",
    "role-of-code": "the role of a function whose code, image or layer (`artifact`) is the thing",
    "identity": "another role or user (`identity`)",
    "self": "more rights for the principal itself",
    "group": "the rights of a group the principal is not in",
    "account": "everything in an account",
    "permission-set": "the roles of a permission set of IAM Identity Center",
    "resource": "the use (`use`) of a resource of one of `types` by its own policy",
    "trusted": "a role that trusts the principal: the graph says so with a `can_assume` edge",
}
ON = ("any", "role", "thing", "identity", "policy", "boundary")
_REQUIRED = ("id", "title", "category", "gains", "needs", "why", "references")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "identity": ("role", "user", "group"),
    "runs": ("by-itself", "somehow"),
    "artifact": ("object", "image", "layer"),
}
_OPTIONAL = (*_CHOICES, "service", "types", "use", "raises", "later", "bounded", "aliases")
_ASKED_OF: Mapping[str, tuple[str, ...]] = {
    "passed-role": ("service",),
    "role-of-thing": ("types",),
    "role-of-code": ("artifact",),
    "identity": ("identity",),
    "resource": ("types", "use"),
}
_ACTION = regex(r"\baction: *[\"']?([A-Za-z0-9-]+:[A-Za-z0-9]+)")
_SLUG = regex(r"[a-z][a-z0-9-]*")


class Required(NamedTuple):
    """One permission of a path.

    Attributes:
        action: IAM action.
        on: `any` resource; the passed `role`; the `thing` that is changed; the `identity` that is gained or changed; a
            managed `policy` attached to that identity; the `boundary` that limits it.
    """

    action: str
    on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationPath:
    """One way to gain rights.

    Attributes:
        gains: one of `GAINS`.
        service: principal that assumes a passed role.
        types: CloudFormation types of the thing.
        artifact: what is overwritten.
        identity: kind of the identity that is changed.
        runs: whether the thing must be running anyway (`by-itself`), or may also be invoked by the principal.
        raises: whether the identity gets new rights, so that it need not be stronger before.
        bounded: whether it takes a permissions boundary away, so that there must be one.
        later: whether it takes effect only when the thing is deployed the next time.
        use: what the policy of a resource can give.
    """

    id: str
    title: str
    category: str
    gains: str
    needs: tuple[Required, ...]
    why: str
    references: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    service: str | None = None
    types: tuple[str, ...] = ()
    artifact: str | None = None
    identity: str | None = None
    runs: str | None = None
    raises: bool = False
    bounded: bool = False
    later: bool = False
    use: tuple[str, ...] = ()
    source: Source

    @property
    def actions(self) -> tuple[str, ...]:
        """Its actions, in order."""
        return tuple(dict.fromkeys(need.action for need in self.needs))


class PathFile:
    """A file of a path that is compiled when it is needed.

    Attributes:
        file: its path.
        actions: every action it needs.
    """

    def __init__(self, file: RuleFile) -> None:
        self.file = file.file
        self._text, self._tree = file.text, file.tree
        self.actions: ActionSet = load().action_set(dict.fromkeys(_ACTION.findall(file.text.decode())))

    @cached_property
    def path(self) -> EscalationPath:
        """The path itself.

        Raises:
            RuleError: with file and line, when anything in the file is wrong.
        """
        if self._tree is not None:
            with contextlib.suppress(RuleError):  # a tree does not know its place: the text is read again for that
                return _compile(self._tree, self.file)
        return parse_path(self._text.decode(), self.file)


def builtin_folder() -> Path:
    """Where the paths that come with permscope are."""
    return rule_files.builtin_folder() / "escalation"


@lru_cache(maxsize=4)
def path_files(folder: Path | None = None) -> tuple[PathFile, ...]:
    """The files of all paths, by id."""
    return tuple(PathFile(file) for file in rule_files.read_folder(folder or builtin_folder()))


def load_paths(folder: Path | None = None) -> tuple[EscalationPath, ...]:
    """All paths, by id.

    Raises:
        RuleError: with file and line, when anything in a file is wrong.
    """
    return tuple(file.path for file in path_files(folder))


def parse_path(text: str, file: str) -> EscalationPath:
    """Read the text of a path file.

    Raises:
        RuleError: with file and line, when anything in it is wrong.
    """
    return _compile(parse_located(text, file, RuleError), file)


def _compile(raw: Any, file: str) -> EscalationPath:
    top = Source(file, 1, 1)
    if not isinstance(raw, Mapping):
        raise RuleError("an escalation path must be a mapping", source=top)
    path = _Reader(raw, top).path()
    if path.id != Path(file).stem:
        hint = "one path per file, named after its id"
        raise RuleError(f"path `{path.id}` stands in `{Path(file).name}`", source=path.source, hint=hint)
    return path


class _Reader(MappingReader):
    """Reads one path, with the place of everything that can be wrong."""

    def __init__(self, raw: Mapping[str, Any], top: Source) -> None:
        required = [key for key in _REQUIRED if key != "needs" or raw.get("gains") != "trusted"]
        optional = (*_OPTIONAL, "needs")
        super().__init__(raw, top, what="element", whole="an escalation path", required=required, optional=optional)

    def choice(self, key: str, known: Iterable[str]) -> str:
        return self.one_of(key, self.text(key), known)

    def path(self) -> EscalationPath:
        name = self.text("id")
        if not _SLUG.fullmatch(name):
            raise RuleError(f"`{name}` is no id", source=self.at("id"), hint="lower-case words joined by `-`")
        gains = self.choice("gains", GAINS)
        for key in _ASKED_OF.get(gains, ()):
            if not self.raw.get(key):
                raise RuleError(f"a path that gains `{gains}` needs `{key}`", source=self.at("gains"))
        chosen = {key: self.choice(key, known) for key, known in _CHOICES.items() if key in self.raw}
        return EscalationPath(
            id=name,
            title=self.text("title"),
            category=self.choice("category", CATEGORIES),
            gains=gains,
            needs=tuple(self.needs()),
            why=self.text("why"),
            references=self.texts("references"),
            aliases=self.texts("aliases"),
            service=self.service(),
            types=self.types(),
            artifact=chosen.get("artifact"),
            identity=chosen.get("identity"),
            runs=chosen.get("runs"),
            raises=self.flag("raises"),
            bounded=self.flag("bounded"),
            later=self.flag("later"),
            use=tuple(self.action(item, self.at("use")) for item in self.texts("use")),
            source=self.at("id"),
        )

    def needs(self) -> Iterable[Required]:
        raw = self.raw.get("needs") or []
        if not isinstance(raw, list):
            raise RuleError("`needs` must be a list", source=self.at("needs"))
        for item in raw:
            place = source_of(item, self.at("needs"))
            if not isinstance(item, Mapping) or set(item) != {"action", "on"}:
                raise RuleError("each of `needs` has `action` and `on`", source=place)
            on = item["on"]
            if on not in ON:
                raise no_such("`on`", on, ON, source_of(on, place))
            yield Required(self.action(item["action"], place), str(on))

    @staticmethod
    def action(value: Any, place: Source) -> str:
        catalog = load()
        if not isinstance(value, str) or not catalog.is_known(value):
            close = catalog.closest(value) if isinstance(value, str) else None
            hint = f"did you mean `{close}`?" if close else None
            raise RuleError(f"`{value}` is no IAM action", source=source_of(value, place), hint=hint)
        return str(value)

    def service(self) -> str | None:
        if "service" not in self.raw:
            return None
        name = self.text("service")
        if not name.endswith(".amazonaws.com"):
            raise RuleError(f"`{name}` is no service principal", source=self.at("service"))
        return name

    def types(self) -> tuple[str, ...]:
        from permscope.catalog.cloudformation import type_facts

        found = self.texts("types")
        for name in found:
            if type_facts(name) is None:
                raise RuleError(f"`{name}` is no CloudFormation type", source=source_of(name, self.at("types")))
        return found
