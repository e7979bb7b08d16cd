"""What is compared with what: the work tree and git in every state that a checkout can be in."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from permscope.errors import ConfigError, PermscopeError

PATCHES = Path(__file__).parents[2] / "fixtures" / "pull-requests"
OPEN = """\
Resources:
  F:
    Type: AWS::Lambda::Function
    Properties: {Runtime: python3.13, Handler: a.b, Role: !GetAtt R.Arn, Code: {ZipFile: x}}
  R:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {Statement: []}}
  P:
    Type: AWS::Lambda::Permission
    Properties: {Action: lambda:InvokeFunction, FunctionName: !Ref F, Principal: "*"}
"""
Run = Callable[..., Any]
RunJson = Callable[..., dict[str, Any]]


def _kinds(found: dict[str, Any]) -> set[str]:
    return {each["kind"] for each in found["changes"] if each["kind"] != "access-removed"}


def test_a_dirty_work_tree_is_the_new_version_and_stays_as_it_is(checkout: Any, run_json: RunJson) -> None:
    """Edited, staged and untracked files count, and none of them is touched."""
    checkout.git("apply", str(PATCHES / "a-route-loses-its-authorizer.patch"))
    checkout.write({"new.yaml": OPEN})
    checkout.git("add", "app.yaml")
    before = (checkout.git("status", "--porcelain"), checkout.git("for-each-ref"), checkout.git("stash", "list"))
    found = run_json("gate", "--base", "main")
    assert {each["target"] for each in found["changes"] if each["kind"] == "new-public-entry"} == {
        "PUT /users/{id}",
        "F",
    }
    after = (checkout.git("status", "--porcelain"), checkout.git("for-each-ref"), checkout.git("stash", "list"))
    assert after == before


@pytest.mark.parametrize("path", ["..", "../app.yaml", "../*.yaml"])
def test_paths_count_from_where_one_is(
    path: str, checkout: Any, run_json: RunJson, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a folder below the root, with paths that lead out of it."""
    checkout.git("apply", str(PATCHES / "a-public-function-url-is-added.patch"))
    monkeypatch.chdir(checkout.top / "nested")
    found = run_json("gate", "--base", "main", path)
    assert _kinds(found) == {"new-public-entry", "new-exposure-path"}
    assert found["changes"][0]["file"] == "../app.yaml"
    assert _kinds(run_json("gate", "--base", "main")) == set()


def test_an_absolute_path_is_the_same_path(checkout: Any, run_json: RunJson) -> None:
    """Whichever way a tool hands it over."""
    checkout.git("apply", str(PATCHES / "a-public-function-url-is-added.patch"))
    assert "new-public-entry" in _kinds(run_json("gate", "--base", "main", str(checkout.top / "app.yaml")))


def test_a_template_that_is_gone_is_no_error(checkout: Any, run_json: RunJson, run: Run) -> None:
    """Neither as a path of its own nor as the last of its folder; what never was there is."""
    checkout.git("rm", "-q", "reports.yaml", "nested/store.yaml")
    assert run_json("gate", "--base", "main", "reports.yaml", "app.yaml")["verdict"] == "pass"
    assert run_json("gate", "--base", "main", "reports.yaml")["verdict"] == "pass"
    (checkout.top / "nested").mkdir(exist_ok=True)
    (checkout.top / "nested" / "read.me").touch()
    found = run_json("diff", "--base", "main", "nested", "app.yaml")
    assert {(each["kind"], each["target"]) for each in found["changes"]} == {
        ("access-removed", "Archive"),
        ("access-removed", "every resource (*)"),
    }
    assert isinstance(run("gate", "--base", "main", "nowhere.yaml").exception, PermscopeError)


@pytest.mark.parametrize("name", ["mein ordner/über.yaml", "a'b\"c$(x).yaml", "-q.yaml", "new\nline.yaml"])
def test_a_file_may_have_any_name(name: str, checkout: Any, run_json: RunJson) -> None:
    """Old and new version find each other under names that a shell or git would quote."""
    if sys.platform == "win32":
        pytest.skip("Windows does not have such names")
    checkout.write({name: OPEN})
    checkout.commit()
    assert _kinds(run_json("gate", "--base", "HEAD")) == set()
    assert _kinds(run_json("gate", "--base", "main")) >= {"new-public-entry"}


def test_an_unset_variable_is_no_base(checkout: Any, run: Run) -> None:
    """`--base "$BASE"` without a BASE must not compare the work tree with itself and pass."""
    error = run("gate", "--base", "").exception
    assert isinstance(error, ConfigError)
    assert "empty" in error.message


def test_before_the_first_commit_everything_is_new(
    tmp_path: Path, checkout: Any, run_json: RunJson, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hook on the first commit has nothing to compare with."""
    shutil.rmtree(checkout.top / ".git")
    checkout.git("init", "-q")
    found = run_json("gate", "--base", "HEAD", "--fail-on", "never")
    assert _kinds(found) >= {"new-public-entry", "new-access"}
    assert "nothing is committed yet" in run("gate", "--base", "HEAD").stderr
    error = run("gate", "--base", "main").exception
    assert isinstance(error, ConfigError)
    assert "nothing is committed yet" in error.message


def test_what_is_no_commit_says_so(checkout: Any, run: Run) -> None:
    """To fetch more does not help against a file."""
    error = run("gate", "--base", "HEAD:app.yaml").exception
    assert isinstance(error, ConfigError)
    assert "no commit" in error.message


def test_a_shallow_clone_says_what_it_lacks(
    checkout: Any, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the commit that the branch started from the tip of the base is taken, and that is said."""
    checkout.commit("more")
    clone = tmp_path / "clone"
    checkout.git("clone", "-q", "--depth", "1", "--no-single-branch", f"file://{checkout.top}", str(clone))
    monkeypatch.chdir(clone)
    result = run("gate", "--base", "origin/main")
    assert (result.exit_code, "the clone is shallow" in result.stderr) == (0, True)
    missing = run("gate", "--base", "HEAD~1").exception
    assert isinstance(missing, ConfigError)
    assert "fetch-depth: 0" in (missing.hint or "")


def test_a_submodule_has_an_older_version_too(checkout: Any, run_json: RunJson, run: Run, tmp_path: Path) -> None:
    """What the base has there is read from the submodule; where it cannot be, that is said."""
    library = tmp_path / "library"
    library.mkdir()
    inner = type(checkout)(library)
    inner.git("init", "-q")
    inner.write({"open.yaml": OPEN.replace('"*"', '"999988887777"')})
    inner.commit()
    checkout.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "lib")
    checkout.commit("with a submodule")
    assert _kinds(run_json("gate", "--base", "HEAD")) == set()
    assert _kinds(run_json("gate", "--base", "main")) >= {"new-external-principal"}
    (checkout.top / "lib" / "open.yaml").write_text(OPEN, encoding="utf-8")
    assert _kinds(run_json("gate", "--base", "HEAD")) == {"new-public-entry"}
    shutil.rmtree(checkout.top / ".git" / "modules")
    (checkout.top / "lib" / ".git").unlink()
    assert "the submodule `lib` is not here" in run("gate", "--base", "HEAD").stderr


def test_what_git_ignores_is_no_change(checkout: Any, run_json: RunJson, run: Run) -> None:
    """Build output has no older version; named, or alone, it is an error rather than a pass or an alarm."""
    checkout.write({".gitignore": "out/\n/local.yaml\n", "out/stack.yaml": OPEN, "local.yaml": OPEN})
    checkout.commit()
    assert _kinds(run_json("gate", "--base", "HEAD")) == set()
    assert _kinds(run_json("gate", "--base", "main")) == set()
    for path in ("out", "out/stack.yaml", "local.yaml"):
        error = run("gate", "--base", "main", path).exception
        assert isinstance(error, ConfigError)
        assert "git ignores" in error.message
    checkout.git("rm", "-q", "app.yaml", "reports.yaml", "nested/store.yaml")
    checkout.commit()
    error = run("gate", "--base", "HEAD").exception
    assert isinstance(error, ConfigError)
    assert "git ignores every template" in error.message


def test_a_work_tree_of_its_own_and_a_foreign_setting_do_not_matter(
    checkout: Any, run_json: RunJson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`git worktree` has a file as `.git`; a hook sets `GIT_DIR` and `GIT_INDEX_FILE`."""
    checkout.git("worktree", "add", "-q", str(tmp_path / "second"), "main")
    monkeypatch.chdir(tmp_path / "second")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    Path("new.yaml").write_text(OPEN, encoding="utf-8")
    assert _kinds(run_json("gate", "--base", "pull-request")) >= {"new-public-entry"}


def test_a_bare_repository_has_no_new_version(
    checkout: Any, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so in one sentence."""
    checkout.git("clone", "-q", "--bare", str(checkout.top), str(tmp_path / "bare.git"))
    monkeypatch.chdir(tmp_path / "bare.git")
    error = run("gate", "--base", "main").exception
    assert isinstance(error, ConfigError)
    assert "no work tree" in error.message


def test_a_change_of_the_configuration_is_to_be_looked_at(checkout: Any, run_json: RunJson) -> None:
    """Who loosens the gate in the same change does not pass unseen; one that lies elsewhere is not the change's."""
    checkout.write({"permscope.yaml": "fail_on: high\n"})
    assert run_json("gate", "--base", "HEAD")["verdict"] == "review"
    checkout.commit()
    assert run_json("gate", "--base", "HEAD")["verdict"] == "pass"
    checkout.write({"permscope.yaml": "fail_on: never\n"})
    found = run_json("gate", "--base", "HEAD")
    assert found["verdict"] == "review"
    assert found["notes"] == ["the configuration changed too, and the gate goes by the new one"]
    checkout.git("checkout", "-q", "permscope.yaml")
    elsewhere = checkout.top.parent / "elsewhere.yaml"
    elsewhere.write_text("fail_on: never\n", encoding="utf-8")
    assert run_json("gate", "--base", "HEAD", "--config", str(elsewhere))["verdict"] == "pass"


def _estate(folder: Path, *places: str) -> None:
    """A snapshot of what the pull request's function would be in some places (`ACCOUNT/REGION`)."""
    from permscope.collect.load import LoadOptions, load
    from permscope.collect.snapshot import write_snapshot

    (folder / "deployed.yaml").write_text(DEPLOYED, encoding="utf-8")
    facts = []
    for place in places:
        account, _, region = place.partition("/")
        facts.extend(load([str(folder / "deployed.yaml")], LoadOptions(account=account, region=region)).facts)
    write_snapshot(folder / "estate.json", facts)


DEPLOYED = """\
Resources:
  F:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: f, Runtime: python3.13, Handler: a.b, Role: !GetAtt R.Arn, Code: {ZipFile: x}}
  R:
    Type: AWS::IAM::Role
    Properties:
      RoleName: f
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
      Policies:
        - PolicyName: own
          PolicyDocument:
            Statement: {Effect: Allow, Action: "sqs:SendMessage", Resource: !Sub "arn:aws:sqs:*:${AWS::AccountId}:q"}
  P:
    Type: AWS::Lambda::Permission
    Properties: {Action: lambda:InvokeFunction, FunctionName: !Ref F, Principal: !Ref AWS::AccountId}
"""


def test_a_template_is_read_as_being_where_the_snapshot_is(
    tmp_path: Path, run_json: RunJson, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has to name the account and Region of a snapshot that has only one of each, whichever side it is on."""
    monkeypatch.chdir(tmp_path)
    _estate(tmp_path, "111111111111/eu-west-1")
    for sides in (("estate.json", "deployed.yaml"), ("deployed.yaml", "estate.json")):
        assert run_json("diff", *sides)["changes"] == []
        assert run_json("gate", "--old", *sides)["verdict"] == "pass"
    assert run_json("diff", "estate.json", "deployed.yaml@222222222222")["changes"] != []
    assert run_json("diff", "estate.json", "deployed.yaml", "--account", "222222222222")["changes"] != []


def test_a_snapshot_of_several_places_leaves_open_where_a_template_is(
    tmp_path: Path, run: Run, run_json: RunJson, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said what to give; a function that is in one place only now is one that is gone in the other."""
    monkeypatch.chdir(tmp_path)
    _estate(tmp_path, "111111111111/eu-west-1", "111111111111/eu-west-2")
    assert "give `--region`" in run("diff", "estate.json", "deployed.yaml").stderr
    assert "give `--" not in run("diff", "estate.json", "deployed.yaml", "--region", "eu-west-2").stderr
    found = run_json("diff", "estate.json", "deployed.yaml", "--region", "eu-west-2")["changes"]
    assert {each["kind"] for each in found} <= {"access-removed"}
    _estate(tmp_path, "111111111111/eu-west-1", "222222222222/eu-west-1")
    assert "give `--account` and `--region`" in run("diff", "estate.json", "deployed.yaml").stderr


def test_a_template_from_standard_input_is_compared_with_a_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read once, after the snapshot that tells where it is."""
    from click.testing import CliRunner

    from permscope.cli import permscope

    monkeypatch.chdir(tmp_path)
    _estate(tmp_path, "111111111111/eu-west-1")
    for sides in (("estate.json", "-"), ("-", "estate.json")):
        found = CliRunner().invoke(permscope, ["diff", *sides], input=DEPLOYED)
        assert "nothing new can happen" in found.stdout, found.stderr


def test_a_deployment_takes_nothing_away_from_what_others_made(
    tmp_path: Path, run: Run, run_json: RunJson, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only the snapshot has stays; what the template has and no longer lets happen is gone."""
    from permscope.collect.load import LoadOptions, load
    from permscope.collect.snapshot import write_snapshot

    monkeypatch.chdir(tmp_path)
    both = DEPLOYED.replace("\n  F:", "\n  G:").replace("\n  R:", "\n  S:").replace("!Ref F", "!Ref G")
    both = both.replace("R.Arn", "S.Arn").replace("Name: f", "Name: g").replace("P:", "Q:")
    (tmp_path / "deployed.yaml").write_text(DEPLOYED + both.partition("Resources:\n")[2], encoding="utf-8")
    options = LoadOptions(account="111111111111", region="eu-west-1")
    write_snapshot(tmp_path / "estate.json", load(["deployed.yaml"], options).facts)
    (tmp_path / "one.yaml").write_text(DEPLOYED.partition("\n  P:")[0] + "\n", encoding="utf-8")
    found = run_json("diff", "estate.json", "one.yaml")["changes"]
    assert {(each["kind"], each["target"]) for each in found} == {("access-removed", "F")}
    assert "what only `estate.json` has is left out" in run("diff", "estate.json", "one.yaml").stderr
    (tmp_path / "before.yaml").write_text((tmp_path / "deployed.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    gone = run_json("diff", "before.yaml", "one.yaml")["changes"]
    assert {each["target"] for each in gone if each["kind"] == "access-removed"} > {"F"}
