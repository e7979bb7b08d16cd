"""What a contract may say: what cannot be meant is an error."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.audit.config import parse_config
from permscope.audit.contracts import parse_contracts
from permscope.errors import ConfigError


def parse_text(text: str) -> Any:
    """The contracts of a `permscope.yaml`, from its second line on."""
    config = parse_config(f"contracts:\n{text}", "permscope.yaml")
    return parse_contracts(config.contracts, config.source)  # type: ignore[arg-type]


MALFORMED = {
    "no list": ("  name: n", "list"),
    "a misspelt key": ("- {name: n, olny: [x], can: s3:GetObject, on: y}", "olny"),
    "two kinds": ("- {name: n, only: [x], never: {from: public}}", "one of"),
    "no kind": ("- {name: n, can: s3:GetObject, on: y}", "one of"),
    "no name": ("- {never: {from: public}}", "name"),
    "an action that is none": ("- {name: n, only: [x], can: [s3:GetObjekt], on: y}", "s3:GetObjekt"),
    "no action": ("- {name: n, only: [x], on: y}", "can"),
    "no target": ("- {name: n, only: [x], can: s3:GetObject}", "on"),
    "no start": ("- {name: n, never: {reaches: x}}", "from"),
    "a start alone": ("- {name: n, never: {from: Fn}}", "reaches"),
    "a preset that is none": ("- {preset: no-public}", "no-public"),
    "a severity that is none": ("- {name: n, severity: bad, never: {from: public}}", "bad"),
    "a number as name": ("- {name: n, only: [5], can: s3:GetObject, on: y}", "only"),
    "can beside never": ("- {name: n, can: s3:GetObject, never: {from: public}}", "inside"),
}


@pytest.mark.parametrize(("text", "words"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_contract_is_an_error_with_its_line(text: str, words: str) -> None:
    """What cannot be meant is said, with the line."""
    with pytest.raises(ConfigError, match=words) as raised:
        parse_text(text)
    assert raised.value.source is not None
    assert raised.value.source.line == 2
