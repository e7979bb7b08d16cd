"""What the code of functions is taken from."""

from __future__ import annotations

from permscope.graph.takeover.code import code_arns
from permscope.inventory.facts import Function


def test_code_comes_from_objects_images_and_layers() -> None:
    """Each as the ARN that whoever replaces it must be allowed to write."""
    from permscope.inventory.inventory import Inventory

    function = Function(
        arn="arn:aws:lambda:eu-west-1:111122223333:function:f",
        name="f",
        code="111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/app:v1",
        layers=("arn:aws:lambda:eu-west-1:111122223333:layer:deps:7",),
    )
    nothing = Inventory([])
    assert list(code_arns("image", function, nothing)) == ["arn:aws:ecr:eu-west-1:111122223333:repository/team/app"]
    assert list(code_arns("layer", function, nothing)) == ["arn:aws:lambda:eu-west-1:111122223333:layer:deps"]
    assert list(code_arns("object", function, nothing)) == []
