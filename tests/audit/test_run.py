"""Which rules an audit runs, and by which names they are known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from permscope import cache
from permscope.audit import run as auditing
from permscope.audit.rules import load_rules
from permscope.audit.run import choose, find_rules, run_audit
from permscope.collect.load import load
from permscope.errors import NameNotFoundError

RULES = load_rules()


@pytest.mark.parametrize("name", ["permission-public", "Permission-Public", "CKV_AWS_301", "ckv_aws_301"])
def test_a_rule_is_found_by_id_and_alias_in_any_case(name: str) -> None:
    """Whoever comes from another tool knows it by that tool's name."""
    assert "permission-public" in {rule.id for rule in find_rules(RULES, name)}


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("lambda-function-public-access-prohibited", "permission-public"),
        ("LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED", "permission-public"),
        ("AwsSolutions-COG7", "cognito-guest"),
        ("NIST.800.53.R5-IAMUserNoPolicies", "user-inline"),
        ("AVD-AWS-0342", "passrole-star"),
        ("1056dfbb-5802-4762-bf2b-8b9b9684b1b0", "rest-method-open"),
    ],
)
def test_a_rule_is_found_as_other_tools_spell_it(name: str, rule: str) -> None:
    """With the pack before it, with hyphens or underscores, by a UUID."""
    assert rule in {found.id for found in find_rules(RULES, name)}


def test_a_name_that_no_rule_has_is_an_error_with_the_closest() -> None:
    """Running nothing instead would pass every gate."""
    with pytest.raises(NameNotFoundError) as caught:
        choose(RULES, ["star-action", "permission-publik"])
    assert "permission-public" in (caught.value.hint or "")


def test_a_rule_that_must_be_enabled_runs_only_then() -> None:
    """Naming rules runs those alone; enabling one adds it to the others."""
    quiet = next(rule.id for rule in RULES if rule.opt_in)
    usual = {rule.id for rule in choose(RULES, ())}
    assert quiet not in usual
    assert {rule.id for rule in choose(RULES, (), [quiet])} == usual | {quiet}
    assert {rule.id for rule in choose(RULES, [quiet])} == {quiet}


ROLE = """Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: lambda.amazonaws.com}}
      Policies:
        - PolicyName: p
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: "dynamodb:*", Resource: "*"}
              - %s
"""
NO_MFA = '{Bool: {"aws:MultiFactorAuthPresent": "false"}}'
DENY = f'{{Effect: Deny, Action: "dynamodb:PutItem", Resource: "*", Condition: {NO_MFA}}}'


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A cache of the test's own; the list tells how often a graph was made."""
    monkeypatch.delenv("PERMSCOPE_NO_CACHE", raising=False)
    monkeypatch.setenv("PERMSCOPE_CACHE_DIR", str(tmp_path / "cache"))
    cache._folder.cache_clear()
    made: list[str] = []
    real = auditing.build

    def counted(*given: object) -> object:
        made.append("graph")
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(auditing, "build", counted)
    yield made
    cache._folder.cache_clear()


def found_in(path: Path, text: str) -> list[tuple[str, int | None]]:
    """Rule and line of each finding in a template."""
    path.write_text(text, encoding="utf-8")
    return [(finding.rule, finding.line) for finding in run_audit(load([str(path)])).findings]


def test_findings_move_with_their_lines(tmp_path: Path, built: list[str]) -> None:
    """Lines above a policy change where its findings are, and nothing has to be worked out for that."""
    text = ROLE % '{Effect: Allow, Action: "s3:*", Resource: "*"}'
    before = found_in(tmp_path / "t.yaml", text)
    after = found_in(tmp_path / "t.yaml", f"# one\nDescription: two\n{text}")
    assert before
    assert after == [(rule, line and line + 2) for rule, line in before]
    assert built == ["graph"]


def test_a_text_that_says_a_line_is_written_anew(tmp_path: Path, built: list[str]) -> None:
    """The line of a Deny is in the words of what it limits."""
    found_in(tmp_path / "t.yaml", ROLE % DENY)
    (tmp_path / "t.yaml").write_text(f"# one\n{ROLE % DENY}", encoding="utf-8")
    graph = run_audit(load([str(tmp_path / "t.yaml")])).graph
    assert any("t.yaml:13" in (edge.reason or "") for edge in graph.edges)
    assert built == ["graph", "graph"]


def test_two_versions_that_say_the_same_are_audited_once(tmp_path: Path, built: list[str]) -> None:
    """A pull request that touches no permission costs one audit."""
    (tmp_path / "t.yaml").write_text(ROLE % DENY, encoding="utf-8")
    with cache.sharing():
        one = run_audit(load([str(tmp_path / "t.yaml")]))
        other = run_audit(load([str(tmp_path / "t.yaml")]))
    assert one.findings == other.findings
    assert built == ["graph"]
