"""What one API call of an AWS SDK needs: the IAM actions, and the resource that its arguments name.

Step Functions (`arn:aws:states:::aws-sdk:...`), EventBridge Scheduler (`arn:aws:scheduler:::aws-sdk:...`) and API
Gateway (`action/...`) call any API; which resource is called stands in the arguments, or is chosen at run time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from permscope.inventory.arn import split_arn
from permscope.inventory.facts import Need
from permscope.inventory.located import LocatedStr, as_text, source_of, value_source
from permscope.inventory.source import NOWHERE, Source
from permscope.inventory.tokens import unknown_token
from permscope.lazy import dataclass, regex
from permscope.services._values import mappings
from permscope.services.interface import Stack

_PLACEHOLDER = regex(r"\$\{([A-Za-z]+)\}")
_JSONATA = regex(r"^\s*\{%.*%\}\s*$", re.DOTALL)
_JSONATA_LITERAL = regex(r"""^\s*\{%\s*(["'])((?:(?!\1).)*)\1\s*%\}\s*$""", re.DOTALL)
_MADE_BY_AWS = frozenset(("Id", "UUID", "Uuid", "StackId"))
_QUEUE_URL = regex(r"^https?://[^/]+/([^/]+)/([^/]+?)/?$")

_ARGUMENTS_OF: Mapping[str, tuple[str, ...]] = {
    "bucketname": ("Bucket",),
    "objectname": ("Key",),
    "keyname": ("Key",),
    "queuename": ("QueueUrl",),
    "topicname": ("TopicArn", "TargetArn"),
    "statemachinename": ("StateMachineArn",),
    "parameternamewithoutleadingslash": ("Name",),
    "resourceid": ("ModelId", "modelId", "ResourceId"),
    "eventbusname": ("EventBusName",),
    "deliverystreamname": ("DeliveryStreamName",),
    "loggroupname": ("LogGroupName",),
    "jobdefinitionname": ("JobDefinition",),
    "jobqueuename": ("JobQueue",),
    "taskdefinitionfamilyname": ("TaskDefinition",),
    "clustername": ("Cluster", "ClusterName"),
    "workgroupname": ("WorkGroup",),
    "rolenamewithpath": ("RoleName",),
    "usernamewithpath": ("UserName",),
    "policynamewithpath": ("PolicyName",),
    "dbclusterinstancename": ("DBClusterIdentifier",),
    "dbinstancename": ("DBInstanceIdentifier",),
}
"""Placeholder of an ARN format -> arguments that hold it, where the name alone does not tell."""


@dataclass(slots=True)
class Arguments:
    """The arguments of a call as far as they are known before it is made.

    Args:
        values: the argument document; `Name.$` and `{% %}` mark what is computed at run time.
        source: where the call stands, for values that do not know their own place.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    source: Source = NOWHERE

    def text(self, *names: str) -> str | None:
        """The first of the named arguments that is known, with its place."""
        for name in names:
            key = self._key(name)
            text = as_text(self.values.get(key)) if key else None
            if key is None or text is None:
                continue
            literal = _JSONATA_LITERAL.match(text)
            if literal:
                return LocatedStr(literal[2], value_source(self.values, key, self.source))
            if not _JSONATA.match(text):
                return LocatedStr(text, value_source(self.values, key, self.source))
        return None

    def is_dynamic(self, *names: str) -> bool:
        """Whether one of the named arguments is given, but computed at run time."""
        return any(
            self._key(f"{name}.$") is not None
            or ((key := self._key(name)) is not None and isinstance(self.values[key], str) and self.text(name) is None)
            for name in names
        )

    def place(self, *names: str) -> Source:
        """Where the first of the named arguments stands; the call's own place when none is there."""
        for name in names:
            key = self._key(name) or self._key(f"{name}.$")
            if key is not None:
                return value_source(self.values, key, self.source)
        return self.source

    def items(self, name: str) -> Iterator[Arguments]:
        """The mappings of a list argument."""
        key = self._key(name)
        for item in mappings(self.values.get(key)) if key else ():
            yield Arguments(item.value, source_of(item.value, self.source))

    def arns(self) -> Iterator[str]:
        """Every argument that is an ARN."""
        for key, value in self.values.items():
            if isinstance(value, str) and split_arn(value) is not None:
                yield LocatedStr(value, value_source(self.values, key, self.source))

    def _key(self, name: str) -> str | None:
        if name in self.values:
            return name
        lower = name.lower()
        return next((key for key in self.values if isinstance(key, str) and key.lower() == lower), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What one call comes to.

    Attributes:
        function_arn: the function it invokes, where it invokes one that is known.
        needs: everything else.
        unknown: what is decided at run time, where something is.
        unsigned: ARN of the API method it calls without credentials, so that no role is asked.
    """

    function_arn: str | None = None
    needs: tuple[Need, ...] = ()
    unknown: str | None = None
    unsigned: str | None = None


def parse_arguments(value: object, source: Source = NOWHERE) -> Arguments:
    """Arguments given as a document or as JSON text; what is neither gives none."""
    if isinstance(value, str):
        try:
            value = json.loads(value, strict=False)
        except (ValueError, RecursionError):
            return Arguments({}, source)
    for item in mappings(value):
        return Arguments(item.value, source_of(item.value, source))
    return Arguments({}, source)


def sdk_call(stack: Stack, service: str, operation: str, arguments: Arguments, why: str) -> Call:
    """What calling an operation of an AWS SDK needs.

    Args:
        stack: whose Region and account are called.
        service: the SDK's name of the service, such as `dynamodb` or `eventbridge`.
        operation: such as `putItem` or `PutItem`.
        arguments: the call's arguments.
        why: one clause for the needs.
    """
    from permscope.catalog.calls import iam_action

    if service.lower() == "lambda" and operation.lower() in ("invoke", "invokeasync", "invokewithresponsestream"):
        return invoke(stack, arguments)
    actions = iam_action(service, operation)
    if not actions:
        what = f"`{service}:{operation}`"
        return Call(unknown=f"the IAM actions of {what} are not known")
    needs = []
    dynamic = False
    for action in actions:
        resource_arn, certain = resource_of(stack, action, arguments)
        dynamic = dynamic or not certain
        needs.append(Need(actions=(action,), resource_arn=LocatedStr(resource_arn, arguments.source), why=why))
    unknown = f"the resource of `{service}:{operation}` is chosen at run time" if dynamic else None
    return Call(needs=merged(needs), unknown=unknown)


def invoke(stack: Stack, arguments: Arguments) -> Call:
    """What `lambda:Invoke` with `FunctionName` and `Qualifier` comes to."""
    arn = stack.function_arn(arguments.text("FunctionName"))
    if arn is None or not is_function_arn(arn):
        unresolved = arn if arn is not None else "FunctionName"
        return Call(unknown=f"the function (`{unresolved}`) is chosen at run time")
    qualifier = arguments.text("Qualifier")
    if qualifier:
        arn = LocatedStr(f"{arn}:{qualifier}", source_of(arn))
    return Call(function_arn=arn)


def is_function_arn(text: str) -> bool:
    """Whether a text is the ARN of a function and not a value that only a deployment tells."""
    parts = split_arn(text)
    return parts is not None and parts.service == "lambda" and parts.resource.startswith("function:")


def merged(needs: list[Need]) -> tuple[Need, ...]:
    """Needs with those on the same resource for the same reason put together."""
    found: dict[tuple[str, str], Need] = {}
    for need in needs:
        key = (need.resource_arn, need.why)
        known = found.get(key)
        actions = (*known.actions, *need.actions) if known else need.actions
        found[key] = Need(
            actions=tuple(dict.fromkeys(actions)), resource_arn=(known or need).resource_arn, why=need.why
        )
    return tuple(found.values())


def resource_of(stack: Stack, action: str, arguments: Arguments) -> tuple[str, bool]:
    """The ARN an action is needed on, and whether it is known in full.

    `*` where the action has no resource-level permissions; an unknown token where the arguments do not tell.
    """
    from permscope.catalog.actions import load

    try:
        types = load().details(action).resource_types
    except KeyError:
        types = ()
    if not types:
        return "*", True
    best: tuple[tuple[bool, int, bool], str, bool] | None = None
    for kind in types:
        for arn_format in kind.arn_formats:
            filled = _fill(stack, arn_format, arguments, only=kind.required or len(types) == 1)
            if filled is None:
                continue
            arn, certain, parts = filled
            rank = (kind.required, parts, certain)
            if best is None or rank > best[0]:
                best = (rank, arn, certain)
    if best is not None:
        return best[1], best[2]
    service = action.partition(":")[0]
    named = next((arn for arn in arguments.arns() if arn.split(":")[2:3] == [service]), None)
    return (named, True) if named else (unknown_token("Unknown", f"resource of {action}"), False)


def _fill(stack: Stack, arn_format: str, arguments: Arguments, *, only: bool) -> tuple[str, bool, int] | None:
    """An ARN format with its placeholders taken from arguments: the ARN, whether it is certain, how many there were.

    Args:
        stack: for Region and account.
        arn_format: as AWS writes it, `arn:${Partition}:s3:::${BucketName}/${ObjectName}`.
        arguments: of the call.
        only: whether this is the kind of resource the call is about, so that a plain `Name` is its name.
    """
    own = {"Partition": stack.partition, "Region": stack.region, "Account": stack.account}
    names = [name for name in _PLACEHOLDER.findall(arn_format) if name not in own]
    if not names:
        return None
    values: dict[str, str] = {}
    certain = True
    for name in names:
        candidates = [name, *_ARGUMENTS_OF.get(name.lower(), ()), name.removesuffix("Name"), f"{name}Name"]
        if len(names) == 1 and name.endswith("Name") and only:
            candidates.append("Name")
        value = arguments.text(*candidates)
        if value is None:
            made_by_aws = bool(values) and name in _MADE_BY_AWS
            if not made_by_aws and not arguments.is_dynamic(*candidates):
                return None
            value = unknown_token("Unknown", name)
            # A key of a known bucket may well be computed: it stays unknown, but the bucket is not.
            certain = certain and (made_by_aws or (name == "ObjectName" and bool(values)))
        if value.startswith("arn:") and len(names) == 1:
            return value, True, 1
        values[name] = _short(value, name)
    return _PLACEHOLDER.sub(lambda found: own.get(found[1]) or values[found[1]], arn_format), certain, len(names)


def _short(value: str, name: str) -> str:
    """The part of an argument that stands in an ARN: of a queue URL the name, of a bucket ARN the bucket."""
    if name == "QueueName":
        url = _QUEUE_URL.match(value)
        return url[2] if url else value
    if name == "ParameterNameWithoutLeadingSlash":
        return value.removeprefix("/")
    parts = split_arn(value)
    return parts.resource.rsplit("/", 1)[-1].rsplit(":", 1)[-1] if parts else value
