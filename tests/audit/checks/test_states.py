"""Functions and resources as they are set up."""

from __future__ import annotations

from typing import Any

import pytest

WORLD = """
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: incoming-files
      NotificationConfiguration:
        LambdaConfigurations: [{Event: "EVENT", Function: !GetAtt Fn.Arn, FILTER}]
  Queue: {Type: AWS::SQS::Queue}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Action: [s3:PutObject, s3:GetObject], Resource: "arn:aws:s3:::incoming-files/KEYS"}
  Fn:
    Type: AWS::Lambda::Function
    Properties: {Code: {ZipFile: x}, Handler: a.b, Runtime: python3.12, Role: !GetAtt Role.Arn, EXTRA}
"""


def _world(event: str = "s3:ObjectCreated:*", prefix: str = "", keys: str = "*", extra: str = "Timeout: 3") -> str:
    rules = f"Filter: {{S3Key: {{Rules: [{{Name: prefix, Value: {prefix}}}]}}}}" if prefix else "Filter: {}"
    return WORLD.replace("EVENT", event).replace("FILTER", rules).replace("KEYS", keys).replace("EXTRA", extra)


@pytest.mark.parametrize(
    ("event", "prefix", "keys", "loops"),
    [
        ("s3:ObjectCreated:*", "", "*", True),
        ("s3:ObjectCreated:Put", "in/", "*", True),
        ("s3:ObjectCreated:*", "in/", "in/*", True),
        ("s3:ObjectCreated:*", "in/", "out/*", False),
        ("s3:ObjectRemoved:*", "", "*", False),
        ("s3:ReducedRedundancyLostObject", "", "*", False),
    ],
)
def test_a_function_loops_only_where_what_it_writes_runs_it(
    audit_text: Any, event: str, prefix: str, keys: str, loops: bool
) -> None:
    """Events and prefixes decide: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html."""
    assert ("s3-notification-loop" in audit_text(_world(event, prefix, keys))) is loops


def test_a_dead_letter_queue_comes_with_the_statement_to_paste(audit_text: Any) -> None:
    """The role of the function sends: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html."""
    (finding,) = audit_text(_world(extra="DeadLetterConfig: {TargetArn: !GetAtt Queue.Arn}"))[
        "destination-no-permission"
    ]
    assert "its dead-letter queue `Queue`" in finding.message
    assert finding.fix == "- Effect: Allow\n  Action: sqs:SendMessage\n  Resource: !GetAtt Queue.Arn"


def test_a_service_that_may_not_send_gets_a_statement_for_the_policy_of_the_target(audit_text: Any) -> None:
    """A topic sends into a queue by the queue's policy: https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html."""
    topic = """
  Topic: {Type: AWS::SNS::Topic, Properties: {Subscription: [{Protocol: sqs, Endpoint: !GetAtt Queue.Arn}]}}
"""
    (finding,) = audit_text(_world() + topic)["destination-no-permission"]
    assert "whose policy does not let `sns.amazonaws.com` in" in finding.message
    assert "Resource: !GetAtt Queue.Arn" in finding.fix
    assert "ArnLike: {aws:SourceArn: !GetAtt Topic.TopicArn}" in finding.fix


def test_what_a_pipe_may_not_read_is_said_of_its_role_alone(audit_text: Any) -> None:
    """The queue sends nothing by itself: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-permissions.html."""
    pipe = """
  PipeRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: pipes.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: lambda:InvokeFunction, Resource: !GetAtt Fn.Arn}]
  Pipe:
    Type: AWS::Pipes::Pipe
    Properties: {RoleArn: !GetAtt PipeRole.Arn, Source: !GetAtt Queue.Arn, Target: !GetAtt Fn.Arn}
"""
    found = audit_text(_world() + pipe)
    assert "destination-no-permission" not in found
    (finding,) = found["caller-without-target-permission"]
    assert "`sqs:ReceiveMessage`" in finding.message


def test_network_interfaces_may_be_granted_on_subnets(audit_text: Any) -> None:
    """The resource does not matter to whether Lambda can make one."""
    in_vpc = "VpcConfig: {SubnetIds: [subnet-1], SecurityGroupIds: [sg-1]}"
    text = _world(extra=in_vpc)
    assert "feature-without-permission" in audit_text(text)
    first = "              - {Effect: Allow, Action: [s3:PutObject"
    scoped = """
              - {Effect: Allow, Action: "ec2:*NetworkInterface", Resource: "arn:aws:ec2:*:*:*/*"}
              - {Effect: Allow, Action: ec2:DescribeNetworkInterfaces, Resource: "*"}
"""
    assert "feature-without-permission" not in audit_text(text.replace(first, scoped.lstrip("\n") + first))


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


def test_a_method_of_an_api_elsewhere_is_open_unless_its_policy_says_otherwise(audit_text: Any) -> None:
    """What it asks of callers stands here, the API's policy does not."""
    text = """
Parameters: {Api: {Type: String}}
Resources:
  Method:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: abc123
      HttpMethod: POST
      AuthorizationType: NONE
      Integration: {Type: MOCK}
  Route: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: GET /orders}}
"""
    found = audit_text(text)
    (method,) = found["rest-method-open"]
    assert (method.confidence, "unless a policy of its API" in method.message) == ("medium", True)
    assert "httpapi-route-open" in found  # HTTP APIs have no policy


SAM_API = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties: {StageName: live, Auth: {ResourcePolicy: {LIST: ["203.0.113.0/24"]}}}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: a.b
      InlineCode: x
      Events: {Get: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /a, Method: get}}}
"""


@pytest.mark.parametrize(("given", "is_open"), [("IpRangeBlacklist", True), ("IpRangeWhitelist", False)])
def test_a_block_list_leaves_an_api_open(audit_text: Any, given: str, is_open: bool) -> None:
    """All others get in: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-examples.html."""
    assert ("sam-event-open" in audit_text(SAM_API.replace("LIST", given))) is is_open


def test_an_event_of_an_implicit_api_is_said_of_its_function(audit_text: Any) -> None:
    """The API that SAM makes stands nowhere in the template, so the finding names the function."""
    text = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: a.b
      InlineCode: x
      Events:
        All: {Type: HttpApi}
        One: {Type: HttpApi, Properties: {Path: /n, Method: get}}
"""
    assert {finding.resource for finding in audit_text(text)["sam-event-open"]} == {"Fn"}


def test_a_websocket_api_without_connect_route_takes_everybody(audit_text: Any) -> None:
    """Only `$connect` can be authorized: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html."""
    text = """
Resources:
  Chat: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: chat, ProtocolType: WEBSOCKET}}
  Send: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Chat, RouteKey: send}}
"""
    assert len(audit_text(text)["websocket-connect-open"]) == 1
    connect = "  Connect: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Chat, RouteKey: $connect, AUTH}}\n"
    assert "websocket-connect-open" not in audit_text(text + connect.replace("AUTH", "AuthorizationType: AWS_IAM"))


def test_a_url_that_answers_nobody_is_not_said_to_be_open(audit_text: Any) -> None:
    """Both permissions must be there: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html."""
    url = "  Url: {Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: !GetAtt Fn.Arn, AuthType: NONE}}\n"
    (finding,) = audit_text(_world() + url)["url-auth-none"]
    assert finding.severity == "medium"
    assert "closed only as long as permissions are missing" in finding.message
    assert finding.adjusted == "lowered from high: every call is answered with 403"


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


DOORS = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Quick:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: quick, ProtocolType: HTTP, Target: "https://example.com"}
  Written:
    Type: AWS::ApiGatewayV2::Api
    Properties:
      Body:
        openapi: 3.0.1
        info: {title: written, version: "1"}
        paths:
          /orders:
            get:
              x-amazon-apigateway-integration:
                {type: http_proxy, httpMethod: GET, uri: "https://example.com", payloadFormatVersion: "1.0"}
  Keyed:
    Type: AWS::Serverless::Api
    Properties: {StageName: prod, Auth: {ApiKeyRequired: true}}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: a.b
      InlineCode: pass
      Events:
        Get: {Type: Api, Properties: {RestApiId: !Ref Keyed, Path: /, Method: get}}
  Rest: {Type: AWS::ApiGateway::RestApi, Properties: {Name: rest}}
  Root:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Rest
      ResourceId: !GetAtt Rest.RootResourceId
      HttpMethod: GET
      AuthorizationType: NONE
      Integration: {Type: HTTP_PROXY, IntegrationHttpMethod: GET, Uri: "https://example.com"}
"""


def test_how_to_authorize_a_route_is_said_for_the_place_where_it_is_written(audit_text: Any) -> None:
    """A definition has `security`, a quick-create route overrides, an event `Auth`; `AuthorizationType` is a method's.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-apigatewaymanagedoverrides.html
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authorizer.html
    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-apifunctionauth.html
    """
    found = audit_text(DOORS)
    fixes = {finding.resource: finding.fix for finding in found["httpapi-route-open"]}
    assert "security:" in fixes["Written"]
    assert fixes["Quick"].startswith("Type: AWS::ApiGatewayV2::ApiGatewayManagedOverrides")
    assert "ApiId: !Ref Quick" in fixes["Quick"]
    (keyed,) = found["apikey-only"]
    assert keyed.fix.startswith("# of the event\nAuth:")
    (method,) = found["rest-method-open"]
    assert method.fix.startswith("AuthorizationType: AWS_IAM")
