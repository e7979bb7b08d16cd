"""API definitions: the OpenAPI document in the `Body` of an API, written by hand or by SAM.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from permscope.inventory.arn import split_arn
from permscope.inventory.facts import AnyFact, Auth, Resource, Unknown, resource_id
from permscope.inventory.located import as_text, key_source, source_of
from permscope.inventory.source import NOWHERE, Source
from permscope.services._gateway import (
    Api,
    Operation,
    function_trigger,
    merged,
    path_pattern,
    route_facts,
    under,
)
from permscope.services._gateway_calls import Integration, function_in
from permscope.services._values import Item, about, branches, dig, mappings, texts
from permscope.services.interface import TemplateResource

ANY = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
AUTHORIZER = "x-amazon-apigateway-authorizer"

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", ANY)
_STRENGTH = (Auth.NONE, Auth.UNKNOWN, Auth.API_KEY, Auth.LAMBDA, Auth.JWT, Auth.COGNITO, Auth.IAM)


class Security(NamedTuple):
    """What an operation asks of its callers."""

    auth: Auth
    api_key: bool = False
    authorizer: str | None = None
    scopes: tuple[str, ...] = ()
    only_if: str | None = None


def body_facts(resource: TemplateResource, api: Api, body: object) -> Iterator[AnyFact]:
    """Everything the definition of an API says: routes with what is behind them, and authorizers."""
    for found, only_if in branches(body):
        document = _document(found)
        if document is None:
            yield resource.unknown("`Body`", "it is not a definition that can be read", "openapi", found)
            continue
        yield from merged(_Definition(resource, api, document, only_if).facts())


def _document(body: object) -> Mapping[str, Any] | None:
    """A definition given as a mapping or as JSON text."""
    if isinstance(body, str):
        import json

        try:
            body = json.loads(body)
        except (ValueError, RecursionError):
            return None
    return body if isinstance(body, Mapping) else None


class _Definition:
    """One OpenAPI 2 or 3 document of an API."""

    def __init__(self, resource: TemplateResource, api: Api, body: Mapping[str, Any], only_if: str | None) -> None:
        self.resource = resource
        self.api = api
        self.body = body
        self.only_if = only_if
        self.permissions = _sam_permissions(resource)
        schemes = dig(body, "securityDefinitions") or dig(body, "components", "securitySchemes")
        self.schemes: Mapping[str, Any] = schemes if isinstance(schemes, Mapping) else {}

    def shared(self, place: Source, only_if: str | None) -> dict[str, Any]:
        return about(self.resource, place, only_if or self.only_if)

    def facts(self) -> Iterator[AnyFact]:
        for name, scheme in self.schemes.items():
            for item in mappings(scheme):
                yield from self.authorizer(name, item.value, item.only_if)
        paths = self.body.get("paths")
        if paths is None:
            if any(str(key).startswith("Fn::") for key in self.body):
                yield self.resource.unknown("`Body`", "a transform makes it at deployment", "transform", self.body)
            return
        for options in mappings(paths):
            for path, entry in options.value.items():
                if str(path).startswith("x-"):
                    continue
                yield from self.path(path, entry, options.only_if)

    def path(self, path: str, entry: object, only_if: str | None) -> Iterator[AnyFact]:
        """The operations under one path."""
        for item, condition in branches(entry, only_if):
            if not isinstance(item, Mapping):
                yield self.resource.unknown(f"path `{path}` of the `Body`", "it is not a mapping", "openapi", path)
                continue
            for key, value in item.items():
                if str(key).lower() not in _METHODS:
                    if str(key).startswith("Fn::") or key == "$ref":
                        why = "it is filled in from elsewhere"
                        yield self.resource.unknown(f"path `{path}` of the `Body`", why, "openapi", path)
                    continue
                for operation in mappings(value, condition):
                    yield from self.operation(path, key, operation)

    def operation(self, path: str, key: str, found: Item) -> Iterator[AnyFact]:
        """One operation as a route with what is behind it."""
        operation = found.value
        method: str | None = "ANY" if key == ANY else str(key).upper()
        if path.strip("/") == "$default":
            path, method = "$default", None
        integrations: list[Integration | None] = [*self._integrations(operation)]
        # What SAM added to a path takes the path's place; an added preflight method belongs to the API as a whole.
        added = source_of(key) == source_of(path) and _kind(integrations) == "mock"
        shared = self.shared(NOWHERE if added else source_of(key), found.only_if)
        shared |= self._event(method, path, integrations[0] if integrations else None)
        security = self.security(operation)
        if not integrations:
            what = f"integration of `{' '.join(part for part in (method, path) if part)}`"
            yield Unknown(what=what, why=f"the definition gives it no `{INTEGRATION}`", kind="integration", **shared)
        for integration in integrations or [None]:  # several where a condition is undecided
            yield from route_facts(
                Operation(
                    api=self.api,
                    method=method,
                    path=path,
                    auth=security.auth,
                    authorizer=security.authorizer,
                    scopes=security.scopes,
                    api_key=security.api_key,
                    integration=integration,
                    shared=shared,
                    attributes={"written_in": "definition"},
                )
            )

    def _event(self, method: str | None, path: str, integration: Integration | None) -> dict[str, Any]:
        """Where an operation that SAM made comes from: the permission or role made for its event knows the line."""
        tail = f"{method if method != 'ANY' else '*'}/{path_pattern(path).lstrip('/')}" if method else "*"
        made = self.permissions.get(f"{_without_partition(self.api.arn)}/*/{tail}")
        if made is None and integration is not None:
            made = self.resource.stack.find(integration.credentials, "AWS::IAM::Role")
        if made is not None and made.origin not in ("", made.logical_id):
            return {"source": made.source, "logical_id": made.origin}
        return {}

    def _integrations(self, operation: Mapping[str, Any]) -> Iterator[Integration]:
        for item in mappings(operation.get(INTEGRATION)):
            value = self.referenced(item.value)
            yield integration_of(value)

    def referenced(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """A mapping, or what its `$ref` names inside the document."""
        reference = as_text(value.get("$ref"))
        if not reference or not reference.startswith("#/"):
            return value
        found = dig(self.body, *reference[2:].split("/"))
        return found if isinstance(found, Mapping) else value

    def security(self, operation: Mapping[str, Any]) -> Security:
        """What an operation asks of its callers.

        An operation's own `security` replaces that of the document. API Gateway has one authorization type and one
        "API key required" for a method, so a key is asked for besides whatever else is listed; of several
        authorizers the weakest decides.
        """
        declared = operation.get("security", self.body.get("security"))
        own = as_text(dig(operation, "x-amazon-apigateway-auth", "type"))
        if own == "AWS_IAM":
            return Security(Auth.IAM)
        found: list[Security] = []
        api_key = False
        for requirement in mappings(declared):
            strongest = Security(Auth.NONE)
            only_key = False
            for name, scopes in requirement.value.items():
                auth = self.scheme(name)
                if auth is Auth.API_KEY:
                    api_key = only_key = True
                elif _STRENGTH.index(auth) > _STRENGTH.index(strongest.auth):
                    authorizer = self.authorizer_id(name) if auth in (Auth.LAMBDA, Auth.JWT, Auth.COGNITO) else None
                    strongest = Security(auth, False, authorizer, tuple(text.text for text in texts(scopes)))
            if strongest.auth is not Auth.NONE or not only_key:
                found.append(strongest)
        weakest = min(found, key=lambda each: _STRENGTH.index(each.auth), default=Security(Auth.NONE))
        return weakest._replace(api_key=api_key)

    def scheme(self, name: str) -> Auth:
        """What a security scheme asks for."""
        if name in ("NONE", "api_key_false"):
            return Auth.NONE
        scheme = next(iter(mappings(self.schemes.get(name))), None)
        if scheme is None:
            return {"api_key": Auth.API_KEY, "AWS_IAM": Auth.IAM}.get(name, Auth.UNKNOWN)
        kind = (as_text(scheme.get(AUTHORIZER, "type")) or "").lower()
        auth_type = (as_text(scheme.get("x-amazon-apigateway-authtype")) or "").lower()
        if kind in ("token", "request"):
            return Auth.LAMBDA
        if kind == "jwt":
            return Auth.JWT
        if "cognito_user_pools" in (kind, auth_type):
            return Auth.COGNITO
        if auth_type == "awssigv4":
            return Auth.IAM
        if auth_type == "custom" or scheme.get(AUTHORIZER) is not None:
            return Auth.LAMBDA
        return Auth.API_KEY if as_text(scheme.get("type")) == "apiKey" and not auth_type else Auth.UNKNOWN

    def _authorizer_type(self) -> str:
        return "AWS::ApiGateway::Authorizer" if self.api.protocol == "REST" else "AWS::ApiGatewayV2::Authorizer"

    def authorizer_id(self, name: str) -> str:
        """Id of an authorizer that a security scheme defines."""
        return resource_id(self._authorizer_type(), f"{self.resource.logical_id}/{name}", self.resource.stack.label)

    def authorizer(self, name: str, scheme: Mapping[str, Any], only_if: str | None) -> Iterator[AnyFact]:
        """An authorizer that a security scheme defines."""
        declared = next(iter(mappings(scheme.get(AUTHORIZER))), None)
        if declared is None:
            return
        place = source_of(name, source_of(scheme))
        shared = self.shared(place, only_if)
        identity = self.authorizer_id(name)
        kind = as_text(declared.get("type")) or ""
        arns = tuple(text.text for text in texts(declared.get("providerARNs")))
        jwt = declared.get("jwtConfiguration")
        attributes: dict[str, str | bool | tuple[str, ...]] = {"authorizer_type": kind, "provider_arns": arns}
        issuer = as_text(dig(jwt, "issuer"))
        if issuer:
            attributes["issuer"] = issuer
        attributes["audience"] = tuple(text.text for text in texts(dig(jwt, "audience")))
        yield Resource(
            id=identity,
            type=self._authorizer_type(),
            name=str(name),
            attributes={key: value for key, value in attributes.items() if value not in ("", ())},
            **shared,
        )
        credentials = as_text(declared.get("authorizerCredentials")) or as_text(
            declared.get("authorizerCredentialsArn")
        )
        for uri in texts(declared.get("authorizerUri"), place):
            function = function_in(self.api.stack, uri.text)
            if function is None:
                what = f"function of authorizer `{name}`"
                yield Unknown(what=what, why=f"`{uri.text}` names none", kind="integration", **shared)
                continue
            yield function_trigger(
                function,
                event="authorizer",
                credentials=credentials,
                source_id=identity,
                source_arn=_authorizer_arn(self.api, str(name)),
                shared=under(shared, uri),
            )


def _authorizer_arn(api: Api, name: str) -> str:
    """`aws:SourceArn` of an authorizer of a definition; its id is generated, so it is a token made of its name."""
    token = re.sub(r"[^A-Za-z0-9_./-]", "_", f"{api.reference.strip('${}')}.{name}")
    return f"{api.arn}/authorizers/${{{token}}}"


def integration_of(value: Mapping[str, Any]) -> Integration:
    """An `x-amazon-apigateway-integration` object."""
    parameters = dig(value, "requestParameters")
    templates = dig(value, "requestTemplates")
    return Integration(
        kind=(as_text(dig(value, "type")) or "").lower() or "unknown",
        uris=tuple(texts(value.get("uri"), key_source(value, "uri"))),
        method=as_text(dig(value, "httpMethod")) or "",
        credentials=as_text(dig(value, "credentials")),
        subtype=as_text(dig(value, "integrationSubtype")),
        parameters=parameters if isinstance(parameters, Mapping) else {},
        templates=templates if isinstance(templates, Mapping) else {},
    )


def _kind(integrations: list[Integration | None]) -> str | None:
    return integrations[0].kind if integrations and integrations[0] else None


def _sam_permissions(resource: TemplateResource) -> Mapping[str, TemplateResource]:
    """The permissions that SAM made for events, by the source ARN they name."""
    found: dict[str, TemplateResource] = {}
    for permission in resource.stack.of_type("AWS::Lambda::Permission"):
        if permission.origin not in ("", permission.logical_id):
            arn = as_text(permission.get("SourceArn"))
            if arn:
                found.setdefault(_without_partition(arn), permission)
    return found


def _without_partition(arn: str) -> str:
    """An ARN from its service on: SAM writes `arn:aws:` where others write `${AWS::Partition}`."""
    parts = split_arn(arn)
    return ":".join(parts[2:]) if parts else arn
