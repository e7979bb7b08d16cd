"""A snapshot gives back the facts it was made of, and says clearly why it cannot."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from permscope.collect.snapshot import SCHEMA, is_snapshot, read_snapshot, write_snapshot
from permscope.errors import InputError, SnapshotError
from permscope.graph.build import build_graph
from permscope.inventory.facts import AccessKey, Credentials, Mechanism, Need, Resource, Role, Trigger, Unknown, User
from permscope.inventory.inventory import Inventory
from permscope.inventory.policies import PolicyKind, parse_policy
from permscope.inventory.source import Source

TRUST = parse_policy(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com"]},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}},
        },
    },
    name="trust",
    kind=PolicyKind.TRUST,
)
FACTS = (
    Role(
        arn="arn:aws:iam::111122223333:role/app",
        name="app",
        trust=TRUST,
        managed_policy_arns=("arn:aws:iam::aws:policy/ReadOnlyAccess",),
        source=Source(call="iam.get_account_authorization_details", account="111122223333"),
        tags={"team": "a"},
    ),
    Trigger(
        function_arn="arn:aws:lambda:eu-west-1:111122223333:function:f",
        event="event-source-mapping",
        mechanism=Mechanism.POLL,
        service="lambda.amazonaws.com",
        required=(Need(actions=("sqs:ReceiveMessage",), resource_arn="arn:aws:sqs:eu-west-1:111122223333:q"),),
        context={"aws:x": ("1", "2")},
    ),
    Credentials(
        principal_arn="arn:aws:iam::111122223333:user/ann",
        reported="2026-11-23T00:00:00+00:00",
        mfa=False,
        access_keys=(AccessKey(active=True, last_rotated="2026-11-01T00:00:00+00:00"), AccessKey(active=False)),
    ),
    Resource(id="q", type="AWS::SQS::Queue", name="q", attributes={"public": True, "names": ("a", "b"), "key": "k"}),
)


@pytest.mark.parametrize("name", ["estate.json", "estate.json.gz", "estate.json.zst"])
def test_a_snapshot_gives_back_the_same_facts(tmp_path: Path, name: str) -> None:
    """Writing and reading changes nothing, however it is compressed."""
    path = tmp_path / name
    write_snapshot(path, FACTS, collected="2026-11-23T00:00:00Z", accounts=["111122223333"])
    snapshot = read_snapshot(path)
    assert snapshot.facts == FACTS
    assert snapshot.accounts == ("111122223333",)
    assert is_snapshot(path.read_bytes()[:200])


CALL = Source(call="iam.get_account_authorization_details", account="111122223333")
ANN = User(arn="arn:aws:iam::111122223333:user/ann", name="ann", source=CALL)
DENIED = Unknown(
    what="`iam.get_credential_report`",
    why="AccessDenied",
    kind="denied",
    source=Source(call="iam.get_credential_report", account="111122223333"),
)


@pytest.mark.parametrize(
    ("facts", "lacks"), [((ANN,), True), ((ANN, FACTS[2]), False), ((ANN, DENIED), False), (FACTS[:1], False)]
)
def test_a_snapshot_with_users_and_without_their_credentials_says_so(
    tmp_path: Path, facts: tuple[Any, ...], lacks: bool
) -> None:
    """Users of an older snapshot would look as if all had MFA; a report that was refused is unknown already."""
    path = tmp_path / "estate.json"
    write_snapshot(path, facts)
    said = [fact.what for fact in read_snapshot(path).facts if isinstance(fact, Unknown) and fact not in facts]
    assert said == (["the credential report of account `111122223333`"] if lacks else [])


def test_an_older_or_newer_schema_is_refused_with_a_hint(tmp_path: Path) -> None:
    """A snapshot that cannot be understood is not half read."""
    path = tmp_path / "old.json"
    path.write_text(json.dumps({"schema": "permscope/snapshot/0", "facts": {}}), encoding="utf-8")
    with pytest.raises(SnapshotError, match="permscope/snapshot/0") as caught:
        read_snapshot(path)
    assert SCHEMA in (caught.value.hint or "")


@pytest.mark.parametrize("cut", [10, 60])
@pytest.mark.parametrize("name", ["estate.json", "estate.json.gz", "estate.json.zst"])
def test_a_snapshot_that_is_cut_off_is_an_error(tmp_path: Path, name: str, cut: int) -> None:
    """Half a file is said to be half a file."""
    path = tmp_path / name
    write_snapshot(path, FACTS)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(SnapshotError):
        read_snapshot(path)


def _damaged(value: Any) -> Iterator[Any]:
    """A JSON value with one of its parts replaced by something of another kind, once for every part."""
    for other in (None, 7, True, "x", [], {}, [[]], {"a": {"b": 1}}):
        if type(other) is not type(value):
            yield other
    if isinstance(value, dict):
        for key, item in value.items():
            yield from ({**value, key: broken} for broken in _damaged(item))
            yield {name: kept for name, kept in value.items() if name != key}
        yield {**value, "strange": 1}
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from ([*value[:at], broken, *value[at + 1 :]] for broken in _damaged(item))


def test_a_damaged_snapshot_is_an_error_or_still_a_snapshot(tmp_path: Path) -> None:
    """Whatever stands where something else is expected: one error, or facts that can be used, and no traceback."""
    path = tmp_path / "estate.json"
    write_snapshot(path, FACTS, collected="2026-11-23T00:00:00Z", accounts=["111122223333"])
    refused = 0
    for document in _damaged(json.loads(path.read_text(encoding="utf-8"))):
        path.write_text(json.dumps(document), encoding="utf-8")
        try:
            facts = read_snapshot(path).facts
        except SnapshotError:
            refused += 1
        else:
            build_graph(Inventory(facts))
    assert refused > 400


@pytest.mark.parametrize("magic", [b"", b"\x1f\x8b", b"\x28\xb5\x2f\xfd"])
@given(st.binary(max_size=200))
def test_bytes_that_are_no_snapshot_are_an_error(
    tmp_path_factory: pytest.TempPathFactory, magic: bytes, data: bytes
) -> None:
    """Also behind the first bytes of a compressed one."""
    path = tmp_path_factory.getbasetemp() / "noise.json.zst"
    path.write_bytes(magic + data)
    with pytest.raises(SnapshotError):
        read_snapshot(path)


def test_the_ending_does_not_decide_how_a_snapshot_is_read(tmp_path: Path) -> None:
    """A file that was renamed, or unpacked by a tool, is read by what it is."""
    for written, renamed in ((".json", ".json.zst"), (".json.gz", ".json.zst"), (".json.zst", ".json")):
        write_snapshot(tmp_path / f"a{written}", FACTS)
        assert read_snapshot((tmp_path / f"a{written}").rename(tmp_path / f"b{renamed}")).facts == FACTS


def test_half_a_character_is_replaced(tmp_path: Path) -> None:
    """JSON can escape what UTF-8 cannot write; a pair of such escapes is one character and stays."""
    path = tmp_path / "account.json"
    user: dict[str, Any] = {"UserName": "x", "Path": "/", "Arn": "arn:aws:iam::111122223333:user/x"}
    statement = {"Effect": "Allow", "Action": "s3:Get\udc00*", "Resource": "arn:aws:s3:::\U0001f600"}
    user["UserPolicyList"] = [{"PolicyName": "p", "PolicyDocument": {"Statement": [statement]}}]
    path.write_text(json.dumps({"UserDetailList": [user]}), encoding="ascii")
    (policy,) = (fact for fact in read_snapshot(path).facts if isinstance(fact, User))
    ((found,),) = (each.statements for each in policy.inline_policies)
    assert (found.actions, found.resources) == (("s3:Get\ufffd*",), ("arn:aws:s3:::\U0001f600",))


def test_a_fact_of_an_unknown_kind_is_an_error(tmp_path: Path) -> None:
    """Nothing is skipped silently."""
    path = tmp_path / "strange.json"
    path.write_text(json.dumps({"schema": SCHEMA, "facts": {"Wizard": [{}]}}), encoding="utf-8")
    with pytest.raises(SnapshotError, match="Wizard"):
        read_snapshot(path)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """The file is whole or as it was."""
    with pytest.raises(InputError):
        write_snapshot(tmp_path / "nowhere" / "estate.json", FACTS)
    assert list(tmp_path.iterdir()) == []
