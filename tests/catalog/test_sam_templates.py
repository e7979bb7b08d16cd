"""The policy templates of AWS SAM."""

from __future__ import annotations

import re

import pytest

from permscope.catalog import sam_templates
from permscope.errors import PolicyError

STAR = {
    "AMIDescribePolicy",
    "AWSSecretsManagerRotationPolicy",
    "AthenaQueryPolicy",
    "CloudWatchDashboardPolicy",
    "CloudWatchDescribeAlarmHistoryPolicy",
    "CloudWatchPutMetricPolicy",
    "CodePipelineLambdaExecutionPolicy",
    "ComprehendBasicAccessPolicy",
    "CostExplorerReadOnlyPolicy",
    "EC2DescribePolicy",
    "EKSDescribePolicy",
    "MobileAnalyticsWriteOnlyAccessPolicy",
    "OrganizationsListAccountsPolicy",
    "RekognitionDetectOnlyPolicy",
    "RekognitionFacesPolicy",
    "RekognitionLabelsPolicy",
    "SESBulkTemplatedCrudPolicy_v2",
    "SESEmailTemplateCrudPolicy",
    "SSMParameterReadPolicy",
    "SSMParameterWithSlashPrefixReadPolicy",
    "TextractDetectAnalyzePolicy",
    "TextractGetResultPolicy",
    "TextractPolicy",
    "VPCAccessPolicy",
}


def test_all_templates_are_there() -> None:
    """81 of them, sorted, each with statements and a description."""
    names = sam_templates.names()
    assert len(names) == 81
    assert list(names) == sorted(names)
    for name in names:
        found = sam_templates.template(name)
        assert found is not None
        assert found.name == name
        assert found.description
        assert all(statement["Effect"] == "Allow" for statement in found.statements)


def test_parameters_are_put_in() -> None:
    """An intrinsic function as a value stays one."""
    value = {"Fn::ImportValue": "queue"}
    (statement,) = sam_templates.expand("SQSSendMessagePolicy", {"QueueName": value})
    assert statement["Action"] == ["sqs:SendMessage*"]
    assert statement["Resource"]["Fn::Sub"][1] == {"queueName": value}


def test_the_template_itself_is_not_changed() -> None:
    """Two functions with the same template get their own statements."""
    first = sam_templates.expand("S3ReadPolicy", {"BucketName": "one"})
    second = sam_templates.expand("S3ReadPolicy", {"BucketName": "two"})
    assert first != second
    assert sam_templates.expand("S3ReadPolicy", {"BucketName": "one"}) == first


def test_a_value_that_refers_to_a_parameter_of_that_name_is_kept() -> None:
    """`TableName: !Ref TableName` means the SAM template's own parameter."""
    statements = sam_templates.expand("DynamoDBReadPolicy", {"TableName": {"Ref": "TableName"}})
    assert statements[0]["Resource"][0]["Fn::Sub"][1] == {"tableName": {"Ref": "TableName"}}


@pytest.mark.parametrize("name", sam_templates.names())
def test_every_template_expands(name: str) -> None:
    """No parameter is left over."""
    found = sam_templates.template(name)
    assert found is not None
    text = str(sam_templates.expand(name, dict.fromkeys(found.parameters, "value")))
    assert not re.search(r"'Ref': '(?!AWS::)", text)


def test_templates_that_grant_on_everything_are_marked() -> None:
    """The ones AWS's own documentation lists with a star."""
    assert {name for name in sam_templates.names() if sam_templates.has_star_resource(name)} == STAR
    assert not sam_templates.has_star_resource("NoSuchPolicy")


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("NoSuchPolicy", {}, "SAM has no policy template `NoSuchPolicy`"),
        ("S3ReadPolicy", {}, "policy template `S3ReadPolicy` needs `BucketName`"),
        ("S3ReadPolicy", {"BucketName": "b", "Key": "k"}, "policy template `S3ReadPolicy` has no parameter `Key`"),
    ],
)
def test_what_sam_refuses_is_an_error(name: str, parameters: dict[str, str], message: str) -> None:
    """Unknown template, missing parameter, unknown parameter."""
    with pytest.raises(PolicyError, match=re.escape(message)):
        sam_templates.expand(name, parameters)
    assert sam_templates.template("NoSuchPolicy") is None
