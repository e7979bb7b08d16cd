"""IAM wildcards: `*` is any text, `?` any one character, nothing else is special.

Written out by hand because a regular expression would cost the catalogue more to import than to load, and because
a policy from a hostile template must not be able to make matching slow: a piece between two `*` is placed once, as far
left as it goes, and never moved.
"""

from __future__ import annotations


def matches(pattern: str, text: str) -> bool:
    """Tell whether the pattern covers the whole text. Both must have the same case."""
    pieces = pattern.split("*")
    if len(pieces) == 1:
        return _same(pattern, text)
    first, last = pieces[0], pieces[-1]
    at, end = len(first), len(text) - len(last)
    if at > end or not _same(first, text[:at]) or not _same(last, text[end:]):
        return False
    for piece in pieces[1:-1]:
        at = _find(piece, text, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def _same(piece: str, text: str) -> bool:
    """Tell whether a piece without `*` covers the text."""
    if "?" not in piece:
        return piece == text
    return len(piece) == len(text) and all(a in ("?", b) for a, b in zip(piece, text, strict=True))


def _find(piece: str, text: str, at: int, end: int) -> int:
    """Leftmost place of a piece without `*` in `text[at:end]`, -1 when there is none."""
    if "?" not in piece:
        return text.find(piece, at, end)
    literal = max(piece.split("?"), key=len)
    offset = piece.index(literal)
    while (hit := text.find(literal, at + offset, end)) >= 0:
        at = hit - offset
        if at + len(piece) > end:
            return -1
        if _same(piece, text[at : at + len(piece)]):
            return at
        at += 1
    return -1
