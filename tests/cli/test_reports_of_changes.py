"""`diff` and `gate` in every format: golden, and harmless and well-formed whatever the templates say."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from permscope.cli import gate
from permscope.cli.diff import FORMATS
from permscope.collect import git
from permscope.errors import ConfigError

ROOT = Path(__file__).parents[2]
PATCHES = ROOT / "fixtures" / "pull-requests"
SCHEMA = ROOT / "fixtures" / "schemas" / "sarif-2.1.0.json"
CONFIG = """\
gate: {forbid: [new-public-entry], review: [new-exposure-path], fail_on: high}
ignore:
  - {rule: new-access, resource: DbSecret, reason: "the report needs it"}
contracts:
  - {name: no way to the secret, never: {from: public, reaches: DbSecret}}
  - {name: only PutUser writes Users, only: PutUserFunction, can: "dynamodb:PutItem", on: UsersTable}
"""
# What YAML and CloudFormation let a name be, and what each format must not be moved by.
EVIL = r"""\e[31m\u202e</script><img src=x>`x`|[a](http://b)@team %0A::error::=1+1 ```\n{0} "q" 'a' & é"""
HOSTILE = f"""\
Parameters: {{"{EVIL.replace('"', "")}": {{Type: String}}}}
Resources:
  "{EVIL.replace('"', "")}":
    Type: AWS::Lambda::Function
    Properties: {{Runtime: python3.13, Handler: a.b, Role: !GetAtt R.Arn, Code: {{ZipFile: x}}}}
  R:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{{Effect: Allow, Principal: {{Service: lambda.amazonaws.com}}, Action: sts:AssumeRole}}]
      Policies:
        - PolicyName: p
          PolicyDocument:
            Statement:
              - {{Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::{EVIL.replace('"', "")}/*"}}
              - {{Effect: Allow, Action: "s3:PutObject", Resource: !Ref "{EVIL.replace('"', "")}"}}
  P:
    Type: AWS::Lambda::Permission
    Properties: {{Action: lambda:InvokeFunction, FunctionName: !Ref "{EVIL.replace('"', "")}", Principal: "*"}}
"""
RULE = "sam-event-open"
SUFFIXES = {"text": "txt", "json": "json", "markdown": "md", "junit": "xml", "github": "github.txt"}
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]")


@pytest.fixture
def changed(checkout: Any) -> Any:
    """A pull request with a bit of everything, and a configuration that was there."""
    checkout.write({"permscope.yaml": CONFIG})
    checkout.commit("the configuration")
    checkout.git("branch", "-f", "main")
    for name in ("a-route-loses-its-authorizer", "a-second-function-shares-a-role", "a-partner-may-invoke"):
        checkout.git("apply", str(PATCHES / f"{name}.patch"))
    checkout.edit("reports.yaml", ("Resources:\n", "Parameters: {Extra: {Type: String}}\nResources:\n"))
    checkout.edit("reports.yaml", ("Action: sqs:SendMessage", "Action: [sqs:SendMessage, !Ref Extra]"))
    return checkout


@pytest.fixture
def hostile(checkout: Any) -> Any:
    """A pull request by somebody who wants the report to do something else."""
    checkout.write({"evil%0A,:dir/`<b>` [x](y).yaml": HOSTILE})
    return checkout


@pytest.fixture
def _one_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """The findings of one rule, so that these reports stay what they are when other rules find more."""
    of_rules = gate._of_rules
    monkeypatch.setattr(gate, "_of_rules", lambda all_: tuple(each for each in of_rules(all_) if each.rule == RULE))


@pytest.mark.usefixtures("_one_rule")
@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("command", ["diff", "gate"])
def test_a_report_is_what_its_golden_file_shows(
    command: str, format_: str, changed: Any, run: Callable[..., Any], golden: Callable[[str, str], None]
) -> None:
    """Every word that a reviewer reads is decided."""
    text = run(command, "--base", "main", "--format", format_).stdout.replace("\r\n", "\n")
    golden(f"changes/{command}.{SUFFIXES.get(format_, format_)}", text)


@pytest.mark.usefixtures("_one_rule")
@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("command", ["diff", "gate"])
def test_a_terminal_shows_what_its_golden_file_shows(
    command: str, width: int, changed: Any, run: Callable[..., Any], golden: Callable[[str, str], None]
) -> None:
    """Folded where words end, and wide terminals are used."""
    text = run(command, "--base", "main", "--width", str(width)).stdout.replace("\r\n", "\n")
    assert all(line == line.rstrip() and len(line) <= width for line in text.splitlines())
    golden(f"changes/{command}-{width}.txt", text)


@pytest.mark.parametrize("format_", FORMATS)
def test_no_name_of_a_template_takes_effect(format_: str, hostile: Any, run: Callable[..., Any]) -> None:
    """Nothing moves the cursor, reorders text, starts a command or a formula, or breaks the format."""
    result = run("gate", "--base", "main", "--format", format_)
    assert result.exit_code == 1
    text = result.stdout
    assert not CONTROL.search(text.replace("\r\n", "\n"))
    match format_:
        case "json" | "gitlab":
            json.loads(text)
        case "sarif":
            _validate(text)
        case "junit":
            _check_junit(text)
        case "github":
            assert all(re.match(r"::(error|warning|notice) |permscope gate: ", line) for line in text.splitlines())
        case "csv":
            cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
            assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
        case "markdown":
            assert "<img" not in re.sub(r"`[^`\n]*`", "", text)
            assert text.count("```") % 2 == 0
            for picture in re.findall(r"(?s)```mermaid\n(.*?)```", text):
                assert not re.search(r'["<>|`]', re.sub(r'\["[^"]*"\]|\|"[^"]*"\|', "", picture).replace("-->", ""))


def _validate(text: str) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    errors = [error.message for error in Draft202012Validator(schema).iter_errors(json.loads(text))]
    assert errors == []


@pytest.mark.parametrize("command", [("diff", "--base", "main"), ("gate", "--base", "main"), ("audit", "app.yaml")])
def test_sarif_is_valid(command: tuple[str, ...], changed: Any, run: Callable[..., Any]) -> None:
    """Against the schema of the standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/."""
    _validate(run(*command, "--format", "sarif").stdout)


def test_sarif_is_valid_when_there_is_nothing_and_when_something_is_broken(
    checkout: Any, run: Callable[..., Any]
) -> None:
    """No result, and an input that cannot be read."""
    _validate(run("gate", "--base", "main", "--format", "sarif").stdout)
    checkout.write({"app.yaml": "Resources: ["})
    _validate(run("gate", "--base", "main", "--format", "sarif").stdout)


# Jenkins' schema: what each element may have, and what it must have.
_JUNIT = {
    "testsuites": ({"name", "time", "tests", "failures", "disabled", "errors"}, set()),
    "testsuite": (
        {
            *("name", "tests", "failures", "errors", "time", "disabled", "skipped", "timestamp", "hostname", "id"),
            "package",
        },
        {"name", "tests"},
    ),
    "testcase": ({"name", "assertions", "time", "classname", "status"}, {"name"}),
    "skipped": ({"message"}, set()),
    "failure": ({"type", "message"}, set()),
    "error": ({"type", "message"}, set()),
}


def _check_junit(text: str) -> None:
    for element in ET.fromstring(text).iter():  # noqa: S314 - our own text
        allowed, needed = _JUNIT[element.tag]
        assert needed <= set(element.attrib) <= allowed


def test_junit_is_what_jenkins_takes(changed: Any, run: Callable[..., Any]) -> None:
    """Its xUnit plugin refuses a report with an element or attribute that is not in its schema."""
    _check_junit(run("gate", "--base", "main", "--format", "junit").stdout)


@pytest.mark.parametrize(
    ("format_", "shown"), [("sarif", '"app.yaml"'), ("github", "file=app.yaml"), ("gitlab", '"app.yaml"')]
)
def test_a_file_is_named_from_the_root_of_the_repository(
    format_: str, shown: str, changed: Any, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Annotations are on the right file wherever permscope runs; people read paths from where they are."""
    monkeypatch.chdir(changed.top / "nested")
    for path in ("..", str(changed.top)):
        text = run("gate", "--base", "main", path, "--format", format_).stdout
        assert shown in text
        assert "../app.yaml" not in text
    assert "../app.yaml:" in run("gate", "--base", "main", "..").stdout


def test_a_comment_keeps_its_verdict_and_the_command_however_long_it_is(checkout: Any, run: Callable[..., Any]) -> None:
    """GitHub takes 65,536 characters; what is cut is in the middle."""
    names = "".join(
        f"  F{at}:\n    Type: AWS::Lambda::Permission\n    Properties:\n      Action: lambda:InvokeFunction\n"
        f"      FunctionName: {'<b>|`@x' * 40}{at}\n      Principal: '*'\n"
        for at in range(300)
    )
    checkout.write({"many.yaml": f"Resources:\n{names}"})
    text = run("gate", "--base", "main", "--format", "markdown").stdout
    assert len(text) < 65_536
    assert text.startswith("<!-- permscope -->\n\n### permscope: ")
    assert text.rstrip().endswith("Reproduce: `permscope gate --base main`")
    assert re.search(r"and \d+ more", text)


@pytest.mark.parametrize("format_", ["sarif", "github", "gitlab"])
def test_an_audit_needs_no_git(
    format_: str, changed: Any, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container git may not trust whoever owns the folder, or may not be there."""

    def distrusted() -> None:
        raise ConfigError("git failed: detected dubious ownership")

    monkeypatch.setattr(git, "find_repository", distrusted)
    result = run("audit", "app.yaml", "--format", format_)
    assert (result.exit_code, "app.yaml" in result.stdout) == (1, True)
