"""The facts: what a template or a live account says, frozen, before anything is decided.

Facts name each other by ARN, so a template and a live account give the same facts, and stacks and accounts meet
without knowing of each other. A thing without an ARN has the `id` that `resource_id` makes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import TypeAlias

from permscope.inventory.policies import Policy
from permscope.inventory.source import NOWHERE, Source
from permscope.lazy import dataclass


class Mechanism(StrEnum):
    """What makes a wired source able to run a function."""

    RESOURCE_POLICY = "resource_policy"  # the function's own policy must let the service in
    POLL = "poll"  # Lambda reads the source with the function's execution role
    SERVICE_ROLE = "service_role"  # a role that the service assumes must allow it
    CALLER = "caller"  # the permissions of whoever makes the call
    REPLICATION = "replication"  # CloudFront copies the function to the edge


class Auth(StrEnum):
    """What an API route asks of a caller."""

    NONE = "none"
    IAM = "iam"
    COGNITO = "cognito"
    JWT = "jwt"
    LAMBDA = "lambda"
    API_KEY = "api_key"
    MUTUAL_TLS = "mutual_tls"
    UNKNOWN = "unknown"


def resource_id(type_name: str, logical_id: str, stack: str = "") -> str:
    """The id of a template resource that has no ARN."""
    return f"{type_name}/{stack}/{logical_id}" if stack else f"{type_name}/{logical_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What every fact carries.

    Attributes:
        source: where it was read.
        logical_id: of the template resource that says it, as the user wrote it (the SAM resource for generated ones).
        only_if: the undecided template condition it depends on.
        stack: label of the stack it stands in; empty where there is one template.
        account: 12-digit id of the account its template is deployed to, where that is known; that of a live fact is in
            its source.
        construct: what a CDK app calls the resource, by its place in the app (`Orders/Handler`).
    """

    source: Source = NOWHERE
    logical_id: str | None = None
    only_if: str | None = None
    stack: str = ""
    account: str | None = None
    construct: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Fact):
    """An AWS account that was read, or in which a template would be deployed.

    Attributes:
        id: 12-digit id, or the token `${AWS::AccountId}`.
        organization: organization id (`o-...`), where known.
        management: whether it is its organization's management account.
    """

    id: str
    organization: str | None = None
    management: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Role(Fact):
    """An IAM role.

    Attributes:
        trust: its `AssumeRolePolicyDocument`.
        inline_policies: in file order.
        managed_policy_arns: customer and AWS managed policies attached to it (`LocatedStr` where read from a template).
        boundary_arn: its permissions boundary.
        unique_id: `AROA...` of a live role.
        created: ISO 8601 time of a live role.
        last_used: ISO 8601 time of a live role; None where IAM knows of no use, which it remembers for 400 days.
    """

    arn: str
    name: str
    trust: Policy
    inline_policies: tuple[Policy, ...] = ()
    managed_policy_arns: tuple[str, ...] = ()
    boundary_arn: str | None = None
    unique_id: str | None = None
    created: str | None = None
    last_used: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Fact):
    """An IAM user; attributes as for `Role`, with the ARNs of its groups."""

    arn: str
    name: str
    inline_policies: tuple[Policy, ...] = ()
    managed_policy_arns: tuple[str, ...] = ()
    boundary_arn: str | None = None
    group_arns: tuple[str, ...] = ()
    unique_id: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Fact):
    """An IAM group."""

    arn: str
    name: str
    inline_policies: tuple[Policy, ...] = ()
    managed_policy_arns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedPolicy(Fact):
    """A customer managed policy, attached or not."""

    arn: str
    name: str
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyAttachment(Fact):
    """A policy that says itself whom it is attached to (`AWS::IAM::Policy.Roles`, `ManagedPolicy.Users`, ...).

    Attributes:
        principal_arn: of a role, user or group; empty where the policy names none that is known.
        policy: an inline policy, or None for the managed policy `policy_arn`.
    """

    principal_arn: str
    policy: Policy | None = None
    policy_arn: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMembership(Fact):
    """Users in a group (`AWS::IAM::UserToGroupAddition`)."""

    group_arn: str
    user_arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Function(Fact):
    """A Lambda function.

    Attributes:
        arn: unqualified ARN.
        role_arn: of its execution role; None where the template does not tell.
        role_only_if: the undecided template condition under which it has that role.
        other_roles: ARNs of roles it has otherwise, each with its condition.
        aliases: ARNs of its aliases (`...:live`), each with the version it points to in `alias_versions`.
        versions: qualified ARNs of published versions.
        environment: names of environment variables with the ARN, name or id each refers to, where it refers to a
            resource of the input; values themselves are never kept (the empty string stands for them).
        credentials: names of environment variables whose value is a credential in plain text.
        layers: layer version ARNs.
        code: where the code comes from: `s3://bucket/key`, `s3://bucket/key?versionId=version`, an image URI, or None.
    """

    arn: str
    name: str
    role_arn: str | None = None
    role_only_if: str | None = None
    other_roles: Mapping[str, str] = field(default_factory=dict)
    runtime: str | None = None
    aliases: tuple[str, ...] = ()
    alias_versions: Mapping[str, str] = field(default_factory=dict)
    versions: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    credentials: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    code: str | None = None
    kms_key_arn: str | None = None
    log_group: str | None = None
    in_vpc: bool = False
    tracing: bool = False
    file_systems: tuple[str, ...] = ()
    code_signing_config: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource(Fact):
    """Anything else with an identity: a table, a queue, an API, a state machine.

    Attributes:
        id: its ARN, or what `resource_id` makes.
        arn: None for a type that has no ARN.
        type: CloudFormation type.
        name: physical name, or the token of a generated one.
        attributes: what rules and the graph need to know of it, by AWS's property names in snake case
            (`kms_key_arn`, `stream_arn`, `redrive_target_arn`, `public_access_block`, ...).
    """

    id: str
    type: str
    name: str
    arn: str | None = None
    attributes: Mapping[str, str | bool | tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcePolicy(Fact):
    """A resource-based policy, or one statement of it (each `AWS::Lambda::Permission` is one).

    Attributes:
        resource_arn: what it protects: of a function the qualified ARN where the policy is on a version or alias.
        type: CloudFormation type of what holds it (`AWS::SNS::TopicPolicy`), for where the ARN is not known, or empty.
    """

    resource_arn: str
    policy: Policy
    type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger(Fact):
    """A function wired to something that runs it.

    Attributes:
        function_arn: target, qualified as it is wired.
        event: what kind of wiring, such as `s3-notification`, `sns-subscription`, `event-source-mapping`.
        mechanism: what must allow it.
        service: principal of the service that invokes (`s3.amazonaws.com`).
        source_id: id (ARN, `resource_id` or `Route.id`) of the wired thing; None where only the service is known.
        source_arn: `aws:SourceArn` that the service sends; a stage or path that is not known is an unknown token.
        source_account: `aws:SourceAccount` that the service sends, where it sends one.
        context: further condition keys of the request, such as `lambda:EventSourceToken`.
        occasions: what of all that happens to the source runs the function, where the wiring says so: S3's event types.
        below: prefix of the names it runs for; empty for all.
        role_arn: for `POLL` the execution role where it is known, for `SERVICE_ROLE` the role the service assumes.
        required: what that role must be allowed: for `POLL` on the source, for `SERVICE_ROLE` on the function.
        enabled: False for a disabled mapping, rule or schedule.
        exact: False where what is needed is not known, so `required` is not all.
    """

    function_arn: str
    event: str
    mechanism: Mechanism
    service: str
    source_id: str | None = None
    source_arn: str | None = None
    source_account: str | None = None
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    occasions: tuple[str, ...] = ()
    below: str = ""
    role_arn: str | None = None
    required: tuple[Need, ...] = ()
    enabled: bool = True
    exact: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Actions that a role must have on a resource for a wiring to work.

    Attributes:
        actions: every one of them is needed.
        resource_arn: on what; `*` for actions without resource-level permissions.
        why: one clause, such as `to read the stream`.
    """

    actions: tuple[str, ...]
    resource_arn: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Fact):
    """An API route, method or function URL: a door people knock on.

    Attributes:
        id: `route:<execute-api ARN>/<METHOD>/<path>` or `url:<function ARN>`.
        api_id: id of the `Resource` it belongs to; of a URL the function's ARN.
        method: `GET`, `ANY`, ... or None (WebSocket, URL).
        path: `/orders/{id}`, `$default`, `$connect`; of a GraphQL field `Query.orders`.
        auth: what it asks of the caller.
        authorizer: logical id, name or ARN of the authorizer.
        api_key: whether an API key is asked for besides.
        private: whether it can be reached from inside a VPC only.
        target: ARN of what is behind it where that is no function (function targets are `Trigger`s).
        execute_arn: what `execute-api:Invoke` must be allowed on, or the function ARN of a URL.
    """

    id: str
    api_id: str
    auth: Auth
    method: str | None = None
    path: str = ""
    authorizer: str | None = None
    scopes: tuple[str, ...] = ()
    api_key: bool = False
    private: bool = False
    target: str | None = None
    execute_arn: str | None = None
    attributes: Mapping[str, str | bool | tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery(Fact):
    """Where a function's results or failures are sent with its execution role, or what another resource passes on.

    Attributes:
        sender_id: function ARN, or the id of another resource that delivers.
        target_arn: queue, topic, bus, bucket or function; a pipe, for what the pipe reads.
        event: `dead-letter-queue`, `on-success`, `on-failure`, `rule-target`, `pipe-source`, ...
        role_arn: role that must allow it; None means the function's execution role. Where the sender is no function and
            `service` is not set either, nothing has to allow it (a rule reads its own bus).
        required: what the role must be allowed.
        service: principal that delivers without a role, so that the target's own policy must let it in.
        source_arn: `aws:SourceArn` that this service sends.
        source_account: `aws:SourceAccount` that it sends, where it sends one.
        enabled: False for a disabled rule or schedule.
        exact: False where what is needed is not known, so `required` is not all.
    """

    sender_id: str
    target_arn: str
    event: str
    role_arn: str | None = None
    required: tuple[Need, ...] = ()
    service: str | None = None
    source_arn: str | None = None
    source_account: str | None = None
    enabled: bool = True
    exact: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleUse(Fact):
    """Something other than a function that acts with a role: a state machine, a rule target, an API integration.

    Attributes:
        user_id: id of the resource or route that acts.
        role_arn: role it assumes; `caller` where it acts with the caller's own permissions.
        service: principal that assumes the role: of a role reached through another role, the ARN of that other role.
        required: what it needs the role for, one per call it makes (functions, tables, streams, ...).
        exact: False where what it calls is decided at run time, so `required` is not all.
        source_arn: `aws:SourceArn` that the service sends when it assumes the role, where that is not the user's own
            ARN (a schedule sends the ARN of its group).
    """

    user_id: str
    role_arn: str
    service: str
    required: tuple[Need, ...] = ()
    exact: bool = True
    source_arn: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityProvider(Fact):
    """An OIDC or SAML provider, or a Cognito identity pool, that roles can trust."""

    arn: str
    kind: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """An access key as IAM's credential report lists it: its times, never its id.

    Attributes:
        active: whether it can be used.
        last_rotated: ISO 8601 time at which it was made or its status last changed; None where the report has none.
        last_used: ISO 8601 time; None where no use is recorded.
    """

    active: bool
    last_rotated: str | None = None
    last_used: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials(Fact):
    """What IAM's credential report says of a user of an account, or of its root user.

    Attributes:
        principal_arn: of the user; `arn:aws:iam::111122223333:root` of the root user.
        reported: ISO 8601 time of the report, by which ages are counted.
        password: whether it can sign in with a password; None where the report does not say.
        password_last_changed: ISO 8601 time.
        password_last_used: ISO 8601 time; None where no use is recorded.
        mfa: whether an MFA device is enabled; None where the report does not say.
        access_keys: the first and the second key that the report has columns for.
    """

    principal_arn: str
    reported: str
    password: bool | None = None
    password_last_changed: str | None = None
    password_last_used: str | None = None
    mfa: bool | None = None
    access_keys: tuple[AccessKey, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPolicy(Fact):
    """A service or resource control policy and what it is attached to (root, organizational unit or account ids)."""

    policy: Policy
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationPath(Fact):
    """The way from the organization's root to an account: ids of root, units, account, in that order."""

    account: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Output(Fact):
    """A stack output, with its export name where it has one."""

    name: str
    value: str
    export: str | None = None


FAILED_CALLS = frozenset({"denied", "expired", "throttled", "unsupported", "failed"})
"""Kinds of `Unknown` that a failed call becomes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown(Fact):
    """Something that could not be read, resolved or decided.

    Attributes:
        what: the thing, such as ``parameter `TableName` ``.
        why: the reason, such as `it has no default`.
        kind: slug of the reason, to count by: `parameter`, `import`, `transform`, `denied`, ...
        about: ARN of what a failed call was about, where it names one.
    """

    what: str
    why: str
    kind: str = "other"
    about: str | None = None

    @property
    def is_failed_call(self) -> bool:
        """Whether it stands for a call to AWS that gave nothing, so that a snapshot lacks what it would have told."""
        return self.kind in FAILED_CALLS


AnyFact: TypeAlias = (
    Account
    | Role
    | User
    | Group
    | ManagedPolicy
    | PolicyAttachment
    | GroupMembership
    | Function
    | Resource
    | ResourcePolicy
    | Trigger
    | Route
    | Delivery
    | RoleUse
    | IdentityProvider
    | Credentials
    | ControlPolicy
    | OrganizationPath
    | Output
    | Unknown
)
