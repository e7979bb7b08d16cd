"""CPU time and memory of graph, audit and one question over the snapshot of a generated account.

    python benchmarks/estate.py [ROLES [COMMAND]...] [--cloudsplaining PATH] [--runs 1]

Writes a snapshot of an account with as many roles as functions (5,000 unless said otherwise), then runs each command
(`graph`, `audit`, `who-can`) as a process and prints its CPU seconds and its peak memory: the median of the runs. With
an executable of cloudsplaining, installed elsewhere, that scans the same roles and policies in between, and the ratio
to it is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from permscope.catalog import managed_policies
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
DAY = "2026-01-01T00:00:00+00:00"
OTHER = "cloudsplaining"
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


def authorization_details(roles: int) -> dict[str, Any]:
    """The same roles and policies as `aws iam get-account-authorization-details` gives them."""
    basic = managed_policies.document(BASIC)
    shared = {"Version": "2012-10-17", "Statement": [allow(["xray:PutTraceSegments"], "*")]}
    policies = ((BASIC, basic.document if basic is not None else shared), (SHARED, shared))
    return {
        "UserDetailList": [],
        "GroupDetailList": [],
        "RoleDetailList": [_role_details(number) for number in range(roles)],
        "Policies": [_policy_details(policy_arn, document) for policy_arn, document in policies],
    }


def _role_details(number: int) -> dict[str, Any]:
    name = f"team-{number % 7}-{number:05}"
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    own = {"Version": "2012-10-17", "Statement": list(statements_of(number))}
    return {
        "Path": "/",
        "RoleName": name,
        "RoleId": f"AROA{number:017}",
        "Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}",
        "CreateDate": DAY,
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "InstanceProfileList": [],
        "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": own}],
        "AttachedManagedPolicies": [
            {"PolicyName": each.rpartition("/")[2], "PolicyArn": each} for each in (BASIC, SHARED)
        ],
        "Tags": [],
        "RoleLastUsed": {},
    }


def _policy_details(policy_arn: str, document: Any) -> dict[str, Any]:
    version = {"Document": document, "VersionId": "v1", "IsDefaultVersion": True, "CreateDate": DAY}
    return {
        "PolicyName": policy_arn.rpartition("/")[2],
        "PolicyId": "ANPA00000000000000000",
        "Arn": policy_arn,
        "Path": "/",
        "DefaultVersionId": "v1",
        "AttachmentCount": 1,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
        "CreateDate": DAY,
        "UpdateDate": DAY,
        "PolicyVersionList": [version],
    }


def used_by(command: list[str]) -> tuple[float, float, int]:
    """CPU seconds, peak MiB and exit code of a command that says nothing."""
    with Path(os.devnull).open("wb") as nothing:
        process = subprocess.Popen(command, stdout=nothing)
        _, status, used = os.wait4(process.pid, 0)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def measure(commands: dict[str, list[str]], runs: int) -> None:
    """Run the commands in turn and print what each took, and its ratio to the last where there is another tool."""
    taken: dict[str, list[tuple[float, float, int]]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            taken[name].append(used_by(command))
    seconds = {name: statistics.median(cpu for cpu, _, _ in found) for name, found in taken.items()}
    for name, found in taken.items():
        memory = max(peak for _, peak, _ in found)
        other = seconds.get(OTHER)
        ratio = f"  ratio {seconds[name] / other:.3f}" if other and name != OTHER else ""
        print(f"{name:<14} {seconds[name]:7.2f} s CPU  {memory:6.0f} MiB  exit {found[-1][2]}{ratio}", flush=True)


def main() -> None:
    """Measure the commands."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("roles", nargs="?", type=int, default=5000)
    parser.add_argument("commands", nargs="*", choices=[[], *COMMANDS], default=[])
    parser.add_argument("--cloudsplaining", metavar="PATH", help="the executable to compare with")
    parser.add_argument("--runs", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        snapshot = Path(folder) / "estate.json"
        write_snapshot(snapshot, list(estate(options.roles)))
        print(f"{options.roles} roles and functions, {snapshot.stat().st_size / 2**20:.0f} MiB", flush=True)
        commands = {
            name: [sys.executable, "-m", "permscope", *COMMANDS[name], str(snapshot)]
            for name in options.commands or COMMANDS
        }
        if options.cloudsplaining:
            details = Path(folder) / "details.json"
            details.write_text(json.dumps(authorization_details(options.roles)), encoding="utf-8")
            scan = ["scan", "--skip-open-report", "--input-file", str(details), "--output", folder]
            commands[OTHER] = [options.cloudsplaining, *scan]
        measure(commands, options.runs)


if __name__ == "__main__":
    main()
