"""The facts most wiring comes to: a function that is called, a topic that is told, a role that is used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from permscope.inventory.facts import AnyFact, Delivery, Mechanism, Need, ResourcePolicy, RoleUse, Trigger
from permscope.inventory.policies import PolicyKind
from permscope.inventory.tokens import unknown_token
from permscope.lazy import regex
from permscope.services._targets import sending, target
from permscope.services._values import Item, Text, about, located, root
from permscope.services.interface import TemplateResource

_TOKEN_ALONE = regex(r"\$\{[^{}]*\}")
INVOKE = ("lambda:InvokeFunction",)


def function_of(resource: TemplateResource, text: Text, *, by_name: bool = False) -> str | None:
    """The ARN of the function a property names, or None for what is no function.

    Args:
        resource: the resource that has the property.
        text: the value.
        by_name: whether the property may hold a bare function name.
    """
    where = target(resource.stack, located(text))
    if where.is_function:
        return where.arn
    if not by_name or where.known:
        return None
    named = resource.stack.find(text.text, "AWS::Lambda::Function")
    if named is None and _TOKEN_ALONE.fullmatch(text.text):
        return None
    return resource.stack.function_arn(located(text))


def triggers(
    resource: TemplateResource,
    found: Iterable[Text],
    *,
    event: str,
    service: str,
    by_name: bool = False,
    **more: Any,
) -> Iterator[AnyFact]:
    """A trigger for each function that texts name, let in by its own policy unless `mechanism` says otherwise.

    Args:
        resource: what is wired.
        found: what it is wired to.
        event: what kind of wiring.
        service: principal that invokes.
        by_name: whether bare function names are meant.
        more: further fields of `Trigger`; `source_arn` and `source_account` are the resource's own unless given.
    """
    defaults: dict[str, Any] = {"mechanism": Mechanism.RESOURCE_POLICY, "source_id": resource.id}
    if more.get("mechanism", Mechanism.RESOURCE_POLICY) is Mechanism.RESOURCE_POLICY:
        defaults |= {"source_arn": resource.arn, "source_account": resource.stack.account}
    for text in found:
        arn = function_of(resource, text, by_name=by_name)
        if arn is None:
            why = "only a deployment tells what it is"
            yield resource.unknown(f"function `{text.text}`", why, "target", text.source)
            continue
        fields = {**defaults, **about(resource, text.source, text.only_if), **more}
        yield Trigger(function_arn=arn, event=event, service=service, **fields)


def role_triggers(
    resource: TemplateResource,
    found: Iterable[Text],
    roles: Iterable[Text],
    *,
    event: str,
    service: str,
    actions: tuple[str, ...] = INVOKE,
    by_name: bool = False,
    **more: Any,
) -> Iterator[AnyFact]:
    """A trigger for each function that a service calls with a role, once for every role it may be."""
    choices: list[Text | None] = [*roles]
    for text in found:
        arn = function_of(resource, text, by_name=by_name)
        if arn is None:
            why = "only a deployment tells what it is"
            yield resource.unknown(f"function `{text.text}`", why, "target", text.source)
            continue
        if not choices:
            yield resource.unknown(f"role that calls `{text.text}`", "it is not in the template", "role", text.source)
        for role in choices or [None]:
            only_if = text.only_if or (role.only_if if role else None)
            yield Trigger(
                function_arn=arn,
                event=event,
                mechanism=Mechanism.SERVICE_ROLE,
                service=service,
                role_arn=role_arn(resource, role) if role else None,
                required=(Need(actions=actions, resource_arn=arn, why="to run the function"),),
                **{"source_id": resource.id, **about(resource, text.source, only_if), **more},
            )


def role_uses(
    resource: TemplateResource,
    roles: Iterable[Text],
    service: str,
    required: Iterable[Need] = (),
    *,
    exact: bool = True,
    user_id: str | None = None,
) -> Iterator[RoleUse]:
    """A role use for each role a property may hold."""
    needs = tuple(required)
    for role in roles:
        yield RoleUse(
            user_id=user_id or resource.id,
            role_arn=role_arn(resource, role),
            service=service,
            required=needs,
            exact=exact,
            **about(resource, role.source, role.only_if),
        )


def role_arn(resource: TemplateResource, text: Text) -> str:
    """The ARN of a role given by ARN or, as some services allow, by name."""
    if text.text.startswith("arn:"):
        return located(text)
    found = resource.stack.find(text.text, "AWS::IAM::Role")
    arn = found.arn if found is not None and found.arn else text.text
    if not arn.startswith(("arn:", "${")):
        arn = resource.stack.arn("iam", f"role/{arn}", region="")
    return located(text._replace(text=arn))


def deliveries(
    resource: TemplateResource, found: Iterable[Text], *, event: str, service: str | None = None, **more: Any
) -> Iterator[Delivery]:
    """A delivery to each queue, topic or bucket that texts name, let in by its own policy."""
    for text in found:
        where = target(resource.stack, located(text))
        fields: dict[str, Any] = {"sender_id": resource.id, **about(resource, text.source, text.only_if)}
        if service:
            fields |= {"service": service, "source_arn": resource.arn, "source_account": resource.stack.account}
        yield Delivery(target_arn=where.node, event=event, **{**fields, **more})


def needs_to_send(
    resource: TemplateResource, found: Iterable[Text], parameters: Mapping[str, Any] | None = None
) -> Iterator[Need]:
    """What a role needs to reach each of the targets that texts name."""
    for text in found:
        yield from sending(resource.stack, target(resource.stack, located(text)), parameters)


def need(text: Text | None, *actions: str, why: str, suffix: str = "") -> Iterator[Need]:
    """One need on the resource a text names; nothing where there is no text."""
    if text is not None:
        arn = located(Text(text.text + suffix, text.source, text.only_if))
        yield Need(actions=actions, resource_arn=arn, why=why)


def bucket_text(resource: TemplateResource, text: Text, suffix: str = "") -> Text:
    """A bucket name as an ARN, at the place of the name."""
    name = text.text.rpartition(":::")[2] if text.text.startswith("arn:") else text.text
    return text._replace(text=resource.stack.arn("s3", f"{name}{suffix}", region="", account=""))


def first(item: Item, *path: str) -> Text | None:
    """The first text at a path, with its place."""
    return next(item.texts(*path), None)


def properties(resource: TemplateResource, *path: str) -> Iterator[Text]:
    """Every text that may stand at a property path."""
    return root(resource).texts(*path)


def protection(resource: TemplateResource, arn: str | None, document: object, name: str) -> Iterator[AnyFact]:
    """The resource-based policy of a document, as the one that protects `arn`."""
    if document is None:
        return
    if not arn:
        yield resource.unknown("the resource policy", "what it protects is not known", "target", document)
        arn = unknown_token("Unknown", resource.id)
    policy = resource.policy(document, PolicyKind.RESOURCE, name=f"{resource.logical_id}/{name}")
    yield ResourcePolicy(resource_arn=arn, policy=policy, **about(resource, resource.place(name)))
