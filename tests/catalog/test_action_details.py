"""Resource types, condition keys and dependent actions of single actions."""

from __future__ import annotations

import pytest

from permscope.catalog.action_details import resource_types
from permscope.catalog.actions import load

CATALOG = load()


def test_a_query_needs_a_table_and_may_name_an_index() -> None:
    """The required mark of each resource type is kept."""
    details = CATALOG.details("dynamodb:query")
    assert details.name == "dynamodb:Query"
    assert details.access_level == "Read"
    assert {each.name: each.required for each in details.resource_types} == {"table": True, "index": False}


def test_creating_a_function_needs_pass_role() -> None:
    """Dependent actions come from the last releases that list them."""
    assert "iam:PassRole" in CATALOG.details("lambda:CreateFunction").dependent_actions
    assert CATALOG.details("s3:ListAllMyBuckets").dependent_actions == ()


def test_arn_formats_are_aws_own() -> None:
    """One format per entry, placeholders as documented."""
    formats = {each.name: each.arn_formats for each in CATALOG.details("s3:GetObject").resource_types}
    assert formats["object"] == ("arn:${Partition}:s3:::${BucketName}/${ObjectName}",)


def test_condition_keys_of_an_action_and_of_its_resources_are_apart() -> None:
    """`lambda:Layer` belongs to the call, a tag to the function."""
    details = CATALOG.details("lambda:CreateFunction")
    assert "lambda:Layer" in details.condition_keys
    assert details.resource_types[0].condition_keys == ("aws:ResourceTag/${TagKey}",)


def test_descriptions_belong_to_their_action() -> None:
    """Names and texts lie in different blocks and must stay in step."""
    assert CATALOG.details("s3:GetObject").description == "Grants permission to retrieve objects from Amazon S3"
    last = CATALOG.actions_of("sqs")[-1]
    assert CATALOG.details(last).name == last


def test_resource_types_of_a_service_are_sorted() -> None:
    """In any case of the prefix, and none for an unknown one."""
    names = [each.name for each in CATALOG.resource_types("SQS")]
    assert names == ["queue"]
    lambda_types = [each.name for each in CATALOG.resource_types("lambda")]
    assert lambda_types == sorted(lambda_types)
    assert CATALOG.resource_types("nosuch") == ()
    assert resource_types("iot1click") == ()


@pytest.mark.parametrize("service", CATALOG.services[::9])
def test_every_block_can_be_read(service: str) -> None:
    """Types an action names exist, and required ones are marked by truth values."""
    known = {each.name for each in CATALOG.resource_types(service)}
    for action in CATALOG.actions_of(service):
        details = CATALOG.details(action)
        assert {each.name for each in details.resource_types} <= known
        assert all(isinstance(each.required, bool) for each in details.resource_types)
        assert details.description


def test_no_arn_format_holds_two() -> None:
    """The source joins some with a comma."""
    formats = [
        each for service in CATALOG.services for type_ in CATALOG.resource_types(service) for each in type_.arn_formats
    ]
    assert len(formats) > 2_300
    assert [each for each in formats if "," in each or not each.startswith("arn:")] == []
