"""How fast a service is asked, so that collection never slows down what runs in the account.

AWS counts requests per account and Region. The rates leave half of the documented quota to others:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (15 a second for the rest of the API),
https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html (10 a second),
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

DEFAULT_RATE = 20.0
RATES: Mapping[str, float] = {
    "apigateway": 5.0,
    "apigatewayv2": 5.0,
    "cloudfront": 5.0,
    "codepipeline": 5.0,
    "dynamodb": 10.0,
    "efs": 5.0,
    "iam": 10.0,
    "kms": 20.0,
    "lambda": 10.0,
    "organizations": 3.0,
    "s3": 100.0,
    "s3control": 10.0,
    "secretsmanager": 20.0,
    "ses": 1.0,
    "sesv2": 1.0,
    "sns": 20.0,
    "sqs": 100.0,
    "stepfunctions": 10.0,
}
"""boto3 client -> calls per second in one account and Region."""


class Rate:
    """Spaces calls: `wait` returns when the next one may go.

    Args:
        per_second: calls a second; a second's worth may go at once.
    """

    def __init__(self, per_second: float) -> None:
        self._step = 1.0 / per_second
        self._burst = 1.0
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Sleep until the next call may go."""
        with self._lock:
            now = time.monotonic()
            self._next = max(self._next + self._step, now - self._burst + self._step)
            delay = self._next - now
        if delay > 0:
            time.sleep(delay)


def rate_for(client: str, fastest: float | None) -> Rate:
    """The rate of a service; `fastest` replaces what is known of it."""
    return Rate(fastest or RATES.get(client, DEFAULT_RATE))
