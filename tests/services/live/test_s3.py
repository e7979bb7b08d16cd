"""Buckets of a live account, with everything that decides who may use them."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.services._live_s3 import _canned, _encryption, _ownership

ALL = "http://acs.amazonaws.com/groups/global/AllUsers"


@pytest.mark.parametrize(
    ("grants", "canned"),
    [
        ([], None),
        ([{"Grantee": {"URI": ALL}, "Permission": "READ"}], "PublicRead"),
        ([{"Grantee": {"URI": ALL}, "Permission": each} for each in ("READ", "WRITE")], "PublicReadWrite"),
        ([{"Grantee": {"URI": ALL}, "Permission": "FULL_CONTROL"}], "PublicReadWrite"),
        ([{"Grantee": {"ID": "own"}, "Permission": "FULL_CONTROL"}], None),
    ],
)
def test_grants_to_everybody_are_the_canned_acl_they_amount_to(grants: list[Any], canned: str | None) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html."""
    assert _canned(grants) == canned


def test_a_bucket_without_ownership_controls_is_old_and_its_acls_count() -> None:
    """What could not be read is not known, which is something else."""
    assert _ownership({}) == {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    assert _ownership(None) is None


def test_only_a_key_that_is_named_is_a_key() -> None:
    """Encryption with S3's own keys asks nobody for `kms:Decrypt`."""
    assert _encryption({"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}) is None
    found = _encryption({"Rules": [{"ApplyServerSideEncryptionByDefault": {"KMSMasterKeyID": "k"}}]})
    assert "'k'" in str(found)
