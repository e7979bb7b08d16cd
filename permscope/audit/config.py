"""`permscope.yaml`: whom the user trusts, what he lives with, and what his templates' parameters are.

```yaml
trusted:
  accounts: ["111122223333"]
  organizations: [o-abcdef1234]
  oidc_subjects: ["repo:my-org/*"]
ignore:
  - {rule: url-auth-none, resource: Landing*, reason: a public page, until: 2027-01-31}
enable: [no-boundary]          # rules that do not run unless somebody asks for them
parameters: {Stage: prod}
fail_on: high
contracts: ...
gate: ...
```

Everything is optional; a misspelt key is an error with its line.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from permscope.audit.findings import SEVERITIES
from permscope.audit.located_yaml import parse_located
from permscope.audit.suppressions import Suppression, parse_date
from permscope.errors import ConfigError, why_unreadable
from permscope.graph.mapping_reader import no_such
from permscope.graph.trusted import TrustedParties
from permscope.inventory.located import as_text, key_source, source_of, value_source
from permscope.inventory.source import NOWHERE, Source
from permscope.lazy import dataclass, regex

NAMES = ("permscope.yaml", "permscope.yml", ".permscope.yaml")
FAIL_ON = (*SEVERITIES, "never")
_KEYS = ("trusted", "ignore", "enable", "parameters", "fail_on", "contracts", "gate")
_TRUSTED = ("accounts", "organizations", "oidc_subjects")
_IGNORE = ("rule", "resource", "reason", "until")
_ACCOUNT = regex(r"\d{12}")
_ORGANIZATION = regex(r"o-[a-z0-9]{10,32}")
_MAX_FILE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What a configuration file says.

    Attributes:
        trusted: parties outside the input that the user vouches for.
        ignore: suppressions.
        enable: names of rules that run only where somebody asks for them.
        parameters: values for template parameters.
        fail_on: severity from which on the exit code is 1, or `never`; None where the file does not say.
        contracts: what stands under `contracts:`, located, for the command that checks them.
        gate: what stands under `gate:`, located, for the command that applies it.
        source: the file; None where there is none.
    """

    trusted: TrustedParties = field(default_factory=TrustedParties)
    ignore: tuple[Suppression, ...] = ()
    enable: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    fail_on: str | None = None
    contracts: Any = None
    gate: Any = None
    source: Source | None = None


def find_config(start: Path) -> Path | None:
    """The nearest configuration file in a folder or one of those above it."""
    folder = start.resolve()
    for candidate in (folder, *folder.parents):
        for name in NAMES:
            path = candidate / name
            if path.is_file():
                return path
    return None


def load_config(path: Path | None = None, *, start: Path | None = None) -> Config:
    """Read a configuration file; without one, the defaults.

    Args:
        path: the file; None to look for it.
        start: folder to look upwards from; None for the working directory.

    Raises:
        ConfigError: with file and line, when anything in it is wrong.
    """
    found = path or find_config(start or Path.cwd())
    if found is None:
        return Config()
    file = found.as_posix() if path else Path(os.path.relpath(found)).as_posix()
    try:
        text = found.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {why_unreadable(error)}", source=Source(file)) from None
    if len(text) > _MAX_FILE:
        raise ConfigError("too large for a configuration", source=Source(file))
    config = parse_config(text, file)
    _check_sections(config)
    return config


def _check_sections(config: Config) -> None:
    """Say what is wrong in the sections that not every command goes by, whichever command reads the file."""
    place = config.source or NOWHERE
    if config.gate is not None:
        from permscope.audit.gate import parse_gate

        parse_gate(config.gate, place)
    if config.contracts is not None:
        from permscope.audit.contracts import parse_contracts

        parse_contracts(config.contracts, place)


def parse_config(text: str, file: str) -> Config:
    """The configuration in a text.

    Raises:
        ConfigError: with file and line, when anything in it is wrong.
    """
    raw = parse_located(text, file, ConfigError)
    top = Source(file, 1, 1)
    if raw is None:
        return Config(source=Source(file))
    raw = _mapping(raw, _KEYS, "the configuration", top)
    fail_on = raw.get("fail_on")
    if fail_on is not None and fail_on not in FAIL_ON:
        raise _config_error("severity", fail_on, FAIL_ON, value_source(raw, "fail_on", top))
    return Config(
        trusted=_trusted(raw.get("trusted"), value_source(raw, "trusted", top)),
        ignore=_ignored(raw.get("ignore"), value_source(raw, "ignore", top)),
        enable=tuple(text for text, _ in _texts(raw, "enable", top)),
        parameters=_parameters(raw.get("parameters"), value_source(raw, "parameters", top)),
        fail_on=fail_on,
        contracts=raw.get("contracts"),
        gate=raw.get("gate"),
        source=Source(file),
    )


def _config_error(what: str, name: object, known: tuple[str, ...], place: Source) -> ConfigError:
    error = no_such(what, name, known, place)
    return ConfigError(error.message, source=error.source, hint=error.hint)


def _mapping(value: object, known: tuple[str, ...], what: str, place: Source) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{what} must be a mapping", source=source_of(value, place))
    for key in value:
        if key not in known:
            raise _config_error("setting", key, known, key_source(value, key, place))
    return value


def _texts(raw: Mapping[str, Any], key: str, place: Source) -> list[tuple[str, Source]]:
    value = raw.get(key)
    items = value if isinstance(value, list) else [] if value is None else [value]
    found = []
    for item in items:
        text = as_text(item)
        at = source_of(item, value_source(raw, key, place))
        if text is None:
            raise ConfigError(f"`{key}` must be text or a list of text", source=at)
        found.append((str(text), at))
    return found


def _trusted(value: object, place: Source) -> TrustedParties:
    if value is None:
        return TrustedParties()
    raw = _mapping(value, _TRUSTED, "`trusted`", place)
    accounts = _texts(raw, "accounts", place)
    for text, at in accounts:
        if not _ACCOUNT.fullmatch(text):
            raise ConfigError(f"`{text}` is no account id", source=at, hint='12 digits in quotes: "012345678901"')
    organizations = _texts(raw, "organizations", place)
    for text, at in organizations:
        if not _ORGANIZATION.fullmatch(text):
            raise ConfigError(f"`{text}` is no organization id", source=at, hint="such as `o-abcdef1234`")
    return TrustedParties(
        accounts=frozenset(text for text, _ in accounts),
        organizations=frozenset(text for text, _ in organizations),
        oidc_subjects=tuple(text for text, _ in _texts(raw, "oidc_subjects", place)),
    )


def _ignored(raw: object, place: Source) -> tuple[Suppression, ...]:
    found = []
    for item in raw if isinstance(raw, list) else [] if raw is None else [raw]:
        at = source_of(item, place)
        entry = _mapping(item, _IGNORE, "an entry of `ignore`", at)
        for key in ("rule", "reason"):
            if not isinstance(entry.get(key), str) or not entry[key].strip():
                raise ConfigError(f"an entry of `ignore` needs `{key}`", source=at)
        until = entry.get("until")
        if until is not None and parse_date(until) is None:
            day = value_source(entry, "until", at)
            raise ConfigError(f"`{until}` is no day", source=day, hint="write it as `2027-01-31`")
        resource = entry.get("resource", "*")
        if not isinstance(resource, str):
            raise ConfigError("`resource` must be text", source=value_source(entry, "resource", at))
        found.append(
            Suppression(
                rule=str(entry["rule"]),
                resource=str(resource),
                reason=str(entry["reason"]).strip(),
                until=parse_date(until),
                source=at,
            )
        )
    return tuple(found)


def _parameters(raw: object, place: Source) -> Mapping[str, str]:
    if raw is None:
        return {}
    if not isinstance(raw, Mapping):
        raise ConfigError("`parameters` must map names to values", source=source_of(raw, place))
    found = {}
    for key, value in raw.items():
        items = value if isinstance(value, list) else [value]
        texts = [as_text(item) for item in items]
        if any(text is None for text in texts):
            raise ConfigError(f"the value of `{key}` must be text", source=value_source(raw, key, place))
        found[str(key)] = ",".join(str(text) for text in texts)
    return found
