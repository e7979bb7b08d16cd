"""Everything the rules of one run look at, worked out once: principals, statements, exposure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

from permscope.audit import reach
from permscope.audit.conditions import shuts_out_outsiders
from permscope.audit.reach import Led
from permscope.catalog.actions import ActionCatalog, ActionSet, load
from permscope.graph.model import Node, PermissionGraph
from permscope.graph.trusted import TrustedParties
from permscope.inventory.arn import split_arn
from permscope.inventory.facts import (
    Account,
    Fact,
    Function,
    ManagedPolicy,
    PolicyAttachment,
    Resource,
    ResourcePolicy,
    Role,
    Route,
    User,
)
from permscope.inventory.inventory import AttachedPolicy, IamPrincipal, Inventory
from permscope.inventory.policies import Policy, PolicyKind, Principal, Statement
from permscope.inventory.source import NOWHERE, Source
from permscope.inventory.tokens import ACCOUNT, has_unknown
from permscope.lazy import dataclass, regex

_ACCOUNT_ID = regex(r"\d{12}")
# Accounts of Elastic Load Balancing that deliver access logs to buckets:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
_AWS_ACCOUNTS = frozenset(
    [
        "127311923021",
        "033677994240",
        "027434742980",
        "797873946194",
        "098369216593",
        "985666609251",
        "054676820928",
        "156460612806",
        "652711504416",
        "635631232127",
        "009996457667",
        "897822967062",
        "754344448648",
        "582318560864",
        "600734575887",
        "383597477331",
        "114774131450",
        "783225319266",
        "589379963580",
        "718504428378",
        "076674570225",
        "507241528517",
        "048591011584",
        "190560391635",
        "638102146993",
        "037604701340",
    ]
)
_MADE_NAME = regex(r"\$\{[A-Za-z0-9]+\}")
_UNIQUE_ID = regex(r"A(?:ROA|IDA|GPA)[A-Z0-9]{8,}")


class Who(NamedTuple):
    """A principal of a statement, understood.

    Attributes:
        kind: `public`, `own`, `external`, `service`, `federated`, `canonical`, `deleted`, `aws`, `partial` (an ARN with
            a wildcard) or `unknown`.
        text: as written.
        account: 12-digit id of an external one.
        trusted: whether the user vouches for the account.
    """

    kind: str
    text: str
    account: str | None = None
    trusted: bool = False


def plain_name(text: str) -> str:
    """A physical name as people know it: the logical id where CloudFormation makes the name."""
    return text[2:-1] if _MADE_NAME.fullmatch(text) else text


PRINCIPAL_KINDS = (
    "public",
    "own",
    "external",
    "service",
    "federated",
    "canonical",
    "deleted",
    "aws",
    "partial",
    "unknown",
)


@dataclass(slots=True, eq=False)
class PrincipalView:
    """A role, user or group with all its policies, or a policy that nobody in the input holds."""

    world: World
    fact: IamPrincipal | ManagedPolicy | PolicyAttachment
    policies: tuple[AttachedPolicy, ...]
    node: Node | None
    label: str
    _access: Any = None

    @property
    def held(self) -> bool:
        """Whether a principal of the input holds the policies."""
        return self.node is not None

    @property
    def access(self) -> Any:
        """Effective access: every grant with Deny, boundary and control policies taken off."""
        if self._access is None:
            self._access = self.world.effective(self)
        return self._access

    @property
    def boundary_missing(self) -> bool:
        """Whether it has a permissions boundary whose document nobody has."""
        arn: str | None = getattr(self.fact, "boundary_arn", None)
        return arn is not None and self.world.inventory.managed_policy(arn) is None


@dataclass(slots=True, eq=False)
class StatementView:
    """One statement with what holds it.

    Attributes:
        kind: `identity`, `trust` or `resource`.
        holder: node of the role, function or resource it belongs to.
        siblings: all statements of the same policy layer (of a resource: of all its policies).
    """

    world: World
    statement: Statement
    policy: Policy
    kind: str
    holder: Node | None
    fact: Fact
    siblings: tuple[Statement, ...] = ()
    _actions: ActionSet | None = None
    _who: tuple[Who, ...] | None = None

    @property
    def who(self) -> tuple[Who, ...]:
        """Its principals, understood, in file order."""
        if self._who is None:
            named = self.statement.principals or ()
            self._who = tuple(self.world.who(principal) for principal in named)
        return self._who

    @property
    def actions(self) -> ActionSet:
        """What it names, before anything is taken off."""
        if self._actions is None:
            self._actions = self.world.actions_of(self.statement)
        return self._actions


@dataclass(slots=True, eq=False)
class PolicyView:
    """One policy document with what holds it."""

    world: World
    policy: Policy
    kind: str
    holder: Node | None
    fact: Fact


@dataclass(slots=True, eq=False)
class AttachmentView:
    """A managed policy that is attached to a role, user or group."""

    world: World
    principal: PrincipalView
    arn: str
    policy: Policy | None
    fact: Fact

    @property
    def name(self) -> str:
        """The policy's name; of one that gets its name when it is made the logical id."""
        return plain_name(self.arn.rpartition("/")[2])

    @property
    def source(self) -> Source:
        """The line that attaches it."""
        place: Source = getattr(self.arn, "source", NOWHERE)
        return place if place is not NOWHERE else self.fact.source


class World:
    """The graph and inventory of one run with what rules ask of them.

    Args:
        graph: the permission graph.
        inventory: the facts it was made of.
        trusted: who outside the input is trusted.
    """

    def __init__(self, graph: PermissionGraph, inventory: Inventory, trusted: TrustedParties) -> None:
        self.graph = graph
        self.inventory = inventory
        self.trusted = trusted
        self.catalog: ActionCatalog = load()
        self.memo: dict[Any, Any] = {}

    @cached_property
    def own_accounts(self) -> frozenset[str]:
        """The accounts of the input."""
        return frozenset(account.id for account in self.inventory.of(Account)) | {ACCOUNT}

    @cached_property
    def own_organizations(self) -> frozenset[str]:
        """Organizations of the input's accounts and those the user trusts."""
        known = {account.organization for account in self.inventory.of(Account) if account.organization}
        return frozenset(known) | self.trusted.organizations

    def node(self, node_id: str | None) -> Node | None:
        """The node of that id."""
        return self.graph.nodes.get(node_id) if node_id else None

    def is_external(self, account: str | None) -> bool:
        """Whether an account is known to be another one, trusted or not."""
        return bool(account and _ACCOUNT_ID.fullmatch(account) and account not in self.own_accounts)

    def who(self, principal: Principal) -> Who:
        """Understand one principal of a statement."""
        value = str(principal.value)
        if principal.kind == "*" or value == "*":
            return Who("public", value)
        match principal.kind:
            case "Service":
                return Who("unknown" if has_unknown(value) else "service", value)
            case "Federated":
                return Who("federated", value)
            case "CanonicalUser":
                return Who("canonical", value)
            case _:
                return self._aws(value)

    def _aws(self, value: str) -> Who:
        if _UNIQUE_ID.fullmatch(value):
            return Who("deleted", value)
        parts = split_arn(value)
        account = parts.account if parts else value
        if account == ACCOUNT or account in self.own_accounts:
            return Who("own", value, account)
        if has_unknown(account):
            return Who("unknown", value)
        if parts and ("*" in account or ("*" in parts.resource and parts.service in ("iam", "sts"))):
            return Who("partial", value)
        if account in _AWS_ACCOUNTS:
            return Who("aws", value, account)
        if _ACCOUNT_ID.fullmatch(account):
            return Who("external", value, account, self.trusted.trusts_account(account))
        if parts and parts.service == "iam" and account == "cloudfront":
            return Who("aws", value)
        # A `Ref` or `GetAtt` of the template that is no ARN text, such as the canonical id of an identity.
        return Who("unknown", value)

    def actions_of(self, statement: Statement) -> ActionSet:
        """The actions a statement names."""
        if statement.actions is not None:
            return self.catalog.action_set(statement.actions)
        if statement.not_actions is not None:
            return self.catalog.complement(self.catalog.action_set(statement.not_actions))
        return ActionSet.empty

    # Principals

    @cached_property
    def principals(self) -> tuple[PrincipalView, ...]:
        """Every role, user and group, then the identity policies that none of them holds."""
        inventory = self.inventory
        found = [
            PrincipalView(
                self,
                fact,
                inventory.identity_policies(fact),
                self.node(fact.arn),
                fact.logical_id or fact.name,
            )
            for facts in (inventory.roles, inventory.users, inventory.groups)
            for fact in facts.values()
        ]
        held = {id(item.policy) for view in found for item in view.policies}
        boundaries = {view.fact.boundary_arn for view in found if isinstance(view.fact, Role | User)}
        for policy in inventory.managed_policies.values():
            # A document that only caps others grants nothing.
            if id(policy.policy) not in held and policy.arn not in boundaries:
                attached = (AttachedPolicy(policy.policy, policy),)
                found.append(PrincipalView(self, policy, attached, None, policy.logical_id or policy.name))
        for attachment in inventory.of(PolicyAttachment):
            if attachment.policy is not None and id(attachment.policy) not in held:
                held.add(id(attachment.policy))
                attached = (AttachedPolicy(attachment.policy, attachment),)
                label = attachment.logical_id or attachment.policy.name
                found.append(PrincipalView(self, attachment, attached, None, label))
        return tuple(found)

    @cached_property
    def by_arn(self) -> Mapping[str, PrincipalView]:
        """The roles, users and groups by ARN."""
        return {
            view.fact.arn: view for view in self.principals if view.held and not isinstance(view.fact, PolicyAttachment)
        }

    def effective(self, view: PrincipalView) -> Any:
        """What the policies of a principal let it do, with everything that caps them."""
        from permscope.policy.effective import effective

        decisions = getattr(self.graph, "decisions", None)
        if decisions is not None and view.held and not isinstance(view.fact, ManagedPolicy | PolicyAttachment):
            return decisions.effective(view.fact)
        boundary_arn = getattr(view.fact, "boundary_arn", None)
        boundary = self.inventory.managed_policy(boundary_arn) if boundary_arn else None
        return effective([item.policy for item in view.policies], boundary=boundary)

    @cached_property
    def attachments(self) -> tuple[AttachmentView, ...]:
        """Every managed policy attached to a role, user or group, where it is attached.

        Those that are in no input, or have no place in the graph, come last; nothing is known of what else they may do.
        """
        found: list[AttachmentView] = []
        attached: dict[str, list[PolicyAttachment]] = {}
        for attachment in self.inventory.of(PolicyAttachment):
            if attachment.policy_arn:
                attached.setdefault(attachment.principal_arn, []).append(attachment)
        for view in self.principals:
            if not view.held or isinstance(view.fact, ManagedPolicy | PolicyAttachment):
                continue
            found.extend(
                AttachmentView(self, view, arn, self.inventory.managed_policy(arn), view.fact)
                for arn in view.fact.managed_policy_arns
            )
            for item in attached.get(view.fact.arn, ()):
                arn = item.policy_arn or ""
                found.append(AttachmentView(self, view, arn, self.inventory.managed_policy(arn), item))
        for holder, items in attached.items():
            if holder not in self.by_arn:
                known = [(item, self.inventory.managed_policy(item.policy_arn or "")) for item in items]
                policies = tuple(AttachedPolicy(policy, item) for item, policy in known if policy is not None)
                named = PrincipalView(self, items[0], policies, None, holder.rpartition("/")[2])
                found.extend(AttachmentView(self, named, item.policy_arn or "", policy, item) for item, policy in known)
        return tuple(found)

    # Policies and statements

    @cached_property
    def policies(self) -> tuple[PolicyView, ...]:
        """Every policy document of the input once."""
        seen: set[int] = set()
        found: list[PolicyView] = []

        def add(policy: Policy, kind: str, holder: Node | None, fact: Fact) -> None:
            if id(policy) not in seen and policy.kind is not PolicyKind.AWS_MANAGED:
                seen.add(id(policy))
                found.append(PolicyView(self, policy, kind, holder, fact))

        for view in self.principals:
            for item in view.policies:
                add(item.policy, "identity", view.node, item.attached_by)
        for policy in self.inventory.managed_policies.values():
            add(policy.policy, "identity", None, policy)
        for role in self.inventory.roles.values():
            add(role.trust, "trust", self.node(role.arn), role)
        for held in self.inventory.of(ResourcePolicy):
            add(held.policy, "resource", self.holder(held), held)
        return tuple(found)

    def holder(self, held: ResourcePolicy) -> Node | None:
        """The node of the function or resource a resource policy is on."""
        found = self.node(held.resource_arn)
        if found is None:
            function = self.inventory.function(held.resource_arn)
            found = self.node(function.arn) if function else None
        return found or self._by_arn.get(held.resource_arn)

    @cached_property
    def _by_arn(self) -> Mapping[str, Node]:
        return {node.arn: node for node in self.graph.nodes.values() if node.arn}

    @cached_property
    def statements(self) -> tuple[StatementView, ...]:
        """Every statement of every policy document of the input once."""
        layers: dict[str, list[Statement]] = {}
        for held in self.inventory.of(ResourcePolicy):
            layers.setdefault(held.resource_arn, []).extend(held.policy.statements)
        found: list[StatementView] = []
        for view in self.policies:
            siblings: tuple[Statement, ...] = view.policy.statements
            if isinstance(view.fact, ResourcePolicy):
                siblings = tuple(layers[view.fact.resource_arn])
            found.extend(
                StatementView(self, statement, view.policy, view.kind, view.holder, view.fact, siblings)
                for statement in view.policy.statements
            )
        return tuple(found)

    def shut_out(self, view: StatementView, actions: ActionSet) -> bool:
        """Whether a Deny beside a resource-policy statement keeps every outsider from these actions."""
        left = actions
        for statement in view.siblings:
            if statement.effect == "Deny" and shuts_out_outsiders(statement):
                left = left - self.actions_of(statement)
        return not left

    # Exposure

    @cached_property
    def exposed(self) -> Mapping[str, str]:
        """Why each exposed function, role and resource is: how the public reaches it, as a clause."""
        return reach.exposed(self.graph, self.inventory)

    @cached_property
    def led_to(self) -> Mapping[str, Led]:
        """Functions that the public makes run over others."""
        return reach.led_to(self.graph, self.exposed)

    # Names

    def resource_name(self, node: Node | None, default: str = "") -> str:
        """What a finding calls a node: its logical id, else its ARN or id."""
        if node is None:
            return default
        return node.logical_id or node.arn or node.id

    @cached_property
    def routes(self) -> Mapping[str, Route]:
        """Routes by id."""
        return {route.id: route for route in self.inventory.of(Route)}

    @cached_property
    def places_of_events(self) -> frozenset[tuple[str | None, str | None]]:
        """File and logical id of whatever SAM events may be written at: functions and state machines."""
        machines = (
            each for each in self.inventory.resources.values() if each.type == "AWS::StepFunctions::StateMachine"
        )
        return frozenset(
            (each.source.file, each.logical_id) for each in (*self.inventory.functions.values(), *machines)
        )

    def function_of(self, node_id: str) -> Function | None:
        """The function behind a node id."""
        return self.inventory.function(node_id)

    def resource(self, node_id: str) -> Resource | None:
        """The resource fact behind a node id."""
        return self.inventory.resources.get(node_id)
