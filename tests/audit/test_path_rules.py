"""Every escalation path is reported by a rule that its names lead to."""

from __future__ import annotations

import pytest

from permscope.audit.path_rules import find_path, rules_of_path
from permscope.audit.rules import load_rules
from permscope.graph.takeover.escalation import load_paths


def test_every_path_leads_to_a_rule() -> None:
    """By each of its names, in any case."""
    rules = load_rules()
    for path in load_paths():
        assert rules_of_path(rules, path), path.id
        for name in (path.id, *path.aliases):
            found = find_path(name.upper())
            assert found is not None
            assert rules_of_path(rules, found)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("bedrock-007", "existing-compute-takeover"),
        ("ecs-008", "new-compute-passrole"),
        ("stepfunctions-004", "workflow-passrole"),
        ("policy-sqs-001", "resource-policy-self-grant"),
        ("lambda-code-001", "artifact-overwrite"),
        ("lambda-image-001", "image-push"),
        ("iam-024", "self-escalation"),
        ("iam-025", "boundary-removal"),
    ],
)
def test_the_rule_is_the_one_that_speaks_of_its_actions(name: str, rule: str) -> None:
    """By category and actions, where no rule names the path."""
    path = find_path(name)
    assert path is not None
    assert [found.id for found in rules_of_path(load_rules(), path)] == [rule]


def test_no_other_name_is_a_path() -> None:
    """A rule is no path."""
    assert find_path("permission-public") is None
