"""What the stacks of one run tell each other: exports, and parameters kept in Systems Manager."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from permscope.inventory.facts import Trigger, Unknown
from permscope.inventory.inventory import Collected

Collect = Callable[..., Collected]
READER = """
Parameters: {Source: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /shop/queue}}
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Role: 'arn:aws:iam::111122223333:role/r'}}
  Mapping: {Type: AWS::Lambda::EventSourceMapping, Properties: {FunctionName: !Ref Fn, EventSourceArn: %s}}
"""
WRITER = """
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs}}
  Stored: {Type: AWS::SSM::Parameter, Properties: {Type: String, Name: /shop/queue, Value: %s}}
"""
QUEUE = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:jobs"


def source(collected: Collected) -> str | None:
    """What the only mapping reads."""
    (trigger,) = [fact for fact in collected.facts if isinstance(fact, Trigger)]
    return trigger.source_id


@pytest.mark.parametrize(
    "reference", ["!Ref Source", "'{{resolve:ssm:/shop/queue}}'", "'{{resolve:ssm:/shop/queue:3}}'"]
)
@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_what_one_stack_stores_in_systems_manager_another_one_reads(
    collect: Collect, reference: str, names: tuple[str, str]
) -> None:
    """As a parameter of such a type or as a dynamic reference, whichever stack is read first.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-ssm.html
    """
    files = {f"{names[0]}.yaml": WRITER % "!GetAtt Queue.Arn", f"{names[1]}.yaml": READER % reference}
    collected = collect(files)
    assert source(collected) == QUEUE
    assert not [fact for fact in collected.facts if isinstance(fact, Unknown)]


@pytest.mark.parametrize("value", ["hunter2", "!Ref Given", "'{{resolve:secretsmanager:db}}'"])
def test_a_stored_text_that_names_no_resource_stays_where_it_is(collect: Collect, value: str) -> None:
    """It may be a secret."""
    writer = f"Parameters: {{Given: {{Type: String}}}}{WRITER % value}"
    collected = collect({"a.yaml": writer, "b.yaml": READER % "!Ref Source"})
    assert source(collected) == "${Param::b/Source}"
    assert "hunter2" not in repr(collected.facts)


def test_a_parameter_of_another_region_is_another_parameter(collect: Collect) -> None:
    """A CDK manifest tells where its stacks go."""
    assembly = (
        '{"version": "1", "artifacts": {'
        '"A": {"type": "aws:cloudformation:stack", "environment": "aws://111122223333/%s", '
        '"properties": {"templateFile": "A.template.json"}},'
        '"B": {"type": "aws:cloudformation:stack", "environment": "aws://111122223333/eu-west-1", '
        '"properties": {"templateFile": "B.template.json"}}}}'
    )
    stacks: Mapping[str, str] = {
        "A.template.json": WRITER % "!GetAtt Queue.Arn",
        "B.template.json": READER % "'{{resolve:ssm:/shop/queue}}'",
    }
    same = collect({**stacks, "manifest.json": assembly % "eu-west-1"})
    assert source(same) == "arn:aws:sqs:eu-west-1:111122223333:jobs"
    other = collect({**stacks, "manifest.json": assembly % "us-east-1"})
    assert source(other) == "${Dynamic::B/ssm:/shop/queue}"


CROSS_REGION = """
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs}}
  Writer:
    Type: Custom::CrossRegionExportWriter
    Properties:
      ServiceToken: 'arn:aws:lambda:us-east-1:111122223333:function:writer'
      WriterProps: {region: eu-west-1, exports: {/cdk/exports/B/queue: !GetAtt Queue.Arn}}
  Stored: {Type: AWS::SSM::Parameter, Properties: {Type: String, Name: /cdk/queue, Value: !GetAtt Queue.Arn}}
"""
READERS = {
    "Custom::CrossRegionExportReader": "ReaderProps: {region: eu-west-1, prefix: B}",
    "Custom::CrossRegionStringParameterReader": "Region: us-east-1, ParameterName: /cdk/queue",
}


@pytest.mark.parametrize(
    ("kind", "attribute"),
    [
        ("Custom::CrossRegionExportReader", "/cdk/exports/B/queue"),
        ("Custom::CrossRegionStringParameterReader", "FunctionArn"),
    ],
)
def test_what_a_cdk_app_carries_into_another_region_arrives(collect: Collect, kind: str, attribute: str) -> None:
    """A custom resource writes it there, another one reads it.

    https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib-readme.html#accessing-resources-in-a-different-stack-and-region
    """
    stack = (
        '"%s": {"type": "aws:cloudformation:stack", "environment": "aws://111122223333/%s", '
        '"properties": {"templateFile": "%s"}}'
    )
    stacks = ", ".join(stack % each for each in (("A", "us-east-1", "A.json"), ("B", "eu-west-1", "B.json")))
    reader = f"""
  Reader:
    Type: {kind}
    Properties: {{ServiceToken: 'arn:aws:lambda:eu-west-1:111122223333:function:reader', {READERS[kind]}}}
"""
    files = {
        "manifest.json": f'{{"version": "1", "artifacts": {{{stacks}}}}}',
        "A.json": CROSS_REGION,
        "B.json": READER % f"!GetAtt [Reader, {attribute}]" + reader,
    }
    triggers = [fact for fact in collect(files).facts if isinstance(fact, Trigger)]
    read = next(trigger for trigger in triggers if trigger.event == "event-source-mapping")
    assert read.source_id == "arn:aws:sqs:us-east-1:111122223333:jobs"


EXPORTER = """
Resources: {Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: %s}}}
Outputs: {Queue: {Value: !GetAtt Queue.Arn, Export: {Name: queue}}}
"""
IMPORTER = READER % "!ImportValue queue"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"a.yaml": "one", "b.yaml": "two"}, "${Import::queue}"),
        ({"x/a.yaml": "one", "y/b.yaml": "two"}, "${Import::queue}"),
        ({"x/a.yaml": "one", "b.yaml": "jobs"}, QUEUE),  # alone with it in the folder
        ({"b.yaml": "jobs"}, QUEUE),
        ({"x/b.yaml": "jobs"}, QUEUE),
    ],
)
def test_an_export_of_several_templates_is_that_of_the_own_folder_or_not_known(
    collect: Collect, files: Mapping[str, str], found: str
) -> None:
    """An account has one export of a name, so such templates are not deployed together.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
    """
    collected = collect({**{file: EXPORTER % name for file, name in files.items()}, "c.yaml": IMPORTER})
    assert source(collected) == found
    whys = [fact.why for fact in collected.facts if isinstance(fact, Unknown) and fact.kind == "import"]
    assert whys == (["several templates that were read export it"] if found.startswith("${") else [])


def test_an_export_with_one_value_in_several_templates_is_known(collect: Collect) -> None:
    """Whichever is deployed, the import gets that."""
    output = f"Outputs: {{Q: {{Value: '{QUEUE}', Export: {{Name: queue}}}}}}"
    text = f"Resources: {{T: {{Type: AWS::SNS::Topic}}}}\n{output}"
    collected = collect({"a.yaml": text, "b.yaml": text, "c.yaml": IMPORTER})
    assert source(collected) == QUEUE
