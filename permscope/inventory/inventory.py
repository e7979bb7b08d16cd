"""All facts of one run together, indexed by what they say about whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from functools import cached_property
from typing import NamedTuple, TypeVar

from permscope.errors import PermscopeError
from permscope.inventory.arn import function_arn_and_qualifier
from permscope.inventory.facts import (
    Account,
    AnyFact,
    Fact,
    Function,
    Group,
    GroupMembership,
    ManagedPolicy,
    PolicyAttachment,
    Resource,
    ResourcePolicy,
    Role,
    Unknown,
    User,
)
from permscope.inventory.located import both, parts_of
from permscope.inventory.placed import FileLines
from permscope.inventory.policies import Policy, PolicyKind, Statement, parse_policy
from permscope.inventory.source import NOWHERE
from permscope.lazy import dataclass

F = TypeVar("F", bound=Fact)
IamPrincipal = Role | User | Group


class AttachedPolicy(NamedTuple):
    """An identity policy of a principal and the place that attaches it."""

    policy: Policy
    attached_by: Fact


class Part(NamedTuple):
    """What one root template said, as it is kept.

    Attributes:
        name: what it is kept under.
        state: the same as long as all else that its facts depend on is the same.
        label: of the root.
        file: of the root.
    """

    name: str
    state: str
    label: str
    file: str


class Key(NamedTuple):
    """What facts are known by, to keep by it what is made of them.

    Attributes:
        name: the same for facts that are the same but for the lines they stand on.
        lines: the lines of each file they stand on; files in reading order.
    """

    name: str
    lines: tuple[FileLines, ...] = ()


@dataclass(slots=True)
class Collected:
    """What reading one or more inputs gave: facts, and the errors of what could not be read.

    Attributes:
        key: of the facts; None where it is not known.
        parts: where all of this is kept, in reading order; empty where some of it is not.
    """

    facts: list[AnyFact] = field(default_factory=list)
    errors: list[PermscopeError] = field(default_factory=list)
    files: tuple[str, ...] = ()
    key: Key | None = None
    parts: tuple[Part, ...] = ()


def _may_tell_policy(call: str) -> bool:
    operation = call.partition(".")[2]
    return "polic" in operation or operation in ("get_topic_attributes", "get_queue_attributes", "describe_event_bus")


class Inventory:
    """The world of one run: every fact, and the questions the rest of permscope asks of them.

    Args:
        facts: in reading order; equal ARNs from several inputs are one thing, the first read wins.
        errors: inputs that could not be read.
        files: template and snapshot paths that were read.
        key: what to keep by what is made of the facts; None where that is not known.
        parts: where facts, errors and files are kept; empty where some of it is not.
    """

    def __init__(
        self,
        facts: Iterable[AnyFact],
        *,
        errors: Iterable[PermscopeError] = (),
        files: Iterable[str] = (),
        key: Key | None = None,
        parts: tuple[Part, ...] = (),
    ) -> None:
        self.key = key
        self.parts = parts
        self.facts = tuple(facts)
        self.errors = tuple(errors)
        self.files = tuple(files)
        by_class: dict[type, list[Fact]] = defaultdict(list)
        for fact in self.facts:
            by_class[type(fact)].append(fact)
        self._by_class = {kind: tuple(found) for kind, found in by_class.items()}
        self._conditional: dict[tuple[int, str | None], tuple[Policy, Policy]] = {}

    def of(self, kind: type[F]) -> tuple[F, ...]:
        """Every fact of one class, in reading order."""
        return self._by_class.get(kind, ())  # type: ignore[return-value]

    @cached_property
    def unknowns(self) -> tuple[Unknown, ...]:
        """What could not be read, resolved or decided, without repetitions."""
        return tuple(dict.fromkeys((*self.of(Unknown), *self._policy_unknowns)))

    @cached_property
    def unread_policies(self) -> frozenset[str]:
        """ARNs of what has, or may have, a resource policy that could not be read: what it lets in is not known."""
        return frozenset(
            unknown.about
            for unknown in self.of(Unknown)
            if unknown.about and unknown.is_failed_call and _may_tell_policy(unknown.source.call or "")
        )

    @cached_property
    def unread_services(self) -> frozenset[tuple[str, str]]:
        """Account and boto3 client of every call that failed: what is not there may have been hidden."""
        return frozenset(
            (unknown.source.account or "", (unknown.source.call or "").partition(".")[0])
            for unknown in self.of(Unknown)
            if unknown.is_failed_call
        )

    def may_lack(self, account: str | None, *clients: str) -> bool:
        """Whether what is known of an account may lack something: of these services, or of any where none is named."""
        if account in self._only_identities and clients != ("iam",):
            return True
        return any(owner == account and (not clients or client in clients) for owner, client in self.unread_services)

    @cached_property
    def _only_identities(self) -> frozenset[str]:
        """Accounts of which there is no more than the answer of one call, saved to a file."""
        accounts = self.of(Account)
        whole = {one.id for one in accounts if one.source.file is None}
        return frozenset(one.id for one in accounts if one.source.file and one.source.call and one.id not in whole)

    @cached_property
    def functions(self) -> Mapping[str, Function]:
        """Functions by unqualified ARN."""
        return _first(self.of(Function), "arn")

    @cached_property
    def roles(self) -> Mapping[str, Role]:
        """Roles by ARN."""
        return _first(self.of(Role), "arn")

    @cached_property
    def shared_roles(self) -> frozenset[str]:
        """ARNs that roles of several template files share and that say not the same: which of them runs is not known.

        A role's name is unique in an account, so such files are for different accounts or cannot both be deployed:
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-names
        """
        roles: dict[str, dict[str, Role]] = {}
        for role in self.of(Role):
            if role.source.file is not None and role.source.call is None:
                roles.setdefault(role.arn, {}).setdefault(role.source.file, role)
        return frozenset(
            arn for arn, found in roles.items() if len(found) > 1 and len(set(map(_said_of, found.values()))) > 1
        )

    @cached_property
    def users(self) -> Mapping[str, User]:
        """Users by ARN."""
        return _first(self.of(User), "arn")

    @cached_property
    def groups(self) -> Mapping[str, Group]:
        """Groups by ARN."""
        return _first(self.of(Group), "arn")

    @cached_property
    def resources(self) -> Mapping[str, Resource]:
        """Other resources by id (their ARN where they have one)."""
        return _first(self.of(Resource), "id")

    @cached_property
    def managed_policies(self) -> Mapping[str, ManagedPolicy]:
        """Customer managed policies by ARN."""
        return _first(self.of(ManagedPolicy), "arn")

    @cached_property
    def resource_policies(self) -> Mapping[str, tuple[ResourcePolicy, ...]]:
        """Resource-based policies by the ARN they are on (qualified for a function's version or alias)."""
        found: dict[str, list[ResourcePolicy]] = defaultdict(list)
        for policy in self.of(ResourcePolicy):
            found[policy.resource_arn].append(policy)
        return {arn: tuple(policies) for arn, policies in found.items()}

    def function(self, arn: str) -> Function | None:
        """The function behind an ARN, qualified or not."""
        return self.functions.get(arn) or self.functions.get(function_arn_and_qualifier(arn)[0])

    @cached_property
    def _attachments(self) -> Mapping[str, tuple[PolicyAttachment, ...]]:
        found: dict[str, list[PolicyAttachment]] = defaultdict(list)
        for attachment in self.of(PolicyAttachment):
            found[attachment.principal_arn].append(attachment)
        return {arn: tuple(attachments) for arn, attachments in found.items()}

    @cached_property
    def strangers(self) -> tuple[str, ...]:
        """Roles, users and groups that are in no input, and get policies by it: `Roles: [!Ref AuthRoleName]`.

        A permission set is none: its roles are in other accounts.
        """
        known = (self.roles, self.users, self.groups)
        return tuple(
            arn
            for arn in self._attachments
            if arn and not arn.startswith("AWS::") and not any(arn in principals for principals in known)
        )

    def policies_of_stranger(self, arn: str) -> tuple[Policy, ...]:
        """The policies that the input gives to a principal that is in none; it may have others."""
        found = []
        for attachment in self._attachments.get(arn, ()):
            policy = attachment.policy or self.managed_policy(attachment.policy_arn or "")
            if policy is not None:
                found.append(self._attached_if(policy, attachment, None))
        return tuple(found)

    @cached_property
    def _memberships(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = defaultdict(list)
        for membership in self.of(GroupMembership):
            found[membership.user_arn].append(membership.group_arn)
        return {arn: tuple(groups) for arn, groups in found.items()}

    def managed_policy(self, arn: str) -> Policy | None:
        """A managed policy document: from the input, or AWS's own; None when neither has it."""
        known = self.managed_policies.get(arn)
        if known is not None:
            return known.policy
        if ":aws:policy/" not in arn and arn.startswith("arn:"):
            return None
        return _aws_managed_policy(arn)

    def identity_policies(self, principal: IamPrincipal) -> tuple[AttachedPolicy, ...]:
        """Every identity policy of a principal: inline, attached, through groups; in file order.

        A managed policy that is neither in the input nor one of AWS's is in `missing_policies`.
        """
        found: list[AttachedPolicy] = []
        for holder in (principal, *self.groups_of(principal)):
            found.extend(AttachedPolicy(policy, holder) for policy in holder.inline_policies)
            for arn in holder.managed_policy_arns:
                policy = self.managed_policy(arn)
                if policy is not None:
                    found.append(AttachedPolicy(policy, holder))
            for attachment in self._attachments.get(holder.arn, ()):
                policy = attachment.policy or self.managed_policy(attachment.policy_arn or "")
                if policy is not None:
                    found.append(AttachedPolicy(self._attached_if(policy, attachment, holder), attachment))
        return tuple(found)

    def _attached_if(self, policy: Policy, attachment: PolicyAttachment, holder: IamPrincipal | None) -> Policy:
        """A policy whose statements depend on what its attachment depends on, the same object each time."""
        parts = [part for part in parts_of(attachment.only_if) if not holder or part not in parts_of(holder.only_if)]
        if not parts:
            return policy
        only_if = both(*parts)
        known = self._conditional.get((id(policy), only_if))
        if known is None:
            statements = tuple(replace(each, only_if=both(only_if, each.only_if)) for each in policy.statements)
            known = policy, replace(policy, statements=statements)
            self._conditional[id(policy), only_if] = known
        return known[1]

    def missing_policies(self, principal: IamPrincipal) -> tuple[str, ...]:
        """ARNs of managed policies attached to a principal whose document nobody has."""
        arns: list[str] = []
        for holder in (principal, *self.groups_of(principal)):
            arns.extend(holder.managed_policy_arns)
            arns.extend(a.policy_arn for a in self._attachments.get(holder.arn, ()) if a.policy_arn)
        return tuple(arn for arn in dict.fromkeys(arns) if self.managed_policy(arn) is None)

    def groups_of(self, principal: IamPrincipal) -> tuple[Group, ...]:
        """The groups a user is in; empty for roles and groups."""
        if not isinstance(principal, User):
            return ()
        arns = dict.fromkeys((*principal.group_arns, *self._memberships.get(principal.arn, ())))
        return tuple(self.groups[arn] for arn in arns if arn in self.groups)

    @cached_property
    def _policy_unknowns(self) -> tuple[Unknown, ...]:
        found: list[Unknown] = []
        principals: tuple[IamPrincipal, ...] = (
            *self.roles.values(),
            *self.users.values(),
            *self.groups.values(),
        )
        for principal in principals:
            boundary = getattr(principal, "boundary_arn", None)
            missing = [(arn, "it is attached to") for arn in self.missing_policies(principal)]
            if boundary and self.managed_policy(boundary) is None:
                missing.append((boundary, "it is the permissions boundary of"))
            found.extend(
                Unknown(
                    what=f"managed policy `{arn}`",
                    why=f"{held} `{principal.logical_id or principal.name}` but its document is in no input",
                    kind="managed-policy",
                    source=getattr(arn, "source", principal.source),
                    logical_id=principal.logical_id,
                )
                for arn, held in missing
            )
            if principal.arn in self.shared_roles:
                found.append(
                    Unknown(
                        what=f"the role `{principal.name}`",
                        why="several templates define a role of this name, an account has one; the first is read",
                        kind="shared-role",
                        source=principal.source,
                        logical_id=principal.logical_id,
                    )
                )
        known = {principal.arn for principal in principals}
        for item in self.of(PolicyAttachment):
            arn = item.policy_arn
            if arn and item.principal_arn not in known and self.managed_policy(arn) is None:
                name = item.logical_id or item.principal_arn
                why = f"it is attached to `{name}` but its document is in no input"
                source = getattr(arn, "source", item.source)
                what = f"managed policy `{arn}`"
                found.append(
                    Unknown(what=what, why=why, kind="managed-policy", source=source, logical_id=item.logical_id)
                )
        return tuple(found)


def _first(facts: Iterable[F], key: str) -> dict[str, F]:
    found: dict[str, F] = {}
    for fact in facts:
        found.setdefault(getattr(fact, key), fact)
    return found


_AWS_MANAGED: dict[str, Policy | None] = {}


def _aws_managed_policy(arn: str) -> Policy | None:
    """AWS's own managed policy, parsed once."""
    if arn not in _AWS_MANAGED:
        from permscope.catalog import managed_policies

        found = managed_policies.document(arn)
        _AWS_MANAGED[arn] = found and parse_policy(
            found.document, name=found.name, kind=PolicyKind.AWS_MANAGED, arn=str(arn)
        )
    return _AWS_MANAGED[arn]


def _said_of(role: Role) -> tuple[object, ...]:
    """What a role's document says, wherever it stands."""
    policies = [[_without_place(one) for one in policy.statements] for policy in (role.trust, *role.inline_policies)]
    return tuple(map(tuple, policies)), role.managed_policy_arns, role.boundary_arn


def _without_place(statement: Statement) -> Statement:
    conditions = tuple(entry._replace(source=NOWHERE) for entry in statement.conditions)
    return replace(statement, conditions=conditions, source=NOWHERE)
