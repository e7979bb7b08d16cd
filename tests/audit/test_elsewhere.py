"""Every check of the catalogue has a rule, or says where else it is made."""

from __future__ import annotations

import re

import pytest

from permscope.audit.elsewhere import ELSEWHERE, find_elsewhere
from permscope.audit.rules import load_rules
from permscope.audit.run import find_rules
from permscope.graph.diff.change import ChangeKind

FAMILIES = {
    "ADM": 24, "DAT": 4, "PAS": 5, "PRV": 20, "TRU": 19, "LAM": 19, "API": 11, "RES": 22, "CON": 8, "SYN": 13,
    "HYG": 10, "WIR": 10, "GRA": 5, "DIF": 8,
}  # fmt: skip
CODES = [f"{family}{number:03}" for family, count in FAMILIES.items() for number in range(1, count + 1)]
RULES = load_rules()


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_a_rule_or_told_elsewhere(code: str) -> None:
    """`permscope explain CODE` answers for each, in any case of letters, and never both ways."""
    told = find_elsewhere(code.lower())
    if told is None:
        assert find_rules(RULES, code.lower())
    else:
        assert told[0] == code
        assert not any(code in rule.aliases for rule in RULES)


@pytest.mark.parametrize("code", sorted(ELSEWHERE))
def test_what_is_told_elsewhere_names_kinds_of_changes_that_there_are(code: str) -> None:
    """A kind that was renamed is renamed here too."""
    named = set(re.findall(r"`([a-z-]+)`", ELSEWHERE[code].says))
    assert named
    assert named <= {kind.value for kind in ChangeKind} | {"access-level-rise"}


def test_a_name_finds_its_check() -> None:
    """As a code does; a rule is not among them."""
    assert find_elsewhere("New-Grant") == ("DIF001", ELSEWHERE["DIF001"])
    assert find_elsewhere("permission-public") is None
