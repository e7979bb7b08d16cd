# ruff: noqa: E501 (one row of the table is one line)
"""The decision table: every documented rule, with the AWS page that says so."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.inventory.policies import PolicyKind, parse_policy
from permscope.policy.context import RequestContext
from permscope.policy.evaluate import Decision, PolicyLayers, Request, evaluate, owner_of
from permscope.policy.simulate import simulate_case

IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
DENY_ALLOW = IAM + "reference_policies_evaluation-logic_policy-eval-denyallow.html"
CROSS = IAM + "reference_policies_evaluation-logic-cross-account.html"
PRINCIPAL = IAM + "reference_policies_elements_principal.html"
NOT_PRINCIPAL = IAM + "reference_policies_elements_notprincipal.html"
NOT_ACTION = IAM + "reference_policies_elements_notaction.html"
NOT_RESOURCE = IAM + "reference_policies_elements_notresource.html"
RESOURCE = IAM + "reference_policies_elements_resource.html"
ACTION = IAM + "reference_policies_elements_action.html"
VARIABLES = IAM + "reference_policies_variables.html"
BOUNDARIES = IAM + "access_policies_boundaries.html"
SESSION = IAM + "access_policies.html#policies_session"
TRUST = IAM + "id_roles_compare-resource-policies.html"
KEYS = IAM + "reference_policies_condition-keys.html"
KMS = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html"
KMS_CROSS = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html"
SCP = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html"
SCP_LEVELS = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html"
RCP = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html"
RCP_LEVELS = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_evaluation.html"
LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html"
SAR = "https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html"
IDENTITY = "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"

A, B = "111111111111", "222222222222"
USER = f"arn:aws:iam::{A}:user/bob"
ROLE = f"arn:aws:iam::{A}:role/app"
SESS = f"arn:aws:sts::{A}:assumed-role/app/i-1"
ROOT = f"arn:aws:iam::{A}:root"
FED = f"arn:aws:sts::{A}:federated-user/eve"
SLR = f"arn:aws:iam::{A}:role/aws-service-role/es.amazonaws.com/AWSServiceRoleForES"
OIDC = f"arn:aws:iam::{A}:oidc-provider/token.actions.githubusercontent.com"
S3 = {"service": "s3.amazonaws.com"}
KEY = f"arn:aws:kms:eu-west-1:{A}:key/1"
TARGET = f"arn:aws:iam::{A}:role/target"
QUEUE = f"arn:aws:sqs:eu-west-1:{A}:q"
FUNCTION = f"arn:aws:lambda:eu-west-1:{A}:function:f"

YES, NO, DENIED = "allowed", "implicitDeny", "explicitDeny"


def allow(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    """An Allow statement."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A Deny statement."""
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def to(principal: Any, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    """A statement of a resource policy about every action."""
    return {"Effect": effect, "Principal": principal, "Action": "*", "Resource": "*", **more}


def but(principal: Any, effect: str = "Deny") -> dict[str, Any]:
    """A statement with `NotPrincipal`."""
    return {"Effect": effect, "NotPrincipal": principal, "Action": "*", "Resource": "*"}


def trust(principal: Any, action: str = "sts:AssumeRole", **more: Any) -> dict[str, Any]:
    """A trust policy."""
    return doc({"Effect": "Allow", "Principal": principal, "Action": action, **more})


def doc(*statements: dict[str, Any], version: str | None = "2012-10-17") -> dict[str, Any]:
    """A policy document."""
    return {**({"Version": version} if version else {}), "Statement": list(statements)}


def case(principal: Any = ROLE, action: str = "s3:GetObject", resource: str = "arn:aws:s3:::b/k", **more: Any) -> Any:
    """A case of `permscope simulate`; policies may be given as statements."""
    found: dict[str, Any] = {"id": "1", "principal": principal, "action": action, "resource": resource}
    for key, value in more.items():
        match key:
            case "identity":
                found["identityPolicies"] = [doc(*value)]
            case "policy":
                found["resourcePolicy"] = value if isinstance(value, dict) else doc(*value)
            case "boundary":
                found["permissionBoundary"] = doc(*value)
            case "session":
                found["sessionPolicies"] = [doc(each) for each in value]
            case "scps" | "rcps":
                found[key] = [[doc(each) for each in level] for level in value]
            case "account":
                found["resourceAccount"] = value
            case _:
                found[key] = value
    return found


GET, PUT = allow("s3:GetObject"), allow("s3:PutObject")
FULL = allow()
ASSUME = {"action": "sts:AssumeRole", "resource": TARGET}
DECRYPT = {"action": "kms:Decrypt", "resource": KEY}
SEND = {"action": "sqs:SendMessage", "resource": QUEUE}
INVOKE = {"action": "lambda:InvokeFunction", "resource": FUNCTION}

TABLE: list[tuple[str, str, Any, str]] = [
    # One account
    (DENY_ALLOW, "nothing allows", case(), NO),
    (DENY_ALLOW, "an identity policy allows", case(identity=[GET]), YES),
    (DENY_ALLOW, "another action is allowed", case(identity=[PUT]), NO),
    (DENY_ALLOW, "an explicit deny wins", case(identity=[GET, deny("s3:Get*")]), DENIED),
    (DENY_ALLOW, "a deny counts though nothing allows", case(identity=[deny()]), DENIED),
    (DENY_ALLOW, "a deny of something else does not count", case(identity=[GET, deny("s3:Put*")]), YES),
    (DENY_ALLOW, "a resource policy denies", case(identity=[GET], policy=[to("*", "Deny")]), DENIED),
    (DENY_ALLOW, "a boundary denies", case(identity=[GET], boundary=[FULL, deny("s3:*")]), DENIED),
    (DENY_ALLOW, "a session policy denies", case(SESS, identity=[GET], session=[FULL, deny("s3:*")]), DENIED),
    (DENY_ALLOW, "a control policy denies", case(identity=[GET], scps=[[FULL], [FULL, deny("s3:*")]]), DENIED),
    (DENY_ALLOW, "the root user has full access", case(ROOT), YES),
    (DENY_ALLOW, "the root user by account id", case(A), YES),
    (DENY_ALLOW, "the root user is denied explicitly", case(ROOT, policy=[to({"AWS": A}, "Deny")]), DENIED),
    (DENY_ALLOW, "the root user is bound by SCPs", case(ROOT, scps=[[allow("sqs:*")]]), NO),
    # The resource's policy in one account
    (DENY_ALLOW, "user named", case(USER, policy=[to({"AWS": USER})]), YES),
    (DENY_ALLOW, "role named", case(ROLE, policy=[to({"AWS": ROLE})]), YES),
    (DENY_ALLOW, "role of the session named", case(SESS, policy=[to({"AWS": ROLE})]), YES),
    (DENY_ALLOW, "session named", case(SESS, policy=[to({"AWS": SESS})]), YES),
    (DENY_ALLOW, "another session named", case(SESS, policy=[to({"AWS": SESS + "2"})]), NO),
    (DENY_ALLOW, "federated user named", case(FED, policy=[to({"AWS": FED})]), YES),
    (PRINCIPAL, "everyone", case(USER, policy=[to("*")]), YES),
    (PRINCIPAL, "every AWS principal", case(USER, policy=[to({"AWS": "*"})]), YES),
    (PRINCIPAL, "the account only delegates", case(USER, policy=[to({"AWS": A})]), NO),
    (PRINCIPAL, "the account's root only delegates", case(USER, policy=[to({"AWS": ROOT})]), NO),
    (PRINCIPAL, "delegated and allowed", case(USER, identity=[GET], policy=[to({"AWS": ROOT})]), YES),
    (PRINCIPAL, "a wildcard in an ARN names nobody", case(policy=[to({"AWS": f"arn:aws:iam::{A}:role/*"})]), NO),
    (PRINCIPAL, "several principals", case(policy=[to({"AWS": [B, ROLE], "Service": "x.amazonaws.com"})]), YES),
    (PRINCIPAL, "unique id of the role",
     case(SESS, policy=[to({"AWS": "AROAX"})], context={"aws:userid": ["AROAX:i-1"]}), YES),
    (PRINCIPAL, "unique id of a deleted role", case(SESS, policy=[to({"AWS": "AROAX"})]), NO),
    # Implicit denies of boundary and session policies
    (DENY_ALLOW, "boundary limits an identity policy", case(identity=[GET], boundary=[PUT]), NO),
    (DENY_ALLOW, "boundary and identity policy allow", case(identity=[GET], boundary=[GET]), YES),
    (BOUNDARIES, "a boundary alone grants nothing", case(boundary=[GET]), NO),
    (BOUNDARIES, "an empty boundary allows nothing", case(identity=[GET], boundary=[]), NO),
    (DENY_ALLOW, "user named, boundary silent", case(USER, policy=[to({"AWS": USER})], boundary=[PUT]), YES),
    (DENY_ALLOW, "role named, boundary silent", case(ROLE, policy=[to({"AWS": ROLE})], boundary=[PUT]), NO),
    (DENY_ALLOW, "role named, boundary allows", case(ROLE, policy=[to({"AWS": ROLE})], boundary=[GET]), YES),
    (DENY_ALLOW, "role of session named, boundary silent", case(SESS, policy=[to({"AWS": ROLE})], boundary=[PUT]), NO),
    (DENY_ALLOW, "session named, boundary silent", case(SESS, policy=[to({"AWS": SESS})], boundary=[PUT]), YES),
    (DENY_ALLOW, "session named, session policy silent", case(SESS, policy=[to({"AWS": SESS})], session=[PUT]), YES),
    (DENY_ALLOW, "role named, session policy silent", case(SESS, policy=[to({"AWS": ROLE})], session=[PUT]), NO),
    (DENY_ALLOW, "role named, session policy allows", case(SESS, policy=[to({"AWS": ROLE})], session=[GET]), YES),
    (DENY_ALLOW, "federated user named, session silent", case(FED, policy=[to({"AWS": FED})], session=[PUT]), YES),
    (PRINCIPAL, "everyone, boundary silent", case(SESS, policy=[to("*")], boundary=[PUT]), YES),
    (PRINCIPAL, "account named, boundary silent",
     case(SESS, identity=[GET], policy=[to({"AWS": A})], boundary=[PUT]), NO),
    (DENY_ALLOW, "session named, boundary denies",
     case(SESS, policy=[to({"AWS": SESS})], boundary=[FULL, deny("s3:*")]), DENIED),
    (SESSION, "session policy limits", case(SESS, identity=[FULL], session=[PUT]), NO),
    (SESSION, "session policy alone grants nothing", case(SESS, session=[GET]), NO),
    (SESSION, "one of several session policies allows", case(SESS, identity=[FULL], session=[PUT, GET]), YES),
    # Two accounts
    (CROSS, "identity policy only", case(identity=[GET], account=B), NO),
    (CROSS, "resource policy only", case(policy=[to({"AWS": ROLE})], account=B), NO),
    (CROSS, "both, role named", case(identity=[GET], policy=[to({"AWS": ROLE})], account=B), YES),
    (CROSS, "both, account named", case(identity=[GET], policy=[to({"AWS": A})], account=B), YES),
    (CROSS, "both, session named", case(SESS, identity=[GET], policy=[to({"AWS": SESS})], account=B), YES),
    (CROSS, "both, everyone", case(identity=[GET], policy=[to("*")], account=B), YES),
    (CROSS, "the resource's own account named", case(identity=[GET], policy=[to({"AWS": B})], account=B), NO),
    (CROSS, "session named, no identity policy", case(SESS, policy=[to({"AWS": SESS})], account=B), NO),
    (CROSS, "session named, boundary silent",
     case(SESS, identity=[GET], policy=[to({"AWS": SESS})], boundary=[PUT], account=B), NO),
    (CROSS, "user named, boundary silent",
     case(USER, identity=[GET], policy=[to({"AWS": USER})], boundary=[PUT], account=B), NO),
    (CROSS, "session policy silent",
     case(SESS, identity=[GET], policy=[to({"AWS": ROLE})], session=[PUT], account=B), NO),
    (CROSS, "resource policy denies", case(identity=[GET], policy=[to("*"), to("*", "Deny")], account=B), DENIED),
    (CROSS, "the root user of the other account", case(ROOT, policy=[to({"AWS": A})], account=B), YES),
    (CROSS, "the root user, nothing delegated", case(ROOT, account=B), NO),
    (CROSS, "account in the ARN", case(**{**SEND, "resource": QUEUE.replace(A, B)}, identity=[FULL]), NO),
    (CROSS, "account in the ARN, both",
     case(**{**SEND, "resource": QUEUE.replace(A, B)}, identity=[FULL], policy=[to({"AWS": A})]), YES),
    (CROSS, "an AWS managed policy is nobody's",
     case(action="iam:GetPolicy", resource="arn:aws:iam::aws:policy/ReadOnlyAccess", identity=[FULL]), YES),
    # Role trust
    (TRUST, "identity policy only", case(**ASSUME, identity=[FULL]), NO),
    (TRUST, "trust names the role", case(**ASSUME, policy=trust({"AWS": ROLE})), YES),
    (TRUST, "trust names the user", case(USER, **ASSUME, policy=trust({"AWS": USER})), YES),
    (TRUST, "trust names the account", case(**ASSUME, policy=trust({"AWS": A})), NO),
    (TRUST, "trust names the account, identity allows", case(**ASSUME, identity=[FULL], policy=trust({"AWS": A})), YES),
    (TRUST, "trust does not name the caller", case(**ASSUME, identity=[FULL], policy=trust({"AWS": B})), NO),
    (TRUST, "trust names the role, boundary silent", case(**ASSUME, policy=trust({"AWS": ROLE}), boundary=[GET]), NO),
    (TRUST, "trust names the user, boundary silent",
     case(USER, **ASSUME, policy=trust({"AWS": USER}), boundary=[GET]), YES),
    (TRUST, "trust of another account, both",
     case(action="sts:AssumeRole", resource=f"arn:aws:iam::{B}:role/t", identity=[FULL], policy=trust({"AWS": A})), YES),
    (TRUST, "trust of another account, no identity policy",
     case(action="sts:AssumeRole", resource=f"arn:aws:iam::{B}:role/t", policy=trust({"AWS": ROLE})), NO),
    (TRUST, "a service", case({"service": "lambda.amazonaws.com"}, **ASSUME,
     policy=trust({"Service": "lambda.amazonaws.com"})), YES),
    (TRUST, "another service", case(S3, **ASSUME, policy=trust({"Service": "lambda.amazonaws.com"})), NO),
    (TRUST, "web identity", case(OIDC, "sts:AssumeRoleWithWebIdentity", TARGET,
     policy=trust({"Federated": OIDC}, "sts:AssumeRoleWithWebIdentity")), YES),
    (TRUST, "web identity, other action", case(OIDC, "sts:AssumeRoleWithWebIdentity", TARGET,
     policy=trust({"Federated": OIDC})), NO),
    (TRUST, "web identity with a claim", case(OIDC, "sts:AssumeRoleWithWebIdentity", TARGET,
     policy=trust({"Federated": OIDC}, "sts:AssumeRoleWithWebIdentity", Condition={
         "StringLike": {"token.actions.githubusercontent.com:sub": "repo:o/r:*"}}),
     context={"token.actions.githubusercontent.com:sub": ["repo:o/r:ref:refs/heads/main"]}), YES),
    (TRUST, "web identity with another claim", case(OIDC, "sts:AssumeRoleWithWebIdentity", TARGET,
     policy=trust({"Federated": OIDC}, "sts:AssumeRoleWithWebIdentity", Condition={
         "StringLike": {"token.actions.githubusercontent.com:sub": "repo:o/r:*"}}),
     context={"token.actions.githubusercontent.com:sub": ["repo:o/x:ref:refs/heads/main"]}), NO),
    (TRUST, "SAML", case(f"arn:aws:iam::{A}:saml-provider/idp", "sts:AssumeRoleWithSAML", TARGET,
     policy=trust({"Federated": f"arn:aws:iam::{A}:saml-provider/idp"}, "sts:AssumeRoleWithSAML")), YES),
    (TRUST, "a host as provider", case("cognito-identity.amazonaws.com", "sts:AssumeRoleWithWebIdentity", TARGET,
     policy=trust({"Federated": "cognito-identity.amazonaws.com"}, "sts:AssumeRoleWithWebIdentity")), YES),
    (TRUST, "external id missing", case(**ASSUME, policy=trust({"AWS": ROLE}, Condition={
        "StringEquals": {"sts:ExternalId": "x"}})), NO),
    (SCP, "web identity is not bound by SCPs", case(OIDC, "sts:AssumeRoleWithWebIdentity", TARGET,
     policy=trust({"Federated": OIDC}, "sts:AssumeRoleWithWebIdentity"), scps=[[deny()]]), YES),
    (IDENTITY, "who am I needs nothing", case(action="sts:GetCallerIdentity", resource="*"), YES),
    # KMS keys
    (KMS, "identity policy only", case(**DECRYPT, identity=[FULL]), NO),
    (KMS, "key policy says root, identity policy allows",
     case(**DECRYPT, identity=[allow("kms:Decrypt")], policy=[to({"AWS": ROOT})]), YES),
    (KMS, "key policy says root, no identity policy", case(**DECRYPT, policy=[to({"AWS": ROOT})]), NO),
    (KMS, "key policy says root for another action",
     case(**DECRYPT, identity=[FULL], policy=[{**to({"AWS": ROOT}), "Action": "kms:Encrypt"}]), NO),
    (KMS, "key policy names the role", case(**DECRYPT, policy=[to({"AWS": ROLE})]), YES),
    (KMS, "key policy names another role", case(**DECRYPT, identity=[FULL], policy=[to({"AWS": TARGET})]), NO),
    (KMS, "the root user needs the key policy", case(ROOT, **DECRYPT, policy=[to({"AWS": ROLE})]), NO),
    (KMS, "the root user and the key policy", case(ROOT, **DECRYPT, policy=[to({"AWS": ROOT})]), YES),
    (KMS, "identity policy denies", case(**DECRYPT, identity=[deny("kms:*")], policy=[to({"AWS": ROLE})]), DENIED),
    (KMS, "listing keys has no key", case(action="kms:ListKeys", resource="*", identity=[FULL]), YES),
    (KMS, "via a service",
     case(**DECRYPT, policy=[to({"AWS": "*"}, Condition={"StringEquals": {
         "kms:ViaService": "s3.eu-west-1.amazonaws.com", "kms:CallerAccount": A}})],
         context={"kms:ViaService": ["s3.eu-west-1.amazonaws.com"]}), YES),
    (KMS, "not via the service",
     case(**DECRYPT, identity=[FULL], policy=[to({"AWS": "*"}, Condition={"StringEquals": {
         "kms:ViaService": "s3.eu-west-1.amazonaws.com", "kms:CallerAccount": A}})]), NO),
    (KMS_CROSS, "another account, both",
     case(action="kms:Decrypt", resource=KEY.replace(A, B), identity=[FULL], policy=[to({"AWS": ROOT})]), YES),
    (KMS_CROSS, "another account, key policy only",
     case(action="kms:Decrypt", resource=KEY.replace(A, B), policy=[to({"AWS": ROLE})]), NO),
    # Services, anonymous callers
    (PRINCIPAL, "service allowed", case(S3, **SEND, policy=[to({"Service": "s3.amazonaws.com"})]), YES),
    (PRINCIPAL, "service, nothing allows", case(S3, **SEND), NO),
    (PRINCIPAL, "service named as AWS", case(S3, **SEND, policy=[to({"AWS": A})]), NO),
    (PRINCIPAL, "service and everyone", case(S3, **SEND, policy=[to("*")]), YES),
    (PRINCIPAL, "identity policies do not count for a service", case(S3, **SEND, identity=[FULL]), NO),
    (DENY_ALLOW, "an explicit deny in a policy that is given for a service",
     case(S3, **SEND, identity=[deny()], policy=[to({"Service": "s3.amazonaws.com"})]), DENIED),
    (SCP, "SCPs do not bind services",
     case(S3, **SEND, policy=[to({"Service": "s3.amazonaws.com"})], scps=[[deny()]]), YES),
    (KEYS, "service with source", case(S3, **SEND, policy=[to({"Service": "s3.amazonaws.com"}, Condition={
        "ArnLike": {"aws:SourceArn": "arn:aws:s3:::b"}, "StringEquals": {"aws:SourceAccount": A}})],
        context={"aws:SourceArn": ["arn:aws:s3:::b"], "aws:SourceAccount": [A]}), YES),
    (KEYS, "service with another source", case(S3, **SEND, policy=[to({"Service": "s3.amazonaws.com"}, Condition={
        "ArnLike": {"aws:SourceArn": "arn:aws:s3:::b"}})], context={"aws:SourceArn": ["arn:aws:s3:::c"]}), NO),
    (KEYS, "service is an AWS service", case(S3, **SEND, policy=[to("*", Condition={
        "Bool": {"aws:PrincipalIsAWSService": "true"}})]), YES),
    (KEYS, "role is no AWS service", case(**SEND, policy=[to("*", Condition={
        "Bool": {"aws:PrincipalIsAWSService": "true"}})]), NO),
    (KEYS, "service by name", case(S3, **SEND, policy=[to("*", Condition={
        "StringEquals": {"aws:PrincipalServiceName": "s3.amazonaws.com"}})]), YES),
    (PRINCIPAL, "anonymous and everyone", case("*", policy=[to("*")]), YES),
    (PRINCIPAL, "anonymous and every AWS principal", case("*", policy=[to({"AWS": "*"})]), YES),
    (PRINCIPAL, "anonymous and an account", case("*", policy=[to({"AWS": A})]), NO),
    (PRINCIPAL, "anonymous, identity policies do not count", case("*", identity=[FULL]), NO),
    (PRINCIPAL, "anonymous, public but for an organization", case("*", policy=[to("*", Condition={
        "StringEquals": {"aws:PrincipalOrgID": "o-1"}})]), NO),
    (PRINCIPAL, "anonymous denied", case("*", policy=[to("*"), to("*", "Deny")]), DENIED),
    (PRINCIPAL, "origin access identity", case(
        "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1", account=B,
        policy=[to({"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"})]), YES),
    # NotPrincipal
    (NOT_PRINCIPAL, "the user named is spared", case(USER, identity=[GET], policy=[but({"AWS": [USER, ROOT]})]), YES),
    (NOT_PRINCIPAL, "another user is not", case(USER, identity=[GET], policy=[but({"AWS": [USER + "2", ROOT]})]), DENIED),
    (NOT_PRINCIPAL, "the account does not spare its users", case(USER, identity=[GET], policy=[but({"AWS": ROOT})]), DENIED),
    (NOT_PRINCIPAL, "session, role and account named",
     case(SESS, identity=[GET], policy=[but({"AWS": [SESS, ROLE, ROOT]})]), YES),
    (NOT_PRINCIPAL, "the role does not spare its sessions",
     case(SESS, identity=[GET], policy=[but({"AWS": [ROLE, ROOT]})]), DENIED),
    (NOT_PRINCIPAL, "the role itself", case(ROLE, identity=[GET], policy=[but({"AWS": [ROLE, ROOT]})]), YES),
    (NOT_PRINCIPAL, "the root user itself", case(ROOT, policy=[but({"AWS": ROOT})]), YES),
    (NOT_PRINCIPAL, "a boundary is never spared",
     case(USER, identity=[GET], boundary=[FULL], policy=[but({"AWS": [USER, ROOT]})]), DENIED),
    (NOT_PRINCIPAL, "a service named is spared",
     case(S3, **SEND, policy=[to("*"), but({"Service": "s3.amazonaws.com"})]), YES),
    (NOT_PRINCIPAL, "allow all but one", case(USER, policy=[but({"AWS": ROLE}, "Allow")]), YES),
    (NOT_PRINCIPAL, "allow all but this", case(SESS, policy=[but({"AWS": ROLE}, "Allow")]), NO),
    (NOT_PRINCIPAL, "allow all but this account", case(USER, policy=[but({"AWS": A}, "Allow")]), NO),
    # NotAction, NotResource, patterns
    (NOT_ACTION, "allowed but the action", case(identity=[{"Effect": "Allow", "NotAction": "s3:Get*", "Resource": "*"}]), NO),
    (NOT_ACTION, "allowed but others", case(identity=[{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]), YES),
    (NOT_ACTION, "denied but others", case(identity=[GET, {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}]), DENIED),
    (NOT_ACTION, "denied but this", case(identity=[GET, {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}]), YES),
    (NOT_RESOURCE, "allowed but here",
     case(identity=[{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::b/*"}]), NO),
    (NOT_RESOURCE, "allowed but elsewhere",
     case(identity=[{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::c/*"}]), YES),
    (NOT_RESOURCE, "denied but here",
     case(identity=[GET, {"Effect": "Deny", "Action": "*", "NotResource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]}]), YES),
    (NOT_RESOURCE, "denied but elsewhere",
     case(identity=[GET, {"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::c/*"}]), DENIED),
    (ACTION, "case does not matter", case(action="S3:getobject", identity=[allow("s3:GETOBJECT")]), YES),
    (ACTION, "wildcard", case(identity=[allow("s3:*Object")]), YES),
    (ACTION, "question mark", case(identity=[allow("s3:?etObject")]), YES),
    (ACTION, "wildcard elsewhere", case(identity=[allow("s3:*Bucket")]), NO),
    (ACTION, "all services", case(identity=[allow("*:*")]), YES),
    (ACTION, "another service", case(identity=[allow("s3-object-lambda:*")]), NO),
    (RESOURCE, "case matters", case(identity=[allow("s3:*", "arn:aws:s3:::B/*")]), NO),
    (RESOURCE, "the bucket is not its objects", case(identity=[allow("s3:*", "arn:aws:s3:::b")]), NO),
    (RESOURCE, "objects", case(identity=[allow("s3:*", "arn:aws:s3:::b/*")]), YES),
    (RESOURCE, "one of several", case(identity=[allow("s3:*", ["arn:aws:s3:::c/*", "arn:aws:s3:::b/?"])]), YES),
    (RESOURCE, "policy without Resource", case(policy=doc({"Effect": "Allow", "Principal": "*", "Action": "*"})), YES),
    (SAR, "an action without resources needs a star",
     case(action="dynamodb:ListTables", resource="*", identity=[allow("dynamodb:*", "arn:aws:dynamodb:*:*:table/*")]), NO),
    (SAR, "an action without resources and a star",
     case(action="dynamodb:ListTables", resource="*", identity=[allow("dynamodb:List*")]), YES),
    (SAR, "listing buckets on all buckets",
     case(action="s3:ListAllMyBuckets", resource="*", identity=[allow("s3:*", "arn:aws:s3:::*")]), YES),
    (SAR, "listing buckets on one bucket",
     case(action="s3:ListAllMyBuckets", resource="*", identity=[allow("s3:*", "arn:aws:s3:::b")]), NO),
    (LAMBDA, "function without qualifier", case(S3, **INVOKE, policy=[to({"Service": "s3.amazonaws.com"}, Resource=FUNCTION)]), YES),
    (LAMBDA, "an alias is not its function",
     case(S3, "lambda:InvokeFunction", FUNCTION + ":live", policy=[to({"Service": "s3.amazonaws.com"}, Resource=FUNCTION)]), NO),
    (LAMBDA, "any qualifier",
     case(S3, "lambda:InvokeFunction", FUNCTION + ":live", policy=[to({"Service": "s3.amazonaws.com"}, Resource=FUNCTION + ":*")]), YES),
    (LAMBDA, "a qualifier is not the function",
     case(S3, **INVOKE, policy=[to({"Service": "s3.amazonaws.com"}, Resource=FUNCTION + ":live")]), NO),
    # Variables
    (VARIABLES, "own home", case(USER, resource="arn:aws:s3:::b/bob", identity=[allow("s3:*", "arn:aws:s3:::b/${aws:username}")]), YES),
    (VARIABLES, "another's home", case(USER, resource="arn:aws:s3:::b/eve", identity=[allow("s3:*", "arn:aws:s3:::b/${aws:username}")]), NO),
    (VARIABLES, "a role has no user name", case(resource="arn:aws:s3:::b/app", identity=[allow("s3:*", "arn:aws:s3:::b/${aws:username}")]), NO),
    (VARIABLES, "default", case(resource="arn:aws:s3:::b/none", identity=[allow("s3:*", "arn:aws:s3:::b/${aws:username, 'none'}")]), YES),
    (VARIABLES, "literal star", case(resource="arn:aws:s3:::b/*", identity=[allow("s3:*", "arn:aws:s3:::b/${*}")]), YES),
    (VARIABLES, "literal star is no wildcard", case(identity=[allow("s3:*", "arn:aws:s3:::b/${*}")]), NO),
    (VARIABLES, "old version has none", case(USER, resource="arn:aws:s3:::b/bob", identityPolicies=[
        doc(allow("s3:*", "arn:aws:s3:::b/${aws:username}"), version="2008-10-17")]), NO),
    (VARIABLES, "no version has none", case(USER, resource="arn:aws:s3:::b/bob", identityPolicies=[
        doc(allow("s3:*", "arn:aws:s3:::b/${aws:username}"), version=None)]), NO),
    (VARIABLES, "a deny with a missing variable is no deny", case(identity=[GET, deny(Condition={
        "StringNotEquals": {"s3:x": "${aws:PrincipalTag/t}"}})], context={"s3:x": ["1"]}), YES),
    # Context
    (KEYS, "principal's ARN of a session is its role", case(SESS, identity=[allow(Condition={
        "ArnEquals": {"aws:PrincipalArn": ROLE}})]), YES),
    (KEYS, "principal's account", case(identity=[allow(Condition={"StringEquals": {"aws:PrincipalAccount": A}})]), YES),
    (KEYS, "resource's account", case(identity=[allow(Condition={"StringEquals": {"aws:ResourceAccount": B}})],
     policy=[to({"AWS": A})], account=B), YES),
    (KEYS, "resource's account of an ARN", case(**SEND, identity=[allow(Condition={
        "StringEquals": {"aws:ResourceAccount": A}})]), YES),
    (KEYS, "a bucket of nobody named counts as the caller's", case(identity=[allow(Condition={
        "StringEquals": {"aws:ResourceAccount": A}})]), YES),
    (KEYS, "own account only", case(identity=[allow(Condition={
        "StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}})], policy=[to("*")], account=B), NO),
    (KEYS, "a service carries no organization", case(S3, **SEND, policy=[to("*"), to("*", "Deny", Condition={
        "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}, "BoolIfExists": {
            "aws:PrincipalIsAWSService": "false"}})]), YES),
    # SCPs
    (SCP, "allowed", case(identity=[GET], scps=[[FULL], [GET]]), YES),
    (SCP, "an SCP grants nothing", case(scps=[[FULL]]), NO),
    (SCP_LEVELS, "every level must allow", case(identity=[GET], scps=[[FULL], [PUT], [FULL]]), NO),
    (SCP_LEVELS, "one policy of a level is enough", case(identity=[GET], scps=[[PUT, GET]]), YES),
    (SCP_LEVELS, "a level without policy allows nothing", case(identity=[GET], scps=[[FULL], []]), NO),
    (SCP, "a resource policy is bound too", case(policy=[to({"AWS": SESS}), to({"AWS": ROLE})], scps=[[PUT]]), NO),
    (SCP, "not service-linked roles", case(SLR, identity=[GET], scps=[[deny()]]), YES),
    (SCP, "SCP with a condition", case(identity=[GET], scps=[[FULL, deny(Condition={
        "StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}})]], context={"aws:RequestedRegion": ["us-east-1"]}), DENIED),
    (SCP, "SCP condition not met", case(identity=[GET], scps=[[FULL, deny(Condition={
        "StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}})]], context={"aws:RequestedRegion": ["eu-west-1"]}), YES),
    # RCPs
    (RCP, "an RCP denies", case(identity=[GET], rcps=[[to("*", "Deny")]]), DENIED),
    (RCP_LEVELS, "full access is always attached", case(identity=[GET], rcps=[[to("*", "Deny", Action="sqs:*")]]), YES),
    (RCP_LEVELS, "an empty level", case(identity=[GET], rcps=[[]]), YES),
    (RCP, "binds services", case(S3, **SEND, policy=[to("*")], rcps=[[to("*", "Deny")]]), DENIED),
    (RCP, "binds anonymous callers", case("*", policy=[to("*")], rcps=[[to("*", "Deny")]]), DENIED),
    (RCP, "spares AWS services by condition", case(S3, **SEND, policy=[to("*")], rcps=[[to("*", "Deny", Condition={
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}})]]), YES),
    (RCP, "everybody is meant where no principal stands", case(identity=[GET], rcps=[[deny()]]), DENIED),
    (RCP, "not service-linked roles", case(SLR, identity=[GET], rcps=[[to("*", "Deny")]]), YES),
    (RCP, "not services without support", case(**INVOKE, identity=[FULL], rcps=[[to("*", "Deny")]]), YES),
    (RCP, "binds role trust", case(**ASSUME, policy=trust({"AWS": ROLE}), rcps=[[to("*", "Deny")]]), DENIED),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "expected"), [pytest.param(row[2], row[3], id=f"{at}: {row[1]}") for at, row in enumerate(TABLE)]
)
def test_a_request_is_decided_as_the_page_says(given: dict[str, Any], expected: str) -> None:
    """Each row of the table holds."""
    assert simulate_case(given)["decision"] == expected


@pytest.mark.parametrize("at", range(len(TABLE)))
def test_a_statement_parsed_as_a_fact_is_decided_like_raw_json(at: int) -> None:
    """Both doors into the engine lead to the same decision."""
    given = TABLE[at][2]
    principal = given["principal"]["service"] if isinstance(given["principal"], dict) else given["principal"]

    def parse(document: Any, kind: PolicyKind) -> Any:
        return parse_policy(document, name="p", kind=kind)

    layers = PolicyLayers(
        identity=tuple(parse(each, PolicyKind.INLINE) for each in given.get("identityPolicies", [])),
        resource=tuple(parse(each, PolicyKind.RESOURCE) for each in [given.get("resourcePolicy")] if each),
        boundary=parse(given["permissionBoundary"], PolicyKind.BOUNDARY) if "permissionBoundary" in given else None,
        session=tuple(parse(each, PolicyKind.SESSION) for each in given.get("sessionPolicies", [])),
        scps=tuple(tuple(parse(each, PolicyKind.SCP) for each in level) for level in given.get("scps", [])),
        rcps=tuple(tuple(parse(each, PolicyKind.RCP) for each in level) for level in given.get("rcps", [])),
    )
    request = Request(
        principal=principal,
        action=given["action"],
        resource=given["resource"],
        resource_account=given.get("resourceAccount"),
        context=RequestContext(given.get("context")),
    )
    verdict = evaluate(request, layers)
    assert verdict.decision.value == TABLE[at][3]
    assert verdict.allowed is (verdict.decision is Decision.ALLOW)
    assert all(match.statement.statement is not None for match in verdict.matched)


def _ask(identity: list[dict[str, Any]], context: RequestContext, *, only_if: str | None = None) -> Any:
    policy = parse_policy(doc(*identity), name="p", kind=PolicyKind.INLINE, only_if=only_if)
    request = Request(principal=ROLE, action="s3:GetObject", resource="arn:aws:s3:::b/k", context=context)
    return evaluate(request, PolicyLayers(identity=(policy,)))


def test_an_undecided_verdict_says_what_it_depends_on() -> None:
    """In a partial context an open condition leaves the request allowed if it holds."""
    verdict = _ask([allow(Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}})], RequestContext(complete=False))
    assert (verdict.decision, verdict.conditional_on, verdict.allowed) == (Decision.ALLOW, ("aws:SourceVpc",), None)


def test_an_open_deny_makes_an_allow_conditional() -> None:
    """A Deny that may apply is not ignored."""
    statements = [GET, deny(Condition={"Bool": {"aws:SecureTransport": "false"}})]
    assert _ask(statements, RequestContext(complete=False)).conditional_on == ("aws:SecureTransport",)
    assert _ask(statements, RequestContext({"aws:SecureTransport": ["true"]}, complete=False)).allowed is True


def test_an_open_condition_does_not_matter_where_nothing_allows() -> None:
    """Denied either way is denied."""
    verdict = _ask([deny(Condition={"Bool": {"aws:SecureTransport": "false"}})], RequestContext(complete=False))
    assert (verdict.decision, verdict.allowed) == (Decision.IMPLICIT_DENY, False)


def test_a_template_condition_makes_a_statement_conditional() -> None:
    """A policy that stands under an undecided condition of the template is neither there nor not."""
    verdict = _ask([GET], RequestContext(), only_if="IsProd")
    assert (verdict.allowed, verdict.conditional_on) == (None, ("template condition IsProd",))


def test_a_role_cannot_satisfy_a_source_arn() -> None:
    """Only services send it, so even a partial context decides."""
    verdict = _ask([allow(Condition={"ArnLike": {"aws:SourceArn": "*"}})], RequestContext(complete=False))
    assert verdict.allowed is False


def test_an_unknown_resource_account_is_decided_only_where_both_ways_agree() -> None:
    """An account that only the deployment settles may be the principal's own or not."""
    policy = parse_policy(doc(FULL), name="p", kind=PolicyKind.INLINE)
    queue = "arn:aws:sqs:eu-west-1:${Param::Account}:q"
    request = Request(principal=ROLE, action="sqs:SendMessage", resource=queue)
    verdict = evaluate(request, PolicyLayers(identity=(policy,)))
    assert (verdict.allowed, verdict.conditional_on) == (None, ("resource account",))
    assert evaluate(request, PolicyLayers()).allowed is False


@pytest.mark.parametrize(
    ("arn", "owner"),
    [
        (QUEUE, A),
        ("arn:aws:s3:::b", None),
        ("*", None),
        ("arn:aws:iam::aws:policy/x", None),
        ("arn:aws:sqs:r:${AWS::AccountId}:q", "${AWS::AccountId}"),
    ],
)
def test_the_owner_of_a_resource_is_read_from_its_arn(arn: str, owner: str | None) -> None:
    """Where the ARN has no account, nothing is guessed."""
    assert owner_of(arn) == owner
