"""The three ways to a function."""

from __future__ import annotations

from typing import Any

from permscope.graph.questions.invocations import who_can_invoke

BUCKET = """\
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: pics
      NotificationConfiguration: {LambdaConfigurations: [{Event: 's3:ObjectCreated:*', Function: !GetAtt Fn.Arn}]}
  Allow:
    Type: AWS::Lambda::Permission
    Properties: {Action: 'lambda:InvokeFunction', FunctionName: !Ref Fn, Principal: s3.amazonaws.com}
"""


def test_directly_through_a_trigger_and_through_a_takeover(world: Any, function: Any) -> None:
    """Each principal in the group of its way."""
    made = world(
        BUCKET,
        function("Fn"),
        function("Caller", "{Effect: Allow, Action: 'lambda:InvokeFunction', Resource: !GetAtt Fn.Arn}"),
        function("Writer", "{Effect: Allow, Action: 's3:PutObject', Resource: !Sub '${Bucket.Arn}/*'}"),
        function("Taker", "{Effect: Allow, Action: 'iam:UpdateAssumeRolePolicy', Resource: !GetAtt CallerRole.Arn}"),
        function("Granter", "{Effect: Allow, Action: 'lambda:AddPermission', Resource: !GetAtt Fn.Arn}"),
    )
    found = who_can_invoke(made.graph, made.node("Fn"))
    assert {one.principal.label for one in found.direct} == {"CallerRole", "s3.amazonaws.com"}
    assert [(one.principal.label, one.through.label) for one in found.through_triggers] == [("WriterRole", "Bucket")]
    assert [(one.principal.label, one.through.label) for one in found.through_takeovers] == [
        ("GranterRole", "Fn"),
        ("TakerRole", "CallerRole"),
    ]


def test_callers_of_routes_and_urls_make_a_function_run(world: Any, function: Any) -> None:
    """The public through an open URL, in the group of what runs the function.

    https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    """
    url = """
  Url: {Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: !GetAtt Fn.Arn, AuthType: NONE}}
  One: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref Fn, Action: 'lambda:InvokeFunctionUrl',
    Principal: '*', FunctionUrlAuthType: NONE}}
  Two: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref Fn, Action: 'lambda:InvokeFunction',
    Principal: '*', InvokedViaFunctionUrl: true}}
"""
    made = world(url, function("Fn"))
    found = who_can_invoke(made.graph, made.node("Fn"))
    assert [(one.principal.id, one.decision.value, one.reason) for one in found.through_triggers] == [
        ("public", "allow", "calls `URL of Fn`")
    ]
