"""IAM's credential report: who has a password, an MFA device, access keys, and when each was last used.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
"""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from permscope.inventory.facts import AccessKey, Credentials
from permscope.inventory.source import Source
from permscope.services._live import LiveFact, LiveReader, Session

GENERATE, GET = "iam.generate_credential_report", "iam.get_credential_report"
_NO_REPORT = ("ReportNotPresent", "ReportExpired", "ReportInProgress")
_TRIES = 30
_FIRST_PAUSE, _PAUSE = 0.25, 2.0  # seconds; a small account's report is there at once, a large one's in a minute
_WHAT = "the credential report"


def read_credential_report(session: Session) -> Iterator[LiveFact]:
    """The credentials of every user and of the root user; IAM makes a report at most every four hours."""
    state = _made(session)
    answer = session.call("iam", "get_credential_report", none=_NO_REPORT)
    if answer is None:
        return
    if not answer.get("Content"):
        why = "IAM was still making it after a minute" if state else "there is none, and making one was refused"
        yield session.unknown(_WHAT, f"{why}; not known: {_HIDES}", "failed", call=GET)
        return
    source = Source(call=GET, account=session.account)
    found = list(credentials_in(answer, source))
    if not found:
        yield session.unknown(_WHAT, f"it has no row that can be read; not known: {_HIDES}", "failed", call=GET)
    yield from found


def _made(session: Session) -> str:
    """The last state of the report; empty where IAM refuses to make one, so that only an older one can be had."""
    state = ""
    for number in range(_TRIES):
        answer = session.call("iam", "generate_credential_report", optional=True)
        state = str((answer or {}).get("State") or "")
        if state in ("COMPLETE", ""):
            break
        time.sleep(min(_PAUSE, _FIRST_PAUSE * 2**number))
    return state


def credentials_in(answer: Mapping[str, Any], source: Source) -> Iterator[Credentials]:
    """What each row of a report says; a column that a report lacks is not known."""
    content = answer.get("Content") or b""
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else str(content)
    made = answer.get("GeneratedTime")
    reported = made.isoformat() if isinstance(made, datetime) else str(made or "")
    for row in csv.DictReader(text.splitlines()):
        arn = row.get("arn") or ""
        if not arn.startswith("arn:"):
            continue
        yield Credentials(
            principal_arn=arn,
            reported=reported,
            password=_answer(row.get("password_enabled")),
            password_last_changed=_time(row.get("password_last_changed")),
            password_last_used=_time(row.get("password_last_used")),
            mfa=_answer(row.get("mfa_active")),
            access_keys=tuple(_keys(row)),
            source=source,
        )


def _keys(row: Mapping[str, str | None]) -> Iterator[AccessKey]:
    for number in ("1", "2"):
        active = _answer(row.get(f"access_key_{number}_active"))
        if active is not None:
            yield AccessKey(
                active=active,
                last_rotated=_time(row.get(f"access_key_{number}_last_rotated")),
                last_used=_time(row.get(f"access_key_{number}_last_used_date")),
            )


def _answer(text: object) -> bool | None:
    """`TRUE` or `FALSE`, in any case of letters; None for `not_supported` and what is not there."""
    return {"true": True, "false": False}.get(text.lower()) if isinstance(text, str) else None


def _time(text: object) -> str | None:
    """An ISO 8601 time; None for `N/A`, `no_information`, `not_supported` and what is not there."""
    if not isinstance(text, str):
        return None
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return None
    return text


_HIDES = "who has MFA, and how old passwords and access keys are"

LIVE = (
    LiveReader(
        read=read_credential_report,
        client="iam",
        is_global=True,
        operations={GENERATE: _HIDES, GET: _HIDES},
    ),
)
