"""Which actions can be about a resource, by the ARN formats of the catalogue.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from permscope.catalog.actions import ActionSet, load
from permscope.lazy import regex
from permscope.policy.matching import covers, opened, patterns_intersect
from permscope.policy.unrestrictable import ALL_BUCKETS, LIST_ALL_BUCKETS, UNSCOPED, restrictable

_WORD = regex(r"(?<![A-Za-z0-9*?])[A-Za-z0-9]+(?![A-Za-z0-9*?])")
_OWN = "oWn"  # no format has such a word
_ANY_WORD = regex(r"[A-Za-z0-9]+")
_OPEN_WORD = regex(r"[*?][A-Za-z0-9]|[A-Za-z0-9][*?]")
_PLACEHOLDER = regex(r"\$\{[^}]*\}|<[^>]*>")
# Services whose actions are about resources of another service, from the ARN formats of the catalogue
# (tests/policy/test_applicable.py holds this to it).
_ALSO: dict[str, tuple[str, ...]] = {
    "acm": ("ec2",),
    "amplify": ("wafv2",),
    "apigateway": ("wafv2",),
    "app-integrations": ("connect",),
    "apprunner": ("wafv2",),
    "appsync": ("wafv2",),
    "bedrock-agentcore": ("wafv2",),
    "billing": ("bcm-data-exports", "ce"),
    "catalog": ("servicecatalog",),
    "cloudfront": ("cloudfront-keyvaluestore",),
    "cloudtrail": ("cloudtrail-data",),
    "codewhisperer": ("q",),
    "cognito-idp": ("wafv2",),
    "compute-optimizer": ("aco-automation",),
    "ds": ("ds-data",),
    "ec2": ("ebs", "ec2-instance-connect", "ssm", "vpce", "wafv2", "workspaces-instances"),
    "ecs": ("ssm",),
    "eks": ("aps", "eks-auth"),
    "elastic-inference": ("ec2",),
    "elasticloadbalancing": ("arc-zonal-shift", "waf-regional", "wafv2"),
    "iam": ("ec2", "ssm", "sts"),
    "iot": ("greengrass", "iotjobsdata", "iotwireless"),
    "iq-permission": ("iq",),
    "kafka": ("kafka-cluster",),
    "kms": ("events", "kinesis"),
    "license-manager": ("ec2",),
    "mpa": ("payment-cryptography",),
    "opensearch": ("es",),
    "qbusiness": ("qapps",),
    "qdeveloper": ("q",),
    "rds": ("rds-data",),
    "redshift": ("redshift-data",),
    "redshift-serverless": ("redshift-data",),
    "resource-groups": ("ec2",),
    "route53-recovery-control": ("route53-recovery-cluster", "route53-recovery-control-config"),
    "s3": ("ssm",),
    "s3-object-lambda": ("s3",),
    "sagemaker": ("sagemaker-mlflow",),
    "sns": ("devops-guru",),
    "sso": ("sso-oauth",),
    "vpc-lattice": ("vpc-lattice-svcs",),
    "wafv2": ("apprunner", "cognito-idp"),
    "wisdom": ("connect",),
}
_FIELDS = 6
_ANY_SERVICE = ("backup",)  # its ARN format leaves the service open


@lru_cache(maxsize=512)
def _types(prefix: str) -> tuple[tuple[str, ActionSet], ...]:
    """Each ARN pattern of a service with the actions that can be about it."""
    found: dict[str, ActionSet] = {}
    for form, actions in load().actions_by_arn_format(prefix):
        pattern = _PLACEHOLDER.sub("*", form)
        found[pattern] = found[pattern] | actions if pattern in found else actions
    return tuple(found.items())


@lru_cache(maxsize=65_536)
def applicable_actions(resource: str) -> ActionSet | None:
    """The actions that can be about an encoded ARN or ARN pattern; None when the catalogue cannot tell.

    Of the formats that fit, those with more parts count: an object is no bucket, though `arn:aws:s3:::*` fits both.
    """
    fields = opened(resource).split(":", _FIELDS - 1)
    service = fields[2] if len(fields) == _FIELDS else ""
    if fields[0] != "arn" or not service.isascii() or not load().is_known_service(service):
        return None
    words = _literal_words(service)
    name = fields[-1]
    if words is not None:
        name = _WORD.sub(lambda found: found[0] if found[0] in words else _OWN, name)
    return _applicable(service, fields[3], fields[4], name)


@lru_cache(maxsize=16_384)
def _applicable(service: str, region: str, account: str, name: str) -> ActionSet | None:
    """The actions for what a name with its own words taken out stands for: every table is alike."""
    fields = ["arn", "", service, region, account, name]
    fitting = [_fitting(prefix, fields) for prefix in (service, *_ALSO.get(service, ()))]
    if all(own is None for own in fitting):
        return None
    found = ActionSet.empty
    for own in (*fitting, *(_fitting(prefix, fields) for prefix in _ANY_SERVICE)):
        found |= own or ActionSet.empty
    return found


@lru_cache(maxsize=512)
def _literal_words(service: str) -> frozenset[str] | None:
    """The words that ARN formats for a service's resources fix; None where one of them may go on behind a wildcard.

    Any other word of an ARN, unless it stands beside a wildcard itself, can only be matched by a wildcard of a format,
    and so it does not matter which it is.
    """
    found: set[str] = set()
    for prefix in (service, *_ALSO.get(service, ()), *_ANY_SERVICE):
        for form, _ in _types(prefix):
            last = form.split(":", _FIELDS - 1)[-1]
            if _OPEN_WORD.search(last):
                return None
            found.update(_ANY_WORD.findall(last))
    return frozenset(found)


@lru_cache(maxsize=16_384)
def _forms(prefix: str, service: str, region: str, account: str) -> tuple[tuple[str, ActionSet], ...]:
    """The last fields of a service's ARN formats whose other fields fit, with the actions."""
    fitting = []
    for form, actions in _types(prefix):
        own = form.split(":", _FIELDS - 1)
        if len(own) == _FIELDS and all(map(patterns_intersect, own[2:5], (service, region, account))):
            fitting.append((own[-1], actions))
    return tuple(fitting)


def _fitting(prefix: str, fields: list[str]) -> ActionSet | None:
    """The actions of one service that can be about what an ARN pattern matches; None when no format fits.

    Fields are compared one by one: a `*` for any Region must not reach into the resource.
    """
    forms = _forms(prefix, fields[2], fields[3], fields[4])
    fitting = [(form, actions) for form, actions in forms if patterns_intersect(form, fields[-1])]
    if not fitting:
        return None
    exact = [form for form, _ in fitting if covers(form, fields[-1])]
    fitting = [
        (form, actions)
        for form, actions in fitting
        if not any(other.count("/") > form.count("/") and covers(form, other) for other in exact)
    ]
    found = ActionSet.empty
    for _, actions in fitting:
        found |= actions
    return found


def limit_to_resource(actions: ActionSet, resource: str) -> ActionSet:
    """The part of a set that a statement really grants on an encoded resource pattern."""
    if not resource.strip("*"):
        return actions
    able = applicable_actions(resource)
    return actions & (_of_its_service(resource) if able is None else able)


def _of_its_service(resource: str) -> ActionSet:
    """What may be about an ARN of no known format: it may be a new one, yet other services have no part in it."""
    fields = opened(resource).split(":", _FIELDS - 1)
    service = fields[2] if len(fields) == _FIELDS else ""
    if fields[0] != "arn" or not service.isascii() or not load().is_known_service(service):
        return restrictable()
    return _restrictable_of(service)


@lru_cache(maxsize=512)
def _restrictable_of(service: str) -> ActionSet:
    found = ActionSet.empty
    for prefix in (service, *_ALSO.get(service, ()), *_ANY_SERVICE):
        found |= restrictable().of_service(prefix)
    return found


@lru_cache(maxsize=1)
def _list_all_buckets() -> ActionSet:
    return load().action_set([LIST_ALL_BUCKETS])


def by_matched_resource(actions: ActionSet, pattern: str) -> Iterator[tuple[str, ActionSet]]:
    """The actions a statement really grants on an encoded pattern, by what their requests are matched against.

    That is the pattern itself for actions that can be limited to a resource, and a text that only a wildcard matches
    for the others.
    """
    everywhere = not pattern.strip("*")
    limited = actions & restrictable() if everywhere else limit_to_resource(actions, pattern)
    if limited:
        yield pattern, limited
    unlimited = actions - restrictable() if everywhere else ActionSet.empty
    if others := unlimited - _list_all_buckets():
        yield UNSCOPED, others
    buckets = actions & _list_all_buckets()
    if buckets and covers(pattern, ALL_BUCKETS):
        yield ALL_BUCKETS, buckets
