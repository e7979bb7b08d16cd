"""Which rules an audit runs, and by which names they are known."""

from __future__ import annotations

import pytest

from permscope.audit.rules import load_rules
from permscope.audit.run import choose, find_rules
from permscope.errors import NameNotFoundError

RULES = load_rules()


@pytest.mark.parametrize("name", ["permission-public", "Permission-Public", "CKV_AWS_301", "ckv_aws_301"])
def test_a_rule_is_found_by_id_and_alias_in_any_case(name: str) -> None:
    """Whoever comes from another tool knows it by that tool's name."""
    assert "permission-public" in {rule.id for rule in find_rules(RULES, name)}


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
