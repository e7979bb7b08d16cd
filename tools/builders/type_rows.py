"""One line of `cloudformation.txt`, and how resource schemas write property paths."""

from __future__ import annotations

from typing import NamedTuple


class TypeRow(NamedTuple):
    """Facts of one resource type, as one line of `cloudformation.txt`."""

    ref: str
    arns: tuple[str, ...]
    arn_attribute: str
    suffix: str
    name: str
    attributes: tuple[str, ...]
    roles: tuple[str, ...]

    def line(self, type_name: str) -> str:
        """The line, tab-separated."""
        attributes, roles = " ".join(self.attributes), " ".join(self.roles)
        arns = "|".join(arn.removeprefix("arn:{partition}:") for arn in self.arns)
        columns = (type_name, self.ref, arns, self.arn_attribute, self.suffix, self.name)
        return "\t".join((*columns, roles, attributes))


def pointer_path(pointer: str) -> str:
    """`/properties/A/B` as `A.B`."""
    return pointer.removeprefix("/properties/").replace("/*", "[]").replace("/", ".")
