# ruff: noqa: E501 (one row of the table is one line)
"""Corners of the decision rules, each with the page of AWS that says so."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.errors import PolicyError
from permscope.policy.simulate import simulate_case

IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
LOGIC = IAM + "reference_policies_evaluation-logic_policy-eval-denyallow.html"
CROSS = IAM + "reference_policies_evaluation-logic-cross-account.html"
PRINCIPAL = IAM + "reference_policies_elements_principal.html"
NOT_PRINCIPAL = IAM + "reference_policies_elements_notprincipal.html"
RESOURCE = IAM + "reference_policies_elements_resource.html"
ACTION = IAM + "reference_policies_elements_action.html"
OPERATORS = IAM + "reference_policies_elements_condition_operators.html"
SETS = IAM + "reference_policies_condition-single-vs-multi-valued-context-keys.html"
VARIABLES = IAM + "reference_policies_variables.html"
KEYS = IAM + "reference_policies_condition-keys.html"
GRAMMAR = IAM + "reference_policies_grammar.html"
FEDERATION = IAM + "id_credentials_temp_control-access_getfederationtoken.html"
TRUST = IAM + "id_roles_compare-resource-policies.html"
DEPUTY = IAM + "confused-deputy.html"
TAGS = IAM + "id_session-tags.html"
CALLER = "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"
KMS = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html"
KMS_RCP = "https://docs.aws.amazon.com/kms/latest/developerguide/resource-control-policies.html"
ORGANIZATIONS = "https://docs.aws.amazon.com/organizations/latest/userguide/"
SCP = ORGANIZATIONS + "orgs_manage_policies_scps.html"
SCP_LEVELS = ORGANIZATIONS + "orgs_manage_policies_scps_evaluation.html"
RCP = ORGANIZATIONS + "orgs_manage_policies_rcps.html"

A, B = "111111111111", "222222222222"
USER = f"arn:aws:iam::{A}:user/team/bob"
ROLE = f"arn:aws:iam::{A}:role/app"
SESSION = f"arn:aws:sts::{A}:assumed-role/app/i-1"
ROOT = f"arn:aws:iam::{A}:root"
FEDERATED = f"arn:aws:sts::{A}:federated-user/eve"
OIDC = f"arn:aws:iam::{A}:oidc-provider/token.actions.githubusercontent.com"
SAML = f"arn:aws:iam::{A}:saml-provider/idp"
SNS = {"service": "sns.amazonaws.com"}
KEY = f"arn:aws:kms:eu-west-1:{A}:key/1"
TARGET = f"arn:aws:iam::{A}:role/target"
QUEUE = f"arn:aws:sqs:eu-west-1:{A}:q"
OBJECT = "arn:aws:s3:::b/k"
YES, NO, DENIED, ERROR = "allowed", "implicitDeny", "explicitDeny", "error"

DECRYPT: dict[str, Any] = {"action": "kms:Decrypt", "resource": KEY}
SEND: dict[str, Any] = {"action": "sqs:SendMessage", "resource": QUEUE}
ASSUME: dict[str, Any] = {"action": "sts:AssumeRole", "resource": TARGET}
FAR: dict[str, Any] = {"resourceAccount": B}


def allow(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    """An Allow statement."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A Deny statement."""
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def to(principal: Any, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    """A statement of a resource's policy about every action."""
    return {"Effect": effect, "Principal": principal, "Action": "*", "Resource": "*", **more}


def but(*principals: str, kind: str = "AWS", effect: str = "Deny") -> dict[str, Any]:
    """A statement with `NotPrincipal`."""
    return {"Effect": effect, "NotPrincipal": {kind: list(principals)}, "Action": "*", "Resource": "*"}


def doc(*statements: Any, version: str = "2012-10-17") -> dict[str, Any]:
    """A policy document."""
    return {"Version": version, "Statement": list(statements)}


def ask(
    principal: Any = ROLE,
    *,
    action: str = "s3:GetObject",
    resource: str = OBJECT,
    identity: list[Any] | None = None,
    policy: list[Any] | None = None,
    boundary: list[Any] | None = None,
    session: list[Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A case of `permscope simulate`; policies are given as statements."""
    case: dict[str, Any] = {"id": 1, "principal": principal, "action": action, "resource": resource, **more}
    if identity is not None:
        case["identityPolicies"] = [doc(*identity)]
    if policy is not None:
        case["resourcePolicy"] = doc(*policy)
    if boundary is not None:
        case["permissionBoundary"] = doc(*boundary)
    if session is not None:
        case["sessionPolicies"] = [doc(*session)]
    return case


def when(condition: Any, *, effect: str = "Allow", **context: Any) -> dict[str, Any]:
    """An object read by a role, under a condition; the context's keys are `aws:` keys or, with `__`, of a service."""
    named = {key.replace("__", ":") if "__" in key else f"aws:{key}": value for key, value in context.items()}
    statement = {"Effect": effect, "Action": "*", "Resource": "*", "Condition": condition}
    return ask(identity=[allow(), statement] if effect == "Deny" else [statement], context=named)


FULL = allow()
GET, PUT = allow("s3:GetObject"), allow("s3:PutObject")
TAG = "aws:RequestTag/team"

TABLE: list[tuple[str, str, Any, str]] = [
    # Who am I
    (CALLER, "nothing is needed", ask(action="sts:GetCallerIdentity", resource="*"), YES),
    (CALLER, "an SCP that is silent does not matter", ask(action="sts:GetCallerIdentity", resource="*", scps=[[]]), YES),
    (CALLER, "an explicit deny does not matter", ask(action="sts:GetCallerIdentity", resource="*", identity=[deny()]), YES),
    (CALLER, "nor does one of a session policy", ask(SESSION, action="sts:GetCallerIdentity", resource="*", session=[deny()]), YES),
    (CALLER, "of any other action it does", ask(action="sts:GetSessionToken", resource="*", identity=[allow(), deny()]), DENIED),
    # Federated users have what identity and session policies share
    (FEDERATION, "no session policy", ask(FEDERATED, identity=[GET]), NO),
    (FEDERATION, "session policy", ask(FEDERATED, identity=[GET], session=[GET]), YES),
    (FEDERATION, "session policy alone", ask(FEDERATED, session=[GET]), NO),
    (FEDERATION, "named by the resource", ask(FEDERATED, policy=[to({"AWS": FEDERATED})]), YES),
    (FEDERATION, "account named by the resource", ask(FEDERATED, identity=[GET], policy=[to({"AWS": A})]), NO),
    (FEDERATION, "other account, no session policy", ask(FEDERATED, identity=[GET], policy=[to({"AWS": FEDERATED})], **FAR), NO),
    (FEDERATION, "other account", ask(FEDERATED, identity=[GET], session=[GET], policy=[to({"AWS": FEDERATED})], **FAR), YES),
    (SCP, "SCPs bind federated users", ask(FEDERATED, policy=[to({"AWS": FEDERATED})], scps=[[doc(PUT)]]), NO),
    (KEYS, "type of a federated user", ask(FEDERATED, identity=[allow(Condition={"StringEquals": {"aws:PrincipalType": "FederatedUser"}})], session=[FULL]), YES),
    # An explicit deny wins in every layer that is given
    (LOGIC, "a deny given for the root user", ask(ROOT, identity=[deny()]), DENIED),
    (LOGIC, "a boundary given for the root user allows or not", ask(ROOT, boundary=[PUT]), YES),
    (LOGIC, "deny in the second of two session policies", ask(SESSION, identity=[FULL], sessionPolicies=[doc(FULL), doc(deny())]), DENIED),
    (LOGIC, "deny in an upper SCP level, allowed below", ask(identity=[FULL], scps=[[doc(FULL, deny("s3:*"))], [doc(FULL)]]), DENIED),
    (LOGIC, "implicit SCP deny and explicit identity deny", ask(identity=[deny()], scps=[[]]), DENIED),
    (LOGIC, "deny of another principal", ask(identity=[GET], policy=[to({"AWS": USER}, "Deny")]), YES),
    (LOGIC, "deny of the account", ask(SESSION, identity=[GET], policy=[to({"AWS": ROOT}, "Deny")]), DENIED),
    (LOGIC, "deny of the role", ask(SESSION, identity=[GET], policy=[to({"AWS": ROLE}, "Deny")]), DENIED),
    (LOGIC, "deny of one session", ask(SESSION, identity=[GET], policy=[to({"AWS": SESSION}, "Deny")]), DENIED),
    (LOGIC, "deny of another session", ask(SESSION, identity=[GET], policy=[to({"AWS": SESSION + "0"}, "Deny")]), YES),
    # Control policies
    (SCP, "no organization", ask(identity=[GET], scps=[], rcps=[]), YES),
    (SCP_LEVELS, "a level without policy", ask(identity=[GET], scps=[[]]), NO),
    (SCP_LEVELS, "a level whose policy is empty", ask(identity=[GET], scps=[[doc()]]), NO),
    (RCP, "an RCP level without policy", ask(identity=[GET], rcps=[[]]), YES),
    (RCP, "an RCP with full access", ask(identity=[GET], rcps=[[doc(to("*"))]]), YES),
    (RCP, "an RCP grants nothing", ask(rcps=[[doc(to("*"))]]), NO),
    (RCP, "RCPs bind the root user", ask(ROOT, rcps=[[doc(to("*", "Deny"))]]), DENIED),
    (RCP, "RCPs bind web identities", ask(OIDC, action="sts:AssumeRoleWithWebIdentity", resource=TARGET, policy=[to({"Federated": OIDC})], rcps=[[doc(to("*", "Deny"))]]), DENIED),
    (RCP, "RCPs bind callers of other accounts", ask(identity=[GET], policy=[to("*")], rcps=[[doc(to("*", "Deny", Condition={"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}))]], context={"aws:PrincipalOrgID": ["o-2"]}, **FAR), DENIED),
    (KMS_RCP, "retiring a grant", ask(action="kms:RetireGrant", resource=KEY, identity=[FULL], policy=[to({"AWS": A})], rcps=[[doc(to("*", "Deny"))]]), YES),
    (KMS_RCP, "revoking a grant", ask(action="kms:RevokeGrant", resource=KEY, identity=[FULL], policy=[to({"AWS": A})], rcps=[[doc(to("*", "Deny"))]]), DENIED),
    (SCP, "SCP with NotAction", ask(identity=[GET], scps=[[doc(FULL, {"Effect": "Deny", "NotAction": ["iam:*", "s3:Get*"], "Resource": "*"})]]), YES),
    (SCP, "SCP on a principal's ARN", ask(SESSION, identity=[GET], scps=[[doc(FULL, deny(Condition={"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app"}}))]]), YES),
    (SCP, "session of a service-linked role", ask(f"arn:aws:sts::{A}:assumed-role/AWSServiceRoleForX/s", identity=[GET], scps=[[]]), YES),
    # Naming
    (PRINCIPAL, "everyone under a principal's ARN bypasses a boundary", ask(SESSION, policy=[to("*", Condition={"ArnEquals": {"aws:PrincipalArn": ROLE}})], boundary=[PUT]), YES),
    (PRINCIPAL, "everyone under a principal's ARN bypasses a session policy", ask(SESSION, policy=[to("*", Condition={"ArnEquals": {"aws:PrincipalArn": ROLE}})], session=[PUT]), YES),
    (PRINCIPAL, "but not an SCP", ask(SESSION, policy=[to("*")], scps=[[doc(PUT)]]), NO),
    (PRINCIPAL, "user names are case-sensitive", ask(USER, policy=[to({"AWS": USER.replace("bob", "Bob")})]), NO),
    (PRINCIPAL, "a path is part of the name", ask(USER, policy=[to({"AWS": f"arn:aws:iam::{A}:user/bob"})]), NO),
    (PRINCIPAL, "a wildcard for sessions", ask(SESSION, policy=[to({"AWS": f"arn:aws:sts::{A}:assumed-role/app/*"})]), NO),
    (PRINCIPAL, "a wildcard for accounts", ask(policy=[to({"AWS": "arn:aws:iam::*:root"})], identity=[GET], **FAR), NO),
    (PRINCIPAL, "role of another account with the same name", ask(policy=[to({"AWS": ROLE.replace(A, B)})]), NO),
    (PRINCIPAL, "several kinds", ask(SNS, **SEND, policy=[to({"AWS": [A, B], "Service": ["sqs.amazonaws.com", "sns.amazonaws.com"]})]), YES),
    (PRINCIPAL, "a service is no provider", ask(SNS, **SEND, policy=[to({"Federated": "sns.amazonaws.com"})]), NO),
    (PRINCIPAL, "a regional service name is another name", ask({"service": "logs.eu-west-1.amazonaws.com"}, **SEND, policy=[to({"Service": "logs.amazonaws.com"})]), NO),
    (PRINCIPAL, "nobody asks as an account's user", ask("*", policy=[to({"AWS": A})]), NO),
    (PRINCIPAL, "anonymous", ask("*", policy=[to({"AWS": "*"})]), YES),
    (PRINCIPAL, "a canonical user is not an ARN", ask(policy=[to({"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"})]), NO),
    # NotPrincipal
    (NOT_PRINCIPAL, "another session of a role that is named", ask(SESSION + "0", identity=[GET], policy=[but(SESSION, ROLE, ROOT)]), DENIED),
    (NOT_PRINCIPAL, "another user of an account that is named", ask(USER + "0", identity=[GET], policy=[but(USER, ROOT)]), DENIED),
    (NOT_PRINCIPAL, "across accounts", ask(USER, identity=[GET], policy=[to({"AWS": A}), but(USER, ROOT)], **FAR), YES),
    (NOT_PRINCIPAL, "by account id", ask(ROOT, identity=[GET], policy=[but(A)]), YES),
    (NOT_PRINCIPAL, "everyone is spared", ask(identity=[GET], policy=[{"Effect": "Deny", "NotPrincipal": "*", "Action": "*", "Resource": "*"}]), YES),
    (NOT_PRINCIPAL, "a service is not a user", ask(SNS, **SEND, policy=[to("*"), but(USER, ROOT)]), DENIED),
    (NOT_PRINCIPAL, "a service is spared", ask(SNS, **SEND, policy=[to("*"), but("sns.amazonaws.com", kind="Service")]), YES),
    (NOT_PRINCIPAL, "anonymous callers", ask("*", policy=[to("*"), but(USER, ROOT)]), DENIED),
    (NOT_PRINCIPAL, "another action", ask(identity=[GET], policy=[{**but(USER), "Action": "s3:Put*"}]), YES),
    (NOT_PRINCIPAL, "under a condition", ask(identity=[GET], policy=[{**but(USER), "Condition": {"Bool": {"aws:SecureTransport": "false"}}}], context={"aws:SecureTransport": ["true"]}), YES),
    (NOT_PRINCIPAL, "an allow lets anonymous callers in", ask("*", policy=[but(USER, effect="Allow")]), YES),
    (NOT_PRINCIPAL, "an allow does not replace an identity policy elsewhere", ask(policy=[but(USER, effect="Allow")], **FAR), NO),
    # Trust policies
    (TRUST, "everyone", ask(**ASSUME, policy=[to("*", Resource=TARGET)]), YES),
    (TRUST, "deny in the identity policy", ask(**ASSUME, identity=[deny("sts:*")], policy=[to({"AWS": ROLE})]), DENIED),
    (TRUST, "session policy limits a trusted role", ask(SESSION, **ASSUME, session=[GET], policy=[to({"AWS": ROLE})]), NO),
    (TRUST, "a trusted session", ask(SESSION, **ASSUME, session=[GET], policy=[to({"AWS": SESSION})]), YES),
    (TRUST, "a role does not trust itself", ask(action="sts:AssumeRole", resource=ROLE, identity=[FULL], policy=[to({"Service": "lambda.amazonaws.com"})]), NO),
    (TAGS, "session tags need their own permission", ask(action="sts:TagSession", resource=TARGET, identity=[FULL], policy=[{"Effect": "Allow", "Principal": {"AWS": A}, "Action": "sts:AssumeRole"}]), NO),
    (TAGS, "session tags", ask(action="sts:TagSession", resource=TARGET, identity=[allow("sts:TagSession", TARGET)], policy=[{"Effect": "Allow", "Principal": {"AWS": A}, "Action": ["sts:AssumeRole", "sts:TagSession"]}]), YES),
    (TAGS, "source identity", ask(action="sts:SetSourceIdentity", resource=TARGET, policy=[{"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "sts:SetSourceIdentity", "Condition": {"StringLike": {"sts:SourceIdentity": "DevUser*"}}}], context={"sts:SourceIdentity": ["DevUser1"]}), YES),
    (TRUST, "SAML audience", ask(SAML, action="sts:AssumeRoleWithSAML", resource=TARGET, policy=[to({"Federated": SAML}, Condition={"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}})], context={"saml:aud": ["https://signin.aws.amazon.com/saml"]}), YES),
    (TRUST, "another provider", ask(SAML, action="sts:AssumeRoleWithSAML", resource=TARGET, policy=[to({"Federated": SAML + "2"})]), NO),
    (TRUST, "a provider is nobody's account", ask(OIDC, action="sts:AssumeRoleWithWebIdentity", resource=TARGET, policy=[to({"AWS": A})]), NO),
    (DEPUTY, "external id", ask(**ASSUME, identity=[FULL], policy=[to({"AWS": A}, Condition={"StringEquals": {"sts:ExternalId": "X1"}})], context={"sts:ExternalId": ["x1"]}), NO),
    (DEPUTY, "source account", ask(SNS, **SEND, policy=[to({"Service": "sns.amazonaws.com"}, Condition={"StringEquals": {"aws:SourceAccount": A}})], context={"aws:SourceAccount": [B]}), NO),
    (DEPUTY, "source ARN of any topic", ask(SNS, **SEND, policy=[to({"Service": "sns.amazonaws.com"}, Condition={"ArnLike": {"AWS:SOURCEARN": f"arn:aws:sns:*:{A}:*"}})], context={"aws:SourceArn": [f"arn:aws:sns:eu-west-1:{A}:t"]}), YES),
    (DEPUTY, "no source ARN", ask(SNS, **SEND, policy=[to({"Service": "sns.amazonaws.com"}, Condition={"ArnLike": {"aws:SourceArn": "*"}})]), NO),
    (DEPUTY, "a deny for strangers spares services", ask(SNS, **SEND, policy=[to("*"), to("*", "Deny", Condition={"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}, "StringNotEqualsIfExists": {"aws:PrincipalAccount": A}})]), YES),
    # KMS
    (KMS, "the key policy names the role, the boundary is silent", ask(**DECRYPT, policy=[to({"AWS": ROLE})], boundary=[GET]), NO),
    (KMS, "the key policy names the user, the boundary is silent", ask(USER, **DECRYPT, policy=[to({"AWS": USER})], boundary=[GET]), YES),
    (KMS, "delegated, boundary silent", ask(**DECRYPT, identity=[FULL], policy=[to({"AWS": A})], boundary=[GET]), NO),
    (KMS, "an alias is no key", ask(action="kms:CreateAlias", resource=f"arn:aws:kms:eu-west-1:{A}:alias/x", identity=[FULL]), YES),
    (KMS, "grants only for AWS resources", ask(action="kms:CreateGrant", resource=KEY, policy=[to({"AWS": ROLE}, Condition={"Bool": {"kms:GrantIsForAWSResource": True}})], context={"kms:GrantIsForAWSResource": ["true"]}), YES),
    (KMS, "via another service", ask(**DECRYPT, policy=[to({"AWS": ROLE}, Condition={"StringEquals": {"kms:ViaService": ["ec2.eu-west-1.amazonaws.com"]}})], context={"kms:ViaService": ["s3.eu-west-1.amazonaws.com"]}), NO),
    # Two accounts
    (CROSS, "S3 tells no account: the caller's own", ask(identity=[GET]), YES),
    (CROSS, "the owner that is given counts more than the ARN", ask(**SEND, identity=[FULL], **FAR), NO),
    (CROSS, "everyone, nothing of the caller's own", ask(policy=[to("*")], **FAR), NO),
    (CROSS, "anonymous callers have no account", ask("*", policy=[to("*")], **FAR), YES),
    (CROSS, "services have no account", ask(SNS, **SEND, policy=[to({"Service": "sns.amazonaws.com"})], **FAR), YES),
    (CROSS, "session policy and SCP both count", ask(SESSION, identity=[GET], session=[GET], policy=[to({"AWS": A})], scps=[[doc(PUT)]], **FAR), NO),
    # Actions and resources
    (ACTION, "a wildcard in the service", ask(identity=[allow("s?:Get*")]), YES),
    (ACTION, "a list in mixed case", ask(action="s3:getobject", identity=[allow(["S3:PUTOBJECT", "S3:GetOBJECT"])]), YES),
    (ACTION, "no pattern without its end", ask(identity=[allow("s3:Get")]), NO),
    (ACTION, "question marks count", ask(identity=[allow("s3:GetObjec??")]), NO),
    (RESOURCE, "wildcards in every field", ask(**SEND, identity=[allow("sqs:*", "arn:*:sqs:eu-*:????????????:*")]), YES),
    (RESOURCE, "a field too few", ask(**SEND, identity=[allow("sqs:*", f"arn:aws:sqs:{A}:q")]), NO),
    (RESOURCE, "a star crosses colons", ask(**SEND, identity=[allow("sqs:*", "arn:aws:sqs:*:q")]), YES),
    (RESOURCE, "a question mark is one character", ask(identity=[allow("s3:*", "arn:aws:s3:::?/?")]), YES),
    (RESOURCE, "and not none", ask(resource="arn:aws:s3:::b/", identity=[allow("s3:*", "arn:aws:s3:::b/?")]), NO),
    (RESOURCE, "a star may be nothing", ask(resource="arn:aws:s3:::b/", identity=[allow("s3:*", "arn:aws:s3:::b/*")]), YES),
    (RESOURCE, "colons and slashes in the name", ask(resource="arn:aws:s3:::b/a:b/c::d", identity=[allow("s3:*", "arn:aws:s3:::b/a:*:d")]), YES),
    (RESOURCE, "many stars", ask(resource="arn:aws:s3:::b/" + "a" * 200, identity=[allow("s3:*", "arn:aws:s3:::b/" + "a*" * 50 + "b")]), NO),
    (RESOURCE, "nothing else is special", ask(resource="arn:aws:s3:::b/x", identity=[allow("s3:*", "arn:aws:s3:::b/[a-z]")]), NO),
    (RESOURCE, "NotResource leaves a bucket's objects out", ask(identity=[{"Effect": "Allow", "Action": "s3:*", "NotResource": ["arn:aws:s3:::b*"]}]), NO),
    (RESOURCE, "a policy's resource must fit", ask(policy=[to({"AWS": ROLE}, Resource="arn:aws:s3:::c/*")]), NO),
    # Variables
    (VARIABLES, "a session has no user name", ask(SESSION, identity=[allow(resource="arn:aws:s3:::b/${aws:username}")], resource="arn:aws:s3:::b/app"), NO),
    (VARIABLES, "another resource of the same statement", ask(identity=[allow(resource=["arn:aws:s3:::b/${aws:username}", OBJECT])]), YES),
    (VARIABLES, "a tag", ask(identity=[allow(resource="arn:aws:s3:::${aws:PrincipalTag/Bucket}/*")], context={"aws:principaltag/bucket": ["b"]}), YES),
    (VARIABLES, "names ignore case", ask(USER, resource="arn:aws:s3:::b/bob", identity=[allow(resource="arn:aws:s3:::b/${AWS:UserName}")]), YES),
    (VARIABLES, "a wildcard in a value is text", ask(identity=[allow(resource="arn:aws:s3:::b/${aws:PrincipalTag/p}")], context={"aws:PrincipalTag/p": ["*"]}), NO),
    (VARIABLES, "a wildcard beside a variable", ask(resource="arn:aws:s3:::b/x/y", identity=[allow(resource="arn:aws:s3:::b/${aws:PrincipalTag/p}/*")], context={"aws:PrincipalTag/p": ["x"]}), YES),
    (VARIABLES, "several values are no value", ask(identity=[allow(resource="arn:aws:s3:::b/${aws:TagKeys}")], context={"aws:TagKeys": ["k", "l"]}), NO),
    (VARIABLES, "a default with no key", ask(identity=[allow(Condition={"StringEquals": {"aws:RequestTag/x": "${aws:PrincipalTag/x, 'none'}"}})], context={"aws:RequestTag/x": ["none"]}), YES),
    (VARIABLES, "a default beside a key", ask(identity=[allow(Condition={"StringEquals": {"aws:RequestTag/x": "${aws:PrincipalTag/x, 'none'}"}})], context={"aws:RequestTag/x": ["none"], "aws:PrincipalTag/x": ["red"]}), NO),
    (VARIABLES, "a dollar sign", ask(resource="arn:aws:s3:::b/$5", identity=[allow(resource="arn:aws:s3:::b/${$}5")]), YES),
    (VARIABLES, "a question mark", ask(resource="arn:aws:s3:::b/a?", identity=[allow(resource="arn:aws:s3:::b/a${?}")]), YES),
    (VARIABLES, "a question mark is no wildcard", ask(resource="arn:aws:s3:::b/ab", identity=[allow(resource="arn:aws:s3:::b/a${?}")]), NO),
    (VARIABLES, "a literal star in StringLike", when({"StringLike": {"s3:prefix": "a${*}b"}}, s3__prefix=["a*b"]), YES),
    (VARIABLES, "a literal star is no wildcard", when({"StringLike": {"s3:prefix": "a${*}b"}}, s3__prefix=["axb"]), NO),
    (VARIABLES, "a deny whose resource has no value", ask(identity=[GET, deny(resource="arn:aws:s3:::b/${aws:username}")]), YES),
    (VARIABLES, "a NotResource deny whose resource has no value is invalid", ask(identity=[GET, {"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::c/${aws:username}"}]), YES),
    (VARIABLES, "not before 2012", ask(USER, resource="arn:aws:s3:::b/bob", identityPolicies=[doc(allow(resource="arn:aws:s3:::b/${aws:username}"), version="2008-10-17")]), NO),
    (VARIABLES, "plain text before 2012", ask(USER, resource="arn:aws:s3:::b/${aws:username}", identityPolicies=[doc(allow(resource="arn:aws:s3:::b/${aws:username}"), version="2008-10-17")]), YES),
    (VARIABLES, "not with numbers", when({"NumericEquals": {"aws:m": "${aws:n}"}}, m=["5"], n=["5"]), NO),
    # Conditions
    (OPERATORS, "all operators must hold", when({"StringEquals": {"aws:a": "1"}, "Bool": {"aws:b": "true"}}, a=["1"], b=["false"]), NO),
    (OPERATORS, "all keys must hold", when({"StringEquals": {"aws:a": "1", "aws:b": "2"}}, a=["1"]), NO),
    (OPERATORS, "one value is enough", when({"StringEquals": {"aws:a": ["0", "1"]}}, a=["1"]), YES),
    (OPERATORS, "negated: none may match", when({"StringNotEquals": {"aws:a": ["0", "1"]}}, a=["1"]), NO),
    (OPERATORS, "negated: a missing key", when({"StringNotEquals": {"aws:a": "1"}}), YES),
    (OPERATORS, "negated deny: a missing key", when({"StringNotEquals": {"aws:a": "1"}}, effect="Deny"), DENIED),
    (OPERATORS, "negated IfExists deny: a missing key", when({"StringNotEqualsIfExists": {"aws:a": "1"}}, effect="Deny"), DENIED),
    (OPERATORS, "IfExists: a missing key", when({"StringEqualsIfExists": {"aws:a": "1"}}), YES),
    (OPERATORS, "IfExists: a wrong value", when({"StringEqualsIfExists": {"aws:a": "1"}}, a=["2"]), NO),
    (OPERATORS, "an empty list is a missing key", when({"StringEquals": {"aws:a": "1"}}, a=[]), NO),
    (OPERATORS, "an empty list is null", when({"Null": {"aws:a": "true"}}, a=[]), YES),
    (OPERATORS, "no policy value", when({"StringEquals": {"aws:a": []}}, a=["1"]), NO),
    (OPERATORS, "no policy value, negated", when({"StringNotEquals": {"aws:a": []}}, a=["1"]), YES),
    (OPERATORS, "null of a key that is there", when({"Null": {"aws:a": True}}, a=["1"]), NO),
    (OPERATORS, "not null", when({"Null": {"aws:a": "false"}}, a=["1"]), YES),
    (OPERATORS, "an empty string equals itself", when({"StringLike": {"s3:prefix": ["", "home/"]}}, s3__prefix=[""]), YES),
    (OPERATORS, "case", when({"StringEquals": {"aws:a": "X"}}, a=["x"]), NO),
    (OPERATORS, "case ignored", when({"StringEqualsIgnoreCase": {"aws:a": "X"}}, a=["x"]), YES),
    (OPERATORS, "no wildcards in equals", when({"StringEquals": {"aws:a": "x*"}}, a=["xy"]), NO),
    (OPERATORS, "no wildcards when case is ignored", when({"StringEqualsIgnoreCase": {"aws:a": "x*"}}, a=["xy"]), NO),
    (OPERATORS, "like is case-sensitive", when({"StringLike": {"aws:a": "X*"}}, a=["xy"]), NO),
    (OPERATORS, "decimals", when({"NumericLessThanEquals": {"aws:n": "10"}}, n=["10.0"]), YES),
    (OPERATORS, "numbers are no text", when({"NumericLessThan": {"aws:n": "10"}}, n=["9"]), YES),
    (OPERATORS, "negative numbers", when({"NumericGreaterThan": {"aws:n": "-1"}}, n=["0"]), YES),
    (OPERATORS, "a number given as a number", when({"NumericEquals": {"aws:n": 5}}, n=[5]), YES),
    (OPERATORS, "no number", when({"NumericEquals": {"aws:n": "five"}}, n=["five"]), NO),
    (OPERATORS, "ISO date and epoch", when({"DateEquals": {"aws:t": "2020-01-01T00:00:01Z"}}, t=["1577836801"]), YES),
    (OPERATORS, "offset", when({"DateEquals": {"aws:t": "2020-01-01T01:00:00+01:00"}}, t=["2020-01-01T00:00:00Z"]), YES),
    (OPERATORS, "day only", when({"DateGreaterThan": {"aws:t": "2020-01-01"}}, t=["2020-01-01T00:00:01Z"]), YES),
    (OPERATORS, "fractions of a second", when({"DateLessThan": {"aws:t": "2020-01-01T00:00:00.5Z"}}, t=["2020-01-01T00:00:00.25Z"]), YES),
    (OPERATORS, "no date", when({"DateLessThan": {"aws:t": "tomorrow"}}, t=["2020-01-01"]), NO),
    (OPERATORS, "Bool in any case", when({"Bool": {"aws:b": "TRUE"}}, b=["true"]), YES),
    (OPERATORS, "Bool missing", when({"Bool": {"aws:b": "false"}}), NO),
    (OPERATORS, "BoolIfExists missing", when({"BoolIfExists": {"aws:b": "false"}}, effect="Deny"), DENIED),
    (OPERATORS, "binary", when({"BinaryEquals": {"aws:x": "QmluYXJ5VmFsdWVJbkJhc2U2NA=="}}, x=["QmluYXJ5VmFsdWVJbkJhc2U2NA=="]), YES),
    (OPERATORS, "IPv6 range", when({"IpAddress": {"aws:SourceIp": "2001:DB8:1234:5678::/64"}}, SourceIp=["2001:db8:1234:5678:0:0:0:1"]), YES),
    (OPERATORS, "IPv6 outside", when({"IpAddress": {"aws:SourceIp": "2001:DB8:1234:5678::/64"}}, SourceIp=["2001:db8:1234:5679::1"]), NO),
    (OPERATORS, "IPv4 is no IPv6", when({"NotIpAddress": {"aws:SourceIp": "::/0"}}, SourceIp=["10.0.0.1"]), YES),
    (OPERATORS, "one address", when({"IpAddress": {"aws:SourceIp": "10.0.0.1"}}, SourceIp=["10.0.0.2"]), NO),
    (OPERATORS, "host bits", when({"IpAddress": {"aws:SourceIp": "10.0.0.77/24"}}, SourceIp=["10.0.0.1"]), YES),
    (OPERATORS, "not in the range: a missing key", when({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, effect="Deny"), DENIED),
    (OPERATORS, "ARN fields are compared one by one", when({"ArnLike": {"aws:SourceArn": f"arn:aws:x:*:{A}:finance/*"}}, SourceArn=[f"arn:aws:x:us-east-2:999999999999:store/abc:{A}:finance/d.txt"]), NO),
    (OPERATORS, "text is not", when({"StringLike": {"aws:SourceArn": f"arn:aws:x:*:{A}:finance/*"}}, SourceArn=[f"arn:aws:x:us-east-2:999999999999:store/abc:{A}:finance/d.txt"]), YES),
    (OPERATORS, "ArnEquals has wildcards", when({"ArnEquals": {"aws:SourceArn": "arn:aws:sns:*:*:t?"}}, SourceArn=[f"arn:aws:sns:r:{A}:t1"]), YES),
    (OPERATORS, "ArnNotEquals", when({"ArnNotEquals": {"aws:SourceArn": "arn:aws:sns:*:*:t?"}}, SourceArn=[f"arn:aws:sns:r:{A}:t1"]), NO),
    (OPERATORS, "ARNs are case-sensitive", when({"ArnLike": {"aws:SourceArn": "arn:aws:SNS:*:*:*"}}, SourceArn=[f"arn:aws:sns:r:{A}:t1"]), NO),
    (OPERATORS, "the sixth field keeps its colons", when({"ArnLike": {"aws:SourceArn": f"arn:aws:logs:*:{A}:log-group:*"}}, SourceArn=[f"arn:aws:logs:r:{A}:log-group:/x:*"]), YES),
    # Sets
    (SETS, "all values", when({"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}, TagKeys=["a", "b"]), YES),
    (SETS, "all values but one", when({"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}, TagKeys=["a", "c"]), NO),
    (SETS, "all of none", when({"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}}), YES),
    (SETS, "all of none denies", when({"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}}, effect="Deny"), DENIED),
    (SETS, "all of none, unless null is asked for", when({"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}, "Null": {"aws:TagKeys": "false"}}, effect="Deny"), YES),
    (SETS, "all of an empty string", when({"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}}, TagKeys=[""]), YES),
    (SETS, "any of an empty string", when({"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["a"]}}, TagKeys=[""]), NO),
    (SETS, "any value", when({"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}}, TagKeys=["a", "c"]), YES),
    (SETS, "any of none", when({"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}}), NO),
    (SETS, "any of none, negated", when({"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["a"]}}), NO),
    (SETS, "any value differs", when({"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["a"]}}, TagKeys=["a", "c"]), YES),
    (SETS, "no value differs", when({"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["a"]}}, TagKeys=["a"]), NO),
    (SETS, "all values differ", when({"ForAllValues:StringNotLike": {"aws:TagKeys": ["a*"]}}, TagKeys=["b", "c"]), YES),
    (SETS, "one value does not differ", when({"ForAllValues:StringNotLike": {"aws:TagKeys": ["a*"]}}, TagKeys=["b", "a1"]), NO),
    (SETS, "several values need a set operator", when({"StringEquals": {"aws:TagKeys": ["a", "b"]}}, TagKeys=["a", "b"]), NO),
    (SETS, "a negated operator needs one too", when({"StringNotEquals": {"aws:TagKeys": ["c"]}}, TagKeys=["a", "b"]), NO),
    (SETS, "one value needs none", when({"StringEquals": {"aws:TagKeys": ["a", "b"]}}, TagKeys=["b"]), YES),
    (SETS, "all of an empty string, unless null is asked for", when({"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}, "Null": {"aws:TagKeys": "false"}}, TagKeys=[""]), NO),
    (SETS, "in any case", when({"forallvalues:stringequals": {"AWS:TAGKEYS": ["a"]}}, TagKeys=["a"]), YES),
    (SETS, "with IfExists", when({"ForAnyValue:StringLikeIfExists": {"aws:TagKeys": ["a"]}}, TagKeys=["b"]), NO),
    (SETS, "numbers", when({"ForAllValues:NumericLessThan": {"aws:n": "10"}}, n=["1", "20"]), NO),
    (SETS, "addresses", when({"ForAnyValue:IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}, VpcSourceIp=["192.168.0.1", "10.1.1.1"]), YES),
    # Keys
    (KEYS, "ARN of a user", ask(USER, identity=[allow(Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/team/*"}})]), YES),
    (KEYS, "a session's ARN is its role's", ask(SESSION, identity=[allow(Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:sts::*"}})]), NO),
    (KEYS, "a key that is given is not overwritten", ask(SESSION, identity=[allow(Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/path/app"}})], context={"AWS:PrincipalARN": [f"arn:aws:iam::{A}:role/path/app"]}), YES),
    (KEYS, "anonymous account", ask("*", policy=[to("*", Condition={"StringEquals": {"aws:PrincipalAccount": "anonymous"}})]), YES),
    (KEYS, "anonymous user id", ask("*", policy=[to("*", Condition={"StringEquals": {"aws:userid": "anonymous"}})]), YES),
    (KEYS, "a service", ask(SNS, **SEND, policy=[to("*", Condition={"Bool": {"aws:PrincipalIsAWSService": "true"}})]), YES),
    (KEYS, "a role is no service", ask(policy=[to("*", Condition={"Bool": {"aws:PrincipalIsAWSService": "true"}})]), NO),
    (KEYS, "service name", ask(SNS, **SEND, policy=[to("*", Condition={"StringEquals": {"aws:PrincipalServiceName": "sns.amazonaws.com"}})]), YES),
    (KEYS, "service names", ask(SNS, **SEND, policy=[to("*", Condition={"ForAnyValue:StringLike": {"aws:PrincipalServiceNamesList": "sns.*"}})]), YES),
    (KEYS, "a service has no ARN", ask(SNS, **SEND, policy=[to("*", Condition={"Null": {"aws:PrincipalArn": "true"}})]), YES),
    (KEYS, "called via, in order", when({"ForAnyValue:StringEquals": {"aws:CalledVia": "athena.amazonaws.com"}}, CalledVia=["cloudformation.amazonaws.com", "athena.amazonaws.com"]), YES),
    (KEYS, "called via nothing", when({"ForAnyValue:StringEquals": {"aws:CalledVia": "athena.amazonaws.com"}}), NO),
    (KEYS, "not through a service", when({"Bool": {"aws:ViaAWSService": "false"}}, effect="Deny", ViaAWSService=["true"]), YES),
    (KEYS, "not through a service: a missing key", when({"BoolIfExists": {"aws:ViaAWSService": "false"}}, effect="Deny"), DENIED),
    (KEYS, "tag keys ignore case", ask(identity=[allow(Condition={"StringEquals": {TAG: "red"}})], context={"aws:RequestTag/TEAM": ["red"]}), YES),
    # What AWS refuses to save
    (GRAMMAR, "another version", ask(identityPolicies=[doc(GET, version="2020-01-01")]), ERROR),
    (GRAMMAR, "a principal in an identity policy", ask(identity=[to("*")]), ERROR),
    (GRAMMAR, "no principal in a resource's policy", ask(policy=[GET]), ERROR),
    (GRAMMAR, "both kinds of principal", ask(policy=[{**but(USER), "Principal": "*"}]), ERROR),
    (GRAMMAR, "no action at all", ask(identity=[allow([])]), ERROR),
    (GRAMMAR, "no resource at all", ask(identity=[allow("*", [])]), ERROR),
    (GRAMMAR, "no such operator", when({"StringMatches": {"aws:a": "1"}}), ERROR),
    (GRAMMAR, "Null has no IfExists", when({"NullIfExists": {"aws:a": "true"}}), ERROR),
    (GRAMMAR, "an effect in lower case", ask(identity=[{**GET, "Effect": "allow"}]), ERROR),
    (GRAMMAR, "a statement that is text", ask(identity=["Allow"]), ERROR),
    (GRAMMAR, "a value of a template", ask(identity=[allow(resource="arn:aws:s3:::b/${Param::Key}")]), ERROR),
]  # fmt: skip


def decide(case: dict[str, Any]) -> str:
    """The decision, or `error`."""
    try:
        return str(simulate_case(case)["decision"])
    except PolicyError:
        return ERROR


@pytest.mark.parametrize(
    ("given", "expected"), [pytest.param(row[2], row[3], id=f"{at}: {row[1]}") for at, row in enumerate(TABLE)]
)
def test_a_corner_is_decided_as_the_page_says(given: dict[str, Any], expected: str) -> None:
    """Each row of the table holds."""
    assert decide(given) == expected
