"""Files next to a template, and none elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from permscope.collect.templates.files import Place, RefusedFileError, is_local, locate, read_file, root_of

Folder = Callable[[Mapping[str, str | bytes]], Path]


@pytest.mark.parametrize(
    ("reference", "local"),
    [
        ("src/a.yaml", True),
        ("./a.yaml", True),
        ("../a.yaml", True),
        ("/etc/passwd", True),
        ("a", True),
        ("", False),
        ("  ", False),
        (None, False),
        ({"Ref": "X"}, False),
        ("s3://b/k", False),
        ("https://s3.amazonaws.com/b/k", False),
        ("//server/share", False),
        ("arn:aws:s3:::b/k", False),
        ("${Bucket}/k", False),
        ("{{resolve:ssm:x}}", False),
    ],
)
def test_a_reference_is_local_unless_it_is_a_url(reference: object, local: bool) -> None:
    """Only local references are looked for on disk."""
    assert is_local(reference) is local


def test_a_file_below_the_root_is_read(folder: Folder) -> None:
    """Its place is shown relative to how the template was named."""
    root = folder({"app/t.yaml": "", "shared/d.json": "{}"})
    place = Place("given/app/t.yaml", root / "app", root)
    data, found = read_file("../shared/./d.json", place)
    assert (data, found.file, found.directory) == (b"{}", "given/shared/d.json", root / "shared")


@pytest.mark.parametrize(
    "reference",
    ["../outside", "../../etc/passwd", "/etc/passwd", "link", "linked/passwd", "gone", ".", "a\0b", "x" * 5000, "loop"],
)
def test_nothing_outside_of_the_root_is_read(folder: Folder, reference: str) -> None:
    """Neither by `..`, by an absolute path, nor through a link."""
    root = folder({"app/t.yaml": "", "outside": "secret"})
    (root / "app" / "link").symlink_to(root / "outside")
    (root / "app" / "linked").symlink_to("/etc")
    (root / "app" / "loop").symlink_to(root / "app" / "loop")
    with pytest.raises(RefusedFileError):
        read_file(reference, Place("t.yaml", root / "app", root / "app"))


def test_standard_input_has_no_files_beside_it() -> None:
    """There is no folder to look in."""
    with pytest.raises(RefusedFileError, match="standard input"):
        locate("a.yaml", Place("<stdin>"))


def test_the_root_is_the_repository_or_the_folder_given(folder: Folder) -> None:
    """Without either it is the template's own folder."""
    root = folder({"repo/.git/HEAD": "", "repo/a/t.yaml": "", "plain/b/t.yaml": ""})
    assert root_of(root / "repo" / "a", root / "repo" / "a") == root / "repo"
    assert root_of(root / "plain" / "b", root / "plain") == root / "plain"
    assert root_of(root / "plain" / "b") == root / "plain" / "b"
