"""Time, calls and memory of collecting a generated estate, and of asking its snapshot.

    python benchmarks/collect.py [FUNCTIONS]

Makes functions, each with its role, an alias, two permissions and a queue it reads (2,000 unless said otherwise), on a
moto server of its own, then runs `permscope collect`, `permscope graph` and `permscope audit` as processes. The
server's own time is in the wall clock of `collect`, not in its CPU seconds; against AWS the rates of each service
decide.
"""

from __future__ import annotations

import io
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

REGION = "eu-west-1"
ACCOUNT = "123456789012"


def start_server() -> tuple[subprocess.Popen[bytes], str]:
    """A moto server on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, f"http://127.0.0.1:{port}"
        time.sleep(0.1)
    raise SystemExit("moto's server does not start")


def make_estate(functions: int) -> None:
    """Functions, roles, queues, aliases and permissions."""
    import boto3
    from botocore.config import Config

    config = Config(max_pool_connections=8)
    clients: dict[str, Any] = {
        name: boto3.client(name, region_name=REGION, config=config)  # type: ignore[call-overload]
        for name in ("iam", "lambda", "sqs")
    }
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): ...")
    code = {"ZipFile": package.getvalue()}
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trusted = json.dumps({"Version": "2012-10-17", "Statement": [trust]})

    one_at_a_time = threading.Lock()  # the server's IAM fails where two threads make roles

    def make(number: int) -> None:
        name = f"f{number:05}"
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        statements = [
            {"Effect": "Allow", "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage"], "Resource": arn},
            {"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:Query"], "Resource": "*"},
        ]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        with one_at_a_time:
            role = clients["iam"].create_role(RoleName=name, AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
            clients["iam"].put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document)
        clients["sqs"].create_queue(QueueName=name)
        function = {"FunctionName": name, "Role": role, "Runtime": "python3.12", "Handler": "app.handler"}
        clients["lambda"].create_function(**function, Code=code, Publish=True)
        clients["lambda"].create_alias(FunctionName=name, Name="live", FunctionVersion="1")
        for principal in ("s3.amazonaws.com", "events.amazonaws.com"):
            clients["lambda"].add_permission(
                FunctionName=name,
                StatementId=principal.partition(".")[0],
                Action="lambda:InvokeFunction",
                Principal=principal,
                SourceAccount=ACCOUNT,
            )
        clients["lambda"].create_event_source_mapping(FunctionName=name, EventSourceArn=arn)

    with ThreadPoolExecutor(4) as executor:
        list(executor.map(make, range(functions)))


def measured(*arguments: str) -> str:
    """Run permscope, print what it took, give its standard error."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "permscope", *arguments], stdout=subprocess.DEVNULL, stderr=said
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        said.seek(0)
        text = said.read().decode()
    code = os.waitstatus_to_exitcode(status)
    process.returncode = code
    cpu, memory = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    print(f"{arguments[0]:10} {cpu:8.1f} s CPU {wall:8.1f} s wall {memory:6.0f} MiB   exit {code}")
    return text


def main() -> None:
    """Make the estate, collect it, ask it."""
    functions = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    server, address = start_server()
    os.environ.update(
        AWS_ENDPOINT_URL=address,
        AWS_ACCESS_KEY_ID="testing",
        AWS_SECRET_ACCESS_KEY="testing",  # noqa: S106 - moto takes any
        AWS_DEFAULT_REGION=REGION,
        AWS_EC2_METADATA_DISABLED="true",
    )
    try:
        began = time.monotonic()
        make_estate(functions)
        print(f"{functions:,} functions made in {time.monotonic() - began:.0f} s")
        with tempfile.TemporaryDirectory() as folder:
            for ending in ("json.zst", "json"):
                output = str(Path(folder) / f"estate.{ending}")
                said = measured("collect", "-o", output, "--region", REGION, "--rate", "100000")
                print("          ", re.sub(r"\n", "\n           ", "\n".join(said.splitlines()[:2])))
                print(f"           {Path(output).stat().st_size / 2**20:.1f} MiB {ending}")
            measured("graph", str(Path(folder) / "estate.json.zst"), "--format", "json")
            measured("audit", str(Path(folder) / "estate.json.zst"), "--format", "json")
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
