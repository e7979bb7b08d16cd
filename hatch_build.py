"""The build adds the parsed rules, so that a run need not parse them (`permscope.graph.rule_files`)."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ParsedRules(BuildHookInterface[Any]):
    """Writes the parsed rules beside them, for the wheel and for an editable install alike."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Parse the rules before the files of the wheel are gathered."""
        del version
        sys.path.insert(0, self.root)
        try:
            rule_files = importlib.import_module("permscope.graph.rule_files")
            trees = rule_files.write_trees(Path(self.root, "rules"))
        except (ImportError, OSError):
            return  # without PyYAML, or where nothing can be written: permscope parses them itself
        finally:
            sys.path.remove(self.root)
        build_data["artifacts"].append(f"/rules/{trees.name}")
