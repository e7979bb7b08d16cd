"""Names from templates made harmless: no terminal escape, no markup, no HTML takes effect."""

from __future__ import annotations

import re

# C0 and C1 control characters, and the Unicode characters that reorder or hide text.
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")
_INVISIBLE_BUT_LINES = re.compile(
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


def in_mermaid(text: str) -> str:
    """Text for a quoted mermaid label: mermaid reads entity codes, and HTML in labels is never wanted."""
    return re.sub(r"[^\w .,:/()*@+=-]", lambda found: f"#{ord(found.group())};", visible(text))


def in_dot(text: str) -> str:
    """Text for a quoted Graphviz string."""
    return visible(text).replace("\\", "\\\\").replace('"', '\\"')
