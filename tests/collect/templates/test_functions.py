"""Intrinsic functions: known values are exact, what only a deployment settles is a token.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from permscope.collect.templates.document import parse_document
from permscope.collect.templates.intrinsics import NO_VALUE
from permscope.collect.templates.stack import Bound
from permscope.inventory.located import Alternatives, source_of

TEMPLATE = """
Parameters:
  Stage: {Type: String, Default: dev}
  Open: {Type: String}
  Kind: {Type: String, AllowedValues: [a, b]}
  Names: {Type: CommaDelimitedList, Default: 'x, y,z'}
  OpenNames: {Type: 'List<AWS::EC2::Subnet::Id>'}
  Count: {Type: Number, Default: 3}
  Secret: {Type: String, NoEcho: true, Default: hunter2}
  Stored: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /my/name}
Mappings:
  ByRegion:
    eu-west-1: {Zone: one, Same: s, List: [p, q]}
    us-east-1: {Zone: two, Same: s, List: [p, q]}
  ByStage:
    dev: {Table: dev-table}
Conditions:
  IsDev: !Equals [!Ref Stage, dev]
  IsProd: !Equals [!Ref Stage, prod]
  IsOpen: !Equals [!Ref Open, 'yes']
  IsBoth: !And [!Condition IsOpen, !Condition IsDev]
Resources:
  Table: {Type: 'AWS::DynamoDB::Table', Properties: {TableName: orders}}
  Queue: {Type: 'AWS::SQS::Queue'}
  Fn: {Type: 'AWS::Lambda::Function'}
  Log: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: /aws/x}}
"""


@pytest.fixture
def resolve(bind: Callable[..., Bound]) -> Callable[..., Any]:
    """Resolve one expression, written as a YAML value, in `TEMPLATE`."""

    def resolved(expression: str, **options: Any) -> Any:
        bound = bind(TEMPLATE, **options)
        return bound.resolver.resolve(parse_document(f"value: {expression}", "e.yaml").value["value"])

    return resolved


ARN = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("!Ref Stage", "dev"),
        ("!Ref Count", "3"),
        ("!Ref Names", ["x", "y", "z"]),
        ("!Ref Open", "${Param::Open}"),
        ("!Ref OpenNames", ["${Param::OpenNames}"]),
        ("!Ref Secret", "${Param::Secret}"),
        ("!Ref Stored", "${Param::Stored}"),
        ("!Ref AWS::Region", "${AWS::Region}"),
        ("!Ref AWS::AccountId", "${AWS::AccountId}"),
        ("!Ref AWS::StackName", "${AWS::StackName}"),
        ("!Select [1, !Split ['/', !Ref AWS::StackId]]", "${AWS::StackName}"),
        ("!Select [2, !Split ['/', !Ref AWS::StackId]]", "${AWS::StackId}"),
        ("!Ref Table", "orders"),
        ("!Ref Fn", "${Fn}"),
        ("!Ref Queue", "https://sqs.${AWS::Region}.${AWS::URLSuffix}/${AWS::AccountId}/${Queue}"),
        ("!GetAtt Table.Arn", ARN % ("dynamodb", "table/orders")),
        ("!GetAtt Queue.QueueName", "${Queue}"),
        ("!GetAtt Log.Arn", ARN % ("logs", "log-group:/aws/x:*")),
        ("!GetAtt Fn.SnapStartResponse.ApplyOn", "${Fn.SnapStartResponse.ApplyOn}"),
        ("{'Fn::GetAtt': Table.Arn}", ARN % ("dynamodb", "table/orders")),
        (
            "{'Fn::GetAtt': [Table, !Sub '${Nothing}Arn']}",
            "${Table.${Unknown::Nothing}Arn}".replace("${Unknown::Nothing}", "__Unknown__Nothing_"),
        ),
        ("!Sub '${Stage}-${Table}-${Table.Arn}'", f"dev-orders-{ARN % ('dynamodb', 'table/orders')}"),
        ("!Sub '${AWS::AccountId}/${!Literal}/$x/{y}'", "${AWS::AccountId}/${Literal}/$x/{y}"),
        ("!Sub 'arn:aws:iam::*:user/${!aws:username}'", "arn:aws:iam::*:user/${aws:username}"),
        ("!Sub ['${A}-${Stage}', {A: !Ref Count}]", "3-dev"),
        ("!Sub ['${Stage}', {Stage: own}]", "own"),
        ("!Sub plain", "plain"),
        ("!Sub '${Names}'", "x,y,z"),
        ("!Join ['-', [a, !Ref Stage, 1, true]]", "a-dev-1-true"),
        ("!Join [',', !Ref Names]", "x,y,z"),
        ("!Join ['', [a, !Ref 'AWS::NoValue', b]]", "ab"),
        ("!Join [':', ['', '']]", ":"),
        ("!Select [1, !Ref Names]", "y"),
        ("!Select ['0', [a, b]]", "a"),
        ("!Select [0, !Ref OpenNames]", "${Param::OpenNames.0}"),
        ("!Select [1, !Split ['-', a-b-c]]", "b"),
        ("!Select [5, !Split [':', !GetAtt Fn.Arn]]", "function"),
        ("!Select [6, !Split [':', !GetAtt Fn.Arn]]", "${Fn}"),
        ("!Select [4, !Split [':', !GetAtt Table.Arn]]", "${AWS::AccountId}"),
        ("!Split [',', 'a,b']", ["a", "b"]),
        ("!Split ['/', !Ref Open]", ["${Param::Open.Split}"]),
        ("!If [IsDev, a, b]", "a"),
        ("!If [IsProd, a, b]", "b"),
        ("!If [IsProd, a, !Ref 'AWS::NoValue']", NO_VALUE),
        ("[a, !If [IsProd, b, !Ref 'AWS::NoValue'], c]", ["a", "c"]),
        ("{x: !If [IsProd, b, !Ref 'AWS::NoValue'], y: 1}", {"y": 1}),
        ("!If [IsOpen, same, same]", "same"),
        ("!If [IsOpen, !If [IsOpen, a, b], c]", ["a", "c"]),
        ("!If [IsBoth, !If [IsOpen, a, b], c]", ["a", "c"]),
        ("!FindInMap [ByStage, !Ref Stage, Table]", "dev-table"),
        ("!FindInMap [ByRegion, eu-west-1, Zone]", "one"),
        ("!FindInMap [ByRegion, !Ref 'AWS::Region', Same]", "s"),
        ("!FindInMap [ByRegion, eu-west-1, List]", ["p", "q"]),
        ("!FindInMap [ByStage, nope, Table, {DefaultValue: fallback}]", "fallback"),
        ("!FindInMap [ByStage, nope, Table, {DefaultValue: !Ref Stage}]", "dev"),
        ("!Base64 text", "text"),
        ("!Cidr [10.0.0.0/16, 2, 8]", ["10.0.0.0/24", "10.0.1.0/24"]),
        ("!Length [a, b]", 2),
        ("!Length {Ref: Names}", 3),
        ("{'Fn::Length': !Ref Names}", 3),
        ("!Select [0, !GetAZs '']", "${AZs.0}"),
        ("!Equals [!Ref Stage, dev]", True),
        ("'{{resolve:ssm:/db/host}}'", "${Dynamic::ssm:/db/host}"),
        (
            "'{{resolve:secretsmanager:db:SecretString:password}}'",
            "${Dynamic::secretsmanager:db:SecretString:password}",
        ),
        ("!Sub '{{resolve:ssm:/${Stage}/host}}:1'", "${Dynamic::ssm:/dev/host}:1"),
        ("!Join ['', ['{{resolve:ssm:', x, '}}']]", "${Dynamic::ssm:x}"),
        ("!ImportValue shared-table", "${Import::shared-table}"),
        ("!Ref Nowhere", "${Unknown::Nowhere}"),
        ("!GetAtt Nowhere.Arn", "${Unknown::Nowhere.Arn}"),
    ],
)
def test_intrinsic_functions_give_what_cloudformation_gives(
    resolve: Callable[..., Any], expression: str, value: Any
) -> None:
    """Known values are exact; the rest are tokens."""
    assert resolve(expression) == value


def test_json_text_of_a_value(resolve: Callable[..., Any]) -> None:
    """`Fn::ToJsonString` gives text that reads back as the value."""
    found = resolve("!ToJsonString {a: [!Ref Stage, 1], b: !GetAtt Table.Arn}")
    assert json.loads(found) == {"a": ["dev", 1], "b": ARN % ("dynamodb", "table/orders")}


@pytest.mark.parametrize(
    ("expression", "options"),
    [
        ("!If [IsOpen, a, b]", ["a", "b"]),
        ("!If [IsOpen, a, !Ref 'AWS::NoValue']", ["a", None]),
        ("!Sub ['x-${A}', {A: !If [IsOpen, a, b]}]", ["x-a", "x-b"]),
        ("!Join ['', [!If [IsOpen, a, b], '-', !If [IsOpen, 1, 2]]]", ["a-1", "b-2"]),
        ("!Join [',', !If [IsOpen, [a, b], [c]]]", ["a,b", "c"]),
        ("!Select [0, !If [IsOpen, [a, b], [c]]]", ["a", "c"]),
    ],
)
def test_what_an_undecided_condition_chooses_stays_open(
    resolve: Callable[..., Any], expression: str, options: list[Any]
) -> None:
    """Both branches are there, with the condition; one condition turns out the same way everywhere."""
    found = resolve(expression)
    assert isinstance(found, Alternatives)
    assert found.condition == "IsOpen"
    assert list(found) == options


@pytest.mark.parametrize(
    "expression",
    [
        "!Join [a]",
        "!Join 5",
        "!Join ['', [{a: 1}]]",
        "!Join [{a: 1}, [a]]",
        "!Sub {a: 1}",
        "!Sub [1, 2, 3]",
        "!Sub ['${A}', {A: {x: 1}}]",
        "!Select [9, [a]]",
        "!Select [x, [a]]",
        "!Select [99999999999, [a]]",
        "!Select a",
        "!Split [x]",
        "!Split ['', abc]",
        "!If [IsDev]",
        "!If IsDev",
        "!FindInMap [A]",
        "!FindInMap [ByRegion, {a: 1}, x]",
        "!FindInMap [ByRegion, nope, Zone]",
        "!FindInMap [Nope, a, b]",
        "!GetAtt 5",
        "!GetAtt []",
        "{Ref: [a]}",
        "{Ref: {a: 1}}",
        "!ImportValue {a: 1}",
        "!Base64 [a]",
        "!Length 5",
        "!Transform Macro",
        "!And [!Condition Nope, !Condition IsDev]",
        "{'Fn::Contains': [[a], a]}",
    ],
)
def test_wrong_arguments_give_an_unknown(resolve: Callable[..., Any], expression: str) -> None:
    """A function CloudFormation would refuse is unknown; nothing raises."""
    assert str(resolve(expression)).startswith(("${Unknown::", "${Transform::"))


def test_a_text_stands_where_the_reference_stands(resolve: Callable[..., Any]) -> None:
    """The line to look at is the one that uses a parameter, not the one that declares it."""
    found = resolve("{A: x,\n  B: !Ref Stage}")
    assert str(source_of(found["B"])) == "e.yaml:2:6"


def test_pseudo_parameters_are_bound_by_options(resolve: Callable[..., Any]) -> None:
    """The partition follows from the Region, and the URL suffix from the partition."""
    options = {"account": "111122223333", "region": "cn-north-1", "stack_name": "prod"}
    text = "!Sub '${AWS::AccountId} ${AWS::Region} ${AWS::Partition} ${AWS::URLSuffix} ${AWS::StackName}'"
    assert resolve(text, **options) == "111122223333 cn-north-1 aws-cn amazonaws.com.cn prod"


def test_allowed_values_decide_a_condition(resolve: Callable[..., Any]) -> None:
    """A parameter can never be what its `AllowedValues` leave out."""
    assert resolve("!Equals [!Ref Kind, c]") is False
    assert str(resolve("!Equals [!Ref Kind, a]")).startswith("${Unknown::")


def test_the_value_of_a_secret_is_compared_but_never_given(resolve: Callable[..., Any]) -> None:
    """`NoEcho` values decide conditions and appear nowhere."""
    assert resolve("!Equals [!Ref Secret, hunter2]") is True
    assert "hunter2" not in repr(resolve("[!Ref Secret, !Sub '${Secret}', !Join ['', [!Ref Secret]]]"))


def test_a_deployment_value_compared_with_text_is_undecided(resolve: Callable[..., Any]) -> None:
    """Nobody said which Region it is."""
    assert str(resolve("!Equals [!Ref 'AWS::Region', us-east-1]")).startswith("${Unknown::")
    assert resolve("!Equals [!Ref 'AWS::Region', us-east-1]", region="us-east-1") is True
    assert resolve("!Equals [!Ref 'AWS::Region', !Ref 'AWS::Region']") is True
