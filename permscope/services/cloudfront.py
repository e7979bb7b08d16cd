"""Amazon CloudFront: functions at the edge, and function URLs behind a distribution.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-at-the-edge.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-lambda.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from permscope.inventory.arn import function_arn_and_qualifier
from permscope.inventory.facts import AnyFact, Auth, Delivery, Mechanism, Need, Route, Trigger
from permscope.inventory.located import as_text
from permscope.lazy import regex
from permscope.services._answers import arn_of, picked
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._values import Item, about, mappings
from permscope.services._wiring import triggers
from permscope.services.interface import TemplateReader, TemplateResource

SERVICE = "cloudfront.amazonaws.com"
EDGE = "edgelambda.amazonaws.com"
SERVICE_PRINCIPALS = (SERVICE, EDGE, "logger.cloudfront.amazonaws.com")

_ACCESS_CONTROL = "AWS::CloudFront::OriginAccessControl"
_URL = "AWS::Lambda::Url"
_URL_TOKEN = regex(r"(?:^|[/{:])([A-Za-z0-9]+)\.FunctionUrl\b")
_URL_HOST = regex(r"\.lambda-url\.[^/]+\.on\.aws")


def read_distribution(resource: TemplateResource) -> Iterable[AnyFact]:
    """A distribution: the functions it runs at the edge, and the function URLs it calls as origins."""
    arn = resource.arn or resource.stack.arn("cloudfront", f"distribution/{resource.ref}", region="")
    config = next(iter(mappings(resource.get("DistributionConfig"))), Item({}, None))
    yield resource.resource(
        distribution_id=resource.ref,
        aliases=tuple(found.text for found in config.texts("Aliases")),
        web_acl_id=config.text("WebACLId"),
        enabled=as_text(config.get("Enabled")) != "false" or None,
        origin_domains=tuple(text.text for origin in config.items("Origins") for text in origin.texts("DomainName")),
    )
    urls: dict[str, list[str]] = {}
    for origin in config.items("Origins"):
        found = list(_url_triggers(resource, origin, arn))
        for fact in found:
            if isinstance(fact, Trigger):
                urls.setdefault(origin.text("Id") or "", []).append(fact.function_arn)
        yield from found
    for pattern, behavior in _behaviors(config):
        edges = list(_edge_triggers(resource, behavior, arn))
        yield from edges
        if any(isinstance(edge, Trigger) for edge in edges) or urls.get(behavior.text("TargetOriginId") or ""):
            yield from _route(resource, pattern, behavior, arn)


def _behaviors(config: Item) -> Iterator[tuple[str, Item]]:
    for behavior in config.items("DefaultCacheBehavior"):
        yield "/*", behavior
    for behavior in config.items("CacheBehaviors"):
        yield behavior.text("PathPattern") or "*", behavior


def _route(resource: TemplateResource, pattern: str, behavior: Item, arn: str) -> Iterator[AnyFact]:
    """A cache behavior as a door: open, unless viewers need signed URLs or cookies.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PrivateContent.html
    """
    signed = any(behavior.texts("TrustedKeyGroups")) or any(behavior.texts("TrustedSigners"))
    route = f"route:{arn}/{pattern.lstrip('/')}"
    shared = about(resource, only_if=behavior.only_if)
    yield Route(
        id=route,
        api_id=resource.id,
        auth=Auth.UNKNOWN if signed else Auth.NONE,
        path=pattern if pattern.startswith(("/", "*")) else f"/{pattern}",
        target=resource.id,
        attributes={"signed": True} if signed else {},
        **shared,
    )
    yield Delivery(sender_id=route, target_arn=resource.id, event="cache-behavior", **shared)


def _edge_triggers(resource: TemplateResource, behavior: Item, arn: str) -> Iterator[AnyFact]:
    """The functions a cache behavior runs; CloudFront copies them, so no policy lets it in."""
    for association in behavior.items("LambdaFunctionAssociations"):
        yield from triggers(
            resource,
            association.texts("LambdaFunctionARN"),
            event=f"edge-{association.text('EventType') or 'unknown'}",
            service=EDGE,
            mechanism=Mechanism.REPLICATION,
            source_arn=arn,
        )


def _url_triggers(resource: TemplateResource, origin: Item, arn: str) -> Iterator[AnyFact]:
    """The function whose URL an origin is: called as CloudFront where an origin access control signs the calls."""
    for domain in origin.texts("DomainName"):
        url = _url_of(resource, domain.text)
        if url is None:
            if _URL_HOST.search(domain.text) or "FunctionUrl" in domain.text or _for_functions(resource, origin):
                why = f"`{domain.text}` is a function URL of no function that was read"
                yield resource.unknown("an origin", why, "target", domain.source)
            continue
        function = resource.stack.function_arn(as_text(url.get("TargetFunctionArn")))
        if function is None:
            continue
        qualifier = as_text(url.get("Qualifier"))
        if qualifier and function_arn_and_qualifier(function)[1] is None:
            function = f"{function}:{qualifier}"
        shared = about(resource, domain.source, domain.only_if)
        if not _is_signed(resource, origin):
            # Without a signature the URL itself decides; calls arrive as anybody's do.
            yield Delivery(sender_id=resource.id, target_arn=f"url:{function}", event="cloudfront-url", **shared)
            continue
        yield Trigger(
            function_arn=function,
            event="cloudfront-url",
            mechanism=Mechanism.RESOURCE_POLICY,
            service=SERVICE,
            source_id=resource.id,
            source_arn=arn,
            source_account=resource.stack.account,
            context={"lambda:FunctionUrlAuthType": ("AWS_IAM",), "lambda:InvokedViaFunctionUrl": ("true",)},
            required=(
                Need(
                    actions=("lambda:InvokeFunctionUrl", "lambda:InvokeFunction"),
                    resource_arn=function,
                    why="to call the function URL",
                ),
            ),
            **shared,
        )


def _url_of(resource: TemplateResource, domain: str) -> TemplateResource | None:
    """The function URL of this template whose host an origin names; of a live one the host is known."""
    found = _URL_TOKEN.search(domain)
    url = resource.stack.resources.get(found[1]) if found else None
    if url is None and _URL_HOST.search(domain):
        host = f"https://{domain}/"
        url = next((each for each in resource.stack.of_type(_URL) if each.attributes.get("FunctionUrl") == host), None)
    return url if url is not None and url.type == _URL else None


def _for_functions(resource: TemplateResource, origin: Item) -> bool:
    control = resource.stack.find(origin.text("OriginAccessControlId"), _ACCESS_CONTROL)
    kind = control and as_text(control.get("OriginAccessControlConfig", "OriginAccessControlOriginType"))
    return kind == "lambda"


def _is_signed(resource: TemplateResource, origin: Item) -> bool:
    named = origin.text("OriginAccessControlId")
    if not named:
        return False
    control = resource.stack.find(named, _ACCESS_CONTROL)
    if control is None:
        return True
    return as_text(control.get("OriginAccessControlConfig", "SigningBehavior")) != "never"


def read_access_control(resource: TemplateResource) -> Iterable[AnyFact]:
    """An origin access control: for what kind of origin, and whether it signs."""
    config = "OriginAccessControlConfig"
    yield resource.resource(
        origin_type=resource.text(config, "OriginAccessControlOriginType"),
        signing_behavior=resource.text(config, "SigningBehavior"),
    )


def read_function(resource: TemplateResource) -> Iterable[AnyFact]:
    """A CloudFront function: code at the edge that has no role and calls no service.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-functions.html
    """
    yield resource.resource(runtime=resource.text("FunctionConfig", "Runtime"))


TEMPLATE: Mapping[str, TemplateReader] = {
    "AWS::CloudFront::Distribution": read_distribution,
    _ACCESS_CONTROL: read_access_control,
    "AWS::CloudFront::Function": read_function,
}


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every distribution but its origins that are function URLs, which `read_live_urls` reads where the URLs are."""
    for item in _live_distributions(session):
        config = _live_config(item)
        config["Origins"] = [origin for origin in config["Origins"] if not _URL_HOST.search(origin["DomainName"])]
        yield _live_distribution(session, item, config)
    yield from _live_access_controls(session)


def read_live_urls(session: Session) -> Iterator[LiveFact]:
    """The distributions in front of function URLs of this Region, with these origins only."""
    here = f".lambda-url.{session.region}."
    found = []
    for item in _live_distributions(session):
        config = _live_config(item)
        config["Origins"] = [origin for origin in config["Origins"] if here in origin["DomainName"]]
        for behavior in (config["DefaultCacheBehavior"], *config["CacheBehaviors"]):
            behavior["LambdaFunctionAssociations"] = []
        if config["Origins"]:
            found.append(_live_distribution(session, item, config))
    yield from found
    if found:
        yield from _live_access_controls(session)


def _live_distributions(session: Session) -> Iterator[Mapping[str, Any]]:
    return session.pages("cloudfront", "list_distributions", "DistributionList.Items")


def _live_config(item: Mapping[str, Any]) -> dict[str, Any]:
    """What matters of a distribution; lists stand under `Items` in answers. Headers of origins may be secrets."""
    return {
        "Enabled": item.get("Enabled"),
        "WebACLId": item.get("WebACLId") or None,
        "Aliases": _listed(item.get("Aliases")),
        "Origins": [
            {**picked(origin, "Id", "DomainName"), "OriginAccessControlId": origin.get("OriginAccessControlId") or None}
            for origin in _listed(item.get("Origins"))
        ],
        "DefaultCacheBehavior": _live_behavior(item.get("DefaultCacheBehavior") or {}),
        "CacheBehaviors": [_live_behavior(behavior) for behavior in _listed(item.get("CacheBehaviors"))],
    }


def _live_behavior(behavior: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **picked(behavior, "PathPattern", "TargetOriginId"),
        "TrustedKeyGroups": _listed(behavior.get("TrustedKeyGroups")),
        "TrustedSigners": _listed(behavior.get("TrustedSigners")),
        "LambdaFunctionAssociations": [
            picked(association, "LambdaFunctionARN", "EventType")
            for association in _listed(behavior.get("LambdaFunctionAssociations"))
        ],
    }


def _listed(value: Mapping[str, Any] | None) -> list[Any]:
    return list((value or {}).get("Items") or ())


def _live_distribution(session: Session, item: Mapping[str, Any], config: Mapping[str, Any]) -> LiveFact:
    return session.resource(
        "AWS::CloudFront::Distribution",
        {"DistributionConfig": config},
        name=item["Id"],
        arn=item["ARN"],
        ref=item["Id"],
        call="cloudfront.list_distributions",
    )


def _live_access_controls(session: Session) -> Iterator[LiveFact]:
    for item in session.pages("cloudfront", "list_origin_access_controls", "OriginAccessControlList.Items"):
        config = picked(item, "OriginAccessControlOriginType", "SigningBehavior")
        yield session.resource(
            _ACCESS_CONTROL,
            {"OriginAccessControlConfig": config},
            name=item["Name"],
            arn=arn_of(session, _ACCESS_CONTROL, id=item["Id"]),
            ref=item["Id"],
            call="cloudfront.list_origin_access_controls",
        )


_OPERATIONS = {
    "cloudfront.list_distributions": "which functions run at the edge, and which URLs are behind a distribution",
    "cloudfront.list_origin_access_controls": "whether calls to function URLs are signed",
}
LIVE = (
    LiveReader(read=read_live, client="cloudfront", operations=_OPERATIONS, is_global=True),
    LiveReader(read=read_live_urls, client="cloudfront", operations=_OPERATIONS),
)
