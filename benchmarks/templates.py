"""CPU seconds of permscope against cfn-lint and checkov on the same templates, whole processes, in turn.

    python benchmarks/templates.py DIR --cfn-lint PATH --checkov PATH [--permscope PATH] [--runs 3]

DIR holds templates. The other tools are executables installed elsewhere; a tool that is not given is left out.
Each figure is the median of the children's user and system time over the runs, after one run that is not counted.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path


def cpu_seconds(command: Sequence[str], environment: dict[str, str] | None = None, folder: Path | None = None) -> float:
    """User and system CPU seconds of one run of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command,
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
        cwd=folder,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def median_of(command: Sequence[str], runs: int, environment: dict[str, str] | None = None) -> float:
    """Median CPU seconds, the first run left out."""
    cpu_seconds(command, environment)
    return statistics.median(cpu_seconds(command, environment) for _ in range(runs))


def templates_in(folder: Path) -> list[str]:
    """Files that look like templates."""
    return sorted(
        str(path)
        for path in folder.rglob("*")
        if path.suffix in (".yaml", ".yml", ".json")
        and path.is_file()
        and "Resources" in path.read_text(errors="replace")
    )


def is_sam(path: str) -> bool:
    """Whether a template needs the SAM transform."""
    return "AWS::Serverless" in Path(path).read_text(errors="replace")


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--permscope", default=str(Path(sys.executable).with_name("permscope")))
    parser.add_argument("--cfn-lint")
    parser.add_argument("--checkov")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    files = templates_in(options.folder)
    by_size = sorted(files, key=lambda path: Path(path).stat().st_size)
    plain = [path for path in by_size if not is_sam(path)]
    sam = [path for path in by_size if is_sam(path)]
    one_plain, one_sam = plain[len(plain) // 2], sam[len(sam) // 2]  # of middling size
    print(f"{len(files)} templates; plain: {one_plain}; SAM: {one_sam}; CPU seconds, median of {options.runs}")
    with tempfile.TemporaryDirectory() as cache:
        cold = {"PERMSCOPE_NO_CACHE": "1"}
        warm = {"PERMSCOPE_CACHE_DIR": cache}
        rows = [
            ("--help", [options.permscope, "--help"], cold, None, None),
            ("one plain template", [options.permscope, "audit", one_plain], cold, [one_plain], ["-f", one_plain]),
            ("one SAM template", [options.permscope, "audit", one_sam], cold, [one_sam], ["-f", one_sam]),
            (
                f"all {len(files)}, cold",
                [options.permscope, "audit", str(options.folder)],
                cold,
                files,
                ["-d", str(options.folder)],
            ),
            (f"all {len(files)}, warm", [options.permscope, "audit", str(options.folder)], warm, None, None),
            (
                f"all {len(files)}, warm, JSON",
                [options.permscope, "audit", "--format", "json", str(options.folder)],
                warm,
                None,
                None,
            ),
        ]
        print(f"{'what':24} {'permscope':>10} {'cfn-lint':>10} {'ratio':>7} {'checkov':>10} {'ratio':>7}")
        for what, command, environment, lint, check in rows:
            own = median_of(command, options.runs, environment)
            line = f"{what:24} {own:10.2f}"
            for tool, arguments in ((options.cfn_lint, lint), (options.checkov, check)):
                if tool is None or arguments is None:
                    line += f" {'':>10} {'':>7}"
                    continue
                extra = ["--framework", "cloudformation", "--compact", "--quiet"] if tool == options.checkov else []
                once = len(arguments) > 10  # noqa: PLR2004 - the long ones are measured once
                other = (
                    cpu_seconds([tool, *extra, *arguments])
                    if once
                    else median_of([tool, *extra, *arguments], options.runs)
                )
                line += f" {other:10.2f} {own / other:7.3f}"
            print(line)
            sys.stdout.flush()
    for kind, path in (("plain", one_plain), ("SAM", one_sam)):
        for what, edit in (("moved", moved_down), ("changed", changed_permission)):
            print(f"{f'all, one {kind} {what}':24} {after_edits(options, path, edit):10.2f}")


def moved_down(text: str, number: int) -> str:
    """A template with one more comment above everything."""
    return f"# edit {number}\n{text}"


def changed_permission(text: str, number: int) -> str:
    """A template with one more role, which may read another table each time."""
    start = re.search(r"(?m)^Resources:[^\n]*\n", text)
    if start is None:
        raise SystemExit("the template has no `Resources:` of its own line to edit")
    role = _ROLE.replace("NUMBER", str(number))
    return text[: start.end()] + role + text[start.end() :]


_ROLE = """  BenchmarkRoleNUMBER:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: lambda.amazonaws.com}}]
      Policies:
        - PolicyName: read
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: dynamodb:GetItem
                Resource: !Sub "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/bench-NUMBER"
"""


def after_edits(options: argparse.Namespace, changed: str, edit: Callable[[str, int], str]) -> float:
    """Median CPU seconds of a run over all templates after one of them was edited; the others are known."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work, "templates")
        shutil.copytree(options.folder, folder)
        own = folder / Path(changed).relative_to(options.folder)
        environment = {"PERMSCOPE_CACHE_DIR": str(Path(work, "cache"))}
        command = [options.permscope, "audit", "--format", "json", str(folder)]
        cpu_seconds(command, environment)
        seconds = []
        for number in range(options.runs):
            own.write_text(edit(own.read_text(encoding="utf-8"), number), encoding="utf-8")
            seconds.append(cpu_seconds(command, environment))
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
