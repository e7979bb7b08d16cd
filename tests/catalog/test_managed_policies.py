"""The policies that AWS manages."""

from __future__ import annotations

import re

import pytest

from permscope.catalog import managed_policies
from permscope.catalog.managed_policies import document


def test_the_basic_execution_role_is_what_everybody_knows() -> None:
    """Name, path, version and document belong together."""
    policy = document("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
    assert policy is not None
    assert (policy.name, policy.path, policy.default_version) == ("AWSLambdaBasicExecutionRole", "/service-role/", "v1")
    assert policy.arn == "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    assert not policy.retired
    assert policy.document["Statement"][0]["Action"] == [
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ]


@pytest.mark.parametrize(
    ("reference", "arn"),
    [
        ("AdministratorAccess", "arn:aws:iam::aws:policy/AdministratorAccess"),
        ("AWSLambdaRole", "arn:aws:iam::aws:policy/service-role/AWSLambdaRole"),
        ("service-role/AWSLambdaRole", "arn:aws:iam::aws:policy/service-role/AWSLambdaRole"),
        ("arn:aws-cn:iam::aws:policy/AdministratorAccess", "arn:aws-cn:iam::aws:policy/AdministratorAccess"),
        (
            "arn:${AWS::Partition}:iam::aws:policy/job-function/ViewOnlyAccess",
            "arn:${AWS::Partition}:iam::aws:policy/job-function/ViewOnlyAccess",
        ),
    ],
)
def test_a_policy_is_found_by_name_and_by_arn_in_any_partition(reference: str, arn: str) -> None:
    """The answer keeps the partition of the question."""
    policy = document(reference)
    assert policy is not None
    assert policy.arn == arn


@pytest.mark.parametrize(
    "reference",
    [
        "NoSuchPolicy",
        "",
        "arn:aws:iam::123456789012:policy/AdministratorAccess",
        "arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole",
        "arn:aws:iam::aws:policy/service-role/AdministratorAccess",
        "arn:aws:iam::aws:policy/administratoraccess",
        "arn:aws:s3:::AdministratorAccess",
        "service-role/AdministratorAccess",
    ],
)
def test_what_aws_does_not_have_is_not_found(reference: str) -> None:
    """A customer's policy of the same name, a wrong path, a wrong case."""
    assert document(reference) is None


def test_withdrawn_policies_keep_their_last_document() -> None:
    """Old templates name them; attaching one fails."""
    policy = document("AWSLambdaFullAccess")
    assert policy is not None
    assert policy.retired
    assert policy.document["Statement"]
    assert not document("AWSLambda_FullAccess").retired  # type: ignore[union-attr]


def test_every_document_can_be_read() -> None:
    """And belongs to its name; names are sorted."""
    names = managed_policies.names()
    assert list(names) == sorted(names)
    assert len(names) > 1_600
    policies = [document(name) for name in names]
    assert all(policy is not None and policy.document["Statement"] for policy in policies)
    assert sum(policy is not None and policy.retired for policy in policies) > 50
    assert all(policy is not None and re.fullmatch(r"v\d+", policy.default_version) for policy in policies)


def test_the_list_says_how_old_it_is() -> None:
    """For reports that show the age of the catalogue."""
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", managed_policies.date())
