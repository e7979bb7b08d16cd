"""Distributions of a live account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Delivery, Mechanism, Resource, Route, Trigger
from permscope.services._live import LiveReader

EDGE = "arn:aws:lambda:us-east-1:123456789012:function:edge:3"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:web"
DISTRIBUTION = "arn:aws:cloudfront::123456789012:distribution/E1"
HOST = "abc.lambda-url.eu-west-1.on.aws"
SECRET = "shared-secret"
BEHAVIOR = {"TargetOriginId": "web", "ViewerProtocolPolicy": "allow-all"}
SUMMARY: dict[str, Any] = {
    "Id": "E1",
    "ARN": DISTRIBUTION,
    "ETag": "1",
    "Status": "Deployed",
    "LastModifiedTime": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    "DomainName": "e1.cloudfront.net",
    "Aliases": {"Quantity": 1, "Items": ["www.example.com"]},
    "Origins": {
        "Quantity": 2,
        "Items": [
            {
                "Id": "web",
                "DomainName": HOST,
                "OriginAccessControlId": "O1",
                "CustomHeaders": {"Quantity": 1, "Items": [{"HeaderName": "x", "HeaderValue": SECRET}]},
            },
            {"Id": "files", "DomainName": "files.s3.amazonaws.com", "OriginAccessControlId": ""},
        ],
    },
    "DefaultCacheBehavior": {
        **BEHAVIOR,
        "LambdaFunctionAssociations": {
            "Quantity": 1,
            "Items": [{"LambdaFunctionARN": EDGE, "EventType": "viewer-request"}],
        },
    },
    "CacheBehaviors": {"Quantity": 1, "Items": [{**BEHAVIOR, "PathPattern": "/api/*"}]},
    "CustomErrorResponses": {"Quantity": 0},
    "Comment": "",
    "PriceClass": "PriceClass_All",
    "Enabled": True,
    "ViewerCertificate": {},
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    "WebACLId": "",
    "HttpVersion": "http2",
    "IsIPV6Enabled": True,
    "Staging": False,
}
CONTROL = {
    "Id": "O1",
    "Name": "signed",
    "Description": "",
    "SigningProtocol": "sigv4",
    "SigningBehavior": "always",
    "OriginAccessControlOriginType": "lambda",
}
ANSWERS: dict[str, Any] = {
    "cloudfront.list_distributions": {
        "DistributionList": {
            "Marker": "",
            "MaxItems": 100,
            "IsTruncated": False,
            "Quantity": 1,
            "Items": [SUMMARY],
        }
    },
    "cloudfront.list_origin_access_controls": {
        "OriginAccessControlList": {
            "Marker": "",
            "MaxItems": 100,
            "IsTruncated": False,
            "Quantity": 1,
            "Items": [CONTROL],
        }
    },
}


def test_functions_run_at_the_edge_once(account: Callable[..., list[Any]]) -> None:
    """Lists stand under `Items`; the Region's reader leaves the edge to the global one."""
    edges = [fact for fact in account("cloudfront", ANSWERS, Trigger) if fact.mechanism is Mechanism.REPLICATION]
    assert [(fact.function_arn, fact.event, fact.source_arn) for fact in edges] == [
        (EDGE, "edge-viewer-request", DISTRIBUTION)
    ]


def test_a_signed_url_origin_calls_the_function_of_the_url(account: Callable[..., list[Any]]) -> None:
    """The host of an origin is that of a URL the same Region has."""
    urls = (
        LiveReader(
            read=lambda session: [
                session.resource(
                    "AWS::Lambda::Url",
                    {"TargetFunctionArn": FUNCTION, "AuthType": "AWS_IAM"},
                    name=FUNCTION,
                    ref=FUNCTION,
                    attributes={"FunctionUrl": f"https://{HOST}/"},
                    call="lambda.get_function_url_config",
                )
            ],
            client="lambda",
            operations={},
        ),
    )
    facts = account("cloudfront", ANSWERS, more=urls)
    (trigger,) = [fact for fact in facts if isinstance(fact, Trigger) and fact.event == "cloudfront-url"]
    assert (trigger.function_arn, trigger.source_arn) == (FUNCTION, DISTRIBUTION)
    assert {fact.path for fact in facts if isinstance(fact, Route)} >= {"/*", "/api/*"}


def test_headers_of_origins_are_not_kept(account: Callable[..., list[Any]]) -> None:
    """A header that CloudFront adds is often a shared secret."""
    facts = account("cloudfront", ANSWERS)
    assert SECRET not in repr(facts)
    assert any(fact.id == DISTRIBUTION for fact in facts if isinstance(fact, Resource))
    assert any(fact.event == "cache-behavior" for fact in facts if isinstance(fact, Delivery))
