"""What to write in place of a policy that gives too much."""

from __future__ import annotations

from typing import Any

import pytest

FUNCTION = """
  Page:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: a.b
      InlineCode: x
      Environment: {Variables: {NAME: VALUE}}
      Policies: [MANAGED]
"""
PLAIN = """
  Page:
    Type: AWS::Lambda::Function
    Properties: {Runtime: python3.12, Handler: a.b, Code: {ZipFile: x}, Role: !GetAtt Role.Arn,
      Environment: {Variables: {NAME: VALUE}}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
      ManagedPolicyArns: [arn:aws:iam::aws:policy/MANAGED]
"""
MACHINE = """
  Flow:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt Role.Arn
      Definition:
        StartAt: Put
        States:
          Put:
            Type: Task
            Resource: arn:aws:states:::dynamodb:putItem
            Parameters: {TableName: !Ref Orders, Item: {}}
            End: true
"""


def world(*parts: str, **values: str) -> str:
    """A template with the words in capitals filled in."""
    text = "Transform: AWS::Serverless-2016-10-31\nResources:" + "".join(parts)
    for name, value in values.items():
        text = text.replace(name, value)
    return text


def thing(name: str, kind: str) -> str:
    """A resource without properties."""
    return f"\n  {name}: {{Type: {kind}}}"


TABLE, BUCKET = thing("Orders", "AWS::DynamoDB::Table"), thing("Files", "AWS::S3::Bucket")


def fix_of(found: dict[str, Any], rule: str = "elevated-managed-attached") -> str:
    """What the one finding says to write."""
    (finding,) = found[rule]
    fix: str = finding.fix
    return fix


@pytest.mark.parametrize(
    ("resource", "value", "managed", "written"),
    [
        (
            TABLE,
            "!Ref Orders",
            "AmazonDynamoDBFullAccess",
            "- DynamoDBReadPolicy: {TableName: !Ref Orders}  # or DynamoDBWritePolicy, DynamoDBCrudPolicy, as the code",
        ),
        (BUCKET, "!Ref Files", "AmazonS3FullAccess", "- S3ReadPolicy: {BucketName: !Ref Files}"),
        (
            thing("Jobs", "AWS::SQS::Queue"),
            "!Ref Jobs",
            "AmazonSQSFullAccess",
            "- SQSSendMessagePolicy: {QueueName: !GetAtt Jobs.QueueName}",
        ),
        (
            thing("News", "AWS::SNS::Topic"),
            "!Ref News",
            "AmazonSNSFullAccess",
            "- SNSPublishMessagePolicy: {TopicName: !GetAtt News.TopicName}",
        ),
    ],
)
def test_a_sam_function_gets_the_policy_template_for_what_its_environment_names(
    audit_text: Any, resource: str, value: str, managed: str, written: str
) -> None:
    """https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-templates.html."""
    fix = fix_of(audit_text(world(FUNCTION, resource, VALUE=value, MANAGED=managed)))
    assert fix.splitlines()[1].startswith(written)


def test_a_role_of_its_own_gets_a_statement(audit_text: Any) -> None:
    """Policy templates are SAM's; the indexes of a table have ARNs of their own."""
    fix = fix_of(audit_text(world(PLAIN, TABLE, VALUE="!Ref Orders", MANAGED="AmazonDynamoDBFullAccess")))
    actions = "dynamodb:GetItem, dynamodb:Query, dynamodb:PutItem, dynamodb:UpdateItem, dynamodb:DeleteItem"
    assert fix.splitlines()[1:] == [
        "- Effect: Allow",
        f"  Action: [{actions}]  # those of them that the code calls",
        '  Resource: [!GetAtt Orders.Arn, !Sub "${Orders.Arn}/index/*"]',
    ]


def test_objects_are_below_the_bucket(audit_text: Any) -> None:
    """What `s3:GetObject` acts on is no bucket."""
    fix = fix_of(audit_text(world(PLAIN, BUCKET, VALUE="!Ref Files", MANAGED="AmazonS3FullAccess")))
    assert fix.endswith('Resource: !Sub "${Files.Arn}/*"')


def test_what_a_wiring_needs_is_written_as_it_is(audit_text: Any) -> None:
    """A state machine says itself what it calls."""
    role = PLAIN[PLAIN.index("  Role:") :]
    text = world("\n", role, MACHINE, TABLE, MANAGED="AmazonDynamoDBFullAccess").replace(
        "lambda.amazon", "states.amazon"
    )
    fix = fix_of(audit_text(text))
    assert fix.splitlines()[1:] == ["- Effect: Allow", "  Action: dynamodb:PutItem", "  Resource: !GetAtt Orders.Arn"]


def test_only_what_the_policy_is_about_is_replaced(audit_text: Any) -> None:
    """A queue in the environment says nothing about a policy for tables."""
    queue = thing("Jobs", "AWS::SQS::Queue")
    fix = fix_of(audit_text(world(FUNCTION, queue, VALUE="!Ref Jobs", MANAGED="AmazonDynamoDBFullAccess")))
    assert "Jobs" not in fix
    assert fix == (
        "Replace `AmazonDynamoDBFullAccess` by those actions of dax, dynamodb that are needed, "
        "each on the resources it is needed for."
    )


def test_an_administrator_gets_everything_it_is_seen_to_use(audit_text: Any) -> None:
    """Of every service."""
    found = audit_text(world(FUNCTION, BUCKET, VALUE="!Ref Files", MANAGED="AdministratorAccess"))
    assert "- S3ReadPolicy: {BucketName: !Ref Files}" in fix_of(found, "admin-managed-attached")


def test_a_forgotten_grant_is_written_for_the_role_it_goes_into(audit_text: Any) -> None:
    """As a policy template for a function of SAM, and as a statement otherwise."""
    made = audit_text(world(FUNCTION, BUCKET, VALUE="!Ref Files", MANAGED="AWSXRayDaemonWriteAccess"))
    plain = audit_text(world(PLAIN, BUCKET, VALUE="!Ref Files", MANAGED="AWSXRayDaemonWriteAccess"))
    assert "- S3ReadPolicy: {BucketName: !Ref Files}" in fix_of(made, "env-resource-no-grant")
    assert "Action: [s3:GetObject, s3:PutObject]" in fix_of(plain, "env-resource-no-grant")
