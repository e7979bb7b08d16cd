"""What an API Gateway integration calls: a function, or another AWS service with the rights of a role.

The Uri of a REST integration is `arn:P:apigateway:R:SERVICE:action/NAME` or `...:path/PATH`; HTTP APIs have subtypes.
https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services-reference.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Any, NamedTuple

from permscope.inventory.arn import function_arn_and_qualifier, make_arn, split_arn
from permscope.inventory.facts import Need
from permscope.inventory.located import LocatedStr, source_of
from permscope.inventory.tokens import TOKEN, has_unknown, unknown_token
from permscope.lazy import dataclass, regex
from permscope.services._values import Text, texts
from permscope.services.interface import Stack

_INVOCATION = regex(r"path/+[0-9-]+/functions/(.+)/(?:response-streaming-)?invocations/?")
_QUEUE_URL = regex(r"https://[^/]+/([^/]+)/([^/]+)")
_VELOCITY_WORDS = ("stageVariables.", "context.", "input.", "util.", "inputRoot")

# API operation -> what IAM calls it, where that differs
_IAM_ACTIONS: Mapping[str, str] = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sns:PublishBatch": "sns:Publish",
}
# service name in a Uri -> prefix of its IAM actions, where that differs
_IAM_PREFIXES: Mapping[str, str] = {
    "email": "ses",
    "monitoring": "cloudwatch",
    "iotdata": "iot",
    "data.iot": "iot",
    "data-ats.iot": "iot",
    "runtime.sagemaker": "sagemaker",
    "runtime.lex": "lex",
    "bedrock-runtime": "bedrock",
    "tagging": "tag",
}


class Call(NamedTuple):
    """What an integration does.

    Attributes:
        target: ARN of what it acts on, where that is one thing.
        exact: False where the request decides what is called.
    """

    needs: tuple[Need, ...]
    target: str | None
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """The integration of an operation.

    Attributes:
        kind: `aws_proxy`, `aws`, `http_proxy`, `http` or `mock`.
        uris: the Uri, or each that may hold where a template condition is undecided.
        method: HTTP method of the call.
        credentials: role ARN, or `arn:aws:iam::*:user/*` for the caller's own credentials.
        subtype: of an HTTP API's call to a service, such as `SQS-SendMessage`.
        parameters: `RequestParameters`.
        templates: `RequestTemplates`, by content type.
    """

    kind: str
    uris: tuple[Text, ...] = ()
    method: str = ""
    credentials: str | None = None
    subtype: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    templates: Mapping[str, Any] = field(default_factory=dict)


class _Context(NamedTuple):
    """Where a call is made and what it says."""

    stack: Stack
    partition: str
    region: str
    integration: Integration

    def arn(self, service: str, resource: str) -> str:
        return make_arn(service, resource, partition=self.partition, region=self.region, account=self.stack.account)

    def value(self, *names: str) -> str | None:
        """What the request says under one of the names; None where the caller decides, or nothing is said."""
        for name in names:
            found = list(_values(self.integration, name))
            if found:
                return found[0] if len(set(found)) == 1 and _is_settled(found[0]) else None
        return None

    def says(self, *names: str) -> bool:
        """Whether the request says anything under one of the names."""
        return any(next(_values(self.integration, name), None) is not None for name in names)


def function_in(stack: Stack, uri: str) -> str | None:
    """ARN of the function that a Uri invokes, or None for one that invokes none.

    Both the invocation Uri and the plain function ARN of an HTTP API are understood.
    """
    parts = split_arn(uri)
    if parts is None:
        return None
    if parts.service == "lambda" and parts.resource.startswith("function:"):
        return _as_declared(stack, uri)
    if parts.service != "apigateway" or parts.account != "lambda":
        return None
    found = _INVOCATION.fullmatch(parts.resource)
    function = stack.function_arn(LocatedStr(found[1], source_of(uri))) if found else None
    return _as_declared(stack, function) if function else None


def _as_declared(stack: Stack, arn: str) -> str:
    """An ARN as the resource of the template it means has it, whatever partition it was written with."""
    base, qualifier = function_arn_and_qualifier(arn)
    found = stack.find(base)
    if found is None or not found.arn:
        return arn
    return LocatedStr(f"{found.arn}:{qualifier}" if qualifier else found.arn, source_of(arn))


def call_of(stack: Stack, uri: str, integration: Integration) -> Call | None:
    """What an integration with an AWS service needs; None for a Uri that is none."""
    if integration.subtype:
        return _subtype_call(_Context(stack, stack.partition, stack.region, integration), integration.subtype)
    parts = split_arn(uri)
    if parts is None or parts.service != "apigateway":
        return None
    context = _Context(stack, parts.partition, parts.region, integration)
    kind, _, rest = parts.resource.partition("/")
    name = rest.split("?", 1)[0].strip("/")
    if kind == "path" and (not name or parts.account in _BY_SERVICE):
        # Services with a JSON protocol take the operation from a header, those with a query protocol from the form.
        named = context.value("X-Amz-Target") or (
            context.value("Action") if not name or parts.account != "sqs" else None
        )
        kind, name = ("action", named) if named else (kind, name)
    return _service_call(context, parts.account, name, is_path=kind == "path")


def _service_call(context: _Context, service: str, name: str, *, is_path: bool) -> Call | None:
    bucket, _, last = service.rpartition(".")
    if is_path:
        if last == "s3":
            return _s3(context, f"{bucket}/{name}" if bucket else name)
        if last == "sqs":
            return _queue(context, name)
        if last in ("iotdata", "iot") and "topics/" in name:
            topic = context.arn("iot", f"topic/{_settle_path(context, name.split('topics/', 1)[1])}")
            return _call(context, "iot:Publish", topic)
        return Call((), None, exact=False)
    prefix = _IAM_PREFIXES.get(service) or _IAM_PREFIXES.get(last) or last
    operation = name.rpartition(".")[2]
    reader = _BY_SERVICE.get(prefix)
    if reader is not None:
        return reader(context, operation)
    return _unlisted(context, prefix, operation)


def _call(context: _Context, action: str, resource: str) -> Call:
    resource = _as_declared(context.stack, resource)
    arn = resource if resource != "*" else None
    return Call(
        (Need(actions=(_IAM_ACTIONS.get(action, action),), resource_arn=resource, why="to make the call"),),
        arn,
        exact=not has_unknown(resource),
    )


def _unsaid(what: str) -> str:
    return unknown_token("Unknown", f"request/{what}")


def _dynamodb(context: _Context, operation: str) -> Call:
    table = None if operation.startswith(("Batch", "Transact", "Execute")) else context.value("TableName")
    if table is None:
        arn = context.arn("dynamodb", f"table/{_unsaid('TableName')}")
    else:
        found = context.stack.find(table, "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")
        arn = (found.arn if found else None) or (
            table if table.startswith("arn:") else context.arn("dynamodb", f"table/{table}")
        )
    if operation.startswith(("Transact", "Execute")):
        return Call((), None, exact=False)
    index = context.value("IndexName") if operation in ("Query", "Scan") else None
    call = _call(context, f"dynamodb:{operation}", f"{arn}/index/{index}" if index else arn)
    return Call(call.needs, None if table is None else arn, call.exact)


def _kinesis(context: _Context, operation: str) -> Call:
    return _call(context, f"kinesis:{operation}", _named(context, "kinesis", "stream/", "StreamARN", "StreamName"))


def _firehose(context: _Context, operation: str) -> Call:
    return _call(context, f"firehose:{operation}", _named(context, "firehose", "deliverystream/", "DeliveryStreamName"))


def _states(context: _Context, operation: str) -> Call:
    if operation in ("StartExecution", "StartSyncExecution"):
        return _call(
            context,
            f"states:{operation}",
            context.value("stateMachineArn", "StateMachineArn")
            or context.arn("states", f"stateMachine:{_unsaid('stateMachineArn')}"),
        )
    return _call(
        context,
        f"states:{operation}",
        context.value("executionArn", "ExecutionArn") or context.arn("states", f"execution:{_unsaid('executionArn')}"),
    )


def _events(context: _Context, operation: str) -> Call:
    if not context.says("EventBusName"):
        return _call(context, f"events:{operation}", context.arn("events", "event-bus/default"))
    return _call(context, f"events:{operation}", _named(context, "events", "event-bus/", "EventBusName"))


def _sns(context: _Context, operation: str) -> Call:
    if not context.says("TopicArn", "TargetArn") and context.says("PhoneNumber"):
        return _call(context, f"sns:{operation}", "*")
    topic = context.value("TopicArn", "TargetArn")
    return _call(context, f"sns:{operation}", topic or context.arn("sns", _unsaid("TopicArn")))


def _sqs(context: _Context, operation: str) -> Call:
    url = context.value("QueueUrl")
    return _call(
        context, f"sqs:{operation}", (url and _queue_arn(context, url)) or context.arn("sqs", _unsaid("QueueUrl"))
    )


def _secrets(context: _Context, operation: str) -> Call:
    secret = context.value("SecretId")
    if secret is None:
        return _call(
            context, f"secretsmanager:{operation}", context.arn("secretsmanager", f"secret:{_unsaid('SecretId')}")
        )
    arn = secret if secret.startswith("arn:") else context.arn("secretsmanager", f"secret:{secret}-??????")
    return _call(context, f"secretsmanager:{operation}", arn)


def _parameters(context: _Context, operation: str) -> Call:
    name = context.value("Name")
    named = name.lstrip("/") if name else _unsaid("Name")
    return _call(context, f"ssm:{operation}", context.arn("ssm", f"parameter/{named}"))


_BY_SERVICE: Mapping[str, Callable[[_Context, str], Call]] = {
    "dynamodb": _dynamodb,
    "kinesis": _kinesis,
    "firehose": _firehose,
    "states": _states,
    "events": _events,
    "sns": _sns,
    "sqs": _sqs,
    "secretsmanager": _secrets,
    "ssm": _parameters,
}


def _unlisted(context: _Context, prefix: str, operation: str) -> Call:
    """A call to any other service: on `*` where its action knows no resources, otherwise on something unknown."""
    from permscope.catalog.actions import load

    catalog = load()
    action = f"{prefix}:{operation}"
    if not catalog.is_known(action):
        return Call((), None, exact=False)
    if not catalog.details(action).resource_types:
        return _call(context, catalog.canonical(action) or action, "*")
    return _call(context, catalog.canonical(action) or action, context.arn(prefix, _unsaid("resource")))


def _named(context: _Context, service: str, prefix: str, *names: str) -> str:
    """ARN of a thing the request names by ARN or name."""
    value = context.value(*names)
    if value is None:
        return context.arn(service, f"{prefix}{_unsaid(names[-1])}")
    return value if value.startswith("arn:") else context.arn(service, f"{prefix}{value}")


def _queue_arn(context: _Context, url: str) -> str | None:
    found = context.stack.find(url, "AWS::SQS::Queue")
    if found is not None:
        return found.arn
    parts = _QUEUE_URL.fullmatch(url)
    return (
        make_arn("sqs", parts[2], partition=context.partition, region=context.region, account=parts[1])
        if parts
        else None
    )


def _queue(context: _Context, path: str) -> Call:
    """`path/ACCOUNT/QUEUE`; the action is in the query or form body, and mostly `SendMessage`."""
    settled = _settle_path(context, path)
    url = context.stack.find(settled, "AWS::SQS::Queue")
    account, _, name = settled.partition("/")
    arn = (url.arn if url else None) or make_arn(
        "sqs", name or _unsaid("queue"), partition=context.partition, region=context.region, account=account
    )
    action = context.value("Action")
    call = _call(context, f"sqs:{action or 'SendMessage'}", arn)
    return Call(call.needs, call.target, call.exact and action is not None) if not action else call


def _s3(context: _Context, path: str) -> Call:
    """`path/BUCKET/KEY`, the action by the HTTP method."""
    settled = _settle_path(context, path)
    bucket, _, key = settled.partition("/")
    method = context.integration.method.upper()
    if not bucket:
        return _call(context, "s3:ListAllMyBuckets", "*")
    arn = make_arn("s3", bucket, partition=context.partition, region="", account="")
    if not key:
        on_bucket = {
            "GET": "s3:ListBucket",
            "HEAD": "s3:ListBucket",
            "PUT": "s3:CreateBucket",
            "DELETE": "s3:DeleteBucket",
        }
        return _call(context, on_bucket[method], arn) if method in on_bucket else Call((), arn, exact=False)
    on_object = {
        "GET": "s3:GetObject",
        "HEAD": "s3:GetObject",
        "PUT": "s3:PutObject",
        "POST": "s3:PutObject",
        "DELETE": "s3:DeleteObject",
    }
    if method not in on_object:
        return Call((), arn, exact=False)
    call = _call(context, on_object[method], f"{arn}/{key}")
    return Call(call.needs, None if has_unknown(arn) else arn, call.exact)


def _settle_path(context: _Context, path: str) -> str:
    """A Uri path with its `{parameters}` replaced by what the request parameters fix, unknown tokens otherwise."""

    def settle(found: re.Match[str]) -> str:
        for value in _values(context.integration, found[1], places=("path",)):
            if _is_settled(value):
                return value
        return _unsaid(found[1])

    return re.sub(r"(?<!\$)\{([^{}/]+?)\+?\}", settle, path)


_SUBTYPES: Mapping[str, tuple[str, Callable[[_Context, str], Call]]] = {
    "EventBridge": ("events", _events),
    "SQS": ("sqs", _sqs),
    "Kinesis": ("kinesis", _kinesis),
    "StepFunctions": ("states", _states),
}


def _subtype_call(context: _Context, subtype: str) -> Call | None:
    service, _, operation = subtype.partition("-")
    if subtype == "AppConfig-GetConfiguration":
        application = context.value("Application")
        arn = context.arn("appconfig", f"application/{application or _unsaid('Application')}")
        return Call(
            (Need(actions=("appconfig:GetConfiguration",), resource_arn=arn, why="to make the call"),), arn, exact=False
        )
    known = _SUBTYPES.get(service)
    return known[1](context, operation) if known and operation else None


def _is_settled(value: str) -> bool:
    """Whether a value holds nothing that a request decides: no `$input...`, no `${request.body.x}`."""
    for token in TOKEN.findall(value):
        if token[2:].startswith((*_VELOCITY_WORDS, "request.")):
            return False
    return "$" not in TOKEN.sub("", value)


def _values(
    integration: Integration, name: str, *, places: tuple[str, ...] = ("querystring", "header", "path")
) -> Iterator[str]:
    """What the request parameters and templates of an integration say under a name, as written."""
    for key, raw in integration.parameters.items():
        where, _, said = key.rpartition(".")
        if key == name or (said == name and where.startswith("integration.request.") and where.endswith(places)):
            for found in texts(raw):
                text = found.text
                if where and not (text.startswith("'") and text.endswith("'") and len(text) > 1):
                    yield f"$request.{name}"
                else:
                    yield text.strip("'")
    if places == ("path",):
        return
    for template in integration.templates.values():
        for found in texts(template):
            yield from _template_values(found.text, name)


def _template_values(template: str, name: str) -> Iterator[str]:
    """The values of a name in a mapping template that makes JSON (`"Name": "x"`) or a form (`Name=x`)."""
    word = re.escape(name)
    for match in re.finditer(rf'["\']{word}["\']\s*:\s*(?:"((?:[^"\\]|\\.){{0,2048}})"|([^\s,}}]{{1,256}}))', template):
        yield match[1] if match[1] is not None else f"${match[2]}"
    form = rf"(?:^|[&?\s\"']){word}=(?:\$util\.urlEncode\(\s*['\"]([^'\"]{{0,2048}})['\"]\s*\)|([^&\s\"']{{1,2048}}))"
    for match in re.finditer(form, template):
        yield match[1] if match[1] is not None else _percent_decoded(match[2])


def _percent_decoded(text: str) -> str:
    from urllib.parse import unquote

    return unquote(text) if "%" in text else text
