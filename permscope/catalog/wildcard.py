"""IAM wildcards: `*` is any text, `?` any one character, nothing else is special.

Written out by hand because a regular expression would cost the catalogue more to import than to load, and because
a policy from a hostile template must not be able to make matching slow: this one never goes back further than to
the last `*`.
"""

from __future__ import annotations


def matches(pattern: str, text: str) -> bool:
    """Tell whether the pattern covers the whole text. Both must have the same case."""
    if "?" in pattern:
        return _matches_slowly(pattern, text)
    first, *rest = pattern.split("*")
    if not rest:
        return first == text
    if not text.startswith(first):
        return False
    last = rest.pop()
    end = len(text) - len(last)
    at = len(first)
    if at > end or not text.endswith(last):
        return False
    for piece in rest:
        at = text.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def _matches_slowly(pattern: str, text: str) -> bool:
    at = start = 0
    star = resume = -1
    while start < len(text):
        letter = pattern[at] if at < len(pattern) else ""
        if letter == "*":
            star, resume = at, start
            at += 1
        elif letter in {"?", text[start]}:
            at += 1
            start += 1
        elif star >= 0:
            resume += 1
            at, start = star + 1, resume
        else:
            return False
    return not pattern[at:].strip("*")
