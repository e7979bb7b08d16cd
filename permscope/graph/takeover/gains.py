"""The real targets of an escalation path: whose rights a principal gains by it, and what is missing where nobody's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from permscope.graph.decisions import Decisions, any_partition
from permscope.graph.model import Decision, Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.graph.questions.queries import in_set
from permscope.graph.takeover.code import code_of
from permscope.graph.takeover.escalation import EscalationPath
from permscope.graph.takeover.rights import May, Rights, Strength, all_of, is_foreign, only_passed_to, passes_to
from permscope.inventory.facts import User
from permscope.inventory.inventory import Inventory

_MOST_TARGETS = 50  # beyond that the edge goes to the set that the grant names
_LOOKED_AT = 3  # members of a large set that are compared
_KINDS = {"role": NodeKind.ROLE, "user": NodeKind.USER, "group": NodeKind.GROUP}
_IDENTITIES = tuple(_KINDS.values())
_RUN_BY = (EdgeKind.TRIGGERS, EdgeKind.CAN_INVOKE, EdgeKind.DELIVERS_TO)
_INVOKES = {
    "AWS::Lambda::Function": "lambda:InvokeFunction",
    "AWS::StepFunctions::StateMachine": "states:StartExecution",
}


class Gain(NamedTuple):
    """One target of a path.

    Attributes:
        target: whose rights are gained, or the resource that is.
        may: what allows it.
        through: the service, or the label of the thing that is changed.
    """

    target: Node
    may: May
    through: str


class _Code(NamedTuple):
    """What a function's code is taken from."""

    arn: str
    worker: Node
    role: Node


class Gained(NamedTuple):
    """What a path comes to for one principal.

    Attributes:
        real: the targets it reaches.
        missing: the piece that is missing where there is none.
        lacking: targets that lack one piece each, with it.
        may: what allows the actions.
    """

    real: tuple[Gain, ...]
    missing: str
    lacking: tuple[tuple[Node, str], ...]
    may: May


class Gains:
    """Finds targets.

    Args:
        graph: with every permission edge in it.
        inventory: the facts.
    """

    def __init__(self, graph: PermissionGraph, inventory: Inventory) -> None:
        self._graph = graph
        self._inventory = inventory
        self._strength = Strength(graph.decisions or Decisions(inventory))
        self._trusting: dict[str, dict[str, None]] = {}
        for edge in graph.edges_of(EdgeKind.CAN_ASSUME):
            who = graph.nodes[edge.source]
            service = who.label if who.kind is NodeKind.FEDERATED else who.service  # Cognito is named as a provider
            if service and edge.decision is not Decision.DENY:
                self._trusting.setdefault(service, {})[edge.target] = None
        self._at_work: dict[str, list[tuple[Node, str]]] = {}
        self._work_of: dict[str, list[tuple[Node, str]]] = {}
        for edge in graph.edges_of(EdgeKind.EXECUTES_AS):
            worker = graph.nodes[edge.source]
            for role in self._acting_in(worker, edge.target):
                for filed, key in ((self._at_work, worker.type or ""), (self._work_of, worker.id)):
                    filed.setdefault(key, []).append((worker, role))
        self._members: dict[tuple[str, str], tuple[tuple[Node, str], ...]] = {}
        self._passable: dict[tuple[str, str, str | None], tuple[str, ...]] = {}
        self._inside: dict[tuple[str, str], list[Node]] = {}
        self._artifacts: dict[str, dict[str, list[_Code]]] = {}
        self._lacking: list[tuple[Node, str]] = []
        self._by_gain: Mapping[str, Callable[[EscalationPath, Rights, str | None], Iterator[Gain]]] = {
            "passed-role": self._passed_roles,
            "role-of-thing": self._roles_of_things,
            "role-of-code": self._roles_of_code,
            "identity": self._identities,
            "self": self._self,
            "group": self._groups,
            "account": self._account,
            "permission-set": self._permission_sets,
            "resource": self._resources,
        }

    def _acting_in(self, worker: Node, role: str) -> tuple[str, ...]:
        """Whose rights the code has that one gives to a thing: those of the instances that a group deploys to."""
        if worker.type != "AWS::CodeDeploy::DeploymentGroup":
            return (role,)
        group = self._inventory.resources.get(worker.id)
        arns = group.attributes.get("instance_role_arns") if group is not None else None
        return tuple(arn for arn in arns if arn in self._graph.nodes) if isinstance(arns, tuple) else ()

    def of(self, path: EscalationPath, rights: Rights, missing: str | None) -> Gained:
        """The targets of a path for a principal; `missing` is an action it lacks and that is taken as given."""
        find = self._by_gain.get(path.gains)
        self._lacking = []
        real = tuple(find(path, rights, missing)) if find is not None else ()
        parts = [rights.somewhere(action) for action in path.actions if action != missing]
        may = all_of(part for part in parts if part is not None) or May(sure=False)
        return Gained(real, _MISSING.get(path.gains, "a target").format(path=path), tuple(self._lacking), may)

    def _somewhere(self, path: EscalationPath, rights: Rights, missing: str | None) -> May | None:
        """The needs that may be met anywhere."""
        return all_of(
            rights.somewhere(need.action) for need in path.needs if need.on == "any" and need.action != missing
        )

    def _on(self, path: EscalationPath, rights: Rights, missing: str | None, on: str, node: Node) -> May | None:
        """The needs on one thing."""
        return all_of(rights.on(need.action, node) for need in path.needs if need.on == on and need.action != missing)

    def _is_stronger(self, target: Node, rights: Rights) -> bool | None:
        if target.id == rights.principal.id:
            return False
        return self._strength.exceeds(target.id, rights.principal.id)

    def _is_raised(self, path: EscalationPath, node: Node, rights: Rights) -> bool | None:
        """Whether an identity that gets new rights gets any that the principal has not, in spite of its boundary."""
        return True if path.bounded else self._strength.could_exceed(node.id, rights.principal.id)

    # Roles

    def _passed_roles(self, path: EscalationPath, rights: Rights, missing: str | None) -> Iterator[Gain]:
        rest = self._somewhere(path, rights, missing)
        service = path.service or ""
        if rest is None or missing == "iam:PassRole":
            return
        for edge in rights.passes:
            to_service = passes_to(edge.conditions, service)
            if to_service is False:
                continue
            sure = bool(to_service) and (edge.decision is Decision.ALLOW or only_passed_to(edge.conditions))
            may = rest.also(May(sure, edge.provenance))
            for role, certain in self._passed(edge, service, rights):
                yield Gain(role, may if certain else may.also(May(sure=False)), service)

    def _passed(self, edge: Edge, service: str, rights: Rights) -> Iterator[tuple[Node, bool]]:
        """The stronger roles of a `can_pass` edge that a service may assume; whether it is known that they are."""
        target = self._graph.nodes[edge.target]
        if target.kind is NodeKind.EXTERNAL:
            if not is_foreign(rights.principal, target.account):  # roles are passed within an account only
                yield target, False
            return
        own = rights.principal
        roles = self._assumable(target, service, own)
        if len(roles) > _MOST_TARGETS:
            first = [self._is_stronger(self._graph.nodes[role], rights) for role in roles[:_LOOKED_AT]]
            if any(each is not False for each in first):
                yield target, True in first
            return
        for role in roles:
            stronger = self._is_stronger(self._graph.nodes[role], rights)
            if stronger is not False:
                yield self._graph.nodes[role], stronger is True

    def _assumable(self, target: Node, service: str, own: Node) -> tuple[str, ...]:
        """The roles of a target that a service may assume, but for those that are surely in other accounts."""
        key = (target.id, service, own.account)
        found = self._passable.get(key)
        if found is None:
            trusting: Iterable[str] = self._trusting.get(service, ())
            if target.kind is NodeKind.ROLE:
                trusting = (target.id,) if target.id in trusting else ()
            elif target.kind is NodeKind.RESOURCE_SET:
                trusting = (role for role in trusting if in_set(target, role))
            else:
                trusting = ()
            nodes = self._graph.nodes
            found = tuple(role for role in trusting if not is_foreign(own, nodes[role].account))
            self._passable[key] = found
        return found

    def _roles_of_things(self, path: EscalationPath, rights: Rights, missing: str | None) -> Iterator[Gain]:
        rest = self._somewhere(path, rights, missing)
        if rest is None:
            return
        first = next((need.action for need in path.needs if need.on == "thing" and need.action != missing), None)
        for type_name in path.types:
            if first is None:
                workers: Iterable[tuple[Node, str]] = self._at_work.get(type_name, ())[:_MOST_TARGETS]
                yield from self._working(path, rights, missing, workers, rest)
                continue
            for edge in rights.giving(first):
                target = self._graph.nodes[edge.target]
                workers = self._workers(type_name, target)
                if len(workers) > _MOST_TARGETS:
                    looked = tuple(self._working(path, rights, missing, workers[:_LOOKED_AT], rest))
                    if looked:
                        yield Gain(target, looked[0].may, type_name)
                    continue
                yield from self._working(path, rights, missing, workers, rest)

    def _working(
        self,
        path: EscalationPath,
        rights: Rights,
        missing: str | None,
        workers: Iterable[tuple[Node, str]],
        rest: May,
    ) -> Iterator[Gain]:
        for worker, role_id in workers:
            may = self._on(path, rights, missing, "thing", worker)
            role = self._graph.nodes[role_id]
            stronger = self._is_stronger(role, rights) if may is not None else False
            if may is None or stronger is False:
                continue
            runs = self._runs(path, rights, worker)
            if runs is False:
                self._lacking.append((role, f"something that runs `{worker.label}`"))
                continue
            whole = may.also(rest)
            yield Gain(role, whole if stronger and runs else whole.also(May(sure=False)), worker.label)

    def _runs(self, path: EscalationPath, rights: Rights, worker: Node) -> bool | None:
        """Whether a thing is run by something else, or may be run by the principal where that counts."""
        if path.runs is None:
            return True
        edges = [
            edge
            for edge in self._graph.incoming(worker.id, *_RUN_BY)
            if edge.authorized is not False
            and edge.decision is not Decision.DENY
            and edge.source != rights.principal.id
            and edge.attributes.get("enabled") is not False
        ]
        if any(edge.decision is Decision.ALLOW for edge in edges):
            return True
        invokes = _INVOKES.get(worker.type or "")
        if path.runs == "somehow" and invokes and rights.on(invokes, worker) is not None:
            return True
        return None if edges else False

    def _workers(self, type_name: str, target: Node) -> tuple[tuple[Node, str], ...]:
        """What runs with a role among the things of a type that an edge's target stands for."""
        if target.kind is not NodeKind.RESOURCE_SET:
            return tuple(self._work_of.get(target.id, ())) if target.type == type_name else ()
        key = (type_name, target.id)
        if key not in self._members:
            self._members[key] = tuple(
                each
                for each in self._at_work.get(type_name, ())
                if (each[0].arn or target.id == "set:*") and in_set(target, each[0].arn or "")
            )
        return self._members[key]

    def _roles_of_code(self, path: EscalationPath, rights: Rights, missing: str | None) -> Iterator[Gain]:
        rest = self._somewhere(path, rights, missing)
        needs = [need.action for need in path.needs if need.on == "thing" and need.action != missing]
        if rest is None or not needs or not all(map(rights.giving, needs)):
            return
        for container, pieces in self._code(path.artifact or "").items():
            if not any(self._is_in(edge, container, pieces[0].arn) for edge in rights.giving(needs[0])):
                continue
            for piece in pieces[:_MOST_TARGETS]:
                stronger = self._is_stronger(piece.role, rights)
                if is_foreign(rights.principal, piece.worker.account):
                    continue
                may = all_of(rights.on_arn(action, piece.arn) for action in needs) if stronger is not False else None
                if may is not None:
                    whole = may.also(rest)
                    yield Gain(piece.role, whole if stronger else whole.also(May(sure=False)), piece.worker.label)

    def _is_in(self, edge: Edge, container: str, arn: str) -> bool:
        target = self._graph.nodes[edge.target]
        if target.kind is not NodeKind.RESOURCE_SET:
            return any_partition(container) == any_partition(target.arn or target.id)
        return in_set(target, container) or in_set(target, arn)

    def _code(self, artifact: str) -> Mapping[str, list[_Code]]:
        """What the code of functions is taken from, by bucket, repository or layer."""
        if artifact not in self._artifacts:
            found: dict[str, list[_Code]] = {}
            for worker, role_id in self._at_work.get("AWS::Lambda::Function", ()):
                for arn in code_of(artifact, worker, self._inventory):
                    container = arn.partition("/")[0] if artifact == "object" else arn
                    found.setdefault(container, []).append(_Code(arn, worker, self._graph.nodes[role_id]))
            self._artifacts[artifact] = found
        return self._artifacts[artifact]

    # Identities

    def _identities(self, path: EscalationPath, rights: Rights, missing: str | None) -> Iterator[Gain]:
        kind = _KINDS[path.identity or "role"]
        rest = self._somewhere(path, rights, missing)
        if rest is None:
            return
        for node in self._candidates(path, rights, missing, kind):
            may = self._on(path, rights, missing, "identity", node)
            policies = self._on_policies(path, rights, missing, node)
            if may is None or policies is None or node.id == rights.principal.id:
                continue
            if path.bounded and getattr(node.fact, "boundary_arn", None) is None:
                continue
            stronger = self._is_raised(path, node, rights) if path.raises else self._is_stronger(node, rights)
            if stronger is not False:
                whole = may.also(policies).also(rest)
                yield Gain(node, whole if stronger else whole.also(May(sure=False)), node.label)

    def _candidates(self, path: EscalationPath, rights: Rights, missing: str | None, kind: NodeKind) -> Iterator[Node]:
        """The identities that the edges of the path's first need are about: each, or of very many the named ones."""
        action = next((need.action for need in path.needs if need.on == "identity" and need.action != missing), "")
        seen: set[str] = set()
        for edge in rights.giving(action):
            target = self._graph.nodes[edge.target]
            if target.kind is kind or target.kind is NodeKind.EXTERNAL:
                members: Iterable[Node] = (target,) if _fits(target, kind) else ()
            elif target.kind is NodeKind.RESOURCE_SET:
                members = self._in_set(target, kind)
            else:
                members = ()
            for node in members:
                if node.id not in seen:
                    seen.add(node.id)
                    yield node

    def _on_policies(self, path: EscalationPath, rights: Rights, missing: str | None, holder: Node) -> May | None:
        """The needs on a customer managed policy that an identity has."""
        needs = [need.action for need in path.needs if need.on == "policy" and need.action != missing]
        if not needs:
            return May(sure=True)
        arns = set(getattr(holder.fact, "managed_policy_arns", ()))
        if isinstance(holder.fact, User):
            arns |= {arn for group in self._inventory.groups_of(holder.fact) for arn in group.managed_policy_arns}
        for arn in sorted(arns & set(self._inventory.managed_policies)):
            node = self._graph.nodes.get(arn) or Node(id=arn, kind=NodeKind.RESOURCE, label=arn, arn=arn)
            may = all_of(rights.on(action, node) for action in needs)
            if may is not None:
                return may
        return None

    def _on_boundary(self, path: EscalationPath, rights: Rights, missing: str | None, holder: Node) -> May | None:
        """The needs on the policy that is an identity's permissions boundary."""
        arn = getattr(holder.fact, "boundary_arn", None)
        if not any(need.on == "boundary" for need in path.needs):
            return May(sure=True)
        if arn is None:
            return None
        node = self._graph.nodes.get(arn) or Node(id=arn, kind=NodeKind.RESOURCE, label=arn, arn=arn)
        return self._on(path, rights, missing, "boundary", node)

    def _self(self, path: EscalationPath, rights: Rights, missing: str | None) -> Iterator[Gain]:
        principal = rights.principal
        if path.bounded and getattr(principal.fact, "boundary_arn", None) is None:
            return
        raised = self._is_raised(path, principal, rights)
        if raised is False:
            return
        rest = May(sure=raised is True)
        if path.identity is None:
            may = all_of(
                (
                    self._on_policies(path, rights, missing, principal),
                    self._on_boundary(path, rights, missing, principal),
                )
            )
            if may is not None:
                yield Gain(principal, may.also(rest), principal.label)
            return
        kind = _KINDS[path.identity]
        own = [principal] if principal.kind is kind else []
        if kind is NodeKind.GROUP and isinstance(principal.fact, User):
            own = [self._graph.nodes[group.arn] for group in self._inventory.groups_of(principal.fact)]
        for node in own:
            may = self._on(path, rights, missing, "identity", node)
            if may is not None:
                yield Gain(principal, may.also(rest), node.label)

    def _groups(self, path: EscalationPath, rights: Rights, missing: str | None) -> Iterator[Gain]:
        fact = rights.principal.fact
        if not isinstance(fact, User):
            return
        own = {group.arn for group in self._inventory.groups_of(fact)}
        for group in self._known(NodeKind.GROUP):
            may = self._on(path, rights, missing, "identity", group) if group.id not in own else None
            if may is not None and self._is_stronger(group, rights) is not False:
                yield Gain(rights.principal, may, group.label)

    def _account(self, path: EscalationPath, rights: Rights, missing: str | None) -> Iterator[Gain]:
        account = self._graph.nodes.get(f"account:{rights.principal.account}")
        rest = self._somewhere(path, rights, missing)
        if rest is not None:
            account = account or self._graph.add_node(
                Node(
                    id=f"account:{rights.principal.account}",
                    kind=NodeKind.ACCOUNT,
                    label="this account",
                    account=rights.principal.account,
                    trusted=True,
                )
            )
            yield Gain(account, rest, "IAM Identity Center")

    def _permission_sets(self, path: EscalationPath, rights: Rights, missing: str | None) -> Iterator[Gain]:
        """https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html."""
        rest = self._somewhere(path, rights, missing)
        if rest is None:
            return
        for node in self._of_permission_sets:
            yield Gain(node, rest, node.label)

    @cached_property
    def _of_permission_sets(self) -> list[Node]:
        return [
            node
            for node in self._graph.nodes.values()
            if node.type == "AWS::SSO::PermissionSet" or (node.kind is NodeKind.ROLE and "/AWSReservedSSO_" in node.id)
        ]

    # Resources

    def _resources(self, path: EscalationPath, rights: Rights, _missing: str | None) -> Iterator[Gain]:
        action = path.needs[0].action
        for edge in rights.giving(action):
            target = self._graph.nodes[edge.target]
            for type_name in path.types:
                if target.kind is not NodeKind.RESOURCE_SET:
                    members: Iterable[Node] = (target,) if target.type == type_name else ()
                else:
                    members = self._in_set(target, type_name)
                for node in members:
                    may = rights.on(action, node)
                    if may is not None and not any(rights.on(use, node) for use in path.use):
                        yield Gain(node, may, node.label)

    def _in_set(self, target: Node, kind: str) -> list[Node]:
        """The members of a set that are of a CloudFormation type or a kind of identity: all, or some of very many."""
        key = (target.id, kind)
        if key not in self._inside:
            inside = [node for node in self._known(kind) if in_set(target, node.arn or "")]
            self._inside[key] = inside if len(inside) <= _MOST_TARGETS else inside[:_LOOKED_AT]
        return self._inside[key]

    def _known(self, kind: str) -> Sequence[Node]:
        return self._filed.get(kind, ())

    @cached_property
    def _filed(self) -> Mapping[str, list[Node]]:
        """Identities by kind, resources and functions by CloudFormation type."""
        filed: dict[str, list[Node]] = {}
        for node in self._graph.nodes.values():
            if node.kind in _IDENTITIES:
                filed.setdefault(node.kind.value, []).append(node)
            elif node.type is not None and node.kind in (NodeKind.RESOURCE, NodeKind.FUNCTION):
                filed.setdefault(node.type, []).append(node)
        return filed


def _fits(node: Node, kind: NodeKind) -> bool:
    """Whether a node is an identity of a kind; of one in no input the ARN tells."""
    return node.kind is kind or f":{kind.value}/" in node.id


_MISSING = {
    "passed-role": "a stronger role that may be passed to `{path.service}` and trusts it",
    "role-of-thing": "something that runs with a stronger role and may be changed",
    "role-of-code": "a function with a stronger role whose code it is",
    "identity": "another {path.identity} with more rights",
    "self": "an identity of its own that may be changed",
    "group": "a group with more rights",
    "permission-set": "a permission set",
    "resource": "a resource that it may not use anyway",
}
