"""The public door to decisions: documents in, dataclasses out.

```python
from permscope import Decision, Policy, simulate

verdict = simulate(
    principal="arn:aws:iam::111111111111:role/app",
    action="s3:GetObject",
    resource="arn:aws:s3:::reports/2026.csv",
    identity_policies=[Policy.from_document({"Version": "2012-10-17", "Statement": []})],
)
assert verdict.decision is Decision.IMPLICIT_DENY
```
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from permscope.errors import PolicyError
from permscope.inventory.policies import Policy as InventoryPolicy
from permscope.inventory.policies import PolicyKind
from permscope.policy.compiled import CompiledPolicy, compile_document, compile_policy
from permscope.policy.consolidate import Consolidated, consolidate
from permscope.policy.context import RequestContext
from permscope.policy.effective import EffectiveAccess, effective
from permscope.policy.evaluate import Decision, Verdict, decide, policy_layers
from permscope.policy.simulate import read_context, read_principal

__all__ = [
    "AnyDocument",
    "Consolidated",
    "Decision",
    "Policy",
    "Verdict",
    "consolidate_policies",
    "effective_access",
    "simulate_request",
]


class Policy:
    """A policy document, read once and usable for any number of decisions.

    Make one with `Policy.from_document`.
    """

    __slots__ = ("_compiled",)

    def __init__(self, compiled: CompiledPolicy) -> None:
        self._compiled = compiled

    @classmethod
    def from_document(
        cls, document: Mapping[str, Any] | str, *, name: str = "policy", kind: PolicyKind = PolicyKind.RCP
    ) -> Policy:
        """Read a document: a mapping or JSON text.

        Args:
            document: with `Version` and `Statement`.
            name: how errors and verdicts call it.
            kind: decides which elements must be there; the default asks for no `Resource` and no `Principal`.

        Raises:
            PolicyError: AWS would refuse the document.
        """
        return cls(compile_document(document, name=name, kind=kind))

    @property
    def name(self) -> str:
        """What the policy is called."""
        return self._compiled.name

    @property
    def compiled(self) -> CompiledPolicy:
        """The form that the engine works with."""
        return self._compiled


AnyDocument: TypeAlias = Policy | InventoryPolicy | CompiledPolicy | Mapping[str, Any] | str


def _compile(document: AnyDocument, name: str, kind: PolicyKind) -> CompiledPolicy:
    match document:
        case Policy():
            return document.compiled
        case InventoryPolicy() | CompiledPolicy():
            return compile_policy(document)
        case _:
            return compile_document(document, name=name, kind=kind)


def _compile_all(documents: Iterable[AnyDocument], name: str, kind: PolicyKind) -> tuple[CompiledPolicy, ...]:
    if isinstance(documents, (Mapping, str)):
        raise PolicyError(f"`{name}` must be a list of policies")
    return tuple(_compile(document, f"{name}[{at}]", kind) for at, document in enumerate(documents))


def simulate_request(  # noqa: PLR0913 (one argument per part of a request)
    *,
    principal: str | Mapping[str, str],
    action: str,
    resource: str,
    resource_account: str | None = None,
    context: Mapping[str, str | Iterable[str]] | None = None,
    context_is_complete: bool = True,
    identity_policies: Iterable[AnyDocument] = (),
    resource_policy: AnyDocument | None = None,
    permissions_boundary: AnyDocument | None = None,
    session_policies: Iterable[AnyDocument] = (),
    scps: Iterable[Iterable[AnyDocument]] = (),
    rcps: Iterable[Iterable[AnyDocument]] = (),
) -> Verdict:
    """Decide one request as AWS would.

    Args:
        principal: an ARN, an account id, `*`, or `{"service": "s3.amazonaws.com"}`.
        action: such as `s3:GetObject`.
        resource: its ARN, or `*` for an action without resource.
        resource_account: owner of a resource whose ARN has no account.
        context: condition keys of the request; what follows from principal and resource is filled in.
        context_is_complete: whether a key that is not in `context` is absent; otherwise it is not known, and the
            verdict says what it is conditional on.
        identity_policies: attached to the principal and its groups.
        resource_policy: of the resource: a bucket policy, a trust policy, a key policy, ...
        permissions_boundary: of the principal.
        session_policies: passed when the session was made.
        scps: service control policies, one list per level from the root to the account.
        rcps: resource control policies, in the same way.

    Raises:
        PolicyError: the principal is none, or AWS would refuse a policy.
    """
    values = {key: [value] if isinstance(value, str) else list(value) for key, value in (context or {}).items()}
    of_resource = [] if resource_policy is None else [resource_policy]
    layers = policy_layers(
        identity=_compile_all(identity_policies, "identity_policies", PolicyKind.INLINE),
        resource=_compile_all(of_resource, "resource_policy", PolicyKind.RESOURCE),
        boundary=None
        if permissions_boundary is None
        else _compile(permissions_boundary, "permissions_boundary", PolicyKind.BOUNDARY),
        session=_compile_all(session_policies, "session_policies", PolicyKind.SESSION),
        scps=[_compile_all(level, f"scps[{at}]", PolicyKind.SCP) for at, level in enumerate(scps)],
        rcps=[_compile_all(level, f"rcps[{at}]", PolicyKind.RCP) for at, level in enumerate(rcps)],
    )
    return decide(
        read_principal(principal),
        action,
        resource,
        resource_account,
        RequestContext(read_context(values), complete=context_is_complete),
        layers,
    )


def effective_access(
    identity_policies: Iterable[AnyDocument],
    *,
    permissions_boundary: AnyDocument | None = None,
    scps: Iterable[Iterable[AnyDocument]] = (),
    principal: str | None = None,
) -> EffectiveAccess:
    """Everything that a principal's policies let it do.

    Raises:
        PolicyError: the principal is none, or AWS would refuse a policy.
    """
    return effective(
        _compile_all(identity_policies, "identity_policies", PolicyKind.INLINE),
        boundary=None
        if permissions_boundary is None
        else _compile(permissions_boundary, "permissions_boundary", PolicyKind.BOUNDARY),
        scps=[_compile_all(level, f"scps[{at}]", PolicyKind.SCP) for at, level in enumerate(scps)],
        principal=principal,
    )


def consolidate_policies(
    identity_policies: Iterable[AnyDocument],
    *,
    permissions_boundary: AnyDocument | None = None,
    scps: Iterable[Iterable[AnyDocument]] = (),
    principal: str | None = None,
    wildcards: bool = False,
) -> Consolidated:
    """One document that allows what several allow together, boundary and service control policies taken off.

    It is never wider; where it is narrower, `remarks` says why.

    Args:
        identity_policies: of one principal.
        permissions_boundary: of the principal.
        scps: service control policies, one list per level.
        principal: whose they are; conditions that this settles are not written any more.
        wildcards: shorten lists of actions to wildcards that match nothing else the catalogue knows.

    Raises:
        PolicyError: the principal is none, or AWS would refuse a policy.
    """
    return consolidate(
        _compile_all(identity_policies, "identity_policies", PolicyKind.INLINE),
        boundary=None
        if permissions_boundary is None
        else _compile(permissions_boundary, "permissions_boundary", PolicyKind.BOUNDARY),
        scps=[_compile_all(level, f"scps[{at}]", PolicyKind.SCP) for at, level in enumerate(scps)],
        principal=principal,
        wildcards=wildcards,
    )
