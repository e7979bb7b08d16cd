"""CPU seconds of `permscope gate` where one template of many changed, against that template alone.

    python benchmarks/gate.py DIR [--permscope PATH] [--runs 3]

DIR holds templates. They are committed to a repository of their own, and one of them is changed: the plain and the SAM
template of middling size, each in turn. Each figure is the median of the children's user and system time over the runs.

- `first`: with an empty cache, as in CI; `no cache`: with the cache turned off.
- `again`: nothing changed since.
- `moved`: a comment came in above everything, since the last run.
- `changed`: a permission changed since the last run.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from templates import changed_permission, cpu_seconds, is_sam, moved_down, templates_in

_GIT = ("git", "-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "commit.gpgsign=false")


class Repository:
    """Templates under git, one of which is edited.

    Attributes:
        folder: the work tree.
        template: the one that is edited.
    """

    def __init__(self, permscope: str, folder: Path, template: Path) -> None:
        self._permscope = permscope
        self.folder = folder
        self.template = template
        for command in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "before")):
            subprocess.run([*_GIT, *command], cwd=folder, check=True)
        self._text = template.read_text(encoding="utf-8")
        self._edits = 0
        self.edit(changed_permission)

    def edit(self, how: Callable[[str, int], str]) -> None:
        """Make one more edit."""
        self._edits += 1
        self._text = how(self._text, self._edits)
        self.template.write_text(self._text, encoding="utf-8")

    def gate(self, cache: str | None) -> float:
        """CPU seconds of the gate, with what a folder keeps."""
        environment = {"PERMSCOPE_CACHE_DIR": cache} if cache else {"PERMSCOPE_NO_CACHE": "1"}
        return cpu_seconds([self._permscope, "gate"], environment, self.folder)


def measured(repository: Repository, runs: int) -> dict[str, float]:
    """Every figure of one repository."""
    found: dict[str, list[float]] = {name: [] for name in ("no cache", "first", "again", "moved", "changed")}
    for _ in range(runs):
        found["no cache"].append(repository.gate(None))
        with tempfile.TemporaryDirectory() as cache:
            found["first"].append(repository.gate(cache))
            found["again"].append(repository.gate(cache))
            repository.edit(moved_down)
            found["moved"].append(repository.gate(cache))
            repository.edit(changed_permission)
            found["changed"].append(repository.gate(cache))
    return {name: statistics.median(seconds) for name, seconds in found.items()}


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--permscope",
        type=lambda given: str(Path(shutil.which(given) or given).absolute()),
        default=str(Path(sys.executable).with_name("permscope")),
    )
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    files = sorted(templates_in(options.folder), key=lambda path: Path(path).stat().st_size)
    groups = {"plain": [path for path in files if not is_sam(path)], "SAM": [path for path in files if is_sam(path)]}
    print(f"{len(files)} templates; CPU seconds, median of {options.runs}")
    print(f"{'one changed':12} {'gate':9} {'all':>6} {'alone':>6} {'ratio':>6}")
    for kind, paths in groups.items():
        chosen = Path(paths[len(paths) // 2])
        with tempfile.TemporaryDirectory() as work:
            everything, alone = Path(work, "all"), Path(work, "alone")
            shutil.copytree(options.folder, everything)
            alone.mkdir()
            shutil.copy(chosen, alone / chosen.name)
            whole = measured(
                Repository(options.permscope, everything, everything / chosen.relative_to(options.folder)), options.runs
            )
            single = measured(Repository(options.permscope, alone, alone / chosen.name), options.runs)
        for name, seconds in whole.items():
            print(f"{kind:12} {name:9} {seconds:6.2f} {single[name]:6.2f} {seconds / single[name]:6.1f}")


if __name__ == "__main__":
    main()
