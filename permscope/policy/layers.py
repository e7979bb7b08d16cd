"""What each kind of policy says about one request, before the layers are weighed against each other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from permscope.policy.compiled import CompiledPolicy, CompiledStatement
from permscope.policy.conditions import test_all
from permscope.policy.context import RequestContext
from permscope.policy.patterns import ResourcePatterns
from permscope.policy.requester import Naming, Requester, match_principal
from permscope.policy.ternary import both, either, negate


class Match(NamedTuple):
    """A statement that applies to a request.

    Attributes:
        layer: `identity`, `resource`, `boundary`, `session`, `scp` or `rcp`.
        statement: the statement.
        certain: False when something that is not known decides whether it applies.
    """

    layer: str
    statement: CompiledStatement
    certain: bool


class Layer(NamedTuple):
    """What one layer says: three-valued, with the statements that say so."""

    allow: bool | None
    deny: bool | None
    matches: tuple[Match, ...] = ()
    open_keys: frozenset[str] = frozenset()


class ResourceLayer(NamedTuple):
    """What the resource's own policy says, by how its Allow statements name the principal.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    """

    direct: bool | None  # user, session, service, provider, or everyone
    role: bool | None  # the role of the session
    account: bool | None  # only the account
    deny: bool | None
    matches: tuple[Match, ...] = ()
    open_keys: frozenset[str] = frozenset()

    @property
    def allow(self) -> bool | None:
        """Whether it allows, however it names the principal."""
        return either(either(self.direct, self.role), self.account)


class Asked(NamedTuple):
    """A request as the layers see it: lower-case action, encoded resource, completed context."""

    requester: Requester
    action: str
    resource: str
    context: RequestContext
    bounded: bool = False


def _is_not_left_out(resources: ResourcePatterns, asked: Asked, why: set[str]) -> bool | None:
    found = negate(resources.matches(asked.resource, asked.context, why))
    return found if found is False else both(found, resources.resolvable(asked.context, why))


def applies(statement: CompiledStatement, asked: Asked, why: set[str]) -> bool | None:
    """Whether a statement about the action applies to resource and context; principals are not looked at."""
    resources = statement.resources
    if resources is None:
        result: bool | None = True
    elif statement.not_resource:
        result = _is_not_left_out(resources, asked, why)
    else:
        result = resources.matches(asked.resource, asked.context, why)
    if result is False:
        return False
    if statement.conditions:
        found = test_all(statement.conditions, asked.context, why)
        if found is False:
            return False
        if found is None:
            result = None
    if statement.only_if is not None:
        why.add(f"template condition {statement.only_if}")
        return None
    return result


def ask(layer: str, policies: Iterable[CompiledPolicy], asked: Asked) -> Layer:
    """What policies without principals say: identity policies, a boundary, session policies, one SCP level."""
    allow: bool | None = False
    deny: bool | None = False
    matches: list[Match] = []
    why: set[str] = set()
    for policy in policies:
        for statement in policy.about(asked.action):
            found = applies(statement, asked, why)
            if found is False:
                continue
            matches.append(Match(layer, statement, found is True))
            if statement.allow:
                allow = allow or found
            else:
                deny = deny or found
    return Layer(allow, deny, tuple(matches), frozenset(why))


def naming(statement: CompiledStatement, asked: Asked) -> Naming | bool | None:
    """How a statement's `Principal` or `NotPrincipal` names who asks; False not at all, None when not known."""
    if statement.principals is not None:
        return _named(statement.principals, asked)
    if statement.not_principals is not None:
        return _not_named(statement, asked)
    return False


_RANK = {Naming.EVERYONE: 4, Naming.DIRECT: 3, Naming.ROLE: 2, Naming.ACCOUNT: 1}


def _named(principals: Iterable[object], asked: Asked) -> Naming | bool | None:
    ids = asked.context.values.get("aws:userid")
    user_id = ids[0] if ids else None
    best: Naming | bool | None = False
    for principal in principals:
        found = match_principal(principal, asked.requester, user_id)  # type: ignore[arg-type]
        if isinstance(found, Naming):
            if not isinstance(best, Naming) or _RANK[found] > _RANK[best]:
                best = found
        elif found is None and best is False and not asked.context.complete:
            best = None
    return best


def _not_named(statement: CompiledStatement, asked: Asked) -> Naming | bool | None:
    """Whether `NotPrincipal` leaves the principal in.

    A Deny spares only what is named itself: the account's ARN does not spare its users, nor a role's ARN its sessions
    (the examples of https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html name
    account, role and session), and nobody with a permissions boundary (the same page). An Allow leaves out whoever is
    named in any way.
    """
    if not statement.allow and asked.bounded:
        return Naming.EVERYONE
    found = _named(statement.not_principals or (), asked)
    if found is None:
        return None
    if found is False:
        return Naming.EVERYONE
    if statement.allow or found in (Naming.EVERYONE, Naming.DIRECT):
        return False
    exact = (found is Naming.ROLE and asked.requester.kind.value == "role") or (
        found is Naming.ACCOUNT and asked.requester.kind.value == "root"
    )
    return False if exact else Naming.EVERYONE


def ask_resource(layer: str, policies: Iterable[CompiledPolicy], asked: Asked) -> ResourceLayer:
    """What policies with principals say: the resource's own policy, a trust policy, one RCP level."""
    allow: dict[Naming, bool | None] = {}
    deny: bool | None = False
    matches: list[Match] = []
    why: set[str] = set()
    for policy in policies:
        for statement in policy.about(asked.action):
            named = naming(statement, asked)
            if named is False and layer == "rcp" and statement.principals is statement.not_principals:
                named = Naming.EVERYONE  # an RCP can have no other `Principal` than `*`
            if named is False:
                continue
            found = applies(statement, asked, why)
            if found is False:
                continue
            if named is None:
                why.add("principal")
                found = None
            matches.append(Match(layer, statement, found is True))
            if not statement.allow:
                deny = either(deny, found)
            else:
                way = named if isinstance(named, Naming) else Naming.DIRECT
                allow[way] = either(allow.get(way, False), found)
    return ResourceLayer(
        either(allow.get(Naming.EVERYONE, False), allow.get(Naming.DIRECT, False)),
        allow.get(Naming.ROLE, False),
        allow.get(Naming.ACCOUNT, False),
        deny,
        tuple(matches),
        frozenset(why),
    )
