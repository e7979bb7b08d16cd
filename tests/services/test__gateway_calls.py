"""What API Gateway integrations call."""

from __future__ import annotations

import time

import pytest

from permscope.services._gateway_calls import Integration, call_of, function_in
from permscope.services.interface import Stack

STACK = Stack(partition="aws", region="eu-west-1", account="111122223333")
FN = "arn:aws:lambda:eu-west-1:111122223333:function:orders"


@pytest.mark.parametrize(
    ("uri", "function"),
    [
        (f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{FN}/invocations", FN),
        (f"arn:aws:apigateway:eu-west-1:lambda:path//2015-03-31/functions/{FN}:live/invocations", f"{FN}:live"),
        (f"arn:aws:apigateway:eu-west-1:lambda:path/2021-11-15/functions/{FN}/response-streaming-invocations", FN),
        (FN, FN),
        ("arn:aws:apigateway:eu-west-1:dynamodb:action/PutItem", None),
        ("https://example.com", None),
        ("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions", None),
    ],
)
def test_the_function_of_a_uri(uri: str, function: str | None) -> None:
    """Invocation Uris, streaming ones, and the plain ARNs of HTTP APIs.

    https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html
    """
    assert function_in(STACK, uri) == function


def _json(text: str) -> dict[str, str]:
    return {"application/json": text}


@pytest.mark.parametrize(
    ("service", "integration", "action", "resource", "exact"),
    [
        ("s3:path/bucket/key", {"method": "GET"}, "s3:GetObject", "arn:aws:s3:::bucket/key", True),
        ("s3:path/bucket", {"method": "GET"}, "s3:ListBucket", "arn:aws:s3:::bucket", True),
        ("s3:path/", {"method": "GET"}, "s3:ListAllMyBuckets", "*", True),
        (
            "s3:path/{bucket}/{key}",
            {
                "method": "PUT",
                "parameters": {
                    "integration.request.path.bucket": "'uploads'",
                    "integration.request.path.key": "method.request.path.name",
                },
            },
            "s3:PutObject",
            "arn:aws:s3:::uploads/${Unknown::request/key}",
            False,
        ),
        (
            "kinesis:action/PutRecord",
            {"templates": _json('{"StreamName": "clicks", "Data": "$util.base64Encode($input.body)"}')},
            "kinesis:PutRecord",
            "arn:aws:kinesis:eu-west-1:111122223333:stream/clicks",
            True,
        ),
        (
            "kinesis:action/PutRecord",
            {"templates": _json('{"StreamName": "$input.params(\'stream\')"}')},
            "kinesis:PutRecord",
            "arn:aws:kinesis:eu-west-1:111122223333:stream/${Unknown::request/StreamName}",
            False,
        ),
        (
            "states:action/StartExecution",
            {"templates": _json('{"input": "{}", "stateMachineArn": "arn:aws:states:eu-west-1:1:stateMachine:m"}')},
            "states:StartExecution",
            "arn:aws:states:eu-west-1:1:stateMachine:m",
            True,
        ),
        (
            "sqs:path/111122223333/jobs",
            {"templates": _json("Action=SendMessage&MessageBody=$input.body")},
            "sqs:SendMessage",
            "arn:aws:sqs:eu-west-1:111122223333:jobs",
            True,
        ),
        (
            "sqs:path/111122223333/jobs",
            {"templates": _json("Action=ReceiveMessage")},
            "sqs:ReceiveMessage",
            "arn:aws:sqs:eu-west-1:111122223333:jobs",
            True,
        ),
        (
            "sns:action/Publish",
            {"parameters": {"integration.request.querystring.TopicArn": "'arn:aws:sns:eu-west-1:1:t'"}},
            "sns:Publish",
            "arn:aws:sns:eu-west-1:1:t",
            True,
        ),
        (
            "sns:path//",
            {"templates": _json("Action=Publish&TopicArn=$util.urlEncode('arn:aws:sns:eu-west-1:1:t')&Message=x")},
            "sns:Publish",
            "arn:aws:sns:eu-west-1:1:t",
            True,
        ),
        (
            "events:action/PutEvents",
            {"templates": _json('{"Entries": [{"Source": "a", "EventBusName": "b"}]}')},
            "events:PutEvents",
            "arn:aws:events:eu-west-1:111122223333:event-bus/b",
            True,
        ),
        (
            "events:path//",
            {"parameters": {"integration.request.header.X-Amz-Target": "'AWSEvents.PutEvents'"}},
            "events:PutEvents",
            "arn:aws:events:eu-west-1:111122223333:event-bus/default",
            True,
        ),
        ("comprehend:action/DetectSentiment", {}, "comprehend:DetectSentiment", "*", True),
    ],
)
def test_what_a_service_integration_needs(
    service: str, integration: dict[str, object], action: str, resource: str, exact: bool
) -> None:
    """The Uri names the action, the request what it acts on; what the caller decides is unknown.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/integration-request-basic-setup.html
    """
    found = call_of(STACK, f"arn:aws:apigateway:eu-west-1:{service}", Integration(kind="aws", **integration))  # type: ignore[arg-type]
    assert found is not None
    (need,) = found.needs
    assert (need.actions, need.resource_arn, found.exact) == ((action,), resource, exact)


def test_a_hostile_template_costs_little() -> None:
    """Mapping templates come from strangers; reading one is linear."""
    start = time.process_time()
    for text in ('"TableName": "' * 20_000, "TableName=" * 50_000, '"TableName"' + " " * 200_000):
        integration = Integration(kind="aws", templates=_json(text))
        assert call_of(STACK, "arn:aws:apigateway:eu-west-1:dynamodb:action/GetItem", integration) is not None
    assert time.process_time() - start < 10
