"""CPU time and memory of graph, audit and one question over the snapshot of a generated account.

    python benchmarks/estate.py [ROLES [COMMAND]...]

Writes a snapshot of an account with as many roles as functions (5,000 unless said otherwise), then runs each command
(`graph`, `audit`, `who-can`) as a process and prints its CPU seconds and its peak memory.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from permscope.collect.snapshot import write_snapshot
from permscope.inventory.facts import (
    Account,
    AnyFact,
    Auth,
    Function,
    ManagedPolicy,
    Mechanism,
    Need,
    Resource,
    ResourcePolicy,
    Role,
    Route,
    Trigger,
)
from permscope.inventory.policies import Policy, PolicyKind, parse_policy
from permscope.inventory.source import Source

ACCOUNT = "123456789012"
REGION = "eu-west-1"
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
SHARED = f"arn:aws:iam::{ACCOUNT}:policy/shared"
COMMANDS: dict[str, tuple[str, ...]] = {
    "graph": ("graph", "--format", "json"),
    "audit": ("audit", "--format", "json"),
    "who-can": ("who-can", "dynamodb:GetItem", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders-00042"),
}


def arn(service: str, name: str) -> str:
    """An ARN of the account."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"


def policy(kind: PolicyKind, name: str, *statements: dict[str, Any], policy_arn: str | None = None) -> Policy:
    """A policy of the given statements."""
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return parse_policy(document, name=name, kind=kind, arn=policy_arn, source=SOURCE)


def allow(actions: Any, resources: Any, **more: Any) -> dict[str, Any]:
    """An Allow statement."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


SOURCE = Source(call="iam.get_account_authorization_details", account=ACCOUNT, region=REGION)


def statements_of(number: int) -> Iterator[dict[str, Any]]:
    """What a role may do: mostly its own things, sometimes everything of a service, seldom what is dangerous."""
    table, bucket = arn("dynamodb", f"table/orders-{number:05}"), f"arn:aws:s3:::files-{number:05}"
    yield allow(["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"], [table, f"{table}/index/*"])
    yield allow(["s3:GetObject", "s3:PutObject"], f"{bucket}/*")
    yield allow("s3:ListBucket", bucket)
    yield allow("sqs:*", arn("sqs", f"jobs-{number:05}"))
    yield allow("secretsmanager:GetSecretValue", arn("secretsmanager", f"secret:db-{number:05}-??????"))
    if number % 10 == 0:
        yield allow("dynamodb:*", "*")
        yield {"Effect": "Deny", "Action": "dynamodb:DeleteTable", "Resource": "*"}
    if number % 20 == 0:
        yield allow(["lambda:InvokeFunction"], arn("lambda", f"function:team-{number % 7}-*"))
    if number % 50 == 0:
        yield allow(["lambda:UpdateFunctionCode", "lambda:CreateFunction", "lambda:InvokeFunction"], "*")
        yield allow("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/team-{number % 7}-*")
    if number % 500 == 0:
        yield allow("*", "*")
    if number % 25 == 0:
        in_network = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
        yield allow("kms:Decrypt", arn("kms", "key/11111111-2222-3333-4444-555555555555"), Condition=in_network)


def estate(roles: int) -> Iterator[AnyFact]:
    """The facts of the account."""
    yield Account(id=ACCOUNT, source=SOURCE)
    shared = policy(PolicyKind.MANAGED, "shared", allow(["xray:PutTraceSegments"], "*"), policy_arn=SHARED)
    yield ManagedPolicy(arn=SHARED, name="shared", policy=shared, source=SOURCE)
    service = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    for number in range(roles):
        yield from _function(number, policy(PolicyKind.TRUST, "trust", service))


def _function(number: int, trust: Policy) -> Iterator[AnyFact]:
    name = f"team-{number % 7}-{number:05}"
    role, function = f"arn:aws:iam::{ACCOUNT}:role/{name}", arn("lambda", f"function:{name}")
    queue, bucket = arn("sqs", f"jobs-{number:05}"), f"arn:aws:s3:::files-{number:05}"
    inline = policy(PolicyKind.INLINE, "own", *statements_of(number))
    yield Role(
        arn=role,
        name=name,
        trust=trust,
        inline_policies=(inline,),
        managed_policy_arns=(BASIC, SHARED),
        source=SOURCE,
    )
    yield Function(arn=function, name=name, role_arn=role, runtime="python3.12", source=SOURCE)
    for type_name, thing in (
        ("AWS::DynamoDB::Table", arn("dynamodb", f"table/orders-{number:05}")),
        ("AWS::SQS::Queue", queue),
        ("AWS::S3::Bucket", bucket),
    ):
        yield Resource(id=thing, arn=thing, type=type_name, name=thing.rpartition(":")[2], source=SOURCE)
    need = Need(
        actions=("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"), resource_arn=queue, why="to poll"
    )
    yield Trigger(
        function_arn=function,
        event="event-source-mapping",
        mechanism=Mechanism.POLL,
        service="sqs.amazonaws.com",
        source_id=queue,
        source_arn=queue,
        role_arn=role,
        required=(need,),
        source=SOURCE,
    )
    if number % 4 == 0:
        yield from _route(number, function)


def _route(number: int, function: str) -> Iterator[AnyFact]:
    api = f"a{number:09}"
    execute = arn("execute-api", f"{api}/prod/GET/orders")
    yield Resource(id=arn("apigateway", f"/apis/{api}"), type="AWS::ApiGatewayV2::Api", name=api, source=SOURCE)
    route = f"route:{execute}"
    auth = Auth.NONE if number % 8 == 0 else Auth.JWT
    yield Route(
        id=route,
        api_id=arn("apigateway", f"/apis/{api}"),
        auth=auth,
        method="GET",
        path="/orders",
        execute_arn=execute,
        source=SOURCE,
    )
    yield Trigger(
        function_arn=function,
        event="http-api",
        mechanism=Mechanism.RESOURCE_POLICY,
        service="apigateway.amazonaws.com",
        source_id=route,
        source_arn=execute,
        source=SOURCE,
    )
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": function,
        "Condition": {"ArnLike": {"aws:SourceArn": arn("execute-api", f"{api}/*")}},
    }
    yield ResourcePolicy(resource_arn=function, policy=policy(PolicyKind.RESOURCE, "policy", statement), source=SOURCE)


def run(name: str, arguments: tuple[str, ...], snapshot: Path) -> None:
    """Run one command and print what it took."""
    command = [sys.executable, "-m", "permscope", *arguments, str(snapshot)]
    with Path(os.devnull).open("wb") as nothing:
        process = subprocess.Popen(command, stdout=nothing)
        _, status, used = os.wait4(process.pid, 0)
    seconds = used.ru_utime + used.ru_stime
    code = os.waitstatus_to_exitcode(status)
    print(f"{name:<8} {seconds:6.2f} s CPU  {used.ru_maxrss / 1024:6.0f} MiB  exit {code}", flush=True)


def main() -> None:
    """Measure the commands."""
    roles = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    names = sys.argv[2:] or list(COMMANDS)
    with tempfile.TemporaryDirectory() as folder:
        snapshot = Path(folder) / "estate.json"
        write_snapshot(snapshot, list(estate(roles)))
        print(f"{roles} roles and functions, {snapshot.stat().st_size / 2**20:.0f} MiB", flush=True)
        for name in names:
            run(name, COMMANDS[name], snapshot)


if __name__ == "__main__":
    main()
