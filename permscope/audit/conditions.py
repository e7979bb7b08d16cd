"""How much the conditions of an Allow statement really restrict.

`strong`: an outsider cannot meet them. `weak`: anyone can (`aws:UserAgent`, wildcards, `...IfExists`, negations).
`unknown`: it depends on a value nobody knows. `none`: there are none. Which keys count is what Access Analyzer and
AWS's "meaning of public" say: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from permscope.inventory.arn import split_arn
from permscope.inventory.policies import ConditionEntry, PolicyKind, Statement
from permscope.lazy import regex

STRENGTHS = ("none", "weak", "unknown", "strong")

# Keys that say who the caller is, where it comes from or for whom it acts.
_CALLER_KEYS = frozenset(
    """aws:sourcearn aws:sourceaccount aws:sourceorgid aws:sourceorgpaths aws:principalorgid aws:principalorgpaths
    aws:principalaccount aws:principalarn aws:sourcevpc aws:sourcevpce aws:sourceip aws:vpcsourceip aws:userid
    aws:username aws:sourceowner kms:calleraccount lambda:eventsourcetoken s3:dataaccesspointaccount
    s3:dataaccesspointarn sts:externalid lambda:sourcefunctionarn aws:sourceidentity
    aws:vpceaccount aws:vpceorgid aws:vpceorgpaths saml:aud saml:iss saml:sub aws:principalisawsservice
    aws:principalservicename aws:federatedprovider kms:grantisforawsresource
    elasticfilesystem:accessedviamounttarget glue:rolesessionname""".lower().split()
)
# Keys that anyone can set, or that nearly every request meets.
_OPEN_KEYS = frozenset(
    [
        "aws:useragent",
        "aws:referer",
        "aws:securetransport",
        "aws:currenttime",
        "aws:epochtime",
        "aws:requestedregion",
        "aws:tokenissuetime",
        "aws:viaawsservice",
        "s3:prefix",
        "s3:delimiter",
        "s3:max-keys",
        "s3:x-amz-acl",
        "s3:tlsversion",
        "s3:authtype",
        "s3:signatureversion",
        "s3:x-amz-server-side-encryption",
        "aws:resourceaccount",
        "kms:viaservice",
        "sns:protocol",
        "sqs:protocol",
        "lambda:functionurlauthtype",
        "lambda:invokedviafunctionurl",
    ]
)
_POSITIVE = regex(
    r"(?:ForAnyValue:)?(?:StringEquals|StringEqualsIgnoreCase|StringLike|ArnEquals|ArnLike|IpAddress|NumericEquals|Bool)",
    re.IGNORECASE,
)
_NEGATIVE = regex(
    r"(?:ForAllValues:|ForAnyValue:)?(?:StringNotEquals|StringNotEqualsIgnoreCase|StringNotLike|ArnNotEquals|ArnNotLike|"
    r"NotIpAddress)(?:IfExists)?",
    re.IGNORECASE,
)
_WIDE_IPV4 = 8


def is_positive(operator: str) -> bool:
    """Whether an operator fails when its key is absent and its values do not match."""
    return _POSITIVE.fullmatch(operator) is not None


def base_key(key: str) -> str:
    """A condition key in lower case; case does not matter to IAM."""
    return key.lower()


def _is_open_value(key: str, value: str) -> bool:
    """Whether a value lets (nearly) everyone meet the condition."""
    if not value.strip("*?"):
        return True
    if key in ("aws:sourceip", "aws:vpcsourceip"):
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError:
            return False
        return network.prefixlen < _WIDE_IPV4
    if key in ("aws:sourcearn", "aws:principalarn"):
        parts = split_arn(value)
        if parts is None:
            return value.startswith("arn:") and value.endswith("*")
        account_open = not parts.account.strip("*")
        if key == "aws:principalarn":
            return account_open
        return account_open and not parts.resource.strip("*:/")
    return False


# Keys beyond those of `policy.strength` by which AWS, an identity provider or a network vouches for the caller.
_VOUCHED_FOR = frozenset(
    [
        "aws:vpcsourceip",
        "aws:principalisawsservice",
        "aws:principalservicename",
        "aws:federatedprovider",
        "kms:grantisforawsresource",
        "elasticfilesystem:accessedviamounttarget",
        "saml:aud",
        "saml:iss",
        "saml:sub",
    ]
)
_URL_AUTH = "lambda:functionurlauthtype"  # `AWS_IAM` asks for a signature, and every AWS account can sign


def entry_strength(entry: ConditionEntry) -> str:
    """How much one key of a condition restricts who the caller can be; see `policy.strength` for the classes."""
    from permscope.policy import strength as policy_strength

    key = base_key(entry.key)
    if key == _URL_AUTH:
        return "weak"
    if key not in _VOUCHED_FOR and not key.startswith("kms:encryptioncontext:"):
        return policy_strength.entry_strength(entry, PolicyKind.RESOURCE)
    if not is_positive(entry.operator):
        return "weak"
    if entry.operator.lower() == "bool":
        return "strong" if entry.values and all(value.lower() == "true" for value in entry.values) else "weak"
    if any(_is_open_value(key, value) for value in entry.values):
        return "weak"
    return "unknown" if any(_is_only_unknown(value) for value in entry.values) else "strong"


def _is_only_unknown(value: str) -> bool:
    return value.startswith("${") and value.endswith("}") and value.count("${") == 1


def strength(conditions: Iterable[ConditionEntry]) -> str:
    """How much a whole `Condition` block restricts who the caller can be: its strongest key decides."""
    found = [entry_strength(entry) for entry in conditions]
    for level in ("strong", "unknown", "weak"):
        if level in found:
            return level
    return "none"


# Keys that narrow what an identity can do little or not at all.
_NO_NARROWING = _OPEN_KEYS - {"kms:viaservice", "s3:prefix", "sns:protocol"} | {
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:principalarn",
    "aws:principaltype",
}


def narrowing(conditions: Iterable[ConditionEntry]) -> str:
    """The key that really narrows an identity statement, as written, or the empty string."""
    for entry in conditions:
        key = base_key(entry.key)
        if key in _NO_NARROWING or not is_positive(entry.operator):
            continue
        if entry.values and not any(_is_open_value(key, value) for value in entry.values):
            return entry.key
    return ""


def shuts_out_outsiders(statement: Statement) -> bool:
    """Whether a Deny statement of a resource policy applies to every caller that is not one of the owner's.

    Such a statement names everyone and excepts callers by an identity key: `StringNotEquals aws:PrincipalOrgID ...`.
    """
    if statement.effect != "Deny":
        return False
    named = statement.principals
    if named is not None and not any(principal.value == "*" for principal in named):
        return False
    if named is None and statement.not_principals is None:
        return False
    return all(_holds_for_outsider(entry) for entry in statement.conditions)


def _holds_for_outsider(entry: ConditionEntry) -> bool:
    key, operator = base_key(entry.key), entry.operator.lower()
    if key not in _CALLER_KEYS:
        return False
    if operator == "null":
        return all(value.lower() == "true" for value in entry.values)
    if operator in ("bool", "boolifexists"):
        return all(value.lower() == "false" for value in entry.values)
    if not _NEGATIVE.fullmatch(entry.operator):
        return False
    return not any(_is_open_value(key, value) for value in entry.values)


def keeps_only_some_out(statement: Statement) -> bool:
    """Whether a Deny names whom it keeps out (`IpAddress` of a block list), and so leaves everybody else in."""
    entries = statement.conditions
    return bool(entries) and all(
        is_positive(entry.operator) and not any(_is_open_value(base_key(entry.key), value) for value in entry.values)
        for entry in entries
    )
