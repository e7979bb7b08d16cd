"""`IpAddress` and `NotIpAddress`: IPv4 and IPv6 addresses and CIDR ranges.

A policy value without prefix is one address. Bits of the range after its prefix do not count.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_IPAddress
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import NamedTuple

from permscope.inventory.tokens import has_token
from permscope.policy.conditions.operator import Operator


class IpRange(NamedTuple):
    """A range of addresses as numbers; `version` 0 for one that only a deployment settles."""

    version: int
    first: int
    last: int


@lru_cache(maxsize=4096)
def parse_range(text: str) -> IpRange | None:
    """The range that a CIDR or a single address means, or None for text that is neither."""
    text = text.strip()
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return IpRange(0, 0, 0) if has_token(text) else None
    return IpRange(network.version, int(network.network_address), int(network.broadcast_address))


@lru_cache(maxsize=4096)
def _address(text: str) -> IpRange | None:
    text = text.strip()
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return parse_range(text)
    return IpRange(address.version, int(address), int(address))


def _within(policy: IpRange | None, value: str) -> bool | None:
    address = _address(value)
    if policy is None or address is None:
        return False
    if not policy.version or not address.version:
        return None
    return policy.version == address.version and policy.first <= address.first and address.last <= policy.last


OPERATORS = {
    "ipaddress": Operator(_within, parse_range),
    "notipaddress": Operator(_within, parse_range, negated=True),
}
