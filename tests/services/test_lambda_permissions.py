"""Permissions become the statements Lambda stores (https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from permscope.inventory.facts import AnyFact, ResourcePolicy, Unknown
from permscope.inventory.policies import Statement

Read = Callable[..., list[AnyFact]]
FUNCTION = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function"
ROOT = "arn:${AWS::Partition}:iam::111122223333:root"


def permission(properties: str, function: str = "orders") -> str:
    """A template with one permission."""
    return f"""
Resources:
  P:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: {function}
      Action: lambda:InvokeFunction
{properties}
"""


def stored(facts: list[AnyFact]) -> tuple[str, Statement]:
    """The only statement and what it is on."""
    (policy,) = [fact for fact in facts if isinstance(fact, ResourcePolicy)]
    (statement,) = policy.policy.statements
    return policy.resource_arn, statement


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("s3.amazonaws.com", [("Service", "s3.amazonaws.com")]),
        ("alexa-appkit.amazon.com", [("Service", "alexa-appkit.amazon.com")]),
        ("'111122223333'", [("AWS", ROOT)]),
        ("arn:aws:iam::111122223333:role/caller", [("AWS", "arn:aws:iam::111122223333:role/caller")]),
        ("'*'", [("*", "*")]),
        ("!Ref AWS::AccountId", [("AWS", "arn:${AWS::Partition}:iam::${AWS::AccountId}:root")]),
        ("!Sub 'events.${AWS::URLSuffix}'", [("Service", "events.amazonaws.com")]),
        ("!Sub 'logs.${AWS::Region}.amazonaws.com'", [("Service", "logs.${AWS::Region}.amazonaws.com")]),
        ("AROAEXAMPLEID", [("AWS", "AROAEXAMPLEID")]),
    ],
)
def test_a_principal_is_stored_as_lambda_stores_it(read: Read, principal: str, expected: list[tuple[str, str]]) -> None:
    """A service stays a service, an account becomes its root, an ARN stays an ARN."""
    _, statement = stored(read(permission(f"      Principal: {principal}")))
    assert statement.principals == tuple(expected)


def test_a_principal_nobody_gave_may_be_anything(read: Read) -> None:
    """A parameter without default may turn out to be an account or a service, and is kept as both."""
    template = "Parameters: {Who: {Type: String}}\n" + permission("      Principal: !Ref Who")
    facts = read(template)
    _, statement = stored(facts)
    assert statement.principals == (("AWS", "${Param::Who}"), ("Service", "${Param::Who}"))
    assert any(isinstance(fact, Unknown) and fact.kind == "parameter" for fact in facts)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("SourceArn: 'arn:aws:s3:::uploads'", ("ArnLike", "AWS:SourceArn", ("arn:aws:s3:::uploads",))),
        ("SourceAccount: '012345678901'", ("StringEquals", "AWS:SourceAccount", ("012345678901",))),
        ("PrincipalOrgID: o-abc", ("StringEquals", "aws:PrincipalOrgID", ("o-abc",))),
        ("EventSourceToken: skill", ("StringEquals", "lambda:EventSourceToken", ("skill",))),
        ("FunctionUrlAuthType: NONE", ("StringEquals", "lambda:FunctionUrlAuthType", ("NONE",))),
        ("InvokedViaFunctionUrl: true", ("Bool", "lambda:InvokedViaFunctionUrl", ("true",))),
    ],
)
def test_every_property_becomes_the_condition_lambda_stores(
    read: Read, given: str, expected: tuple[str, str, tuple[str, ...]]
) -> None:
    """The operator and key are those of the stored policy."""
    _, statement = stored(read(permission(f"      Principal: s3.amazonaws.com\n      {given}")))
    assert [condition[:3] for condition in statement.conditions] == [expected]


def test_a_condition_points_at_its_own_line(read: Read) -> None:
    """A finding about a source ARN marks the source ARN."""
    _, statement = stored(read(permission("      Principal: s3.amazonaws.com\n      SourceArn: 'arn:aws:s3:::b'")))
    assert statement.conditions[0].source.line == 9
    assert getattr(statement.conditions[0].values[0], "source").line == 9  # noqa: B009 - the type says plain text


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("orders", f"{FUNCTION}:orders"),
        ("orders:live", f"{FUNCTION}:orders:live"),
        ("111122223333:function:orders", "arn:${AWS::Partition}:lambda:${AWS::Region}:111122223333:function:orders"),
        (
            "arn:aws:lambda:eu-west-1:111122223333:function:orders:3",
            "arn:aws:lambda:eu-west-1:111122223333:function:orders:3",
        ),
        ("!Ref F", f"{FUNCTION}:${{F}}"),
        ("!GetAtt F.Arn", f"{FUNCTION}:${{F}}"),
        ("!Ref Live", f"{FUNCTION}:${{F}}:live"),
        ("!Ref V", f"{FUNCTION}:${{F}}:${{V.Version}}"),
        ("!Sub '${F}:live'", f"{FUNCTION}:${{F}}:live"),
    ],
)
def test_the_qualifier_in_the_function_name_chooses_the_policy(read: Read, function: str, expected: str) -> None:
    """Version, alias and unqualified function have a policy each."""
    template = (
        permission("      Principal: s3.amazonaws.com", function)
        + """
  F: {Type: AWS::Lambda::Function, Properties: {Role: 'arn:aws:iam::111122223333:role/r'}}
  V: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref F}}
  Live: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref F, Name: live, FunctionVersion: !GetAtt V.Version}}
"""
    )
    arn, statement = stored(read(template))
    assert arn == expected
    assert statement.resources == (expected,)


def test_an_undecided_property_gives_a_statement_for_each_choice(read: Read) -> None:
    """With and without `SourceArn` are both possible, each under the condition."""
    template = "Parameters: {Stage: {Type: String}}\nConditions: {IsProd: !Equals [!Ref Stage, prod]}\n" + permission(
        "      Principal: s3.amazonaws.com\n      SourceArn: !If [IsProd, 'arn:aws:s3:::prod', !Ref AWS::NoValue]"
    )
    policies = [fact for fact in read(template) if isinstance(fact, ResourcePolicy)]
    conditions = [fact.policy.statements[0].conditions for fact in policies]
    assert [[condition.values for condition in found] for found in conditions] == [[("arn:aws:s3:::prod",)], []]
    assert [fact.only_if for fact in policies] == ["IsProd", "not IsProd"]


def test_a_permission_without_principal_is_unknown(read: Read) -> None:
    """A broken permission is said, not dropped."""
    facts = read(permission("      SourceArn: 'arn:aws:s3:::b'"))
    assert [fact.what for fact in facts if isinstance(fact, Unknown)] == ["the permission of `P`"]


def test_a_whole_policy_document_is_read_with_its_denials(read: Read) -> None:
    """`AWS::Lambda::ResourcePolicy` may deny, which a permission cannot."""
    facts = read("""
Resources:
  P:
    Type: AWS::Lambda::ResourcePolicy
    Properties:
      ResourceArn: arn:aws:lambda:eu-west-1:111122223333:function:orders
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Deny, Principal: '*', Action: 'lambda:*', Resource: '*'}
""")
    arn, statement = stored(facts)
    assert arn.endswith("function:orders")
    assert statement.effect == "Deny"


def test_a_layer_shared_with_an_organization_is_bound_to_it(read: Read) -> None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_AddLayerVersionPermission.html ."""
    facts = read("""
Resources:
  P:
    Type: AWS::Lambda::LayerVersionPermission
    Properties:
      Action: lambda:GetLayerVersion
      LayerVersionArn: arn:aws:lambda:eu-west-1:111122223333:layer:tools:1
      Principal: '*'
      OrganizationId: o-abc
""")
    arn, statement = stored(facts)
    assert arn == "arn:aws:lambda:eu-west-1:111122223333:layer:tools:1"
    assert statement.principals == (("*", "*"),)
    assert statement.conditions[0][:3] == ("StringEquals", "aws:PrincipalOrgID", ("o-abc",))
