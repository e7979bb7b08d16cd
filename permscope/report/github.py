"""GitHub Actions workflow commands: annotations on the lines of a pull request.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from permscope.audit.findings import Finding
from permscope.errors import PermscopeError
from permscope.inventory.source import Source
from permscope.report.escape import in_workflow_command

_COMMANDS = {"critical": "error", "high": "error", "medium": "warning", "low": "notice", "info": "notice"}


def render(findings: Sequence[Finding], *, errors: Iterable[PermscopeError] = (), headline: str = "") -> str:
    """One annotation per finding, worst first: GitHub shows ten of each kind per step.

    Args:
        findings: suppressed ones are left out.
        errors: inputs that could not be read.
        headline: a last line in the log, which is no annotation.
    """
    lines = [_command("error", error.source, "permscope cannot read this", str(error)) for error in errors]
    for finding in sorted(findings, key=lambda one: one.rank):
        if finding.suppressed is None:
            body = finding.message
            if finding.path:
                body += f"\npath: {' -> '.join(finding.path)}"
            if finding.fix:
                body += f"\n{finding.fix.strip()}"
            title = f"{finding.severity}: {finding.title or finding.rule}"
            lines.append(_command(_COMMANDS[finding.severity], finding.source, title, body))
    if headline:
        # A leading `::` would be a command of its own.
        lines.append(in_workflow_command(headline).replace("::", ": :"))
    return "".join(f"{line}\n" for line in lines)


def _command(name: str, source: Source | None, title: str, message: str) -> str:
    fields = []
    if source is not None and source.file:
        fields.append(f"file={_value(source.file.removeprefix('./'))}")
        if source.line:
            fields.append(f"line={source.line}")
            if source.column:
                fields.append(f"col={source.column}")
    fields.append(f"title={_value(title)}")
    return f"::{name} {','.join(fields)}::{in_workflow_command(message)}"


def _value(text: str) -> str:
    return in_workflow_command(text, is_property=True)
