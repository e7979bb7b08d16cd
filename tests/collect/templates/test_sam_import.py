"""The translator is imported without what most templates do not need, and says the same as with it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

API = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::GraphQLApi
    Properties:
      SchemaInline: "type Query { a: String }"
      Auth: {Type: API_KEY%s}
      DataSources: {DynamoDb: {Data: {TableName: !Ref Table, TableArn: !GetAtt Table.Arn}}}
  Table: {Type: AWS::Serverless::SimpleTable}
  Link:
    Type: AWS::Serverless::Connector
    Properties: {Source: {Id: Work}, Destination: {Id: Table}, Permissions: [Read]}
  Work:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: a.b
      InlineCode: x
      Policies: [{DynamoDBReadPolicy: {TableName: !Ref Table}}]
      CapacityProviderConfig: {Arn: "arn:aws:lambda:eu-west-1:111122223333:capacity-provider:c"%s}
"""


def run(code: str, *arguments: str) -> str:
    """What a Python of its own prints."""
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout


def audit(path: Path, before: str = "pass") -> Any:
    """The audit of a template as JSON, by a process of its own; incomplete or not."""
    code = (
        f"import sys; {before}; from click.testing import CliRunner; from permscope.cli import permscope;"
        "print(CliRunner().invoke(permscope, ['audit', sys.argv[1], '--format', 'json']).stdout)"
    )
    return json.loads(run(code, str(path)))


def test_a_plain_function_needs_neither_models_nor_checks(tmp_path: Path) -> None:
    """They are two thirds of the import time."""
    (tmp_path / "t.yaml").write_text(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  F: {Type: AWS::Serverless::Function,"
        " Properties: {Runtime: python3.12, Handler: a.b, InlineCode: x, Policies: [{S3ReadPolicy: {BucketName: b}}]"
        "}}\n",
        encoding="utf-8",
    )
    code = (
        "import sys; from permscope.collect.load import load; found = load([sys.argv[1]]);"
        "assert found.functions and not found.errors;"
        "print([name for name in sys.modules if name.partition('.')[0] in ('pydantic', 'jsonschema', 'boto3')])"
    )
    assert run(code, str(tmp_path / "t.yaml")) == "[]\n"


def test_who_needs_what_was_left_out_gets_the_real_one() -> None:
    """The stand-ins are gone when the translator is there."""
    run(
        "from permscope.collect.templates.sam_import import import_translator; import_translator();"
        "import boto3, jsonschema, samtranslator.compat;"
        "from samtranslator.internal.schema_source import aws_serverless_function as model;"
        "assert boto3.session.Session is boto3.Session and jsonschema.Draft7Validator;"
        "assert issubclass(model.Properties, samtranslator.compat.pydantic.BaseModel)"
    )


@pytest.mark.parametrize(
    ("auth", "capacity"), [("", ""), (", Additional: 7", ""), ("", ", PerExecutionEnvironmentMaxConcurrency: {a: b}")]
)
def test_templates_that_need_models_are_read_as_with_all_of_them(tmp_path: Path, auth: str, capacity: str) -> None:
    """A GraphQL API, a connector, a capacity provider: right and wrong ones."""
    (tmp_path / "t.yaml").write_text(API % (auth, capacity), encoding="utf-8")
    plain = "import samtranslator.translator.translator"
    assert audit(tmp_path / "t.yaml") == audit(tmp_path / "t.yaml", plain)


def test_a_translator_that_cannot_do_with_stand_ins_is_imported_with_everything() -> None:
    """Another version may build upon a model while it is imported."""
    run(
        "import sys; from permscope.collect.templates import sam_import;"
        "sam_import._Late.__getattr__ = lambda self, name: 1 / 0;"
        "sam_import.import_translator(); from samtranslator.model import pydantic;"
        "assert pydantic.BaseModel and 'pydantic' in sys.modules"
    )


def test_a_version_that_was_not_tried_brings_all_it_needs() -> None:
    """It may use a model in a way that shows only when a template is read."""
    run(
        "import sys, samtranslator; samtranslator.__version__ = '1.999.0';"
        "from permscope.collect.templates.sam_import import import_translator; import_translator();"
        "assert 'pydantic' in sys.modules and 'jsonschema' in sys.modules and 'botocore' not in sys.modules"
    )
