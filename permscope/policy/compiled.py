"""Statements ready to be matched.

Two doors, one room: a `Statement` of the inventory, and a raw JSON document (`simulate`, where every case brings its
own policies), both become `CompiledStatement`s, and only these are ever evaluated.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from permscope.errors import PolicyError
from permscope.inventory.policies import PRINCIPAL_KINDS, ConditionEntry, Policy, PolicyKind, Principal, Statement
from permscope.policy.conditions import Condition, compile_condition
from permscope.policy.patterns import ActionPatterns, ResourcePatterns, action_patterns, resource_patterns

if TYPE_CHECKING:
    from permscope.policy.effective import Grant
    from permscope.policy.rules import Rule

_VARIABLES_SINCE = "2012-10-17"
_VERSIONS = ("2008-10-17", _VARIABLES_SINCE, None)
_CACHE_LIMIT = 200_000
_RESOURCE_KINDS = frozenset([PolicyKind.TRUST, PolicyKind.RESOURCE, PolicyKind.RCP])
_NEEDS_PRINCIPAL = frozenset([PolicyKind.TRUST, PolicyKind.RESOURCE])


class CompiledStatement:
    """One statement: what `Statement` says, with its patterns and conditions compiled.

    Attributes:
        policy: name of the policy it stands in.
        statement: the fact it was made of; None for a raw document.
        variables: whether policy variables work in it: those of documents of version `2012-10-17`.
        rule, grants: what `permscope.policy.effective` makes of it where that is the same for every principal; a
            managed policy is attached to many.
    """

    __slots__ = (
        "actions",
        "allow",
        "conditions",
        "grants",
        "index",
        "not_action",
        "not_principals",
        "not_resource",
        "only_if",
        "policy",
        "principals",
        "resources",
        "rule",
        "sid",
        "statement",
        "variables",
    )

    allow: bool
    actions: ActionPatterns
    not_action: bool
    resources: ResourcePatterns | None
    not_resource: bool
    principals: tuple[Principal, ...] | None
    not_principals: tuple[Principal, ...] | None
    conditions: tuple[Condition, ...]
    only_if: str | None
    sid: str | None
    index: int
    policy: str
    statement: Statement | None
    variables: bool
    rule: Rule | None
    grants: tuple[Grant, ...] | None

    def __init__(self) -> None:
        self.rule = None
        self.grants = None

    def matches_action(self, action: str) -> bool:
        """Whether it is about a lower-case action."""
        return self.actions.matches(action) is not self.not_action


class CompiledPolicy:
    """A policy document, compiled; statements by action are found once and remembered.

    Attributes:
        name: policy name.
        statements: in file order.
    """

    __slots__ = ("_by_action", "name", "policy", "statements")

    def __init__(self, name: str, statements: Sequence[CompiledStatement], policy: Policy | None = None) -> None:
        self.name = name
        self.statements = tuple(statements)
        self.policy = policy
        self._by_action: dict[str, tuple[CompiledStatement, ...]] = {}

    def about(self, action: str) -> tuple[CompiledStatement, ...]:
        """The statements that are about a lower-case action."""
        found = self._by_action.get(action)
        if found is None:
            if len(self._by_action) > 4096:  # noqa: PLR2004 (actions come from untrusted requests)
                self._by_action.clear()
            found = tuple(each for each in self.statements if each.matches_action(action))
            self._by_action[action] = found
        return found


_compiled: dict[int, CompiledPolicy] = {}


def compile_policy(policy: Policy | CompiledPolicy) -> CompiledPolicy:
    """A policy compiled; the same object gives the same result."""
    if isinstance(policy, CompiledPolicy):
        return policy
    known = _compiled.get(id(policy))
    if known is not None and known.policy is policy:
        return known
    variables = policy.version == _VARIABLES_SINCE
    statements = [_from_statement(each, policy.name, variables=variables) for each in policy.statements]
    if len(_compiled) >= _CACHE_LIMIT:
        _compiled.clear()
    made = _compiled[id(policy)] = CompiledPolicy(policy.name, statements, policy)
    return made


def compile_policies(policies: Iterable[Policy | CompiledPolicy]) -> tuple[CompiledPolicy, ...]:
    """Each policy compiled."""
    return tuple([compile_policy(policy) for policy in policies])


def _from_statement(statement: Statement, policy: str, *, variables: bool) -> CompiledStatement:
    made = CompiledStatement()
    made.allow = statement.effect == "Allow"
    made.not_action = statement.actions is None
    made.actions = action_patterns(tuple(map(str, statement.actions or statement.not_actions or ())))
    made.not_resource = statement.resources is None and statement.not_resources is not None
    resources = statement.resources if statement.resources is not None else statement.not_resources
    made.resources = None if resources is None else resource_patterns(tuple(map(str, resources)), variables=variables)
    made.principals = statement.principals
    made.not_principals = statement.not_principals
    made.conditions = tuple(compile_condition(entry, variables=variables) for entry in statement.conditions)
    made.only_if = statement.only_if
    made.sid = statement.sid
    made.index = statement.index
    made.policy = policy
    made.statement = statement
    made.variables = variables
    return made


def compile_document(document: object, *, name: str, kind: PolicyKind) -> CompiledPolicy:
    """A raw JSON document compiled.

    Raises:
        PolicyError: AWS would refuse the document.
    """
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except (ValueError, RecursionError) as error:
            raise PolicyError(f"`{name}` is not valid JSON") from error
    if not isinstance(document, Mapping):
        raise PolicyError(f"`{name}` must be a policy document", hint="an object with `Version` and `Statement`")
    raw = document.get("Statement")
    if raw is None:
        raise PolicyError(f"`{name}` has no `Statement`")
    version = document.get("Version")
    if version not in _VERSIONS:
        raise PolicyError(f"`Version` of `{name}` must be `2012-10-17` or `2008-10-17`")
    variables = version == _VARIABLES_SINCE
    listed = raw if isinstance(raw, list) else [raw]
    return CompiledPolicy(
        name, [_from_raw(each, name, at, kind, variables=variables) for at, each in enumerate(listed)]
    )


def _from_raw(raw: object, policy: str, index: int, kind: PolicyKind, *, variables: bool) -> CompiledStatement:
    where = f"statement {index} of `{policy}`"
    if not isinstance(raw, Mapping):
        raise PolicyError(f"{where} must be an object")
    effect = raw.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise PolicyError(f"{where} needs `Effect`", hint="`Allow` or `Deny`")
    made = CompiledStatement()
    made.allow = effect == "Allow"
    made.not_action = "NotAction" in raw
    made.actions = action_patterns(_one_of(raw, "Action", "NotAction", where) or _missing(where, "Action"))
    made.not_resource = "NotResource" in raw
    resources = _one_of(raw, "Resource", "NotResource", where)
    if resources is None and kind not in _RESOURCE_KINDS:
        _missing(where, "Resource")
    made.resources = None if resources is None else resource_patterns(resources, variables=variables)
    made.principals = _principals(raw.get("Principal"), where)
    made.not_principals = _principals(raw.get("NotPrincipal"), where)
    _check_principals(made, where, kind)
    made.conditions = _conditions(raw.get("Condition"), where, variables=variables)
    made.only_if = None
    sid = raw.get("Sid")
    made.sid = sid if isinstance(sid, str) else None
    made.index = index
    made.policy = policy
    made.statement = None
    made.variables = variables
    return made


def _check_principals(made: CompiledStatement, where: str, kind: PolicyKind) -> None:
    """Resource-based policies name principals, the others must not.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html#policies-grammar-notes
    """
    if made.principals is not None and made.not_principals is not None:
        raise PolicyError(f"{where} has `Principal` and `NotPrincipal`")
    named = made.principals is not None or made.not_principals is not None
    if named and kind not in _RESOURCE_KINDS:
        raise PolicyError(f"{where} must not have `Principal`", hint="only policies of resources name principals")
    if not named and kind in _NEEDS_PRINCIPAL:
        raise PolicyError(f"{where} needs `Principal` or `NotPrincipal`")


def _missing(where: str, element: str) -> tuple[str, ...]:
    raise PolicyError(f"{where} needs `{element}` or `Not{element}`")


def _one_of(raw: Mapping[str, Any], key: str, not_key: str, where: str) -> tuple[str, ...] | None:
    if key in raw:
        if not_key in raw:
            raise PolicyError(f"{where} has `{key}` and `{not_key}`")
        return _texts(raw[key], where, key)
    return _texts(raw[not_key], where, not_key) if not_key in raw else None


def _texts(value: object, where: str, key: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        if not value:
            raise PolicyError(f"`{key}` of {where} is empty")
        return tuple(value)
    raise PolicyError(f"`{key}` of {where} must be text or a list of text")


def _principals(value: object, where: str) -> tuple[Principal, ...] | None:
    if value is None:
        return None
    if value == "*":
        return (Principal("*", "*"),)
    if not isinstance(value, Mapping):
        raise PolicyError(f"`Principal` of {where} must be `*` or an object")
    found = []
    for kind, members in value.items():
        if kind not in PRINCIPAL_KINDS:
            raise PolicyError(f"`{kind}` in {where} is not a kind of principal")
        found += [Principal(kind, member) for member in _texts(members, where, "Principal")]
    return tuple(found)


def _conditions(block: object, where: str, *, variables: bool) -> tuple[Condition, ...]:
    if not block:
        return ()
    if not isinstance(block, Mapping):
        raise PolicyError(f"`Condition` of {where} must be an object")
    found = []
    for operator, keys in block.items():
        if not isinstance(keys, Mapping):
            raise PolicyError(f"`{operator}` of {where} must be an object")
        for key, values in keys.items():
            texts = tuple(_scalar(value, where) for value in (values if isinstance(values, list) else [values]))
            condition = compile_condition(ConditionEntry(operator, key, texts), variables=variables)
            if condition.operator is None and not condition.is_null:
                raise PolicyError(f"`{operator}` of {where} is no condition operator")
            found.append(condition)
    return tuple(found)


def _scalar(value: object, where: str) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            raise PolicyError(f"a condition value of {where} must be text, a number or a boolean")
