"""The policy templates of AWS SAM: `- DynamoDBReadPolicy: {TableName: !Ref Orders}`.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-templates.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from permscope.errors import PolicyError

_FILE = Path(__file__).parent / "data" / "sam_templates.json"


class SamPolicyTemplate(NamedTuple):
    """A policy template and the parameters it must be given."""

    name: str
    parameters: tuple[str, ...]
    statements: tuple[dict[str, Any], ...]  # with `Ref` to parameters inside `Fn::Sub`; not to be changed
    description: str


@lru_cache(maxsize=1)
def _templates() -> dict[str, SamPolicyTemplate]:
    content: dict[str, list[Any]] = json.loads(_FILE.read_bytes())
    return {
        name: SamPolicyTemplate(name, tuple(parameters), tuple(statements), description)
        for name, (parameters, statements, description) in content.items()
    }


def names() -> tuple[str, ...]:
    """Names of all templates, sorted."""
    return tuple(_templates())


def template(name: str) -> SamPolicyTemplate | None:
    """The template of that name, None when SAM has none."""
    return _templates().get(name)


def expand(name: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The statements of a template with its parameters put in.

    Args:
        name: name of the template.
        parameters: values by parameter name; a value may be an intrinsic function and is put in as it is.

    Returns:
        Statements in CloudFormation's JSON form: resources are still `Fn::Sub`, for the caller to resolve.

    Raises:
        PolicyError: for an unknown template, and for a missing or unknown parameter: SAM refuses these too.
    """
    found = template(name)
    if found is None:
        raise PolicyError(f"SAM has no policy template `{name}`")
    missing = [each for each in found.parameters if each not in parameters]
    if missing:
        raise PolicyError(f"policy template `{name}` needs {', '.join(f'`{each}`' for each in missing)}")
    unknown = [each for each in parameters if each not in found.parameters]
    if unknown:
        raise PolicyError(f"policy template `{name}` has no parameter `{unknown[0]}`")
    return [_filled(statement, parameters) for statement in found.statements]


def _filled(node: Any, parameters: Mapping[str, Any]) -> Any:
    if isinstance(node, dict):
        reference = node.get("Ref")
        if len(node) == 1 and isinstance(reference, str) and reference in parameters:
            return parameters[reference]
        return {key: _filled(child, parameters) for key, child in node.items()}
    if isinstance(node, list):
        return [_filled(child, parameters) for child in node]
    return node


def has_star_resource(name: str) -> bool:
    """Tell whether a statement of the template grants on `Resource: "*"`; false for an unknown template."""
    found = template(name)
    return found is not None and any(
        statement["Resource"] == "*" or (isinstance(statement["Resource"], list) and "*" in statement["Resource"])
        for statement in found.statements
    )
