"""The `where:` part of a rule, checked when it is loaded and compiled into one closure.

```yaml
where:
  source.kind: public                       # a field equals a value
  conditions.strength: [none, weak]         # a list means any of these
  target.type: {like: "AWS::S3*"}           # wildcards `*` and `?`
  via: {present: true}
  actions: {covers: "lambda:InvokeFunction"}   # also: intersects, only, levels
  not: {source.trusted: true}
  any: [{target.exposed: true}, {decision: allow}]
  is: may_be_assumed_by_lambda              # a predicate by name; a list means all of them
```
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from permscope.catalog.actions import LEVELS, ActionSet, load
from permscope.catalog.wildcard import matches
from permscope.errors import RuleError
from permscope.graph.mapping_reader import no_such
from permscope.inventory.located import key_source, source_of, value_source
from permscope.inventory.source import Source
from permscope.lazy import dataclass

Test = Callable[[Any], bool]
Get = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """Something a rule can ask of a subject.

    Attributes:
        kind: `text`, `texts`, `bool`, `number` or `actions`.
        get: reads it; None means that it does not apply or is not known.
        doc: one clause for the reference.
        choices: the values a text can have, where they are a closed set.
    """

    kind: str
    get: Callable[[Any], Any]
    doc: str = ""
    choices: tuple[str, ...] = ()


Fields = Mapping[str, Field]


def compile_where(where: object, fields: Fields, predicates: Mapping[str, Test], place: Source) -> Test:
    """One closure for a `where` mapping.

    Raises:
        RuleError: for a field, predicate, action or value that does not exist.
    """
    if not isinstance(where, Mapping):
        raise RuleError("`where` must be a mapping", source=source_of(where, place))
    if not where:
        raise RuleError("a condition is empty", source=source_of(where, place), hint="leave it out")
    tests: list[Test] = []
    for key, value in where.items():
        at = value_source(where, key, place)
        match key:
            case "not":
                tests.append(_negate(compile_where(value, fields, predicates, at)))
            case "any" | "all":
                if not isinstance(value, list) or not value:
                    raise RuleError(f"`{key}` must be a list of mappings", source=at)
                parts = [compile_where(item, fields, predicates, at) for item in value]
                tests.append(_any_of(parts) if key == "any" else _all_of(parts))
            case "is":
                for name in value if isinstance(value, list) else [value]:
                    if name not in predicates:
                        raise no_such("predicate", name, predicates, source_of(name, at))
                    tests.append(predicates[name])
            case _:
                if key not in fields:
                    raise no_such("field", key, fields, key_source(where, key, place))
                tests.append(_compile_field(fields[key], value, at))
    return tests[0] if len(tests) == 1 else _all_of(tests)


def needs_of(where: object, fields: Fields) -> dict[str, frozenset[str]]:
    """The fields with few values that a checked `where` asks for one of some values, whatever else it asks for."""
    if not isinstance(where, Mapping):
        return {}
    return {
        key: frozenset(value if isinstance(value, list) else [value])
        for key, value in where.items()
        if key in fields and fields[key].kind == "text" and fields[key].choices and not isinstance(value, Mapping)
    }


def _negate(test: Test) -> Test:
    return lambda subject: not test(subject)


def _any_of(tests: list[Test]) -> Test:
    return lambda subject: any(test(subject) for test in tests)


def _all_of(tests: list[Test]) -> Test:
    """All of at least one."""
    first, *rest = tests
    if not rest:
        return first
    others = rest[0] if len(rest) == 1 else _all_of(rest)  # nested closures: a subject fails the first test mostly
    return lambda subject: first(subject) and others(subject)


def _compile_field(field: Field, value: Any, at: Source) -> Test:
    if value in ({}, []):
        raise RuleError("nothing is asked of the field", source=at, hint="name a value")
    match field.kind:
        case "bool":
            return _bool_test(field, value, at)
        case "number":
            return _number_test(field, value, at)
        case "actions":
            return _actions_test(field, value, at)
        case _:
            return _text_test(field, value, at)


def _bool_test(field: Field, value: Any, at: Source) -> Test:
    wanted = value if isinstance(value, list) else [value]
    values = {None if item == "unknown" else item for item in wanted}
    if not values <= {True, False, None}:
        raise RuleError("expected `true`, `false` or `unknown`", source=at)
    get = field.get
    return lambda subject: get(subject) in values


def _number_test(field: Field, value: Any, at: Source) -> Test:
    get = field.get
    if isinstance(value, int):
        return lambda subject: get(subject) == value
    if not isinstance(value, Mapping) or not set(value) <= {"at_least", "at_most"}:
        raise RuleError("expected a number, or `at_least` and `at_most`", source=at)
    low, high = value.get("at_least"), value.get("at_most")
    if not all(item is None or isinstance(item, int) for item in (low, high)):
        raise RuleError("`at_least` and `at_most` must be whole numbers", source=at)

    def test(subject: Any) -> bool:
        number = get(subject)  # None, which is not known, is neither at least nor at most anything
        return number is not None and (low is None or number >= low) and (high is None or number <= high)

    return test


def _text_test(field: Field, value: Any, at: Source) -> Test:
    get = field.get
    several = field.kind == "texts"
    if isinstance(value, Mapping):
        return _text_options(field, value, at)
    wanted = _texts(value, at)
    _check_choices(field, wanted, at)
    if several:
        return lambda subject: not wanted.isdisjoint(get(subject) or ())
    if len(wanted) == 1:
        (only,) = wanted
        return lambda subject: bool(get(subject) == only)
    return lambda subject: get(subject) in wanted


def _text_options(field: Field, value: Mapping[str, Any], at: Source) -> Test:
    get, several = field.get, field.kind == "texts"
    tests: list[Test] = []
    for option, wanted in value.items():
        match option:
            case "like":
                tests.append(_like(get, tuple(_texts(wanted, at)), several=several))
            case "only" if several:
                allowed = _texts(wanted, at)
                _check_choices(field, allowed, at)
                tests.append(_only(get, allowed))
            case "present":
                if not isinstance(wanted, bool):
                    raise RuleError("`present` must be `true` or `false`", source=at)
                tests.append(_present(get, wanted=wanted))
            case _:
                known = ("like", "only", "present") if several else ("like", "present")
                raise no_such("option", option, known, key_source(value, option, at))
    return _all_of(tests)


def _like(get: Get, patterns: tuple[str, ...], *, several: bool) -> Test:
    return lambda subject: any(
        matches(pattern, text) for text in _values(get(subject), several) for pattern in patterns
    )


def _only(get: Get, allowed: set[str]) -> Test:
    return lambda subject: set(get(subject) or ()) <= allowed


def _present(get: Get, *, wanted: bool) -> Test:
    return lambda subject: bool(get(subject)) is wanted


def _values(value: Any, several: bool) -> Collection[str]:
    if value is None:
        return ()
    return value if several else (value,)


def _texts(value: Any, at: Source) -> set[str]:
    items = value if isinstance(value, list) else [value]
    for item in items:
        if not isinstance(item, str):
            raise RuleError("expected text", source=source_of(item, at))
    return {str(item) for item in items}


def _check_choices(field: Field, wanted: Iterable[str], at: Source) -> None:
    for item in wanted:
        if field.choices and item not in field.choices:
            raise no_such("value", item, field.choices, at)


def action_set(value: Any, at: Source) -> ActionSet:
    """The actions of a rule; every pattern must match something.

    Raises:
        RuleError: for a pattern that matches no action.
    """
    catalog = load()
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, str) or not catalog.expand(item):
            near = catalog.closest(item) if isinstance(item, str) else None
            hint = f"did you mean `{near}`?" if near else None
            raise RuleError(f"no action `{item}`", source=source_of(item, at), hint=hint)
    return catalog.action_set([str(item) for item in (value if isinstance(value, list) else [value])])


def _actions_test(field: Field, value: Any, at: Source) -> Test:
    get = field.get
    options = value if isinstance(value, Mapping) else {"intersects": value}
    tests: list[Test] = []
    for option, wanted in options.items():
        if option == "levels":
            levels = _texts(wanted, at)
            for level in levels:
                if level not in LEVELS:
                    raise no_such("access level", level, LEVELS, at)
            tests.append(_has_level(get, levels))
            continue
        if option not in ("covers", "intersects", "only"):
            place = key_source(options, option, at)
            raise no_such("option", option, ("covers", "intersects", "only", "levels"), place)
        actions = action_set(wanted, at)
        tests.append(_compares(get, option, actions))
    return _all_of(tests)


def _has_level(get: Get, levels: set[str]) -> Test:
    return lambda subject: not levels.isdisjoint(get(subject).levels())


def _compares(get: Get, option: str, actions: ActionSet) -> Test:
    match option:
        case "covers":
            return lambda subject: actions <= get(subject)
        case "only":
            return lambda subject: bool(get(subject)) and get(subject) <= actions
        case _:
            return lambda subject: not actions.isdisjoint(get(subject))
