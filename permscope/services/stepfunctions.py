"""Step Functions: state machines, what each of their tasks calls, and the role they call it with.

A state machine has no resource policy and calls everything with its own role, so every task is either a trigger of a
function (`SERVICE_ROLE`) or a need of that role.
https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Any

from permscope.inventory.arn import split_arn
from permscope.inventory.facts import AnyFact, Delivery, Mechanism, Need, RoleUse, Trigger
from permscope.inventory.located import LocatedStr, as_text, source_of, value_source
from permscope.inventory.source import Source
from permscope.lazy import dataclass
from permscope.services._answers import capitalised, each, picked
from permscope.services._asl import State, read_definition
from permscope.services._calls import Arguments, Call, invoke, is_function_arn, merged, parse_arguments
from permscope.services._integrations import api_call, executions, optimized, reading_items, waiting
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._targets import resource_behind
from permscope.services._values import about, branches, dig, located, mappings, root
from permscope.services.interface import TemplateResource

SERVICE = "states.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE,)

_SENDING = frozenset(
    (
        "sqs:SendMessage",
        "sns:Publish",
        "events:PutEvents",
        "states:StartExecution",
        "states:StartSyncExecution",
        "kinesis:PutRecord",
        "kinesis:PutRecords",
        "firehose:PutRecord",
        "firehose:PutRecordBatch",
        "execute-api:Invoke",
    )
)
"""Calls that start something else, which may run functions in turn."""

_PATTERNS = (".waitForTaskToken", ".sync:2", ".sync")
_LOG_DELIVERY = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)
_TRACING = (
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
)


@dataclass(slots=True)
class _Calls:
    """What the tasks of one state machine come to."""

    functions: list[tuple[str, str, Source]] = field(default_factory=list)  # ARN, state, place
    needs: list[Need] = field(default_factory=list)
    unknowns: list[tuple[str, str, Source]] = field(default_factory=list)  # what, why, place
    unsigned: dict[str, None] = field(default_factory=dict)  # ARNs of API methods

    def add(self, call: Call, state: State) -> None:
        if call.function_arn is not None:
            self.functions.append((call.function_arn, state.name, source_of(call.function_arn, state.source)))
        self.needs.extend(call.needs)
        if call.unsigned:
            self.unsigned[call.unsigned] = None
        if call.unknown:
            self.unknowns.append((f"state `{state.name}`", call.unknown, state.source))


def read_state_machine(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::StepFunctions::StateMachine`: the machine, its tasks, and its role."""
    yield resource.resource(
        state_machine_type=resource.text("StateMachineType"),
        kms_key_arn=resource.text("EncryptionConfiguration", "KmsKeyId"),
        role_arn=resource.text("RoleArn"),
    )
    own, borrowed = _Calls(), dict[str, _Calls]()
    definitions = [*_definitions(resource)]
    for definition in definitions:
        read = read_definition(definition, resource.source)
        for message, place in read.problems:
            yield resource.unknown("definition", message, "definition", place)
        for state in read.states:
            _read_state(resource, state, own, borrowed)
    if not definitions:
        yield resource.unknown("definition", "it is kept outside of the template", "definition")
    own.needs.extend(_settings(resource))
    for calls in (own, *borrowed.values()):
        for what, why, place in calls.unknowns:
            yield resource.unknown(what, why, "run-time", place)
    roles = [*root(resource).texts("RoleArn")]
    for role in roles:
        yield from _uses(resource, own, located(role), SERVICE, about(resource, role.source, role.only_if))
    for role_arn, calls in borrowed.items():
        for role in roles[:1]:
            yield from _uses(resource, calls, role_arn, role.text, about(resource, source_of(role_arn)))


def _uses(
    resource: TemplateResource, calls: _Calls, role_arn: str, assumed_by: str, shared: Mapping[str, Any]
) -> Iterator[AnyFact]:
    """The triggers and the role use that calls made with one role come to."""
    seen: set[tuple[str, str]] = set()
    for function_arn, state, place in calls.functions:
        if (function_arn, state) in seen:
            continue
        seen.add((function_arn, state))
        need = Need(actions=("lambda:InvokeFunction",), resource_arn=function_arn, why=f"to run the task `{state}`")
        yield Trigger(
            function_arn=function_arn,
            event="state-machine-task",
            mechanism=Mechanism.SERVICE_ROLE,
            service=assumed_by,
            source_id=resource.id,
            source_arn=resource.arn,
            role_arn=role_arn,
            required=(need,),
            **{**shared, "source": place},
        )
    for needed in calls.needs:
        if _SENDING.intersection(needed.actions) and needed.resource_arn not in ("*", resource.arn):
            yield Delivery(
                sender_id=resource.id,
                target_arn=needed.resource_arn,
                event="state-machine-task",
                role_arn=role_arn,
                required=(needed,),
                **{**shared, "source": source_of(needed.resource_arn, shared["source"])},
            )
    for arn in calls.unsigned:
        yield Delivery(
            sender_id=resource.id,
            target_arn=arn,
            event="state-machine-task",
            **{**shared, "source": source_of(arn, shared["source"])},
        )
    yield RoleUse(
        user_id=resource.id,
        role_arn=role_arn,
        service=assumed_by,
        required=merged(calls.needs),
        exact=not calls.unknowns,
        **shared,
    )


def _definitions(resource: TemplateResource) -> Iterator[str | Mapping[str, Any]]:
    for name in ("Definition", "DefinitionString"):
        for value, _ in branches(resource.get(name)):
            if isinstance(value, str | Mapping):
                yield value


def _read_state(resource: TemplateResource, state: State, own: _Calls, borrowed: dict[str, _Calls]) -> None:
    calls = own
    credentials = _credentials(state)
    if credentials is not None:
        role_arn = credentials.text("RoleArn")
        if role_arn is None:
            own.unknowns.append(
                (f"role of state `{state.name}`", "`Credentials.RoleArn` is chosen at run time", state.source)
            )
            return
        why = f"to run the task `{state.name}`"
        own.needs.append(Need(actions=("sts:AssumeRole",), resource_arn=role_arn, why=why))
        calls = borrowed.setdefault(role_arn, _Calls())
    if state.type == "Task":
        for call in _task(resource, state):
            calls.add(call, state)
    elif state.type == "Map":
        for call in _distributed_map(resource, state):
            calls.add(call, state)


def _credentials(state: State) -> Arguments | None:
    if state.raw.get("Credentials") is None:
        return None
    return Arguments(next((item.value for item in mappings(state.raw.get("Credentials"))), {}), state.source)


def _arguments(state: State) -> Arguments:
    name = "Arguments" if state.jsonata or "Arguments" in state.raw else "Parameters"
    return parse_arguments(state.raw.get(name), state.source)


def _task(resource: TemplateResource, state: State) -> Iterator[Call]:
    """What one task calls: a function, an activity, or a service integration."""
    stack = resource.stack
    texts = [as_text(option) for option, _ in branches(state.raw.get("Resource"))]
    if not texts:
        yield Call(unknown="it has no `Resource`")
    for text in texts:
        parts = split_arn(text) if text else None
        if text is None or parts is None:
            named = resource_behind(stack, text) if text else None
            if named is not None and named.type.startswith("AWS::Lambda::") and named.arn:
                yield Call(function_arn=LocatedStr(named.arn, state.source))
            elif named is None or named.type != "AWS::StepFunctions::Activity":
                yield Call(unknown=f"only a deployment tells what `{text}` is")
        elif is_function_arn(text):
            yield Call(function_arn=LocatedStr(text, state.source))
        elif parts.service == "states" and parts.resource.startswith("activity:"):
            continue  # workers fetch the task themselves, the role needs nothing
        elif parts.service == "states" and not parts.account:
            yield from _integration(resource, state, parts.resource)
        else:
            yield Call(unknown=f"`{text}` is not understood")


def _integration(resource: TemplateResource, state: State, integration: str) -> Iterator[Call]:
    stack = resource.stack
    pattern = next((ending for ending in _PATTERNS if integration.endswith(ending)), "")
    integration = integration.removesuffix(pattern)
    arguments = _arguments(state)
    why = f"to run the task `{state.name}`"
    words = integration.split(":")
    if words[0] == "aws-sdk" and len(words) == 3:  # noqa: PLR2004 - aws-sdk:service:operation
        yield _self_filled(api_call(stack, words[1], words[2], arguments, why), resource)
    elif integration == "lambda:invoke":
        yield invoke(stack, arguments)
    elif len(words) == 2:  # noqa: PLR2004 - service:operation
        yield _self_filled(optimized(stack, words[0], words[1], arguments, why), resource)
        if pattern.startswith(".sync"):
            yield Call(needs=waiting(stack, integration, arguments.text("StateMachineArn"), why))
    else:
        yield Call(unknown=f"`{integration}` is not understood")


def _self_filled(call: Call, resource: TemplateResource) -> Call:
    """The call with its needs on the state machine itself spelled out."""
    own = resource.arn or ""
    needs = tuple(
        replace(need, resource_arn=LocatedStr(own, source_of(need.resource_arn)))
        if need.actions == ("states:InvokeHTTPEndpoint",) and own
        else need
        for need in call.needs
    )
    return replace(call, needs=needs)


def _distributed_map(resource: TemplateResource, state: State) -> Iterator[Call]:
    """What a Map state that runs as child executions needs, and where it reads and writes.

    https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
    """
    why = f"to run the map `{state.name}`"
    stack = resource.stack
    processor = state.raw.get("ItemProcessor") or state.raw.get("Iterator")
    if dig(processor, "ProcessorConfig", "Mode") == "DISTRIBUTED" and resource.arn:
        runs = LocatedStr(f"{executions(resource.arn)}:*", state.source)
        itself = LocatedStr(resource.arn, state.source)
        yield Call(
            needs=(
                Need(actions=("states:StartExecution",), resource_arn=itself, why=why),
                Need(actions=("states:DescribeExecution", "states:StopExecution"), resource_arn=runs, why=why),
            )
        )
    for name in ("ItemReader", "ResultWriter"):
        for item in mappings(state.raw.get(name)):
            used = as_text(item.value.get("Resource"))
            arguments = item.value.get("Arguments") or item.value.get("Parameters")
            if used is not None and arguments is not None:
                place = value_source(item.value, "Resource", state.source)
                yield reading_items(stack, used, parse_arguments(arguments, place), why)


def _settings(resource: TemplateResource) -> Iterator[Need]:
    """What logging, tracing and encryption of the machine itself need."""
    level = resource.text("LoggingConfiguration", "Level")
    if level not in (None, "OFF") and resource.get("LoggingConfiguration", "Destinations") is not None:
        yield Need(actions=_LOG_DELIVERY, resource_arn="*", why="to write logs")
    if resource.flag("TracingConfiguration", "Enabled"):
        yield Need(actions=_TRACING, resource_arn="*", why="to send traces")
    key = resource.text("EncryptionConfiguration", "KmsKeyId")
    if key:
        yield Need(actions=("kms:Decrypt", "kms:GenerateDataKey"), resource_arn=key, why="to encrypt its data")


def read_alias(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::StepFunctions::StateMachineAlias`: a name for versions of a state machine."""
    versions = [
        *root(resource).texts("RoutingConfiguration", "StateMachineVersionArn"),
        *root(resource).texts("DeploymentPreference", "StateMachineVersionArn"),
    ]
    yield resource.resource(state_machine_version_arns=tuple(located(version) for version in versions))


def read_version(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::StepFunctions::StateMachineVersion`: one published version."""
    yield resource.resource(state_machine_arn=resource.text("StateMachineArn"))


def read_activity(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::StepFunctions::Activity`: a task that workers fetch."""
    yield resource.resource(kms_key_arn=resource.text("EncryptionConfiguration", "KmsKeyId"))


TEMPLATE = {
    "AWS::StepFunctions::StateMachine": read_state_machine,
    "AWS::StepFunctions::StateMachineAlias": read_alias,
    "AWS::StepFunctions::StateMachineVersion": read_version,
    "AWS::StepFunctions::Activity": read_activity,
}


_GONE = ("StateMachineDoesNotExist", "StateMachineDeleting", "ResourceNotFound")


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every state machine with its definition, aliases and versions, and every activity."""
    found = session.pages("stepfunctions", "list_state_machines", "stateMachines")
    yield from each(session, _live_machine, [item["stateMachineArn"] for item in found])
    for item in session.pages("stepfunctions", "list_activities", "activities"):
        yield session.resource(
            "AWS::StepFunctions::Activity",
            {},
            name=item["name"],
            arn=item["activityArn"],
            call="stepfunctions.list_activities",
        )


def _live_machine(session: Session, arn: str) -> Iterator[LiveFact]:
    """One state machine; of one whose definition is encrypted with a key that may not be used, all but that.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html
    """
    call = "stepfunctions.describe_state_machine"
    encrypted = ("KmsAccessDeniedException", "KmsInvalidStateException")
    answer = session.call("stepfunctions", "describe_state_machine", none=(*_GONE, *encrypted), stateMachineArn=arn)
    definition = (answer or {}).get("definition")
    if answer is not None and not answer:
        answer = session.call(
            "stepfunctions", "describe_state_machine", none=_GONE, stateMachineArn=arn, includedData="METADATA_ONLY"
        )
    if not answer:
        return
    if definition is None:
        yield session.unknown(f"definition of `{arn}`", "its key may not be used", "denied", call=call)
    same = ("roleArn", "loggingConfiguration", "tracingConfiguration", "encryptionConfiguration")
    properties = {
        **capitalised(picked(answer, *same)),
        "DefinitionString": definition,
        "StateMachineType": answer.get("type"),
    }
    if properties["StateMachineType"] == "STANDARD":
        del properties["StateMachineType"]  # what CloudFormation means where nothing is said
    yield session.resource("AWS::StepFunctions::StateMachine", properties, name=answer["name"], arn=arn, call=call)
    for item in session.pages(
        "stepfunctions", "list_state_machine_aliases", "stateMachineAliases", none=_GONE, stateMachineArn=arn
    ):
        yield from _live_alias(session, item["stateMachineAliasArn"])
    for item in session.pages(
        "stepfunctions", "list_state_machine_versions", "stateMachineVersions", none=_GONE, stateMachineArn=arn
    ):
        version = item["stateMachineVersionArn"]
        yield session.resource(
            "AWS::StepFunctions::StateMachineVersion",
            {"StateMachineArn": arn},
            name=version,
            arn=version,
            call="stepfunctions.list_state_machine_versions",
        )


def _live_alias(session: Session, arn: str) -> Iterator[LiveFact]:
    call = "stepfunctions.describe_state_machine_alias"
    answer = session.call(
        "stepfunctions", "describe_state_machine_alias", none=("ResourceNotFound",), stateMachineAliasArn=arn
    )
    if answer:
        properties = capitalised(picked(answer, "name", "routingConfiguration"))
        name = arn.rpartition(":")[2]
        yield session.resource("AWS::StepFunctions::StateMachineAlias", properties, name=name, arn=arn, call=call)


LIVE = (
    LiveReader(
        read=read_live,
        client="stepfunctions",
        operations={
            "stepfunctions.list_state_machines": "which state machines there are",
            "stepfunctions.describe_state_machine": "what a state machine calls, and with which role",
            "stepfunctions.list_state_machine_aliases": "aliases of state machines",
            "stepfunctions.describe_state_machine_alias": "which version an alias of a state machine runs",
            "stepfunctions.list_state_machine_versions": "versions of state machines",
            "stepfunctions.list_activities": "which activities there are",
        },
    ),
)
