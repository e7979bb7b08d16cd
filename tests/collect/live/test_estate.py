"""A collection reads what there is, loses nothing to a failure, and says what it could not read."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from permscope.audit.run import run_audit
from permscope.collect.live.estate import Estate
from permscope.collect.load import load
from permscope.errors import CollectError
from permscope.graph.model import EdgeKind
from permscope.inventory.facts import AnyFact, Function, Mechanism, Resource, ResourcePolicy, Trigger
from permscope.inventory.inventory import Inventory
from permscope.services import live_readers

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
NOT_IN_MOTO = "unsupported"


def of(facts: list[AnyFact], kind: type) -> list[Any]:
    """The facts of one class."""
    return [fact for fact in facts if isinstance(fact, kind)]


def failures(estate: Estate) -> set[tuple[str, str]]:
    """Kind and operation of every failed call, but those that the server does not implement."""
    return {(fact.kind, fact.source.call or "") for fact in estate.failures if fact.kind != NOT_IN_MOTO}


def test_a_function_is_read_with_everything_that_belongs_to_it(
    deploy: Any, collect_live: Callable[..., Estate]
) -> None:
    """Role, alias, version, policies of function and alias, mapping and environment references are there."""
    deploy.orders()
    estate = collect_live()
    (function,) = of(estate.facts, Function)
    assert function.arn == FUNCTION
    assert function.role_arn == "arn:aws:iam::123456789012:role/app"
    assert function.alias_versions == {f"{FUNCTION}:live": f"{FUNCTION}:1"}
    assert function.environment == {"QUEUE": "arn:aws:sqs:eu-west-1:123456789012:orders", "PASSWORD": ""}
    assert function.source.call == "lambda.list_functions"
    assert function.source.region == "eu-west-1"
    policies = {(fact.resource_arn, fact.policy.statements[0].sid) for fact in of(estate.facts, ResourcePolicy)}
    assert {(FUNCTION, "everyone"), (f"{FUNCTION}:live", "bucket")} <= policies
    (trigger,) = of(estate.facts, Trigger)
    assert (trigger.mechanism, trigger.source_id) == (Mechanism.POLL, "arn:aws:sqs:eu-west-1:123456789012:orders")
    assert failures(estate) == set()


def test_the_snapshot_gives_back_what_was_collected(
    deploy: Any, collect_live: Callable[..., Estate], tmp_path: Path
) -> None:
    """Every command reads the snapshot as it reads a template."""
    deploy.orders()
    estate = collect_live(output="estate.json.zst")
    inventory: Inventory = load([str(tmp_path / "estate.json.zst")])
    assert list(inventory.functions) == [FUNCTION]
    assert len(inventory.facts) == len(estate.facts)


def test_no_secret_reaches_the_snapshot(deploy: Any, collect_live: Callable[..., Estate], tmp_path: Path) -> None:
    """Environment values and secret values are nowhere in it."""
    deploy.orders()
    deploy.of("secretsmanager").create_secret(Name="db", SecretString="also-do-not-keep")
    collect_live()
    text = (tmp_path / "estate.json").read_text(encoding="utf-8")
    assert "PASSWORD" in text
    assert "secret:db-" in text
    assert "do-not-keep" not in text


@pytest.mark.parametrize(
    ("fault", "kind", "operation"),
    [
        ({"pattern": "ListQueues", "code": "AccessDeniedException"}, "denied", "sqs.list_queues"),
        ({"pattern": "ListKeys", "code": "ThrottlingException"}, "throttled", "kms.list_keys"),
        ({"pattern": "ListSecrets", "code": "InternalError", "status": 500}, "failed", "secretsmanager.list_secrets"),
        ({"pattern": "ListTables", "how": "hang"}, "failed", "dynamodb.list_tables"),
        ({"pattern": "ListStreams", "how": "drop"}, "failed", "kinesis.list_streams"),
        ({"pattern": "ListTopics", "how": "truncate"}, "failed", "sns.list_topics"),
        (
            {"pattern": "GetAccountAuthorizationDetails", "code": "AccessDenied", "status": 403},
            "denied",
            "iam.get_account_authorization_details",
        ),
    ],
    ids=lambda value: value["pattern"] if isinstance(value, dict) else "",
)
def test_a_failed_call_is_reported_and_loses_nothing_else(
    aws: Any, deploy: Any, collect_live: Callable[..., Estate], fault: dict[str, Any], kind: str, operation: str
) -> None:
    """Denied, throttled, broken, hanging and cut answers become one unknown; functions are read all the same."""
    deploy.orders()
    aws.break_calls(**fault)
    began = time.monotonic()
    estate = collect_live(timeout=1.5 if fault.get("how") == "hang" else 15.0)
    assert failures(estate) == {(kind, operation)}
    (unknown,) = [fact for fact in estate.failures if fact.kind != NOT_IN_MOTO]
    assert unknown.source.account == "123456789012"
    assert "not known: " in unknown.why
    assert [function.arn for function in of(estate.facts, Function)] == [FUNCTION]
    assert time.monotonic() - began < 60


def test_a_call_that_is_throttled_once_is_asked_again(
    aws: Any, deploy: Any, collect_live: Callable[..., Estate]
) -> None:
    """Retries hide what passes."""
    deploy.orders()
    aws.break_calls("ListQueues", code="ThrottlingException", times=1)
    estate = collect_live(attempts=3)
    assert failures(estate) == set()
    assert estate.calls["sqs.ListQueues"] == 2


def test_the_first_pages_are_kept_when_a_later_one_fails(
    aws: Any, deploy: Any, collect_live: Callable[..., Estate]
) -> None:
    """A list that breaks in the middle gives what it had, and an unknown."""
    for number in range(105):
        deploy.of("dynamodb").create_table(
            TableName=f"t{number:03}",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    aws.break_calls("ListTables", code="AccessDeniedException", after=1)
    estate = collect_live()
    tables = [fact for fact in of(estate.facts, Resource) if fact.type == "AWS::DynamoDB::Table"]
    assert len(tables) == 100
    assert failures(estate) == {("denied", "dynamodb.list_tables")}


def test_a_denied_policy_of_one_function_leaves_the_other_functions(
    aws: Any, deploy: Any, collect_live: Callable[..., Estate]
) -> None:
    """The unknown names the function whose policy could not be read."""
    role = deploy.role()
    for name in ("a", "b"):
        deploy.function(name, role)
        deploy.of("lambda").add_permission(
            FunctionName=name, StatementId="s", Action="lambda:InvokeFunction", Principal="*"
        )
    aws.break_calls(r"GET \S+/functions/a/policy", code="AccessDeniedException", status=403)
    estate = collect_live()
    assert failures(estate) == {("denied", "lambda.get_policy")}
    (unknown,) = [fact for fact in estate.failures if fact.kind == "denied"]
    assert "function:a" in unknown.what
    assert [fact.resource_arn[-1] for fact in of(estate.facts, ResourcePolicy)] == ["b"]


def test_an_expired_token_ends_the_calls_and_not_the_collection(
    aws: Any, deploy: Any, collect_live: Callable[..., Estate]
) -> None:
    """After the first refusal no further call is made; what was read stays, the rest is unknown."""
    deploy.orders()
    aws.break_calls(".", code="ExpiredTokenException", status=403, after=12)
    estate = collect_live()
    assert {kind for kind, _ in failures(estate)} == {"expired"}
    assert estate.again
    assert len(aws.requests) < 60


def test_credentials_that_do_not_work_are_an_error(aws: Any, collect_live: Callable[..., Estate]) -> None:
    """Nothing readable is not an empty estate."""
    aws.break_calls("GetCallerIdentity", code="InvalidClientTokenId", status=403)
    with pytest.raises(CollectError, match="no account can be read"):
        collect_live()


def test_a_policy_that_could_not_be_read_is_not_taken_for_one_that_lets_nobody_in(
    aws: Any, deploy: Any, collect_live: Callable[..., Estate], tmp_path: Path
) -> None:
    """Wirings are undecided, and no finding says that they are broken, unused or open to plain HTTP."""
    deploy.function("orders", deploy.role())
    topic = deploy.of("sns").create_topic(Name="orders")["TopicArn"]
    deploy.of("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=FUNCTION)
    s3 = deploy.of("s3")
    s3.create_bucket(Bucket="uploads", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    wired = {"TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]}
    s3.put_bucket_notification_configuration(Bucket="uploads", NotificationConfiguration=wired)
    collect_live()
    assert _claims(tmp_path) == (
        {False},
        {"trigger-without-permission", "destination-no-permission", "tls-not-enforced", "public-access-block-off"},
    )
    aws.break_calls(r"/policy", code="AccessDeniedException", status=403)
    aws.break_calls("GetTopicAttributes", code="AuthorizationError", status=403)
    aws.break_calls(r"\?policy|publicAccessBlock", code="AccessDenied", status=403)
    collect_live()
    assert _claims(tmp_path) == ({None}, set())


def _claims(folder: Path) -> tuple[set[bool | None], set[str]]:
    """Whether the wirings of a snapshot are authorized, and which of its findings conclude from what is not there."""
    audit = run_audit(load([str(folder / "estate.json")]))
    edges = audit.graph.edges_of(EdgeKind.TRIGGERS, EdgeKind.DELIVERS_TO)
    rules = {
        "trigger-without-permission",
        "destination-no-permission",
        "permission-without-trigger",
        "tls-not-enforced",
        "public-access-block-off",
        "unreachable-function",
    }
    return {edge.authorized for edge in edges}, {finding.rule for finding in audit.findings} & rules


ENDED = {"lex-models", "mediastore"}
"""Services that AWS has ended: that they let nobody in is no failure."""


@pytest.mark.parametrize(
    ("fault", "kinds"),
    [
        ({"code": "AccessDeniedException", "status": 403}, {"denied"}),
        ({"code": "InternalFailure", "status": 500}, {"failed"}),
        ({"code": "ThrottlingException"}, {"throttled"}),
        ({"how": "truncate"}, {"failed", "unsupported"}),
    ],
    ids=["denied", "broken", "throttled", "cut"],
)
def test_no_service_is_silent_about_what_it_could_not_read(
    aws: Any, collect_live: Callable[..., Estate], fault: dict[str, Any], kinds: set[str]
) -> None:
    """Where every call fails, each reader says so, with what that hides; none ends with an exception of its own."""
    aws.break_calls("^(?!.*GetCallerIdentity)", **fault)
    readers = dict(live_readers())
    estate = collect_live(readers=readers, attempts=1, timeout=30.0)
    said = {fact.source.call: fact for fact in estate.failures}
    silent = [
        name
        for name, reader in readers.items()
        if not set(said) & set(reader.operations) and reader.client not in ENDED
    ]
    if "truncate" not in fault.values():  # half of an empty answer may be a whole one
        assert silent == []
    assert [(fact.what, fact.why) for fact in estate.failures if fact.kind not in kinds] == []
    assert all("not known: " in fact.why for fact in estate.failures)
    assert of(estate.facts, Function) == []
