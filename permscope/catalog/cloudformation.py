"""What CloudFormation says about a resource type: `Ref`, `Fn::GetAtt`, ARN form, name and role properties.

Derived from the resource schemas and IAM's resource types, overruled by the hand-written rows in
`curated/cloudformation.txt`. Where the two sources know no ARN form, there is none: a wrong ARN would join resources
that have nothing to do with each other.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

_FILE = Path(__file__).parent / "data" / "cloudformation.txt"

ANY = "any"


class TypeFacts(NamedTuple):
    """Facts of one resource type.

    Placeholders in ARN forms: `{partition}`, `{region}`, `{account}`; `{name}` is what `name_property` fixes, or what
    CloudFormation generates when it is absent; `{id}` is chosen by AWS and not known before deployment; `{path}` is an
    IAM path with both slashes (`/`, `/team/`); any other is named after a property of the resource or of its parent
    (`{RestApiId}`, `{EventBusName}`). A `??????` stands for characters that AWS appends to a name.
    """

    type_name: str
    ref: str  # "name", "arn", "url", "id" or "other" (several parts, an address, a custom resource's own id)
    arn_format: str | None  # the usual form
    other_arn_formats: tuple[str, ...]  # forms the same resource also has: rule on a custom bus, control plane
    arn_attribute: str | None  # what `Fn::GetAtt` calls the ARN; None also when only `Ref` gives it
    arn_attribute_suffix: str  # what that attribute appends to the ARN: `:*` for a log group
    attributes: tuple[str, ...] | str  # what `Fn::GetAtt` accepts, or "any"
    name_property: tuple[str, ...]  # steps to the property that fixes the physical name; empty when there is none
    role_properties: tuple[str, ...]  # paths of properties that hold role ARNs: `Targets[].RoleArn`, `Roles.*`
    is_known: bool  # false for custom resources and types of other publishers, of which nothing is known

    def has_attribute(self, name: str) -> bool:
        """Tell whether `Fn::GetAtt` accepts the attribute."""
        return self.attributes == ANY or name in self.attributes

    @property
    def name_is_in_arn(self) -> bool:
        """Tell whether the name alone, with partition, region and account, makes the ARN."""
        parts = (self.arn_format or "{id}").replace("{path}", "/")
        return "{name}" in parts and parts.count("{") == 1 + sum(
            parts.count(each) for each in ("{partition}", "{region}", "{account}")
        )


@lru_cache(maxsize=1)
def _lines() -> dict[str, str]:
    _mark, *lines = _FILE.read_text(encoding="ascii").splitlines()
    return {line[: line.index("\t")]: line for line in lines}


def type_names() -> tuple[str, ...]:
    """The types CloudFormation and SAM define, sorted."""
    return tuple(_lines())


@lru_cache(maxsize=4096)
def type_facts(type_name: str) -> TypeFacts | None:
    """Facts of a resource type.

    Returns:
        None for a type that AWS does not have. For a custom resource, a module, or a type of another publisher,
        facts that leave everything open.
    """
    line = _lines().get(type_name)
    if line is not None:
        return _parsed(line)
    if type_name.startswith(("AWS::", "Alexa::")) and type_name != "AWS::CloudFormation::CustomResource":
        return None
    if not _is_well_formed(type_name):
        return None
    return TypeFacts(
        type_name=type_name,
        ref="other",
        arn_format=None,
        other_arn_formats=(),
        arn_attribute=None,
        arn_attribute_suffix="",
        attributes=ANY,
        name_property=(),
        role_properties=(),
        is_known=type_name == "AWS::CloudFormation::CustomResource",
    )


def _is_well_formed(type_name: str) -> bool:
    parts = type_name.split("::")
    return all(parts) and (parts[0] == "Custom" or len(parts) in {3, 4})


def _parsed(line: str) -> TypeFacts:
    type_name, ref, arns, arn_attribute, suffix, name, roles, attributes = line.split("\t")
    formats = tuple(f"arn:{{partition}}:{arn}" for arn in arns.split("|") if arn)
    return TypeFacts(
        type_name=type_name,
        ref=ref,
        arn_format=formats[0] if formats else None,
        other_arn_formats=formats[1:],
        arn_attribute=arn_attribute or None,
        arn_attribute_suffix=suffix,
        attributes=ANY if attributes == ANY else tuple(attributes.split()),
        name_property=tuple(name.split(".")) if name else (),
        role_properties=tuple(roles.split()),
        is_known=True,
    )
