"""Whether the policies on functions, roles, queues, ... let in the service that is wired to them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cached_property

from permscope.graph import route_calls
from permscope.graph.decisions import Context, Decisions, requester_of
from permscope.graph.named_sources import NamedSources
from permscope.graph.outcome import NO, YES, Outcome, all_of, bindings
from permscope.graph.template_conditions import by_template_condition, on_both_sides
from permscope.inventory.arn import account_of, function_arn_and_qualifier, split_arn
from permscope.inventory.facts import Delivery, ResourcePolicy, Role, Trigger
from permscope.inventory.policies import Policy
from permscope.inventory.tokens import REGION, has_unknown
from permscope.policy.matching import compare, encode
from permscope.policy.requester import ANONYMOUS, Requester, service

# Firehose gives the account as external id:
# https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
_EXTERNAL_ID_IS_ACCOUNT = frozenset({"firehose.amazonaws.com"})
# What these publish the policy lets in that SNS gives a topic without one: it asks for the owner of the source.
# https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html#source-account-versus-source-owner
_SEND_THE_OWNER = frozenset({"cloudwatch.amazonaws.com", "codecommit.amazonaws.com", "ses.amazonaws.com"})
# It publishes with its service-linked role, which may do so everywhere in its account:
# https://docs.aws.amazon.com/autoscaling/ec2/userguide/autoscaling-service-linked-role.html
_SCALING = "autoscaling.amazonaws.com"
# Keys that only other kinds of invocation carry:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
_URL_ACTION = "lambda:InvokeFunctionUrl"
_URL_CONTEXT: Context = {"lambda:InvokedViaFunctionUrl": ("true",), "lambda:FunctionUrlAuthType": ("NONE",)}
_UNREAD = Outcome(None, reason="its policy could not be read")


class LettingIn:
    """Asks resource policies and trust policies about services and strangers.

    Args:
        decisions: the policy decisions.
    """

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions
        self._inventory = decisions.inventory
        self._trust: dict[tuple[str, str, str | None], Outcome] = {}
        self._sources: dict[str, NamedSources] = {}

    def trusts(self, role_arn: str, service_name: str, source_arn: str | None) -> Outcome:
        """Whether a role's trust policy lets a service in that acts for the thing of `source_arn`."""
        key = (role_arn, service_name, source_arn)
        if key not in self._trust:
            outcome = self._trusts(role_arn, service_name, source_arn)
            if role_arn in self._inventory.shared_roles:
                outcome = Outcome(None, reason="several templates define a role of this name, each in its own way")
            self._trust[key] = outcome
        return self._trust[key]

    def _trusts(self, role_arn: str, service_name: str, source_arn: str | None) -> Outcome:
        role = self._inventory.roles.get(role_arn)
        if role is None:
            return Outcome(None, reason=f"the role `{role_arn}` is in no input")
        context = source_context(source_arn, None)
        if service_name.startswith("arn:"):
            return self._role_trusts_role(role, service_name)
        if service_name in _EXTERNAL_ID_IS_ACCOUNT:
            context["sts:ExternalId"] = (account_of(role_arn) or "",)
        outcome = self._as_service((role.trust,), service_name, ("sts:AssumeRole",), role_arn, context, (role.only_if,))
        if outcome.authorized is False:
            return Outcome(False, reason=f"`{role.logical_id or role.name}` does not trust `{service_name}`")
        return outcome

    def _role_trusts_role(self, role: Role, caller_arn: str) -> Outcome:
        """Whether a service that has assumed one role can go on to another (task credentials, pipeline actions).

        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
        """
        requester = requester_of(caller_arn)
        caller = self._decisions.principal(caller_arn)
        if requester is None:
            return Outcome(None, reason=f"which role `{caller_arn}` is, is not known")
        identity = self._decisions.identity(caller) if caller is not None else ()
        boundary = self._decisions.boundary(caller) if caller is not None else None
        outcome = self._decisions.ask(
            requester, "sts:AssumeRole", role.arn, {}, identity=identity, resource=(role.trust,), boundary=boundary
        )
        if outcome.authorized is not False:
            return outcome
        name = caller.logical_id or caller.name if caller is not None else caller_arn
        if caller is None or not self._decisions.is_complete(caller):
            return Outcome(None, reason=f"the policies of `{name}` are in no input")
        return Outcome(False, reason=f"`{name}` cannot assume `{role.logical_id or role.name}`")

    def invokes(self, trigger: Trigger) -> Outcome:
        """Whether the policy of exactly the wired function, version or alias lets the service in."""
        base, qualifier = function_arn_and_qualifier(trigger.function_arn)
        arn = base if qualifier == "$LATEST" else str(trigger.function_arn)
        function = self._inventory.function(arn)
        named = tuple(action for need in trigger.required for action in need.actions if action.startswith("lambda:"))
        actions = named or ("lambda:InvokeFunction",)
        holds = (trigger.only_if, function.only_if if function else None)

        def ask(source_arn: str | None) -> Outcome:
            context = {**source_context(source_arn, trigger.source_account), **trigger.context}
            return self._by_policy(arn, trigger.service, actions, context, holds)

        outcome = ask(trigger.source_arn)
        if outcome.authorized is not None or trigger.source_arn is None or not route_calls.is_open(trigger.source_arn):
            return outcome
        return route_calls.each_call(trigger.source_arn, self._decisions.resource_policies(arn), ask)

    def role_invokes(self, trigger: Trigger, role_arn: str) -> Outcome:
        """Whether a function's policy lets in the service-linked role that a service calls it with."""
        requester = requester_of(role_arn)
        if requester is None:
            return Outcome(None, reason=f"which role `{role_arn}` is, is not known")
        policies = self._decisions.resource_policies(trigger.function_arn)
        outcome = self._may(
            policies, requester, ("lambda:InvokeFunction",), trigger.function_arn, {}, (trigger.only_if,)
        )
        if outcome.authorized is False:
            return Outcome(None, reason=f"no statement of the function's policy lets `{role_arn}` in")
        return outcome

    def delivers(self, delivery: Delivery, actions: tuple[str, ...]) -> Outcome:
        """Whether the target's own policy lets a service in that delivers without a role."""
        arn = function_arn_and_qualifier(delivery.target_arn)[0]
        known = arn in self._inventory.resources or arn in self._inventory.functions
        if not actions or (not known and not self._decisions.resource_policies(delivery.target_arn)):
            return Outcome(None, reason="the target's policy is in no input")
        context = source_context(delivery.source_arn, delivery.source_account)
        if ":sns:" in arn and account_of(arn) == delivery.source_account:
            if delivery.service == _SCALING:
                return YES
            if delivery.service in _SEND_THE_OWNER:
                if not self._decisions.resource_policies(delivery.target_arn):
                    return YES
                context["aws:SourceOwner"] = (delivery.source_account or "",)
        return self._by_policy(delivery.target_arn, delivery.service or "", actions, context, (delivery.only_if,))

    def public_url(self, trigger: Trigger) -> Outcome:
        """Whether anyone may use a function URL that asks for nothing: that takes two actions.

        https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
        """
        policies = self._decisions.resource_policies(trigger.function_arn)
        parts = []
        actions = (_URL_ACTION, "lambda:InvokeFunction")
        for action in actions:
            part = self._may(policies, ANONYMOUS, (action,), trigger.function_arn, _URL_CONTEXT, (trigger.only_if,))
            if part.authorized is False:
                part = Outcome(False, reason=f"the function's policy does not let everyone `{action}`")
            parts.append(part)
        outcome = all_of(parts)
        if outcome.authorized is False:
            others = self._perhaps_on(trigger.function_arn)
            context, holds = _URL_CONTEXT, (trigger.only_if,)
            if others:
                both = (*policies, *others)
                perhaps = self._may(both, ANONYMOUS, actions, trigger.function_arn, context, holds)
                if perhaps.authorized is not False:
                    return Outcome(None, reason="a policy on something that is not known may be meant for it")
            if str(trigger.function_arn) in self._inventory.unread_policies:
                return _UNREAD
        return outcome

    def calls(self, policies: tuple[Policy, ...], execute_arn: str) -> Outcome:
        """Whether an API's own policy lets callers without AWS credentials in."""
        return self._may(policies, ANONYMOUS, ("execute-api:Invoke",), execute_arn, {}, ())

    def _by_policy(
        self,
        arn: str,
        service_name: str,
        actions: tuple[str, ...],
        context: Context,
        holds: Collection[str | None],
    ) -> Outcome:
        every = self._decisions.resource_policies(arn)
        policies = self._meant_for(arn, every, context)
        outcome = self._as_service(policies, service_name, actions, arn, context, holds)
        if ":logs:" in arn and outcome.authorized is False:
            # Statements name a group's streams: `log-group:NAME:*`.
            stream = f"{arn.removesuffix(':*')}:log-stream:events"
            outcome = self._as_service(policies, service_name, actions, stream, context, holds)
        if outcome.authorized is not False:
            return outcome
        if arn in self._inventory.unread_policies:
            return _UNREAD
        others = self._perhaps_on(arn)
        if others and self._as_service(others, service_name, actions, arn, context, holds).authorized is not False:
            return Outcome(None, reason="a policy on something that is not known may be meant for it")
        lacking = [
            action
            for action in actions
            if self._as_service(policies, service_name, (action,), arn, context, holds).authorized is False
        ]
        if len(lacking) < len(actions):
            beside = "" if _URL_ACTION not in actions else ", which a function URL asks for too"
            reason = f"`{service_name}` is let in, but not for `{'`, `'.join(lacking)}`{beside}"
            return Outcome(False, reason=reason)
        allowing = tuple(map(_without_denies, policies))
        if allowing != policies:
            answer = self._as_service(allowing, service_name, actions, arn, context, holds)
            if answer.authorized is not False:
                return Outcome(False, reason=f"a `Deny` of the resource's policy keeps `{service_name}` out")
        return Outcome(False, reason=self._why_not(arn, service_name, every))

    def _meant_for(self, arn: str, policies: tuple[Policy, ...], context: Context) -> tuple[Policy, ...]:
        """The policies on a resource without what lets in other sources than the one that asks."""
        if arn not in self._sources:
            self._sources[arn] = NamedSources(policies)
        return self._sources[arn].meant_for(next(iter(context.get("aws:SourceArn", ())), None))

    def _as_service(
        self,
        policies: tuple[Policy, ...],
        service_name: str,
        actions: tuple[str, ...],
        arn: str,
        context: Context,
        holds: Collection[str | None],
    ) -> Outcome:
        """What a service may, under its own name or under the name it has in one Region."""
        best = self._may(policies, service(service_name), actions, arn, context, holds)
        if best.authorized is not True:
            for region, name in _regional_names(policies, service_name):
                answer = self._may(policies, service(name), actions, arn, context, holds)
                best = best.or_else(answer.assuming({} if region == REGION else {"AWS::Region": [region]}))
        return best

    def _may(
        self,
        policies: tuple[Policy, ...],
        requester: Requester,
        actions: tuple[str, ...],
        arn: str,
        context: Context,
        holds: Collection[str | None],
    ) -> Outcome:
        """Every action: first with the statements that surely stand, then with those that may."""
        parts = []
        keys = tuple(context)
        flat = tuple(value for key in keys for value in context[key][:1])
        for action in actions:
            best = NO
            sides: dict[str, Outcome] = {}
            for assumed, standing in by_template_condition(policies, holds):
                for bound, values in bindings(flat, standing):
                    known = {key: (value,) for key, value in zip(keys, values, strict=True)}
                    answer = self._decisions.ask(requester, action, arn, known, resource=standing)
                    best = best.or_else(answer.assuming({**assumed, **bound}))
                    if answer.authorized and not bound:
                        sides[" and ".join(assumed.get("condition", ()))] = answer
                    if best.authorized or (answer.authorized and not bound):
                        break
                if best.authorized:
                    break
            parts.append(best if best.authorized else on_both_sides(sides) or best)
        return all_of(parts)

    @cached_property
    def _of_unknown(self) -> tuple[ResourcePolicy, ...]:
        return tuple(fact for fact in self._inventory.of(ResourcePolicy) if has_unknown(fact.resource_arn))

    def _perhaps_on(self, arn: str) -> tuple[Policy, ...]:
        """Policies whose resource is not known and may be this one, read as if they were on it."""
        found = [
            fact
            for fact in self._of_unknown
            if fact.resource_arn != arn and compare(encode(fact.resource_arn), encode(arn)) is not False
        ]
        found.extend(fact for fact in self._without_region.get(_any_region(arn), ()) if _region_differs(fact, arn))
        return tuple(_read_as_on(fact.policy, arn) for fact in found)

    @cached_property
    def _without_region(self) -> Mapping[str, list[ResourcePolicy]]:
        """Policies by ARN without Region: a literal Region may be the one the template is deployed to."""
        found: dict[str, list[ResourcePolicy]] = {}
        for fact in self._inventory.of(ResourcePolicy):
            found.setdefault(_any_region(fact.resource_arn), []).append(fact)
        return found

    def _why_not(self, arn: str, service_name: str, policies: tuple[Policy, ...]) -> str:
        if _names(policies, service_name):
            return f"the policy lets `{service_name}` in, but for another source or action"
        base, qualifier = function_arn_and_qualifier(arn)
        function = self._inventory.function(base)
        for other in (base, *function.aliases, *function.versions) if function else ():
            if other != arn and _names(self._decisions.resource_policies(other), service_name):
                elsewhere = function_arn_and_qualifier(other)[1]
                where = f"`{elsewhere}`" if elsewhere else "the unqualified function"
                wired = f"`{qualifier}`" if qualifier else "the unqualified function"
                return f"`{service_name}` is let in on {where}, and the wiring is to {wired}"
        return f"no statement of a resource policy lets `{service_name}` in"


def _regional_names(policies: tuple[Policy, ...], service_name: str) -> list[tuple[str, str]]:
    """The names with a Region (`states.us-east-1.amazonaws.com`) under which policies mean a service."""
    prefix = service_name.removesuffix(".amazonaws.com")
    if prefix == service_name:
        return []
    expression = re.compile(
        rf"{re.escape(prefix)}\.((?:\$\{{[^}}]*\}}|[a-z0-9-])+)\.(?:amazonaws\.com(?:\.cn)?|\$\{{AWS::URLSuffix\}})"
    )
    found: dict[str, str] = {}
    for policy in policies:
        for statement in policy.statements:
            for principal in statement.principals or ():
                named = expression.fullmatch(principal.value) if principal.kind == "Service" else None
                if named:
                    found[str(principal.value)] = named[1]
    return [(region, name) for name, region in found.items()]


def _names(policies: tuple[Policy, ...], service_name: str) -> bool:
    return any(
        principal.value == service_name
        for policy in policies
        for statement in policy.statements
        for principal in statement.principals or ()
    )


def source_context(source_arn: str | None, source_account: str | None) -> dict[str, tuple[str, ...]]:
    """`aws:SourceArn` and `aws:SourceAccount` of a call that a service makes for a resource.

    A service that sends the one sends the other:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourceaccount
    """
    found: dict[str, tuple[str, ...]] = {}
    if source_arn:
        found["aws:SourceArn"] = (source_arn,)
    account = source_account or (account_of(source_arn) if source_arn else None)
    if account:
        found["aws:SourceAccount"] = (account,)
    return found


def _without_denies(policy: Policy) -> Policy:
    kept = tuple(each for each in policy.statements if each.effect != "Deny")
    return policy if len(kept) == len(policy.statements) else replace(policy, statements=kept)


def _any_region(arn: str) -> str:
    parts = split_arn(arn)
    return f"{parts.service}:{parts.account}:{parts.resource}" if parts else arn


def _region_differs(fact: ResourcePolicy, arn: str) -> bool:
    """Whether one of two ARNs leaves the Region open and the other one does not."""
    one, other = split_arn(fact.resource_arn), split_arn(arn)
    return one is not None and other is not None and one.region != other.region and REGION in (one.region, other.region)


def _read_as_on(policy: Policy, arn: str) -> Policy:
    return replace(policy, statements=tuple(replace(each, resources=(arn,)) for each in policy.statements))
