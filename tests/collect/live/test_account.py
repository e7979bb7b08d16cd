"""One account: its clients, the rate and number of its calls, and where its services are."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from permscope.collect.live.account import Limits, LiveAccount, Stopped, make_client

ACCOUNT = "123456789012"


@pytest.fixture
def account(aws: Any) -> LiveAccount:
    """The account of the default credentials, asked quickly."""
    import boto3

    del aws
    limits = Limits(threads=2, attempts=1, timeout=5, rate=1000)
    return LiveAccount(id=ACCOUNT, partition="aws", boto=boto3.Session(), home="eu-west-1", limits=limits)


def test_a_client_is_made_once_for_a_region_until_that_is_done(account: LiveAccount) -> None:
    """Clients are large, so those of a Region that was read are let go; those of others stay."""
    queues, others = account.client("sqs", "eu-west-1"), account.client("sqs", "us-east-1")
    assert account.client("sqs", "eu-west-1") is queues
    account.forget("eu-west-1")
    assert account.client("sqs", "eu-west-1") is not queues
    assert account.client("sqs", "us-east-1") is others


def test_every_request_is_counted_also_those_of_further_pages_and_tries(aws: Any, account: LiveAccount) -> None:
    """What AWS throttles and bills by is requests, not calls of a reader."""
    account.client("sqs", "eu-west-1").list_queues()
    assert dict(account.calls) == {"sqs.ListQueues": 1}
    patient = LiveAccount(
        id=ACCOUNT, partition="aws", boto=account.boto, home="eu-west-1", limits=Limits(attempts=3, rate=1000)
    )
    aws.break_calls("ListQueues", code="InternalError", status=500, times=2)
    patient.client("sqs", "eu-west-1").list_queues()
    assert dict(patient.calls) == {"sqs.ListQueues": 3}


def test_no_further_request_is_sent_once_the_collection_was_interrupted(aws: Any, account: LiveAccount) -> None:
    """Every thread stops at its next call."""
    client = account.client("sqs", "eu-west-1")
    account.stopped.set()
    with pytest.raises(Stopped):
        client.list_queues()
    assert not aws.requests


def test_a_service_is_asked_where_the_sdk_knows_it_to_be(account: LiveAccount) -> None:
    """A Region that is newer than the SDK may have every service; a misspelt one is known to nobody."""
    assert account.is_offered("lambda", "eu-west-1")
    assert not account.is_offered("lambda", "cn-north-1")
    assert account.knows("eu-west-1")
    assert not account.knows("eu-wset-1")


def test_the_account_is_left_out_of_host_names_that_only_aws_resolves(aws: Any, account: LiveAccount) -> None:
    """S3 Control puts the account before the host; a server of one's own is asked under its own name."""
    client = account.client("s3control", "eu-west-1")
    with pytest.raises(client.exceptions.NoSuchPublicAccessBlockConfiguration):
        client.get_public_access_block(AccountId=ACCOUNT)
    assert any("publicAccessBlock" in request for request in aws.requests)


def test_a_client_that_nobody_may_answer_tries_once(account: LiveAccount) -> None:
    """Where it is not known that a service is in a Region, waiting for it five times helps nobody."""
    config = make_client(account.boto, "sqs", "eu-west-1", Limits(attempts=5, timeout=20), patient=False).meta.config
    assert config.retries["total_max_attempts"] == 1
    assert config.connect_timeout == 5.0


def test_an_account_starts_with_its_credentials_accepted() -> None:
    """Nothing was asked, nothing has expired, nobody has stopped it."""
    made = LiveAccount(id=ACCOUNT, partition="aws", boto=None, home="eu-west-1")  # type: ignore[arg-type]
    assert (made.expired, sum(made.calls.values()), made.stopped.is_set()) == (None, 0, False)
    assert isinstance(made.stopped, threading.Event)
