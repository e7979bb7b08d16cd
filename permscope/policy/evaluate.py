"""One request against every policy that applies to it, decided as AWS decides.

The order and the exceptions follow
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html;
`docs/policy-evaluation.md` names the page of each rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from permscope.inventory.arn import split_arn
from permscope.inventory.policies import Policy
from permscope.inventory.tokens import has_unknown
from permscope.lazy import dataclass
from permscope.policy.compiled import CompiledPolicy, compile_policies, compile_policy
from permscope.policy.context import RequestContext
from permscope.policy.layers import Asked, Layer, Match, ResourceLayer, ask, ask_resource
from permscope.policy.matching import encode
from permscope.policy.protected import is_protected
from permscope.policy.requester import SERVICE_LINKED, Requester, RequesterKind, is_account, parse_requester
from permscope.policy.ternary import all_of, any_of, both, either
from permscope.policy.unrestrictable import matched_resource

AnyPolicy: TypeAlias = Policy | CompiledPolicy

# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#rcp-supported-services
RCP_SERVICES = frozenset(
    ["s3", "sts", "kms", "sqs", "secretsmanager", "ecr", "aoss", "cognito-idp", "cognito-identity", "logs"]
)
# Ineffective in an RCP, even where its `Action` is `*`:
# https://docs.aws.amazon.com/kms/latest/developerguide/resource-control-policies.html
_NO_RCP = "kms:retiregrant"
# "No permissions are required", and a policy that denies it changes nothing:
# https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
_NEEDS_NOTHING = "sts:getcalleridentity"
# An origin access identity is a user of this account, and has no policies of its own:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
_CLOUDFRONT = "cloudfront"
_ARN_KEY = "aws:principalarn"
_TRUSTED = Layer(allow=True, deny=False)
_SILENT = Layer(allow=False, deny=False)
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


class CompiledLayers(NamedTuple):
    """`PolicyLayers`, each policy compiled."""

    identity: tuple[CompiledPolicy, ...]
    resource: tuple[CompiledPolicy, ...]
    boundary: tuple[CompiledPolicy] | None
    session: tuple[CompiledPolicy, ...]
    scps: tuple[tuple[CompiledPolicy, ...], ...]
    rcps: tuple[tuple[CompiledPolicy, ...], ...]


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
    compiled: CompiledLayers = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self,
            "compiled",
            CompiledLayers(
                compile_policies(self.identity),
                compile_policies(self.resource),
                None if self.boundary is None else (compile_policy(self.boundary),),
                compile_policies(self.session),
                tuple(compile_policies(level) for level in self.scps),
                tuple(compile_policies(level) for level in self.rcps),
            ),
        )


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


_IMPLICIT_DENY = Verdict(decision=Decision.IMPLICIT_DENY)
_IMPLYING = ("s3:", "kms:")  # services of which the action implies keys of their own
_OPEN_ACCOUNT = ("resource account",)


@dataclass(slots=True)
class Case:
    """A request with its layers asked.

    Attributes:
        action: in lower case.
        same_account: whether principal and resource are in one account.
        identity, boundary, session: what each says; one that is not there allows, identity policies excepted.
    """

    requester: Requester
    asked: Asked
    action: str
    resource: str
    same_account: bool | None
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
    return weigh(ask_case(requester, action, resource, resource_account, context, policies))


def ask_case(
    requester: Requester,
    action: str,
    resource: str,
    resource_account: str | None,
    context: RequestContext,
    policies: PolicyLayers,
) -> Case:
    """Ask every layer what it says about a request."""
    lower = action.lower()
    account = resource_account or owner_of(resource)
    owner = account or (requester.account if context.complete and _tells_no_account(resource) else None)
    told = (owner, lower[:4] if lower.startswith(_IMPLYING) else "")
    completed = context.completed(requester, told, lambda: _implied_by_resource(lower, owner, requester))
    encoded = encode(resource)
    bounded = policies.boundary is not None and requester.is_iam
    asked = Asked(requester, lower, encoded, completed, bounded)
    case = Case(requester, asked, lower, resource, _same_account(account, requester))
    _ask_layers(case, policies.compiled)
    return case


def _same_account(account: str | None, requester: Requester) -> bool | None:
    """Whether principal and resource are in one account; a resource without account counts as the principal's."""
    if account is None or account == requester.account:
        return True
    return None if has_unknown(account) or has_unknown(requester.account) else False


@lru_cache(maxsize=65_536)
def owner_of(resource: str) -> str | None:
    """The account in an ARN; None where it has none (`arn:aws:s3:::b`) or AWS owns it (`arn:aws:iam::aws:policy/x`)."""
    parts = split_arn(resource)
    return parts.account if parts and (is_account(parts.account) or "${" in parts.account) else None


@lru_cache(maxsize=65_536)
def _tells_no_account(resource: str) -> bool:
    """Whether an ARN leaves its account out, as those of buckets do: the resource counts as the caller's then."""
    parts = split_arn(resource)
    return parts is not None and not parts.account


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


def _ask_layers(case: Case, layers: CompiledLayers) -> None:
    requester, asked = case.requester, case.asked
    matched = matched_resource(asked.action, asked.resource)
    unscoped = asked if matched is asked.resource else asked._replace(resource=matched)
    own = requester.is_iam and requester.kind is not RequesterKind.ROOT and requester.account != _CLOUDFRONT
    if own or layers.identity:
        case.identity = _of_requester("identity", layers.identity, unscoped, own=own)
    if layers.boundary is not None:
        case.boundary = _of_requester("boundary", layers.boundary, unscoped, own=own)
    if layers.session:
        case.session = _of_requester("session", layers.session, unscoped, own=requester.is_iam)
    elif requester.kind is RequesterKind.FEDERATED_USER:
        # "if you do not pass a policy [...] the resulting temporary security credentials have no permissions":
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getfederationtoken.html
        case.session = _SILENT
    if layers.resource:
        case.resource_policy = ask_resource("resource", layers.resource, asked)
    if (layers.scps or layers.rcps) and not _is_service_linked(asked):
        if requester.is_iam:
            case.scps = tuple(ask("scp", level, unscoped) for level in layers.scps)
        if asked.action.partition(":")[0] in RCP_SERVICES and asked.action != _NO_RCP:
            case.rcps = tuple(ask_resource("rcp", level, asked) for level in layers.rcps)


def _is_service_linked(asked: Asked) -> bool:
    """Whether control policies do not bind the principal; a session's role path may be told by the context."""
    told = asked.context.values.get(_ARN_KEY) or ("",)
    return asked.requester.is_service_linked or SERVICE_LINKED in told[0]


def _of_requester(layer: str, policies: tuple[CompiledPolicy, ...], asked: Asked, *, own: bool) -> Layer:
    """What the policies of whoever asks say.

    The root user, services and anonymous callers have none in AWS, so nothing limits them; a Deny in one that is given
    for them all the same counts, as every explicit deny does.
    """
    found = ask(layer, policies, asked)
    if own:
        return found
    denies = tuple(match for match in found.matches if not match.statement.allow)
    return Layer(True, found.deny, denies, found.open_keys)


def weigh(case: Case) -> Verdict:
    """The verdict, once every layer is asked."""
    every: tuple[Layer | ResourceLayer, ...] = (
        case.identity,
        case.boundary,
        case.session,
        *case.scps,
        case.resource_policy,
        *case.rcps,
    )
    layers = [layer for layer in every if layer is not _TRUSTED and layer is not _NO_POLICY]  # what is not there
    if needs_nothing(case):
        return Verdict(decision=Decision.ALLOW, matched=_matches(layers, allow=True))
    denied = any_of([layer.deny for layer in layers])
    if denied:
        return Verdict(decision=Decision.EXPLICIT_DENY, matched=_matches(layers, allow=False))
    # RCPFullAWSAccess is always attached, so an RCP never denies implicitly:
    # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_evaluation.html
    allowed = _allowed_by_policies(case)
    if case.scps:
        allowed = both(all_of([layer.allow for layer in case.scps]), allowed)
    if allowed is False or is_out_of_reach(case):
        return _IMPLICIT_DENY
    causes = _matches(layers, allow=True)
    if allowed and denied is False:
        return Verdict(decision=Decision.ALLOW, matched=causes)
    open_keys: set[str] = set().union(*(layer.open_keys for layer in layers))
    return Verdict(decision=Decision.ALLOW, conditional_on=tuple(sorted(open_keys)) or _OPEN_ACCOUNT, matched=causes)


def _matches(layers: Iterable[Layer | ResourceLayer], *, allow: bool) -> tuple[Match, ...]:
    """The statements that allow, or those that surely deny."""
    return tuple(
        [
            match
            for layer in layers
            for match in layer.matches
            if match.statement.allow is allow and (allow or match.certain)
        ]
    )


def _allowed_by_policies(case: Case) -> bool | None:
    """Whether identity side and resource side together allow, control policies aside."""
    resource = case.resource_policy
    if not case.requester.is_iam:
        return either(resource.direct, resource.account)
    if case.same_account is None:
        here, there = _within_account(case), _across_accounts(case)
        return here if here is there else None
    return _within_account(case) if case.same_account else _across_accounts(case)


def _across_accounts(case: Case) -> bool | None:
    """The principal's account and the resource's must both allow."""
    identity = both(case.identity.allow, both(case.boundary.allow, case.session.allow))
    return both(identity, case.resource_policy.allow)


def _within_account(case: Case) -> bool | None:
    """Identity policies or the resource's policy; what limits the one need not limit the other."""
    resource = case.resource_policy
    limits = both(case.boundary.allow, case.session.allow)
    identity = both(case.identity.allow, limits)
    # a role's ARN in the policy needs no identity policy, but boundary and session policies limit it
    granted = either(resource.direct, both(resource.role, limits))
    if needs_resource_policy(case):
        return either(granted, both(resource.account, identity))
    return either(granted, identity)


def needs_nothing(case: Case) -> bool:
    """Whether whoever has credentials may do it."""
    return case.action == _NEEDS_NOTHING and case.requester.is_iam


def is_out_of_reach(case: Case) -> bool:
    """Whether only AWS itself, with a service-linked role, may do it."""
    return is_protected(case.action, case.resource) and not case.requester.is_service_linked


def needs_resource_policy(case: Case) -> bool:
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
        identity=tuple(identity),
        resource=tuple(resource),
        boundary=boundary,
        session=tuple(session),
        scps=tuple(map(tuple, scps)),
        rcps=tuple(map(tuple, rcps)),
    )
