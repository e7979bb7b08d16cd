"""Template parameters.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

from typing import Any

import pytest

from permscope.collect.templates.document import parse_document
from permscope.collect.templates.parameters import Parameter, bind_parameters


def _bound(definition: str, given: dict[str, Any] | None = None, label: str = "") -> Parameter:
    section = parse_document(f"P: {definition}", "t.yaml").value
    return bind_parameters(section, given or {}, label)["P"]


@pytest.mark.parametrize(
    ("definition", "given", "value"),
    [
        ("{Type: String, Default: x}", {}, "x"),
        ("{Type: String, Default: x}", {"P": "y"}, "y"),
        ("{Type: String, Default: ''}", {}, ""),
        ("{Type: Number, Default: 5}", {}, "5"),
        ("{Type: String, Default: true}", {}, "true"),
        ("{Type: String, Default: 012345670123}", {}, "012345670123"),
        ("{Type: CommaDelimitedList, Default: 'a, b,c'}", {}, ["a", "b", "c"]),
        ("{Type: CommaDelimitedList, Default: ''}", {}, []),
        ("{Type: 'List<Number>'}", {"P": "1,2"}, ["1", "2"]),
        ("{Type: CommaDelimitedList}", {"P": ["a", "b"]}, ["a", "b"]),
        ("{Type: 'AWS::EC2::VPC::Id', Default: vpc-1}", {}, "vpc-1"),
        ("{}", {"P": "x"}, "x"),
    ],
)
def test_a_parameter_has_the_value_given_or_its_default(definition: str, given: dict[str, Any], value: Any) -> None:
    """Numbers and booleans are text, lists are split at commas."""
    found = _bound(definition, given)
    assert (found.value, found.unknown) == (value, None)


@pytest.mark.parametrize(
    ("definition", "why"),
    [
        ("{Type: String}", "no default"),
        ("{Type: String, Default: {a: 1}}", "not text"),
        ("{Type: 'AWS::SSM::Parameter::Value<String>', Default: /name}", "Parameter Store"),
        ("{Type: String, NoEcho: true, Default: x}", "`NoEcho`"),
        ("{Type: String, NoEcho: 'true', Default: x}", "`NoEcho`"),
        ("text", "no default"),
    ],
)
def test_a_value_nobody_gave_is_a_token_with_a_reason(definition: str, why: str) -> None:
    """The token names the parameter, and the stack where there are several."""
    found = _bound(definition)
    assert found.value == "${Param::P}"
    assert why in str(found.unknown)
    assert _bound(definition, label="shop").value == "${Param::shop/P}"
    assert str(found.source) == "t.yaml:1:1"


def test_a_list_nobody_gave_is_a_list_of_one_token() -> None:
    """Whatever reads a list gets one."""
    assert _bound("{Type: CommaDelimitedList}").value == ["${Param::P}"]
    assert _bound("{Type: 'AWS::SSM::Parameter::Value<List<String>>'}").value == ["${Param::P}"]


def test_the_value_of_a_secret_is_kept_for_conditions_only() -> None:
    """Its text is in `decided`, and in nothing that is shown."""
    found = _bound("{Type: String, NoEcho: true}", {"P": "hunter2"})
    assert found.decided == "hunter2"
    assert "hunter2" not in f"{found.value}{found.unknown}"


def test_a_section_that_is_no_mapping_has_no_parameters() -> None:
    """Broken sections do not raise."""
    assert bind_parameters(["x"], {}) == {}


def test_a_default_that_only_holds_the_place_of_an_arn_is_not_known() -> None:
    """Amplify gives the parameter `storageArn` the default `storageArn`, and a value when it deploys."""
    section = {"storageArn": {"Type": "String", "Default": "storageArn"}}
    found = bind_parameters(section, {})["storageArn"]
    assert found.value == "${Param::storageArn}"
    assert found.decided == "storageArn"  # what the conditions of the template compare with
    assert "is no ARN" in str(found.unknown)
    assert bind_parameters(section, {"storageArn": "storageArn"})["storageArn"].unknown is None


@pytest.mark.parametrize("default", ["arn:aws:sqs:eu-west-1:111111111111:q", "*", "", "NONE", "not an arn"])
def test_any_other_default_of_an_arn_is_what_it_is(default: str) -> None:
    """An ARN, nothing at all, or a word for nothing is meant as it stands."""
    section = {"QueueArn": {"Type": "String", "Default": default}}
    found = bind_parameters(section, {})["QueueArn"]
    assert (found.value, found.unknown) == (default, None)


def test_the_default_of_a_secret_is_not_told() -> None:
    """Not even as the reason why it is no ARN."""
    found = bind_parameters({"KeyArn": {"Type": "String", "NoEcho": "true", "Default": "hunter"}}, {})["KeyArn"]
    assert "hunter" not in str(found.unknown)
