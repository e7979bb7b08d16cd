"""Keys that shut out who may use what they protect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from permscope.audit.findings import Hit
from permscope.audit.predicates import Taken, finder
from permscope.audit.subjects import Subject
from permscope.audit.world import World
from permscope.catalog.actions import load
from permscope.graph.model import EdgeKind
from permscope.inventory.arn import split_arn
from permscope.inventory.facts import (
    Mechanism,
    Need,
    Role,
)
from permscope.inventory.policies import Statement
from permscope.inventory.tokens import has_unknown

# What a caller must be allowed with the key for what it does with the resource:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html,
# https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html,
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html,
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html,
# https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html
_KEY_NEEDS = (
    ("sqs", "sqs:SendMessage", "kms:GenerateDataKey"),
    ("sqs", "sqs:ReceiveMessage", "kms:Decrypt"),
    ("sns", "sns:Publish", "kms:GenerateDataKey"),
    ("secretsmanager", "secretsmanager:GetSecretValue", "kms:Decrypt"),
    ("kinesis", "kinesis:PutRecord", "kms:GenerateDataKey"),
    ("kinesis", "kinesis:GetRecords", "kms:Decrypt"),
    ("s3", "s3:GetObject", "kms:Decrypt"),
    ("s3", "s3:PutObject", "kms:GenerateDataKey"),
)
# Of a source that Lambda polls, `esm-role-missing-poll` names the key.
_POLLING = frozenset({"sqs:ReceiveMessage", "kinesis:GetRecords"})
_KEY_VALUES = ("role", "resource", "action", "missing", "key", "fix")


def _encrypted(world: World) -> Mapping[str, str]:
    """Resources of the input by ARN with their customer managed key, which is in the input too."""
    known: dict[str, str] | None = world.memo.get("encrypted")
    if known is None:
        known = world.memo["encrypted"] = {}
        keys = {fact.id for fact in world.inventory.resources.values() if fact.type == "AWS::KMS::Key"}
        for fact in world.inventory.resources.values() if keys else ():
            key = fact.attributes.get("kms_key_arn")
            if fact.arn and isinstance(key, str) and key in keys:
                known[fact.arn] = key
    return known


@finder("function", values=_KEY_VALUES)
def locked_out_by_a_key(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """What the role of a function may use, but not decrypt or encrypt with the key that protects it."""
    world = subject.world
    encrypted = _encrypted(world)
    decisions = world.graph.decisions
    if not encrypted or decisions is None:
        return
    for edge in world.graph.outgoing(subject.it.id, EdgeKind.EXECUTES_AS):
        role = world.inventory.roles.get(edge.target)
        if role is None or world.inventory.missing_policies(role):
            continue
        view = world.by_arn[role.arn]
        for arn, key in encrypted.items():
            parts = split_arn(arn)
            service = parts.service if parts else ""
            allowed = None
            for of, action, needed in _KEY_NEEDS:
                if of != service:
                    continue
                tail = "/*" if service == "s3" else ""
                allowed = allowed if allowed is not None else view.access.on(arn + tail).allowed
                if action not in allowed or (action in _POLLING and _is_polled(world, subject.it.id, arn)):
                    continue
                if decisions.role_may(role.arn, Need(actions=(needed,), resource_arn=key)).authorized is False:
                    yield _key_hit(world, role, arn, (action, needed, key))
                    break


def _is_polled(world: World, function_id: str, source_id: str) -> bool:
    return any(
        edge.source == source_id and edge.mechanism == Mechanism.POLL
        for edge in world.graph.incoming(function_id, EdgeKind.TRIGGERS)
    )


def _key_hit(world: World, role: Role, arn: str, what: tuple[str, str, str]) -> Hit:
    action, needed, key = what
    node, key_node = world.graph.nodes.get(arn), world.graph.nodes.get(key)
    label = key_node.label if key_node else key
    reference = f"!GetAtt {key_node.logical_id}.Arn" if key_node and key_node.logical_id else key
    return Hit(
        element=f"{needed} {label}",
        nodes=(role.arn, arn),
        values={
            "role": role.logical_id or role.name,
            "resource": node.label if node else arn,
            "action": action,
            "missing": needed,
            "key": label,
            "fix": f"- Effect: Allow\n  Action: {needed}\n  Resource: {reference}",
        },
    )


# Services that write into an encrypted queue or topic need a word in the policy of the key.
@finder("delivers_to", values=("service", "resource", "key", "fix"))
def senders_locked_out_by_a_key(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """A service that delivers into a queue or topic encrypted with a key whose policy does not let it in."""
    world, edge = subject.world, subject.it
    fact = world.inventory.resources.get(edge.target)
    service = world.graph.nodes[edge.source].type or ""
    principal = _SENDERS.get(service)
    if fact is None or principal is None or edge.via is not None:
        return
    if fact.type not in ("AWS::SQS::Queue", "AWS::SNS::Topic"):
        return
    key = fact.attributes.get("kms_key_arn")
    if not isinstance(key, str) or has_unknown(key):
        return
    managed = ":alias/aws/" in key
    policies = world.inventory.resource_policies.get(key, ())
    let_in = any(_lets_in(world, held.policy.statements, principal) for held in policies)
    if not managed and (key not in world.inventory.resources or let_in):
        return
    label = "the key that AWS manages" if managed else f"`{world.graph.nodes[key].label}`"
    target = world.graph.nodes[edge.target].label
    yield Hit(
        element=f"{principal} {target}",
        values={
            "service": principal,
            "resource": target,
            "key": label,
            "fix": "\n".join(
                [
                    "- Effect: Allow",
                    f"  Principal: {{Service: {principal}}}",
                    "  Action: [kms:Decrypt, kms:GenerateDataKey*]",
                    '  Resource: "*"',
                ]
            ),
        },
    )


_SENDERS = {
    "AWS::S3::Bucket": "s3.amazonaws.com",
    "AWS::SNS::Topic": "sns.amazonaws.com",
    "AWS::Events::Rule": "events.amazonaws.com",
}


def _lets_in(world: World, statements: tuple[Statement, ...], service: str) -> bool:
    wanted = load().expand("kms:GenerateDataKey") | load().expand("kms:Decrypt")
    return any(
        statement.effect == "Allow"
        and not wanted.isdisjoint(world.actions_of(statement))
        and any(principal.value in (service, "*") for principal in statement.principals or ())
        for statement in statements
    )
