"""What the graph asks the policy engine about, and what is remembered of the answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from permscope.catalog.actions import ActionSet
from permscope.errors import PolicyError
from permscope.graph.collector import said_by
from permscope.graph.model import Provenance
from permscope.graph.outcome import NO, Outcome, all_of, bindings
from permscope.inventory.arn import account_of
from permscope.inventory.facts import ControlPolicy, Need, OrganizationPath
from permscope.inventory.inventory import IamPrincipal, Inventory
from permscope.inventory.policies import Policy, PolicyKind, Principal, Statement
from permscope.policy.context import RequestContext
from permscope.policy.effective import EffectiveAccess, Grant, effective
from permscope.policy.evaluate import PolicyLayers, decide
from permscope.policy.requester import Requester, parse_requester

Context = Mapping[str, tuple[str, ...]]
# Only calls of a function URL carry these:
# https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
_OF_URLS = ("lambda:InvokedViaFunctionUrl", "lambda:FunctionUrlAuthType")


class Decisions:
    """The policy decisions of one run; what is asked twice is decided once.

    Args:
        inventory: the facts.
    """

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self._effective: dict[str, EffectiveAccess] = {}
        self._identity: dict[str, tuple[Policy, ...]] = {}
        self._needs: dict[tuple[str, Need], Outcome] = {}

    # Principals

    def principal(self, arn: str) -> IamPrincipal | None:
        """The role, user or group of an ARN."""
        inventory = self.inventory
        return inventory.roles.get(arn) or inventory.users.get(arn) or inventory.groups.get(arn)

    def identity(self, principal: IamPrincipal) -> tuple[Policy, ...]:
        """The identity policies of a principal."""
        found = self._identity.get(principal.arn)
        if found is None:
            found = tuple(attached.policy for attached in self.inventory.identity_policies(principal))
            self._identity[principal.arn] = found
        return found

    def boundary(self, principal: IamPrincipal) -> Policy | None:
        """The permissions boundary of a principal; None without one, or when nobody has its document."""
        arn = getattr(principal, "boundary_arn", None)
        return self.inventory.managed_policy(arn) if arn else None

    def is_complete(self, principal: IamPrincipal) -> bool:
        """Whether the document of every policy attached to a principal is known."""
        return not self.inventory.missing_policies(principal)

    def effective(self, principal: IamPrincipal) -> EffectiveAccess:
        """Everything a principal may do by its own policies, boundary and control policies taken off."""
        found = self._effective.get(principal.arn)
        if found is None:
            found = self._effective[principal.arn] = effective(
                self.identity(principal),
                boundary=self.boundary(principal),
                scps=self.control_levels(account_of(principal.arn) or "", PolicyKind.SCP),
                principal=requester_of(principal.arn),
            )
        return found

    def access(self, principal_arn: str, arn: str) -> tuple[ActionSet, ActionSet]:
        """The actions a principal may take on a resource for sure, and those that depend on something."""
        principal = self.principal(principal_arn)
        if principal is None:
            return ActionSet.empty, ActionSet.empty
        found = self.effective(principal).on(arn)
        return found.allowed, found.conditional

    def on(self, principal_arn: str, arn: str) -> ActionSet:
        """The actions a principal may take on a resource, surely or not."""
        allowed, conditional = self.access(principal_arn, arn)
        return allowed | conditional

    @cached_property
    def _paths(self) -> Mapping[str, tuple[str, ...]]:
        return {path.account: path.path for path in self.inventory.of(OrganizationPath)}

    def control_levels(self, account: str, kind: PolicyKind) -> tuple[tuple[Policy, ...], ...]:
        """The service or resource control policies over an account, from the organization's root down to it."""
        controls = self.inventory.of(ControlPolicy)
        if not controls:
            return ()
        return tuple(
            tuple(fact.policy for fact in controls if fact.policy.kind is kind and target in fact.targets)
            for target in self._paths.get(account, ())
        )

    # Single requests

    def resource_policies(self, arn: str) -> tuple[Policy, ...]:
        """The resource-based policy of exactly what an ARN names, one policy per fact."""
        return tuple(fact.policy for fact in self.inventory.resource_policies.get(arn, ()))

    def ask(  # noqa: PLR0913 (who, what, on what, when, by what)
        self,
        requester: Requester,
        action: str,
        arn: str,
        context: Context,
        *,
        identity: tuple[Policy, ...] = (),
        resource: tuple[Policy, ...] = (),
        boundary: Policy | None = None,
    ) -> Outcome:
        """One request whose other condition keys are not known."""
        layers = PolicyLayers(
            identity=identity,
            resource=resource,
            boundary=boundary,
            scps=self.control_levels(requester.account, PolicyKind.SCP) if requester.is_iam else (),
            rcps=self.control_levels(account_of(arn) or "", PolicyKind.RCP),
        )
        asked = RequestContext(context, complete=False, absent=_OF_URLS)
        verdict = decide(requester, action, arn, None, asked, layers)
        if verdict.allowed is False:
            return NO
        provenance = tuple(
            said
            for match in verdict.matched
            if match.statement.allow and (said := _provenance(match.statement.statement, (*identity, *resource)))
        )
        if verdict.allowed:
            return Outcome(True, provenance)
        keys = ", ".join(verdict.conditional_on)
        return Outcome(None, provenance, _depends_on(verdict.conditional_on), f"it depends on {keys}")

    def role_may(self, role_arn: str, need: Need) -> Outcome:
        """Whether a role is allowed every action of a need."""
        key = (role_arn, need)
        if key not in self._needs:
            role = self.inventory.roles.get(role_arn)
            if role is None:
                self._needs[key] = Outcome(None, reason=f"the role `{role_arn}` is in no input")
            else:
                self._needs[key] = all_of(self._may(role, action, need.resource_arn) for action in need.actions)
        return self._needs[key]

    def _may(self, role: IamPrincipal, action: str, resource_arn: str) -> Outcome:
        identity = self.identity(role)
        requester = requester_of(role.arn)
        if requester is None:
            return Outcome(None, reason=f"which role `{role.arn}` is, is not known")
        best = NO
        for assumed, (arn,) in bindings((resource_arn,), identity):
            resource = self.resource_policies(arn) or self.resource_policies(resource_arn)
            answer = self.ask(
                requester, action, arn, {}, identity=identity, resource=resource, boundary=self.boundary(role)
            )
            best = best.or_else(answer.assuming(assumed))
            if best.authorized:
                return best
        if best.authorized is None:
            return best
        lacks = f"`{role.logical_id or role.name}` lacks `{action}` on `{resource_arn}`"
        if self.is_complete(role):
            return Outcome(False, reason=lacks)
        return Outcome(None, reason=f"{lacks}, unless a policy that is in no input allows it")

    # What policies with principals grant

    def granted_by(self, policies: tuple[Policy, ...]) -> Iterator[tuple[Principal, tuple[Grant, ...]]]:
        """Each principal that resource or trust policies let in, with what is left to it after their Deny statements."""
        named: dict[Principal, list[tuple[Policy, Statement]]] = {}
        denies: list[tuple[Policy, Statement]] = []
        for policy in policies:
            for statement in policy.statements:
                if statement.effect == "Deny":
                    denies.append((policy, statement))
                    continue
                everyone = (Principal("*", "*"),) if statement.not_principals is not None else ()
                for principal in dict.fromkeys(statement.principals or everyone):
                    named.setdefault(principal, []).append((policy, statement))
        for principal, allows in named.items():
            applying = [(policy, each) for policy, each in denies if _applies_to(each, principal)]
            yield principal, tuple(_grants((*allows, *applying)))


def requester_of(arn: str) -> Requester | None:
    """The principal of an ARN; None for groups, and for an ARN of which too much is unknown."""
    try:
        return parse_requester(arn)
    except PolicyError:
        return None


def _applies_to(deny: Statement, principal: Principal) -> bool:
    """Whether a Deny takes something from everyone a principal element stands for."""
    everyone = any(each.value == "*" for each in deny.principals or ())
    if everyone or principal in (deny.principals or ()):
        return True
    if deny.not_principals is not None:
        return principal not in deny.not_principals
    account = account_of(principal.value)
    return account is not None and any(
        each.kind == "AWS" and (each.value == account or each.value.endswith(f":{account}:root"))
        for each in deny.principals or ()
    )


def _grants(statements: Iterable[tuple[Policy, Statement]]) -> Iterator[Grant]:
    """What statements with principals grant, read as the identity policy of one of them."""
    originals: dict[int, tuple[Policy, Statement]] = {}
    policies = []
    for policy, statement in statements:
        plain = replace(
            statement,
            principals=None,
            not_principals=None,
            resources=("*",)
            if statement.resources is None and statement.not_resources is None
            else statement.resources,
        )
        originals[id(plain)] = (policy, statement)
        policies.append(replace(policy, statements=(plain,)))
    for grant in effective(tuple(policies)).grants:
        policy, statement = originals[id(grant.statement)]
        yield replace(grant, policy=policy, statement=statement)


def _provenance(statement: Statement | None, policies: Iterable[Policy]) -> Provenance | None:
    if statement is None:
        return None
    for policy in policies:
        if any(each is statement for each in policy.statements):
            return said_by(statement, policy)
    return None


def _depends_on(keys: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """What a verdict depends on, as conditions of an edge."""
    found: dict[str, dict[str, list[str]]] = {}
    for key in keys:
        mark = "template condition "
        if key.startswith(mark):
            found.setdefault("template", {}).setdefault("condition", []).append(key[len(mark) :])
        else:
            found.setdefault("unknown", {})[key] = []
    return found
