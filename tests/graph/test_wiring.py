"""Wired sources, and whether the policies let them run the function."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.graph.model import Decision, EdgeKind, NodeKind

BUCKET = """\
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: pics
      NotificationConfiguration: {LambdaConfigurations: [{Event: 's3:ObjectCreated:*', Function: !GetAtt Fn.Arn}]}
"""
ALIASED = BUCKET.replace("!GetAtt Fn.Arn", "!Ref Live")
ALIAS = "  Live: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Fn, FunctionVersion: '1', Name: live}}\n"
QUEUE = """\
  Queue: {Type: AWS::SQS::Queue}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {EventSourceArn: !GetAtt Queue.Arn, FunctionName: !Ref Fn}
"""


def permission(more: str = "", name: str = "!Ref Fn", principal: str = "s3.amazonaws.com") -> str:
    """A permission of the function."""
    return (
        "  Allow:\n    Type: AWS::Lambda::Permission\n    Properties: {"
        f"Action: lambda:InvokeFunction, FunctionName: {name}, Principal: {principal}{more}}}\n"
    )


@pytest.mark.parametrize(
    ("granted", "authorized"),
    [
        (permission(), True),
        (permission(", SourceArn: 'arn:aws:s3:::pics'"), True),
        (permission(", SourceArn: !GetAtt Bucket.Arn, SourceAccount: !Ref AWS::AccountId"), True),
        (permission(", SourceArn: 'arn:aws:s3:::other'"), False),
        (permission(principal="sns.amazonaws.com"), False),
        (permission(", SourceAccount: '111122223333'"), None),
        (permission(name="!Sub 'arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:${Fn}'"), True),
        (permission(name="!Sub 'arn:aws:lambda:us-east-1:${AWS::AccountId}:function:${Fn}'"), None),
        ("", False),
    ],
)
def test_a_notification_runs_a_function_whose_policy_lets_the_bucket_in(
    world: Any, function: Any, granted: str, authorized: bool | None
) -> None:
    """S3 sends the bucket's ARN and its owner (https://docs.aws.amazon.com/lambda/latest/dg/with-s3.html)."""
    edge = world(function(), BUCKET, granted).edge(EdgeKind.TRIGGERS, "Bucket", "Fn")
    assert edge.authorized is authorized
    assert (edge.decision is Decision.DENY) is (authorized is False)
    assert (edge.reason is None) is (authorized is True)


def test_a_literal_account_binds_where_the_account_is_given(world: Any, function: Any) -> None:
    """With `--account` the template's own account id is its own."""
    granted = permission(", SourceAccount: '111122223333'")
    assert world(function(), BUCKET, granted, account="111122223333").edge(EdgeKind.TRIGGERS).authorized is True
    assert world(function(), BUCKET, granted, account="999999999999").edge(EdgeKind.TRIGGERS).authorized is False


@pytest.mark.parametrize(("name", "authorized"), [("!Ref Live", True), ("!Ref Fn", False)])
def test_only_the_policy_of_the_wired_qualifier_counts(world: Any, function: Any, name: str, authorized: bool) -> None:
    """Each alias has a policy of its own (https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html)."""
    edge = world(function(), ALIASED, ALIAS, permission(name=name)).edge(EdgeKind.TRIGGERS)
    assert edge.authorized is authorized
    assert edge.qualifier == "live"
    if not authorized:
        assert edge.reason == "`s3.amazonaws.com` is let in on the unqualified function, and the wiring is to `live`"


def test_a_permission_on_an_unknown_function_may_be_the_one(world: Any, function: Any) -> None:
    """What nobody can know is unknown, not missing."""
    template = (
        "AWSTemplateFormatVersion: '2010-09-09'\nParameters: {Name: {Type: String}}\nResources:\n"
        + function()
        + BUCKET
        + permission(name="!Ref Name")
    )
    edge = world(template).edge(EdgeKind.TRIGGERS)
    assert edge.authorized is None
    assert "may be meant for it" in edge.reason


@pytest.mark.parametrize(
    ("statement", "authorized"),
    [
        ("{Effect: Allow, Action: 'sqs:*', Resource: !GetAtt Queue.Arn}", True),
        ("{Effect: Allow, Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage'], Resource: '*'}", False),
        ("{Effect: Allow, Action: 'sqs:*', Resource: !Sub '${Queue.Arn}-other'}", False),
        (
            (
                "{Effect: Allow, Action: 'sqs:*', "
                "Resource: !Sub 'arn:aws:sqs:us-east-1:${AWS::AccountId}:${Queue.QueueName}'}"
            ),
            None,
        ),
        ("{Effect: Allow, Action: 'sqs:*', Resource: '*', Condition: {Bool: {'aws:SecureTransport': 'true'}}}", True),
        ("{Effect: Allow, Action: 'sqs:*', Resource: '*', Condition: {StringEquals: {'aws:SourceVpc': v}}}", None),
    ],
)
def test_a_polled_source_needs_the_execution_role(
    world: Any, function: Any, statement: str, authorized: bool | None
) -> None:
    """Lambda polls with the function's role (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html)."""
    made = world(function("Fn", statement), QUEUE)
    edge = made.edge(EdgeKind.TRIGGERS, "Queue", "Fn")
    assert edge.mechanism == "poll"
    assert edge.authorized is authorized
    if authorized:
        assert [one.logical_id for one in edge.provenance] == ["Mapping", "FnRole"]


def test_a_policy_nobody_has_may_allow_what_is_missing(world: Any, function: Any) -> None:
    """A managed policy outside the input makes a missing action unknown."""
    text = function().replace(
        "      Policies:\n", "      ManagedPolicyArns: ['arn:aws:iam::111122223333:policy/ours']\n      Policies:\n"
    )
    edge = world(text, QUEUE).edge(EdgeKind.TRIGGERS)
    assert edge.authorized is None
    assert "in no input" in edge.reason


@pytest.mark.parametrize(
    ("principal", "authorized"),
    [
        ("lambda.amazonaws.com", True),
        ("!Sub 'lambda.${AWS::Region}.amazonaws.com'", True),
        ("lambda.us-east-1.amazonaws.com", None),
        ("events.amazonaws.com", False),
    ],
)
def test_a_function_executes_as_its_role_when_the_role_trusts_lambda(
    world: Any, function: Any, principal: str, authorized: bool | None
) -> None:
    """Regional names of a service mean the service where they are of the template's own Region."""
    edge = world(function().replace("lambda.amazonaws.com", principal)).edge(EdgeKind.EXECUTES_AS)
    assert (edge.source.endswith("function:${Fn}"), edge.target.endswith("role/${FnRole}")) == (True, True)
    assert edge.authorized is authorized


def test_a_role_outside_the_input_is_external_and_its_trust_unknown(world: Any, function: Any) -> None:
    """A role that is only named is a node all the same."""
    text = function().replace("Role: !GetAtt FnRole.Arn", "Role: arn:aws:iam::111122223333:role/elsewhere")
    made = world(text)
    edge = made.edge(EdgeKind.EXECUTES_AS)
    assert made.graph.nodes[edge.target].kind is NodeKind.EXTERNAL
    assert edge.authorized is None


def test_a_destination_is_reached_with_the_execution_role(world: Any, function: Any) -> None:
    """A dead-letter queue without `sqs:SendMessage` on the role drops the records."""
    dead = "  Dead: {Type: AWS::SQS::Queue}\n"
    text = function().replace("Handler: a.b", "Handler: a.b, DeadLetterConfig: {TargetArn: !GetAtt Dead.Arn}")
    edge = world(text, dead).edge(EdgeKind.DELIVERS_TO, "Fn", "Dead")
    assert (edge.event, edge.authorized) == ("dead-letter-queue", False)
    allowed = text.replace("logs:PutLogEvents", "'sqs:SendMessage'")
    assert world(allowed, dead).edge(EdgeKind.DELIVERS_TO).authorized is True


def test_a_wiring_says_where_it_stands_and_what_allows_it(world: Any, function: Any) -> None:
    """Provenance is the wiring first, then the statement."""
    edge = world(function(), BUCKET, permission()).edge(EdgeKind.TRIGGERS)
    assert [(one.logical_id, one.fact is not None) for one in edge.provenance] == [("Bucket", False), ("Allow", True)]
    assert all(one.source.line for one in edge.provenance)


FIREHOSE = """\
  Lake: {Type: AWS::S3::Bucket}
  Stream:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      ExtendedS3DestinationConfiguration:
        BucketARN: !GetAtt Lake.Arn
        RoleARN: !GetAtt Delivery.Arn
        ProcessingConfiguration:
          Enabled: true
          Processors: [{Type: Lambda, Parameters: [{ParameterName: LambdaArn, ParameterValue: %s}]}]
  Delivery:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: {Effect: Allow, Principal: {Service: firehose.amazonaws.com}, Action: sts:AssumeRole}
      Policies:
        - PolicyName: p
          PolicyDocument:
            Version: '2012-10-17'
            Statement: {Effect: Allow, Action: lambda:InvokeFunction, Resource: %s}
"""


@pytest.mark.parametrize(
    ("wired", "granted", "authorized"),
    [
        ("!GetAtt Fn.Arn", "!GetAtt Fn.Arn", True),
        ("!Sub '${Fn.Arn}:$LATEST'", "!Sub '${Fn.Arn}:*'", True),
        ("!Sub '${Fn.Arn}:$LATEST'", "!GetAtt Fn.Arn", False),
        ("!GetAtt Fn.Arn", "!Sub '${Fn.Arn}:$LATEST'", None),
        ("!GetAtt Fn.Arn", "!Sub '${Fn.Arn}:1'", False),
        ("!GetAtt Fn.Arn", "!GetAtt Lake.Arn", False),
    ],
)
def test_firehose_calls_the_version_its_role_may_call(
    world: Any, function: Any, wired: str, granted: str, authorized: bool | None
) -> None:
    """Without a qualifier it means `$LATEST`; whether a grant on that alone is enough AWS does not say.

    https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
    """
    edge = world(function(), FIREHOSE % (wired, granted)).edge(EdgeKind.TRIGGERS, "Stream", "Fn")
    assert edge.authorized is authorized


@pytest.mark.parametrize("public", [True, False])
def test_a_url_of_unknown_auth_type_works_for_sure_only_if_it_works_for_everybody(
    world: Any, function: Any, public: bool
) -> None:
    """Signed calls need no policy, open ones need two statements.

    https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    """
    url = "  Url: {Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: !Ref Fn, AuthType: !Ref AuthType}}\n"
    allowed = (
        "  {name}: {{Type: AWS::Lambda::Permission, Properties: {{FunctionName: !Ref Fn, Principal: '*', {more}}}}}\n"
    )
    statements = [
        allowed.format(name="A", more="Action: lambda:InvokeFunctionUrl, FunctionUrlAuthType: NONE"),
        allowed.format(name="B", more="Action: lambda:InvokeFunction, InvokedViaFunctionUrl: true"),
    ]
    made = world(function(), url, *(statements if public else ()))
    assert made.edge(EdgeKind.TRIGGERS, "URL of Fn", "Fn").authorized is (True if public else None)


@pytest.mark.parametrize(
    ("resource", "authorized"),
    [
        ("!GetAtt Orders.StreamArn", True),
        ("!Sub '${Orders.Arn}/stream/*'", True),
        ("'*'", True),
        ("!GetAtt Orders.Arn", False),
    ],
)
def test_a_tables_stream_is_read_with_the_policy_aws_shows(
    world: Any, function: Any, resource: str, authorized: bool
) -> None:
    """AWS's example grants `dynamodb:ListStreams`, which knows no ARN, on the stream.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/iam-policy-example-lamda-process-dynamodb-streams.html
    """
    actions = "dynamodb:DescribeStream, dynamodb:GetRecords, dynamodb:GetShardIterator, dynamodb:ListStreams"
    table = """\
  Orders: {Type: AWS::DynamoDB::Table, Properties: {StreamSpecification: {StreamViewType: NEW_IMAGE}}}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !Ref Fn, EventSourceArn: !GetAtt Orders.StreamArn}
"""
    made = world(function("Fn", f"{{Effect: Allow, Action: [{actions}], Resource: {resource}}}"), table)
    assert made.edge(EdgeKind.TRIGGERS, "Orders", "Fn").authorized is authorized


POLICY = (
    "  Policy: {{Type: AWS::SNS::TopicPolicy, Properties: {{Topics: [!Ref Topic], PolicyDocument: "
    "{{Version: '2012-10-17', Statement: [{{Effect: Allow, Action: 'sns:Publish', Resource: '*', {who}}}]}}}}}}\n"
)
OWNER = "Principal: {AWS: '*'}, Condition: {StringEquals: {'AWS:SourceOwner': !Ref 'AWS::AccountId'}}"


@pytest.mark.parametrize(
    ("policy", "alarm", "scaling", "bucket"),
    [
        ("", True, True, False),
        (POLICY.format(who=OWNER), True, True, None),
        (POLICY.format(who="Principal: {Service: cloudwatch.amazonaws.com}"), True, True, False),
        (POLICY.format(who="Principal: {Service: s3.amazonaws.com}"), False, True, True),
    ],
)
def test_a_topic_without_a_policy_has_one_that_lets_alarms_of_its_account_in(
    world: Any, policy: str, alarm: bool, scaling: bool, bucket: bool | None
) -> None:
    """Amazon SNS gives it; a policy of its own replaces that. Auto Scaling publishes with its service-linked role.

    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    """
    sources = """\
  Topic: {Type: AWS::SNS::Topic}
  Alarm: {Type: AWS::CloudWatch::Alarm, Properties: {AlarmActions: [!Ref Topic, !Ref Scale]}}
  Scale: {Type: AWS::AutoScaling::ScalingPolicy, Properties: {AutoScalingGroupName: !Ref Group}}
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties: {NotificationConfigurations: [{TopicARN: !Ref Topic, NotificationTypes: ['autoscaling:TEST']}]}
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {NotificationConfiguration: {TopicConfigurations: [{Event: 's3:*', Topic: !Ref Topic}]}}
"""
    made = world(sources, policy)
    found = [made.edge(EdgeKind.DELIVERS_TO, source, "Topic").authorized for source in ("Alarm", "Group", "Bucket")]
    assert found == [alarm, scaling, bucket]
    assert not made.graph.unknowns


@pytest.mark.parametrize(
    ("principal", "authorized"),
    [
        ("role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling", True),
        ("role/other", None),
        (None, None),
    ],
)
def test_auto_scaling_asks_a_function_with_its_service_linked_role(
    world: Any, function: Any, principal: str | None, authorized: bool | None
) -> None:
    """The function's policy names that role.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/lambda-custom-termination-policy.html
    """
    group = "  Group: {Type: AWS::AutoScaling::AutoScalingGroup, Properties: {TerminationPolicies: [!GetAtt Fn.Arn]}}\n"
    arn = f"!Sub 'arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:{principal}'"
    made = world(function(), group, permission(principal=arn) if principal else "")
    edge = made.edge(EdgeKind.TRIGGERS, "Group", "Fn")
    assert (edge.mechanism, edge.authorized) == ("resource_policy", authorized)
    assert (edge.via or "").endswith("/AWSServiceRoleForAutoScaling")


def test_what_a_boundary_that_nobody_shows_allows_is_unknown(world: Any) -> None:
    """It grants nothing and may take anything away, so the role's own policies do not settle it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    template = """Transform: AWS::Serverless-2016-10-31
Parameters: {BoundaryArn: {Type: String}}
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: a.b
      InlineCode: x
      PermissionsBoundary: BOUNDARY
      Events: {Q: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}}
  Queue: {Type: AWS::SQS::Queue}
"""
    unseen = world(template.replace("BOUNDARY", "!Ref BoundaryArn")).edge(EdgeKind.TRIGGERS, "Queue", "Fn")
    assert unseen.authorized is None
    assert "its permissions boundary" in (unseen.reason or "")
    known = "arn:aws:iam::aws:policy/AmazonSQSFullAccess"
    assert world(template.replace("BOUNDARY", known)).edge(EdgeKind.TRIGGERS, "Queue", "Fn").authorized is True


MACHINE = """\
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: orders, ProtocolType: HTTP}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {ApiId: !Ref Api, StageName: $default}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: AWS_PROXY
      PayloadFormatVersion: '2.0'
      IntegrationUri: !GetAtt Fn.Arn
  Route:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref Api
      RouteKey: POST /orders
      AuthorizationType: AUTH
      Target: !Sub integrations/${Integration}
  Rest:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref Api, RouteKey: 'ANY /{proxy+}', Target: !Sub 'integrations/${Integration}'}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt MachineRole.Arn
      Definition:
        StartAt: Call
        States:
          Call:
            Type: Task
            Resource: arn:aws:states:::apigateway:invoke
            Parameters:
              ApiEndpoint: !Sub "${Api}.execute-api.${AWS::Region}.amazonaws.com"
              Method: POST
              Path: /orders
              AuthType: SIGNED
            End: true
  MachineRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Principal: {Service: states.amazonaws.com}, Action: 'sts:AssumeRole'}]
"""


@pytest.mark.parametrize(
    ("signed", "asks", "authorized"),
    [
        ("NO_AUTH", "NONE", True),
        ("NO_AUTH", "AWS_IAM", False),
        ("NO_AUTH", "JWT", None),
        ("IAM_ROLE", "NONE", True),
        ("IAM_ROLE", "AWS_IAM", False),  # the role may not
    ],
)
def test_a_state_machine_calls_the_route_of_an_api(world: Any, signed: str, asks: str, authorized: bool | None) -> None:
    """Only a route that asks for IAM looks at who signed; of several routes the one of just that path is called.

    https://docs.aws.amazon.com/step-functions/latest/dg/connect-api-gateway.html
    """
    found = world(MACHINE.replace("SIGNED", signed).replace("AuthorizationType: AUTH", f"AuthorizationType: {asks}"))
    (edge,) = found.edges(EdgeKind.DELIVERS_TO)
    assert found.graph.nodes[edge.target].label == "POST /orders"
    assert edge.authorized is authorized
