"""What counts as a credential in plain text."""

from __future__ import annotations

import pytest

from permscope.services._credentials import looks_like_credential


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "SuperSecret123!"),
        ("dbPassword", "Tr0ub4dor&3"),
        ("ANYTHING", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("apiKey", "a8f5f167f44f4964e6c998dee827110c"),
        ("DATABASE_URL", "postgres://app:hunter2@db.internal/orders"),
        ("KEY", "-----BEGIN RSA PRIVATE KEY-----\nMIIE"),
    ],
)
def test_a_credential_is_recognized_by_form_or_name(name: str, value: str) -> None:
    """Access keys, private keys and passwords in URLs have a form; other secrets a name and a random look."""
    assert looks_like_credential(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", ""),
        ("DB_PASSWORD", "changeme"),
        ("DB_PASSWORD", "${Param::DbPassword}"),
        ("DB_PASSWORD", "{{resolve:secretsmanager:db}}"),
        ("SECRET", "my-secret-name"),
        ("SECRET_ARN", "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1b2c3"),
        ("SECRET_NAME", "x1y2z3a4b5c6d7e8f9"),
        ("TOKEN", "3600"),
        ("TOKEN_URL", "https://login.example.com/oauth2/token"),
        ("STRIPE_TOKEN", "YOUR_TOKEN_HERE_123456"),
        ("TABLE", "Orders"),
        ("DATABASE_URL", "postgres://user:password@db/orders"),
        ("NOTE", "x" * 100_000),
    ],
)
def test_names_places_and_stand_ins_are_no_credentials(name: str, value: str) -> None:
    """What names a secret, stands in for one or is settled by the deployment is none."""
    assert not looks_like_credential(name, value)
