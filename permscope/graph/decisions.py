"""What the graph asks the policy engine about, and what is remembered of the answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from permscope.catalog.actions import ActionSet, load
from permscope.errors import PolicyError
from permscope.graph.collector import grant_said_by, said_by
from permscope.graph.model import Provenance
from permscope.graph.outcome import NO, Outcome, all_of, bindings
from permscope.graph.template_conditions import by_template_condition, on_both_sides
from permscope.inventory.arn import account_of
from permscope.inventory.facts import ControlPolicy, Need, OrganizationPath, ResourcePolicy
from permscope.inventory.inventory import IamPrincipal, Inventory
from permscope.inventory.policies import Policy, PolicyKind, Principal, Statement
from permscope.inventory.source import NOWHERE
from permscope.policy.applicable import applicable_actions
from permscope.policy.context import RequestContext
from permscope.policy.effective import EffectiveAccess, Grant, effective
from permscope.policy.evaluate import PolicyLayers, decide
from permscope.policy.matching import compare, encode, relation
from permscope.policy.requester import Requester, parse_requester
from permscope.policy.unrestrictable import is_restrictable

Context = Mapping[str, tuple[str, ...]]
# Only calls of a function URL carry these:
# https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
# AWS's own services and SDKs call over TLS; whoever may choose, may choose it.
_ALWAYS: Context = {"aws:SecureTransport": ("true",)}
# Lambda refuses a mapping whose role cannot do it "on your stream", and AWS's own policies grant it there:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/iam-policy-example-lamda-process-dynamodb-streams.html
_CHECKED_AS_NAMED = frozenset({"dynamodb:ListStreams"})
_EVERYTHING = "arn:aws:iam::aws:policy/AdministratorAccess"
_OF_URLS = ("lambda:InvokedViaFunctionUrl", "lambda:FunctionUrlAuthType")


class Decisions:
    """The policy decisions of one run; what is asked twice is decided once.

    Args:
        inventory: the facts.
    """

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self._effective: dict[str, EffectiveAccess] = {}
        self._denials: dict[str, tuple[tuple[Statement, ActionSet], ...]] = {}
        self._potential: dict[str, EffectiveAccess] = {}
        self._identity: dict[str, tuple[Policy, ...]] = {}
        self._needs: dict[tuple[str, Need, str | None], Outcome] = {}
        self._levels: dict[tuple[str, PolicyKind], tuple[tuple[Policy, ...], ...]] = {}
        self._asked = _partial({})  # what most requests tell: nothing

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

    def unseen_boundary(self, principal: IamPrincipal) -> str | None:
        """A clause that says so, where a principal has a permissions boundary whose document nobody has.

        It grants nothing and may take anything away:
        https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
        """
        arn = getattr(principal, "boundary_arn", None)
        return f"its permissions boundary `{arn}` is in no input" if arn and self.boundary(principal) is None else None

    def located(self, principal_arn: str, said: Provenance) -> Provenance:
        """A reason with a place: a policy of AWS has none, so it is where the principal names it."""
        policy = said.policy
        principal = self.principal(principal_arn) if said.source == NOWHERE and policy is not None else None
        if principal is None or policy is None:
            return said
        for holder in (principal, *self.inventory.groups_of(principal)):
            for arn in holder.managed_policy_arns:
                if arn == policy.arn:
                    return said._replace(source=getattr(arn, "source", holder.source), logical_id=holder.logical_id)
        for attached in self.inventory.identity_policies(principal):
            if attached.policy is policy or attached.policy.arn == policy.arn is not None:
                by = attached.attached_by
                return said._replace(source=by.source, logical_id=by.logical_id)
        return said._replace(source=principal.source, logical_id=said.logical_id or principal.logical_id)

    def is_complete(self, principal: IamPrincipal) -> bool:
        """Whether the document of every policy attached to a principal is known, and no other role has its ARN."""
        return principal.arn not in self.inventory.shared_roles and not self.inventory.missing_policies(principal)

    def effective(self, principal: IamPrincipal) -> EffectiveAccess:
        """Everything a principal may do by its own policies, boundary and control policies taken off."""
        found = self._effective.get(principal.arn)
        if found is None:
            found = self._effective[principal.arn] = effective(
                self.identity(principal),
                boundary=self.boundary(principal),
                scps=self.control_levels(account_of(principal.arn) or "", PolicyKind.SCP),
                principal=requester_of(principal.arn),
                context=RequestContext(_ALWAYS, complete=False),
            )
        return found

    def potential(self, principal: IamPrincipal) -> EffectiveAccess | None:
        """Everything a principal might do if it were given every permission: what boundary and SCPs leave.

        None where nothing limits it; with a boundary in no input, as though it had none.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
        """
        boundary = self.boundary(principal)
        scps = self.control_levels(account_of(principal.arn) or "", PolicyKind.SCP)
        everything = self.inventory.managed_policy(_EVERYTHING)
        if everything is None or (boundary is None and not scps):
            return None
        if principal.arn not in self._potential:
            self._potential[principal.arn] = effective(
                (everything,),
                boundary=boundary,
                scps=scps,
                principal=requester_of(principal.arn),
                context=RequestContext(_ALWAYS, complete=False),
            )
        return self._potential[principal.arn]

    def of_stranger(self, arn: str) -> tuple[Grant, ...]:
        """What the policies that the input gives to a principal in no input allow it."""
        policies = self.inventory.policies_of_stranger(arn)
        context = RequestContext(_ALWAYS, complete=False)
        return effective(policies, principal=requester_of(arn), context=context).grants

    def access(self, principal_arn: str, arn: str) -> tuple[ActionSet, ActionSet]:
        """The actions a principal may take on a resource for sure, and those that depend on something."""
        principal = self.principal(principal_arn)
        if principal is None:
            return ActionSet.empty, ActionSet.empty
        found = self.effective(principal).on(arn)
        return found.allowed, found.conditional

    def surely_at(self, principal_arn: str, arn: str) -> ActionSet:
        """The actions a principal may surely take on a resource, not just on something under it.

        Of an action that is never about the resource itself, such as `s3:GetObject` on a bucket, what lies under it
        counts.
        """
        principal = self.principal(principal_arn)
        if principal is None:
            return ActionSet.empty
        access = self.effective(principal)
        own = applicable_actions(encode(arn)) or ActionSet.empty
        return access.at(arn).allowed | (access.on(arn).allowed - own)

    def on(self, principal_arn: str, arn: str) -> ActionSet:
        """The actions a principal may take on a resource, surely or not."""
        allowed, conditional = self.access(principal_arn, arn)
        return allowed | conditional

    @cached_property
    def _paths(self) -> Mapping[str, tuple[str, ...]]:
        return {path.account: path.path for path in self.inventory.of(OrganizationPath)}

    def control_levels(self, account: str, kind: PolicyKind) -> tuple[tuple[Policy, ...], ...]:
        """The service or resource control policies over an account, from the organization's root down to it.

        Where an organization uses a kind of them, each level has at least one; without any it does not use the kind.
        https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
        """
        found = self._levels.get((account, kind))
        if found is None:
            controls = [fact for fact in self.inventory.of(ControlPolicy) if fact.policy.kind is kind]
            targets = self._paths.get(account, ()) if controls else ()
            found = tuple(tuple(fact.policy for fact in controls if target in fact.targets) for target in targets)
            self._levels[account, kind] = found
        return found

    # Single requests

    @cached_property
    def policies_by_resource(self) -> Mapping[str, tuple[ResourcePolicy, ...]]:
        """Resource policies by the ARN they are on, whichever way the ARN writes its partition."""
        found: dict[str, list[ResourcePolicy]] = {}
        for fact in self.inventory.of(ResourcePolicy):
            found.setdefault(any_partition(fact.resource_arn), []).append(fact)
        return {arn: tuple(facts) for arn, facts in found.items()}

    def resource_policies(self, arn: str) -> tuple[Policy, ...]:
        """The resource-based policy of exactly what an ARN names, one policy per fact."""
        facts = self.policies_by_resource.get(any_partition(arn), ())
        if ":logs:" in arn:
            facts = (*facts, *(fact for fact in self._of_logs if fact not in facts))
        return tuple(fact.policy for fact in facts)

    def denials(self, arn: str) -> tuple[tuple[Statement, ActionSet], ...]:
        """The Deny statements of a resource's policy that hold for all of it without condition, with their actions."""
        if arn not in self._denials:
            self._denials[arn] = tuple(
                (statement, _actions_of(statement))
                for policy in self.resource_policies(arn)
                for statement in policy.statements
                if statement.effect == "Deny" and not statement.conditions and statement.only_if is None
                if _covers(statement, arn)
            )
        return self._denials[arn]

    @cached_property
    def _of_logs(self) -> tuple[ResourcePolicy, ...]:
        """Policies of CloudWatch Logs: those of the account are about every log group they name."""
        return tuple(fact for fact in self.inventory.of(ResourcePolicy) if ":logs:" in fact.resource_arn)

    def ask(
        self,
        requester: Requester,
        action: str,
        arn: str,
        context: Context,
        *,
        identity: tuple[Policy, ...] = (),
        resource: tuple[Policy, ...] = (),
        boundary: Policy | None = None,
        resource_account: str | None = None,
    ) -> Outcome:
        """One request whose other condition keys are not known."""
        layers = PolicyLayers(
            identity=identity,
            resource=resource,
            boundary=boundary,
            scps=self.control_levels(requester.account, PolicyKind.SCP) if requester.is_iam else (),
            rcps=self.control_levels(account_of(arn) or "", PolicyKind.RCP),
        )
        asked = _partial(context) if context else self._asked
        verdict = decide(requester, action, arn, resource_account, asked, layers)
        if verdict.allowed is False:
            return NO
        sure = verdict.allowed is True and any(match.certain for match in verdict.matched)
        provenance = tuple(
            said
            for match in verdict.matched
            if match.statement.allow and (match.certain or not sure)
            if (said := _provenance(match.statement.statement, (*identity, *resource)))
        )
        if verdict.allowed:
            return Outcome(True, provenance)
        keys = ", ".join(verdict.conditional_on)
        return Outcome(None, provenance, _depends_on(verdict.conditional_on), f"it depends on {keys}")

    def role_may(self, role_arn: str, need: Need, only_if: str | None = None) -> Outcome:
        """Whether a role is allowed every action of a need, where the template conditions of `only_if` hold."""
        key = (role_arn, need, only_if)
        if key not in self._needs:
            role = self.inventory.roles.get(role_arn)
            if role is None:
                self._needs[key] = Outcome(None, reason=f"the role `{role_arn}` is in no input")
            else:
                answer = all_of(self._may(role, action, need.resource_arn, only_if) for action in need.actions)
                unseen = self.unseen_boundary(role) if answer.authorized else None
                self._needs[key] = answer._replace(authorized=None, reason=unseen) if unseen else answer
        return self._needs[key]

    def _may(self, role: IamPrincipal, action: str, resource_arn: str, only_if: str | None) -> Outcome:
        identity = self.identity(role)
        requester = requester_of(role.arn)
        if requester is None:
            return Outcome(None, reason=f"which role `{role.arn}` is, is not known")
        if resource_arn == "*" and is_restrictable(action.lower()):
            return self._somewhere(role, action)
        best = NO
        for assumed, (arn,) in bindings((resource_arn,), identity):
            best = best.or_else(self._on_arn(role, requester, action, arn, only_if).assuming(assumed))
            if best.authorized:
                return best
        if best.authorized is None:
            return best
        lacks = f"`{role.logical_id or role.name}` lacks `{action}` on `{resource_arn}`"
        if not self.is_complete(role):
            return Outcome(None, reason=f"{lacks}, unless a policy that is in no input allows it")
        if action in self._on_a_part(role, resource_arn):
            return Outcome(None, reason=f"{lacks}, but has it on a part of that")
        if is_optional(action):
            return Outcome(None, reason=f"{lacks}, which is not needed everywhere")
        if not is_restrictable(action.lower()) and self._names_action(role, action):
            answer = self._as_named(role, requester, action, resource_arn) if action in _CHECKED_AS_NAMED else NO
            if answer.authorized is not False:
                return answer
            # AWS documents that such an action takes `*` alone; its own samples do not always follow that.
            return Outcome(None, reason=f"{lacks}: it is granted on an ARN, and it needs `*`")
        return Outcome(False, reason=lacks)

    def _on_arn(
        self, role: IamPrincipal, requester: Requester, action: str, arn: str, only_if: str | None = None
    ) -> Outcome:
        if action == "sts:AssumeRole":
            return self._becomes(role, requester, arn)
        boundary, resource, owner = self.boundary(role), self.resource_policies(arn), account_of(arn)
        is_foreign = owner not in (None, requester.account) and not resource

        def ask(identity: tuple[Policy, ...]) -> Outcome:
            return self.ask(
                requester,
                action,
                arn,
                {},
                identity=identity,
                resource=resource,
                boundary=boundary,
                resource_account=requester.account if is_foreign else None,
            )

        answer = ask(self.identity(role))
        if answer.authorized is None and "template" in answer.conditions:
            sides = {
                " and ".join(assumed.get("condition", ())): ask(standing)
                for assumed, standing in by_template_condition(self.identity(role), (role.only_if, only_if))
            }
            answer = sides[""] if sides[""].authorized else on_both_sides(sides) or answer
        answer = answer._replace(provenance=tuple(self.located(role.arn, one) for one in answer.provenance))
        if answer.authorized is not True or not is_foreign:
            return answer
        # The other account has a word in it, and its policy is in no input.
        return Outcome(None, answer.provenance, reason=f"the policy in account `{owner}` is in no input")

    def _becomes(self, role: IamPrincipal, requester: Requester, arn: str) -> Outcome:
        """Whether a role may assume another one, wherever that is: the other one's trust policy decides, too.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
        """
        action, other = "sts:AssumeRole", self.inventory.roles.get(arn)
        identity, boundary = self.identity(role), self.boundary(role)
        if other is not None:
            answer = self.ask(requester, action, arn, {}, identity=identity, resource=(other.trust,), boundary=boundary)
            if answer.authorized is not False:
                return answer._replace(provenance=tuple(self.located(role.arn, one) for one in answer.provenance))
        if action not in self.on(role.arn, arn):
            return NO
        name = f"`{other.logical_id or other.name}`" if other is not None else f"`{arn}`"
        return Outcome(None, reason=f"it is the trust policy of {name} that decides")

    def _somewhere(self, role: IamPrincipal, action: str) -> Outcome:
        """An action that is needed on resources the wiring does not name: any grant may be the right one."""
        best = NO
        for grant in self.effective(role).grants:
            if action in grant.actions:
                everywhere = "*" in grant.resources and not grant.conditional
                said = self.located(role.arn, grant_said_by(grant, role.logical_id))
                best = best.or_else(Outcome(True if everywhere else None, (said,)))
        if best.authorized is not False:
            return best
        lacks = f"`{role.logical_id or role.name}` lacks `{action}`"
        unsure = is_optional(action) or not self.is_complete(role)
        return Outcome(None if unsure else False, reason=lacks)

    def _as_named(self, role: IamPrincipal, requester: Requester, action: str, arn: str) -> Outcome:
        """The answer where a statement for an ARN counts, although the action knows no ARN."""
        text = encode(arn)

        def widened(statement: Statement) -> Statement:
            named = any(compare(encode(pattern), text) for pattern in statement.resources or ())
            return replace(statement, resources=("*",)) if named else statement

        identity = tuple(
            replace(policy, statements=tuple(widened(each) for each in policy.statements))
            for policy in self.identity(role)
        )
        answer = self.ask(requester, action, arn, {}, identity=identity, boundary=self.boundary(role))
        return answer._replace(provenance=tuple(self.located(role.arn, one) for one in answer.provenance))

    def _names_action(self, role: IamPrincipal, action: str) -> bool:
        catalog = load()
        return any(
            statement.effect == "Allow" and action in catalog.action_set(statement.actions or ())
            for policy in self.identity(role)
            for statement in policy.statements
        )

    def _on_a_part(self, role: IamPrincipal, resource_arn: str) -> ActionSet:
        """What a role may do on some of what a pattern names, or on a version of a document."""
        if "*" in resource_arn:
            return self.on(role.arn, resource_arn)
        if ":ssm:" in resource_arn:
            return self.on(role.arn, f"{resource_arn}:*")
        return ActionSet.empty

    # What policies with principals grant

    def after(
        self, allow: tuple[Policy, Statement], denies: tuple[tuple[Policy, Statement], ...], principal_arn: str
    ) -> tuple[Grant, ...]:
        """What Deny statements of a resource's policy leave of an Allow statement of an identity policy."""
        return tuple(_grants((allow, *denies), requester_of(principal_arn)))

    def granted_by(self, policies: tuple[Policy, ...]) -> Iterator[tuple[Principal, tuple[Grant, ...]]]:
        """Each principal that resource or trust policies let in, with what their Deny statements leave to it."""
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


def _partial(context: Context) -> RequestContext:
    """The context of a request of which only some keys are known."""
    return RequestContext({**_ALWAYS, **context}, complete=False, absent=_OF_URLS)


def is_optional(action: str) -> bool:
    """Whether a wiring may work without an action: lists, and what Lambda needs only for sources in a VPC."""
    catalog = load()
    return action.startswith("ec2:") or (catalog.is_known(action) and catalog.access_level(action) == "List")


def any_partition(arn: str) -> str:
    """An ARN without its partition, which may be a token or its literal value."""
    if arn.startswith("arn:${AWS::Partition}:"):
        return arn.replace("${AWS::Partition}", "", 1)
    parts = arn.split(":", 2)
    return f"arn::{parts[2]}" if len(parts) > 2 and parts[0] == "arn" else arn  # noqa: PLR2004


def requester_of(arn: str) -> Requester | None:
    """The principal of an ARN; None for groups, and for an ARN of which too much is unknown."""
    try:
        return parse_requester(arn)
    except PolicyError:
        return None


def _actions_of(statement: Statement) -> ActionSet:
    if statement.actions is not None:
        return load().action_set(statement.actions)
    return load().complement(load().action_set(statement.not_actions or ()))


def _covers(statement: Statement, arn: str) -> bool:
    """Whether a statement of a resource's policy is about all of the resource itself."""
    if statement.resources is not None:
        return any(relation(encode(each), encode(arn)) for each in statement.resources)
    return statement.not_resources is None


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


def _grants(statements: Iterable[tuple[Policy, Statement]], principal: Requester | None = None) -> Iterator[Grant]:
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
    for grant in effective(
        tuple(policies), principal=principal, context=RequestContext(_ALWAYS, complete=False)
    ).grants:
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
