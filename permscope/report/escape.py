"""Names from templates made harmless: no terminal escape, no markup, no HTML takes effect."""

from __future__ import annotations

import re

from permscope.lazy import regex

# C0 and C1 control characters, and the Unicode characters that reorder or hide text.
_INVISIBLE = regex("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")
_INVISIBLE_BUT_LINES = regex(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)


def visible(text: str, *, keep_lines: bool = False) -> str:
    r"""Text with every control or reordering character written out (`\\x1b`), safe for any terminal.

    Args:
        text: anything that may come from a template.
        keep_lines: leave line feeds and tabs as they are.
    """
    pattern = _INVISIBLE_BUT_LINES if keep_lines else _INVISIBLE
    return pattern.sub(_written_out, text) if pattern.search(text) else text


def _written_out(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004 - one byte


def in_json(text: str) -> str:
    """JSON text that means the same, with what a terminal would act on or hide as an escape."""
    return _INVISIBLE_BUT_LINES.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def in_mermaid(text: str) -> str:
    """Text for a quoted mermaid label: mermaid reads entity codes, and HTML in labels is never wanted."""
    return re.sub(r"[^\w .,:/()*@+=-]", lambda found: f"#{ord(found.group())};", visible(text))


def in_dot(text: str) -> str:
    """Text for a quoted Graphviz string."""
    return visible(text).replace("\\", "\\\\").replace('"', '\\"')


def in_markdown(text: str, *, keep_lines: bool = False) -> str:
    r"""Text for GitHub's and GitLab's Markdown: no HTML, link, image, mention or formatting takes effect.

    A code span (`` `name` ``) that the text has of its own stays one, with everything inside it literal.
    """
    if keep_lines:
        return "\n".join(in_markdown(line) for line in text.splitlines())
    shown = visible(text)
    if shown.count("`") % 2 or "``" in shown:
        shown = shown.replace("`", "'")  # a run of backticks ends only at a run as long
    parts = shown.split("`")
    return "`".join(_in_code(part) if at % 2 else _in_prose(part) for at, part in enumerate(parts))


def _in_prose(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = re.sub(r"([\\*_\[\]|~#!$])", r"\\\1", escaped)
    # An address would become a link, and `@name` would call that person.
    return re.sub(r"@(?=\w)|(?<=\w):(?=//)|(?<=www)\.", lambda found: f"&#{ord(found.group())};", escaped)


def _in_code(text: str) -> str:
    # A table row ends at `|`, in code too.
    return text.replace("|", "\\|")


def in_workflow_command(text: str, *, is_property: bool = False) -> str:
    """Text for a GitHub Actions workflow command such as `::error file=...::...`.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
    """
    shown = visible(text, keep_lines=not is_property)
    shown = shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return shown.replace(":", "%3A").replace(",", "%2C") if is_property else shown


def in_cell(text: str) -> str:
    """Text for a spreadsheet cell: none is read as a formula.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    shown = visible(text, keep_lines=True)
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else shown


def in_xml(text: str) -> str:
    """Text of which XML 1.0 takes every character; the writer still escapes `<` and `&`."""
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", visible(text, keep_lines=True))
