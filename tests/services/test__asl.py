"""The reader of the Amazon States Language."""

from __future__ import annotations

from permscope.inventory.source import Source
from permscope.services._asl import read_definition

PLACE = Source("template.yaml", 10, 3)


def test_states_inside_branches_and_maps_are_found_in_order() -> None:
    """Nested machines are read where they stand."""
    inner = {"StartAt": "B", "States": {"B": {"Type": "Task", "Resource": "x"}}}
    machine = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Parallel", "Branches": [inner, {"StartAt": "C", "States": {"C": {"Type": "Pass"}}}]},
            "D": {"Type": "Map", "ItemProcessor": {"StartAt": "E", "States": {"E": {"Type": "Succeed"}}}},
        },
    }
    assert [state.name for state in read_definition(machine).states] == ["A", "B", "C", "D", "E"]


def test_the_query_language_is_inherited_until_a_state_says_otherwise() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html ."""
    machine = {
        "QueryLanguage": "JSONata",
        "States": {"A": {"Type": "Pass"}, "B": {"Type": "Pass", "QueryLanguage": "JSONPath"}},
    }
    assert [(state.name, state.jsonata) for state in read_definition(machine).states] == [("A", True), ("B", False)]


def test_text_on_one_line_points_at_that_line() -> None:
    """Joined JSON has no lines of its own."""
    (state,) = read_definition('{"States": {"A": {"Type": "Pass"}}}', PLACE).states
    assert state.source == PLACE


def test_escaped_text_of_a_json_template_points_at_its_own_line() -> None:
    """Its line breaks are escapes, not lines of the file."""
    place = Source("stack.json", 10, 3)
    (state,) = read_definition('{\n"States": {\n"A": {"Type": "Pass"}}}', place).states
    assert state.source.line == 10


def test_values_outside_of_strings_may_be_left_to_the_deployment() -> None:
    """`"TimeoutSeconds": ${Timeout}` is JSON only once it is deployed."""
    text = '{"States": {"A": {"Type": "Task", "TimeoutSeconds": ${Param::Timeout}, "Resource": "${Fn}"}}}'
    read = read_definition(text, PLACE)
    assert [state.raw["Resource"] for state in read.states] == ["${Fn}"]
    assert read.problems == ()


def test_broken_json_is_a_problem_at_its_line() -> None:
    """The line of the block scalar and the line of the error add up."""
    (problem,) = read_definition('{\n"States": {\n"A": oops}}', PLACE).problems
    assert problem.source.line == 13
