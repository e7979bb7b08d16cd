"""Why an API call failed, as the kind of `Unknown` it becomes.

Error codes: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html and those of each service.
"""

from __future__ import annotations

from typing import NamedTuple

_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AccountProblem",
        "AllAccessDisabled",
        "AuthorizationError",
        "AuthorizationErrorException",
        "AuthFailure",
        "Forbidden",
        "ForbiddenException",
        "InsufficientPrivilegesException",
        "InvalidAccessException",
        "NotAuthorized",
        "NotAuthorizedException",
        "OptInRequired",
        "SubscriptionRequiredException",
        "UnauthorizedException",
        "UnauthorizedOperation",
    }
)
_EXPIRED = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "TokenRefreshRequired",
        "UnauthorizedSSOTokenError",
        "SSOTokenLoadError",
        "TokenRetrievalError",
        "CredentialRetrievalError",
        "NoCredentialsError",
        "PartialCredentialsError",
    }
)
INVALID_TOKEN = frozenset({"InvalidClientTokenId", "UnrecognizedClientException", "InvalidToken"})
"""What an expired session answers in some services, and every Region that the account has not enabled."""
_THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_UNSUPPORTED = frozenset(
    {
        "InvalidAction",
        "NotImplemented",
        "OperationNotPermittedException",
        "UnknownOperation",
        "UnknownOperationException",
        "UnsupportedOperation",
        "UnsupportedOperationException",
    }
)
_NOT_IMPLEMENTED = 501
_TOO_MANY = 429
_FORBIDDEN = 403


class Fault(NamedTuple):
    """A failed call.

    Attributes:
        kind: `denied`, `expired`, `throttled`, `unsupported` or `failed`.
        code: AWS's error code, or the name of the SDK's error.
        message: what the service said, for `failed` only: other messages say nothing that kind and code do not.
    """

    kind: str
    code: str
    message: str = ""

    @property
    def may_pass(self) -> bool:
        """Whether the same call may work later without a change of permissions."""
        return self.kind in ("expired", "throttled", "failed")

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.message else self.code


class NoSuchOperationError(Exception):
    """The installed SDK does not have an operation."""


def fault_of(error: Exception) -> Fault:
    """What an exception of botocore means."""
    from botocore.exceptions import ClientError

    if isinstance(error, NoSuchOperationError):
        return Fault("unsupported", "UnknownOperation", "the installed botocore does not know it")
    name = type(error).__name__
    if not isinstance(error, ClientError):
        return Fault("expired", name) if name in _EXPIRED else Fault("failed", name, _short(str(error)))
    answer = error.response.get("Error", {})
    code = str(answer.get("Code") or name)
    message = _short(str(answer.get("Message") or ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if code in _EXPIRED or code in INVALID_TOKEN:
        return Fault("expired", code)
    if code in _THROTTLED or status == _TOO_MANY:
        return Fault("throttled", code)
    # A bare 404 without an error code of AWS: nobody at this address knows the operation.
    if code in _UNSUPPORTED or code == "404" or status == _NOT_IMPLEMENTED or "not yet implemented" in message.lower():
        return Fault("unsupported", "UnknownOperation" if code == "404" else code)
    if code in _DENIED or status == _FORBIDDEN:
        return Fault("denied", code)
    return Fault("failed", code, message)


def _short(text: str) -> str:
    """The first line of a message, cut to what fits a report."""
    line = text.strip().partition("\n")[0]
    return line if len(line) <= 200 else f"{line[:199]}…"  # noqa: PLR2004
