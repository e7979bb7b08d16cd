"""What the build adds: the parsed rules, and which service reads which types.

A run then need not parse the one and import all of the other. Both are only used while the files they were made of
have the same content, see `permscope.graph.rule_files` and `permscope.services`; nothing breaks without them.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Prepared(BuildHookInterface[Any]):
    """Writes both beside what they were made of, for the wheel and for an editable install alike."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write them before the files of the wheel are gathered."""
        del version
        sys.path.insert(0, self.root)
        try:
            rule_files = importlib.import_module("permscope.graph.rule_files")
            services = importlib.import_module("permscope.services")
            made = (rule_files.write_trees(Path(self.root, "rules")), services.write_index())
        except (ImportError, OSError):
            return  # without PyYAML, or where nothing can be written
        finally:
            sys.path.remove(self.root)
        build_data["artifacts"].extend(f"/{path.relative_to(self.root).as_posix()}" for path in made)
