"""Policy documents as facts: statements with the line each stands on.

Grammar: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any, NamedTuple

from permscope.inventory.located import Alternatives, as_list, as_text, key_source, source_of, value_source
from permscope.inventory.source import NOWHERE, Source
from permscope.inventory.variants import statement_variants
from permscope.lazy import dataclass

PRINCIPAL_KINDS = ("AWS", "Service", "Federated", "CanonicalUser")
_STATEMENT_KEYS = frozenset(
    ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"]
)
_DOCUMENT_KEYS = frozenset(["Version", "Id", "Statement"])


class PolicyKind(StrEnum):
    """What a policy is attached to, and so how AWS uses it."""

    INLINE = "inline"
    MANAGED = "managed"
    AWS_MANAGED = "aws-managed"
    BOUNDARY = "permissions-boundary"
    SESSION = "session"
    TRUST = "trust"
    RESOURCE = "resource"
    SCP = "scp"
    RCP = "rcp"


class Principal(NamedTuple):
    """One principal of a statement.

    Attributes:
        kind: `AWS`, `Service`, `Federated` or `CanonicalUser`; `*` for the bare `"Principal": "*"`.
        value: what stands behind it, as written (`*`, an account id, an ARN, `s3.amazonaws.com`).
    """

    kind: str
    value: str


class ConditionEntry(NamedTuple):
    """One key of one operator of a `Condition` block.

    Attributes:
        operator: as written, such as `StringEqualsIfExists` or `ForAllValues:StringLike`.
        key: as written, such as `aws:SourceArn`.
        values: in file order.
        source: where the key stands.
    """

    operator: str
    key: str
    values: tuple[str, ...]
    source: Source = NOWHERE


class Problem(NamedTuple):
    """A part of a policy document that AWS would refuse."""

    message: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement; exactly one of `actions`/`not_actions` and at most one of the other pairs is set.

    Attributes:
        effect: `Allow` or `Deny`.
        sid: as written.
        index: 0-based position in its document.
        principals: None where the statement has no `Principal` (identity policies).
        resources: None where it has no `Resource` (trust policies).
        only_if: the template condition that could not be decided and on which this statement depends.
        source: where the statement begins; single elements are `LocatedStr` and know their own place.
    """

    effect: str
    sid: str | None = None
    index: int = 0
    actions: tuple[str, ...] | None = None
    not_actions: tuple[str, ...] | None = None
    resources: tuple[str, ...] | None = None
    not_resources: tuple[str, ...] | None = None
    principals: tuple[Principal, ...] | None = None
    not_principals: tuple[Principal, ...] | None = None
    conditions: tuple[ConditionEntry, ...] = ()
    only_if: str | None = None
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy document and what it is.

    Attributes:
        name: policy name, or what it is called in the template (`OrdersRole/Policies[0]`).
        kind: what it is attached to.
        version: `2012-10-17`, `2008-10-17`, or None where the document has none (AWS reads that as 2008-10-17).
        arn: of a managed policy.
        logical_id: of the template resource it stands in.
        problems: parts AWS would refuse; the statements that can be read are there all the same.
    """

    name: str
    kind: PolicyKind
    statements: tuple[Statement, ...]
    version: str | None = None
    arn: str | None = None
    logical_id: str | None = None
    problems: tuple[Problem, ...] = ()
    source: Source = NOWHERE


@dataclass(slots=True)
class _Reader:
    """Reads one document, keeping what is wrong with it."""

    default: Source
    problems: list[Problem] = field(default_factory=list)

    def problem(self, message: str, source: Source) -> None:
        self.problems.append(Problem(message, source if source is not NOWHERE else self.default))

    def texts(self, statement: Mapping[str, Any], key: str) -> tuple[str, ...] | None:
        if key not in statement:
            return None
        place = value_source(statement, key, self.default)
        found: list[str] = []
        for item in as_list(statement[key]):
            text = as_text(item)
            if text is None:
                self.problem(f"`{key}` must be text or a list of text", source_of(item, place))
            elif not text:
                self.problem(f"`{key}` holds an empty text", source_of(item, place))
            else:
                found.append(text)
        if not found:
            self.problem(f"`{key}` is empty", place)
        return tuple(found)

    def principals(self, statement: Mapping[str, Any], key: str) -> tuple[Principal, ...] | None:
        if key not in statement:
            return None
        found: list[Principal] = []
        place = value_source(statement, key, self.default)
        for value in as_list(statement[key]):
            if isinstance(value, str):
                if value == "*":
                    found.append(Principal("*", value))
                else:
                    self.problem(f"`{key}` must be `*` or a mapping, not `{value}`", source_of(value, place))
            elif isinstance(value, Mapping):
                for kind, members in value.items():
                    if kind not in PRINCIPAL_KINDS:
                        self.problem(f"`{kind}` is not a kind of principal", source_of(kind, place))
                        continue
                    for member in as_list(members):
                        text = as_text(member)
                        if text is None:
                            self.problem(f"`{key}.{kind}` must be text", source_of(member, place))
                        else:
                            found.append(Principal(kind, text))
            else:
                self.problem(f"`{key}` must be `*` or a mapping", place)
        return tuple(found)

    def conditions(self, statement: Mapping[str, Any]) -> tuple[ConditionEntry, ...]:
        block = statement.get("Condition")
        if block is None:
            return ()
        place = key_source(statement, "Condition", self.default)
        found: list[ConditionEntry] = []
        if isinstance(block, list) and not isinstance(block, Alternatives):
            self.problem("`Condition` must be a mapping, not a list", place)
        for option in as_list(block):
            if not isinstance(option, Mapping):
                self.problem("`Condition` must be a mapping", source_of(option, place))
                continue
            for operator, keys in option.items():
                if not isinstance(keys, Mapping):
                    self.problem(f"condition operator `{operator}` must hold a mapping", source_of(keys, place))
                    continue
                for key, values in keys.items():
                    texts = [(item, as_text(item)) for item in as_list(values)]
                    for item, text in texts:
                        if text is None:
                            self.problem(f"the value of `{key}` must be text", source_of(item, place))
                    found.append(
                        ConditionEntry(
                            str(operator),
                            str(key),
                            tuple(text for _, text in texts if text is not None),
                            source_of(key, place),
                        )
                    )
        return tuple(found)

    def statement(self, raw: Mapping[str, Any], index: int, only_if: str | None) -> Statement | None:
        place = source_of(raw, self.default)
        for key in raw:
            if key not in _STATEMENT_KEYS:
                self.problem(f"`{key}` is not an element of a statement", source_of(key, place))
        effect = raw.get("Effect")
        if effect not in ("Allow", "Deny"):
            shown = f", not `{effect}`" if isinstance(effect, str) else ""
            self.problem(f"`Effect` must be `Allow` or `Deny`{shown}", value_source(raw, "Effect", place))
            return None
        for one, other in (
            ("Action", "NotAction"),
            ("Resource", "NotResource"),
            ("Principal", "NotPrincipal"),
        ):
            if one in raw and other in raw:
                self.problem(f"a statement has `{one}` or `{other}`, not both", key_source(raw, other, place))
        actions = self.texts(raw, "Action")
        not_actions = self.texts(raw, "NotAction") if actions is None else None
        if actions is None and not_actions is None:
            self.problem("a statement needs `Action` or `NotAction`", place)
            return None
        resources = self.texts(raw, "Resource")
        principals = self.principals(raw, "Principal")
        return Statement(
            effect=str(effect),
            sid=as_text(raw.get("Sid")),
            index=index,
            actions=actions,
            not_actions=not_actions,
            resources=resources,
            not_resources=self.texts(raw, "NotResource") if resources is None else None,
            principals=principals,
            not_principals=self.principals(raw, "NotPrincipal") if principals is None else None,
            conditions=self.conditions(raw),
            only_if=only_if,
            source=place,
        )


def _statements_of(value: object, only_if: str | None = None) -> Iterator[tuple[Any, str | None]]:
    """Each raw statement with the undecided template condition it depends on."""
    if isinstance(value, Alternatives):
        for item, condition in value.sides(only_if):
            yield from _statements_of(item, condition)
    elif isinstance(value, list):
        for item in value:
            yield from _statements_of(item, only_if)
    elif value is not None:
        yield value, only_if


def parse_policy(
    document: object,
    *,
    name: str,
    kind: PolicyKind,
    arn: str | None = None,
    logical_id: str | None = None,
    source: Source = NOWHERE,
    only_if: str | None = None,
) -> Policy:
    """Read a policy document of any shape; what AWS would refuse becomes `problems`, never an exception.

    Args:
        document: the parsed JSON or YAML value, located where it comes from a template; JSON text is read too.
        name: what to call it.
        kind: what it is attached to; decides which elements must be there.
        arn: of a managed policy.
        logical_id: of the template resource it stands in.
        source: where the document stands, for values that do not know their own place.
        only_if: the undecided template condition the whole policy depends on.
    """
    place = source_of(document, source)
    reader = _Reader(place)
    if isinstance(document, str):
        document = _parse_json(document, reader)
    statements: list[Statement] = []
    version: str | None = None
    documents: list[tuple[Any, str | None]] = [(document, only_if)]
    if isinstance(document, Alternatives):
        documents = list(document.sides(only_if))
    for candidate, condition in documents:
        if not isinstance(candidate, Mapping):
            if candidate is not None or len(documents) == 1:
                reader.problem("a policy document must be a mapping", place)
            continue
        version = as_text(candidate.get("Version")) or version
        for key in candidate:
            if key not in _DOCUMENT_KEYS:
                reader.problem(f"`{key}` is not an element of a policy document", source_of(key, place))
        if candidate.get("Statement") is None:
            reader.problem("a policy document needs `Statement`", source_of(candidate, place))
        for raw, depends_on in _statements_of(candidate.get("Statement"), condition):
            if not isinstance(raw, Mapping):
                reader.problem("a statement must be a mapping", source_of(raw, place))
                continue
            for variant, side in statement_variants(raw, depends_on):
                statement = reader.statement(variant, len(statements), side)
                if statement is not None:
                    statements.append(statement)
                    _check_kind(statement, kind, reader)
    return Policy(
        name=name,
        kind=kind,
        statements=tuple(statements),
        version=version,
        arn=arn,
        logical_id=logical_id,
        problems=tuple(reader.problems),
        source=place,
    )


def _parse_json(text: str, reader: _Reader) -> object:
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        reader.problem(f"the policy is not valid JSON: {error}", reader.default)
        return {"Statement": []}


def _check_kind(statement: Statement, kind: PolicyKind, reader: _Reader) -> None:
    """Elements that this kind of policy must have or must not have."""
    names_principal = statement.principals is not None or statement.not_principals is not None
    names_resource = statement.resources is not None or statement.not_resources is not None
    match kind:
        case PolicyKind.TRUST:
            if not names_principal:
                reader.problem("a trust policy statement needs `Principal`", statement.source)
            if names_resource:
                reader.problem("a trust policy statement has no `Resource`", statement.source)
        case PolicyKind.RESOURCE:
            if not names_principal:
                reader.problem("a resource policy statement needs `Principal`", statement.source)
        case PolicyKind.RCP:
            pass
        case _:
            if names_principal:
                reader.problem(f"a statement of this policy ({kind}) has no `Principal`", statement.source)
            if not names_resource:
                reader.problem("a statement needs `Resource` or `NotResource`", statement.source)
