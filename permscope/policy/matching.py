"""Patterns: does a pattern match a text, can two patterns match the same text, does one cover the other.

`*` is any text and `?` any one character; a wildcard crosses the colons of an ARN
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html). Matching never goes back
further than to the last `*`, so its time is bounded by the product of the two lengths.

Text of a template may hold tokens (`permscope.inventory.tokens`). `encode` writes each token as two private characters,
so that a wildcard never matches half a token and plain string operations do the rest:

* an identity token equals itself only;
* an unknown token equals itself, against anything else the answer is None;
* `arn:${AWS::Partition}:` and `arn:aws:` (or any other literal partition) match each other.
"""

from __future__ import annotations

import re
from functools import lru_cache

from permscope.catalog.wildcard import matches
from permscope.inventory.tokens import PARTITION, TOKEN, UNKNOWN_TOKEN
from permscope.lazy import regex

__all__ = ["compare", "covers", "encode", "glob", "is_open", "literal_prefix", "patterns_intersect", "relation"]

IDENTITY = "\ue000"
UNKNOWN = "\ue001"
ANY_PARTITION = "arn:\ue002:"
STAR = "\ue003"  # a literal `*` inside a pattern
QUESTION = "\ue004"
_HEAD = f"arn:{PARTITION}:"
_LITERAL_HEAD = regex(r"arn:[a-z-]+:")
_OPEN = regex(f"{UNKNOWN}.|\\$\\{{[^{{}}]*\\}}", re.DOTALL)
_FIRST_OPEN = regex(rf"[*?{UNKNOWN}]|\$\{{")
_WILDCARDS = regex(r"[*?]+")
_MAX_STATES = 100_000
_CODE = regex(f"[{IDENTITY}{UNKNOWN}].", re.DOTALL)
_interned: dict[str, str] = {}
_tokens: dict[str, str] = {}
_FIRST_PRIVATE = 0xF0000
_LAST_PRIVATE = 0x10FFFD


def glob(pattern: str, text: str) -> bool:
    """Whether a pattern matches all of a text; nothing but `*` and `?` is special."""
    return matches(pattern, text) if "?" not in pattern else _regex(pattern).fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _regex(pattern: str) -> re.Pattern[str]:
    """A pattern with `?` as an expression that never goes back before the last `*`."""
    first, *rest = (re.escape(piece).replace(r"\?", ".") for piece in pattern.split("*"))
    if not rest:
        return re.compile(first, re.DOTALL)
    middle = "".join(f"(?>.*?{piece})" for piece in rest[:-1] if piece)
    return re.compile(f"{first}{middle}.*{rest[-1]}", re.DOTALL)


def _intern(token: str) -> str:
    known = _interned.get(token)
    if known is None:
        code = _FIRST_PRIVATE + len(_interned)
        if code > _LAST_PRIVATE:
            return token
        mark = UNKNOWN if UNKNOWN_TOKEN.fullmatch(token) else IDENTITY
        known = _interned[token] = mark + chr(code)
        _tokens[known] = token
    return known


@lru_cache(maxsize=65_536)
def _encode(text: str) -> str:
    if text.startswith(_HEAD):
        text = ANY_PARTITION + text[len(_HEAD) :]
    return TOKEN.sub(lambda found: _intern(found[0]), text)


def encode(text: str) -> str:
    """Text with each token as two private characters; policy variables stay as they are."""
    return _encode(str(text)) if "${" in text else text


def decode(text: str) -> str:
    """The text that `encode` made this of."""
    if text.startswith(ANY_PARTITION):
        text = _HEAD + text[len(ANY_PARTITION) :]
    if IDENTITY in text or UNKNOWN in text:
        text = _CODE.sub(lambda found: _tokens.get(found[0], found[0]), text)
    return text


def _same_partition(one: str, other: str) -> tuple[str, str]:
    """Both with the any-partition head where one of them has it."""
    if one.startswith(ANY_PARTITION) is not other.startswith(ANY_PARTITION):
        if found := _LITERAL_HEAD.match(one):
            one = ANY_PARTITION + one[found.end() :]
        elif found := _LITERAL_HEAD.match(other):
            other = ANY_PARTITION + other[found.end() :]
    return one, other


def is_open(text: str) -> bool:
    """Whether encoded text has an unknown token or a policy variable."""
    return UNKNOWN in text or "${" in text


def opened(text: str) -> str:
    """Encoded text with `*` for each part that is not known."""
    return _OPEN.sub("*", text) if is_open(text) else text


def compare(pattern: str, text: str) -> bool | None:
    """Whether an encoded pattern matches an encoded text; None when that depends on an unknown token."""
    pattern, text = _same_partition(pattern, text)
    if glob(pattern, text):
        return True
    if UNKNOWN in pattern or UNKNOWN in text:
        literal = text.replace("*", STAR).replace("?", QUESTION)
        return None if patterns_intersect(opened(pattern), opened(literal)) else False
    return False


def literal_prefix(pattern: str) -> str:
    """What every text that an encoded pattern matches begins with."""
    found = _FIRST_OPEN.search(pattern)
    return pattern[: found.start()] if found else pattern


def _has_wildcard(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def patterns_intersect(one: str, other: str) -> bool:
    """Whether some text matches both patterns.

    Patterns made to be slow (more than 100,000 states) are answered with True: it cannot be ruled out.
    """
    one, other = _same_partition(one, other)
    if not _has_wildcard(one):
        return glob(other, one)
    if not _has_wildcard(other):
        return glob(one, other)
    start, start_other = _literal_start(one), _literal_start(other)
    length = min(len(start), len(start_other))
    if start[:length] != start_other[:length]:
        return False
    end, end_other = _literal_end(one), _literal_end(other)
    length_of_end = min(len(end), len(end_other))
    if length_of_end and end[-length_of_end:] != end_other[-length_of_end:]:
        return False
    one, other = one[length:], other[length:]
    if (one[:1] == "*" and other[-1:] == "*") or (other[:1] == "*" and one[-1:] == "*"):
        return True  # the first star takes all of the other pattern, the last one what is left of this
    return _search(one, other)


def _literal_start(pattern: str) -> str:
    found = _WILDCARDS.search(pattern)
    return pattern[: found.start()] if found else pattern


def _literal_end(pattern: str) -> str:
    return pattern[max(pattern.rfind("*"), pattern.rfind("?")) + 1 :]


def _search(one: str, other: str) -> bool:
    """Walk both patterns at once, taking the step that ends soonest first."""
    end, end_other = len(one), len(other)
    seen: set[tuple[int, int]] = set()
    todo = [(0, 0)]
    while todo:
        state = todo.pop()
        if state in seen:
            continue
        seen.add(state)
        if len(seen) > _MAX_STATES:
            return True
        at, at_other = state
        if at == end and at_other == end_other:
            return True
        letter = one[at] if at < end else ""
        letter_other = other[at_other] if at_other < end_other else ""
        if letter == "*":
            if letter_other and letter_other != "*":
                todo.append((at, at_other + 1))
            todo.append((at + 1, at_other))
        if letter_other == "*":
            if letter and letter != "*":
                todo.append((at + 1, at_other))
            todo.append((at, at_other + 1))
        both = (letter, letter_other)
        if letter and letter_other and "*" not in both and (letter == letter_other or "?" in both):
            todo.append((at + 1, at_other + 1))
    return False


def covers(wide: str, narrow: str) -> bool:
    """Whether `wide` matches everything that `narrow` matches.

    Sound always; complete up to unusual mixtures of `?` and `*`, which are answered with False.
    """
    if wide in (narrow, "*"):
        return True
    wide, narrow = _same_partition(wide, narrow)
    if "?" not in wide:
        return glob(wide, narrow)
    if not _has_wildcard(narrow):
        return glob(wide, narrow)
    return _covers_slowly(_WILDCARDS.sub(_ordered, wide), _WILDCARDS.sub(_ordered, narrow))


def _ordered(found: re.Match[str]) -> str:
    """A run of wildcards with its `?` first and one `*` at most."""
    run = found[0]
    return "?" * run.count("?") + ("*" if "*" in run else "")


def _covers_slowly(wide: str, narrow: str) -> bool:
    """Match `wide` against `narrow` as text, in which only a `*` takes a `*`."""
    at = place = 0
    star = resume = -1
    while place < len(narrow):
        letter = wide[at] if at < len(wide) else ""
        if letter == "*":
            star, resume = at, place
            at += 1
        elif letter and (letter == narrow[place] or (letter == "?" and narrow[place] != "*")):
            at += 1
            place += 1
        elif star >= 0:
            resume += 1
            at, place = star + 1, resume
        else:
            return False
    return not wide[at:].strip("*")


def relation(pattern: str, target: str) -> bool | None:
    """How an encoded pattern stands to an encoded target, which may be a pattern too.

    True: it matches all of the target. False: it matches nothing of it. None: a part, or that is not known.
    """
    if pattern in (target, "*"):
        return True
    wide, narrow = _same_partition(pattern, target)
    if not is_open(wide):
        narrow_open = opened(narrow)
        if covers(wide, narrow_open):
            return True
        return None if patterns_intersect(wide, narrow_open) else False
    if "${" not in wide and covers(wide, narrow):
        return True
    return None if patterns_intersect(opened(wide), opened(narrow)) else False
