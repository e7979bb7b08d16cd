"""EC2 Auto Scaling: custom termination policies are functions; lifecycle hooks notify with a role.

The function is called by the service-linked role, which its resource policy must name as an AWS principal.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/lambda-custom-termination-policy.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact, Mechanism, Need
from permscope.inventory.located import LocatedStr
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
                mechanism=Mechanism.SERVICE_ROLE,
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
