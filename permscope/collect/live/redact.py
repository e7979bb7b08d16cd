"""Account ids of a snapshot replaced by pseudonyms: always the same one for the same id, so snapshots still meet.

Twelve digits can be tried one after the other, so a pseudonym hides an account from a reader, not from somebody who
sets out to find it, unless a key is given. IAM's unique ids (`AROA...`), which belong to an account, are replaced too.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from functools import cache

from permscope.lazy import regex

_ALONE = regex(r"(?<!\d)\d{12}(?!\d)")
_NUMBER = regex(r"\d{12,}")
_DASHED = regex(r"(?<!\d)\d{4}(?:-\d{4}){2,}(?!\d)")
_UNIQUE = regex(r"\b(A(?:BIA|CCA|GPA|IDA|IPA|KIA|NPA|NVA|PKA|ROA|SCA|SIA))([A-Z0-9]{12,})\b")
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes"""


def redactor(accounts: Iterable[str], key: str = "") -> Callable[[str], str]:
    """A function that redacts the JSON text of a snapshot.

    Args:
        accounts: 12-digit ids known to be in it; every number of 12 digits is taken for one besides.
        key: makes the pseudonyms impossible to recompute without it.
    """
    known = frozenset(accounts)

    def redact(text: str) -> str:
        ids = known | set(_ALONE.findall(text))

        def number(found: re.Match[str]) -> str:
            """Digits, in which an account may stand anywhere: `bucket1111222233330001`."""
            digits, at = found[0], 0
            while at <= len(digits) - 12:
                if digits[at : at + 12] in ids:
                    digits = digits[:at] + pseudonym(digits[at : at + 12], key) + digits[at + 12 :]
                    at += 12
                else:
                    at += 1
            return digits

        def dashed(found: re.Match[str]) -> str:
            """Four digits at a time, as the console writes an account."""
            groups = found[0].split("-")
            for at in range(len(groups) - 2):
                account = "".join(groups[at : at + 3])
                if account in ids:
                    hidden = pseudonym(account, key)
                    groups[at : at + 3] = hidden[:4], hidden[4:8], hidden[8:]
                    break
            return "-".join(groups)

        text = _NUMBER.sub(number, _DASHED.sub(dashed, text))
        return _UNIQUE.sub(lambda found: found[1] + _letters(found[0], key, len(found[2])), text)

    return redact


@cache
def pseudonym(account: str, key: str = "") -> str:
    """The 12 digits that stand for an account."""
    return f"9{int.from_bytes(_digest(account, key)[:8]) % 10**11:011d}"


def _letters(text: str, key: str, length: int) -> str:
    return base64.b32encode(_digest(text, key)).decode("ascii")[:length]


def _digest(text: str, key: str) -> bytes:
    return hmac.digest(f"permscope/{key}".encode(), text.encode(), hashlib.sha256)
