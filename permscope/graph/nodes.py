"""The nodes of the graph: one for each fact that can act or be touched, and for each stranger that is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from permscope.graph.known import KnownArns
from permscope.graph.model import Node, NodeKind, PermissionGraph
from permscope.graph.trusted import TrustedParties
from permscope.inventory.arn import ArnParts, account_of, function_arn_and_qualifier, split_arn
from permscope.inventory.facts import (
    Account,
    Fact,
    Function,
    Group,
    IdentityProvider,
    Resource,
    Role,
    Route,
    User,
)
from permscope.inventory.inventory import Inventory
from permscope.inventory.policies import Principal
from permscope.inventory.tokens import ACCOUNT, TOKEN, URL_SUFFIX, as_written, has_token, has_unknown
from permscope.lazy import regex

PUBLIC = "public"
_ACCOUNT_ID = regex(r"\d{12}")
_ROOT_ARN = regex(r"arn:[^:{]*(?:\$\{[^}]*\})?:iam::((?:\$\{[^}]*\}|[^:])*):root")
# `states.us-east-1.amazonaws.com` is Step Functions as any other Region's.
_REGIONAL = regex(r"^([a-z0-9-]+)\.(?:\$\{AWS::Region\}|[a-z]{2,4}(?:-[a-z]+){1,2}-\d)\.amazonaws\.com")
_UNIQUE_ID = regex(r"(?:AROA|AIDA|AGPA)[A-Z0-9]+")
_TYPES: Mapping[type, tuple[NodeKind, str]] = {
    Role: (NodeKind.ROLE, "AWS::IAM::Role"),
    User: (NodeKind.USER, "AWS::IAM::User"),
    Group: (NodeKind.GROUP, "AWS::IAM::Group"),
    Function: (NodeKind.FUNCTION, "AWS::Lambda::Function"),
}
_QUALIFIED = ("AWS::Lambda::Version", "AWS::Lambda::Alias")
# Attributes of a resource that hold further ARNs under which policies name it.
_WITH_ID = (("events", "api-destination"), ("events", "connection"), ("kafka", "cluster"))
_OWN_ARN_ATTRIBUTES = ("stream_arn", "execute_api_arn", "execute_arn", "arns", "policy_arn", "ref_arn")


class Nodes:
    """Makes each node once and finds the node an ARN, a pattern or a policy's principal means.

    Args:
        inventory: the facts.
        graph: where the nodes go.
        trusted: marks accounts and what stands in them.
    """

    def __init__(self, inventory: Inventory, graph: PermissionGraph, trusted: TrustedParties) -> None:
        self.inventory = inventory
        self.graph = graph
        self.trusted = trusted
        self.known = KnownArns()
        self.own_accounts = frozenset(account.id for account in inventory.of(Account)) | {ACCOUNT}
        self._mains = self._main_facts()
        self._unique_ids: dict[str, str] = {}
        # Some properties take a role by name (`ServiceRole: !Ref Role`).
        self._by_name = {role.name: role.arn for role in reversed(tuple(inventory.roles.values())) if role.name}
        homes = [account.id for account in inventory.of(Account)]
        self._home = ACCOUNT if ACCOUNT in homes else next(iter(homes), ACCOUNT)

    def add_facts(self) -> None:
        """A node for every fact that can act or be touched."""
        inventory = self.inventory
        for things in (inventory.functions, inventory.roles, inventory.users, inventory.groups):
            for thing in things.values():
                self._add_thing(thing)
        for resource in inventory.resources.values():
            self._add_resource(resource)
        for resource in inventory.resources.values():
            for arn in self._further_arns(resource):
                self.known.add(arn, resource.id)
        for provider in inventory.of(IdentityProvider):
            self.federated(
                provider.arn,
                label=provider.construct or provider.logical_id or provider.name or provider.arn,
                fact=provider,
            )
        for route in inventory.of(Route):
            self._add_route(route)

    def _add_thing(self, fact: Function | Role | User | Group) -> None:
        kind, type_name = _TYPES[type(fact)]
        self._add(
            Node(
                id=fact.arn,
                kind=kind,
                label=self._label(fact, type_name),
                account=account_of(fact.arn),
                arn=fact.arn,
                type=type_name,
                **_said_by(fact) | {"logical_id": self._own_id(fact)},
            )
        )
        self.known.add(fact.arn, fact.arn)
        unique = getattr(fact, "unique_id", None)
        if unique:
            self._unique_ids[unique] = fact.arn

    def _add_resource(self, fact: Resource) -> None:
        if fact.id in self.graph.nodes or self._is_of_function(fact):
            return
        self._add(
            Node(
                id=fact.id,
                kind=NodeKind.RESOURCE,
                label=self._label(fact, fact.type) or fact.id,
                account=(account_of(fact.arn) if fact.arn else None) or self.account_of_fact(fact),
                arn=fact.arn,
                type=fact.type,
                **_said_by(fact) | {"logical_id": self._own_id(fact)},
            )
        )
        for arn in (fact.id, fact.arn):
            if arn:
                self.known.add(arn, fact.id)

    def _is_of_function(self, fact: Resource) -> bool:
        """Whether it is a version or alias of a function of the input, and so that function under a qualifier."""
        if fact.type not in _QUALIFIED or fact.arn is None:
            return False
        return function_arn_and_qualifier(fact.arn)[0] in self.inventory.functions

    def _label(self, fact: Function | Role | User | Group | Resource, type_name: str) -> str:
        """What a person calls a thing; of several that one SAM resource makes, only the function has its name."""
        logical_id = self._own_id(fact)
        if logical_id is None:
            return fact.construct or fact.name
        called = fact.construct or logical_id
        if not self._is_generated(fact, logical_id):
            return called
        kind = type_name.rpartition("::")[2]
        # A GraphQL API makes several data sources, resolvers and functions, each of which has a name of its own.
        named = (
            f" {fact.name}" if type_name.startswith("AWS::AppSync::") and fact.name and not has_token(fact.name) else ""
        )
        return f"{called} ({kind}{named})"

    def _is_generated(self, fact: Fact, logical_id: str) -> bool:
        """Whether a thing only came to a logical id because SAM made it of the resource of that id."""
        return logical_id == fact.logical_id and self._mains.get((fact.stack, logical_id), fact) is not fact

    def _own_id(self, fact: Function | Role | User | Group | Resource) -> str | None:
        """The logical id of the thing; SAM gives some the same name (`OrdersDaily` of the function `Orders`)."""
        logical_id = own_logical_id(fact)
        generated = logical_id is not None and self._is_generated(fact, logical_id)
        return fact.name if generated and fact.name.startswith(logical_id or "") and fact.name.isalnum() else logical_id

    def _main_facts(self) -> dict[tuple[str, str], Fact]:
        """The thing that a logical id means: a function before anything else, a generated thing never."""
        found: dict[tuple[str, str], Fact] = {}
        inventory = self.inventory
        for things in (
            inventory.functions,
            inventory.resources,
            inventory.roles,
            inventory.users,
            inventory.groups,
        ):
            for thing in things.values():
                if thing.logical_id is not None and own_logical_id(thing) == thing.logical_id:
                    found.setdefault((thing.stack, thing.logical_id), thing)
        return found

    @staticmethod
    def _further_arns(fact: Resource) -> Iterator[str]:
        for name in _OWN_ARN_ATTRIBUTES:
            value = fact.attributes.get(name)
            for text in value if isinstance(value, tuple) else (value,):
                if isinstance(text, str) and text.startswith("arn:"):
                    yield text
        parts = split_arn(fact.arn) if fact.arn else None
        if parts is not None and parts.service == "states" and parts.resource.startswith("stateMachine:"):
            for kind in ("execution", "express", "mapRun"):
                yield fact.arn.replace(":stateMachine:", f":{kind}:", 1) if fact.arn else ""
        if fact.arn and parts is not None:
            yield from _without_id(fact.arn, parts)

    def _add_route(self, fact: Route) -> None:
        node = Node(
            id=fact.id,
            kind=NodeKind.ROUTE,
            label=self._route_label(fact),
            account=account_of(fact.execute_arn or "") or self.account_of_fact(fact),
            arn=fact.execute_arn if fact.execute_arn and ":execute-api:" in fact.execute_arn else None,
            auth=fact.auth.value,
            method=fact.method,
            path=fact.path or None,
            **_said_by(fact),
        )
        self._add(node)
        self.known.add(fact.id, fact.id)
        if node.arn:
            self.known.add(node.arn, fact.id)

    def _route_label(self, fact: Route) -> str:
        if fact.id.startswith("url:"):
            function = self.inventory.function(fact.api_id)
            name = (function.construct or function.logical_id or function.name) if function else fact.logical_id
            return f"URL of {name or fact.api_id}"
        return " ".join(part for part in (fact.method, fact.path) if part) or fact.logical_id or fact.id

    def account_of_fact(self, fact: Fact) -> str:
        """The account a fact without an account in its ARN stands in."""
        return fact.source.account or fact.account or self._home

    def _add(self, node: Node) -> Node:
        return self.graph.add_node(node)

    # Strangers

    def public(self) -> Node:
        """Anyone at all."""
        return self.graph.nodes.get(PUBLIC) or self._add(Node(id=PUBLIC, kind=NodeKind.PUBLIC, label="public"))

    def service(self, principal: str) -> Node:
        """An AWS service, by its principal."""
        name = _REGIONAL.sub(r"\1.amazonaws.com", principal.replace(URL_SUFFIX, "amazonaws.com"))
        found = self.graph.nodes.get(f"service:{name}")
        return found or self._add(Node(id=f"service:{name}", kind=NodeKind.SERVICE, label=name, service=name))

    def account(self, account: str) -> Node:
        """An account: all its principals that its own administrators allow."""
        node_id = f"account:{account}"
        if node_id in self.graph.nodes:
            return self.graph.nodes[node_id]
        label = "this account" if account == ACCOUNT else f"account {account}"
        return self._add(
            Node(
                id=node_id,
                kind=NodeKind.ACCOUNT,
                label=label,
                account=account,
                trusted=self.is_trusted_account(account),
            )
        )

    def is_trusted_account(self, account: str | None) -> bool | None:
        """Whether an account is the user's own or one he vouches for; None for an account that is not known."""
        if account is None or has_unknown(account):
            return None
        return account in self.own_accounts or self.trusted.trusts_account(account)

    def federated(self, name: str, *, label: str | None = None, fact: Fact | None = None) -> Node:
        """An identity provider, or the authorizer of a route."""
        node_id = name if name.startswith("federated:") else f"federated:{name}"
        found = self.graph.nodes.get(node_id)
        if found is not None:
            return found
        said = _said_by(fact) if fact is not None else {}
        shown = label or name.removeprefix("federated:").rpartition("/")[2]
        arn = name if name.startswith("arn:") else None
        return self._add(Node(id=node_id, kind=NodeKind.FEDERATED, label=shown, arn=arn, **said))

    def external(self, name: str) -> Node:
        """Something that is named and in no input."""
        if name in self.graph.nodes:
            return self.graph.nodes[name]
        parts = split_arn(name)
        account = (parts.account or None) if parts else None
        label = as_written((parts.resource if parts else name) or name)
        if name.startswith("${Unknown::AWS::"):  # of a policy that does not say it
            label = f"what {name[:-1].rpartition('/')[2]} protects"
        return self._add(
            Node(
                id=name,
                kind=NodeKind.EXTERNAL,
                label=label,
                account=account,
                arn=name if parts else None,
                type=_type_of(name),
                trusted=self.is_trusted_account(account),
            )
        )

    def resource_set(self, pattern: str, *, excluding: bool = False) -> Node:
        """Everything a pattern matches, or everything but that."""
        node_id = f"set:{'!' if excluding else ''}{pattern}"
        if node_id in self.graph.nodes:
            return self.graph.nodes[node_id]
        label = as_written(f"everything but {pattern}" if excluding else pattern)
        return self._add(
            Node(
                id=node_id,
                kind=NodeKind.RESOURCE_SET,
                label=label,
                account=account_of(pattern),
                arn=None if excluding or not pattern.startswith("arn:") else pattern,
            )
        )

    # Finding

    def named(self, name: str) -> Node:
        """The node of an ARN or id, known or not."""
        found = self.graph.nodes.get(name)
        if found is not None:
            return found
        for match in self.known.named_by(name):
            return self.graph.nodes[match.id]
        by_name = self._by_name.get(name)
        return self.graph.nodes[by_name] if by_name else self.external(name)

    def function_arn(self, arn: str) -> tuple[str, Mapping[str, str]]:
        """A function's ARN as the input spells it, qualifier kept, and what must hold for the two to be the same."""
        base, qualifier = function_arn_and_qualifier(arn)
        for match in self.known.named_by(base):
            if not match.rest:
                return (f"{match.arn}:{qualifier}" if qualifier else match.arn), match.assumes
        return arn, {}

    def principal(self, principal: Principal) -> Node:
        """The node of one principal of a policy."""
        value = str(principal.value)
        if has_unknown(value) and not value.startswith("arn:"):
            return self.external(value)
        if value == "*" or principal.kind == "*":
            return self.public()
        match principal.kind:
            case "Service":
                return self.service(value)
            case "Federated":
                return self.federated(value)
            case "CanonicalUser":
                return self.external(f"canonical:{value}")
            case _:
                return self._aws_principal(value)

    def _aws_principal(self, value: str) -> Node:
        if _ACCOUNT_ID.fullmatch(value) or value == ACCOUNT:
            return self.account(value)
        root = _ROOT_ARN.fullmatch(value)
        if root:
            return self.account(root[1])
        if _UNIQUE_ID.fullmatch(value) and value in self._unique_ids:
            return self.graph.nodes[self._unique_ids[value]]
        parts = split_arn(value)
        if parts is not None and parts.service == "sts" and parts.resource.startswith("assumed-role/"):
            name = parts.resource.split("/")[1]
            role = value.replace(":sts:", ":iam:", 1).replace(parts.resource, f"role/{name}")
            return self.graph.nodes.get(role) or self.external(value)
        return self.named(value)


def _without_id(arn: str, parts: ArnParts) -> Iterator[str]:
    """The ARN up to an id that AWS adds behind the name, which policies write as `*`; a cluster's topics have it too.

    https://docs.aws.amazon.com/msk/latest/developerguide/security-iam.html
    """
    kind, _, rest = parts.resource.partition("/")
    name, _, last = rest.rpartition("/")
    if not name or not TOKEN.fullmatch(last) or (parts.service, kind) not in _WITH_ID:
        return
    start = arn.removesuffix(parts.resource)
    kinds = ("cluster", "topic", "group", "transactional-id") if parts.service == "kafka" else (kind,)
    yield from (f"{start}{each}/{name}" for each in kinds)


def _said_by(fact: Fact) -> dict[str, Any]:
    return {"logical_id": own_logical_id(fact), "source": fact.source, "only_if": fact.only_if, "fact": fact}


def own_logical_id(fact: Fact) -> str | None:
    """The logical id of the thing itself; what SAM generates is written under the id of the SAM resource it comes from.

    A generated physical name is the token of the logical id, which may carry the label of its stack.
    """
    name = getattr(fact, "name", "")
    token = TOKEN.fullmatch(name) if isinstance(name, str) else None
    if fact.logical_id is None or "::" in name:
        return fact.logical_id
    if token is None:
        return fact.logical_id
    return name[2:-1].rpartition("/")[2].partition(".")[0] or fact.logical_id


_ARN_TYPES = (
    (":iam:", "role/", "AWS::IAM::Role"),
    (":iam:", "user/", "AWS::IAM::User"),
    (":lambda:", "function:", "AWS::Lambda::Function"),
    (":s3:", "", "AWS::S3::Bucket"),
    (":sqs:", "", "AWS::SQS::Queue"),
    (":sns:", "", "AWS::SNS::Topic"),
    (":dynamodb:", "table/", "AWS::DynamoDB::Table"),
    (":kinesis:", "stream/", "AWS::Kinesis::Stream"),
    (":firehose:", "deliverystream/", "AWS::KinesisFirehose::DeliveryStream"),
    (":secretsmanager:", "secret:", "AWS::SecretsManager::Secret"),
    (":kms:", "key/", "AWS::KMS::Key"),
    (":ssm:", "parameter/", "AWS::SSM::Parameter"),
    (":states:", "stateMachine:", "AWS::StepFunctions::StateMachine"),
    (":logs:", "log-group:", "AWS::Logs::LogGroup"),
    (":events:", "event-bus/", "AWS::Events::EventBus"),
    (":cognito-idp:", "userpool/", "AWS::Cognito::UserPool"),
)


def _type_of(arn: str) -> str | None:
    """The CloudFormation type of what an ARN names, for the kinds that serverless applications name most."""
    parts = split_arn(arn)
    if parts is None:
        return None
    field = f":{parts.service}:"
    return next((kind for mark, start, kind in _ARN_TYPES if mark == field and parts.resource.startswith(start)), None)
