"""IAM's credential report: what each column means, and what its absence does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from permscope.collect.live.account import LiveAccount
from permscope.collect.live.session import LiveSession
from permscope.inventory.facts import AccessKey, Credentials, Unknown
from permscope.inventory.source import Source
from permscope.services import _live_credential_report
from permscope.services._live_credential_report import credentials_in

ACCOUNT = "arn:aws:iam::123456789012"
HEADER = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,"
    "mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"
    "access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,"
    "access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
    "cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
)
ROOT = (
    f"<root_account>,{ACCOUNT}:root,2019-05-01T09:00:00+00:00,not_supported,2026-10-01T09:00:00+00:00,not_supported,"
    "not_supported,false,true,2020-01-01T00:00:00+00:00,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
)
ANN = (
    f"ann,{ACCOUNT}:user/team/ann,2024-05-01T09:00:00+00:00,true,no_information,2024-05-01T09:00:00+00:00,N/A,true,"
    "true,2024-05-01T09:00:00+00:00,2026-10-30T09:00:00+00:00,eu-west-1,s3,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
)
MADE = datetime(2026, 11, 1, 12, tzinfo=UTC)
DENIED: dict[str, Any] = {
    "iam.generate_credential_report": "AccessDenied",
    "iam.get_credential_report": "AccessDenied",
}


def report(*rows: str, header: str = HEADER) -> dict[str, Any]:
    """An answer of `get_credential_report`."""
    content = "\n".join((header, *rows)).encode()
    return {"Content": content, "ReportFormat": "text/csv", "GeneratedTime": MADE}


def read(*rows: str, header: str = HEADER) -> list[Credentials]:
    """What the rows say."""
    return list(credentials_in(report(*rows, header=header), Source()))


def test_every_column_of_the_report_is_read_as_aws_documents_it() -> None:
    """`not_supported`, `N/A` and `no_information` are no answers.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
    """
    root, ann = read(ROOT, ANN)
    assert (root.principal_arn, root.password, root.mfa) == (f"{ACCOUNT}:root", None, False)
    assert root.access_keys[0] == AccessKey(active=True, last_rotated="2020-01-01T00:00:00+00:00")
    assert (ann.password, ann.password_last_used, ann.mfa) == (True, None, True)
    assert ann.password_last_changed == "2024-05-01T09:00:00+00:00"
    assert ann.access_keys[0].last_used == "2026-10-30T09:00:00+00:00"
    assert ann.access_keys[1] == AccessKey(active=False)
    assert ann.reported == "2026-11-01T12:00:00+00:00"


def test_letters_of_answers_may_be_capitals() -> None:
    """The documentation writes TRUE, the report itself `true`."""
    (ann,) = read(ANN.replace(",true,", ",TRUE,").replace(",false,", ",FALSE,"))
    assert (ann.password, ann.access_keys[1].active) == (True, False)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("user,arn", f"ann,{ACCOUNT}:user/ann"),
        (HEADER, f"ann,{ACCOUNT}:user/ann"),
        ("user,arn,mfa_active", f"ann,{ACCOUNT}:user/ann,perhaps"),
    ],
)
def test_what_the_report_lacks_is_not_known(header: str, row: str) -> None:
    """A missing column, a short row and a word nobody knows are neither yes nor no."""
    (ann,) = read(row, header=header)
    assert (ann.password, ann.mfa, ann.access_keys) == (None, None, ())


def test_rows_about_nobody_are_left_out() -> None:
    """A cut off or strange line is no user."""
    assert read("", "ann", "ann,nothing,true") == []


@pytest.fixture
def reported(account: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """The facts of an account with such answers, without any waiting."""
    monkeypatch.setattr(_live_credential_report.time, "sleep", lambda _seconds: None)
    return lambda answers: account("credential_report", answers)


def test_a_report_is_made_and_then_read(reported: Callable[..., list[Any]]) -> None:
    """IAM makes it in the background, so it is asked until it is there."""
    states = iter(["STARTED", "INPROGRESS", "COMPLETE"])
    facts = reported(
        {
            "iam.generate_credential_report": lambda _asked: {"State": next(states)},
            "iam.get_credential_report": report(ROOT, ANN),
        }
    )
    assert [fact.principal_arn for fact in facts if isinstance(fact, Credentials)] == [
        f"{ACCOUNT}:root",
        f"{ACCOUNT}:user/team/ann",
    ]
    assert not [fact for fact in facts if isinstance(fact, Unknown)]


def test_waiting_for_a_report_ends(account: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Short at first, and a minute at most."""
    slept: list[float] = []
    monkeypatch.setattr(_live_credential_report.time, "sleep", slept.append)
    answers = {
        "iam.generate_credential_report": {"State": "INPROGRESS"},
        "iam.get_credential_report": "ReportInProgress",
    }
    assert [fact for fact in account("credential_report", answers) if isinstance(fact, Unknown)]
    assert slept == sorted(slept)
    assert slept[0] < 0.5
    assert 50 < sum(slept) <= 60


def test_a_report_that_was_made_before_does_where_none_may_be_made(reported: Callable[..., list[Any]]) -> None:
    """Reading one needs another permission than making one."""
    facts = reported({**DENIED, "iam.get_credential_report": report(ANN)})
    assert [type(fact) for fact in facts if isinstance(fact, Credentials | Unknown)] == [Credentials]


@pytest.mark.parametrize(
    ("answers", "kind", "why"),
    [
        (DENIED, "denied", "not known: who has MFA"),
        ({**DENIED, "iam.get_credential_report": "ReportNotPresent"}, "failed", "making one was refused"),
        (
            {
                "iam.generate_credential_report": {"State": "INPROGRESS"},
                "iam.get_credential_report": "ReportInProgress",
            },
            "failed",
            "after a minute",
        ),
        (
            {"iam.generate_credential_report": {"State": "COMPLETE"}, "iam.get_credential_report": report()},
            "failed",
            "no row",
        ),
    ],
)
def test_a_report_that_cannot_be_had_is_unknown(
    reported: Callable[..., list[Any]], answers: dict[str, Any], kind: str, why: str
) -> None:
    """Users without a report would look as if all had MFA."""
    (unknown,) = [fact for fact in reported(answers) if isinstance(fact, Unknown)]
    assert unknown.kind == kind
    assert why in unknown.why


def test_a_simulated_account_gives_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through real requests and moto's own report."""
    moto = pytest.importorskip("moto", reason="moto is not installed")
    boto3 = pytest.importorskip("boto3", reason="boto3 is not installed")
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setattr(_live_credential_report.time, "sleep", lambda _seconds: None)
    with moto.mock_aws():
        iam = boto3.client("iam", region_name="eu-west-1")
        iam.create_user(UserName="ann")
        iam.create_access_key(UserName="ann")
        account = LiveAccount(id="123456789012", partition="aws", boto=boto3.Session(), home="eu-west-1")
        (reader,) = _live_credential_report.LIVE
        session = LiveSession(account, "eu-west-1", reader.operations)
        found = {fact.principal_arn: fact for fact in reader.read(session) if isinstance(fact, Credentials)}
        assert not session.unknowns
    ann = found[f"{ACCOUNT}:user/ann"]
    assert (ann.password, ann.mfa) == (False, False)
    assert [key.active for key in ann.access_keys] == [True, False]
    assert ann.access_keys[0].last_rotated
    assert ann.reported
