"""Whom a resource policy lets in: the kind of change that is, how grave it is, and what to call them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from permscope.graph.diff.change import ChangeKind
from permscope.graph.diff.claims import Claim
from permscope.graph.diff.words import name_of
from permscope.graph.model import EdgeKind, Node, NodeKind, PermissionGraph
from permscope.inventory.arn import account_of
from permscope.inventory.facts import Account
from permscope.inventory.tokens import ACCOUNT, has_unknown
from permscope.lazy import regex

_ACCOUNT_IN = regex(r"(?<!\d)\d{12}(?!\d)")
_ONE_AND_TOKEN = 2  # the account of an input that names one, and the token of those that do not


class LetIn(NamedTuple):
    """A principal whom statements let in.

    Attributes:
        principal: as the statements name it, an account by its id.
        kind: `AWS`, `Service`, `Federated`, ...
        claims: what they let it do.
    """

    principal: str
    kind: str
    claims: Sequence[Claim]


def judge(graph: PermissionGraph, node: Node, let_in: LetIn, *, strong: bool) -> tuple[ChangeKind, str, str]:
    """The kind of a new principal, how grave it is, and what to call it."""
    is_function = node.kind is NodeKind.FUNCTION
    inside = ChangeKind.NEW_INVOKER if is_function else ChangeKind.NEW_ACCESS
    own = _own_accounts(graph)
    if let_in.principal == "*" and let_in.kind != "Service":
        foreign = _foreign_accounts(graph, let_in.claims, own)
        if not strong:
            return ChangeKind.NEW_PUBLIC_ENTRY, "critical" if node.kind is NodeKind.ROLE else "high", "anyone"
        if foreign:
            return ChangeKind.NEW_EXTERNAL_PRINCIPAL, "high", f"anyone in {foreign}"
        return inside, "low", _fitting(let_in.claims, node, own)
    if let_in.kind == "Service":
        foreign = _foreign_accounts(graph, let_in.claims, own)
        who = f"`{let_in.principal}`"
        if foreign:
            return ChangeKind.NEW_EXTERNAL_PRINCIPAL, "high", f"{who} for {foreign}"
        return inside, "low" if strong or node.kind is NodeKind.ROLE else "medium", who
    if let_in.kind == "Federated":
        provider = let_in.principal.rpartition(":oidc-provider/")[2].rpartition(":saml-provider/")[2]
        return ChangeKind.NEW_EXTERNAL_PRINCIPAL, "high" if not strong else "medium", f"users of `{provider}`"
    known = graph.nodes.get(let_in.principal)
    label = _acting_as(graph, known) if known is not None else let_in.principal
    account = account_of(let_in.principal) or (let_in.principal if let_in.kind == "AWS" else None)
    if account in own or (known is not None and known.kind in (NodeKind.ROLE, NodeKind.USER) and account in own):
        whole = let_in.principal == account
        severity = _severity_inside(node, whole=whole and account == node.account)
        place = _place_of(account, node, own)
        return inside, severity, f"those in {place} whose own policies allow it" if whole else f"`{label}`"
    trusted = _trusted(graph, account)
    if trusted:
        return inside, "low", f"`{label}` (trusted)"
    words = f"account {let_in.principal}" if let_in.principal.isdigit() else f"`{label}`"
    words += f" of account {account}" if known is not None and known.kind is NodeKind.EXTERNAL and account else ""
    if account is None or has_unknown(account):
        return ChangeKind.NEW_EXTERNAL_PRINCIPAL, "medium", f"{words} (which account is not known)"
    return ChangeKind.NEW_EXTERNAL_PRINCIPAL, "high", words


def _place_of(account: str | None, node: Node, own: frozenset[str]) -> str:
    """What to call one of the user's own accounts, as seen from a thing: by its number where there are several."""
    return "this account" if account == node.account and len(own) <= _ONE_AND_TOKEN else f"account {account}"


def _fitting(claims: Iterable[Claim], node: Node, own: frozenset[str]) -> str:
    """Who of everybody the conditions let in, where they name nobody outside."""
    named = [
        [str(value) for value in entry.values]
        for claim in claims
        for entry in claim.conditions
        if entry.key.lower() == "aws:principalaccount"
        and not entry.operator.lower().startswith(("stringnot", "forall"))
    ]
    accounts = dict.fromkeys(value for values in named for value in values)
    if not accounts or not all(account in own for account in accounts):
        return "whoever fits the conditions"
    return f"anyone in {' or '.join(_place_of(account, node, own) for account in accounts)}"


def _severity_inside(node: Node, *, whole: bool) -> str:
    """Of a grant in the own account: to the account it adds nothing but where the resource's policy alone decides.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-single-account.html
    """
    if node.kind is NodeKind.ROLE or (whole and node.type == "AWS::KMS::Key"):
        return "medium"
    return "info" if whole else "low"


def _acting_as(graph: PermissionGraph, principal: Node) -> str:
    """The function that runs as a role, where only one thing does; else the role."""
    users = {edge.source for edge in graph.incoming(principal.id, EdgeKind.EXECUTES_AS) if edge.authorized is not False}
    return name_of(graph.nodes[users.pop()]) if len(users) == 1 else principal.label


def _own_accounts(graph: PermissionGraph) -> frozenset[str]:
    ids = graph.decisions.inventory.of(Account) if graph.decisions is not None else ()
    return frozenset({ACCOUNT, *(account.id for account in ids)})


def _trusted(graph: PermissionGraph, account: str | None) -> bool:
    return account is not None and any(
        node.trusted for node in graph.of_kind(NodeKind.ACCOUNT, NodeKind.EXTERNAL) if node.account == account
    )


def _foreign_accounts(graph: PermissionGraph, claims: Iterable[Claim], own: frozenset[str]) -> str:
    """Accounts and organizations that conditions name and that are not the user's own, in words."""
    found: dict[str, None] = {}
    for claim in claims:
        for entry in claim.conditions:
            key = entry.key.lower()
            for value in entry.values:
                if key == "aws:principalorgid":
                    found.setdefault(f"organization {value}")
                for account in _ACCOUNT_IN.findall(str(value)):
                    if account not in own and not _trusted(graph, account):
                        found.setdefault(f"account {account}")
    return ", ".join(found)
