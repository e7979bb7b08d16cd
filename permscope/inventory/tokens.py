"""Tokens: the parts of a value that only a deployment can settle.

A token is written `${...}` inside text:

* `${AWS::AccountId}`, `${AWS::Region}`, `${AWS::Partition}`, ...: a pseudo parameter nothing binds;
* `${Orders}`, `${Api.RootResourceId}`: a name or attribute that CloudFormation generates for a logical id
  (`${stack/Orders}` where several stacks are read together);
* `${stack/}`: nothing at all, behind a name that several stacks define (`Orders${stack/}`), each for itself;
* `${Param::Table}`, `${Import::shared-table}`, `${Dynamic::...}`, `${Unknown::...}`: an **unknown value**.

The first three kinds are identities: such a token equals itself and nothing else, so "this account" is never taken for
a foreign one. An unknown value equals itself; against anything else the answer is unknown. An IAM policy variable has
one colon (`${aws:username}`) and is no token.
"""

from __future__ import annotations

import re

from permscope.lazy import regex

PARTITION = "${AWS::Partition}"
REGION = "${AWS::Region}"
ACCOUNT = "${AWS::AccountId}"
URL_SUFFIX = "${AWS::URLSuffix}"

TOKEN = regex(r"\$\{(?:AWS::[A-Za-z]+|[A-Z][A-Za-z]*::[^{}]*|[^{}:*?$]+)\}")
_OWN = regex(r"\$\{(?:(?:Param|Unknown)::)?(?:[^{}:*?$]*/)?([\w.]+)\}")
_OF_STACK = regex(r"\$\{[^{}:*?$]*/\}")
UNKNOWN_TOKEN = regex(r"\$\{(?!AWS::)[A-Z][A-Za-z]*::[^{}]*\}")


def unknown_token(kind: str, name: str) -> str:
    """The token of an unknown value; `kind` is `Param`, `Import`, `Dynamic`, `Transform` or `Unknown`."""
    return f"${{{kind}::{re.sub(r'[^A-Za-z0-9_./:@+=-]', '_', name)}}}"


def stack_token(label: str) -> str:
    """What tells a name of one stack from the same name of another."""
    return f"${{{label}/}}"


def as_written(text: str) -> str:
    """Text whose tokens are called what the template calls them, for people: `${Region}`, not `${Param::app/Region}`.

    Two stacks may use one name, so this is no identity.
    """
    return _OWN.sub(_own_name, without_stack(text)) if "${" in text else text


def without_stack(text: str) -> str:
    """Text without what `stack_token` puts into it: the name that AWS knows."""
    return _OF_STACK.sub("", text) if "/}" in text else text


def _own_name(token: re.Match[str]) -> str:
    name = token[1]
    return f"${{AWS::{name[4:]}}}" if name.startswith("AWS.") else f"${{{name}}}"


def has_token(text: str) -> bool:
    """Whether any part of `text` is left to the deployment."""
    return "${" in text and TOKEN.search(text) is not None


def has_unknown(text: str) -> bool:
    """Whether any part of `text` is an unknown value."""
    return "::" in text and "${" in text and UNKNOWN_TOKEN.search(text) is not None


def unknowns_in(text: str) -> tuple[str, ...]:
    """The unknown tokens of `text`, in order."""
    return tuple(UNKNOWN_TOKEN.findall(text)) if has_unknown(text) else ()
