"""Who can invoke AWS Lambda functions, what they can touch, and what is wrong with that.

`docs/api.md` shows the names below at work. They are imported when they are first used, so that the command line does
not pay for them.
"""

from __future__ import annotations

from permscope.version import __version__

TYPE_CHECKING = False  # not imported: `typing` costs every start of the command line
if TYPE_CHECKING:
    from permscope.api import Holder, Permission, SaidBy, World, load
    from permscope.errors import NameNotFoundError, PermscopeError, PolicyError
    from permscope.policy.api import Decision, Policy, Verdict, effective_access
    from permscope.policy.api import consolidate_policies as consolidate
    from permscope.policy.api import simulate_request as simulate

_WHERE = {
    "Decision": "permscope.policy.api",
    "Holder": "permscope.api",
    "NameNotFoundError": "permscope.errors",
    "Permission": "permscope.api",
    "PermscopeError": "permscope.errors",
    "Policy": "permscope.policy.api",
    "PolicyError": "permscope.errors",
    "SaidBy": "permscope.api",
    "Verdict": "permscope.policy.api",
    "World": "permscope.api",
    "consolidate": "permscope.policy.api:consolidate_policies",
    "effective_access": "permscope.policy.api",
    "load": "permscope.api",
    "simulate": "permscope.policy.api:simulate_request",
}

__all__ = [
    "Decision",
    "Holder",
    "NameNotFoundError",
    "Permission",
    "PermscopeError",
    "Policy",
    "PolicyError",
    "SaidBy",
    "Verdict",
    "World",
    "__version__",
    "consolidate",
    "effective_access",
    "load",
    "simulate",
]


def __getattr__(name: str) -> object:
    where = _WHERE.get(name)
    if where is None:
        raise AttributeError(f"module `permscope` has no `{name}`")
    from importlib import import_module

    module, _, inner = where.partition(":")
    found: object = getattr(import_module(module), inner or name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
