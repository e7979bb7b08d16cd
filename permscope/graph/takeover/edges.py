"""Who may become whom against the intention of both: `can_take_over`, by the paths of `rules/escalation`.

A path is judged for each principal over all its policies, against what is there: a role that can be passed to the
service and is stronger, a function whose role is stronger and that something runs. What lacks one piece is latent.
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.catalog.actions import ActionSet, load
from permscope.graph.collector import distinct
from permscope.graph.model import Decision, Edge, EdgeKind, Latent, Node, NodeKind, PermissionGraph
from permscope.graph.takeover.escalation import EscalationPath, PathFile, path_files
from permscope.graph.takeover.gains import Gain, Gains
from permscope.graph.takeover.rights import May, Rights
from permscope.inventory.inventory import Inventory


class TakeOver:
    """Derives `can_take_over` edges.

    Args:
        graph: with every permission edge in it.
        inventory: the facts.
    """

    def __init__(self, graph: PermissionGraph, inventory: Inventory) -> None:
        self._graph = graph
        self._files = path_files()
        self._telling = ActionSet.empty
        for file in self._files:
            self._telling = self._telling | file.actions
        # Nearly everyone invokes or reads something; that alone is no way to anything.
        self._telling -= load().action_set(_COMMON)
        self._gains = Gains(graph, inventory)
        self._found: dict[tuple[str, str, str], Edge] = {}
        self._nearly: dict[ActionSet, tuple[tuple[PathFile, str | None], ...]] = {}

    def add(self) -> None:
        """The edges of every role and user; who may do everything already has nothing to gain."""
        for principal in list(self._graph.of_kind(NodeKind.ROLE, NodeKind.USER)):
            rights = Rights(self._graph, principal)
            if rights.granted.isdisjoint(self._telling) or rights.is_everything():
                continue
            self._judge_all(principal, rights)

    def _judge_all(self, principal: Node, rights: Rights) -> None:
        reached: set[tuple[str, str]] = set()
        waiting: list[Latent] = []
        for file, missing in self._within_reach(rights.granted):
            path = file.path
            gained = self._gains.of(path, rights, missing)
            for gain in gained.real:
                if missing is None:
                    self._edge(principal, path, gain)
                    reached.add((path.category, gain.target.id))
                else:
                    why = f"`{missing}`"
                    waiting.append(_latent(principal, path, why, gain.may, gain.target))
            if missing is None and not gained.real:
                waiting.append(_latent(principal, path, gained.missing, gained.may, None))
            elif missing is None:
                waiting.extend(_latent(principal, path, piece, gained.may, node) for node, piece in gained.lacking)
        self._graph.latent.extend(
            one for one in waiting if one.target is None or (one.category, one.target) not in reached
        )

    def _within_reach(self, granted: ActionSet) -> tuple[tuple[PathFile, str | None], ...]:
        """The paths that actions reach, or all but one action of them, with the one that is missing.

        Many principals have the same actions, each on its own resources.
        """
        found = self._nearly.get(granted)
        if found is None:
            found = self._nearly[granted] = tuple(self._reached_by(granted))
        return found

    def _reached_by(self, granted: ActionSet) -> Iterator[tuple[PathFile, str | None]]:
        for file in self._files:
            lacking = file.actions - granted
            if not file.actions or len(lacking) > 1 or (lacking and len(file.actions) == 1):
                continue
            if not (file.actions & granted).isdisjoint(self._telling):
                yield file, next(iter(lacking), None)

    def _edge(self, principal: Node, path: EscalationPath, gain: Gain) -> None:
        if gain.target.id == principal.id and path.category in ("new-work", "existing-work"):
            return
        granted = load().action_set(path.actions)
        decision = Decision.ALLOW if gain.may.sure and not path.later else Decision.CONDITIONAL
        key = (principal.id, gain.target.id, path.category)
        known = self._found.get(key)
        if known is None:
            self._found[key] = self._graph.add_edge(
                Edge(
                    source=principal.id,
                    target=gain.target.id,
                    kind=EdgeKind.CAN_TAKE_OVER,
                    actions=granted,
                    decision=decision,
                    via=gain.through,
                    reason=_reason(path, gain),
                    provenance=gain.may.provenance,
                    attributes={"paths": (path.id,), "category": path.category},
                )
            )
            return
        known.actions = known.actions | granted
        known.provenance = distinct((*known.provenance, *gain.may.provenance))
        if decision is Decision.ALLOW:
            known.decision = decision
        paths = known.attributes["paths"]
        if path.id not in paths:
            known.attributes = {**known.attributes, "paths": (*paths, path.id)}


_COMMON = (
    "lambda:InvokeFunction",
    "lambda:InvokeFunctionUrl",
    "lambda:GetLayerVersion",
    "sts:AssumeRole",
    "states:StartExecution",
    "ec2:Describe*",
    "ecs:Describe*",
    "codedeploy:Get*",
)


def _latent(principal: Node, path: EscalationPath, missing: str, may: May, target: Node | None) -> Latent:
    return Latent(
        principal=principal.id,
        path=path.id,
        category=path.category,
        missing=missing,
        target=target.id if target is not None else None,
        provenance=may.provenance,
    )


def _reason(path: EscalationPath, gain: Gain) -> str:
    actions = ", ".join(path.actions)
    later = ", from the next deployment on" if path.later else ""
    target, through = gain.target.label, gain.through
    match path.category:
        case "new-work":
            return f"starts something new that runs as `{target}` ({actions})"
        case "existing-work":
            return f"changes what `{through}` does, which runs as `{target}` ({actions}){later}"
        case "self-escalation":
            within = getattr(gain.target.fact, "boundary_arn", None) is not None
            limit = ", as far as its permissions boundary goes" if within else ""
            return f"gives `{target}` more rights{limit} ({actions} on `{through}`)"
        case "boundary-removal":
            return f"takes the permissions boundary off `{target}` ({actions})"
        case "resource-policy":
            return f"lets itself use `{target}` ({actions})"
        case _:
            return f"gets the credentials or the trust of `{target}` ({actions})"
