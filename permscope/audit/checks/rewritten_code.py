"""Functions whose code lies where a principal may write: a bucket, an image repository, a layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from permscope.audit.checks.breadth import admin_principals, view_of
from permscope.audit.checks.chains import runs_as
from permscope.audit.checks.takeovers import SHOWN, granted_at, is_stronger
from permscope.audit.findings import Hit
from permscope.audit.matching import action_set
from permscope.audit.predicates import Taken, finder
from permscope.audit.subjects import Subject
from permscope.audit.world import PrincipalView, World
from permscope.catalog.actions import ActionSet
from permscope.graph.takeover.code import code_arns
from permscope.graph.takeover.rights import is_foreign, meant_as_own
from permscope.inventory.arn import account_of
from permscope.inventory.source import Source


def _one_action(given: object, place: Source) -> ActionSet:
    return action_set(given, place)


@finder("principal", values=("principal", "targets", "resources", "action"), check=_one_action)
def rewrites_code(subject: Subject, parameters: Any, taken: Taken) -> Iterator[Hit]:
    """The functions whose code lies where a principal may write: a bucket, an image repository, a layer.

    Parameter: `s3:PutObject`, `ecr:PutImage` or `lambda:PublishLayerVersion`. An image named by its digest stays what
    it is; a layer counts where the principal may point the function to the new version too.
    """
    view = view_of(subject)
    (action,) = parameters
    places = _code_places(view.world, action)
    if not places or view.node is None or not taken.left_of(parameters) or view.node.id in admin_principals(view.world):
        return
    held = ActionSet.empty
    for grant in view.access.grants:
        held |= grant.actions & parameters
    if not held:
        return
    found: dict[str, str] = {}
    for place, functions in places.items():
        if action not in view.access.on(place).allowed or not _is_within_reach(view, parameters, place):
            continue
        for function in functions:
            role = runs_as(view.world, function)
            if is_foreign(view.node, account_of(function)):
                continue  # the owner of the function would have to let it in
            if role is None or role == view.node.id or not is_stronger(view, view.world.by_arn.get(role)):
                continue
            if action == "lambda:PublishLayerVersion" and not _may_repoint(view, function):
                continue
            found.setdefault(function, place)
    if not found:
        return
    nodes = view.world.graph.nodes
    labels = [nodes[function].label for function in found]
    at, element = granted_at(view, held)
    yield Hit(
        element=element,
        source=at,
        resource=view.fact.logical_id or getattr(view.fact, "arn", view.label),
        nodes=(view.node.id, *found),
        values={
            "principal": view.label,
            "targets": ", ".join(f"`{label}`" for label in labels[:SHOWN])
            + (f" and {len(labels) - SHOWN} more" if len(labels) > SHOWN else ""),
            "resources": ", ".join(f"`{place}`" for place in list(dict.fromkeys(found.values()))[:2]),
            "action": action,
        },
        path=(view.label, labels[0]),
        claims=held,
    )


def _code_places(world: World, action: str) -> dict[str, list[str]]:
    """ARNs of the objects, repositories or layers that functions take code from, with the functions."""
    known: dict[str, list[str]] | None = world.memo.get(("code", action))
    if known is not None:
        return known
    known = world.memo["code", action] = {}
    for function in world.inventory.functions.values():
        for place in code_arns(_ARTIFACTS[action], function, world.inventory):
            known.setdefault(place, []).append(function.arn)
    return known


def _is_within_reach(view: PrincipalView, actions: ActionSet, place: str) -> bool:
    """Whether the identity policies of a principal decide on their own about what an ARN names."""
    if view.node is None or not is_foreign(view.node, account := account_of(place)):
        return True
    grants = (grant for grant in view.access.grants if not grant.actions.isdisjoint(actions))
    return meant_as_own(view.node, account, (account_of(text) for grant in grants for text in grant.resources))


_ARTIFACTS = {"lambda:PublishLayerVersion": "layer", "s3:PutObject": "object", "ecr:PutImage": "image"}


def _may_repoint(view: PrincipalView, function: str) -> bool:
    return "lambda:UpdateFunctionConfiguration" in view.access.on(function).allowed
