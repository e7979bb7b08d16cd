"""Concrete texts to write instead: the template's own references, or the ARN format of an action."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from itertools import islice

from permscope.audit.checks.resources import can_match, formats_of
from permscope.audit.world import World
from permscope.catalog.actions import ActionSet, load
from permscope.collect.templates.options import LoadOptions
from permscope.graph.nodes import own_logical_id
from permscope.inventory.arn import split_arn
from permscope.inventory.facts import Function, Resource, Role
from permscope.inventory.source import Source
from permscope.inventory.tokens import ACCOUNT, PARTITION, REGION, TOKEN, as_written
from permscope.lazy import regex

_PLACEHOLDER = regex(r"\$\{([A-Za-z0-9]+)\}")
_DEPLOYMENT = {"Partition": "AWS::Partition", "Region": "AWS::Region", "Account": "AWS::AccountId"}
_NOTHING_LEFT = regex(r'!Sub ("[^"$]*")')
_SHOWN = 4
_SEVERAL = 20
_LOOKED_AT = 12
_OWN_LOGS = frozenset({"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"})
_LOG_GROUP = (
    '!Sub "arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:/aws/lambda/${{{function}}}:*"'
)


def readable_format(arn_format: str) -> str:
    """An ARN format as it can be written in a template: `<TableName>` for what the reader must fill in."""

    def written(found: re.Match[str]) -> str:
        name = found.group(1)
        return f"${{{_DEPLOYMENT[name]}}}" if name in _DEPLOYMENT else f"<{name}>"

    return _PLACEHOLDER.sub(written, arn_format)


def reference(fact: Resource | Function | Role) -> str | None:
    """How a template refers to the ARN of one of its resources; None outside templates."""
    from permscope.catalog.cloudformation import type_facts

    logical_id = own_logical_id(fact)
    if logical_id is None or fact.source.file is None:
        return None
    kind = (
        fact.type
        if isinstance(fact, Resource)
        else "AWS::Lambda::Function"
        if isinstance(fact, Function)
        else "AWS::IAM::Role"
    )
    facts = type_facts(kind)
    if facts is None:
        return None
    if facts.arn_attribute:
        return f"!GetAtt {logical_id}.{facts.arn_attribute}"
    if facts.ref == "arn":
        return f"!Ref {logical_id}"
    arn = fact.id if isinstance(fact, Resource) else fact.arn
    return f'!Sub "{as_written(arn)}"' if arn.startswith("arn:") else None


def of_place(fix: str, source: Source, arn: str = "") -> str:
    """A fix of something in a live account, where nothing is left to the deployment of a template.

    Args:
        fix: as a template would have it.
        source: of what is to be fixed.
        arn: of it, if it has one: identities are in no Region, but in a partition.
    """
    if source.account is None or "AWS::" not in fix:
        return fix
    parts = split_arn(arn)
    known = {ACCOUNT: source.account, REGION: source.region}
    known[PARTITION] = parts.partition if parts else LoadOptions(region=source.region).known_partition
    for token, value in known.items():
        if value:
            fix = fix.replace(token, value).replace(f"!Ref {token[2:-1]}", f'"{value}"')
    return _NOTHING_LEFT.sub(r"\1", fix)


def written_arn(world: World, arn: str) -> str:
    """How a template writes an ARN: by reference where the thing is one of its own."""
    inventory = world.inventory
    fact = world.resource(arn) or inventory.functions.get(arn) or inventory.roles.get(arn)
    written = reference(fact) if fact is not None else None
    return written or (f'!Sub "{as_written(arn)}"' if "${" in arn else arn)


def _candidates(world: World) -> Iterator[Resource | Function | Role]:
    yield from world.inventory.functions.values()
    yield from world.inventory.resources.values()
    yield from world.inventory.roles.values()


_Known = tuple[str, str | None, str | None]  # ARN, how the template refers to it, its logical id


def _known_arns(world: World, file: str | None, service: str) -> list[_Known]:
    """The first resources of one service in one template: enough to show, however many there are."""
    index: dict[tuple[str | None, str], list[_Known]] | None = world.memo.get("known_arns")
    if index is None:
        index = world.memo["known_arns"] = {}
        for fact in _candidates(world):
            parts = split_arn(fact.arn or "")
            if fact.arn and parts is not None:
                known = index.setdefault((fact.source.file, parts.service), [])
                if len(known) < _LOOKED_AT:
                    known.append((fact.arn, reference(fact), own_logical_id(fact)))
    return index.get((file, service), [])


def resources_for(world: World, actions: Iterable[str], file: str | None, function: str | None = None) -> list[str]:
    """What to write as `Resource` so that actions keep working, best first.

    Resources of the same template that an action can act on come as references; where there is none, the ARN format
    of the action's own resource type, with the parts to fill in.

    Args:
        world: for the resources of the input.
        actions: guilty actions.
        file: template whose resources can be referred to.
        function: logical id of the function that runs with the principal, for its log group.
    """
    found: dict[str, None] = {}
    wanted = list(islice(actions, _SEVERAL + 1))
    whole = len(wanted) > _SEVERAL  # of a whole service only what the template has is worth showing
    for action in wanted:
        formats = formats_of(action)
        if not formats:
            continue
        if function and action in _OWN_LOGS:
            found.setdefault(_LOG_GROUP.format(function=function), None)
            continue
        matched = False
        services = dict.fromkeys(parts.service for text in formats if (parts := split_arn(text)))
        for arn, written, logical_id in (known for service in services for known in _known_arns(world, file, service)):
            below = _below(arn, formats) if written is not None else None
            if below is not None and written is not None:
                matched = True
                found.setdefault(_with_tail(written, logical_id, below), None)
        if not matched and not whole:
            found.update(dict.fromkeys(f'!Sub "{readable_format(form)}"' for form in _main_formats(action, formats)))
    return list(found)


def _main_formats(action: str, formats: tuple[str, ...]) -> list[str]:
    """The formats to write for an action: of what each call is about, or of the few things one may be about."""
    if ":log-group:" in formats[0]:
        return [f"{formats[0].partition(':log-group:')[0]}:log-group:${{LogGroupName}}:*"]
    kinds = [kind for kind in load().details(action).resource_types if kind.arn_formats]
    required = [kind.arn_formats[0] for kind in kinds if kind.required]
    found = plain_formats(required or [kind.arn_formats[0] for kind in kinds])
    usual = [text for text in found if any(name in text for name in _USUAL)]
    if usual:
        return usual
    return found if len(found) <= _SHOWN else found[:1]


# Of the many things that these actions may be about, the one that nearly all calls are about.
_USUAL = (":foundation-model/", ":event-bus/", ":queues/")


def plain_formats(formats: Iterable[str]) -> list[str]:
    """Formats without those of access points, unless there are no others."""
    found = list(formats)
    return [text for text in found if ":accesspoint/" not in text] or found


@lru_cache(maxsize=4096)
def _below(arn: str, formats: tuple[str, ...]) -> str | None:
    """What must stand behind a resource's ARN for an action to match it: nothing, `/*`, or None for no match."""
    parts = split_arn(arn)
    if parts is None:
        return None
    for text in formats:
        wanted = split_arn(text)
        if wanted is None or wanted.service != parts.service:
            continue
        if can_match(TOKEN.sub("x", arn), text):
            return ""
        if parts.service == "s3" and can_match(TOKEN.sub("x", arn) + "/x", text):
            return "/*"
    return None


def _with_tail(written: str, logical_id: str | None, tail: str) -> str:
    return f'!Sub "${{{logical_id}.Arn}}{tail}"' if tail else written


def resource_fix(world: World, actions: ActionSet, file: str | None, function: str | None = None) -> str:
    """The `Resource` block to write for some actions, as YAML text of a few lines."""
    wanted = resources_for(world, actions & restrictable(), file, function)
    if not wanted:
        return "Resource: <the ARNs it needs>"
    if len(wanted) == 1:
        return f"Resource: {wanted[0]}"
    lines = [f"  - {text}" for text in wanted[:_SHOWN]]
    if len(wanted) > _SHOWN:
        lines.append(f"  # and {len(wanted) - _SHOWN} more of these, as far as the code needs them")
    return "\n".join(["Resource:", *lines])


# Actions whose only resource types are optional extras: without a lexicon, terminology or data set of one's own, the
# call is about no resource, and `*` is what AWS documents for it.
_ABOUT_NOTHING = (
    "cloudwatch:PutMetricData",
    "cloudwatch:GetMetricData",
    "cloudwatch:ListMetrics",
    "polly:SynthesizeSpeech",
    "polly:StartSpeechSynthesisTask",
    "polly:StartSpeechSynthesisStream",
    "comprehend:DetectEntities",
    "rekognition:DetectModerationLabels",
    "rekognition:StartMediaAnalysisJob",
    "translate:TranslateText",
    "translate:TranslateDocument",
    "translate:StartTextTranslationJob",
    "dynamodb:ListExports",
    "dynamodb:ListImports",
    "bedrock:List*",
    "cloudformation:GetTemplateSummary",
    "ses:*SuppressedDestination*",
    "sns:Unsubscribe",
    "sns:GetSubscriptionAttributes",
    # Interfaces get their ids when they are made, and whoever makes them for a network takes them away.
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DetachNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)


@cache
def restrictable() -> ActionSet:
    """Actions that can sensibly be limited to a resource."""
    catalog = load()
    return catalog.restrictable - catalog.action_set(_ABOUT_NOTHING)
