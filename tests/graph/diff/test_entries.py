"""Who may call an API route or function URL now, and what it asks of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from permscope.graph.diff.change import ChangeKind
from permscope.graph.diff.entries import dict_follows, doors, entry_changes
from permscope.graph.diff.matching import Matching

Versions = Callable[[str, str], Matching]

API = """
Api:
  Type: AWS::Serverless::HttpApi
  Properties:
    Auth:
      EnableIamAuthorizer: true
      Authorizers:
        Users:
          IdentitySource: $request.header.Authorization
          JwtConfiguration: {{issuer: "https://id.example.com/", audience: [{audience}]}}
Fn:
  Type: AWS::Serverless::Function
  Properties:
    Handler: a.b
    Runtime: python3.13
    InlineCode: x
    Events:
      Get:
        Type: HttpApi
        Properties: {{ApiId: !Ref Api, Path: {path}, Method: get{auth}}}
"""
OPEN, JWT, IAM = "", ", Auth: {Authorizer: Users}", ", Auth: {Authorizer: AWS_IAM}"


def api(auth: str = OPEN, *, path: str = "/orders", audience: str = "web") -> str:
    """An API with one route."""
    return API.format(auth=auth, path=path, audience=audience)


def test_an_open_route_that_is_new_is_a_new_public_entry(versions: Versions) -> None:
    """The route, the function behind it, and the line."""
    (change,) = entry_changes(versions("Jobs: {Type: AWS::SQS::Queue}\n", api()))
    assert (change.kind, change.severity, change.sure) == (ChangeKind.NEW_PUBLIC_ENTRY, "high", True)
    assert change.message == "anyone on the internet can now call `GET /orders`, which runs `Fn`"
    assert [step.label for step in change.path] == ["anyone on the internet", "GET /orders", "Fn"]


def test_a_route_that_loses_its_authorizer_is_both_new_and_weakened(versions: Versions) -> None:
    """What it asked for before is said, with the old place."""
    (change,) = entry_changes(versions(api(JWT), api()))
    assert change.kinds == (ChangeKind.NEW_PUBLIC_ENTRY, ChangeKind.WEAKENED)
    assert (change.weakened, change.severity) == ("authorizer", "high")
    assert "until now only with a JWT" in change.message
    assert change.old_source.file is not None
    assert change.old_source.file.endswith("old/template.yaml")


def test_a_token_for_others_loosens_the_door(versions: Versions) -> None:
    """One more audience lets the users of another application in."""
    (change,) = entry_changes(versions(api(JWT), api(JWT, audience="web, partners")))
    assert (change.kind, change.weakened) == (ChangeKind.WEAKENED, "authorizer")
    assert "holders of a JWT" in change.message


@pytest.mark.parametrize(
    ("old", "new"), [(api(JWT, audience="web, partners"), api(JWT)), (api(JWT), api(JWT)), (api(IAM), api(IAM))]
)
def test_asking_for_as_much_or_more_is_no_entry(old: str, new: str, versions: Versions) -> None:
    """A door that is narrower now lets nobody in who was not let in before."""
    assert list(entry_changes(versions(old, new))) == []


def test_a_narrower_path_of_a_route_that_took_everything_is_no_new_entry(versions: Versions) -> None:
    """`/{proxy+}` took the calls of `/orders` already."""
    matching = versions(api(path='"/{proxy+}"'), api(path="/orders"))
    assert [change for change in entry_changes(matching) if change.is_risk] == []


def test_a_route_that_is_gone_is_access_removed_once(versions: Versions) -> None:
    """Nobody can call what is not there."""
    (change,) = entry_changes(versions(api(), "Jobs: {Type: AWS::SQS::Queue}\n"))
    assert (change.kind, change.message) == (
        ChangeKind.ACCESS_REMOVED,
        "anyone on the internet can no longer call `GET /orders`",
    )


def test_a_door_is_a_caller_a_route_and_the_function_behind_it(versions: Versions) -> None:
    """Of signed calls there is none: who signs is a principal, and its own policies tell."""
    matching = versions(api(IAM), api())
    assert list(doors(matching.old)) == []
    (door,) = doors(matching.new)
    assert door.function is not None
    assert (door.caller.id, door.route.path, door.function.label) == ("public", "/orders", "Fn")


@pytest.mark.parametrize(
    ("new", "old", "follows"),
    [
        ({}, {}, True),
        ({"auth": {"type": ["jwt"]}}, {}, True),
        ({}, {"auth": {"type": ["jwt"]}}, False),
        ({"auth": {"audience": ["a", "b"]}}, {"auth": {"audience": ["a"]}}, False),
        ({"auth": {"audience": ["a"]}}, {"auth": {"audience": ["a", "b"]}}, True),
        (
            {"StringEquals": {"aws:SourceVpce": ["vpce-1"]}},
            {"StringLike": {"aws:SourceVpce": ["vpce-*"]}},
            True,
        ),
        ({}, {"StringLike": {"aws:SourceVpce": ["vpce-*"]}}, False),
    ],
)
def test_conditions_follow_when_they_ask_for_at_least_as_much(
    new: dict[str, dict[str, list[str]]], old: dict[str, dict[str, list[str]]], follows: bool
) -> None:
    """Fewer values of one key are stricter, a key that is gone is looser."""
    assert dict_follows(new, old) is follows
