"""What one kind of policy says about a request, before the layers are weighed."""

from __future__ import annotations

from typing import Any

from permscope.inventory.policies import PolicyKind
from permscope.policy.compiled import CompiledPolicy, compile_document
from permscope.policy.context import RequestContext
from permscope.policy.layers import Asked, ask, ask_resource
from permscope.policy.requester import parse_requester

ROLE = "arn:aws:iam::111111111111:role/app"


def policy(*statements: dict[str, Any]) -> CompiledPolicy:
    """Statements about every action and resource."""
    full = [{"Action": "*", "Resource": "*", **each} for each in statements]
    return compile_document({"Statement": full}, name="p", kind=PolicyKind.RCP)


def asked(principal: str = ROLE, *, complete: bool = True) -> Asked:
    """A request to read an object."""
    requester = parse_requester(principal)
    context = RequestContext(complete=complete).with_requester(requester)
    return Asked(requester, "s3:getobject", "arn:aws:s3:::b/k", context)


def test_a_layer_tells_allow_and_deny_apart() -> None:
    """Both are answered, with the statements that apply."""
    found = ask("identity", [policy({"Effect": "Allow"}, {"Effect": "Deny"})], asked())
    assert (found.allow, found.deny, [match.statement.index for match in found.matches]) == (True, True, [0, 1])
    silent = ask("identity", [], asked())
    assert (silent.allow, silent.deny, silent.matches) == (False, False, ())


def test_a_resource_policy_tells_how_it_names_the_principal() -> None:
    """Everyone and the principal itself, its role, or only its account."""
    by_role = ask_resource("resource", [policy({"Effect": "Allow", "Principal": {"AWS": ROLE}})], asked())
    assert (by_role.direct, by_role.role, by_role.account) == (False, True, False)
    account = {"Effect": "Allow", "Principal": {"AWS": "111111111111"}}
    by_account = ask_resource("resource", [policy(account)], asked())
    assert (by_account.direct, by_account.role, by_account.account) == (False, False, True)
    assert ask_resource("resource", [policy({"Effect": "Allow", "Principal": "*"})], asked()).direct is True
    assert ask_resource("resource", [policy({"Effect": "Allow"})], asked()).allow is False


def test_a_session_named_is_open_for_a_role_whose_session_is_not_told() -> None:
    """In a partial context some session of the role may be the one."""
    session = ROLE.replace(":iam:", ":sts:").replace("role/app", "assumed-role/app/s")
    named = [policy({"Effect": "Allow", "Principal": {"AWS": session}})]
    assert ask_resource("resource", named, asked()).direct is False
    found = ask_resource("resource", named, asked(complete=False))
    assert found.direct is None
    assert found.open_keys == {"principal"}
