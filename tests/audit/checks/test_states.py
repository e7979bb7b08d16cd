"""What the policies of things in networks and the guests of a pool may do."""

from __future__ import annotations

from typing import Any

import pytest

ALLOW_ALL = 'Statement: [{Effect: Allow, Principal: "*", Action: "ACTION", Resource: "*"}]'


@pytest.mark.parametrize(
    ("type_name", "properties", "action", "rule"),
    [
        ("AWS::SNS::TopicPolicy", "Topics: [!Ref Arn], PolicyDocument: POLICY", "sns:Publish", "sns-public"),
        ("AWS::SQS::QueuePolicy", "Queues: [!Ref Arn], PolicyDocument: POLICY", "sqs:SendMessage", "sqs-public"),
        ("AWS::S3::BucketPolicy", "Bucket: !ImportValue Bucket, PolicyDocument: POLICY", "s3:GetObject", "s3-public"),
        (
            "AWS::SecretsManager::ResourcePolicy",
            "SecretId: !Ref Arn, ResourcePolicy: POLICY",
            "secretsmanager:GetSecretValue",
            "secret-public",
        ),
    ],
)
def test_a_policy_is_judged_though_what_it_protects_is_a_parameter(
    audit_text: Any, type_name: str, properties: str, action: str, rule: str
) -> None:
    """The type of the policy says what kind of thing it opens."""
    document = '{Version: "2012-10-17", ' + ALLOW_ALL.replace("ACTION", action) + "}"
    text = f"""
Parameters: {{Arn: {{Type: String}}}}
Resources:
  Policy: {{Type: {type_name}, Properties: {{{properties.replace("POLICY", document)}}}}}
"""
    assert rule in audit_text(text)


def test_the_policy_of_a_vpc_endpoint_lets_nobody_in(audit_text: Any) -> None:
    """It only limits what goes through: https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html."""
    document = '{Version: "2012-10-17", ' + ALLOW_ALL.replace("ACTION", "s3:*") + "}"
    text = f"""
Resources:
  Endpoint:
    Type: AWS::EC2::VPCEndpoint
    Properties: {{VpcId: vpc-1, ServiceName: com.amazonaws.us-east-1.s3, PolicyDocument: {document}}}
"""
    assert not {"other-public", "star-action", "s3-public"} & set(audit_text(text))


def test_a_bucket_named_with_open_region_and_account_is_one_source(audit_text: Any) -> None:
    """Bucket ARNs have neither: https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html."""
    condition = 'Condition: {ArnLike: {"aws:SourceArn": "arn:aws:s3:*:*:SOURCE"}}}]'
    document = '{Version: "2012-10-17", ' + ALLOW_ALL.replace("ACTION", "sns:Publish").replace("}]", ", " + condition)
    text = f"""
Resources:
  Topic: {{Type: AWS::SNS::Topic}}
  Policy: {{Type: AWS::SNS::TopicPolicy, Properties: {{Topics: [!Ref Topic], PolicyDocument: {document}}}}}}}
"""
    assert "sns-public" not in audit_text(text.replace("SOURCE", "incoming-files"))
    assert "sns-public" in audit_text(text.replace("SOURCE", "*"))


@pytest.mark.parametrize(("action", "severity"), [("s3:PutObject", "high"), ("rum:PutRumEvents", "medium")])
def test_guests_who_may_write_weigh_more(audit_text: Any, action: str, severity: str) -> None:
    """Guests get the unauthenticated role: https://docs.aws.amazon.com/cognito/latest/developerguide/identity-pools.html."""
    text = """
Resources:
  Pool: {Type: AWS::Cognito::IdentityPool, Properties: {AllowUnauthenticatedIdentities: true}}
  Guest:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Federated: cognito-identity.amazonaws.com}
            Action: sts:AssumeRoleWithWebIdentity
            Condition: {StringEquals: {"cognito-identity.amazonaws.com:aud": !Ref Pool}}
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: ACTION, Resource: "*"}]
  Roles:
    Type: AWS::Cognito::IdentityPoolRoleAttachment
    Properties: {IdentityPoolId: !Ref Pool, Roles: {unauthenticated: !GetAtt Guest.Arn}}
"""
    (finding,) = audit_text(text.replace("ACTION", action))["cognito-guest"]
    assert finding.severity == severity
