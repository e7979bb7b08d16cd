"""Writes small templates and reads them, for the tests of `permscope.collect`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from permscope.collect.load import LoadOptions, collect_templates
from permscope.collect.templates.document import parse_document
from permscope.collect.templates.files import Place
from permscope.collect.templates.stack import Bound, bind_template
from permscope.inventory.inventory import Collected


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[Mapping[str, str | bytes]], Path]:
    """Write files (path -> content) below a fresh folder, and give the folder."""

    def write(files: Mapping[str, str | bytes]) -> Path:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else dedent(content).encode())
        return tmp_path

    return write


@pytest.fixture
def collect(folder: Callable[[Mapping[str, str | bytes]], Path]) -> Callable[..., Collected]:
    """Write files and read the folder, or `paths` in it; other keyword arguments are `LoadOptions`."""

    def read(files: Mapping[str, str | bytes] | str, *, paths: tuple[str, ...] = (), **options: Any) -> Collected:
        root = folder({"template.yaml": files} if isinstance(files, str) else files)
        given = [str(root / path) for path in paths] or [str(root)]
        return collect_templates(given, LoadOptions(**options))

    return read


@pytest.fixture
def bind() -> Callable[..., Bound]:
    """Bind one template from text; keyword arguments are `LoadOptions`."""

    def read(text: str, **options: Any) -> Bound:
        document = parse_document(dedent(text), "template.yaml")
        return bind_template(document.value, Place("template.yaml"), LoadOptions(**options), problems=document.problems)

    return read
