"""Wired sources as edges: `triggers`, `delivers_to`, and the roles that functions and services act with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from permscope.graph.acting import CALLER, Acting, decision_of, said_in
from permscope.graph.collector import distinct, frozen
from permscope.graph.decisions import Decisions
from permscope.graph.doors import api_of, reaches
from permscope.graph.letting_in import LettingIn
from permscope.graph.model import Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.graph.nodes import Nodes
from permscope.graph.outcome import YES, Outcome, all_of, as_far_as_known
from permscope.graph.routes import policies_of_api
from permscope.inventory.arn import function_arn_and_qualifier, split_arn
from permscope.inventory.facts import Auth, Delivery, Fact, Function, Mechanism, Need, RoleUse, Route, Trigger, Unknown
from permscope.inventory.located import both
from permscope.inventory.tokens import has_unknown, unknowns_in

# What AWS's pages ask for to read a stream, though mappings of roles without it have always been made and run:
# https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
MERELY_LISTS = frozenset(
    {"kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:ListStreams", "dynamodb:ListStreams"}
)
_LAMBDA = "lambda.amazonaws.com"
_EDGE_LAMBDA = "edgelambda.amazonaws.com"
# Services whose own call, which CloudFormation makes, writes the statement into the function's policy:
# https://docs.aws.amazon.com/connect/latest/adminguide/connect-lambda-functions.html
_WRITE_THEIR_OWN = frozenset({"connect.amazonaws.com"})
# They take a function without qualifier for its `$LATEST`, and AWS's own policies for them name a version:
# https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
_QUALIFYING = frozenset({"firehose.amazonaws.com", "kinesisanalytics.amazonaws.com"})
# What a service that delivers without a role asks of the target's own policy.
_DELIVERY_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "sqs": ("sqs:SendMessage",),
    "sns": ("sns:Publish",),
    "events": ("events:PutEvents",),
    "logs": ("logs:CreateLogStream", "logs:PutLogEvents"),
    "lambda": ("lambda:InvokeFunction",),
    "s3": ("s3:PutObject",),
}


class Wiring:
    """Turns `Trigger`, `Delivery` and `RoleUse` facts into edges whose `authorized` the policies decide."""

    def __init__(self, nodes: Nodes, decisions: Decisions) -> None:
        self.nodes = nodes
        self.inventory = nodes.inventory
        self.graph: PermissionGraph = nodes.graph
        self.decisions = decisions
        self.letting_in = LettingIn(decisions)
        self._routes = {route.id: route for route in nodes.inventory.of(Route)}
        self._doors: dict[str, list[Route]] | None = None
        self._seen: dict[tuple[object, ...], Edge] = {}
        self.acting = Acting(nodes, decisions)

    def add(self) -> None:
        """Every wiring of the input."""
        for function in self.inventory.functions.values():
            self._function_role(function)
        for trigger in self.inventory.of(Trigger):
            self._trigger(trigger)
        for delivery in self.inventory.of(Delivery):
            self._delivery(delivery)
        for use in self.inventory.of(RoleUse):
            self._role_use(use)

    # Roles

    def _function_role(self, function: Function) -> None:
        if function.role_arn is None:
            self._unknown_role(function, "the template does not say which role it runs with")
            return
        for role_arn, only_if in ((function.role_arn, function.role_only_if), *function.other_roles.items()):
            role = self.nodes.named(role_arn)
            trusted = self.letting_in.trusts(role.id, _LAMBDA, function.arn)
            if role.kind is NodeKind.EXTERNAL and has_unknown(role_arn):
                self._unknown_role(function, f"its role is `{unknowns_in(role_arn)[0]}`, which nobody gave")
            fact = replace(function, only_if=both(function.only_if, only_if))
            self._executes_as(function.arn, role, trusted, fact)

    def _unknown_role(self, function: Function, why: str) -> None:
        self.graph.unknowns.append(
            Unknown(
                what=f"execution role of `{function.logical_id or function.name}`",
                why=why,
                kind="role",
                source=function.source,
                logical_id=function.logical_id,
            )
        )

    def _role_use(self, use: RoleUse) -> None:
        if use.role_arn == CALLER:
            return
        user = self.nodes.named(use.user_id)
        role = self.nodes.named(use.role_arn)
        trusted = self.letting_in.trusts(role.id, use.service, use.source_arn or user.arn)
        attributes: dict[str, Any] = {
            "service": use.service,
            "exact": use.exact,
            "bounded": self.acting.calls(user, role, use, trusted),
        }
        missing = self.acting.missing(role, use.required)
        if missing:
            attributes["missing"] = missing
        self._executes_as(user.id, role, trusted, use, attributes)

    def _executes_as(
        self, user_id: str, role: Node, outcome: Outcome, fact: Fact, attributes: Mapping[str, Any] | None = None
    ) -> None:
        for edge in self.graph.outgoing(user_id, EdgeKind.EXECUTES_AS):
            if edge.target == role.id:
                edge.provenance = distinct((*edge.provenance, said_in(fact), *outcome.provenance))
                edge.attributes = _together(edge.attributes, attributes or {})
                return
        self._add(EdgeKind.EXECUTES_AS, user_id, role.id, outcome, fact, attributes=attributes or {})

    # Triggers

    def _trigger(self, trigger: Trigger) -> None:
        arn, assumes = self.nodes.function_arn(trigger.function_arn)
        if arn != trigger.function_arn:
            trigger = replace(trigger, function_arn=arn)
        base, qualifier = function_arn_and_qualifier(arn)
        target = self.nodes.named(base)
        source = self._trigger_source(trigger)
        outcome = self._authorize(trigger) if target.kind is NodeKind.FUNCTION else self._of_stranger(trigger)
        self._add(
            EdgeKind.TRIGGERS,
            source.id,
            target.id,
            outcome.assuming({key: [value] for key, value in assumes.items()}),
            trigger,
            mechanism=trigger.mechanism.value,
            event=trigger.event,
            qualifier=qualifier,
            via=trigger.role_arn if trigger.role_arn != CALLER else None,
            attributes={} if trigger.enabled else {"enabled": False},
        )
        if trigger.mechanism is Mechanism.SERVICE_ROLE:
            self._acts_with(source, trigger.role_arn, trigger.service, trigger)

    def _trigger_source(self, trigger: Trigger) -> Node:
        if trigger.source_id:
            return self.nodes.named(trigger.source_id)
        return self.nodes.service(trigger.service)

    def _of_stranger(self, trigger: Trigger) -> Outcome:
        """A function that is in no input: its own policy cannot be read, but a role can."""
        if trigger.mechanism is Mechanism.SERVICE_ROLE:
            return as_far_as_known(self._by_service_role(trigger), exact=trigger.exact)
        return Outcome(None, reason="the function is in no input")

    def _authorize(self, trigger: Trigger) -> Outcome:
        return as_far_as_known(self._allowed(trigger), exact=trigger.exact)

    def _allowed(self, trigger: Trigger) -> Outcome:
        route = self._routes.get(trigger.source_id or "")
        if route is not None and route.id.startswith("url:") and route.auth in (Auth.NONE, Auth.UNKNOWN):
            outcome = self.letting_in.public_url(trigger)
            if route.auth is Auth.NONE or outcome.authorized:
                return outcome
            return Outcome(None, reason="whether it asks for a signature is not known")
        match trigger.mechanism:
            case Mechanism.RESOURCE_POLICY if trigger.role_arn:
                return self.letting_in.role_invokes(trigger, trigger.role_arn)
            case Mechanism.RESOURCE_POLICY:
                outcome = self.letting_in.invokes(trigger)
                if outcome.authorized is False and trigger.service in _WRITE_THEIR_OWN:
                    return Outcome(None, reason=f"`{trigger.service}` adds the permission when the function is wired")
                return outcome
            case Mechanism.POLL:
                roles = self._roles_of(trigger.function_arn, trigger.role_arn)
                return _whichever([self._by_role(trigger, role) for role in roles])
            case Mechanism.SERVICE_ROLE:
                return self._by_service_role(trigger)
            case Mechanism.CALLER:
                return YES
            case Mechanism.REPLICATION:
                function = self.inventory.function(trigger.function_arn)
                role = function.role_arn if function else None
                return self.letting_in.trusts(self.nodes.named(role).id, _EDGE_LAMBDA, None) if role else Outcome(None)

    def _by_service_role(self, trigger: Trigger) -> Outcome:
        if trigger.role_arn == CALLER:
            return YES
        if trigger.role_arn is None:
            return Outcome(None, reason="the role that invokes is not known")
        invokes = trigger.required or (
            Need(actions=("lambda:InvokeFunction",), resource_arn=trigger.function_arn, why="to invoke the function"),
        )
        role_arn = self.nodes.named(trigger.role_arn).id
        trusted = self.letting_in.trusts(role_arn, trigger.service, trigger.source_arn)
        outcome = all_of((trusted, *(self.decisions.role_may(role_arn, need, trigger.only_if) for need in invokes)))
        if outcome.authorized is False and trigger.service in _QUALIFYING and trusted.authorized is not False:
            latest = f"{trigger.function_arn}:$LATEST"
            needs = tuple(replace(need, resource_arn=latest) for need in invokes)
            if (
                function_arn_and_qualifier(trigger.function_arn)[1] is None
                and all_of(self.decisions.role_may(role_arn, need) for need in needs).authorized
            ):
                return outcome._replace(authorized=None, reason=f"{outcome.reason}, but has it on `$LATEST`")
        return outcome

    def _acts_with(self, source: Node, role_arn: str | None, service: str, fact: Fact) -> None:
        """The role that the wired thing acts with."""
        if role_arn is None or role_arn == CALLER:
            return
        role = self.nodes.named(role_arn)
        trusted = self.letting_in.trusts(role.id, service, getattr(fact, "source_arn", None) or source.arn)
        self._executes_as(source.id, role, trusted, fact, {"service": service, "exact": True, "bounded": True})

    def _by_role(self, trigger: Trigger, role_arn: str | None) -> Outcome:
        if role_arn is None:
            return Outcome(None, reason="the execution role is not known")
        if not trigger.required and has_unknown(trigger.source_id or ""):
            return Outcome(None, reason="the source is not known, and so what it takes to read it")
        role_arn = self.nodes.named(role_arn).id
        return all_of(self._reads(role_arn, need, trigger.only_if) for need in trigger.required)

    def _reads(self, role_arn: str, need: Need, only_if: str | None) -> Outcome:
        """Whether a role may read a source; what only lists streams is asked for, and mappings run without it."""
        outcome = self.decisions.role_may(role_arn, need, only_if)
        needed = tuple(action for action in need.actions if action not in MERELY_LISTS)
        if outcome.authorized is not False or len(needed) == len(need.actions):
            return outcome
        if needed and self.decisions.role_may(role_arn, replace(need, actions=needed)).authorized is False:
            return outcome
        return Outcome(None, outcome.provenance, reason="AWS asks for actions that the role lacks, to list streams")

    # Deliveries

    def _delivery(self, delivery: Delivery) -> None:
        sender = self.nodes.named(delivery.sender_id)
        outcome = as_far_as_known(self._may_deliver(delivery), exact=delivery.exact)
        routes = self._routes_called(delivery.target_arn)
        arn = function_arn_and_qualifier(delivery.target_arn)[0]
        for target in [self.graph.nodes[route.id] for route in routes] or [self.nodes.named(arn)]:
            route = self._routes.get(target.id)
            self._add(
                EdgeKind.DELIVERS_TO,
                sender.id,
                target.id,
                self._call(route, delivery, outcome) if route else outcome,
                delivery,
                event=delivery.event,
                via=delivery.role_arn if delivery.role_arn != CALLER else None,
                attributes={} if delivery.enabled else {"enabled": False},
            )

    def _call(self, route: Route, delivery: Delivery, signed: Outcome) -> Outcome:
        """Whether a route takes a call: one that asks for nothing takes any, and only IAM looks at who signed.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-to-api.html
        """
        if route.auth is Auth.IAM and not route.api_key:
            return signed if delivery.required else Outcome(False, reason="it asks for IAM, and nobody signs the call")
        if route.auth is not Auth.NONE or route.api_key:
            return Outcome(None, reason="it asks who calls, and what the call sends along is not known")
        if signed.authorized and delivery.required:
            return signed
        policies = policies_of_api(route, self.inventory)
        let_in = self.letting_in.calls(policies, route.execute_arn or "") if policies else YES
        return YES if let_in.authorized else Outcome(None, reason="the policy of the API may keep it out")

    def _routes_called(self, target_arn: str) -> list[Route]:
        """The routes a call of an `execute-api` ARN gets to: of just the path it names, else those that fit it."""
        if ":execute-api:" not in target_arn:
            return []
        if self._doors is None:
            self._doors = defaultdict(list)
            for route in self._routes.values():
                self._doors[api_of(route.execute_arn or "")].append(route)
        fitting = [
            route
            for route in self._doors.get(api_of(target_arn), ())
            if route.execute_arn and reaches(target_arn, route.execute_arn)
        ]
        path = _called_path(target_arn)
        return [route for route in fitting if _called_path(str(route.execute_arn)) == path] or fitting

    def _may_deliver(self, delivery: Delivery) -> Outcome:
        if delivery.service and not delivery.role_arn:
            parts = split_arn(delivery.target_arn)
            named = tuple(action for need in delivery.required for action in need.actions)
            actions = named or _DELIVERY_ACTIONS.get(parts.service if parts else "", ())
            return self.letting_in.delivers(delivery, actions)
        roles = self._roles_of(delivery.sender_id, delivery.role_arn)
        return _whichever([self._role_may_deliver(delivery, role) for role in roles])

    def _role_may_deliver(self, delivery: Delivery, role_arn: str | None) -> Outcome:
        if role_arn == CALLER or (not delivery.required and role_arn is None):
            return YES
        if role_arn is None:
            return Outcome(None, reason="the role that delivers is not known")
        role_arn = self.nodes.named(role_arn).id
        return all_of(tuple(self.decisions.role_may(role_arn, need, delivery.only_if) for need in delivery.required))

    def _roles_of(self, function_arn: str, role_arn: str | None) -> tuple[str | None, ...]:
        """The role a wiring names, or that of the function; each, where an undecided condition says which."""
        function = self.inventory.function(function_arn)
        if function is None or role_arn not in (None, function.role_arn):
            return (role_arn,)
        return (function.role_arn, *function.other_roles)

    def _add(self, kind: EdgeKind, source: str, target: str, outcome: Outcome, fact: Fact, **more: Any) -> None:
        conditions = dict(outcome.conditions)
        if fact.only_if:
            conditions["template"] = {**conditions.get("template", {}), "condition": [fact.only_if]}
        provenance = distinct((said_in(fact), *outcome.provenance))
        # An API has the same wiring once for each of its stages.
        key = (kind, source, target, outcome.authorized, outcome.reason, frozen(conditions), frozen(more))
        known = self._seen.get(key)
        if known is not None:
            known.provenance = distinct((*known.provenance, *provenance))
            return
        self._seen[key] = self.graph.add_edge(
            Edge(
                source=source,
                target=target,
                kind=kind,
                authorized=outcome.authorized,
                conditions=conditions,
                decision=decision_of(outcome.authorized, conditions),
                reason=outcome.reason,
                provenance=provenance,
                **more,
            )
        )


def _called_path(execute_arn: str) -> str:
    """`orders` of `arn:...:API/STAGE/METHOD/orders`."""
    return execute_arn.split("/", 3)[-1]


def _whichever(outcomes: list[Outcome]) -> Outcome:
    """The answer whichever of several roles it is; unknown where they differ."""
    answers = {outcome.authorized for outcome in outcomes}
    if len(answers) == 1:
        return all_of(outcomes)
    reasons = [outcome.reason for outcome in outcomes if outcome.reason]
    provenance = distinct(said for outcome in outcomes for said in outcome.provenance)
    return Outcome(None, provenance, reason="; ".join(["it depends on which role it has", *reasons]))


def _together(one: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is said of a role that one thing acts with for several reasons."""
    missing = tuple(dict.fromkeys((*one.get("missing", ()), *other.get("missing", ()))))
    both = {name: one[name] and other.get(name, True) for name in ("exact", "bounded") if name in one}
    return {**one, **both, **({"missing": missing} if missing else {})}
