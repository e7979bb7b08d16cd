"""One template as a stack: transforms, nested stacks, outputs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from permscope.collect.templates.stack import Bound, bind_template
from permscope.errors import TemplateError
from permscope.inventory.facts import Function, Output, Resource, Role, Unknown
from permscope.inventory.inventory import Collected

CHILD = """
Parameters:
  Table: {Type: String}
  Secret: {Type: String, NoEcho: true}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: []}
      Policies:
        - PolicyName: p
          PolicyDocument: {Statement: [{Effect: Allow, Action: dynamodb:GetItem, Resource: !Ref Table}]}
Outputs:
  RoleArn: {Value: !GetAtt Role.Arn}
"""
PARENT = """
Resources:
  Orders: {Type: 'AWS::DynamoDB::Table'}
  Child:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: nested/child.yaml
      Parameters: {Table: !GetAtt Orders.Arn, Secret: hunter2}
  Fn:
    Type: AWS::Lambda::Function
    Properties: {Role: !GetAtt Child.Outputs.RoleArn}
"""
ACCOUNT = "arn:${AWS::Partition}:iam::${AWS::AccountId}"


def _unknowns(collected: Collected, kind: str) -> list[Unknown]:
    return [fact for fact in collected.facts if isinstance(fact, Unknown) and fact.kind == kind]


def test_a_nested_stack_gets_its_parameters_and_gives_its_outputs(collect: Callable[..., Collected]) -> None:
    """The child's role is allowed the parent's table, and is the role of the parent's function."""
    found = collect({"template.yaml": PARENT, "nested/child.yaml": CHILD})
    assert not found.errors
    (role,) = [fact for fact in found.facts if isinstance(fact, Role)]
    (function,) = [fact for fact in found.facts if isinstance(fact, Function)]
    assert (role.arn, role.stack) == (f"{ACCOUNT}:role/${{Child/Role}}", "Child")
    assert function.role_arn == role.arn
    table = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${Orders}"
    assert role.inline_policies[0].statements[0].resources == (table,)
    assert "hunter2" not in repr(found.facts)


def test_a_nested_template_is_not_read_a_second_time_on_its_own(collect: Callable[..., Collected]) -> None:
    """Found in the directory too, it still is one stack."""
    found = collect({"template.yaml": PARENT, "nested/child.yaml": CHILD})
    assert len(found.files) == 2
    assert sum(isinstance(fact, Role) for fact in found.facts) == 1


def test_a_sam_application_is_a_nested_stack(collect: Callable[..., Collected]) -> None:
    """`Location` names a local template; one of the application repository is unknown."""
    found = collect(
        {
            "template.yaml": """
            Transform: AWS::Serverless-2016-10-31
            Resources:
              Child:
                Type: AWS::Serverless::Application
                Properties: {Location: ./child.yaml, Parameters: {Table: t, Secret: s}}
              Far:
                Type: AWS::Serverless::Application
                Properties: {Location: {ApplicationId: 'arn:aws:serverlessrepo:us-east-1:1:applications/x'}}
            """,
            "child.yaml": CHILD,
        }
    )
    assert [fact.stack for fact in found.facts if isinstance(fact, Role)] == ["Child"]
    assert [fact.logical_id for fact in _unknowns(found, "nested-stack")] == ["Far"]


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("template.yaml", "includes itself"),
        ("missing.yaml", "there is no such file"),
        ("../outside.yaml", "outside the folder"),
        ("/etc/passwd", "outside the folder"),
        ("https://bucket.s3.amazonaws.com/child.yaml", "it is on S3"),
        ("s3://bucket/child.yaml", "it is on S3"),
        (".", "it is not a file"),
        ("link.yaml", "outside the folder"),
        ("a\\0b", "the path is not valid"),
    ],
)
def test_a_nested_stack_that_is_not_read_is_unknown(
    collect: Callable[..., Collected], tmp_path_factory: pytest.TempPathFactory, reference: str, why: str
) -> None:
    """Nothing outside of the folder is read, also through a link; each stack not read is told."""
    outside = tmp_path_factory.mktemp("outside") / "secret.yaml"
    outside.write_text(CHILD)
    template = f"""
Resources:
  Child: {{Type: 'AWS::CloudFormation::Stack', Properties: {{TemplateURL: "{reference}"}}}}
"""
    found = collect({"app/template.yaml": template}, paths=("app",))
    (Path(found.files[0]).parent / "link.yaml").symlink_to(outside)
    (Path(found.files[0]).parent.parent / "outside.yaml").write_text(CHILD)
    found = collect({"app/template.yaml": template}, paths=("app/template.yaml",))
    (unknown,) = _unknowns(found, "nested-stack")
    assert why in unknown.why
    assert unknown.source.line == 3
    assert not any(isinstance(fact, Role) for fact in found.facts)


def test_the_repository_is_the_root_that_references_may_not_leave(collect: Callable[..., Collected]) -> None:
    """A sibling folder of the same repository may be read."""
    parent = PARENT.replace("nested/child.yaml", "../shared/child.yaml")
    found = collect({".git/HEAD": "x", "app/template.yaml": parent, "shared/child.yaml": CHILD}, paths=("app",))
    assert any(isinstance(fact, Role) for fact in found.facts)


def test_stacks_that_nest_each_other_end(collect: Callable[..., Collected]) -> None:
    """A circle of templates is cut and told."""
    one = "Resources: {N: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: %s}}}"
    found = collect({"a.yaml": one % "b.yaml", "b.yaml": one % "a.yaml"}, paths=("a.yaml",))
    assert "includes itself" in _unknowns(found, "nested-stack")[0].why


def test_outputs_that_name_each_other_end(collect: Callable[..., Collected]) -> None:
    """A circle through a nested stack's outputs and parameters is a token, not an endless walk."""
    found = collect(
        {
            "a.yaml": """
            Resources:
              N:
                Type: AWS::CloudFormation::Stack
                Properties: {TemplateURL: b.yaml, Parameters: {P: !GetAtt N.Outputs.O}}
            """,
            "b.yaml": """
            Parameters: {P: {Type: String}}
            Resources: {Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Ref P}}}
            Outputs: {O: {Value: !Ref P}}
            """,
        },
        paths=("a.yaml",),
    )
    (queue,) = [fact for fact in found.facts if isinstance(fact, Resource) and fact.type == "AWS::SQS::Queue"]
    assert queue.name == "${N.Outputs.O}"


def test_a_stack_whose_condition_is_false_is_not_read(collect: Callable[..., Collected]) -> None:
    """Its template is not deployed."""
    found = collect(
        {
            "template.yaml": PARENT.replace(
                "Type: AWS::CloudFormation::Stack", "Type: AWS::CloudFormation::Stack\n    Condition: Never"
            )
            + "Conditions: {Never: !Equals [a, b]}\n",
            "nested/child.yaml": CHILD,
        },
        paths=("template.yaml",),
    )
    assert not any(isinstance(fact, Role) for fact in found.facts)


def test_a_broken_nested_template_is_an_error_at_its_line(collect: Callable[..., Collected]) -> None:
    """The parent is read all the same."""
    found = collect({"template.yaml": PARENT, "nested/child.yaml": "Resources:\n\t- x"}, paths=("template.yaml",))
    assert [(Path(str(error.source.file)).name, error.source.line) for error in found.errors if error.source] == [
        ("child.yaml", 2)
    ]
    assert any(isinstance(fact, Function) for fact in found.facts)


def test_an_import_meets_the_export_of_another_template(collect: Callable[..., Collected]) -> None:
    """Names that the deployment settles differ from stack to stack; ARNs meet through the export."""
    found = collect(
        {
            "network/template.yaml": """
            Resources: {Bus: {Type: 'AWS::Events::EventBus', Properties: {Name: shared}}, Q: {Type: 'AWS::SQS::Queue'}}
            Outputs: {Q: {Value: !GetAtt Q.Arn, Export: {Name: shared-queue}}}
            """,
            "app/template.yaml": """
            Resources: {Fn: {Type: 'AWS::Lambda::Function', Properties: {Role: r}}, Q: {Type: 'AWS::SQS::Queue'}}
            Outputs:
              In: {Value: !ImportValue shared-queue}
              Own: {Value: !GetAtt Q.Arn}
              Nowhere: {Value: !ImportValue nobody}
            """,
        }
    )
    outputs = {fact.name: fact.value for fact in found.facts if isinstance(fact, Output)}
    assert outputs["In"] == outputs["Q"] == "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${network/Q}"
    assert outputs["Own"].endswith(":${app/Q}")
    assert outputs["Nowhere"] == "${Import::nobody}"


def test_an_export_named_after_its_stack_meets_the_one_import_that_fits(collect: Callable[..., Collected]) -> None:
    """The stack's name is not known, but only one export can be meant."""
    network = """
    Resources: {Q: {Type: 'AWS::SQS::Queue'}}
    Outputs: {Q: {Value: !GetAtt Q.Arn, Export: {Name: !Sub '${AWS::StackName}-queue'}}}
    """
    app = """
    Parameters: {Net: {Type: String, Default: prod-network}}
    Resources: {R: {Type: 'AWS::SNS::Topic'}}
    Outputs: {In: {Value: {'Fn::ImportValue': !Sub '${Net}-queue'}}}
    """
    outputs = [fact for fact in collect({"net/t.yaml": network, "app/t.yaml": app}).facts if isinstance(fact, Output)]
    assert next(fact.value for fact in outputs if fact.name == "In").endswith(":${net/t/Q}")
    three = collect({"net/t.yaml": network, "net2/t.yaml": network, "app/t.yaml": app}).facts
    assert [fact.value for fact in three if isinstance(fact, Output) and fact.name == "In"] == [
        "${Import::prod-network-queue}"
    ]


def test_stacks_that_import_from_each_other_end(collect: Callable[..., Collected]) -> None:
    """A circle of exports is unknown."""
    one = "Resources: {R: {Type: 'AWS::SNS::Topic'}}\nOutputs: {O: {Value: !ImportValue %s, Export: {Name: %s}}}\n"
    found = collect({"a/t.yaml": one % ("b", "a"), "b/t.yaml": one % ("a", "b")})
    assert {fact.value for fact in found.facts if isinstance(fact, Output)} <= {"${Import::a}", "${Import::b}"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Description: x\n", "the template has no `Resources` section"),
        ("Resources: {}\n", "`Resources` holds no resources"),
        ("Resources: [a]\n", "`Resources` is not a mapping"),
        ("- a\n", "the file is not a template"),
        ("text", "the file is not a template"),
    ],
)
def test_a_document_that_is_no_template_is_an_error(bind: Callable[..., Bound], text: str, message: str) -> None:
    """The hint says what a template has."""
    with pytest.raises(TemplateError, match=message) as caught:
        bind(text)
    assert caught.value.hint


def test_resources_that_are_no_mappings_are_told_and_left_out(bind: Callable[..., Bound]) -> None:
    """The rest of the template is read."""
    bound = bind("Resources:\n  A: text\n  B: {Type: 'AWS::SQS::Queue'}\n")
    assert [str(error.source) for error in bound.errors] == ["template.yaml:2:3"]
    assert list(bound.resources) == ["B"]


@pytest.mark.parametrize("transform", ["Own", "[Own]", "[AWS::LanguageExtensions, Own]", "{Name: Own}"])
def test_a_macro_is_an_unknown(bind: Callable[..., Bound], transform: str) -> None:
    """The template is read as it stands."""
    bound = bind(f"Transform: {transform}\nResources: {{Q: {{Type: 'AWS::SQS::Queue'}}}}\n")
    assert [(fact.kind, fact.what) for fact in bound.unknowns] == [("transform", "macro `Own`")]


@pytest.mark.parametrize(
    "transform", ["AWS::LanguageExtensions", "AWS::SecretsManager-2024-09-16", "AWS::CodeDeployBlueGreen"]
)
def test_known_transforms_are_nothing_to_tell(bind: Callable[..., Bound], transform: str) -> None:
    """They change nothing permscope has to run."""
    assert bind(f"Transform: {transform}\nResources: {{Q: {{Type: 'AWS::SQS::Queue'}}}}\n").unknowns == []


def test_a_macro_inside_a_resource_is_an_unknown(collect: Callable[..., Collected]) -> None:
    """What it would add is not known; what stands beside it is."""
    found = collect(
        """
        Resources:
          Q:
            Type: AWS::SQS::Queue
            Properties:
              QueueName: q
              'Fn::Transform': {Name: Own}
          'Fn::Transform': {Name: Other}
        """
    )
    assert {fact.what for fact in _unknowns(found, "transform")} == {"macro `Own`", "what `Fn::Transform` adds"}
    assert [fact.name for fact in found.facts if isinstance(fact, Resource)] == ["q"]


def test_a_template_needs_no_place_on_disk(bind: Callable[..., Bound]) -> None:
    """Standard input has no files beside it, and says so."""
    bound = bind("Resources: {N: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: x.yaml}}}\n")
    assert bound.family() == [bound]
    assert "standard input" in bound.unknowns[0].why
    assert bind_template.__doc__
