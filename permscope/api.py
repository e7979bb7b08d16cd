"""The public Python API for templates and snapshots: read them, and ask who can do what.

```python
import permscope

world = permscope.load("template.yaml", account="111111111111", region="eu-west-1")
assert world.can("StoreOrder", "dynamodb:PutItem", "OrdersTable")
assert not world.who_can("dynamodb:DeleteTable", "OrdersTable")
```

`docs/api.md` shows the rest; decisions about policies alone are in `permscope.policy.api`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, TypeAlias

from permscope.lazy import dataclass

if TYPE_CHECKING:
    from permscope.audit.findings import Finding
    from permscope.errors import PermscopeError
    from permscope.graph.model import Edge, Node, PermissionGraph, Provenance
    from permscope.inventory.facts import Unknown
    from permscope.inventory.inventory import Inventory
    from permscope.policy.consolidate import Consolidated

__all__ = ["Holder", "Permission", "SaidBy", "World", "load"]

AnyPath: TypeAlias = str | PathLike[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidBy:
    """A statement or wiring that is the reason for an answer.

    Attributes:
        policy: name of the policy; None for a wiring.
        statement: its `Sid`, or the policy's name with an index.
        file: where it stands; None for a policy of AWS.
        line: 1-based.
    """

    policy: str | None
    statement: str | None
    file: str | None
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A principal that can do what was asked.

    Attributes:
        id: ARN, `service:...`, `account:...` or `public`.
        name: what a person calls it.
        kind: `role`, `user`, `service`, `account`, `public`, ...
        used_by: names of the functions and other things that act as it.
        allowed: True for sure, None under `conditions`.
        actions: of those asked for, the ones it can do.
        conditions: operator -> key -> values, as policies write them.
        said_by: the statements that allow it.
    """

    id: str
    name: str
    kind: str
    used_by: tuple[str, ...]
    allowed: bool | None
    actions: tuple[str, ...]
    conditions: Mapping[str, Any] = field(default_factory=dict)
    said_by: tuple[SaidBy, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What a principal can do to one target.

    Attributes:
        id: ARN of the target, or `set:<pattern>` for everything a pattern matches.
        name: what a person calls it.
        kind: `resource`, `resource_set`, `function`, `role`, ...
        via: name of the role it acts with; None where that is the principal itself.
        allowed: True for sure, None under `conditions`.
        actions: as patterns: whole services as `s3:*`.
        levels: access level -> actions.
        conditions: operator -> key -> values, as policies write them.
        said_by: the statements that allow it.
    """

    id: str
    name: str
    kind: str
    via: str | None
    allowed: bool | None
    actions: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)
    said_by: tuple[SaidBy, ...] = ()


class World:
    """Templates or a snapshot, read; make one with `load`.

    Attributes:
        inventory: every fact that was read.
    """

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory

    @property
    def errors(self) -> tuple[PermscopeError, ...]:
        """Inputs that could not be read; what they hold is missing from every answer."""
        return tuple(self.inventory.errors)

    @property
    def unknowns(self) -> tuple[Unknown, ...]:
        """What is not known about the inputs that were read: parameters without value, policies nobody has, ..."""
        return tuple(self.graph.unknowns)

    @cached_property
    def graph(self) -> PermissionGraph:
        """Who can invoke what and what each function can touch; built when it is first needed."""
        from permscope.graph.build import build_graph

        return build_graph(self.inventory)

    def _node(self, name: str) -> Node:
        from permscope.graph.questions.queries import find_node

        return find_node(self.graph, name)

    def who_can(self, action: str, resource: str) -> tuple[Holder, ...]:
        """Everyone who may take an action on a resource, certain ones first.

        Args:
            action: such as `s3:GetObject`, or a pattern: any action it matches counts.
            resource: a logical id, a name, an ARN or an ARN pattern.

        Raises:
            NameNotFoundError: no action or no resource has that name.
        """
        from permscope.catalog.actions import load as load_catalog
        from permscope.graph.model import Decision, EdgeKind
        from permscope.graph.questions.asking import who_can

        graph, wanted = self.graph, load_catalog().expand(action)
        return tuple(
            Holder(
                id=answer.principal.id,
                name=answer.principal.label,
                kind=answer.principal.kind.value,
                used_by=tuple(
                    graph.nodes[edge.source].label for edge in graph.incoming(answer.principal.id, EdgeKind.EXECUTES_AS)
                ),
                allowed=True if answer.decision is Decision.ALLOW else None,
                actions=tuple(answer.edge.actions & wanted),
                conditions=_conditions(answer.edge),
                said_by=_said_by(answer.provenance),
            )
            for answer in who_can(graph, action, resource)
        )

    def what_can(self, principal: str) -> tuple[Permission, ...]:
        """Everything that a principal, or what acts with a role, may do, by target.

        Args:
            principal: a function, role, user, service or account, or `public`.

        Raises:
            NameNotFoundError: nothing has that name.
        """
        from permscope.graph.model import Decision
        from permscope.graph.questions.queries import by_level, what_can

        found: dict[int, Permission] = {}
        for reaches in what_can(self.graph, self._node(principal)).values():
            for reach in reaches:
                edge = reach.edge
                found[id(edge)] = Permission(
                    id=reach.target.id,
                    name=reach.target.label,
                    kind=reach.target.kind.value,
                    via=reach.via.label if reach.via else None,
                    allowed=True if edge.decision is Decision.ALLOW else None,
                    actions=edge.actions.patterns(),
                    levels=by_level(edge.actions),
                    conditions=_conditions(edge),
                    said_by=_said_by(edge.provenance),
                )
        return tuple(found.values())

    def can(self, principal: str, action: str, resource: str) -> bool | None:
        """Whether a principal, or the role it acts with, may take an action on a resource.

        True for sure, None under conditions or where the input does not tell, False when nothing allows it.

        Raises:
            NameNotFoundError: a name means nothing here.
        """
        from permscope.graph.nodes import PUBLIC
        from permscope.graph.questions.queries import roles_of

        node = self._node(principal)
        ids = {PUBLIC, node.id, *(role.id for role in roles_of(self.graph, node))}
        answers = [holder.allowed for holder in self.who_can(action, resource) if holder.id in ids]
        if True in answers:
            return True
        return None if answers else False

    def as_policy(self, principal: str, *, wildcards: bool = False) -> Consolidated:
        """The policies of a principal as one document, boundary and service control policies taken off.

        Args:
            principal: a role, user or group, or a function or other thing that acts with a role.
            wildcards: shorten lists of actions to wildcards that match nothing else the catalogue knows.

        Raises:
            NameNotFoundError: nothing has that name, or it has no identity policies.
        """
        from permscope.graph.questions.policies import policy_of

        return policy_of(self.graph, self._node(principal), wildcards=wildcards)

    def audit(self, *, only: Sequence[str] = ()) -> tuple[Finding, ...]:
        """What the rules find, worst first; suppressed findings carry their reason.

        Args:
            only: ids or aliases of the rules to run; none given means all.
        """
        from permscope.audit.run import run_audit

        return run_audit(self.inventory, only=only).findings


def load(
    *paths: AnyPath,
    account: str | None = None,
    region: str | None = None,
    partition: str | None = None,
    stack_name: str | None = None,
    parameters: Mapping[str, str] | None = None,
    parameter_files: Iterable[AnyPath] = (),
) -> World:
    """Read templates, directories, globs, CDK and SAM build output, or snapshots.

    Args:
        paths: what the command line takes; none given means the working directory.
        account: 12-digit id of the account the templates are deployed to.
        region: they are deployed to.
        partition: `aws`, `aws-cn`, `aws-us-gov`, ...
        stack_name: of the one stack that is read.
        parameters: parameter name -> value.
        parameter_files: JSON or `samconfig.toml` files with parameter values.

    Raises:
        InputError: nothing can be read; of several inputs, those that cannot are in `World.errors`.
        ConfigError: a parameter that no template has.
    """
    from permscope.collect.load import LoadOptions
    from permscope.collect.load import load as read

    options = LoadOptions(
        account=account,
        region=region,
        partition=partition,
        stack_name=stack_name,
        parameters=dict(parameters or {}),
        parameter_files=tuple(fspath(path) for path in parameter_files),
    )
    return World(read([fspath(path) for path in paths] or ["."], options))


def _conditions(edge: Edge) -> dict[str, Any]:
    return dict(edge.conditions) if isinstance(edge.conditions, Mapping) else {}


def _said_by(provenance: Iterable[Provenance]) -> tuple[SaidBy, ...]:
    from permscope.inventory.source import NOWHERE

    found = (
        SaidBy(
            policy=one.policy.name if one.policy else None,
            statement=one.statement,
            file=str(one.source.file) if one.source != NOWHERE and one.source.file else None,
            line=one.source.line if one.source != NOWHERE else None,
        )
        for one in provenance
    )
    return tuple(dict.fromkeys(found))
