"""Loading rules: what is misspelt is an error with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from permscope.audit.rules import builtin_folder, load_rule, load_rules, parse_rule
from permscope.errors import RuleError

GOOD = """\
id: my-rule
title: A rule
severity: high
for_each: can_invoke
where:
  source.kind: public
  actions: {covers: "lambda:InvokeFunction"}
  conditions.strength: [none, weak]
message: "anyone can invoke `{target.label}`"
why: It is open.
fix: Close it.
references: [https://docs.aws.amazon.com/]
"""


def test_a_rule_is_compiled() -> None:
    """What is written well is a rule."""
    rule = parse_rule(GOOD, "my-rule.yaml", family="mine")
    assert (rule.id, rule.family, rule.severity, rule.for_each) == ("my-rule", "mine", "high", "can_invoke")


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("severity: high", "severity: severe", 3, "no severity `severe`"),
        ("for_each: can_invoke", "for_each: can_invok", 4, "no for_each `can_invok`"),
        ("source.kind: public", "source.kid: public", 6, "no field `source.kid`"),
        ("source.kind: public", "source.kind: publik", 6, "no value `publik`"),
        ("lambda:InvokeFunction", "lambda:InvokeFunctions", 7, "no action `lambda:InvokeFunctions`"),
        ("covers:", "cover:", 7, "no option `cover`"),
        ("[none, weak]", "[none, week]", 8, "no value `week`"),
        ("{target.label}", "{target.lable}", 9, "no placeholder `target.lable`"),
        ("why:", "wy:", 10, "no rule element `wy`"),
        ("fix: Close it.", "fix: ''", 1, "a rule needs `fix`"),
        ("where:\n", "find: nothing\nwhere:\n", 5, "no finder `nothing`"),
        ("where:\n", "find: problems\nwhere:\n", 5, "finder `problems` cannot look at `can_invoke`"),
        ("  source.kind: public", "  is: nonsense", 6, "no predicate `nonsense`"),
        ("  source.kind: public", "  target.exposed: maybe", 6, "expected `true`, `false` or `unknown`"),
        ("  source.kind: public", "  any: {source.kind: public}", 6, "`any` must be a list of mappings"),
        ("id: my-rule", "id: My Rule", 1, "`My Rule` is no rule id"),
        ("title: A rule\n", "title: A rule\ntitle: Again\n", 3, "`title` is there twice"),
        ("title: A rule\n", "title: [A rule\n", 3, "not valid YAML"),
    ],
)
def test_a_mistake_in_a_rule_is_an_error_with_its_line(old: str, new: str, line: int, message: str) -> None:
    """A misspelt name never makes a rule that matches nothing."""
    assert old in GOOD
    with pytest.raises(RuleError) as caught:
        parse_rule(GOOD.replace(old, new, 1), "my-rule.yaml")
    assert message in caught.value.message
    assert caught.value.source is not None
    assert (caught.value.source.file, caught.value.source.line) == ("my-rule.yaml", line)


def test_a_close_name_is_suggested() -> None:
    """The error says what was probably meant."""
    with pytest.raises(RuleError) as caught:
        parse_rule(GOOD.replace("source.kind", "source.knd"), "my-rule.yaml")
    assert caught.value.hint == "did you mean `source.kind`?"


def test_yaml_aliases_are_refused() -> None:
    """A rule file cannot blow up through aliases."""
    with pytest.raises(RuleError, match="aliases"):
        parse_rule("id: &a b\ntitle: *a\n", "a.yaml")


def test_a_rule_stands_in_a_file_of_its_name(tmp_path: Path) -> None:
    """One rule per file, named after it."""
    path = tmp_path / "other.yaml"
    path.write_text(GOOD, encoding="utf-8")
    with pytest.raises(RuleError, match="my-rule"):
        load_rule(path)


def test_an_own_folder_adds_and_replaces_rules(tmp_path: Path) -> None:
    """A rule of the user's folder stands beside the built-in ones; one of the same id takes its place."""
    (tmp_path / "my-rule.yaml").write_text(GOOD, encoding="utf-8")
    replaced = GOOD.replace("my-rule", "admin-star")
    (tmp_path / "admin-star.yaml").write_text(replaced, encoding="utf-8")
    rules = {rule.id: rule for rule in load_rules([tmp_path])}
    assert rules["my-rule"].title == "A rule"
    assert rules["admin-star"].title == "A rule"
    assert len(rules) == len(load_rules()) + 1


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A misspelt folder is not an empty one."""
    with pytest.raises(RuleError, match="no rule folder"):
        load_rules([tmp_path / "gone"])


def test_the_checkout_has_the_rules() -> None:
    """Without an installed copy the loader finds the top-level folder."""
    assert (builtin_folder() / "lambda" / "permission-public.yaml").is_file()


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.id)
def test_every_rule_says_what_it_must(rule: object) -> None:
    """Each rule file is short, and has tags, aliases and a reference to AWS's documentation."""
    assert rule.aliases  # type: ignore[attr-defined]
    assert rule.tags  # type: ignore[attr-defined]
    assert all(link.startswith("https://docs.aws.amazon.com/") for link in rule.references)  # type: ignore[attr-defined]
    path = Path(rule.source.file)  # type: ignore[attr-defined]
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 60
