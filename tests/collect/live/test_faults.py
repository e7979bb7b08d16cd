"""What a failed call means: denied, expired, throttled, unsupported, or something to read about."""

from __future__ import annotations

import pytest

pytest.importorskip("botocore", reason="botocore is not installed")

from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from permscope.collect.live.faults import NoSuchOperationError, fault_of


def _answer(code: str, message: str = "", status: int = 400) -> ClientError:
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "GetPolicy")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (_answer("AccessDeniedException", "no"), "denied"),
        (_answer("SomethingNew", status=403), "denied"),
        (_answer("ExpiredToken", status=403), "expired"),
        (_answer("UnrecognizedClientException", status=403), "expired"),
        (_answer("TooManyRequestsException"), "throttled"),
        (_answer("SomethingNew", status=429), "throttled"),
        (_answer("404", status=404), "unsupported"),
        (_answer("SomethingNew", status=501), "unsupported"),
        (_answer("ResourceNotFoundException", status=404), "failed"),
        (NoSuchOperationError(), "unsupported"),
        (NoCredentialsError(), "expired"),
        (EndpointConnectionError(endpoint_url="https://x"), "failed"),
        (KeyError("x"), "failed"),
    ],
)
def test_a_failure_is_told_by_code_then_by_status(error: Exception, kind: str) -> None:
    """A code that is not known yet goes by its HTTP status; a 404 with a code of AWS is no missing operation.

    https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
    """
    fault = fault_of(error)
    assert fault.kind == kind
    assert fault.may_pass is (kind in {"expired", "throttled", "failed"})


def test_a_message_is_one_short_line() -> None:
    """Reports are no place for a page of HTML, and a denial says no more than its code."""
    fault = fault_of(_answer("InternalFailure", "first\nsecond"))
    assert str(fault) == "InternalFailure: first"
    assert len(fault_of(_answer("InternalFailure", "x" * 1000)).message) == 200
    assert str(fault_of(_answer("AccessDenied", "User: arn:aws:iam::1:user/x"))) == "AccessDenied"
