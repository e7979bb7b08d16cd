"""Functions, versions, aliases and URLs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest

from permscope.inventory.facts import (
    AnyFact,
    Auth,
    Delivery,
    Function,
    Mechanism,
    Resource,
    RoleUse,
    Route,
    Trigger,
    Unknown,
)

Read = Callable[..., list[AnyFact]]
F = TypeVar("F")
FUNCTION = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${Fn}"
ROLE = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/team/${Role}"
SECRET = "hunter2-never-keep-me"


def of(facts: list[AnyFact], kind: type[F]) -> list[F]:
    """The facts of one class."""
    return [fact for fact in facts if isinstance(fact, kind)]


def function(properties: str, more: str = "") -> str:
    """A template with one function and its role."""
    return f"""
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties: {{Path: /team/, AssumeRolePolicyDocument: {{Statement: []}}}}
  Fn:
    Type: AWS::Lambda::Function
    Properties:
{properties}
{more}
"""


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("!GetAtt Role.Arn", ROLE),
        ("!Ref Role", ROLE),
        ("arn:aws:iam::111122223333:role/shared", "arn:aws:iam::111122223333:role/shared"),
    ],
)
def test_the_role_is_an_arn_however_it_is_named(read: Read, role: str, expected: str) -> None:
    """A role of the template keeps its path."""
    (found,) = of(read(function(f"      Role: {role}")), Function)
    assert found.role_arn == expected


def test_a_missing_role_is_unknown(read: Read) -> None:
    """A function without role cannot be judged, and that is said."""
    facts = read(function("      Runtime: python3.13"))
    assert of(facts, Function)[0].role_arn is None
    assert "the execution role of `Fn`" in [fact.what for fact in of(facts, Unknown)]


def test_an_undecided_role_is_every_role_it_may_be(read: Read) -> None:
    """Each choice is there with the side of the condition it stands on."""
    template = "Parameters: {Stage: {Type: String}}\nConditions: {IsProd: !Equals [!Ref Stage, prod]}\n" + function(
        "      Role: !If [IsProd, !GetAtt Role.Arn, 'arn:aws:iam::111122223333:role/dev']"
    )
    facts = read(template)
    (found,) = of(facts, Function)
    assert (found.role_arn, found.role_only_if) == (ROLE, "IsProd")
    assert found.other_roles == {"arn:aws:iam::111122223333:role/dev": "not IsProd"}
    assert any(fact.kind == "condition" and "IsProd" in fact.what for fact in of(facts, Unknown))


def test_values_of_environment_variables_are_never_kept(read: Read) -> None:
    """Names stay, and what a value refers to; the value itself appears in no fact."""
    facts = read(
        function(
            f"""      Role: !GetAtt Role.Arn
      Environment:
        Variables:
          PASSWORD: {SECRET}
          MIXED: !Sub '{SECRET}@${{Table}}'
          TABLE: !Ref Table
          QUEUE_URL: !Ref Queue
          REGION: !Ref AWS::Region
          STAGE: live""",
            """  Table: {Type: AWS::DynamoDB::Table}
  Queue: {Type: AWS::SQS::Queue}
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: a}}
  Stage: {Type: AWS::ApiGateway::Stage, Properties: {StageName: live, RestApiId: !Ref Api}}""",
        )
    )
    assert dict(of(facts, Function)[0].environment) == {
        "PASSWORD": "",
        "MIXED": "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${Table}",
        "TABLE": "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${Table}",
        "QUEUE_URL": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Queue}",
        "REGION": "",
        "STAGE": "",
    }
    assert SECRET not in repr(facts)


def test_versions_and_aliases_belong_to_their_function(read: Read) -> None:
    """An alias knows the version it points to, as generated or as written."""
    more = """
  V: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Fn}}
  Live: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Fn, Name: live, FunctionVersion: !GetAtt V.Version}}
  Old: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !GetAtt Fn.Arn, Name: old, FunctionVersion: '3'}}
"""
    (found,) = of(read(function("      Role: !GetAtt Role.Arn", more)), Function)
    assert found.versions == (f"{FUNCTION}:${{V.Version}}",)
    assert found.aliases == (f"{FUNCTION}:live", f"{FUNCTION}:old")
    assert found.alias_versions == {
        f"{FUNCTION}:live": f"{FUNCTION}:${{V.Version}}",
        f"{FUNCTION}:old": f"{FUNCTION}:3",
    }


def test_what_surrounds_a_function_is_read(read: Read) -> None:
    """Layers, network, tracing, file systems, logs, key and code."""
    facts = read(
        function("""      Role: !GetAtt Role.Arn
      Runtime: python3.13
      Layers: ['arn:aws:lambda:eu-west-1:111122223333:layer:tools:1']
      VpcConfig: {SubnetIds: [subnet-1], SecurityGroupIds: [sg-1]}
      TracingConfig: {Mode: Active}
      FileSystemConfigs:
        - {Arn: 'arn:aws:elasticfilesystem:eu-west-1:111122223333:access-point/fsap-1', LocalMountPath: /mnt/a}
      LoggingConfig: {LogGroup: /orders}
      KmsKeyArn: alias/orders
      Code: {S3Bucket: code, S3Key: orders.zip}""")
    )
    (found,) = of(facts, Function)
    assert (found.in_vpc, found.tracing, found.log_group, found.code) == (True, True, "/orders", "s3://code/orders.zip")
    assert found.layers == ("arn:aws:lambda:eu-west-1:111122223333:layer:tools:1",)
    assert found.file_systems == ("arn:aws:elasticfilesystem:eu-west-1:111122223333:access-point/fsap-1",)
    assert found.kms_key_arn == "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:alias/orders"


def test_a_dead_letter_queue_needs_sending_and_its_key(read: Read) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html ."""
    facts = read(
        function(
            "      Role: !GetAtt Role.Arn\n      DeadLetterConfig: {TargetArn: !GetAtt Queue.Arn}",
            "  Queue: {Type: AWS::SQS::Queue, Properties: {KmsMasterKeyId: !Ref Key}}\n  Key: {Type: AWS::KMS::Key}",
        )
    )
    (found,) = of(facts, Delivery)
    assert (found.sender_id, found.event) == (FUNCTION, "dead-letter-queue")
    assert [need.actions for need in found.required] == [("sqs:SendMessage",), ("kms:Decrypt", "kms:GenerateDataKey")]


@pytest.mark.parametrize(
    ("given", "expected"), [("NONE", Auth.NONE), ("AWS_IAM", Auth.IAM), ("!Ref Auth", Auth.UNKNOWN)]
)
def test_a_function_url_is_a_door(read: Read, given: str, expected: Auth) -> None:
    """The URL of an alias opens onto the alias, and a caller needs two actions."""
    properties = f"{{TargetFunctionArn: !Ref Fn, Qualifier: live, AuthType: {given}}}"
    more = f"  Url: {{Type: AWS::Lambda::Url, Properties: {properties}}}"
    facts = read("Parameters: {Auth: {Type: String}}\n" + function("      Role: !GetAtt Role.Arn", more))
    (route,) = of(facts, Route)
    (trigger,) = of(facts, Trigger)
    assert (route.auth, route.api_id, route.execute_arn) == (expected, FUNCTION, f"{FUNCTION}:live")
    assert trigger.function_arn == f"{FUNCTION}:live"
    assert trigger.source_id == route.id
    assert trigger.mechanism is Mechanism.CALLER
    assert trigger.required[0].actions == ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")


def test_a_web_function_endpoint_that_leaves_it_to_the_code_is_open(read: Read) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/web-functions-endpoint-access-control.html ."""
    facts = read("""
Resources:
  Web: {Type: AWS::Lambda::WebFunction, Properties: {FunctionName: shop}}
  Door:
    Type: AWS::Lambda::WebFunctionEndpoint
    Properties: {FunctionName: !Ref Web, EndpointName: prod, AuthType: ApplicationManaged}
""")
    (route,) = of(facts, Route)
    assert route.auth is Auth.NONE
    assert route.execute_arn == (
        "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:web-function/shop/endpoint/prod"
    )


def test_a_capacity_provider_acts_with_its_operator_role(read: Read) -> None:
    """Lambda starts instances with it."""
    facts = read("""
Resources:
  Capacity:
    Type: AWS::Lambda::CapacityProvider
    Properties:
      PermissionsConfig: {CapacityProviderOperatorRoleArn: 'arn:aws:iam::111122223333:role/operator'}
""")
    (use,) = of(facts, RoleUse)
    assert (use.role_arn, use.service) == ("arn:aws:iam::111122223333:role/operator", "lambda.amazonaws.com")


def test_a_code_signing_config_warns_unless_it_enforces(read: Read) -> None:
    """`Warn` is the default of `UntrustedArtifactOnDeployment`."""
    facts = read("Resources: {Signing: {Type: AWS::Lambda::CodeSigningConfig, Properties: {}}}")
    (found,) = of(facts, Resource)
    assert found.attributes["untrusted_artifact_on_deployment"] == "Warn"
