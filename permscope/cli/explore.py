"""`permscope explore`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from permscope.cli.options import configured, rules_option, world_options
from permscope.errors import ConfigError

if TYPE_CHECKING:
    from permscope.inventory.inventory import Inventory


@click.command("explore")
@world_options
@rules_option
def command(*, inventory: Inventory, rules: tuple[str, ...]) -> None:
    """Walk the graph in the terminal: search, follow edges, see statements and findings, copy a fix."""
    try:
        from permscope.tui.explorer import Explorer
    except ModuleNotFoundError as error:
        if error.name != "textual":
            raise
        raise ConfigError("`permscope explore` needs textual", hint="pip install 'permscope[tui]'") from error
    from permscope.audit.run import run_audit

    audit = run_audit(inventory, config=configured(), rule_folders=[Path(folder) for folder in rules])
    Explorer(audit.graph, audit.findings).run()
