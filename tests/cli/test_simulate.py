"""`permscope simulate`: a line in, a line out, in order."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from permscope.cli import permscope

POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
PRINCIPAL = "arn:aws:iam::111111111111:role/app"


def _line(action: str) -> bytes:
    case = {"id": action, "principal": PRINCIPAL, "action": action, "resource": "arn:aws:s3:::b/k"}
    return json.dumps({**case, "identityPolicies": [POLICY]}).encode() + b"\n"


@pytest.mark.parametrize(
    ("lines", "code", "answers"),
    [
        ([_line("s3:GetObject"), _line("s3:PutObject")], 0, ["allowed", "implicitDeny"]),
        ([b"no json\n", _line("s3:GetObject")], 3, [None, "allowed"]),
        ([b"\xff\xfe\n", _line("s3:GetObject")], 3, [None, "allowed"]),
        ([], 0, []),
    ],
)
def test_a_line_that_is_no_request_stops_no_other(lines: list[bytes], code: int, answers: list[str | None]) -> None:
    """Whatever its bytes; the exit code tells that not all were decided."""
    result = CliRunner().invoke(permscope, ["simulate"], input=b"".join(lines))
    assert [json.loads(line).get("decision") for line in result.stdout.splitlines()] == answers
    assert result.exit_code == code


def test_an_answer_says_why_where_it_is_asked_for() -> None:
    """The plain one stays as short as it is."""
    plain, explained = (
        json.loads(CliRunner().invoke(permscope, ["simulate", *more], input=_line("s3:PutObject")).stdout)
        for more in ((), ("--explain",))
    )
    assert set(explained) > set(plain)
