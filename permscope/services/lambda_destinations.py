"""Where AWS Lambda sends results and failures: destinations of asynchronous invocations and dead-letter queues.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from permscope.inventory.arn import function_arn_and_qualifier, split_arn
from permscope.inventory.facts import AnyFact, Delivery, Need, Unknown
from permscope.services._values import about, root
from permscope.services.interface import TemplateResource
from permscope.services.kms import customer_key

_WRITE_ACTIONS = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "events": "events:PutEvents"}


def needs_to_send(target_arn: str, key_arn: str | None = None) -> tuple[Need, ...] | None:
    """What a role must be allowed to send a record to a target; None for a target whose kind is not known.

    Args:
        target_arn: queue, topic, event bus, function, bucket or `kafka://` topic.
        key_arn: customer managed key the target is encrypted with.
    """
    if target_arn.startswith("kafka://"):
        return ()
    parts = split_arn(target_arn)
    if parts is None:
        return None
    encrypted: tuple[Need, ...] = ()
    if key_arn:
        encrypted = (
            Need(
                actions=("kms:Decrypt", "kms:GenerateDataKey"),
                resource_arn=key_arn,
                why="to write to the encrypted target",
            ),
        )
    match parts.service:
        case "sqs" | "sns" | "events":
            return (
                Need(actions=(_WRITE_ACTIONS[parts.service],), resource_arn=target_arn, why="to send the record"),
                *encrypted,
            )
        case "lambda":
            return (Need(actions=("lambda:InvokeFunction",), resource_arn=target_arn, why="to send the record"),)
        case "s3":
            return (
                Need(actions=("s3:PutObject",), resource_arn=f"{target_arn}/*", why="to store the record"),
                Need(actions=("s3:ListBucket",), resource_arn=target_arn, why="to find the bucket"),
                *encrypted,
            )
        case _:
            return None


def delivery(
    resource: TemplateResource, function_arn: str, target: str, event: str, only_if: str | None = None
) -> Iterator[Delivery | Unknown]:
    """A delivery of a function to the target that a property of `resource` names."""
    stack = resource.stack
    known = stack.find(target)
    if known is not None and known.arn and not target.startswith("arn:"):
        target = known.arn
    needs = needs_to_send(target, customer_key(known))
    if needs is None:
        yield resource.unknown(f"the target of `{event}`", "what kind of resource it is is not known", "target", target)
    yield Delivery(
        sender_id=function_arn_and_qualifier(function_arn)[0],
        target_arn=target,
        event=event,
        required=needs or (),
        exact=needs is not None and not target.startswith("kafka://"),
        **about(resource, getattr(target, "source", resource.source), only_if),
    )


def read_event_invoke_config(resource: TemplateResource) -> Iterable[AnyFact]:
    """The destinations of a function's asynchronous invocations."""
    for variant in resource.variants("FunctionName"):
        arn = resource.stack.function_arn(variant.text("FunctionName"))
        if arn is None:
            yield variant.unknown("the destinations", "its `FunctionName` is missing", "shape")
            continue
        for key, event in (("OnSuccess", "on-success"), ("OnFailure", "on-failure")):
            for found in root(variant).texts("DestinationConfig", key, "Destination"):
                yield from delivery(variant, arn, found.text, event, found.only_if)


TEMPLATE = {"AWS::Lambda::EventInvokeConfig": read_event_invoke_config}
