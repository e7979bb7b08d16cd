"""Functions whose code lies where somebody else may write."""

from __future__ import annotations

from typing import Any

import pytest

VAULT = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}


def packaged(**code: str) -> dict[str, Any]:
    """A function whose code lies in a bucket."""
    properties = {
        "Role": {"Fn::GetAtt": ["Vault", "Arn"]},
        "Code": {"S3Bucket": "releases", "S3Key": "page.zip", **code},
        "Runtime": "python3.12",
        "Handler": "index.h",
    }
    return {"Type": "AWS::Lambda::Function", "Properties": properties}


def writer(resource: str) -> dict[str, Any]:
    """May write objects."""
    return {"Effect": "Allow", "Action": "s3:PutObject", "Resource": resource}


@pytest.mark.parametrize(
    ("resource", "reached"),
    [
        ("arn:aws:s3:::releases/*", True),
        ("arn:aws:s3:::releases/page.zip", True),
        ("arn:aws:s3:::releases/other.zip", False),
        ("arn:aws:s3:::reports/*", False),
    ],
)
def test_who_may_write_the_object_changes_the_function(audit: Any, role: Any, resource: str, reached: bool) -> None:
    """That very object, and no other of its bucket."""
    found = audit({"Vault": role(VAULT), "Page": packaged(), "Uploader": role(writer(resource))})
    assert ("artifact-overwrite" in found) is reached


def test_an_object_named_by_its_version_stays_what_it_is(audit: Any, role: Any) -> None:
    """A new version of the object is another one."""
    page = packaged(S3ObjectVersion="3sL4kqtJlcpXroDTDmJ")
    found = audit({"Vault": role(VAULT), "Page": page, "Uploader": role(writer("arn:aws:s3:::releases/*"))})
    assert "artifact-overwrite" not in found


def test_a_function_that_may_do_no_more_is_no_gain(audit: Any, role: Any) -> None:
    """Nothing is gained by its code."""
    uploader = role(writer("arn:aws:s3:::releases/*"), VAULT)
    assert "artifact-overwrite" not in audit({"Vault": role(VAULT), "Page": packaged(), "Uploader": uploader})
