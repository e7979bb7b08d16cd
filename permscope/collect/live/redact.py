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

from permscope.lazy import regex

_FIELD = regex(r"(?<=:)\d{12}(?=:)")
_ALONE = regex(r'(?<=")\d{12}(?=")')
_UNIQUE = regex(r"\b(A(?:ROA|IDA|GPA|NPA|NVA|IPA|KIA|SIA))([A-Z0-9]{12,})\b")


def redactor(accounts: Iterable[str], key: str = "") -> Callable[[str], str]:
    """A function that redacts the JSON text of a snapshot.

    Args:
        accounts: 12-digit ids known to be in it; those in ARNs and those that stand alone are found.
        key: makes the pseudonyms impossible to recompute without it.
    """
    known = frozenset(accounts)

    def redact(text: str) -> str:
        ids = known | set(_FIELD.findall(text)) | set(_ALONE.findall(text))
        if ids:
            # Also inside names (`logs-111122223333-eu-west-1`), but not inside longer numbers.
            pattern = re.compile(rf"(?<!\d)(?:{'|'.join(sorted(ids))})(?!\d)")
            text = pattern.sub(lambda found: pseudonym(found[0], key), text)
        return _UNIQUE.sub(lambda found: found[1] + _letters(found[0], key, len(found[2])), text)

    return redact


def pseudonym(account: str, key: str = "") -> str:
    """The 12 digits that stand for an account."""
    return f"9{int.from_bytes(_digest(account, key)[:8]) % 10**11:011d}"


def _letters(text: str, key: str, length: int) -> str:
    return base64.b32encode(_digest(text, key)).decode("ascii")[:length]


def _digest(text: str, key: str) -> bytes:
    return hmac.digest(f"permscope/{key}".encode(), text.encode(), hashlib.sha256)
