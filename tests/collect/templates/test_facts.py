"""From a bound stack to facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from permscope.collect.templates import facts as facts_module
from permscope.inventory.facts import Account, AnyFact, Function, Output, Resource, Role, Trigger, Unknown
from permscope.inventory.inventory import Collected
from permscope.services.interface import TemplateResource

ROLE = """
  R:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: lambda.amazonaws.com}}]
      Policies:
        - PolicyName: p
          PolicyDocument: {Statement: [{Effect: Allow, Action: 's3:*', Resource: %s}]}
"""
PARAMETERS = """
Parameters:
  Open: {Type: String}
  Unused: {Type: String}
  Image: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /ami}
Conditions:
  IsOpen: !Equals [!Ref Open, x]
  Irrelevant: !Equals [!Ref Unused, x]
"""


def _unknowns(found: Collected) -> list[tuple[str, str]]:
    return [(fact.kind, fact.what) for fact in found.facts if isinstance(fact, Unknown)]


def test_every_resource_is_a_fact_also_of_types_nobody_reads(collect: Callable[..., Collected]) -> None:
    """Unknown types, custom resources and other publishers' types lose nothing."""
    types = [
        "AWS::EC2::VPC",
        "Custom::Thing",
        "AWS::CloudFormation::CustomResource",
        "Acme::Own::Type",
        "AWS::New::Type",
    ]
    text = "Resources:\n" + "".join(f"  R{index}: {{Type: '{name}'}}\n" for index, name in enumerate(types))
    found = collect(text)
    assert [(fact.type, fact.logical_id) for fact in found.facts if isinstance(fact, Resource)] == [
        (name, f"R{index}") for index, name in enumerate(types)
    ]
    assert not found.errors


def test_a_parameter_nobody_gave_is_unknown_only_where_a_fact_holds_it(collect: Callable[..., Collected]) -> None:
    """One fact for each cause, however often it is used; what nothing reads is not told."""
    text = (
        PARAMETERS
        + "Resources:"
        + ROLE % "[!Ref Open, !Sub '${Open}/*']"
        + ("  V: {Type: 'AWS::EC2::Instance', Properties: {ImageId: !Ref Image, UserData: !Ref Unused}}\n")
    )
    found = collect(text)
    assert _unknowns(found) == [("parameter", "parameter `Open`")]
    (unknown,) = [fact for fact in found.facts if isinstance(fact, Unknown)]
    assert unknown.source.line == 3


def test_a_given_parameter_is_not_unknown(collect: Callable[..., Collected]) -> None:
    """The value stands in the statement."""
    found = collect(PARAMETERS + "Resources:" + ROLE % "!Ref Open", parameters={"Open": "arn:aws:s3:::b"})
    assert _unknowns(found) == []
    (role,) = [fact for fact in found.facts if isinstance(fact, Role)]
    assert role.inline_policies[0].statements[0].resources == ("arn:aws:s3:::b",)


def test_an_undecided_condition_keeps_and_marks_its_resource(collect: Callable[..., Collected]) -> None:
    """A false one drops it; the undecided condition is told once, where a reader's fact depends on it."""
    text = (
        PARAMETERS
        + "  Never: !Equals [a, b]\n"
        + "Resources:"
        + (ROLE % "'*'").replace("Properties:", "Condition: IsOpen\n    Properties:", 1)
        + "  Gone: {Type: 'AWS::SQS::Queue', Condition: Never}\n"
        + "  Vpc: {Type: 'AWS::EC2::VPC', Condition: Irrelevant}\n"
    )
    found = collect(text)
    assert [(type(fact).__name__, fact.only_if) for fact in found.facts if fact.logical_id] == [
        ("Role", "IsOpen"),
        ("Resource", "Irrelevant"),
    ]
    assert _unknowns(found) == [("condition", "condition `IsOpen`")]
    (unknown,) = [fact for fact in found.facts if isinstance(fact, Unknown)]
    assert (unknown.why, unknown.source.line) == ("it depends on `Open`", 7)


def test_within_a_conditional_resource_its_condition_holds(collect: Callable[..., Collected]) -> None:
    """There is only one way its values can turn out."""
    text = (
        PARAMETERS
        + "Resources:"
        + (ROLE % "!If [IsOpen, a, b]").replace("Properties:", "Condition: IsOpen\n    Properties:", 1)
    )
    (role,) = [fact for fact in collect(text).facts if isinstance(fact, Role)]
    assert role.inline_policies[0].statements[0].resources == ("a",)


def test_alternatives_that_a_reader_looks_at_are_told(collect: Callable[..., Collected]) -> None:
    """An undecided branch in a statement is an unknown; one in a property nobody reads is not."""
    found = collect(PARAMETERS + "Resources:" + ROLE % "[!If [IsOpen, a, b]]")
    assert _unknowns(found) == [("condition", "condition `IsOpen`")]
    quiet = collect(
        PARAMETERS + "Resources: {V: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: !If [IsOpen, a, b]}}}\n"
    )
    assert _unknowns(quiet) == []


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("!ImportValue other", "import"),
        ("'{{resolve:ssm:/x}}'", "dynamic-reference"),
        ("!Ref Nowhere", "reference"),
        ("!GetAtt Nowhere.Arn", "reference"),
        ("!FindInMap [A, b, c]", "mapping"),
        ("{'Fn::Transform': {Name: Own}}", "transform"),
        ("!Join [a]", "intrinsic"),
    ],
)
def test_every_kind_of_unknown_value_is_told_with_its_kind(
    collect: Callable[..., Collected], value: str, kind: str
) -> None:
    """The kind is what reports count by."""
    found = collect("Resources:" + ROLE % value)
    assert {found_kind for found_kind, _ in _unknowns(found)} == {kind}


def test_an_arn_outside_of_a_substitution_is_no_reference(collect: Callable[..., Collected]) -> None:
    """`${R}` without `Fn::Sub` stays text at deployment; policy variables are text that is meant."""
    value = "['arn:aws:s3:::${R}/*', 'arn:aws:s3:::${Open.Arn}', 'arn:aws:s3:::b/${aws:username}', 'arn:aws:s3:::${x}']"
    found = collect(PARAMETERS + "Resources:" + ROLE % value)
    (role,) = [fact for fact in found.facts if isinstance(fact, Role)]
    assert role.inline_policies[0].statements[0].resources == (
        "arn:aws:s3:::${Unknown::literal.R}/*",
        "arn:aws:s3:::${Unknown::literal.Open.Arn}",
        "arn:aws:s3:::b/${aws:username}",
        "arn:aws:s3:::${x}",
    )
    assert {kind for kind, _ in _unknowns(found)} == {"substitution"}


@pytest.mark.parametrize(
    ("type_name", "kind"),
    [("AWS::CloudFormation::StackSet", "nested-stack"), ("Acme::S3::Bucket::MODULE", "module")],
)
def test_what_is_made_elsewhere_is_told(collect: Callable[..., Collected], type_name: str, kind: str) -> None:
    """Stacks in other accounts, and modules, hold resources that no template here shows."""
    assert [found for found, _ in _unknowns(collect(f"Resources: {{R: {{Type: '{type_name}'}}}}\n"))] == [kind]


def test_a_reader_that_fails_is_an_error_and_the_run_goes_on(
    collect: Callable[..., Collected], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names resource and line, and none of the values in hand."""

    def broken(resource: TemplateResource) -> Iterator[AnyFact]:
        raise ValueError(f"secret {resource.properties}")
        yield

    monkeypatch.setattr(facts_module, "readers_for", lambda name: (broken,) if name == "AWS::SQS::Queue" else ())
    found = collect(
        "Resources:\n  Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: hunter2}}\n  T: {Type: 'AWS::SNS::Topic'}\n"
    )
    assert [(error.source.line, "hunter2" in str(error)) for error in found.errors if error.source] == [(2, False)]
    assert [fact.type for fact in found.facts if isinstance(fact, Resource)] == ["AWS::SQS::Queue", "AWS::SNS::Topic"]


def test_outputs_are_facts_with_their_export_names(collect: Callable[..., Collected]) -> None:
    """An output whose condition is false is not there."""
    found = collect(
        """
        Conditions: {Never: !Equals [a, b]}
        Resources: {Q: {Type: 'AWS::SQS::Queue'}}
        Outputs:
          A: {Value: !Ref 'AWS::Region', Export: {Name: !Sub '${AWS::StackName}-a'}}
          B: {Value: [x, y]}
          C: {Value: z, Condition: Never}
          D: text
        """,
        region="eu-west-1",
        stack_name="shop",
    )
    outputs = [(fact.name, fact.value, fact.export) for fact in found.facts if isinstance(fact, Output)]
    assert outputs == [("A", "eu-west-1", "shop-a"), ("B", "x,y", None)]


def test_the_account_of_the_deployment_is_a_fact(collect: Callable[..., Collected]) -> None:
    """Bound by the options, or the token."""
    text = "Resources: {Q: {Type: 'AWS::SQS::Queue'}}"
    assert [fact.id for fact in collect(text).facts if isinstance(fact, Account)] == ["${AWS::AccountId}"]
    bound = collect(text, account="111122223333").facts
    assert [fact.id for fact in bound if isinstance(fact, Account)] == ["111122223333"]


def test_substitutions_of_a_state_machine_are_made(collect: Callable[..., Collected]) -> None:
    """In a definition object and in definition text alike."""
    head = "DefinitionSubstitutions: {F: !GetAtt Fn.Arn}"
    machine = f"{{Type: 'AWS::StepFunctions::StateMachine', Properties: {{RoleArn: r, {head}, %s}}}}"
    function = "{Type: 'AWS::Lambda::Function', Properties: {Role: r}}"
    inline = "Definition: {StartAt: A, States: {A: {Type: Task, Resource: '${F}', End: true}}}"
    text = (
        """DefinitionString: '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${F}", "End": true}}}'"""
    )
    for definition in (inline, text):
        found = collect(f"Resources:\n  Fn: {function}\n  M: {machine % definition}\n")
        (trigger,) = [fact for fact in found.facts if isinstance(fact, Trigger)]
        assert trigger.function_arn.endswith(":function:${Fn}")


def test_substitutions_are_made_in_one_pass(collect: Callable[..., Collected]) -> None:
    """What is put in for one name is not searched for the other names."""
    machine = (
        "{Type: 'AWS::StepFunctions::StateMachine', Properties: {RoleArn: r, "
        "DefinitionSubstitutions: {F: !GetAtt Fn.Arn, Fn: other}, "
        "Definition: {StartAt: A, States: {A: {Type: Task, Resource: '${F}', End: true}}}}}"
    )
    function = "{Type: 'AWS::Lambda::Function', Properties: {Role: r}}"
    found = collect(f"Resources:\n  Fn: {function}\n  M: {machine}\n")
    (trigger,) = [fact for fact in found.facts if isinstance(fact, Trigger)]
    assert trigger.function_arn.endswith(":function:${Fn}")


def test_properties_that_are_no_mapping_are_an_error(collect: Callable[..., Collected]) -> None:
    """The resource is a fact all the same."""
    found = collect("Resources:\n  Fn:\n    Type: AWS::Lambda::Function\n    Properties: text\n")
    assert [error.source.line for error in found.errors if error.source] == [4]
    assert [fact.logical_id for fact in found.facts if isinstance(fact, Function)] == ["Fn"]
