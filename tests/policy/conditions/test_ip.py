"""IP operators.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_IPAddress
"""

from __future__ import annotations

import pytest

from permscope.policy.conditions.ip import OPERATORS


@pytest.mark.parametrize(
    ("policy", "value", "expected"),
    [
        ("203.0.113.0/24", "203.0.113.255", True),
        ("203.0.113.0/24", "203.0.114.0", False),
        ("203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("203.0.113.9/24", "203.0.113.1", True),
        ("0.0.0.0/0", "8.8.8.8", True),
        ("0.0.0.0/0", "2001:db8::1", False),
        ("2001:DB8:1234:5678::/64", "2001:db8:1234:5678:9::1", True),
        ("2001:DB8:1234:5678::/64", "2001:db8:1234:5679::1", False),
        ("2001:db8::1", "2001:0db8:0:0::1", True),
        ("::/0", "10.0.0.1", False),
        ("10.0.0.0/33", "10.0.0.1", False),
        ("10.0.0.0/8", "localhost", False),
    ],
)
def test_addresses_lie_in_ranges_of_their_version(policy: str, value: str, expected: bool) -> None:
    """A value without prefix is one address; IPv4 and IPv6 never meet."""
    operator = OPERATORS["ipaddress"]
    assert operator.match(operator.prepare(policy), value) is expected
