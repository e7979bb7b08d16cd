"""The gate on realistic pull requests: each gives exactly the expected verdict and changes, no more.

The application and the pull requests, as patches, are in `fixtures/pull-requests`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "fixtures" / "pull-requests"
ANYONE = "anyone on the internet"
PARTNER = "account 999988887777"
# Patch -> the verdict, and the kind, actor and target of every risk that must be named.
PULLS: dict[str, tuple[str, set[tuple[str, str, str]]]] = {
    "nothing-changes": ("pass", set()),
    "a-route-loses-its-authorizer": (
        "fail",
        {("new-public-entry", "public", "PUT /users/{id}"), ("new-exposure-path", ANYONE, "UsersTable")},
    ),
    "a-wildcard-appears-in-a-sam-policy": ("fail", {("new-access", "PutUserFunction", "UsersTable")}),
    "a-policy-gets-every-resource": ("fail", {("new-access", "PutUserFunction", "every resource (*)")}),
    "a-condition-is-dropped": ("pass", {("weakened", "WorkerFunction", "Uploads")}),
    "a-deny-is-dropped": ("fail", {("weakened", "WorkerFunction", "Uploads")}),
    "a-second-function-shares-a-role": (
        "fail",
        {
            ("new-access", "GetUserFunction", "DbSecret"),
            ("new-access", "GetUserFunction", "Uploads"),
            ("new-exposure-path", ANYONE, "Jobs, DbSecret, Uploads"),
            ("new-access", "GetUserFunction", "Jobs"),
        },
    ),
    "a-table-is-renamed": ("pass", set()),
    "a-function-is-renamed": ("pass", set()),
    "a-policy-is-split-into-two": ("pass", set()),
    "inline-statements-move-to-a-managed-policy": ("pass", set()),
    "a-template-moves-to-another-folder": ("pass", set()),
    "resources-are-reordered": ("pass", set()),
    "an-export-means-another-queue": ("pass", {("new-access", "ReportFunction", "Payments")}),
    "a-nested-stack-lets-another-account-read": ("fail", {("new-external-principal", PARTNER, "Archive")}),
    "a-bucket-policy-opens-to-everyone": ("pass", set()),
    "a-public-function-url-is-added": (
        "fail",
        {("new-public-entry", "public", "URL of PutUserFunction"), ("new-exposure-path", ANYONE, "UsersTable")},
    ),
    "a-partner-may-invoke": (
        "fail",
        {("new-exposure-path", PARTNER, "UsersTable"), ("new-external-principal", PARTNER, "GetUserFunction")},
    ),
    "a-worker-may-change-another-function": (
        "fail",
        {
            ("new-access", "WorkerFunction", "PutUserFunction"),
            ("new-escalation-path", "WorkerFunction", "PutUserFunctionRole"),
        },
    ),
    "a-role-loses-the-right-to-poll": ("fail", {("wiring-broken", "Jobs", "WorkerFunction")}),
    "a-bucket-triggers-a-function": ("pass", {("new-invoker", "Uploads", "WorkerFunction")}),
    "access-is-taken-away": ("pass", set()),
    "a-new-function-with-a-role-of-its-own": (
        "pass",
        {("new-access", "MailFunction", "every resource (*)"), ("new-access", "MailFunction", "mail")},
    ),
    "a-permissions-boundary-is-dropped": ("fail", {("weakened", "AuditRole", "every resource (*)")}),
    "a-trust-policy-names-a-partner": (
        "fail",
        {("new-exposure-path", PARTNER, "every resource (*)"), ("new-external-principal", PARTNER, "AuditRole")},
    ),
    "a-bucket-that-blocks-nothing-opens-to-everyone": ("fail", {("new-public-entry", "anyone", "Archive")}),
    "a-policy-nobody-can-read-is-attached": (
        "review",
        {("new-access", "WorkerFunction", "arn:aws:iam::123456789012:policy/shared")},
    ),
}


def _risks(found: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {
        (each["kind"], each["actor"], each["target"]) for each in found["changes"] if each["kind"] != "access-removed"
    }


@pytest.mark.parametrize("name", PULLS)
def test_each_pull_request_gets_exactly_the_expected_verdict(
    name: str, checkout: Any, run_json: Callable[..., dict[str, Any]]
) -> None:
    """What a change lets happen is named, and nothing else is."""
    verdict, risks = PULLS[name]
    if name != "nothing-changes":
        checkout.git("apply", str(FOLDER / f"{name}.patch"))
    checkout.commit(name)
    found = run_json("gate", "--base", "main")
    assert _risks(found) == risks
    assert (found["verdict"], found["exit"]) == (verdict, 1 if verdict == "fail" else 0)


def test_every_patch_is_tried() -> None:
    """No pull request lies about unused."""
    assert {path.stem for path in FOLDER.glob("*.patch")} == set(PULLS) - {"nothing-changes"}
