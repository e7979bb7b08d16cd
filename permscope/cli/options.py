"""The options that several commands share, and what they make of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from permscope.collect.load import LoadOptions, load
from permscope.errors import ConfigError
from permscope.inventory.inventory import Inventory

Paths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATH...",
        show_default=False,
        help="Templates, directories, globs, cdk.out, SAM builds or snapshots; `-` is standard input. Default: here.",
    ),
]
AccountOption = Annotated[str | None, typer.Option("--account", help="12-digit id of the account it is deployed to.")]
RegionOption = Annotated[str | None, typer.Option("--region", help="Region it is deployed to.")]
PartitionOption = Annotated[str | None, typer.Option("--partition", help="`aws`, `aws-cn`, `aws-us-gov`, ...")]
StackNameOption = Annotated[str | None, typer.Option("--stack-name", help="Name of the stack.")]
ParameterOption = Annotated[
    list[str] | None,
    typer.Option("--parameter", metavar="KEY=VALUE", help="Value of a template parameter; repeatable."),
]
ParametersOption = Annotated[
    list[str] | None,
    typer.Option("--parameters", metavar="FILE", help="Parameter file: CLI or CodePipeline JSON, samconfig.toml."),
]
NoColorOption = Annotated[bool, typer.Option("--no-color", help="No colour; NO_COLOR does the same.")]
WidthOption = Annotated[int | None, typer.Option("--width", min=40, help="Columns; default: the terminal's.")]
AsciiOption = Annotated[bool, typer.Option("--ascii", help="Draw with ASCII characters only.")]


class AnswerFormat(StrEnum):
    """How an answer is written."""

    TEXT = "text"
    JSON = "json"


FormatOption = Annotated[AnswerFormat, typer.Option("--format", help="How to write it.")]
ExplainOption = Annotated[bool, typer.Option("--explain", help="Show the statements behind each answer.")]


def write_json(document: dict[str, Any]) -> None:
    """Write a JSON document to standard output."""
    import json

    sys.stdout.write(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def read_world(
    paths: Sequence[str] | None,
    *,
    account: str | None = None,
    region: str | None = None,
    partition: str | None = None,
    stack_name: str | None = None,
    parameter: Sequence[str] | None = None,
    parameters: Sequence[str] | None = None,
) -> Inventory:
    """Read every input; broken ones are reported on stderr and kept in `Inventory.errors`."""
    from permscope.report.escape import visible

    bound = {}
    for item in parameter or ():
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise ConfigError(f"`--parameter {item}` is not KEY=VALUE")
        bound[key] = value
    inventory = load(
        list(paths or ["."]),
        LoadOptions(
            account=account,
            region=region,
            partition=partition,
            stack_name=stack_name,
            parameters=bound,
            parameter_files=tuple(parameters or ()),
        ),
    )
    for error in inventory.errors:
        sys.stderr.write(f"permscope: {visible(str(error))}\n")
    return inventory
