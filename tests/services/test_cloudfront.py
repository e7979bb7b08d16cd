"""CloudFront distributions that run functions."""

from __future__ import annotations

from collections.abc import Callable

from permscope.inventory.facts import AnyFact, Auth, Delivery, Mechanism, Route, Trigger, Unknown

Read = Callable[[str], list[AnyFact]]
DISTRIBUTION = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Site}"
FN = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${Fn}"
WORLD = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13, Role: "arn:aws:iam::111122223333:role/r"}}
  Version: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Fn}}
  Url: {Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: !GetAtt Fn.Arn, AuthType: AWS_IAM}}
  Control: {Type: AWS::CloudFront::OriginAccessControl, Properties: {OriginAccessControlConfig:
    {Name: c, OriginAccessControlOriginType: lambda, SigningBehavior: always, SigningProtocol: sigv4}}}
"""
SITE = """
  Site:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        Origins: [{Id: o, DomainName: !Select [2, !Split ["/", !GetAtt Url.FunctionUrl]]CONTROL}]
        DefaultCacheBehavior: {TargetOriginId: o, ViewerProtocolPolicy: https-onlyEDGE}
"""


def of(facts: list[AnyFact], kind: type) -> list:
    """The facts of one kind that the distribution made."""
    return [fact for fact in facts if isinstance(fact, kind) and fact.logical_id == "Site"]


def site(control: str = "", edge: str = "") -> str:
    """A distribution in front of the function URL."""
    return WORLD + SITE.replace("CONTROL", control).replace("EDGE", edge)


def test_a_signing_distribution_is_let_in_by_the_functions_policy(read: Read) -> None:
    """With an origin access control CloudFront calls the URL as itself, and the distribution is the source.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-lambda.html
    """
    facts = read(site(", OriginAccessControlId: !Ref Control"))
    (trigger,) = of(facts, Trigger)
    assert (trigger.event, trigger.service) == ("cloudfront-url", "cloudfront.amazonaws.com")
    assert (trigger.function_arn, trigger.mechanism) == (FN, Mechanism.RESOURCE_POLICY)
    assert (trigger.source_id, trigger.source_arn) == (DISTRIBUTION, DISTRIBUTION)
    assert trigger.required[0].actions == ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
    (route,) = of(facts, Route)
    assert (route.auth, route.path, route.api_id) == (Auth.NONE, "/*", DISTRIBUTION)
    (delivery,) = of(facts, Delivery)
    assert (delivery.sender_id, delivery.target_arn) == (route.id, DISTRIBUTION)


def test_a_distribution_that_does_not_sign_calls_the_url_as_anybody(read: Read) -> None:
    """Then the URL's own authorization decides, and the function's policy for CloudFront does not count."""
    facts = read(site())
    assert not of(facts, Trigger)
    assert [(fact.event, fact.target_arn) for fact in of(facts, Delivery) if fact.event == "cloudfront-url"] == [
        ("cloudfront-url", f"url:{FN}")
    ]


def test_an_edge_function_is_replicated(read: Read) -> None:
    """No policy lets CloudFront in; it copies the version.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-edge-permissions.html
    """
    edge = ", LambdaFunctionAssociations: [{EventType: viewer-request, LambdaFunctionARN: !Ref Version}]"
    facts = read(site("", edge))
    (trigger,) = of(facts, Trigger)
    assert (trigger.event, trigger.mechanism) == ("edge-viewer-request", Mechanism.REPLICATION)
    assert trigger.function_arn.startswith(f"{FN}:")


def test_an_edge_function_that_nobody_names_is_said(read: Read) -> None:
    """An ARN that another stack gives is no function's name."""
    edge = ", LambdaFunctionAssociations: [{EventType: viewer-request, LambdaFunctionARN: !GetAtt Elsewhere.Arn}]"
    facts = read(site("", edge) + "  Elsewhere: {Type: Custom::Reader, Properties: {ServiceToken: !GetAtt Fn.Arn}}\n")
    assert not [fact for fact in of(facts, Trigger) if fact.event.startswith("edge")]
    assert [fact.why for fact in of(facts, Unknown)] == ["only a deployment tells what it is"]


def test_signed_urls_are_not_called_open(read: Read) -> None:
    """Who holds a key of a trusted key group is not known."""
    (route,) = of(read(site(", OriginAccessControlId: !Ref Control", ", TrustedKeyGroups: [k]")), Route)
    assert route.auth is Auth.UNKNOWN
