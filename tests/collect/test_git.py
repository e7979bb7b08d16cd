"""Old versions come out of git without a trace in the work tree."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from permscope import cache
from permscope.collect.git import Listing, Repository, find_repository, is_revision, load_revision
from permscope.collect.load import LoadOptions
from permscope.errors import ConfigError
from permscope.inventory.facts import Function
from permscope.inventory.inventory import Inventory

TEMPLATE = """\
Parameters: {Stage: {Type: String, Default: dev}}
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties: {Runtime: python3.13, Handler: a.b, Code: {ZipFile: x}, Role: !GetAtt Role.Arn}
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {Statement: []}}
"""

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def _git(top: Path, *arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    for role in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{role}_NAME": "test", f"GIT_{role}_EMAIL": "test@example.com"}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false", *arguments]
    return subprocess.run(command, cwd=top, env=environment, capture_output=True, check=True, text=True).stdout  # noqa: S603


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit of one template, as working directory."""
    folder = tmp_path / "repository"
    folder.mkdir()
    _git(folder, "init", "-q")
    (folder / "app").mkdir()
    (folder / "app" / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    _git(folder, "add", "-A")
    _git(folder, "commit", "-q", "-m", "one")
    monkeypatch.chdir(folder)
    return folder


def _repository() -> Repository:
    found = find_repository()
    assert found is not None
    return found


def _functions(revision: str, *paths: str, options: LoadOptions | None = None) -> list[str]:
    repository = _repository()
    inventory = load_revision(repository.commit(revision), paths, options or LoadOptions(), repository)
    return [function.name for function in inventory.of(Function)]


def test_an_old_version_is_read_while_the_new_one_stays_as_it_is(top: Path) -> None:
    """Neither work tree nor index nor references change, whatever is staged or edited."""
    (top / "app" / "template.yaml").write_text("Resources: {}\n", encoding="utf-8")
    (top / "staged.yaml").write_text(TEMPLATE, encoding="utf-8")
    _git(top, "add", "staged.yaml")
    before = (_git(top, "status", "--porcelain"), _git(top, "for-each-ref"), _git(top, "stash", "list"))
    assert _functions("HEAD", ".") == ["${Fn}"]
    assert (_git(top, "status", "--porcelain"), _git(top, "for-each-ref"), _git(top, "stash", "list")) == before


def test_places_are_relative_to_where_one_is(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a folder of the repository, a path and its places mean the same as for the work tree."""
    monkeypatch.chdir(top / "app")
    repository = _repository()
    inventory = load_revision(repository.commit("HEAD"), ("template.yaml",), LoadOptions(), repository)
    assert [function.source.file for function in inventory.of(Function)] == ["template.yaml"]
    assert not inventory.errors


def test_a_path_that_was_not_there_is_empty(top: Path) -> None:
    """A first version is compared with nothing."""
    (top / "new.yaml").write_text(TEMPLATE, encoding="utf-8")
    assert _functions("HEAD", "new.yaml") == []
    assert _functions("HEAD", str(top / "app" / "template.yaml")) == ["${Fn}"]


def test_a_parameter_only_the_new_version_has_is_no_error_in_the_old_one(top: Path) -> None:
    """Values are for both versions, and one of them may not have the parameter."""
    assert _functions("HEAD", ".", options=LoadOptions(parameters={"Table": "users"})) == ["${Fn}"]


@pytest.mark.parametrize("revision", ["nowhere", "--output=x", "", "HEAD:app", "HEAD^{tree}", "-"])
def test_what_is_no_commit_is_an_error(top: Path, revision: str) -> None:
    """A revision that git does not know, or that would be an option, never gets further."""
    with pytest.raises(ConfigError):
        _repository().commit(revision)
    assert not is_revision(revision)


def test_an_unknown_revision_says_how_to_fetch_it(top: Path) -> None:
    """In CI the base is mostly missing because the checkout is shallow."""
    with pytest.raises(ConfigError, match="origin/main") as raised:
        _repository().commit("origin/main")
    assert "fetch-depth: 0" in (raised.value.hint or "")


def test_a_path_outside_the_repository_is_refused(top: Path) -> None:
    """Git has no older version of what lies elsewhere."""
    with pytest.raises(ConfigError, match="outside the repository"):
        _functions("HEAD", "../elsewhere.yaml")


def test_links_that_leave_the_repository_are_not_followed(top: Path, tmp_path: Path) -> None:
    """A link to a file of the machine is left out; one inside the repository works."""
    (tmp_path / "secret.yaml").write_text(TEMPLATE.replace("Fn", "Secret"), encoding="utf-8")
    (top / "out.yaml").symlink_to(tmp_path / "secret.yaml")
    (top / "up.yaml").symlink_to("../secret.yaml")
    (top / "in.yaml").symlink_to("app/template.yaml")
    _git(top, "add", "-A")
    _git(top, "commit", "-q", "-m", "links")
    assert _functions("HEAD", "out.yaml", "up.yaml") == []
    assert _functions("HEAD", "in.yaml") == ["${Fn}"]


def test_the_base_is_where_the_branch_left_it(top: Path) -> None:
    """What was merged into the base meanwhile is no part of the change."""
    start = _git(top, "rev-parse", "HEAD").strip()
    _git(top, "checkout", "-q", "-b", "feature")
    _git(top, "commit", "-q", "--allow-empty", "-m", "mine")
    _git(top, "checkout", "-q", "main")
    _git(top, "commit", "-q", "--allow-empty", "-m", "theirs")
    _git(top, "checkout", "-q", "feature")
    assert _repository().common_ancestor("main") == (start, True)
    _git(top, "checkout", "-q", "--orphan", "other")
    _git(top, "commit", "-q", "--allow-empty", "-m", "no past")
    commit, found = _repository().common_ancestor("main")
    assert (commit, found) == (_git(top, "rev-parse", "main").strip(), False)


def test_outside_a_repository_there_is_none(tmp_path: Path) -> None:
    """Whoever uses no git can still compare two paths."""
    assert find_repository(tmp_path) is None


def test_no_filter_of_the_repository_runs(top: Path) -> None:
    """A repository cannot make git run a program of its choice."""
    mark = top / "ran"
    _git(top, "config", "filter.evil.smudge", f"touch {mark}; cat")
    _git(top, "config", "core.fsmonitor", f"touch {mark}")
    (top / ".gitattributes").write_text("*.yaml filter=evil\n", encoding="utf-8")
    _git(top, "-c", "core.fsmonitor=false", "add", "-A")
    _git(top, "-c", "core.fsmonitor=false", "commit", "-q", "-m", "filter")
    mark.unlink(missing_ok=True)
    assert _functions("HEAD", ".") == ["${Fn}"]
    assert not mark.exists()


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache folder of the test's own."""
    monkeypatch.delenv("PERMSCOPE_NO_CACHE", raising=False)
    monkeypatch.setenv("PERMSCOPE_CACHE_DIR", str(tmp_path / "kept"))
    cache._folder.cache_clear()
    yield tmp_path / "kept"
    cache._folder.cache_clear()


def _all_of(revision: str, options: LoadOptions | None = None) -> Inventory:
    repository = _repository()
    return load_revision(repository.commit(revision), (), options or LoadOptions(), repository)


def _no_copy(_listing: Listing, _top: Path) -> None:
    raise AssertionError("the old version is copied")


def test_a_version_that_was_read_before_is_not_copied_again(
    top: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept of its templates says all of it, also at a later commit that touches no template."""
    (top / "app" / "broken.yaml").write_text("Resources: {A: {Type: AWS::Lambda::Function, Properties: 1}}\n")
    _git(top, "add", "-A")
    _git(top, "commit", "-q", "-m", "two")
    first = _all_of("HEAD")
    (top / "main.go").write_text("package main\n", encoding="utf-8")
    _git(top, "add", "-A")
    _git(top, "commit", "-q", "-m", "three")
    assert kept.is_dir()
    monkeypatch.setattr(Listing, "copy_to", _no_copy)
    again = _all_of("HEAD")
    assert again.facts == first.facts
    assert again.files == first.files == ("app/broken.yaml", "app/template.yaml")
    assert list(map(str, again.errors)) == list(map(str, first.errors))
    assert again.key == first.key


@pytest.mark.parametrize("options", [LoadOptions(parameters={"Stage": "p"}), LoadOptions(account="111122223333")])
def test_a_version_is_kept_for_what_it_was_read_with(
    top: Path, kept: Path, monkeypatch: pytest.MonkeyPatch, options: LoadOptions
) -> None:
    """The same commit with other parameters, or in another account, is read anew."""
    assert (top.is_dir(), kept.exists()) == (True, False)
    _all_of("HEAD")
    monkeypatch.setattr(Listing, "copy_to", _no_copy)
    with pytest.raises(AssertionError, match="is copied"):
        _all_of("HEAD", options)


def test_a_version_is_read_anew_where_its_templates_were_read_otherwise_since(top: Path, kept: Path) -> None:
    """What a template says depends on what others export, and the last reading of it is kept."""
    exporting = "Resources: {{Topic: {{Type: AWS::SNS::Topic, Properties: {{TopicName: {}}}}}}}\n"
    exporting += "Outputs: {{Out: {{Value: !Ref Topic, Export: {{Name: topic}}}}}}\n"
    importing = (
        "Resources: {Queue: {Type: AWS::SNS::Subscription, Properties: {Protocol: sqs, Endpoint: !ImportValue topic"
    )
    importing += ", TopicArn: !ImportValue topic}}}\n"
    (top / "exporting.yaml").write_text(exporting.format("one"), encoding="utf-8")
    (top / "importing.yaml").write_text(importing, encoding="utf-8")
    _git(top, "add", "-A")
    _git(top, "commit", "-q", "-m", "one")
    first = _all_of("HEAD")
    (top / "exporting.yaml").write_text(exporting.format("two"), encoding="utf-8")
    _git(top, "commit", "-q", "-a", "-m", "two")
    assert kept.is_dir()
    assert _all_of("HEAD").facts != first.facts
    assert _all_of("HEAD~1").facts == first.facts


def test_a_version_is_read_anew_where_something_kept_of_it_is_gone(top: Path, kept: Path) -> None:
    """The cache may lose any entry at any time."""
    assert top.is_dir()
    first = _all_of("HEAD")
    for entry in kept.glob("facts-*"):
        entry.unlink()
    assert _all_of("HEAD").facts == first.facts


def test_names_of_two_templates_are_told_apart_from_what_is_kept_too(
    top: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And such facts are known by a key, which says where the templates are."""
    text = TEMPLATE.replace("{Runtime", "{FunctionName: one, Runtime")
    (top / "app" / "template.yaml").write_text(text, encoding="utf-8")
    (top / "other.yaml").write_text(text, encoding="utf-8")
    _git(top, "add", "-A")
    _git(top, "commit", "-q", "-m", "two")
    first = _all_of("HEAD")
    assert kept.is_dir()
    assert len({function.arn for function in first.of(Function)}) == 2
    assert first.key is not None
    with monkeypatch.context() as patch:
        patch.setattr(Listing, "copy_to", _no_copy)
        again = _all_of("HEAD")
    assert (again.facts, again.key) == (first.facts, first.key)
    (top / "other.yaml").rename(top / "app" / "other.yaml")
    _git(top, "add", "-A")
    _git(top, "commit", "-q", "-m", "three")
    moved = _all_of("HEAD").key
    assert moved is not None
    assert moved.name != first.key.name
