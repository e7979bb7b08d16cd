"""`permscope.yaml`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from permscope.audit.config import Config, find_config, load_config, parse_config
from permscope.errors import ConfigError

FULL = """\
trusted:
  accounts: ["012345678901", 111122223333]
  organizations: [o-abcdef1234]
  oidc_subjects: ["repo:my-org/*"]
ignore:
  - {rule: url-auth-none, resource: Landing*, reason: a public page, until: 2027-01-31}
parameters: {Stage: prod, Count: 3, Zones: [a, b]}
fail_on: medium
contracts: [{deny: {from: public}}]
"""


def test_everything_a_file_says_is_read() -> None:
    """Accounts keep their leading zero, numbers become text, contracts are handed on."""
    config = parse_config(FULL, "permscope.yaml")
    assert config.trusted.accounts == {"012345678901", "111122223333"}
    assert config.trusted.organizations == {"o-abcdef1234"}
    assert config.trusted.oidc_subjects == ("repo:my-org/*",)
    assert config.ignore[0].until == dt.date(2027, 1, 31)
    assert config.parameters == {"Stage": "prod", "Count": "3", "Zones": "a,b"}
    assert config.fail_on == "medium"
    assert config.contracts == [{"deny": {"from": "public"}}]


def test_an_empty_file_is_the_default() -> None:
    """An empty configuration changes nothing."""
    config = parse_config("# nothing\n", "permscope.yaml")
    assert (config.trusted, config.ignore, config.fail_on) == (Config().trusted, (), None)


def test_the_nearest_file_upwards_is_found(tmp_path: Path) -> None:
    """A folder uses the configuration of the folders above it."""
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "permscope.yaml").write_text("fail_on: low\n", encoding="utf-8")
    assert find_config(inner) == (tmp_path / "permscope.yaml").resolve()
    assert load_config(start=inner).fail_on == "low"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("trust: {}\n", 1, "no setting `trust`"),
        ("fail_on: severe\n", 1, "no severity `severe`"),
        ("trusted:\n  accounts: [12]\n", 2, "`12` is no account id"),
        ("trusted:\n  organizations: [abc]\n", 2, "`abc` is no organization id"),
        ("trusted:\n  acounts: []\n", 2, "no setting `acounts`"),
        ("ignore:\n  - rule: a\n", 2, "an entry of `ignore` needs `reason`"),
        ("ignore:\n  - {rule: a, reason: b, until: tomorrow}\n", 2, "`tomorrow` is no day"),
        ("parameters: [a]\n", 1, "`parameters` must map names to values"),
        ("- a\n", 1, "the configuration must be a mapping"),
        ("a: [\n", 2, "not valid YAML"),
        ("fail_on: low\nfail_on: high\n", 2, "`fail_on` is there twice"),
    ],
)
def test_a_mistake_is_an_error_with_its_line(text: str, line: int, message: str) -> None:
    """Nothing misspelt is passed over."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "permscope.yaml")
    assert message in caught.value.message
    assert caught.value.source is not None
    assert caught.value.source.line == line


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("gate:\n  forbid: [new-public-entri]\n", "no kind of change `new-public-entri`", 2),
        ("fail_on: low\ngate:\n  fail_on: hihg\n", "no severity `hihg`", 3),
        ("gate: [high]\n", "`gate` must be a mapping", 1),
        ("contracts:\n  - {name: a, never: {form: public}}\n", "no setting `form`", 2),
    ],
)
def test_a_file_is_read_with_all_its_sections(text: str, message: str, line: int, tmp_path: Path) -> None:
    """A mistake in what only the gate goes by is told by the first command that reads the file, not in CI."""
    file = tmp_path / "permscope.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as told:
        load_config(file)
    assert message in told.value.message
    assert told.value.source is not None
    assert told.value.source.line == line
