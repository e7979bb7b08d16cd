"""EC2 Auto Scaling: custom termination policies are functions; lifecycle hooks notify with a role.

The function is called by the service-linked role, which its resource policy must name as an AWS principal.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/lambda-custom-termination-policy.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact, Mechanism, Need
from permscope.inventory.located import LocatedStr
from permscope.services._answers import each, picked
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._targets import target
from permscope.services._values import Item, located, mappings
from permscope.services._wiring import deliveries, needs_to_send, properties, role_uses, triggers
from permscope.services.interface import TemplateResource

SERVICE = "autoscaling.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE,)

_SERVICE_LINKED_ROLE = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"


def read_group(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::AutoScaling::AutoScalingGroup`: termination policies, notifications, lifecycle hooks."""
    yield resource.resource()
    role = resource.text("ServiceLinkedRoleARN") or resource.stack.arn("iam", _SERVICE_LINKED_ROLE, region="")
    for text in properties(resource, "TerminationPolicies"):
        where = target(resource.stack, located(text))
        if where.is_function:
            needed = Need(actions=("lambda:InvokeFunction",), resource_arn=where.arn, why="to run the function")
            yield from triggers(
                resource,
                [text],
                event="termination-policy",
                service=SERVICE,
                # The function's policy names the role: no policy of ours is on it.
                # https://docs.aws.amazon.com/autoscaling/ec2/userguide/lambda-custom-termination-policy.html
                mechanism=Mechanism.RESOURCE_POLICY,
                role_arn=LocatedStr(role, text.source),
                required=(needed,),
            )
    for name in ("NotificationConfigurations", "NotificationConfiguration"):
        for item in mappings(resource.get(name)):
            yield from deliveries(resource, item.texts("TopicARN"), event="scaling-notification", service=SERVICE)
    for item in mappings(resource.get("LifecycleHookSpecificationList")):
        yield from _hook(resource, item)


def read_hook(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::AutoScaling::LifecycleHook`: a queue or topic that is told, with a role."""
    yield resource.resource()
    yield from _hook(resource, Item(resource.properties, None))


def _hook(resource: TemplateResource, item: Item) -> Iterator[AnyFact]:
    needs = needs_to_send(resource, item.texts("NotificationTargetARN"))
    yield from role_uses(resource, item.texts("RoleARN"), SERVICE, needs)


TEMPLATE = {
    "AWS::AutoScaling::AutoScalingGroup": read_group,
    "AWS::AutoScaling::LifecycleHook": read_hook,
}


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every group with its termination policies, notifications and lifecycle hooks."""
    told: dict[str, list[dict[str, str]]] = {}
    for item in session.pages("autoscaling", "describe_notification_configurations", "NotificationConfigurations"):
        topics = told.setdefault(item["AutoScalingGroupName"], [])
        if {"TopicARN": item["TopicARN"]} not in topics:
            topics.append({"TopicARN": item["TopicARN"]})
    names = []
    for item in session.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups"):
        name = item["AutoScalingGroupName"]
        names.append(name)
        properties = {
            **picked(item, "TerminationPolicies", "ServiceLinkedRoleARN"),
            "NotificationConfigurations": told.get(name),
        }
        yield session.resource(
            "AWS::AutoScaling::AutoScalingGroup",
            properties,
            name=name,
            arn=item.get("AutoScalingGroupARN"),
            call="autoscaling.describe_auto_scaling_groups",
        )
    yield from each(session, _live_hooks, names)


def _live_hooks(session: Session, group: str) -> Iterator[LiveFact]:
    call = "autoscaling.describe_lifecycle_hooks"
    answer = session.call(
        "autoscaling", "describe_lifecycle_hooks", none=("ValidationError",), AutoScalingGroupName=group
    )
    for item in (answer or {}).get("LifecycleHooks") or ():
        properties = picked(item, "AutoScalingGroupName", "NotificationTargetARN", "RoleARN")
        name = f"{group}/{item['LifecycleHookName']}"
        yield session.resource("AWS::AutoScaling::LifecycleHook", properties, name=name, call=call)


LIVE = (
    LiveReader(
        read=read_live,
        client="autoscaling",
        operations={
            "autoscaling.describe_auto_scaling_groups": "which functions choose what to terminate",
            "autoscaling.describe_notification_configurations": "which topics are told of scaling",
            "autoscaling.describe_lifecycle_hooks": "which roles tell queues and topics of scaling",
        },
    ),
)
