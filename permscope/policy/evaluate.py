"""One request against every policy that applies to it, decided as AWS decides.

The order and the exceptions follow
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html;
`docs/policy-evaluation.md` names the page of each rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from permscope.inventory.arn import split_arn
from permscope.inventory.policies import Policy
from permscope.policy.compiled import CompiledPolicy, compile_policies, compile_policy
from permscope.policy.context import RequestContext
from permscope.policy.layers import Asked, Layer, Match, ResourceLayer, ask, ask_resource
from permscope.policy.matching import encode
from permscope.policy.requester import Requester, RequesterKind, is_account, parse_requester
from permscope.policy.ternary import all_of, any_of, both, either
from permscope.policy.unrestrictable import matched_resource

AnyPolicy: TypeAlias = Policy | CompiledPolicy

# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#rcp-supported-services
RCP_SERVICES = frozenset(
    ["s3", "sts", "kms", "sqs", "secretsmanager", "ecr", "aoss", "cognito-idp", "cognito-identity", "logs", "dynamodb"]
)
_TRUSTED = Layer(allow=True, deny=False)
_NO_POLICY = ResourceLayer(direct=False, role=False, account=False, deny=False)


class Decision(StrEnum):
    """What AWS answers."""

    ALLOW = "allowed"
    IMPLICIT_DENY = "implicitDeny"
    EXPLICIT_DENY = "explicitDeny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request.

    Attributes:
        principal: an ARN, account id, service principal, provider or `*`, or a parsed `Requester`.
        action: in any case.
        resource: ARN, or `*` for an action without resource.
        resource_account: owner of the resource where its ARN does not tell (S3).
        context: its condition keys; what follows from principal and resource is filled in.
    """

    principal: str | Requester
    action: str
    resource: str
    resource_account: str | None = None
    context: RequestContext = field(default_factory=RequestContext)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLayers:
    """The policies that apply to a request.

    Attributes:
        identity: attached to the principal and its groups.
        resource: the resource's policy, whole or one policy per statement; a role's trust policy; a key's policy.
        boundary: the principal's permissions boundary.
        session: policies passed when the session was made; empty for none.
        scps: one group per level, from the root to the principal's account; empty for no organization.
        rcps: the same for the resource's account.
    """

    identity: tuple[AnyPolicy, ...] = ()
    resource: tuple[AnyPolicy, ...] = ()
    boundary: AnyPolicy | None = None
    session: tuple[AnyPolicy, ...] = ()
    scps: tuple[tuple[AnyPolicy, ...], ...] = ()
    rcps: tuple[tuple[AnyPolicy, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer.

    Attributes:
        decision: with `conditional_on`, what it is when those conditions hold.
        conditional_on: condition keys (or `resource`, `principal`, `template condition X`) that decide whether an
            ALLOW holds; empty when the answer is certain.
        matched: the statements that cause it: of a deny the Deny statements, of an allow the Allow statements.
    """

    decision: Decision
    conditional_on: tuple[str, ...] = ()
    matched: tuple[Match, ...] = ()

    @property
    def allowed(self) -> bool | None:
        """True or False where that is certain, None where it depends on `conditional_on`."""
        if self.decision is not Decision.ALLOW:
            return False
        return None if self.conditional_on else True


@dataclass(slots=True)
class _Case:
    """A request with its layers asked."""

    requester: Requester
    asked: Asked
    action: str
    resource: str
    same_account: bool
    identity: Layer = _TRUSTED
    boundary: Layer = _TRUSTED
    session: Layer = _TRUSTED
    scps: tuple[Layer, ...] = ()
    rcps: tuple[ResourceLayer, ...] = ()
    resource_policy: ResourceLayer = _NO_POLICY


def evaluate(request: Request, policies: PolicyLayers) -> Verdict:
    """Decide one request.

    Raises:
        PolicyError: the principal is none.
    """
    principal = request.principal
    requester = parse_requester(principal) if isinstance(principal, str) else principal
    return decide(requester, request.action, request.resource, request.resource_account, request.context, policies)


def decide(
    requester: Requester,
    action: str,
    resource: str,
    resource_account: str | None,
    context: RequestContext,
    policies: PolicyLayers,
) -> Verdict:
    """`evaluate` for a request that is not packed."""
    lower = action.lower()
    account = resource_account or owner_of(resource)
    completed = context.with_requester(requester)
    implied = _implied_by_resource(lower, account, requester)
    if implied:
        completed = completed.with_values(implied)
    encoded = encode(resource)
    bounded = policies.boundary is not None and requester.is_iam
    asked = Asked(requester, lower, encoded, completed, bounded)
    case = _Case(requester, asked, lower, resource, same_account=account is None or account == requester.account)
    _ask_layers(case, policies)
    return _weigh(case)


def owner_of(resource: str) -> str | None:
    """The account in an ARN; None where it has none (`arn:aws:s3:::b`) or AWS owns it (`arn:aws:iam::aws:policy/x`)."""
    parts = split_arn(resource)
    return parts.account if parts and (is_account(parts.account) or "${" in parts.account) else None


def _implied_by_resource(action: str, account: str | None, requester: Requester) -> dict[str, tuple[str, ...]]:
    """Keys that follow from the resource; `s3:ResourceAccount` and `kms:CallerAccount` are the services' own names."""
    found: dict[str, tuple[str, ...]] = {}
    if account:
        found["aws:resourceaccount"] = (account,)
        if action.startswith("s3:"):
            found["s3:resourceaccount"] = (account,)
    if requester.account and action.startswith("kms:"):
        found["kms:calleraccount"] = (requester.account,)
    return found


def _ask_layers(case: _Case, policies: PolicyLayers) -> None:
    requester, asked = case.requester, case.asked
    unscoped = asked._replace(resource=matched_resource(asked.action, asked.resource))
    if requester.is_iam:
        if requester.kind is RequesterKind.ROOT:
            case.identity = _TRUSTED
        else:
            case.identity = ask("identity", compile_policies(policies.identity), unscoped)
            if policies.boundary is not None:
                case.boundary = ask("boundary", (compile_policy(policies.boundary),), unscoped)
        if policies.session:
            case.session = ask("session", compile_policies(policies.session), unscoped)
        if not requester.is_service_linked:
            case.scps = tuple(ask("scp", compile_policies(level), unscoped) for level in policies.scps)
    if policies.resource:
        case.resource_policy = ask_resource("resource", compile_policies(policies.resource), asked)
    if policies.rcps and not requester.is_service_linked and asked.action.partition(":")[0] in RCP_SERVICES:
        case.rcps = tuple(ask_resource("rcp", compile_policies(level), asked) for level in policies.rcps)


def _weigh(case: _Case) -> Verdict:
    layers: list[Layer | ResourceLayer] = [
        case.identity, case.boundary, case.session, *case.scps, case.resource_policy, *case.rcps
    ]  # fmt: skip
    denied = any_of(layer.deny for layer in layers)
    if denied:
        causes = tuple(
            match for layer in layers for match in layer.matches if match.certain and not match.statement.allow
        )
        return Verdict(decision=Decision.EXPLICIT_DENY, matched=causes)
    # RCPFullAWSAccess is always attached, so an RCP never denies implicitly:
    # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_evaluation.html
    allowed = both(all_of(layer.allow for layer in case.scps), _allowed_by_policies(case))
    if allowed is False:
        return Verdict(decision=Decision.IMPLICIT_DENY)
    causes = tuple(match for layer in layers for match in layer.matches if match.statement.allow)
    if allowed and denied is False:
        return Verdict(decision=Decision.ALLOW, matched=causes)
    open_keys = frozenset().union(*(layer.open_keys for layer in layers))
    return Verdict(decision=Decision.ALLOW, conditional_on=tuple(sorted(open_keys)) or ("resource",), matched=causes)


def _allowed_by_policies(case: _Case) -> bool | None:
    """Whether identity side and resource side together allow, control policies aside."""
    resource = case.resource_policy
    if not case.requester.is_iam:
        return either(resource.direct, resource.account)
    limits = both(case.boundary.allow, case.session.allow)
    identity = both(case.identity.allow, limits)
    if not case.same_account:
        return both(identity, resource.allow)
    # a role's ARN in the policy needs no identity policy, but boundary and session policies limit it
    granted = either(resource.direct, both(resource.role, limits))
    if _needs_resource_policy(case):
        return either(granted, both(resource.account, identity))
    return either(granted, identity)


def _needs_resource_policy(case: _Case) -> bool:
    """Role trust policies and KMS key policies must allow on their own, or hand over to the account.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_compare-resource-policies.html,
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
    """
    service = case.action.partition(":")[0]
    if service == "sts":
        parts = split_arn(case.resource)
        return parts is not None and parts.service == "iam" and parts.resource.startswith("role/")
    if service == "kms":
        parts = split_arn(case.resource)
        return parts is not None and parts.service == "kms" and parts.resource.startswith("key/")
    return False


def policy_layers(
    *,
    identity: Iterable[AnyPolicy] = (),
    resource: Iterable[AnyPolicy] = (),
    boundary: AnyPolicy | None = None,
    session: Iterable[AnyPolicy] = (),
    scps: Iterable[Iterable[AnyPolicy]] = (),
    rcps: Iterable[Iterable[AnyPolicy]] = (),
) -> PolicyLayers:
    """Policies compiled once, for many requests."""
    return PolicyLayers(
        identity=compile_policies(identity),
        resource=compile_policies(resource),
        boundary=None if boundary is None else compile_policy(boundary),
        session=compile_policies(session),
        scps=tuple(compile_policies(level) for level in scps),
        rcps=tuple(compile_policies(level) for level in rcps),
    )
