"""Parameter values from files: CLI JSON, CodePipeline's template configuration, `samconfig.toml`.

https://docs.aws.amazon.com/cli/latest/reference/cloudformation/deploy/ (parameter-overrides)
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from permscope.errors import ConfigError
from permscope.inventory.located import as_text
from permscope.inventory.source import Source
from permscope.lazy import regex

_PAIR = regex(r"""([A-Za-z0-9]+)=("(?:[^"\\]|\\.)*"|'[^']*'|\S*)""")
_REGION = regex(r"[a-z]{2,}(?:-[a-z]+)+-[0-9]+")
_HINT = 'give JSON (`[{"ParameterKey": ..., "ParameterValue": ...}]` or `{"Parameters": {...}}`) or `samconfig.toml`'


def read_parameter_file(path: str) -> dict[str, str]:
    """Parameter values by name.

    Raises:
        ConfigError: for a file that cannot be read or has none of the known shapes; it never shows a value.
    """
    place = Source(Path(path).as_posix())
    try:
        with Path(path).open("rb") as stream:
            text = stream.read(4_000_000).decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"the file cannot be read: {(error.strerror or 'error').lower()}", source=place) from None
    except UnicodeDecodeError:
        raise ConfigError("the file is not UTF-8 text", source=place, hint="save it as UTF-8") from None
    import tomllib

    try:
        found = _samconfig(tomllib.loads(text)) if path.endswith(".toml") else _values(_parsed(text, path))
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"not valid JSON: {error.msg.lower()}", source=Source(place.file, error.lineno, error.colno), hint=_HINT
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"not valid TOML: {str(error)[:1].lower()}{str(error)[1:]}", source=place) from None
    except RecursionError:
        raise ConfigError("values are nested too deep", source=place) from None
    if found is None:
        raise ConfigError("the file holds no parameter values", source=place, hint=_HINT)
    return found


def read_region(path: str) -> str | None:
    """The Region that a `samconfig.toml` deploys to; None for any other file."""
    if not path.endswith(".toml"):
        return None
    import tomllib

    try:
        with Path(path).open("rb") as stream:
            found = _by_environment(tomllib.load(stream), "region")
    except (OSError, ValueError, RecursionError):
        return None  # reading its parameters says what is wrong with it
    region = _of_environment(found)
    return region if isinstance(region, str) and _REGION.fullmatch(region) else None


def _parsed(text: str, path: str) -> Any:
    if path.endswith((".yaml", ".yml")):
        from permscope.collect.templates.document import parse_document

        return parse_document(text, path).value
    return json.loads(text)


def _values(held: Any) -> dict[str, str] | None:
    """The values of a list of pairs, of `{"Parameters": ...}`, or of a plain mapping."""
    if isinstance(held, list):
        found: dict[str, str] = {}
        for entry in held:
            if isinstance(entry, str) and "=" in entry:
                name, _, value = entry.partition("=")
                found[name] = value
            elif isinstance(entry, Mapping) and "ParameterKey" in entry:
                value_text = as_text(entry.get("ParameterValue"))
                if value_text is not None:
                    found[str(entry["ParameterKey"])] = value_text
            else:
                return None
        return found
    if isinstance(held, Mapping):
        held = held["Parameters"] if isinstance(held.get("Parameters"), Mapping | list) else held
        if isinstance(held, list):
            return _values(held)
        values = {str(name): _text(value) for name, value in held.items()}
        return None if None in values.values() else {name: value for name, value in values.items() if value is not None}
    return None


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        parts = [as_text(item) for item in value]
        return None if None in parts else ",".join(filter(None, parts))
    return as_text(value)


def _samconfig(held: Mapping[str, Any]) -> dict[str, str] | None:
    """The `parameter_overrides` of the default environment, else of the only one that has some."""
    found: dict[str, dict[str, str]] = {}
    for environment, given in _by_environment(held, "parameter_overrides").items():
        for overrides in given:
            found.setdefault(environment, {}).update(_overrides(overrides))
    chosen: dict[str, str] | None = _of_environment({environment: [values] for environment, values in found.items()})
    if chosen is None and not found and _of_environment(_by_environment(held, "region")) is not None:
        return {}
    return chosen


def _by_environment(held: Mapping[str, Any], name: str) -> dict[str, list[Any]]:
    """What each environment says under one name, what holds for `sam deploy` last."""
    found: dict[str, list[Any]] = {}
    for environment, commands in held.items():
        if not isinstance(commands, Mapping):
            continue
        for command in ("global", "build", "deploy"):
            section = commands.get(command)
            parameters = section.get("parameters") if isinstance(section, Mapping) else None
            value = parameters.get(name) if isinstance(parameters, Mapping) else None
            if value is not None:
                found.setdefault(environment, []).append(value)
    return found


def _of_environment(found: Mapping[str, list[Any]]) -> Any:
    """The last value of the default environment, else of the only one that has any."""
    if "default" in found:
        return found["default"][-1]
    return next(iter(found.values()))[-1] if len(found) == 1 else None


def _overrides(held: Any) -> dict[str, str]:
    if isinstance(held, Mapping):
        return {str(name): text for name, value in held.items() if (text := _text(value)) is not None}
    text = " ".join(map(str, held)) if isinstance(held, list) else str(held)
    pairs = re.findall(r"ParameterKey=([^,\s]+),ParameterValue=(\"(?:[^\"\\]|\\.)*\"|\S*)", text)
    return {name: _unquoted(value) for name, value in (pairs or _PAIR.findall(text))}


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value
