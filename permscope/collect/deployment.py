"""Where an inventory is deployed, so that what is compared with it can be read as being there too."""

from __future__ import annotations

from permscope.collect.templates.options import Deployment
from permscope.inventory.arn import split_arn
from permscope.inventory.facts import Account, Resource
from permscope.inventory.inventory import Inventory
from permscope.inventory.tokens import ACCOUNT, REGION


def deployment_of(inventory: Inventory) -> Deployment:
    """The one account and the one Region that everything in an inventory is in; None where there are several or none.

    The Region is that of the functions; every Region of an account has things that nobody made.
    """
    account = _only({each.id for each in inventory.of(Account)} | {_at(arn)[0] for arn in inventory.functions})
    places = [_at(arn) for arn in inventory.functions] or [_at(each.arn or "") for each in inventory.of(Resource)]
    region = _only({place[1] for place in places})
    partition = _only({_at(arn)[2] for arn in (*inventory.functions, *inventory.roles)})
    return Deployment(account, region, partition) if account else Deployment()


def unsettled(inventory: Inventory) -> tuple[str, ...]:
    """What is not known of where an inventory is deployed: `account`, `region`."""
    ids = (*(each.id for each in inventory.of(Account)), *inventory.functions, *inventory.resources)
    return tuple(name for name, token in (("account", ACCOUNT), ("region", REGION)) if any(token in id_ for id_ in ids))


def _at(arn: str) -> tuple[str, str, str]:
    parts = split_arn(arn)
    return (parts.account, parts.region, parts.partition) if parts else ("", "", "")


def _only(values: set[str]) -> str | None:
    """The one value there is; None where one of them is left to the deployment."""
    values.discard("")
    return values.pop() if len(values) == 1 and not any("$" in value for value in values) else None
