"""Whom the statements of function policies, resource policies and trust policies let in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from permscope.audit.checks.resources import is_star
from permscope.audit.conditions import base_key, entry_strength, is_positive, strength
from permscope.audit.fields import Subject
from permscope.audit.findings import Hit
from permscope.audit.matching import no_such
from permscope.audit.predicates import Taken, finder, predicate
from permscope.audit.reach import FAILURES
from permscope.audit.world import PRINCIPAL_KINDS, StatementView, Who, World
from permscope.catalog.actions import load
from permscope.catalog.wildcard import matches
from permscope.graph.model import EdgeKind, NodeKind
from permscope.inventory.arn import split_arn
from permscope.inventory.facts import ResourcePolicy, Route
from permscope.inventory.located import source_of
from permscope.inventory.policies import ConditionEntry, Principal, Statement
from permscope.inventory.source import NOWHERE, Source
from permscope.inventory.tokens import has_unknown
from permscope.lazy import regex

# What says for whom a service acts.
_SCOPES = frozenset({"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"})
_OTHER_SCOPES = frozenset(
    {"lambda:eventsourcetoken", "kms:calleraccount", "aws:sourceowner", "aws:principalorgid", "aws:sourcevpce"}
)
# `aws:Referer` holds the account id where SES delivers to a bucket, so there it is a scope.
_ACCOUNT_ID = regex(r"\d{12}|\$\{AWS::AccountId\}")
# ARN service of the `aws:SourceArn` that a service principal sends.
_SENDS = {
    "s3": ("s3",),
    "sns": ("sns",),
    "events": ("events",),
    "apigateway": ("execute-api",),
    "logs": ("logs",),
    "cognito-idp": ("cognito-idp",),
    "cognito-sync": ("cognito-identity",),
    "iot": ("iot",),
    "config": ("config",),
    "elasticloadbalancing": ("elasticloadbalancing",),
    "ses": ("ses",),
    "secretsmanager": ("secretsmanager",),
    "codecommit": ("codecommit",),
    "lex": ("lex",),
    "lexv2": ("lex",),
    "lambda.alarms.cloudwatch": ("cloudwatch",),
    "cloudfront": ("cloudfront",),
    "appsync": ("appsync",),
    "sqs": ("sqs",),
    "dynamodb": ("dynamodb",),
    "kinesis": ("kinesis",),
    "scheduler": ("scheduler",),
    "states": ("states",),
    "connect": ("connect",),
    "vpc-lattice": ("vpc-lattice",),
    "bedrock": ("bedrock",),
    "cloudformation": ("cloudformation",),
    "firehose": ("firehose",),
}
# Services that never use a function's policy: they poll, or act with a role.
_NEVER_BY_POLICY = frozenset(
    [
        "sqs",
        "dynamodb",
        "kinesis",
        "kafka",
        "scheduler",
        "pipes",
        "states",
        "firehose",
        "codepipeline",
        "codedeploy",
        "mq",
    ]
)
_REGION = regex(r"(?:[a-z]{2}(?:-[a-z]+)+-\d|\$\{AWS::Region\})")
_WEB_IDENTITIES = ("accounts.google.com", "www.amazon.com", "graph.facebook.com")
GITHUB = "token.actions.githubusercontent.com"


def service_name(principal: str) -> str:
    """A service principal without suffix and Region: `logs` for `logs.us-east-1.amazonaws.com`."""
    name = principal.lower()
    for suffix in (".amazonaws.com.cn", ".amazonaws.com", ".amazonaws.eu", ".amazon.com", ".${aws::urlsuffix}"):
        name = name.removesuffix(suffix)
    return ".".join(part for part in name.split(".") if not _REGION.fullmatch(part) and part != "${aws::region}")


def _statement(subject: Subject) -> Statement:
    statement: Statement = subject.it.statement
    return statement


def _entries(statement: Statement, *keys: str) -> Iterator[ConditionEntry]:
    return (entry for entry in statement.conditions if base_key(entry.key) in keys)


def _principals(view: StatementView) -> Iterator[tuple[Principal, Who]]:
    return zip(view.statement.principals or (), view.who, strict=True)


def _principal_hit(view: StatementView, principal: Principal, who: Who) -> Hit:
    place = source_of(principal.value)
    statement = view.statement
    return Hit(
        element=who.text,
        source=place if place is not NOWHERE and place.line else statement.source,
        values={
            "principal": who.text,
            "account": who.account or "",
            "service": service_name(who.text) if who.kind == "service" else "",
            "source_arn": next((v for entry in _entries(statement, "aws:sourcearn") for v in entry.values), ""),
        },
        statement=statement,
    )


_VALUES = ("principal", "account", "service", "source_arn")


def _kinds(given: object, place: Source) -> tuple[tuple[str, ...], bool]:
    items = given if isinstance(given, list) else [given]
    for item in items:
        if item not in PRINCIPAL_KINDS:
            raise no_such("principal kind", item, PRINCIPAL_KINDS, source_of(item, place))
    return tuple(str(item) for item in items), True


@finder("statement", values=_VALUES, check=_kinds)
def principals(subject: Subject, parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each principal of the kinds given; of foreign accounts only those nobody vouches for."""
    kinds, _ = parameters
    view: StatementView = subject.it
    for principal, who in _principals(view):
        if who.kind in kinds and not who.trusted:
            yield _principal_hit(view, principal, who)


@finder("statement", values=_VALUES)
def whole_account_principals(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each principal that stands for the own account: the ARN of its root, or its id."""
    view: StatementView = subject.it
    for principal, who in _principals(view):
        parts = split_arn(who.text)
        if who.kind == "own" and (parts is None or parts.resource == "root"):
            yield _principal_hit(view, principal, who)


@finder("statement", values=_VALUES)
def public_bucket_principals(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each principal that stands for everybody in a bucket policy, and whether S3 would take such a policy.

    Buckets made since April 2023 block public policies unless the block is turned off:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
    """
    view: StatementView = subject.it
    fact = subject.world.resource(view.holder.id) if view.holder else None
    given = fact.attributes.get("public_access_block_given") if fact else None
    for principal, who in _principals(view):
        if who.kind == "public":
            hit = _principal_hit(view, principal, who)
            if given is False:
                hit.unreachable = "S3 refuses the policy on buckets made since April 2023, and takes it on older ones"
                hit.severity, hit.confidence = "high", "medium"  # and a step lower for that reason
            yield hit


# Services and the source they act for


def _scoped(statement: Statement) -> bool:
    """Whether a statement says for which source or account a service may act."""
    for entry in statement.conditions:
        key = base_key(entry.key)
        if key in _SCOPES or key in _OTHER_SCOPES or key.startswith("kms:encryptioncontext:"):
            if is_positive(entry.operator) and entry_strength(entry) in ("strong", "unknown"):
                return True
        elif key == "aws:referer" and is_positive(entry.operator) and all(map(_ACCOUNT_ID.fullmatch, entry.values)):
            return True
    return False


@finder("statement", values=(*_VALUES, "what"))
def unscoped_services(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each service principal that may act for any account (no `aws:SourceArn`, `aws:SourceAccount`, ...)."""
    view: StatementView = subject.it
    if _scoped(view.statement):
        return
    for principal, who in _principals(view):
        name = service_name(who.text)
        if who.kind != "service" or name.startswith("replicator.lambda") or "serverlessrepo" in name:
            continue
        # A statement that has the key, but with a value that lets every account through, has its own rule.
        if any(is_positive(entry.operator) for entry in _entries(view.statement, *_SCOPES)):
            continue
        hit = _principal_hit(view, principal, who)
        hit.values["what"] = _protected(view)
        if name in _NEVER_BY_POLICY and _is_function_policy(view):
            hit.unreachable = f"`{who.text}` never invokes by function policy"
        elif name == "events" and ":logs:" in getattr(view.fact, "resource_arn", ""):
            # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-cross-account.html
            hit.unreachable = "EventBridge sends nothing to log groups of other accounts"
        yield hit


def _protected(view: StatementView) -> str:
    """What the service may use: the holder of the policy; of a policy that stands for many things what it names."""
    if view.holder is not None and view.holder.type != "AWS::Logs::ResourcePolicy":
        return f"`{view.holder.label}`"
    named = []
    for text in view.statement.resources or ():
        node = view.world.node(text) or view.world.node(text.removesuffix(":*"))
        named.append("everything it is about" if is_star(text) else f"`{node.label if node else text}`")
    return ", ".join(dict.fromkeys(named)) or f"`{view.policy.logical_id or view.policy.name}`"


@predicate("statement")
def protects_what_runs_a_function(subject: Subject) -> bool:
    """The resource of a resource policy triggers a function, directly or over a queue behind it."""
    graph, todo, seen = subject.world.graph, [subject.holder.id] if subject.holder else [], set[str]()
    while todo:
        node_id = todo.pop()
        if node_id in seen:
            continue
        seen.add(node_id)
        for edge in graph.outgoing(node_id, EdgeKind.TRIGGERS, EdgeKind.DELIVERS_TO):
            if edge.authorized is False or edge.event in FAILURES or graph.nodes[node_id].kind is NodeKind.FUNCTION:
                continue
            if edge.kind is EdgeKind.TRIGGERS:
                return True
            todo.append(edge.target)
    return False


def _is_function_policy(view: StatementView) -> bool:
    return isinstance(view.fact, ResourcePolicy) and ":function:" in view.fact.resource_arn


def _source_arns(view: StatementView) -> Iterator[tuple[str, ConditionEntry]]:
    for entry in _entries(view.statement, "aws:sourcearn"):
        if is_positive(entry.operator):
            for value in entry.values:
                yield value, entry


def _arn_hit(view: StatementView, value: str, entry: ConditionEntry) -> Hit:
    place = source_of(value)
    named = next((who for who in view.who if who.kind == "service"), None)
    return Hit(
        element=str(value),
        source=place if place is not NOWHERE and place.line else entry.source,
        values={
            "principal": named.text if named else "*",
            "account": "",
            "service": service_name(named.text) if named else "",
            "source_arn": str(value),
        },
        statement=view.statement,
    )


def _has_account(statement: Statement) -> bool:
    keys = ("aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths", "aws:principalorgid")
    return any(is_positive(entry.operator) for entry in _entries(statement, *keys))


@finder("statement", values=_VALUES)
def source_arns_without_account(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each `aws:SourceArn` that names no account (S3), where `aws:SourceAccount` does not name it either."""
    view: StatementView = subject.it
    if _has_account(view.statement) or not any(who.kind in ("service", "public") for who in view.who):
        return
    for value, entry in _source_arns(view):
        parts = split_arn(value)
        if parts is not None and not parts.account and parts.service not in ("", "*") and parts.resource.strip("*:/"):
            yield _arn_hit(view, value, entry)


@finder("statement", values=_VALUES)
def source_arns_of_other_services(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each `aws:SourceArn` of a service that the service principal never acts for: the statement cannot work."""
    view: StatementView = subject.it
    for value, entry in _source_arns(view):
        parts = split_arn(value)
        if parts is None or has_unknown(parts.service) or "*" in parts.service or "?" in parts.service:
            continue
        services = [who for who in view.who if who.kind == "service"]
        known = [_SENDS.get(service_name(who.text)) for who in services]
        if services and all(item is not None and parts.service not in item for item in known):
            yield _arn_hit(view, value, entry)


@finder("statement", values=(*_VALUES, "reach"))
def wide_source_arns(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each `aws:SourceArn` that covers more than one source: any API, any rule, any bucket, any account.

    All routes of one named API are wide only where the function is not behind a catch-all route of it; then `low`.
    """
    view: StatementView = subject.it
    if not any(who.kind in ("service", "public") for who in view.who):
        return
    for value, entry in _source_arns(view):
        reach, severity = _reach(subject, view, value)
        if not reach:
            continue
        hit = _arn_hit(view, value, entry)
        hit.values["reach"] = reach
        hit.severity = severity
        yield hit


def _reach(subject: Subject, view: StatementView, value: str) -> tuple[str, str | None]:
    parts = split_arn(value)
    if parts is None:
        return (
            ("any source", None)
            if (value.startswith("arn:") and not value[4:].strip("*:")) or value == "*"
            else ("", None)
        )
    resource = parts.resource
    if "*" in parts.account and not _has_account(view.statement):
        return f"any account's `{parts.service}` resources", None
    head = re.split(r"[/:]", resource)[0]
    if not resource.strip("*:/") or (head == "*"):
        return f"any `{parts.service}` resource of the account", None
    if parts.service == "execute-api":
        tail = resource[len(head) :]
        # `API/*/*/` is the root path, of any stage and method.
        if tail.endswith("*") and not tail.strip("*/") and not _behind_catch_all(subject, value):
            return "every stage, method and path of the API", "low"
        return "", None
    wide = ("rule/*", "rule/*/*", "log-group:*", "targetgroup/*", "userpool/*", "table/*", "distribution/*", "secret:*")
    if resource in wide or resource in ("log-group:*:*", "stack/*", "alarm:*", "bot-alias/*", "receipt-rule-set/*"):
        kind = resource.rstrip("*:/")
        return f"any `{parts.service}` {kind} of the account", None
    return "", None


def _behind_catch_all(subject: Subject, source_arn: str) -> bool:
    """Whether the function takes every request of the API of a source ARN, or it is not known what it takes."""
    view: StatementView = subject.it
    if view.holder is None:
        return True  # nobody can tell which routes an unknown function has
    graph = subject.world.graph
    served = other = False
    for route in _routes_by_api(subject.world).get(_api_id(source_arn), ()):
        targets = {edge.target for edge in graph.outgoing(route.id, EdgeKind.TRIGGERS)}
        if view.holder.id not in targets:
            other = True
        elif "+}" in route.path or route.path in ("$default", "/*"):
            return True
        else:
            served = True
    # A function that serves no route (an authorizer) is asked for whatever the API is asked for.
    return not (served and other)


def _routes_by_api(world: World) -> Mapping[str, list[Route]]:
    known: dict[str, list[Route]] = world.memo.setdefault("routes_by_api", {})
    if not known:
        for route in world.routes.values():
            if route.execute_arn:
                known.setdefault(_api_id(route.execute_arn), []).append(route)
    return known


def _api_id(arn: str) -> str:
    """The API id of an `execute-api` ARN."""
    parts = split_arn(arn)
    return parts.resource.split("/", 1)[0] if parts else ""


# Function policies


@predicate("statement")
def lets_url_callers_in(subject: Subject) -> bool:
    """A function policy statement that only serves a function URL without authentication."""
    statement = _statement(subject)
    for entry in _entries(statement, "lambda:functionurlauthtype", "lambda:invokedviafunctionurl"):
        if is_positive(entry.operator) and all(value.upper() in ("NONE", "TRUE") for value in entry.values):
            return True
    return False


@predicate("statement")
def outsiders_are_denied(subject: Subject) -> bool:
    """A Deny of the same resource keeps everybody outside the owner's organization, account or network out."""
    view: StatementView = subject.it
    return subject.world.shut_out(view, view.actions)


@predicate("statement")
def conditions_are_denied_elsewhere(subject: Subject) -> bool:
    """A Deny for everybody of the same policy excepts an address range, endpoint or network."""
    view: StatementView = subject.it
    keys = ("aws:sourceip", "aws:vpcsourceip", "aws:sourcevpce", "aws:sourcevpc")
    return any(
        statement.effect == "Deny"
        and any("not" in entry.operator.lower() and base_key(entry.key) in keys for entry in statement.conditions)
        for statement in view.siblings
    )


@predicate("statement")
def limited_to_organization_only(subject: Subject) -> bool:
    """Everybody of an organization is let in: `aws:PrincipalOrgID` is all that limits the statement."""
    statement = _statement(subject)
    strong = [entry for entry in statement.conditions if entry_strength(entry) in ("strong", "unknown")]
    return bool(strong) and all(base_key(entry.key) == "aws:principalorgid" for entry in strong)


@predicate("statement")
def organization_is_trusted(subject: Subject) -> bool:
    """Every organization that the statement names is the user's own or one the user vouches for."""
    known = subject.world.own_organizations
    values = [value for entry in _entries(_statement(subject), "aws:principalorgid") for value in entry.values]
    return bool(values) and all(value in known for value in values)


@predicate("statement")
def lets_friends_in_only(subject: Subject) -> bool:
    """Everybody it lets in is of the own account, or of accounts or organizations the user vouches for."""
    view: StatementView = subject.it
    if not view.who:
        return False
    of_organization = limited_to_organization_only(subject) and organization_is_trusted(subject)
    return all(who.kind == "own" or who.trusted or (who.kind == "public" and of_organization) for who in view.who)


@finder("statement", values=("action", "principal"))
def more_than_invoking(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each action of a function policy beyond those that invoke the function."""
    view: StatementView = subject.it
    if any(service_name(who.text).startswith("replicator.lambda") for who in view.who):
        return
    catalog = load()
    allowed = catalog.expand("lambda:Invoke*")
    for text in view.statement.actions or ():
        if catalog.expand(text) - allowed:
            place = source_of(text)
            yield Hit(
                element=text,
                source=place if place.line else view.statement.source,
                values={"action": text, "principal": ", ".join(who.text for who in view.who)},
            )


# Trust policies


@predicate("statement")
def proves_who_calls(subject: Subject) -> bool:
    """A trust statement asks an external caller for an external id, MFA, its organization or its exact identity."""
    return asks_who_calls(_statement(subject))


def asks_who_calls(statement: Statement) -> bool:
    """Whether a trust statement asks for an external id, MFA or an organization."""
    keys = ("sts:externalid", "aws:principalorgid", "aws:principalorgpaths")
    for entry in _entries(statement, *keys):
        if is_positive(entry.operator) and entry.values and not any(value.strip("*?") == "" for value in entry.values):
            return True
    return _asks_for_mfa(statement)


@predicate("statement")
def asks_for_an_external_id_only(subject: Subject) -> bool:
    """An external id is all that keeps strangers out, and it is no secret: whoever may read the role sees it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
    """
    conditions = _statement(subject).conditions
    others = tuple(entry for entry in conditions if base_key(entry.key) != "sts:externalid")
    return len(others) < len(conditions) and strength(others) in ("none", "weak")


def _asks_for_mfa(statement: Statement) -> bool:
    """Whether nobody gets through without a second factor."""
    for entry in _entries(statement, "aws:multifactorauthpresent", "aws:multifactorauthage"):
        name = entry.operator.lower()
        if name == "bool" and all(value.lower() == "true" for value in entry.values):
            return True
        if name.startswith("numericlessthan") and not name.endswith("ifexists"):
            return True
    return False


@predicate("statement")
def asks_for_more_than_the_account(subject: Subject) -> bool:
    """A trust statement asks a caller of the own account who it is, for MFA, or for something that only some know."""
    statement = _statement(subject)
    keys = ("sts:externalid", "aws:principalarn", "aws:userid", "aws:username", "aws:sourceidentity", "aws:sourceip")
    for entry in statement.conditions:
        key = base_key(entry.key)
        if (key in keys or key.startswith("aws:principaltag/")) and is_positive(entry.operator):
            parts = [split_arn(value) for value in entry.values]
            named = all(part.resource.strip("*").partition("/")[2] if part else True for part in parts)
            if named and all(value.strip("*?") for value in entry.values):
                return True
    return _asks_for_mfa(statement)


def _oidc(who: Who) -> str:
    """Host of the OIDC provider, or the empty string."""
    if who.kind != "federated":
        return ""
    if "oidc-provider/" in who.text:
        return who.text.partition("oidc-provider/")[2]
    return who.text if who.text in _WEB_IDENTITIES else ""


def _claims(statement: Statement) -> Iterator[tuple[str, ConditionEntry]]:
    """Conditions on claims of a web identity token: claim name and entry."""
    for entry in statement.conditions:
        key = base_key(entry.key)
        if key.startswith(("aws:", "sts:", "iam:", "saml:")) or ":" not in key:
            continue
        yield key.rpartition(":")[2], entry


@finder("statement", values=_VALUES)
def oidc_without_claims(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """Each OIDC provider that is trusted whatever its token says."""
    view: StatementView = subject.it
    for principal, who in _principals(view):
        host = _oidc(who)
        if not host or host in _BY_POOL:
            continue
        shared = host.partition("/")[0] in _SHARED
        claims = [(claim, entry) for claim, entry in _claims(view.statement) if _restricts(entry)]
        if shared:
            claims = [(claim, entry) for claim, entry in claims if claim != "aud" and not _is_for_anybody(entry)]
        if not claims:
            yield _principal_hit(view, principal, who)


# Providers that give every customer tokens of the same issuer, so that the audience tells nothing; GitHub has a rule of
# its own. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
_SHARED = frozenset(
    [
        "agent.buildkite.com",
        "app.terraform.io",
        "gitlab.com",
        "oidc.codefresh.io",
        "proidc.upbound.io",
        "scalr.io",
        "studio.datachain.ai",
        "tokens.cloud.shisho.dev",
        "vstoken.actions.githubusercontent.com",
    ]
)
_BY_POOL = ("cognito-identity.amazonaws.com",)


def _is_for_anybody(entry: ConditionEntry) -> bool:
    """Whether a subject starts with a wildcard, if need be behind the name of its first part (`project_path:*`)."""
    like = "like" in entry.operator.lower()
    return like and any(re.match(r"(?:[a-z_]+:)?[*?]", value) for value in entry.values)


def _restricts(entry: ConditionEntry) -> bool:
    operator = (
        entry.operator.lower().removeprefix("forallvalues:").removeprefix("foranyvalue:").removesuffix("ifexists")
    )
    return operator in ("stringequals", "stringlike", "stringequalsignorecase") and all(
        value.strip("*?") for value in entry.values
    )


# Subjects that a stranger's repository can have: no owner is named, or only the beginning of one, which anybody may
# take for an organization of his own; without repository or owner, a stranger chooses the other claims.
_OPEN_SUBJECT = regex(r"(?:repo:|repository_owner:|repository:)?[^/:]*[*?].*|(?:repo:)?")
_OWNED = regex(r"(?:^|:)(?:repo|repository|repository_id|repository_owner|repository_owner_id|job_workflow_ref):")
# Claims of a GitHub token that tie it to a repository or its owner, besides `sub`.
_GITHUB_CLAIMS = ("sub", "repository", "repository_id", "repository_owner", "repository_owner_id", "job_workflow_ref")


@finder("statement", values=(*_VALUES, "subject"))
def github_without_subject(subject: Subject, _parameters: Any, _taken: Taken) -> Iterator[Hit]:
    """GitHub Actions trusted without naming an organization or repository."""
    view: StatementView = subject.it
    for principal, who in _principals(view):
        if GITHUB not in _oidc(who):
            continue
        entries = [entry for claim, entry in _claims(view.statement) if claim in _GITHUB_CLAIMS]
        open_values = [(value, entry) for entry in entries for value in entry.values if _is_open(entry, value)]
        if any(_restricts(entry) and not any(item is entry for _, item in open_values) for entry in entries):
            continue
        hit = _principal_hit(view, principal, who)
        hit.values["subject"] = open_values[0][0] if open_values else "none"
        if open_values:
            value, entry = open_values[0]
            place = source_of(value)
            hit.source = place if place.line else entry.source
        yield hit


def _is_open(entry: ConditionEntry, value: str) -> bool:
    """Whether a claim of a GitHub token may be that of a stranger's workflow."""
    if has_unknown(value):
        return False
    like = "like" in entry.operator.lower()
    if base_key(entry.key).endswith(":sub"):
        if _OWNED.search(value) is None:
            return True
        return like and _OPEN_SUBJECT.fullmatch(value) is not None
    return like and re.match(r"[^/]*[*?]", value) is not None


@predicate("statement")
def trusted_subjects_only(subject: Subject) -> bool:
    """Every subject that a trust statement names is one the user vouches for."""
    patterns = subject.world.trusted.oidc_subjects
    values = [value for claim, entry in _claims(_statement(subject)) if claim == "sub" for value in entry.values]
    return bool(values) and all(any(matches(pattern, value) for pattern in patterns) for value in values)


# Resource policies


@predicate("statement")
def bucket_blocks_public_policies(subject: Subject) -> bool:
    """The bucket's own public access block keeps a public policy from taking effect.

    A bucket of a template without such a block is new, and S3 then refuses the policy, or old and open to everybody:
    the template does not tell, so the block that new buckets have by default does not count here.
    """
    fact = subject.world.resource(subject.holder.id) if subject.holder else None
    if fact is None or fact.attributes.get("public_access_block_given") is False:
        return False
    return any(fact.attributes.get(name) is True for name in ("block_public_policy", "restrict_public_buckets"))


def strength_of(statement: Statement) -> str:
    """How much the conditions of a statement restrict who the caller can be."""
    return strength(statement.conditions)
