"""Escalation paths as files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from permscope.errors import RuleError
from permscope.graph.takeover.escalation import builtin_folder, load_paths, parse_path, path_files

GOOD = """\
id: x-001
title: A way
category: existing-work
gains: role-of-thing
types: ["AWS::Lambda::Function"]
needs:
  - {action: "lambda:UpdateFunctionCode", on: thing}
why: Because.
references: [https://example.com]
"""
# Ids of pathfinding.cloud (https://pathfinding.cloud) by service, with how many there are.
PATHFINDING = {
    "apprunner": 2, "batch": 3, "bedrock": 7, "braket": 1, "cloudformation": 5, "codebuild": 4, "codedeploy": 1,
    "cognitoidentity": 1, "datapipeline": 1, "ec2": 5, "ecs": 9, "emr": 1, "emrserverless": 1, "gamelift": 1, "glue": 7,
    "iam": 21, "imagebuilder": 1, "kinesisanalytics": 1, "lambda": 6, "omics": 1, "sagemaker": 5, "ssm": 3, "sts": 1,
}  # fmt: skip


def test_every_file_is_a_path() -> None:
    """Files are read when they are needed, so this is where a mistake in one shows."""
    paths = load_paths()
    assert [path.id for path in paths] == [Path(file.file).stem for file in path_files()]
    assert all(path.references and path.why and path.title for path in paths)


def test_every_path_of_the_library_is_there() -> None:
    """By number, of each service; one that needs more than another is a name of it."""
    ids = {name for path in load_paths() for name in (path.id, *path.aliases)}
    missing = [
        f"{service}-{number:03}"
        for service, count in PATHFINDING.items()
        for number in range(1, count + 1)
        if f"{service}-{number:03}" not in ids
    ]
    assert missing == []


def test_actions_are_known_before_a_file_is_parsed() -> None:
    """What is found in the text is what the path needs."""
    assert [file.path.id for file in path_files() if set(file.actions) != set(file.path.actions)] == []


def test_the_wheel_ships_them() -> None:
    """`rules/` is force-included as a whole."""
    assert builtin_folder().is_dir()
    project = Path(__file__).parents[3] / "pyproject.toml"
    assert 'rules = "permscope/rules"' in project.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("lambda:UpdateFunctionCode", "lambda:UpdateFunctionCod", 7, "is no IAM action"),
        ("on: thing", "on: think", 7, "no `on` `think`"),
        ("category: existing-work", "category: existing", 3, "no category `existing`"),
        ("gains: role-of-thing", "gains: role", 4, "no gains `role`"),
        ("AWS::Lambda::Function", "AWS::Lambda::Funktion", 5, "is no CloudFormation type"),
        ("why: Because.\n", "", 1, "needs `why`"),
        ("title: A way", "titel: A way\ntitle: x", 2, "no element `titel`"),
        ("id: x-001", "id: x-002", 1, "stands in `x-001.yaml`"),
        ('types: ["AWS::Lambda::Function"]\n', "", 4, "needs `types`"),
        ("why: Because.", "why: Because.\nservice: lambda", 9, "is no service principal"),
        ("why: Because.", "why: Because.\nlater: maybe", 9, "must be `true` or `false`"),
        ("  - {action", "  - {actions", 7, "has `action` and `on`"),
    ],
)
def test_a_mistake_is_an_error_with_its_line(old: str, new: str, line: int, message: str) -> None:
    """A misspelt action would make a path that never fires."""
    assert old in GOOD
    with pytest.raises(RuleError, match=re.escape(message)) as error:
        parse_path(GOOD.replace(old, new, 1), "rules/x-001.yaml")
    assert error.value.source is not None
    assert error.value.source.line == line


def test_a_good_file_is_read() -> None:
    """The mistakes above are the only ones in it."""
    assert parse_path(GOOD, "rules/x-001.yaml").actions == ("lambda:UpdateFunctionCode",)
