"""SAM expansion through AWS's translator.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import pytest

from permscope.inventory.facts import (
    AnyFact,
    Function,
    ManagedPolicy,
    Resource,
    Role,
    Unknown,
)
from permscope.inventory.inventory import Collected

HEAD = "Transform: AWS::Serverless-2016-10-31\n"
FUNCTION = """
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Runtime: python3.12
      CodeUri: src/
      Policies:
        - AmazonS3ReadOnlyAccess
        - S3ReadPolicy:
            BucketName: !Ref Bucket
        - Statement:
            - Effect: Allow
              Action: sqs:*
              Resource: '*'
      Events:
        Upload:
          Type: S3
          Properties:
            Bucket: !Ref Bucket
            Events: s3:ObjectCreated:*
        Web:
          Type: Api
          Properties: {Path: /x, Method: get}
  Bucket: {Type: 'AWS::S3::Bucket'}
"""


def _of(found: Collected, kind: type[AnyFact]) -> list[AnyFact]:  # type: ignore[type-arg]
    return [fact for fact in found.facts if isinstance(fact, kind)]


@pytest.mark.parametrize(
    "properties",
    [
        "{Handler: a.b, Runtime: python3.12}",
        "{Handler: a.b, Runtime: python3.12, InlineCode: x}",
        "{Handler: a.b, Runtime: python3.12, CodeUri: {Bucket: b, Key: k}}",
        "{Handler: a.b, Runtime: python3.12, CodeUri: s3://b/k}",
        "{Handler: a.b, Runtime: python3.12, CodeUri: !Ref Open}",
        "{PackageType: Image}",
        "{PackageType: Image, ImageUri: 'fn:latest'}",
        "{PackageType: Image, ImageUri: !Sub '${AWS::AccountId}.dkr.ecr.eu-west-1.amazonaws.com/x:1'}",
        "{Handler: a.b, Runtime: python3.12, AutoPublishAlias: !Ref Open}",
        "{Handler: a.b, Runtime: python3.12, FunctionName: !Ref Open, Timeout: !Ref Open}",
        "{Handler: a.b, Runtime: python3.12, Role: !Ref Open}",
        "{Handler: a.b, Runtime: python3.12, Environment: {Variables: {D: 2012-10-17}}}",
    ],
)
def test_code_and_open_parameters_do_not_break_the_transform(
    collect: Callable[..., Collected], properties: str
) -> None:
    """What `sam build` or the deployment would fill in is no error."""
    found = collect(
        f"{HEAD}Parameters: {{Open: {{Type: String}}}}\n"
        f"Resources: {{Fn: {{Type: 'AWS::Serverless::Function', Properties: {properties}}}}}\n"
    )
    assert not found.errors
    assert len(_of(found, Function)) == 1
    assert "PermscopeParameter" not in repr(found.facts)


def test_a_value_that_the_translator_insists_on_stays_unknown(collect: Callable[..., Collected]) -> None:
    """The alias named by an open parameter is the token of that parameter."""
    found = collect(
        HEAD
        + """
Parameters: {Open: {Type: String}}
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties: {Handler: a.b, Runtime: python3.12, AutoPublishAlias: !Ref Open}
"""
    )
    (function,) = _of(found, Function)
    assert isinstance(function, Function)
    assert [arn.rpartition(":function:")[2] for arn in function.aliases] == ["${Fn}:${Param::Open}"]
    assert [fact.what for fact in _of(found, Unknown) if isinstance(fact, Unknown)] == ["parameter `Open`"]


def test_globals_hold_for_every_function(collect: Callable[..., Collected]) -> None:
    """A permissions boundary of `Globals` is one of each role."""
    found = collect(
        HEAD
        + """
Globals: {Function: {Runtime: python3.12, CodeUri: ., PermissionsBoundary: 'arn:aws:iam::111122223333:policy/b'}}
Resources: {Fn: {Type: 'AWS::Serverless::Function', Properties: {Handler: a.b}}}
"""
    )
    assert [fact.boundary_arn for fact in _of(found, Role) if isinstance(fact, Role)] == [
        "arn:aws:iam::111122223333:policy/b"
    ]


def test_sam_without_its_transform_is_told(collect: Callable[..., Collected]) -> None:
    """CloudFormation would refuse the template; it is read as though the transform were there."""
    found = collect("Resources: {Fn: {Type: 'AWS::Serverless::Function', Properties: {Handler: a, Runtime: b}}}\n")
    assert len(_of(found, Function)) == 1
    assert [fact.kind for fact in _of(found, Unknown) if isinstance(fact, Unknown)] == ["transform"]


def test_a_connector_grants_what_it_grants(collect: Callable[..., Collected]) -> None:
    """The generated policy points at the connector."""
    found = collect(
        HEAD
        + """
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties: {Handler: a.b, Runtime: python3.12, CodeUri: .}
    Connectors:
      ToTable:
        Properties: {Destination: {Id: Table}, Permissions: [Read]}
  Table: {Type: 'AWS::Serverless::SimpleTable'}
"""
    )
    assert not found.errors
    (policy,) = _of(found, ManagedPolicy)
    assert (policy.logical_id, policy.source.line) == ("Fn", 8)
    assert "dynamodb:GetItem" in repr(policy)


def test_nothing_is_logged_and_no_session_is_made(
    collect: Callable[..., Collected], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No Region, credentials or network are looked for."""
    import boto3

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a session was asked for")

    monkeypatch.setattr(boto3, "client", refuse)
    monkeypatch.setattr(boto3.session, "Session", refuse)
    with caplog.at_level(logging.DEBUG):
        found = collect(HEAD + FUNCTION)
    assert not found.errors
    assert caplog.records == []


def test_values_of_environment_variables_are_in_no_fact(collect: Callable[..., Collected]) -> None:
    """Neither literal secrets nor the defaults of `NoEcho` parameters leave the parser."""
    found = collect(
        HEAD
        + """
Parameters: {Password: {Type: String, NoEcho: true, Default: tr0ub4dor}}
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Runtime: python3.12
      FunctionName: !Sub 'f-${Password}'
      Environment: {Variables: {KEY: hunter2, OTHER: !Ref Password}}
"""
    )
    assert "hunter2" not in repr((found.facts, found.errors))
    assert "tr0ub4dor" not in repr((found.facts, found.errors))


def test_a_deployment_that_is_always_made_has_the_same_name_in_every_run(
    collect: Callable[..., Collected], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`AlwaysDeploy` names it after the second it is made in; a report does not depend on the clock."""
    site = "  Site:\n    Type: AWS::Serverless::Api\n    Properties: {StageName: p, AlwaysDeploy: true}\n"
    text = HEAD + FUNCTION.replace("Path: /x,", "Path: /x, RestApiId: !Ref Site,") + site
    names = set()
    for now in (1_000_000_000.0, 1_700_000_000.0):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        names.add(tuple(sorted(fact.id for fact in collect(text).facts if isinstance(fact, Resource))))
    assert len(names) == 1
    assert any("SiteDeployment" in name for name in next(iter(names)))


def test_a_function_that_cannot_be_expanded_is_a_function_all_the_same(collect: Callable[..., Collected]) -> None:
    """Its name and settings are known, what SAM would make for it is not, its role first of all."""
    text = HEAD + "Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n"
    found = collect({"template.yaml": text})
    (function,) = _of(found, Function)
    assert (function.logical_id, function.role_arn) == ("Fn", "${Unknown::role_of_Fn}")  # type: ignore[attr-defined]
    assert any(fact.what == "what `Fn` expands to" for fact in _of(found, Unknown))  # type: ignore[attr-defined]
    assert found.errors
