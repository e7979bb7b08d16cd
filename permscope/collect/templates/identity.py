"""The physical identity of each resource: its name, its ARN, and what `Ref` and `Fn::GetAtt` return.

What CloudFormation will generate is a token of the logical id: `${Orders}`, `${Api.RootResourceId}`, and
`${stack/Orders}` where several stacks are read together. Facts of types come from `permscope.catalog.cloudformation`.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from permscope.catalog.cloudformation import ANY, TypeFacts, type_facts
from permscope.collect.templates.intrinsics import Resolver
from permscope.inventory.arn import split_arn
from permscope.inventory.located import Alternatives, as_text
from permscope.lazy import dataclass, regex

_PLACEHOLDER = regex(r"\{(\w+)\}")
_DEFAULTS = {"EventBusName": "default", "GroupName": "default", "path": "/"}
_MAX_OPEN = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a resource is.

    Attributes:
        name: physical name, or the token of a generated one.
        arn: None for a type without ARN, or where a part of it cannot be told.
        ref: what `Ref` returns.
        arn_attribute: what `Fn::GetAtt` of the ARN returns; a log group's ends in `:*`.
    """

    name: str
    arn: str | None
    ref: str
    arn_attribute: str | None


@dataclass(slots=True)
class Identities:
    """Works out identities when something asks for them; a circle of names ends in tokens.

    Attributes:
        resources: the `Resources` section.
        resolver: resolves names.
        output: value of an output of a nested stack, or None.
    """

    resources: Mapping[str, Any]
    resolver: Resolver
    pseudo: Mapping[str, Any]
    label: str = ""
    output: Callable[[str, str], Any] = lambda _stack, _name: None
    _known: dict[str, Identity] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)

    def token(self, logical_id: str, attribute: str = "") -> str:
        """The token of a generated name or attribute."""
        prefix = f"{self.label}/" if self.label else ""
        safe = re.sub(r"[{}:*?$]", "_", f"{logical_id}.{attribute}" if attribute else logical_id)
        return f"${{{prefix}{safe}}}"

    def of(self, logical_id: str) -> Identity:
        """The identity of a resource of this template."""
        found = self._known.get(logical_id)
        if found is not None:
            return found
        token = self.token(logical_id)
        if logical_id in self._open or len(self._open) > _MAX_OPEN:
            return Identity(name=token, arn=None, ref=token, arn_attribute=None)
        self._open.add(logical_id)
        try:
            found = self._identity(logical_id, token)
        finally:
            self._open.discard(logical_id)
        self._known[logical_id] = found
        return found

    def ref(self, logical_id: str) -> str | None:
        """What `Ref` returns, or None where there is no such resource."""
        return self.of(logical_id).ref if logical_id in self.resources else None

    def attribute(self, logical_id: str, attribute: str) -> Any:
        """What `Fn::GetAtt` returns, or None where there is no such resource."""
        if logical_id not in self.resources:
            return None
        identity = self.of(logical_id)
        type_name = self._type(logical_id)
        facts = type_facts(type_name)
        last = type_name.rpartition("::")[2]
        if attribute.startswith("Outputs.") and type_name == "AWS::CloudFormation::Stack":
            return self.output(logical_id, attribute[len("Outputs.") :]) or self.token(logical_id, attribute)
        if type_name.startswith("Custom::CrossRegion"):
            return self._read_elsewhere(type_name, logical_id, attribute) or self.token(logical_id, attribute)
        if facts is None:
            return self.token(logical_id, attribute)
        if identity.arn_attribute and attribute in (facts.arn_attribute, "Arn", f"{last}Arn"):
            return identity.arn_attribute
        special = self._special(type_name, identity, logical_id, attribute)
        if special is not None:
            return special
        if facts.name_property and attribute in (facts.name_property[-1], *_given(facts, "Name", f"{last}Name")):
            return identity.name
        if facts.ref == "id" and attribute in ("Id", f"{last}Id", "RestApiId", "ApiId"):
            return identity.ref
        value = as_text(self._property(logical_id, attribute))
        return value if value is not None else self.token(logical_id, attribute)

    def _read_elsewhere(self, type_name: str, logical_id: str, attribute: str) -> str | None:
        """What a custom resource of the CDK reads from the Parameter Store of another Region.

        https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib-readme.html#accessing-resources-in-a-different-stack-and-region
        """
        match type_name:
            case "Custom::CrossRegionExportReader":
                name: str | None = attribute
                region = as_text(self._property(logical_id, "ReaderProps", "region"))
            case "Custom::CrossRegionStringParameterReader":
                name = as_text(self._property(logical_id, "ParameterName"))
                region = as_text(self._property(logical_id, "Region"))
            case _:
                return None
        return self.resolver.stored(name, region) if name and region else None

    def _special(self, type_name: str, identity: Identity, logical_id: str, attribute: str) -> str | None:
        """Attributes that are made of the name or the ARN."""
        suffix = self.pseudo["AWS::URLSuffix"]
        region = self.pseudo["AWS::Region"]
        match type_name, attribute:
            case ("AWS::DynamoDB::Table" | "AWS::DynamoDB::GlobalTable", "StreamArn") if identity.arn:
                return f"{identity.arn}/stream/{self.token(logical_id, 'StreamLabel')}"
            case "AWS::SQS::Queue", "QueueUrl":
                return identity.ref
            case "AWS::S3::Bucket", "DomainName":
                return f"{identity.name}.s3.{suffix}"
            case "AWS::S3::Bucket", "RegionalDomainName":
                return f"{identity.name}.s3.{region}.{suffix}"
            case "AWS::ApiGatewayV2::Api", "ApiEndpoint":
                return f"https://{identity.ref}.execute-api.{region}.{suffix}"
            case "AWS::Lambda::Url", "FunctionArn":
                return identity.ref
            case "AWS::Lambda::Url", "FunctionUrl":
                return f"https://{self.token(logical_id, attribute)}.lambda-url.{region}.on.aws/"
        return None

    def _type(self, logical_id: str) -> str:
        resource = self.resources.get(logical_id)
        return as_text(resource.get("Type")) or "" if isinstance(resource, Mapping) else ""

    def _property(self, logical_id: str, *path: str) -> Any:
        """A resolved property; of undecided alternatives nothing."""
        held = self.resources.get(logical_id)
        for step in ("Properties", *path):
            if not isinstance(held, Mapping) or step not in held:
                return None
            held = held[step]
        resource = self.resources[logical_id]
        condition = resource.get("Condition") if isinstance(resource, Mapping) else None
        if isinstance(condition, str):
            with self.resolver.decisions.assuming(condition, holds=True):
                found = self.resolver.plain(held)
        else:
            found = self.resolver.plain(held)
        return None if isinstance(found, Alternatives) else found

    def _identity(self, logical_id: str, token: str) -> Identity:
        type_name = self._type(logical_id)
        facts = type_facts(type_name)
        if facts is None:
            return Identity(name=token, arn=None, ref=token, arn_attribute=None)
        name = as_text(self._property(logical_id, *facts.name_property)) if facts.name_property else None
        if type_name == "AWS::IAM::OIDCProvider" and name:
            name = name.removeprefix("https://")
        name = str(name or token)
        arn = self._arn(logical_id, facts, name)
        match facts.ref:
            case "name":
                ref = name
            case "arn":
                ref = arn or self._target(logical_id, type_name) or token
            case "url" if type_name == "AWS::SQS::Queue":
                pseudo = self.pseudo
                ref = (
                    f"https://sqs.{pseudo['AWS::Region']}.{pseudo['AWS::URLSuffix']}/{pseudo['AWS::AccountId']}/{name}"
                )
            case _:
                ref = token
        return Identity(name=name, arn=arn, ref=ref, arn_attribute=arn and arn + facts.arn_attribute_suffix)

    def _target(self, logical_id: str, type_name: str) -> str | None:
        """The ARN of another resource where `Ref` returns that."""
        if type_name != "AWS::Lambda::Url":
            return None
        target = as_text(self._property(logical_id, "TargetFunctionArn"))
        if not target:
            return None
        if not target.startswith("arn:"):
            function = type_facts("AWS::Lambda::Function")
            if function is None or function.arn_format is None:
                return None
            target = self._filled(function.arn_format, {"name": target})
        qualifier = as_text(self._property(logical_id, "Qualifier"))
        return f"{target}:{qualifier}" if qualifier and target else target

    def _arn(self, logical_id: str, facts: TypeFacts, name: str) -> str | None:
        """The first ARN form whose parts are all known, one that names a further property before one that does not."""
        if facts.arn_format is None:
            return None
        for pattern in (*facts.other_arn_formats, facts.arn_format):
            extra = set(_PLACEHOLDER.findall(pattern)) - set(_PLACEHOLDER.findall(facts.arn_format))
            if pattern is not facts.arn_format and not extra:
                continue
            values = {"name": name, "id": self._generated_id(logical_id, facts)}
            for part in _PLACEHOLDER.findall(pattern):
                if part in ("partition", "region", "account", "name", "id"):
                    continue
                value = as_text(self._property(logical_id, "Path" if part == "path" else part))
                if part in extra and value in (None, "default"):
                    break
                value = value or self._name_in_arn(logical_id, part) or _DEFAULTS.get(part)
                if value is None:
                    break
                values[part] = _bare_name(value)
            else:
                return self._filled(pattern, values)
        return None

    def _name_in_arn(self, logical_id: str, part: str) -> str | None:
        """The name of a parent that a property gives by ARN: the `StreamName` of a consumer's `StreamARN`."""
        if not part.endswith("Name"):
            return None
        stem = part.removesuffix("Name")
        given = (as_text(self._property(logical_id, f"{stem}{end}")) for end in ("ARN", "Arn"))
        return next((arn for arn in given if arn and split_arn(arn)), None)

    def _filled(self, pattern: str, values: Mapping[str, str]) -> str:
        pseudo = self.pseudo
        known = {
            "partition": pseudo["AWS::Partition"],
            "region": pseudo["AWS::Region"],
            "account": pseudo["AWS::AccountId"],
            **values,
        }
        if "/{name}" in pattern and known.get("name", "").startswith("/"):
            known["name"] = known["name"][1:]
        return _PLACEHOLDER.sub(lambda found: str(known[found[1]]), pattern)

    def _generated_id(self, logical_id: str, facts: TypeFacts) -> str:
        """The token of the id AWS chooses; the one `Ref` or the id attribute gives, so that they meet."""
        if facts.ref == "id":
            return self.token(logical_id)
        last = facts.type_name.rpartition("::")[2]
        for attribute in ("Version", "Id", f"{last}Id", "ApiId"):
            if facts.attributes != "any" and attribute in facts.attributes:
                return self.token(logical_id, attribute)
        return self.token(logical_id, "Id")


def _given(facts: TypeFacts, *attributes: str) -> tuple[str, ...]:
    """Those of the attributes that a type has."""
    return tuple(each for each in attributes if facts.attributes != ANY and each in facts.attributes)


def _bare_name(value: str) -> str:
    """The name in an ARN where a property takes either (`FunctionName`, `EventBusName`)."""
    parts = split_arn(value)
    if parts is None:
        return value
    found = re.match(r"[\w-]+[:/](.+)", parts.resource, re.DOTALL)
    return found[1] if found else parts.resource
