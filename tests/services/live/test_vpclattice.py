"""VPC Lattice of a live account."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from permscope.inventory.facts import Auth, ResourcePolicy, Route, Trigger

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:web"
LATTICE = "arn:aws:vpc-lattice:eu-west-1:123456789012"
GROUP, SERVICE, NETWORK = (
    f"{LATTICE}:targetgroup/tg-0123456789abcdef0",
    f"{LATTICE}:service/svc-0123456789abcdef0",
    f"{LATTICE}:servicenetwork/sn-0123456789abcdef0",
)
LISTENER = f"{SERVICE}/listener/listener-0123456789abcdef0"
RULE = f"{LISTENER}/rule/rule-0123456789abcdef0"
STATEMENT = {"Effect": "Allow", "Principal": "*", "Action": "vpc-lattice-svcs:Invoke", "Resource": "*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]})
ANSWERS: dict[str, Any] = {
    "vpc-lattice.list_target_groups": {
        "items": [{"arn": GROUP, "id": "tg-0123456789abcdef0", "name": "web", "type": "LAMBDA"}]
    },
    "vpc-lattice.list_targets": {"items": [{"id": FUNCTION}]},
    "vpc-lattice.list_services": {"items": [{"arn": SERVICE, "id": "svc-0123456789abcdef0", "name": "shop"}]},
    "vpc-lattice.get_service": {"arn": SERVICE, "id": "svc-0123456789abcdef0", "name": "shop", "authType": "AWS_IAM"},
    "vpc-lattice.list_listeners": {"items": [{"arn": LISTENER, "id": "listener-0123456789abcdef0"}]},
    "vpc-lattice.get_listener": {
        "arn": LISTENER,
        "protocol": "HTTPS",
        "defaultAction": {"fixedResponse": {"statusCode": 404}},
    },
    "vpc-lattice.list_rules": {
        "items": [
            {"arn": RULE, "id": "rule-0123456789abcdef0", "isDefault": False},
            {"arn": f"{RULE}0", "isDefault": True},
        ]
    },
    "vpc-lattice.get_rule": {
        "arn": RULE,
        "match": {"httpMatch": {"method": "GET", "pathMatch": {"match": {"prefix": "/pay"}}}},
        "action": {"forward": {"targetGroups": [{"targetGroupIdentifier": GROUP}]}},
        "priority": 10,
    },
    "vpc-lattice.list_service_networks": {"items": [{"arn": NETWORK, "id": "sn-0123456789abcdef0", "name": "inside"}]},
    "vpc-lattice.get_service_network": {"arn": NETWORK, "name": "inside", "authType": "NONE"},
    "vpc-lattice.list_service_network_service_associations": {
        "items": [{"arn": f"{LATTICE}:servicenetworkserviceassociation/1", "serviceNetworkArn": NETWORK}]
    },
    "vpc-lattice.get_auth_policy": lambda asked: {"policy": POLICY} if asked["resourceIdentifier"] == SERVICE else {},
    "vpc-lattice.get_resource_policy": "ResourceNotFoundException",
}


def test_a_rule_of_a_service_leads_to_the_function(account: Callable[..., list[Any]]) -> None:
    """The service asks for a signature; the rule tells verb and path."""
    facts = account("vpclattice", ANSWERS)
    (trigger,) = [fact for fact in facts if isinstance(fact, Trigger)]
    assert (trigger.function_arn, trigger.source_arn) == (FUNCTION, GROUP)
    (route,) = [fact for fact in facts if isinstance(fact, Route)]
    assert (route.method, route.path, route.auth, route.target) == ("GET", "/pay/*", Auth.IAM, GROUP)


def test_the_auth_policy_protects_the_service(account: Callable[..., list[Any]]) -> None:
    """A network without a policy has none; a policy that does not exist is no failure."""
    (policy,) = account("vpclattice", ANSWERS, ResourcePolicy)
    assert policy.resource_arn == SERVICE
