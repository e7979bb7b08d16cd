"""How many decisions a second: cases that bring their own policies, and requests against compiled policies.

Usage: python benchmarks/decisions.py [cases]. Cases are generated from a fixed seed. CPU seconds throughout; the whole
process of `permscope simulate` is timed too, its start included, and access and consolidation of whole accounts.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from typing import Any

from permscope.policy.api import Policy, consolidate_policies, effective_access
from permscope.policy.context import RequestContext
from permscope.policy.evaluate import decide, policy_layers
from permscope.policy.requester import parse_requester
from permscope.policy.simulate import simulate_lines

ACCOUNTS = ("111111111111", "222222222222")
ACTIONS = ("s3:GetObject", "s3:PutObject", "sqs:SendMessage", "kms:Decrypt", "sts:AssumeRole", "lambda:InvokeFunction",
           "dynamodb:GetItem", "s3:ListBucket", "dynamodb:Query", "sns:Publish")  # fmt: skip
RESOURCES = ("arn:aws:s3:::reports/2026/a.csv", "arn:aws:sqs:eu-west-1:111111111111:orders",
             "arn:aws:kms:eu-west-1:111111111111:key/1234", "arn:aws:iam::222222222222:role/deploy",
             "arn:aws:lambda:eu-west-1:111111111111:function:orders:live",
             "arn:aws:dynamodb:eu-west-1:222222222222:table/orders")  # fmt: skip
PRINCIPALS = ("arn:aws:iam::111111111111:user/team/bob", "arn:aws:iam::111111111111:role/app",
              "arn:aws:sts::111111111111:assumed-role/app/i-1", {"service": "s3.amazonaws.com"}, "*")  # fmt: skip
CONDITIONS: tuple[dict[str, Any], ...] = (
    {},
    {"StringEquals": {"aws:PrincipalAccount": "111111111111"}},
    {"StringLike": {"aws:username": ["b*", "c*"]}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111111111111:*"}},
    {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    {"Bool": {"aws:SecureTransport": "false"}, "NumericLessThan": {"s3:max-keys": "10"}},
    {"ForAllValues:StringLike": {"aws:TagKeys": ["team", "cost*"]}},
)


def _one_in(rng: random.Random, count: int) -> bool:
    return rng.randrange(count) == 0


def _statement(rng: random.Random, *, principal: bool) -> dict[str, Any]:
    service = rng.choice(ACTIONS).partition(":")[0]
    resource = rng.choice(RESOURCES)
    found: dict[str, Any] = {
        "Effect": "Deny" if _one_in(rng, 6) else "Allow",
        "Action": rng.choice([[rng.choice(ACTIONS)], [f"{service}:*"], [f"{service}:Get*", f"{service}:Put*"], "*"]),
        "Resource": rng.choice([resource, "*", resource[: rng.randrange(16, len(resource))] + "*", list(RESOURCES)]),
    }
    if principal:
        found["Principal"] = rng.choice(
            [
                "*",
                {"AWS": ["111111111111"]},
                {"AWS": "arn:aws:iam::111111111111:role/app"},
                {"Service": "s3.amazonaws.com"},
            ]
        )
    if condition := rng.choice(CONDITIONS):
        found["Condition"] = condition
    return found


def _document(rng: random.Random, *, principal: bool = False) -> dict[str, Any]:
    statements = [_statement(rng, principal=principal) for _ in range(rng.randint(1, 5))]
    return {"Version": "2012-10-17", "Statement": statements}


def make_case(rng: random.Random, number: int) -> dict[str, Any]:
    """One random case of `permscope simulate`."""
    return {
        "id": str(number),
        "principal": rng.choice(PRINCIPALS),
        "action": rng.choice(ACTIONS),
        "resource": rng.choice(RESOURCES),
        "resourceAccount": rng.choice([None, *ACCOUNTS]),
        "context": {"aws:SourceIp": ["10.1.2.3"], "aws:SecureTransport": ["true"], "aws:TagKeys": ["team"]},
        "identityPolicies": [_document(rng) for _ in range(rng.randint(0, 3))],
        "resourcePolicy": _document(rng, principal=True) if not _one_in(rng, 3) else None,
        "permissionBoundary": _document(rng) if _one_in(rng, 3) else None,
        "sessionPolicies": [_document(rng)] if _one_in(rng, 5) else [],
        "scps": [[_document(rng)], [_document(rng)]] if _one_in(rng, 3) else [],
        "rcps": [[_document(rng, principal=True)]] if _one_in(rng, 5) else [],
    }


def _report(what: str, count: int, seconds: float) -> None:
    print(f"{what:<40} {count:>8} in {seconds:6.2f} s  {count / seconds:>10,.0f} a second")


def _whole_process(lines: list[str], *options: str) -> float:
    with tempfile.TemporaryFile("w+") as cases:
        cases.write("\n".join(lines))
        cases.seek(0)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "permscope", "simulate", *options]
        subprocess.run(command, stdin=cases, stdout=subprocess.DEVNULL, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main(count: int) -> None:
    """Time both kinds of decisions, in CPU seconds."""
    rng = random.Random(20261123)  # noqa: S311 (reproducible, nothing secret)
    lines = [json.dumps(make_case(rng, number)) for number in range(count)]
    start = time.process_time()
    answers = sum(1 for _ in simulate_lines(lines))
    _report("cases with their own policies", answers, time.process_time() - start)

    _report("the same, whole process", len(lines), _whole_process(lines))
    _report("the same, whole process, --explain", len(lines), _whole_process(lines, "--explain"))

    layers = policy_layers(
        identity=[Policy.from_document(_document(rng)).compiled for _ in range(3)],
        resource=[Policy.from_document(_document(rng, principal=True)).compiled],
    )
    requester = parse_requester("arn:aws:iam::111111111111:role/app")
    context = RequestContext({"aws:SourceIp": ["10.1.2.3"], "aws:SecureTransport": ["true"]})
    requests = [(rng.choice(ACTIONS), f"{rng.choice(RESOURCES)}{rng.randrange(1000)}") for _ in range(20 * count)]
    start = time.process_time()
    for action, arn in requests:
        decide(requester, action, arn, None, context, layers)
    _report("requests against compiled policies", len(requests), time.process_time() - start)

    roles = [[_document(rng) for _ in range(2)] for _ in range(count // 2)]
    start = time.process_time()
    for policies in roles:
        _ = effective_access(policies, principal="arn:aws:iam::111111111111:role/app").grants
    _report("effective access of roles", len(roles), time.process_time() - start)
    start = time.process_time()
    for policies in roles:
        consolidate_policies(policies, principal="arn:aws:iam::111111111111:role/app")
    _report("consolidated policies of roles", len(roles), time.process_time() - start)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
