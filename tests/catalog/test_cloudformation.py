"""What CloudFormation says about resource types."""

from __future__ import annotations

import re

import pytest

from permscope.catalog.cloudformation import ANY, TypeFacts, type_facts, type_names

_RA = "{region}:{account}"


def facts_of(type_name: str) -> TypeFacts:
    """Facts of a type that exists."""
    found = type_facts(type_name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("type_name", "ref", "arn", "attribute", "name"),
    [
        ("AWS::Lambda::Function", "name", f"lambda:{_RA}:function:{{name}}", "Arn", "FunctionName"),
        ("AWS::Lambda::Version", "arn", f"lambda:{_RA}:function:{{FunctionName}}:{{id}}", "FunctionArn", ""),
        ("AWS::Lambda::Alias", "arn", f"lambda:{_RA}:function:{{FunctionName}}:{{name}}", "AliasArn", "Name"),
        ("AWS::IAM::Role", "name", "iam::{account}:role{path}{name}", "Arn", "RoleName"),
        ("AWS::IAM::ManagedPolicy", "arn", "iam::{account}:policy{path}{name}", "PolicyArn", "ManagedPolicyName"),
        ("AWS::IAM::Policy", "id", None, None, "PolicyName"),
        ("AWS::S3::Bucket", "name", "s3:::{name}", "Arn", "BucketName"),
        ("AWS::SNS::Topic", "arn", f"sns:{_RA}:{{name}}", "TopicArn", "TopicName"),
        ("AWS::SQS::Queue", "url", f"sqs:{_RA}:{{name}}", "Arn", "QueueName"),
        ("AWS::DynamoDB::Table", "name", f"dynamodb:{_RA}:table/{{name}}", "Arn", "TableName"),
        ("AWS::DynamoDB::GlobalTable", "name", f"dynamodb:{_RA}:table/{{name}}", "Arn", "TableName"),
        ("AWS::Kinesis::Stream", "name", f"kinesis:{_RA}:stream/{{name}}", "Arn", "Name"),
        ("AWS::StepFunctions::StateMachine", "arn", f"states:{_RA}:stateMachine:{{name}}", "Arn", "StateMachineName"),
        ("AWS::Events::Rule", "name", f"events:{_RA}:rule/{{name}}", "Arn", "Name"),
        ("AWS::Events::EventBus", "name", f"events:{_RA}:event-bus/{{name}}", "Arn", "Name"),
        ("AWS::Scheduler::Schedule", "name", f"scheduler:{_RA}:schedule/{{GroupName}}/{{name}}", "Arn", "Name"),
        ("AWS::ApiGateway::RestApi", "id", f"execute-api:{_RA}:{{id}}", None, "Name"),
        ("AWS::ApiGatewayV2::Api", "id", f"execute-api:{_RA}:{{id}}", "ExecuteApiArn", "Name"),
        ("AWS::Cognito::UserPool", "id", f"cognito-idp:{_RA}:userpool/{{id}}", "Arn", "UserPoolName"),
        ("AWS::Logs::LogGroup", "name", f"logs:{_RA}:log-group:{{name}}", "Arn", "LogGroupName"),
        ("AWS::KMS::Key", "id", f"kms:{_RA}:key/{{id}}", "Arn", ""),
        ("AWS::SecretsManager::Secret", "arn", f"secretsmanager:{_RA}:secret:{{name}}-??????", "Id", "Name"),
        ("AWS::SSM::Parameter", "name", f"ssm:{_RA}:parameter/{{name}}", "Arn", "Name"),
        ("AWS::ECS::Service", "arn", f"ecs:{_RA}:service/{{Cluster}}/{{name}}", "ServiceArn", "ServiceName"),
        ("AWS::Batch::JobDefinition", "arn", f"batch:{_RA}:job-definition/{{name}}:{{id}}", "JobDefinitionArn", None),
        ("AWS::RDS::DBCluster", "name", f"rds:{_RA}:cluster:{{name}}", "DBClusterArn", "DBClusterIdentifier"),
        ("AWS::SES::ReceiptRule", "name", None, None, "Rule.Name"),
        ("AWS::CloudFormation::Stack", "arn", f"cloudformation:{_RA}:stack/{{name}}/{{id}}", None, ""),
        ("AWS::Serverless::Function", "name", f"lambda:{_RA}:function:{{name}}", "Arn", "FunctionName"),
        ("AWS::Serverless::SimpleTable", "name", f"dynamodb:{_RA}:table/{{name}}", "Arn", "TableName"),
        ("AWS::Serverless::StateMachine", "arn", f"states:{_RA}:stateMachine:{{name}}", "Arn", "Name"),
        ("AWS::AppConfig::Application", "id", f"appconfig:{_RA}:application/{{id}}", None, "Name"),
        ("AWS::MediaConvert::Queue", "name", f"mediaconvert:{_RA}:queues/{{name}}", "Arn", "Name"),
    ],
)
def test_types_that_templates_use_are_right(
    type_name: str, ref: str, arn: str | None, attribute: str | None, name: str | None
) -> None:
    """Known answers, reviewed and derived ones."""
    found = facts_of(type_name)
    assert found.ref == ref
    if arn is not None:
        assert found.arn_format == f"arn:{{partition}}:{arn}"
    assert found.arn_attribute == attribute
    if name is not None:
        assert ".".join(found.name_property) == name


def test_the_arn_of_a_log_group_ends_in_a_star() -> None:
    """`!GetAtt Group.Arn` matches its streams, not the group."""
    assert facts_of("AWS::Logs::LogGroup").arn_attribute_suffix == ":*"
    assert [name for name in type_names() if facts_of(name).arn_attribute_suffix] == ["AWS::Logs::LogGroup"]


def test_a_rule_on_a_custom_bus_has_another_arn() -> None:
    """The bus stands before the name."""
    assert facts_of("AWS::Events::Rule").other_arn_formats == (
        "arn:{partition}:events:{region}:{account}:rule/{EventBusName}/{name}",
    )


def test_an_api_has_a_control_plane_arn_too() -> None:
    """Invoking and administrating it are different services."""
    assert facts_of("AWS::ApiGateway::RestApi").other_arn_formats == (
        "arn:{partition}:apigateway:{region}::/restapis/{id}",
    )


@pytest.mark.parametrize(
    ("type_name", "paths"),
    [
        ("AWS::Lambda::Function", {"Role"}),
        ("AWS::Serverless::Function", {"Role", "DeploymentPreference.Role"}),
        ("AWS::Serverless::StateMachine", {"Role"}),
        ("AWS::StepFunctions::StateMachine", {"RoleArn"}),
        ("AWS::Events::Rule", {"RoleArn", "Targets[].RoleArn"}),
        ("AWS::Scheduler::Schedule", {"Target.RoleArn"}),
        ("AWS::ECS::TaskDefinition", {"TaskRoleArn", "ExecutionRoleArn"}),
        ("AWS::ApiGateway::Method", {"Integration.Credentials"}),
        ("AWS::ApiGatewayV2::Integration", {"CredentialsArn"}),
        ("AWS::ApiGateway::Authorizer", {"AuthorizerCredentials"}),
        ("AWS::Cognito::IdentityPoolRoleAttachment", {"Roles.*"}),
        ("AWS::Glue::Job", {"Role"}),
        ("AWS::S3::Bucket", {"ReplicationConfiguration.Role"}),
        ("AWS::Logs::SubscriptionFilter", {"RoleArn"}),
        ("AWS::SQS::Queue", set()),
    ],
)
def test_properties_that_hold_roles_are_known(type_name: str, paths: set[str]) -> None:
    """Marked, named so, or reviewed."""
    assert paths <= set(facts_of(type_name).role_properties)
    assert paths or not facts_of(type_name).role_properties


@pytest.mark.parametrize(
    "type_name",
    ["AWS::QuickSight::Template", "AWS::RDS::DBProxyEndpoint", "AWS::MediaLive::Node", "AWS::Bedrock::Prompt"],
)
def test_other_roles_are_no_iam_roles(type_name: str) -> None:
    """A chart axis has a role too, and so has a message in a prompt."""
    assert not [path for path in facts_of(type_name).role_properties if path.endswith(".Role") or path == "TargetRole"]


def test_attributes_say_what_get_att_accepts() -> None:
    """Dotted ones too; a stack and a custom resource accept any."""
    function = facts_of("AWS::Lambda::Function")
    assert function.has_attribute("Arn")
    assert function.has_attribute("SnapStartResponse.ApplyOn")
    assert not function.has_attribute("Name")
    assert facts_of("AWS::CloudFormation::Stack").has_attribute("Outputs.Anything")
    assert facts_of("Custom::Thing").attributes == ANY


@pytest.mark.parametrize(
    ("type_name", "expected"),
    [
        ("AWS::S3::Bucket", True),
        ("AWS::IAM::Role", True),
        ("AWS::SQS::Queue", True),
        ("AWS::Lambda::Alias", False),
        ("AWS::Cognito::UserPool", False),
        ("AWS::KMS::Key", False),
        ("AWS::SQS::QueuePolicy", False),
        ("AWS::Events::Connection", False),
    ],
)
def test_a_name_makes_the_arn_only_where_nothing_else_is_needed(type_name: str, expected: bool) -> None:
    """An ID chosen by AWS, or a parent, stands in the way elsewhere."""
    assert facts_of(type_name).name_is_in_arn is expected


@pytest.mark.parametrize("type_name", ["Custom::Thing", "Datadog::Monitors::Monitor", "My::Own::Thing::MODULE"])
def test_of_foreign_types_nothing_is_claimed(type_name: str) -> None:
    """They exist; what they return is theirs."""
    found = facts_of(type_name)
    assert not found.is_known
    assert found.arn_format is None
    assert found.ref == "other"


@pytest.mark.parametrize("type_name", ["AWS::Lambda::Funktion", "AWS::Nope", "Lambda", "", "A::B", "::", "Alexa::X::Y"])
def test_a_type_that_aws_does_not_have_has_no_facts(type_name: str) -> None:
    """A misspelt type is not taken for a custom one."""
    assert type_facts(type_name) is None


def test_a_custom_resource_is_a_known_type() -> None:
    """With an ID and attributes only its function knows."""
    found = facts_of("AWS::CloudFormation::CustomResource")
    assert found.is_known
    assert found.ref == "other"
    assert found.attributes == ANY


def test_all_types_are_well_formed() -> None:
    """No stray wildcard or placeholder from a source gets through."""
    names = type_names()
    assert len(names) > 1_850
    with_arn = 0
    for name in names:
        found = facts_of(name)
        assert found.is_known
        assert found.ref in {"name", "arn", "url", "id", "other"}
        for arn in (found.arn_format, *found.other_arn_formats):
            if arn:
                with_arn += 1
                assert arn.startswith("arn:{partition}:"), name
                assert not re.search(r"[*$, ]", arn), name
                assert arn.count(":") >= 5, name
                assert arn.count("{name}") <= 1, name
        if found.arn_attribute:
            assert found.has_attribute(found.arn_attribute), name
    assert with_arn > 1_300
