"""The part of a large input that one question is about, so that who-can does not build the graph of a whole account.

What is left out cannot change the answer: principals none of whose Allow statements name both an action that was asked
for and the resource, and policies of other resources.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from permscope.catalog.actions import ActionSet, load
from permscope.graph.decisions import any_partition
from permscope.inventory.arn import function_arn_and_qualifier, split_arn
from permscope.inventory.facts import (
    AnyFact,
    Function,
    Group,
    Mechanism,
    Output,
    Resource,
    ResourcePolicy,
    Role,
    RoleUse,
    Route,
    Trigger,
    User,
)
from permscope.inventory.inventory import Inventory
from permscope.inventory.policies import Policy, Statement
from permscope.inventory.tokens import has_unknown
from permscope.lazy import regex
from permscope.policy.effective import parts_of
from permscope.policy.matching import encode, relation

_MANY = 300  # principals; the whole graph of fewer is built in no time
_OPEN = regex(r"[*?]|\$\{")
# Questions whose answers lie in more than identity policies and the policy of the resource.
_ELSEWHERE = (
    "sts:AssumeRole",
    "sts:AssumeRoleWithWebIdentity",
    "sts:AssumeRoleWithSAML",
    "execute-api:Invoke",
    "appsync:GraphQL",
    "appsync:EventConnect",
    "appsync:EventPublish",
    "appsync:EventSubscribe",
)


def is_worth_it(inventory: Inventory, wanted: ActionSet) -> bool:
    """Whether an input is so large, and a question such, that a part of the input is enough to answer it."""
    many = len(inventory.roles) + len(inventory.users) > _MANY
    return many and wanted.isdisjoint(load().action_set(_ELSEWHERE))


def excerpt(inventory: Inventory, wanted: ActionSet, arn: str) -> Inventory:
    """The facts that decide who can take some actions on a resource.

    Args:
        inventory: the facts.
        wanted: the actions.
        arn: of the resource, as the input spells it.
    """
    policies = tuple(fact for fact in inventory.of(ResourcePolicy) if _is_about(fact, arn))
    asked = _Question(wanted, arn)
    named = {
        principal.value
        for fact in policies
        for statement in fact.policy.statements
        for principal in (*(statement.principals or ()), *(statement.not_principals or ()))
    }
    principals: tuple[Role | User, ...] = (*inventory.roles.values(), *inventory.users.values())
    kept = {
        principal.arn
        for principal in principals
        if principal.arn == arn
        or principal.unique_id in named
        or (named and _is_named(principal.arn, named))
        or asked.may_be_allowed(policy for policy, _ in inventory.identity_policies(principal))
    }
    facts = _Facts(inventory, kept, function_arn_and_qualifier(arn)[0], policies)
    found = Inventory(facts, errors=inventory.errors, files=inventory.files)
    found.__dict__["unknowns"] = inventory.unknowns
    return found


class _Question:
    """Whether policies may allow some action on a resource or a part of it."""

    def __init__(self, wanted: ActionSet, arn: str) -> None:
        self._wanted = wanted
        self._parts = parts_of(encode(arn))
        self._arn = arn if "${" not in arn else None
        self._by_actions: dict[tuple[bool, tuple[str, ...]], bool] = {}
        self._policies: dict[int, tuple[Policy, bool]] = {}

    def may_be_allowed(self, policies: Iterator[Policy]) -> bool:
        """Whether any statement of the policies names one of the actions and the resource."""
        for policy in policies:
            known = self._policies.get(id(policy))
            if known is None:
                known = (policy, any(map(self._allows, policy.statements)))
                self._policies[id(policy)] = known
            if known[1]:
                return True
        return False

    def _allows(self, statement: Statement) -> bool:
        if statement.effect != "Allow" or not self._speaks_of(statement):
            return False
        if statement.resources is None:
            return True  # `NotResource` leaves it in more often than not
        return any(map(self._reaches, statement.resources))

    def _speaks_of(self, statement: Statement) -> bool:
        if statement.actions is None:
            return True
        key = (True, statement.actions)
        if key not in self._by_actions:
            self._by_actions[key] = not load().action_set(statement.actions).isdisjoint(self._wanted)
        return self._by_actions[key]

    def _reaches(self, pattern: str) -> bool:
        if self._arn is not None and not pattern.startswith("*"):
            found = _OPEN.search(pattern)
            literal = pattern[: found.start()] if found else pattern
            head = min(len(literal), len(self._arn))
            if literal[:head] != self._arn[:head]:
                return False
        return any(relation(encode(pattern), part) is not False for part in self._parts)


class _Facts:
    """Iterates over the facts that are kept."""

    def __init__(
        self, inventory: Inventory, kept: Collection[str], target: str, policies: Collection[ResourcePolicy]
    ) -> None:
        self._inventory = inventory
        self._kept = kept
        self._target = target
        self._policies = policies

    def __iter__(self) -> Iterator[AnyFact]:
        inventory, kept = self._inventory, self._kept
        yield from self._policies
        groups = {
            group.arn for user in inventory.users.values() if user.arn in kept for group in inventory.groups_of(user)
        }
        uses = [fact for fact in inventory.of(RoleUse) if fact.role_arn in kept]
        runs = [
            fact for fact in inventory.of(Trigger) if fact.mechanism is Mechanism.SERVICE_ROLE and fact.role_arn in kept
        ]
        users = {fact.user_id for fact in uses} | {fact.source_id for fact in runs} | {self._target}
        yield from uses
        yield from runs
        for fact in inventory.facts:
            match fact:
                case Role() | User():
                    keep = fact.arn in kept
                case Group():
                    keep = fact.arn in groups
                case Function():
                    keep = fact.role_arn is None or fact.role_arn in kept or fact.arn == self._target
                    keep = keep or has_unknown(fact.role_arn or "")
                case Resource():
                    keep = fact.id in users or f"{self._target}/".startswith((f"{fact.arn}/", f"{fact.arn}:"))
                case Route():
                    keep = fact.id in users
                case RoleUse() | Trigger() | ResourcePolicy() | Output():
                    keep = False
                case _:
                    keep = True
            if keep:
                yield fact


def _is_about(fact: ResourcePolicy, arn: str) -> bool:
    """Whether a policy may be on the resource, on what it is a part of, or on a part of it."""
    own, asked = split_arn(fact.resource_arn), split_arn(arn)
    if own is None or asked is None:
        return True
    if own.service != asked.service:
        return False
    one, other = own.resource, asked.resource
    return one.startswith(other) or other.startswith(one) or bool(_OPEN.search(one)) or own.service == "logs"


def _is_named(arn: str, named: Collection[str]) -> bool:
    """Whether a principal element names a role or user, or one of its sessions."""
    if arn in named:
        return True
    name = arn.rpartition("/")[2]
    return any(
        any_partition(value) == any_partition(arn) or (":assumed-role/" in value and f"/{name}/" in value)
        for value in named
        if name in value
    )
