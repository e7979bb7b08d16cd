"""How far conditions limit who may use an Allow statement.

On a policy that names principals (resource, trust, RCP) the question is *who*: only keys that the caller cannot choose
count. On an identity policy the caller is known, so any key counts that the caller cannot set at will.

* strong: somebody must be who the statement means: `aws:SourceArn`, `aws:SourceAccount`, `aws:PrincipalOrgID`, ...
* weak: there are conditions, and everybody can satisfy them: `aws:UserAgent`, `aws:Referer`, `aws:SecureTransport`,
  negated operators, `...IfExists`, `ForAllValues:`, wildcard values.
* none: there is no condition.
* unknown: a value that only the deployment settles decides.

The keys: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html; what makes a resource
policy public: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias

from permscope.inventory.policies import ConditionEntry, PolicyKind
from permscope.inventory.tokens import has_unknown
from permscope.policy.conditions.condition import OPERATORS, split_operator
from permscope.policy.conditions.ip import parse_range
from permscope.policy.matching import encode, literal_prefix
from permscope.policy.requester import is_account
from permscope.policy.variables import VARIABLE, has_variable

Strength: TypeAlias = Literal["strong", "weak", "none", "unknown"]

_STRONGEST_FIRST: tuple[Strength, ...] = ("strong", "unknown", "weak")
_WEAKEST_FIRST: tuple[Strength, ...] = ("weak", "unknown")
_NAMES_PRINCIPALS = frozenset([PolicyKind.RESOURCE, PolicyKind.TRUST, PolicyKind.RCP])
_ARN_KEYS = frozenset(
    ["aws:sourcearn", "aws:principalarn", "ec2:sourceinstancearn", "lambda:sourcefunctionarn", "s3:dataaccesspointarn",
     "elasticfilesystem:accesspointarn"]
)  # fmt: skip
_NAME_KEYS = frozenset(
    ["aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner", "aws:principalorgid",
     "aws:principalorgpaths", "aws:principalaccount", "aws:sourcevpc", "aws:sourcevpce", "aws:vpceaccount",
     "aws:vpceorgid", "aws:vpceorgpaths", "aws:sourcevpcarn", "lambda:eventsourcetoken", "kms:calleraccount",
     "s3:dataaccesspointaccount", "sts:externalid"]
)  # fmt: skip
_USER_ID = "aws:userid"
_SOURCE_IP = "aws:sourceip"
_URL_AUTH = "lambda:functionurlauthtype"
# What any caller sets, or what is true of every caller
_FREE = frozenset(
    ["aws:useragent", "aws:referer", "aws:securetransport", "aws:currenttime", "aws:epochtime", "aws:requestedregion",
     "aws:principalisawsservice", "aws:viaawsservice", "s3:tlsversion", "s3:authtype", "s3:signatureversion",
     "s3:signatureage", "lambda:invokedviafunctionurl"]
)  # fmt: skip
# OIDC issuers that everybody can get a token of, with an audience everybody can ask for
_SHARED_ISSUERS = frozenset(
    [
        "token.actions.githubusercontent.com",
        "gitlab.com",
        "app.terraform.io",
        "agent.buildkite.com",
        "oidc.circleci.com",
    ]
)
_WIDEST = {4: 2**24, 6: 2**96}  # a /8 and a /32: whole networks of one owner, hardly wider


def condition_strength(conditions: Iterable[ConditionEntry], policy_kind: PolicyKind) -> Strength:
    """How far the conditions of one Allow statement limit who may use it.

    All conditions must hold, so the strongest one counts.
    """
    found = {entry_strength(entry, policy_kind) for entry in conditions}
    for strength in _STRONGEST_FIRST:
        if strength in found:
            return strength
    return "none"


def entry_strength(entry: ConditionEntry, policy_kind: PolicyKind) -> Strength:
    """How far one condition limits who may use a statement; never `none`."""
    quantifier, name, if_exists = split_operator(entry.operator)
    operator = OPERATORS.get(name)
    if operator is None:
        # `Null` says only that a key is there; an operator that AWS does not have lets nobody in
        return "weak" if name == "null" and not _asks_for_tag(entry, policy_kind) else "strong"
    if operator.negated or if_exists or quantifier == "forallvalues:":
        return "weak"
    key = entry.key.lower()
    judge = _judge_of(key) if policy_kind in _NAMES_PRINCIPALS else _judge_for_identity(key)
    if judge is None:
        return "weak"
    wild = name in ("stringlike", "arnlike", "arnequals")
    found = {_value_strength(value, key, judge, wild=wild) for value in entry.values}
    # one value is enough for the request, so the weakest counts
    for strength in _WEAKEST_FIRST:
        if strength in found:
            return strength
    return "strong"


def _asks_for_tag(entry: ConditionEntry, policy_kind: PolicyKind) -> bool:
    """Whether an identity policy's `Null` is about things that have some tag, and only those."""
    is_there = all(value.strip().lower() == "false" for value in entry.values)
    return is_there and policy_kind not in _NAMES_PRINCIPALS and _is_tag(entry.key.lower())


def _is_tag(key: str) -> bool:
    return "resourcetag/" in key or "requesttag/" in key


def _value_strength(value: str, key: str, judge: Callable[[str], bool], *, wild: bool) -> Strength:
    if has_variable(value):
        keys = [(found[1] or "").lower() for found in VARIABLE.findall(value)]
        if any(each.startswith("aws:resource") for each in keys):
            return "strong"
        return "weak" if key in keys else "unknown"
    if not wild:
        value = value.replace("*", "-").replace("?", "-") if key != _SOURCE_IP else value
    if judge(value):
        return "strong"
    return "unknown" if has_unknown(value) else "weak"


def _judge_of(key: str) -> Callable[[str], bool] | None:
    """What decides whether a value of a key names somebody; None for a key that limits nobody."""
    if key in _ARN_KEYS:
        return _names_arn
    if key in _NAME_KEYS:
        return _names_one
    if key == _USER_ID:
        return _names_user_id
    if key == _SOURCE_IP:
        return _names_network
    if key == _URL_AUTH:
        return lambda value: value == "AWS_IAM"
    host, colon, claim = key.rpartition(":")
    if colon and "." in host:
        return _judge_of_claim(host, claim)
    return None


def _judge_for_identity(key: str) -> Callable[[str], bool] | None:
    if key in _FREE:
        return None
    if _is_tag(key):
        return _is_known  # `*` still asks that the thing has the tag
    return _judge_of(key) or _is_narrow


def _is_known(value: str) -> bool:
    return not has_unknown(value)


def _judge_of_claim(host: str, claim: str) -> Callable[[str], bool] | None:
    """A claim of an OIDC token."""
    shared = host.removeprefix("https://").partition("/")[0] in _SHARED_ISSUERS
    if claim == "aud":
        return None if shared else _is_narrow
    if claim == "amr":
        return None
    return _names_repository if shared and claim == "sub" else _is_narrow


def _is_narrow(value: str) -> bool:
    """Whether a value says more than `*`."""
    return bool(value.strip("*?")) and not has_unknown(value)


def _names_one(value: str) -> bool:
    return "*" not in value.rstrip("*") and "?" not in value and _is_whole(value)


def _is_whole(value: str) -> bool:
    """Whether a value has no wildcard, or is an organization path with one at its end (`o-abc/r-x/ou-y/*`)."""
    if has_unknown(value) or not value.strip("*"):
        return False
    return "*" not in value or (value.startswith("o-") and "/" in value)


def _names_arn(value: str) -> bool:
    fields = encode(value).split(":", 5)
    if len(fields) != 6 or has_unknown(value):  # noqa: PLR2004 (six fields)
        return _names_known_account(fields)
    account, resource = fields[4], fields[5]
    if fields[2] == "s3" and not fields[3].strip("*") and not account.strip("*"):
        # The ARN of a bucket has neither Region nor account, so `arn:aws:s3:*:*:name` is that one bucket.
        return bool(literal_prefix(resource).strip("/"))
    if account:
        return _names_known_account(fields)
    return "*" not in fields[2] and bool(literal_prefix(resource).strip("/"))


def _names_known_account(fields: list[str]) -> bool:
    """Whether the account of an ARN is one, however open the rest."""
    if len(fields) <= 4 or not fields[4]:  # noqa: PLR2004 (the fifth field)
        return False
    account = fields[4]
    return is_account(account) or (account.startswith("\ue000") and "*" not in account)


def _names_user_id(value: str) -> bool:
    return len(literal_prefix(encode(value)).partition(":")[0]) > len("AROA") and not has_unknown(value)


def _names_network(value: str) -> bool:
    found = parse_range(value)
    return found is not None and bool(found.version) and found.last - found.first < _WIDEST[found.version]


def _names_repository(value: str) -> bool:
    """A subject of a shared issuer names its owner when the text before its first wildcard goes past a `/`."""
    known = literal_prefix(encode(value))
    return known == encode(value) or "/" in known or known.count(":") > 1
