"""A server that speaks AWS's APIs on a free port of the loopback interface, and a proxy before it that breaks calls."""

from __future__ import annotations

import http.client
import io
import json
import re
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from permscope.collect.live.account import Limits
from permscope.collect.live.accounts import Choice
from permscope.collect.live.estate import Estate, collect_estate
from permscope.services import live_readers

pytest.importorskip("moto", reason="moto is not installed")
pytest.importorskip("flask", reason="flask, which moto's server needs, is not installed")

ACCOUNT = "123456789012"
OTHER = "210987654321"
REGION = "eu-west-1"
_LOOPBACK = "127.0.0.1"


@pytest.fixture(scope="session")
def moto_port() -> Iterator[int]:
    """The port of a moto server that runs as long as the tests."""
    with socket.socket() as free:
        free.bind((_LOOPBACK, 0))
        port = int(free.getsockname()[1])
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", _LOOPBACK, "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                _ask(port, "GET", "/moto-api/")
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail("moto's server does not start")
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def _ask(port: int, method: str, path: str, body: bytes = b"", headers: Any = None) -> tuple[int, Any, bytes]:
    connection = http.client.HTTPConnection(_LOOPBACK, port, timeout=60)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


@dataclass
class Fault:
    """What happens to requests that match.

    Attributes:
        pattern: regular expression over `METHOD path target action`, such as `ListFunctions` or `GET /2015-03-31`.
        status, code: the error that is answered.
        how: `error`, `hang`, `drop`, `truncate`.
        after: how many matching requests go through first.
        times: how many are broken; None for all that follow.
    """

    pattern: str
    code: str = "AccessDenied"
    status: int = 400
    how: str = "error"
    after: int = 0
    times: int | None = None
    seen: int = 0


@dataclass
class Proxy:
    """Stands between client and server.

    Attributes:
        faults: tried in order.
        requests: what was asked, as patterns see it.
        bodies: what was sent.
    """

    upstream: int
    faults: list[Fault] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    port: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        """For `AWS_ENDPOINT_URL`."""
        return f"http://{_LOOPBACK}:{self.port}"

    def break_calls(self, pattern: str, **how: Any) -> None:
        """Break the calls that match; see `Fault`."""
        self.faults.append(Fault(pattern, **how))

    def chosen(self, text: str) -> Fault | None:
        """The fault that a request meets."""
        with self._lock:
            self.requests.append(text)
            for fault in self.faults:
                if re.search(fault.pattern, text):
                    fault.seen += 1
                    last = None if fault.times is None else fault.after + fault.times
                    if fault.seen > fault.after and (last is None or fault.seen <= last):
                        return fault
        return None


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing."""

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target = self.headers.get("X-Amz-Target", "")
        action = re.search(rb"(?:^|&)Action=(\w+)", body)
        text = f"{self.command} {self.path} {target} {action[1].decode() if action else ''}"
        self.proxy.bodies.append(body.decode("utf-8", "replace"))
        fault = self.proxy.chosen(text)
        match fault.how if fault else "":
            case "error":
                assert fault is not None
                scope = re.search(r"/([a-z0-9-]+)/aws4_request", self.headers.get("Authorization", ""))
                is_xml = scope is not None and scope[1] in ("s3", "s3express", "cloudfront")
                self._answer(fault.status, *_error(fault, not is_xml and not action, bool(action)))
                return
            case "hang":
                time.sleep(4)
                self.close_connection = True
                return
            case "drop":
                self.close_connection = True
                return
        headers = {key: value for key, value in self.headers.items() if key.lower() != "host"}
        status, answered, content = _ask(self.proxy.upstream, self.command, self.path, body, headers)
        kind = answered.get("Content-Type", "")
        if status == 500 and "html" in kind:  # moto does not implement it
            status, kind, content = 501, "application/json", b'{"__type": "NotImplemented"}'
        self._answer(status, kind, content, cut=fault is not None)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _handle  # noqa: N815

    def _answer(self, status: int, kind: str, content: bytes, *, cut: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: len(content) // 2] if cut else content)
        self.close_connection = self.close_connection or cut


def _error(fault: Fault, is_json: bool, is_query: bool) -> tuple[str, bytes]:
    """An error as each protocol of AWS writes it."""
    if is_json:
        return "application/json", json.dumps({"__type": fault.code, "message": "injected"}).encode()
    error = f"<Error><Code>{fault.code}</Code><Message>injected</Message></Error>"
    wrapped = f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>" if is_query else error
    return "text/xml", wrapped.encode()


@pytest.fixture
def aws(moto_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """An empty account, to which the default credentials and Region lead, behind a proxy."""
    _ask(moto_port, "POST", "/moto-api/reset")
    proxy = Proxy(moto_port)
    server = ThreadingHTTPServer((_LOOPBACK, 0), type("Handler", (_Handler,), {"proxy": proxy}))
    server.daemon_threads = True
    proxy.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    for name, value in {
        "AWS_ENDPOINT_URL": proxy.address,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    yield proxy
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


@pytest.fixture
def client(aws: Proxy) -> Callable[..., Any]:
    """Makes clients: `client("lambda")`, of another account with `account=`."""
    import boto3

    def make(service: str, *, region: str = REGION, account: str = ACCOUNT) -> Any:
        if account == ACCOUNT:
            return boto3.client(service, region_name=region)  # type: ignore[call-overload]
        sts = boto3.client("sts", region_name=region)
        role = f"arn:aws:iam::{account}:role/reader"
        credentials = sts.assume_role(RoleArn=role, RoleSessionName="test-session")["Credentials"]
        return boto3.client(  # type: ignore[call-overload]
            service,
            region_name=region,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        )

    return make


@dataclass
class Deployment:
    """Makes things in an account of the server.

    Attributes:
        client: makes clients.
        where: account and Region of the clients.
    """

    client: Callable[..., Any]
    where: dict[str, str] = field(default_factory=dict)

    def of(self, service: str) -> Any:
        """A client."""
        return self.client(service, **self.where)

    def role(self, name: str = "app", *actions: str, on: str = "*", service: str = "lambda.amazonaws.com") -> str:
        """A role with one inline policy; gives its ARN."""
        iam = self.of("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn = str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"])
        statement = {"Effect": "Allow", "Action": list(actions or ("sqs:ReceiveMessage",)), "Resource": on}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document)
        return arn

    def function(self, name: str, role: str, **more: Any) -> str:
        """A function; gives its ARN."""
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("app.py", "def handler(event, context): ...")
        answer = self.of("lambda").create_function(
            FunctionName=name,
            Role=role,
            Runtime="python3.12",
            Handler="app.handler",
            Code={"ZipFile": package.getvalue()},
            **more,
        )
        return str(answer["FunctionArn"])

    def orders(self) -> None:
        """A function with an alias, a queue it reads, permissions on both, and a secret in its environment."""
        queue = self.of("sqs").create_queue(QueueName="orders")["QueueUrl"]
        variables = {"QUEUE": queue, "PASSWORD": "hunter2-do-not-keep"}
        self.function("orders", self.role(), Publish=True, Environment={"Variables": variables})
        functions = self.of("lambda")
        functions.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
        functions.add_permission(
            FunctionName="orders", StatementId="everyone", Action="lambda:InvokeFunction", Principal="*"
        )
        functions.add_permission(
            FunctionName="orders",
            Qualifier="live",
            StatementId="bucket",
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            SourceArn="arn:aws:s3:::uploads",
            SourceAccount=ACCOUNT,
        )
        attributes = self.of("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
        functions.create_event_source_mapping(FunctionName="orders", EventSourceArn=attributes["QueueArn"])


@pytest.fixture
def deploy(client: Callable[..., Any]) -> Deployment:
    """Makes things in the account of the default credentials."""
    return Deployment(client)


READERS = ("dynamodb", "iam", "kinesis", "kms", "lambda", "organizations", "s3", "secretsmanager", "sns", "sqs")
"""What is read in most tests: services that the server implements whole, as far as they are asked."""


@pytest.fixture
def collect_live(aws: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Estate]:
    """Collect into `estate.json`, quickly: one Region, few services, few tries; other arguments as `collect_estate`."""
    every = live_readers()

    def collect(
        *,
        output: str = "estate.json",
        attempts: int = 2,
        timeout: float = 15.0,
        readers: Container[str] = READERS,
        **more: Any,
    ) -> Estate:
        few = tuple((name, reader) for name, reader in every if name in readers)
        monkeypatch.setattr("permscope.collect.live.collect.live_readers", lambda: few)
        choice = more.pop("choice", None) or Choice()
        limits = Limits(threads=8, attempts=attempts, timeout=timeout, rate=1000)
        return collect_estate(tmp_path / output, choice, limits=limits, **{"regions": [REGION], **more})

    return collect
