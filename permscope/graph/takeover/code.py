"""What the code of functions is taken from: objects, images and layers that can still change."""

from __future__ import annotations

from collections.abc import Iterator

from permscope.graph.model import Node
from permscope.inventory.arn import split_arn
from permscope.inventory.facts import Function
from permscope.inventory.inventory import Inventory
from permscope.lazy import regex

_COLON_TAG = regex(r":[\w][\w.-]*$|:\$\{[^{}]*\}$")  # of an image


def code_of(artifact: str, worker: Node, inventory: Inventory) -> Iterator[str]:
    """What `code_arns` gives for the function of a node; nothing for another node."""
    fact = worker.fact
    return code_arns(artifact, fact, inventory) if isinstance(fact, Function) else iter(())


def code_arns(artifact: str, function: Function, inventory: Inventory) -> Iterator[str]:
    """ARNs of what a function's code is taken from and that can still change.

    An object named by its version, and an image named by its digest or in a repository whose tags stay, cannot.

    Args:
        artifact: `object`, `image` or `layer`.
        function: whose code.
        inventory: where the repositories are.
    """
    code, parts = function.code or "", split_arn(function.arn)
    if parts is None:
        return
    match artifact:
        case "object" if code.startswith("s3://") and "?versionId=" not in code:
            yield f"arn:{parts.partition}:s3:::{code.removeprefix('s3://')}"
        case "image" if ".dkr.ecr." in code and "@sha256:" not in code:
            host, _, image = code.partition("/")
            account, _, rest = host.partition(".dkr.ecr.")
            repository = f"repository/{_COLON_TAG.sub('', image)}"
            arn = f"arn:{parts.partition}:ecr:{rest.partition('.amazonaws')[0]}:{account}:{repository}"
            held = inventory.resources.get(arn)
            if held is None or held.attributes.get("image_tag_mutability") != "IMMUTABLE":
                yield arn
        case "layer":
            for layer in function.layers:
                name = split_arn(layer)
                if name is not None and ":" in name.resource.removeprefix("layer:"):
                    yield layer.rpartition(":")[0]
