"""Services that act for somebody: for which source and account a statement lets them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from permscope.audit.checks.principals import (
    PRINCIPAL_VALUES,
    entries_about,
    named_principals,
    principal_hit,
    service_name,
)
from permscope.audit.checks.resources import is_star
from permscope.audit.conditions import base_key, entry_strength, is_positive
from permscope.audit.findings import Hit
from permscope.audit.predicates import Taken, finder, predicate
from permscope.audit.reach import FAILURES
from permscope.audit.subjects import Subject
from permscope.audit.world import StatementView, World
from permscope.graph.model import EdgeKind, NodeKind
from permscope.inventory.arn import split_arn
from permscope.inventory.facts import ResourcePolicy, Route
from permscope.inventory.located import source_of
from permscope.inventory.policies import ConditionEntry, Statement
from permscope.inventory.source import NOWHERE
from permscope.inventory.tokens import has_unknown
from permscope.lazy import regex

# What says for whom a service acts.
_SCOPES = frozenset({"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"})
_OTHER_SCOPES = frozenset(
    {"lambda:eventsourcetoken", "kms:calleraccount", "aws:sourceowner", "aws:principalorgid", "aws:sourcevpce"}
)
# `aws:Referer` holds the account id where SES delivers to a bucket, so there it is a scope.
_ACCOUNT_ID = regex(r"\d{12}|\$\{AWS::AccountId\}")
# ARN service of the `aws:SourceArn` that a service principal sends.
_SENDS = {
    "s3": ("s3",),
    "sns": ("sns",),
    "events": ("events",),
    "apigateway": ("execute-api",),
    "logs": ("logs",),
    "cognito-idp": ("cognito-idp",),
    "cognito-sync": ("cognito-identity",),
    "iot": ("iot",),
    "config": ("config",),
    "elasticloadbalancing": ("elasticloadbalancing",),
    "ses": ("ses",),
    "secretsmanager": ("secretsmanager",),
    "codecommit": ("codecommit",),
    "lex": ("lex",),
    "lexv2": ("lex",),
    "lambda.alarms.cloudwatch": ("cloudwatch",),
    "cloudfront": ("cloudfront",),
    "appsync": ("appsync",),
    "sqs": ("sqs",),
    "dynamodb": ("dynamodb",),
    "kinesis": ("kinesis",),
    "scheduler": ("scheduler",),
    "states": ("states",),
    "connect": ("connect",),
    "vpc-lattice": ("vpc-lattice",),
    "bedrock": ("bedrock",),
    "cloudformation": ("cloudformation",),
    "firehose": ("firehose",),
}
# Services that never use a function's policy: they poll, or act with a role.
_NEVER_BY_POLICY = frozenset(
    [
        "sqs",
        "dynamodb",
        "kinesis",
        "kafka",
        "scheduler",
        "pipes",
        "states",
        "firehose",
        "codepipeline",
        "codedeploy",
        "mq",
    ]
)


def _scoped(statement: Statement) -> bool:
    """Whether a statement says for which source or account a service may act."""
    for entry in statement.conditions:
        key = base_key(entry.key)
        if key in _SCOPES or key in _OTHER_SCOPES or key.startswith("kms:encryptioncontext:"):
            if is_positive(entry.operator) and entry_strength(entry) in ("strong", "unknown"):
                return True
        elif key == "aws:referer" and is_positive(entry.operator) and all(map(_ACCOUNT_ID.fullmatch, entry.values)):
            return True
    return False


@finder("statement", values=(*PRINCIPAL_VALUES, "what"))
def unscoped_services(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each service principal that may act for any account (no `aws:SourceArn`, `aws:SourceAccount`, ...)."""
    view: StatementView = subject.it
    if _scoped(view.statement):
        return
    for principal, who in named_principals(view):
        name = service_name(who.text)
        if who.kind != "service" or name.startswith("replicator.lambda") or "serverlessrepo" in name:
            continue
        # A statement that has the key, but with a value that lets every account through, has its own rule.
        if any(is_positive(entry.operator) for entry in entries_about(view.statement, *_SCOPES)):
            continue
        hit = principal_hit(view, principal, who)
        hit.values["what"] = _protected(view)
        if name in _NEVER_BY_POLICY and _is_function_policy(view):
            hit.unreachable = f"`{who.text}` never invokes by function policy"
        elif name == "events" and ":logs:" in getattr(view.fact, "resource_arn", ""):
            # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-cross-account.html
            hit.unreachable = "EventBridge sends nothing to log groups of other accounts"
        yield hit


def _protected(view: StatementView) -> str:
    """What the service may use: the holder of the policy; of a policy that stands for many things what it names."""
    if view.holder is not None and view.holder.type != "AWS::Logs::ResourcePolicy":
        return f"`{view.holder.label}`"
    named = []
    for text in view.statement.resources or ():
        node = view.world.node(text) or view.world.node(text.removesuffix(":*"))
        named.append("everything it is about" if is_star(text) else f"`{node.label if node else text}`")
    return ", ".join(dict.fromkeys(named)) or f"`{view.policy.logical_id or view.policy.name}`"


@predicate("statement")
def protects_what_runs_a_function(subject: Subject) -> bool:
    """The resource of a resource policy triggers a function, directly or over a queue behind it."""
    graph, todo, seen = subject.world.graph, [subject.holder.id] if subject.holder else [], set[str]()
    while todo:
        node_id = todo.pop()
        if node_id in seen:
            continue
        seen.add(node_id)
        for edge in graph.outgoing(node_id, EdgeKind.TRIGGERS, EdgeKind.DELIVERS_TO):
            if edge.authorized is False or edge.event in FAILURES or graph.nodes[node_id].kind is NodeKind.FUNCTION:
                continue
            if edge.kind is EdgeKind.TRIGGERS:
                return True
            todo.append(edge.target)
    return False


def _is_function_policy(view: StatementView) -> bool:
    return isinstance(view.fact, ResourcePolicy) and ":function:" in view.fact.resource_arn


def _source_arns(view: StatementView) -> Iterator[tuple[str, ConditionEntry]]:
    for entry in entries_about(view.statement, "aws:sourcearn"):
        if is_positive(entry.operator):
            for value in entry.values:
                yield value, entry


def _arn_hit(view: StatementView, value: str, entry: ConditionEntry) -> Hit:
    place = source_of(value)
    named = next((who for who in view.who if who.kind == "service"), None)
    return Hit(
        element=str(value),
        source=place if place is not NOWHERE and place.line else entry.source,
        values={
            "principal": named.text if named else "*",
            "account": "",
            "service": service_name(named.text) if named else "",
            "source_arn": str(value),
        },
        statement=view.statement,
    )


def _has_account(statement: Statement) -> bool:
    keys = ("aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths", "aws:principalorgid")
    return any(is_positive(entry.operator) for entry in entries_about(statement, *keys))


@finder("statement", values=PRINCIPAL_VALUES)
def source_arns_without_account(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each `aws:SourceArn` that names no account (S3), where `aws:SourceAccount` does not name it either."""
    view: StatementView = subject.it
    if _has_account(view.statement) or not any(who.kind in ("service", "public") for who in view.who):
        return
    for value, entry in _source_arns(view):
        parts = split_arn(value)
        if parts is not None and not parts.account and parts.service not in ("", "*") and parts.resource.strip("*:/"):
            yield _arn_hit(view, value, entry)


@finder("statement", values=PRINCIPAL_VALUES)
def source_arns_of_other_services(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each `aws:SourceArn` of a service that the service principal never acts for: the statement cannot work."""
    view: StatementView = subject.it
    for value, entry in _source_arns(view):
        parts = split_arn(value)
        if parts is None or has_unknown(parts.service) or "*" in parts.service or "?" in parts.service:
            continue
        services = [who for who in view.who if who.kind == "service"]
        known = [_SENDS.get(service_name(who.text)) for who in services]
        if services and all(item is not None and parts.service not in item for item in known):
            yield _arn_hit(view, value, entry)


@finder("statement", values=(*PRINCIPAL_VALUES, "reach"))
def wide_source_arns(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each `aws:SourceArn` that covers more than one source: any API, any rule, any bucket, any account.

    All routes of one named API are wide only where the function is not behind a catch-all route of it; then `low`.
    """
    view: StatementView = subject.it
    if not any(who.kind in ("service", "public") for who in view.who):
        return
    for value, entry in _source_arns(view):
        reach, severity = _reach(subject, view, value)
        if not reach:
            continue
        hit = _arn_hit(view, value, entry)
        hit.values["reach"] = reach
        hit.severity = severity
        yield hit


def _reach(subject: Subject, view: StatementView, value: str) -> tuple[str, str | None]:
    parts = split_arn(value)
    if parts is None:
        return (
            ("any source", None)
            if (value.startswith("arn:") and not value[4:].strip("*:")) or value == "*"
            else ("", None)
        )
    resource = parts.resource
    if "*" in parts.account and not _has_account(view.statement):
        return f"any account's `{parts.service}` resources", None
    head = re.split(r"[/:]", resource)[0]
    if not resource.strip("*:/") or (head == "*"):
        return f"any `{parts.service}` resource of the account", None
    if parts.service == "execute-api":
        tail = resource[len(head) :]
        # `API/*/*/` is the root path, of any stage and method.
        if tail.endswith("*") and not tail.strip("*/") and not _behind_catch_all(subject, value):
            return "every stage, method and path of the API", "low"
        return "", None
    wide = ("rule/*", "rule/*/*", "log-group:*", "targetgroup/*", "userpool/*", "table/*", "distribution/*", "secret:*")
    if resource in wide or resource in ("log-group:*:*", "stack/*", "alarm:*", "bot-alias/*", "receipt-rule-set/*"):
        kind = resource.rstrip("*:/")
        return f"any `{parts.service}` {kind} of the account", None
    return "", None


def _behind_catch_all(subject: Subject, source_arn: str) -> bool:
    """Whether the function takes every request of the API of a source ARN, or it is not known what it takes."""
    view: StatementView = subject.it
    if view.holder is None:
        return True  # nobody can tell which routes an unknown function has
    graph = subject.world.graph
    served = other = False
    for route in _routes_by_api(subject.world).get(_api_id(source_arn), ()):
        targets = {edge.target for edge in graph.outgoing(route.id, EdgeKind.TRIGGERS)}
        if view.holder.id not in targets:
            other = True
        elif "+}" in route.path or route.path in ("$default", "/*"):
            return True
        else:
            served = True
    # A function that serves no route (an authorizer) is asked for whatever the API is asked for.
    return not (served and other)


def _routes_by_api(world: World) -> Mapping[str, list[Route]]:
    known: dict[str, list[Route]] = world.memo.setdefault("routes_by_api", {})
    if not known:
        for route in world.routes.values():
            if route.execute_arn:
                known.setdefault(_api_id(route.execute_arn), []).append(route)
    return known


def _api_id(arn: str) -> str:
    """The API id of an `execute-api` ARN."""
    parts = split_arn(arn)
    return parts.resource.split("/", 1)[0] if parts else ""
