"""Whether a configuration value is a credential written in plain text; the value itself is never kept.

Lambda shows environment variables to everybody who may call `lambda:GetFunctionConfiguration`:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

from __future__ import annotations

import math
import re
from collections import Counter

from permscope.lazy import regex

# Texts that are a credential whatever their name.
_FORMS = tuple(
    regex(pattern)
    for pattern in (
        r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b",  # access key ids
        r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
        r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{22,}",
        r"\bglpat-[A-Za-z0-9_-]{20,}",
        r"\bxox[abposr]-[A-Za-z0-9-]{10,}",
        r"\b[rs]k_live_[A-Za-z0-9]{16,}",
        r"\bAIza[A-Za-z0-9_-]{35}\b",
        r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
        r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}",
        r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",  # JSON web tokens
        r"\bhttps://hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{16,}",
        r"\b[a-z][a-z0-9+.-]*://[^\s:/@{}$<]+:(?!password|pass@|pwd|\*|x{3})[^\s:/@{}$<*]{3,}@",  # in a URL
    )
)
_PASSWORD = regex(r"(?:^|_)(?:PASS(?:WORD|WD|PHRASE)?|PWD)(?:_\d+)?$")
_SECRET = regex(
    r"(?:^|_)(?:SECRET|TOKEN|API_?KEY|ACCESS_?KEY|SECRET_?KEY|PRIVATE_?KEY|AUTH_?KEY|ENCRYPTION_?KEY|SIGNING_?KEY|"
    r"CLIENT_?SECRET|CREDENTIALS?)(?:_\d+)?$"
)
_CAMEL = regex(r"(?<=[a-z0-9])(?=[A-Z])")
_STAND_IN = regex(
    r"(?:.*(?:change.?(?:me|it|this)|replace|place.?holder|dummy|insert|your[-_. ]?|x{4,}|\*{3,}|\.\.\.|<.*>|todo|"
    r"fixme|redacted).*|(?:example|secret|password|token|test|sample|foo|bar|none|null|undefined|default|demo|local|admin|"
    r"guest|root|user|my|some|the|a|key|value|api|here)+)",
    re.IGNORECASE | re.DOTALL,
)
_NAME_LIKE = regex(r"(?:[a-z]+[-_./])+[a-z]+|/.*|arn:.*|https?://[^@]*|[A-Za-z]+", re.IGNORECASE)
_LEAST_PASSWORD, _LEAST_SECRET, _LONGEST = 6, 16, 10_000
_LEAST_BITS = 3.0  # per character: words and counters have less


def looks_like_credential(name: str, value: str) -> bool:
    """Whether the value of a variable is a credential in plain text.

    Args:
        name: of the variable; a name that ends in `PASSWORD`, `SECRET`, `TOKEN`, `API_KEY`, ... makes a random-looking
            value a credential.
        value: as it would be deployed; one that holds a token is not known, and never a credential.
    """
    if not value or "${" in value or "{{resolve:" in value or len(value) > _LONGEST:
        return False
    if any(form.search(value) for form in _FORMS):
        return True
    spelled = _CAMEL.sub("_", name).upper().replace("-", "_")
    if _is_stand_in(value) or any(letter.isspace() for letter in value):
        return False
    if _PASSWORD.search(spelled):
        return len(value) >= _LEAST_PASSWORD and not _names_something(value)
    if _SECRET.search(spelled):
        return len(value) >= _LEAST_SECRET and not _names_something(value) and _bits(value) >= _LEAST_BITS
    return False


def _is_stand_in(value: str) -> bool:
    return _STAND_IN.fullmatch(value) is not None


def _names_something(value: str) -> bool:
    """Whether a value is the name or the place of a secret rather than the secret."""
    return _NAME_LIKE.fullmatch(value) is not None or value.isdigit()


def _bits(value: str) -> float:
    """Shannon entropy of the characters, in bits per character."""
    counts = Counter(value)
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts.values())
