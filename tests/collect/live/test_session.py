"""One session: tokens followed by hand, errors that say nothing is there, answers the test server does not give."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from permscope.collect.live.account import Limits, LiveAccount
from permscope.collect.live.collect import facts_of
from permscope.collect.live.session import LiveSession
from permscope.inventory.facts import AnyFact, Function, Resource, ResourcePolicy, RoleUse
from permscope.services import live_readers
from permscope.services._live import LiveFact, LiveReader, LiveResource

ACCOUNT, REGION = "111122223333", "eu-west-1"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
boto3 = pytest.importorskip("boto3")


@pytest.fixture
def account() -> LiveAccount:
    """An account whose clients are stubbed by the test."""
    boto = boto3.Session("a", "b", region_name=REGION)
    return LiveAccount(id=ACCOUNT, partition="aws", boto=boto, home="us-east-1", limits=Limits(attempts=1, rate=1000))


Answers = Mapping[str, list[Any]]


def stubbed(account: LiveAccount, service: str, answers: Answers, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Let a client answer by botocore's own check of shapes; gives the calls made.

    Args:
        account: whose client.
        service: boto3 client.
        answers: operation -> its answers in order; the last one stays; text is an error code.
        monkeypatch: undoes it.
    """
    client = account.client(service, REGION)
    made: Counter[str] = Counter()
    from botocore.exceptions import ClientError
    from botocore.validate import ParamValidator

    def call(operation: str, arguments: dict[str, Any]) -> Any:
        method = next(name for name, api in client.meta.method_to_api_mapping.items() if api == operation)
        shape = client.meta.service_model.operation_model(operation)
        report = ParamValidator().validate(arguments, shape.input_shape) if shape.input_shape else None
        assert report is None or not report.has_errors(), report.generate_report()
        found = answers[method]
        answer = found[min(made[method], len(found) - 1)]
        made[method] += 1
        if isinstance(answer, str):
            raise ClientError({"Error": {"Code": answer, "Message": "stubbed"}}, operation)
        report = ParamValidator().validate(answer, shape.output_shape)
        assert not report.has_errors(), report.generate_report()
        return dict(answer)

    monkeypatch.setattr(client, "_make_api_call", call)
    return made


def session_for(account: LiveAccount, reader: LiveReader) -> LiveSession:
    """A session that may call what a reader declares."""
    return LiveSession(account, REGION, reader.operations, scope=REGION)


def reader_of(name: str) -> LiveReader:
    """The reader of a service."""
    return dict(live_readers())[name]


def read(session: LiveSession, found: Any) -> list[AnyFact]:
    """The facts that what a reader yields comes to."""
    answers: list[LiveFact] = list(found)
    facts = [fact for fact in answers if not isinstance(fact, LiveResource)]
    resources = [fact for fact in answers if isinstance(fact, LiveResource)]
    return [*facts, *facts_of(resources, session.stack, session)]


EMPTY: dict[str, list[Any]] = {
    "list_code_signing_configs": [{}],
    "list_functions": [{}],
    "list_event_source_mappings": [{}],
    "list_layers": [{}],
    "list_capacity_providers": [{"CapacityProviders": []}],
    "list_aliases": [{}],
    "get_resource_policy": ["ResourceNotFoundException"],
    "get_function_url_config": ["ResourceNotFoundException"],
    "list_function_event_invoke_configs": [{}],
}
LISTED = {
    "Functions": [
        {"FunctionName": "f", "FunctionArn": FUNCTION, "Version": "$LATEST", "Role": f"arn:aws:iam::{ACCOUNT}:role/r"}
    ]
}


def test_a_whole_resource_policy_is_read_as_such(account: LiveAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Deny that only `PutResourcePolicy` can write stays one; what `AddPermission` wrote becomes a permission."""
    deny = {"Sid": "no", "Effect": "Deny", "Principal": "*", "Action": "lambda:*", "Resource": FUNCTION}
    allow = {
        "Sid": "yes",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "lambda:InvokeFunction",
        "Resource": FUNCTION,
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny, allow]})
    answers = {**EMPTY, "list_functions": [LISTED], "get_resource_policy": [{"Policy": policy}]}
    made = stubbed(account, "lambda", answers, monkeypatch)
    reader = reader_of("lambda")
    session = session_for(account, reader)
    facts = read(session, reader.read(session))
    statements = [fact.policy.statements[0] for fact in facts if isinstance(fact, ResourcePolicy)]
    assert sorted((each.effect, each.sid) for each in statements) == [("Allow", "yes"), ("Deny", "no")]
    (condition,) = next(each for each in statements if each.sid == "yes").conditions
    assert (condition.key, condition.values) == ("aws:PrincipalOrgID", ("o-1",))
    assert made["get_policy"] == 0


def test_the_older_call_is_made_where_the_newer_one_is_refused(
    account: LiveAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A role that may only `GetPolicy` reads everything; the refusal is asked for once and hides nothing."""
    listed = {
        "Functions": [*LISTED["Functions"], {"FunctionName": "g", "FunctionArn": f"{FUNCTION}g", "Version": "$LATEST"}]
    }
    answers = {
        **EMPTY,
        "list_functions": [listed],
        "get_resource_policy": ["AccessDeniedException"],
        "get_policy": ["ResourceNotFoundException"],
    }
    made = stubbed(account, "lambda", answers, monkeypatch)
    reader = reader_of("lambda")
    session = session_for(account, reader)
    read(session, reader.read(session))
    assert session.unknowns == []
    assert (made["get_resource_policy"], made["get_policy"]) == (1, 2)


def test_what_the_server_of_the_tests_lacks_is_read_from_answers_of_the_documented_shape(
    account: LiveAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code signing, capacity providers, layers of others, mappings that are going, destinations."""
    signing = f"arn:aws:lambda:{REGION}:{ACCOUNT}:code-signing-config:csc-0123456789abcdef0"
    layer = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:l"
    provider = f"arn:aws:lambda:{REGION}:{ACCOUNT}:capacity-provider:p"
    shared = {
        "Sid": "org",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "lambda:GetLayerVersion",
        "Resource": f"{layer}:1",
    }
    shared["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}
    answers = {
        **EMPTY,
        "list_functions": [LISTED],
        "list_code_signing_configs": [{"CodeSigningConfigs": [_signing(signing)]}],
        "list_functions_by_code_signing_config": [{"FunctionArns": [FUNCTION]}],
        "list_layers": [{"Layers": [{"LayerName": "l", "LayerArn": layer}]}],
        "list_layer_versions": [{"LayerVersions": [{"LayerVersionArn": f"{layer}:1", "Version": 1}]}],
        "get_layer_version_policy": [{"Policy": json.dumps({"Version": "2012-10-17", "Statement": [shared]})}],
        "list_event_source_mappings": [
            {
                "EventSourceMappings": [
                    {"UUID": "0123456789abcdef0123456789abcdef0123", "FunctionArn": FUNCTION, "State": "Deleting"}
                ]
            }
        ],
        "list_capacity_providers": [
            {
                "CapacityProviders": [
                    {
                        "CapacityProviderArn": provider,
                        "State": "Active",
                        "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": []},
                        "PermissionsConfig": {"CapacityProviderOperatorRoleArn": f"arn:aws:iam::{ACCOUNT}:role/op"},
                    }
                ]
            }
        ],
    }
    stubbed(account, "lambda", answers, monkeypatch)
    reader = reader_of("lambda")
    session = session_for(account, reader)
    facts = read(session, reader.read(session))
    assert session.unknowns == []
    (function,) = [fact for fact in facts if isinstance(fact, Function)]
    assert function.code_signing_config == signing
    attributes = {fact.id: fact.attributes for fact in facts if isinstance(fact, Resource)}
    assert attributes[signing]["untrusted_artifact_on_deployment"] == "Enforce"
    (policy,) = [fact for fact in facts if isinstance(fact, ResourcePolicy)]
    assert policy.resource_arn == f"{layer}:1"
    assert policy.policy.statements[0].conditions[0].key == "aws:PrincipalOrgID"
    (use,) = [fact for fact in facts if isinstance(fact, RoleUse)]
    assert (use.user_id, use.role_arn) == (provider, f"arn:aws:iam::{ACCOUNT}:role/op")


def _signing(arn: str) -> dict[str, Any]:
    return {
        "CodeSigningConfigId": "csc-0123456789abcdef0",
        "CodeSigningConfigArn": arn,
        "AllowedPublishers": {
            "SigningProfileVersionArns": [f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/p/v"]
        },
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Enforce"},
        "LastModified": "2026-01-01",
    }


def test_a_grant_of_a_key_is_a_statement(account: LiveAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    """Grants let principals use a key outside of every policy; keys that AWS manages are nobody's to protect."""
    own, aws = (f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{name}" for name in ("own", "aws"))
    grant = {
        "GrantId": "g1",
        "KeyId": own,
        "GranteePrincipal": f"arn:aws:iam::{ACCOUNT}:role/r",
        "Operations": ["Decrypt", "GenerateDataKey"],
        "Constraints": {"EncryptionContextEquals": {"table": "orders"}},
    }
    metadata = [
        {"KeyMetadata": {"KeyId": name, "KeyManager": by}} for name, by in (("own", "CUSTOMER"), ("aws", "AWS"))
    ]
    answers = {
        "list_keys": [{"Keys": [{"KeyArn": own}, {"KeyArn": aws}]}],
        "describe_key": metadata,
        "get_key_policy": ["AccessDeniedException"],
        "list_grants": [{"Grants": [grant]}],
        "list_aliases": [{"Aliases": [{"AliasName": "alias/aws/sqs", "TargetKeyId": "aws"}]}],
    }
    stubbed(account, "kms", answers, monkeypatch)
    reader = reader_of("kms")
    session = session_for(account, reader)
    facts = read(session, reader.read(session))
    assert session.stack.keys_of_aws == {aws}
    assert [fact.id for fact in facts if isinstance(fact, Resource)] == [own]
    found = {fact.policy.name: fact.policy.statements[0] for fact in facts if isinstance(fact, ResourcePolicy)}
    assert found["grant g1"].actions == ("kms:Decrypt", "kms:GenerateDataKey")
    assert found["grant g1"].conditions[0].key == "kms:EncryptionContext:table"
    (unknown,) = session.unknowns
    assert (unknown.kind, unknown.source.call) == ("denied", "kms.get_key_policy")
    assert "who may use a key" in unknown.why


def _reader(*operations: str) -> LiveReader:
    return LiveReader(read=lambda session: (), client="firehose", operations=dict.fromkeys(operations, "something"))


def test_a_token_is_followed_where_the_sdk_has_no_paginator(
    account: LiveAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`ListDeliveryStreams` asks for what comes after the last name."""
    pages = [
        {"DeliveryStreamNames": ["a", "b"], "HasMoreDeliveryStreams": True},
        {"DeliveryStreamNames": ["c"], "HasMoreDeliveryStreams": False},
    ]
    made = stubbed(account, "firehose", {"list_delivery_streams": pages}, monkeypatch)
    session = session_for(account, _reader("firehose.list_delivery_streams"))
    assert list(session.pages("firehose", "list_delivery_streams", "DeliveryStreamNames")) == ["a", "b", "c"]
    assert made["list_delivery_streams"] == 2


def test_the_same_page_again_and_again_is_a_failure_and_no_endless_loop(
    account: LiveAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that repeats its token is not asked for ever."""
    page = {"DeliveryStreamNames": ["a"], "HasMoreDeliveryStreams": True}
    stubbed(account, "firehose", {"list_delivery_streams": [page]}, monkeypatch)
    session = session_for(account, _reader("firehose.list_delivery_streams"))
    assert list(session.pages("firehose", "list_delivery_streams", "DeliveryStreamNames")) == ["a", "a"]
    assert [unknown.kind for unknown in session.unknowns] == ["failed"]


def test_an_operation_that_is_not_declared_is_refused(account: LiveAccount) -> None:
    """So that the printed policy is what the readers need."""
    session = session_for(account, _reader())
    assert session.call("firehose", "list_delivery_streams") is None
    assert "not among the reader's operations" in session.unknowns[0].why


def test_an_error_that_says_there_is_nothing_is_an_empty_answer(
    account: LiveAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is neither a failure nor an answer that could not be read."""
    stubbed(account, "firehose", {"describe_delivery_stream": ["ResourceNotFoundException"]}, monkeypatch)
    session = session_for(account, _reader("firehose.describe_delivery_stream"))
    none = ("ResourceNotFoundException",)
    assert session.call("firehose", "describe_delivery_stream", none=none, DeliveryStreamName="d") == {}
    assert session.call("firehose", "describe_delivery_stream", DeliveryStreamName="d") is None
    assert [unknown.what for unknown in session.unknowns] == ["`firehose.describe_delivery_stream` of `d`"]


def test_items_are_read_on_several_threads_in_their_order(account: LiveAccount) -> None:
    """And a `map` inside of one of them runs in its own thread, so nothing waits for itself."""
    with ThreadPoolExecutor(2) as executor:
        session = LiveSession(account, REGION, {}, executor)

        def double(item: int) -> list[int]:
            return list(session.map(lambda inner: inner * item, [1, 2]))

        assert list(session.map(double, range(8))) == [[item, 2 * item] for item in range(8)]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AccessDenied", "denied"),
        ("UnauthorizedOperation", "denied"),
        ("ExpiredToken", "expired"),
        ("ThrottlingException", "throttled"),
        ("TooManyRequestsException", "throttled"),
        ("UnknownOperationException", "unsupported"),
        ("ValidationException", "failed"),
    ],
)
def test_an_error_code_has_a_kind(account: LiveAccount, monkeypatch: pytest.MonkeyPatch, code: str, kind: str) -> None:
    """Reports count unknowns by it."""
    stubbed(account, "firehose", {"describe_delivery_stream": [code]}, monkeypatch)
    session = session_for(account, _reader("firehose.describe_delivery_stream"))
    assert session.call("firehose", "describe_delivery_stream", DeliveryStreamName="d") is None
    assert [unknown.kind for unknown in session.unknowns] == [kind]
    assert code in session.unknowns[0].why


def test_a_region_that_refuses_valid_credentials_does_not_end_the_account(
    account: LiveAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Region that is not enabled answers as if the token were wrong."""
    stubbed(account, "firehose", {"describe_delivery_stream": ["UnrecognizedClientException"]}, monkeypatch)
    monkeypatch.setattr(
        account.client("sts", "us-east-1"), "_make_api_call", lambda *_: {"Account": ACCOUNT, "Arn": "a", "UserId": "u"}
    )
    session = session_for(account, _reader("firehose.describe_delivery_stream"))
    session.call("firehose", "describe_delivery_stream", DeliveryStreamName="d")
    assert [unknown.kind for unknown in session.unknowns] == ["denied"]
    assert account.expired is None


def test_things_without_arn_are_told_apart_by_account_and_region(account: LiveAccount) -> None:
    """The logging role of API Gateway exists once in each Region, and not once in the world."""
    found = {
        LiveSession(account, REGION, {}, scope=scope).resource("AWS::ApiGateway::Account", {}, name="own", call="c").id
        for scope in (REGION, "us-east-1", None)
    }
    assert len(found) == 3
    assert f"AWS::ApiGateway::Account/{ACCOUNT}/{REGION}/own" in found
