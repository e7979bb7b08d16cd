"""Templates made to hurt: every one is read, or is an error, in bounded time and without an exception."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permscope.collect.templates.collect import read_templates
from permscope.collect.templates.document import Document, parse_document
from permscope.collect.templates.files import Place
from permscope.collect.templates.options import LoadOptions
from permscope.collect.templates.world import Template
from permscope.inventory.facts import Unknown
from permscope.inventory.inventory import Collected
from permscope.inventory.located import LocatedDict, LocatedList, LocatedStr

CPU_SECONDS = 20.0


def _many_conditions(count: int) -> str:
    lines = ["Parameters: {P: {Type: String}}", "Conditions:", "  C0: !Equals [!Ref P, x]"]
    lines += [f"  C{n}: !And [!Condition C{n - 1}, !Condition C{n - 1}]" for n in range(1, count)]
    return "\n".join(lines) + "\n"


def _queue(value: str) -> str:
    return f"Resources: {{Q: {{Type: 'AWS::SQS::Queue', Properties: {{QueueName: {value}}}}}}}\n"


def _nested(function: str, depth: int) -> str:
    value = "x"
    for _ in range(depth):
        value = function % value
    return value


CASES = {
    "conditions that double": _many_conditions(40) + _queue("!If [C39, a, b]"),
    "conditions in a circle": "Conditions: {A: !Not [!Condition B], B: !Or [!Condition A, !Condition A]}\n"
    + _queue("!If [A, a, b]"),
    "many independent conditions in one text": "Parameters: {P: {Type: String}}\nConditions:\n"
    + "".join(f"  C{n}: !Equals [!Ref P, '{n}']\n" for n in range(600))
    + _queue(f"!Join ['', [{', '.join(f'!If [C{n}, a{n}, b{n}]' for n in range(600))}]]"),
    "conditions nested in one text": "Parameters: {P: {Type: String}}\nConditions:\n"
    + "".join(f"  C{n}: !Equals [!Ref P, '{n}']\n" for n in range(40))
    + _queue("!Join ['', [" + "".join(f"!If [C{n}, a{n}, " for n in range(40)) + "z" + "]" * 40 + "]]"),
    "joins within joins": _queue(_nested("!Join ['', [%s]]", 45)),
    "a text that doubles": "Mappings: {M: {K: {V: "
    + "x" * 60_000
    + "}}}\n"
    + _queue("!Join ['', [" + ", ".join(["!FindInMap [M, K, V]"] * 400) + "]]"),
    "aliases that multiply": "A: &a {Fn::Join: ['', [x, x]]}\n"
    + "".join(f"B{n}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 8)}]\n" for n in range(5))
    + _queue("!Join ['', *f]"),
    "a parameter as long as a file": "Parameters: {P: {Type: CommaDelimitedList, Default: '"
    + "a," * 200_000
    + "'}}\n"
    + _queue("!Join ['', [" + ", ".join(["!Join ['', !Ref P]"] * 500) + "]]"),
    "names in a long chain": "Resources:\n"
    + "".join(
        f"  B{n}: {{Type: 'AWS::S3::Bucket', Properties: {{BucketName: !Sub 'x-${{B{n + 1}}}'}}}}\n" for n in range(500)
    ),
    "attributes in a long chain": "Resources:\n"
    + "".join(
        f"  R{n}: {{Type: 'AWS::Lambda::Alias', Properties: {{Name: a, FunctionName: !Ref R{n + 1}}}}}\n"
        for n in range(500)
    ),
    "outputs that name each other": "Resources: {Q: {Type: 'AWS::SQS::Queue'}}\nOutputs:\n"
    + "".join(f"  O{n}: {{Value: {{'Fn::ImportValue': e{n + 1}}}, Export: {{Name: e{n}}}}}\n" for n in range(300)),
    "a name of stack names": "Resources: {Q: {Type: 'AWS::SQS::Queue'}}\nOutputs:\n"
    "  O: {Value: x, Export: {Name: !Sub '"
    + "${AWS::StackName}" * 40
    + "!'}}\n  I: {Value: !ImportValue '"
    + "a" * 200
    + "'}\n",
    "braces without end": _queue("'" + "${" * 5000 + "'"),
    "dynamic references without end": _queue("'" + "{{resolve:" * 3000 + "'"),
    "a thousand loops": "Transform: AWS::LanguageExtensions\nResources:\n  Q: {Type: 'AWS::SQS::Queue'}\n"
    + "".join(
        f"  Fn::ForEach::L{n}: [V, [{', '.join(map(str, range(50)))}], "
        f"{{'Q{n}x${{V}}': {{Type: 'AWS::SQS::Queue'}}}}]\n"
        for n in range(300)
    ),
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES.keys())
def test_a_hostile_template_is_read_in_bounded_time(collect: Callable[..., Collected], text: str) -> None:
    """Its facts are there, and what was cut short is unknown."""
    started = time.process_time()
    found = collect(text)
    assert time.process_time() - started < CPU_SECONDS
    assert found.facts or found.errors


def test_nested_stacks_that_multiply_are_counted(collect: Callable[..., Collected]) -> None:
    """Ten stacks of ten stacks of ten stacks end at a bound that is told."""
    files = {}
    for level in range(6):
        child = f"t{level + 1}.yaml" if level < 5 else "end.yaml"
        files[f"t{level}.yaml"] = "Resources:\n" + "".join(
            f"  N{n}: {{Type: 'AWS::CloudFormation::Stack', Properties: {{TemplateURL: {child}}}}}\n" for n in range(10)
        )
    files["end.yaml"] = "Resources: {Q: {Type: 'AWS::SQS::Queue'}}\n"
    found = collect(files, paths=("t0.yaml",))
    assert any("nested stacks are not read" in fact.why for fact in found.facts if isinstance(fact, Unknown))


def test_nested_stacks_that_feed_each_other_end(collect: Callable[..., Collected]) -> None:
    """A hundred siblings, each with a parameter from the next one's output."""
    stacks = "".join(
        f"  N{n}: {{Type: 'AWS::CloudFormation::Stack', Properties: {{TemplateURL: c.yaml, "
        f"Parameters: {{P: !GetAtt N{n + 1}.Outputs.O}}}}}}\n"
        for n in range(100)
    )
    child = (
        "Parameters: {P: {Type: String}}\nResources: {Q: {Type: 'AWS::SQS::Queue'}}\n"
        "Outputs: {O: {Value: !Sub '${P}x'}}\n"
    )
    found = collect({"t.yaml": f"Resources:\n{stacks}", "c.yaml": child}, paths=("t.yaml",))
    assert not found.errors


BASE = """
Transform: AWS::Serverless-2016-10-31
Parameters: {P: {Type: String}, S: {Type: String, NoEcho: true, Default: hunter2}}
Conditions: {C: !Equals [!Ref P, x]}
Globals: {Function: {Runtime: python3.12, Environment: {Variables: {K: hunter2}}}}
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      CodeUri: .
      Policies: [{DynamoDBReadPolicy: {TableName: !Ref T}}, {Statement: [{Effect: Allow, Action: 's3:*'}]}]
      Events: {A: {Type: Api, Properties: {Path: /a, Method: get}}, Q: {Type: SQS, Properties: {Queue: !GetAtt Q.Arn}}}
  T: {Type: 'AWS::Serverless::SimpleTable', Condition: C}
  Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !If [C, a, !Ref P]}}
  R:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Principal: '*', Action: 'sts:AssumeRole'}]}
      Policies: [{PolicyName: p, PolicyDocument: {Statement: {Effect: Allow, Action: '*', Resource: !Sub '${Q.Arn}'}}}]
  M:
    Type: AWS::Serverless::StateMachine
    Properties:
      Role: !GetAtt R.Arn
      Definition: {StartAt: A, States: {A: {Type: Task, Resource: !GetAtt Fn.Arn, End: true}}}
  N: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: x.yaml}}
Outputs: {O: {Value: !GetAtt N.Outputs.X, Export: {Name: e}}}
"""
JUNK: list[Any] = [
    None,
    True,
    5,
    LocatedStr("x"),
    LocatedStr("${X}"),
    LocatedDict(),
    LocatedList(),
    LocatedDict({"Ref": "Nope"}),
    LocatedDict({"Ref": "AWS::NoValue"}),
    LocatedDict({"Fn::If": ["C", 1, LocatedList([2])]}),
    LocatedDict({"Fn::If": ["C"]}),
    LocatedDict({"Fn::GetAtt": ["Fn", "Arn"]}),
    LocatedDict({"Fn::Sub": "${Fn.Arn}/${P}"}),
    LocatedDict({"Fn::Transform": {"Name": "Own"}}),
    LocatedList([LocatedDict({"Ref": "P"}), None, LocatedDict()]),
]


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in items for found in ((*path, key), *_paths(item, (*path, key)))]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_template_with_anything_anywhere_is_read(data: st.DataObject) -> None:
    """Parts replaced by values of any shape never raise, and never let a secret out."""
    value = copy.deepcopy(parse_document(BASE, "t.yaml").value)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(_paths(value)))
        holder = value
        for key in path[:-1]:
            holder = holder[key]
        if data.draw(st.booleans()):
            holder[path[-1]] = copy.deepcopy(data.draw(st.sampled_from(JUNK)))
        elif isinstance(holder, dict):
            del holder[path[-1]]
        if not isinstance(value.get("Resources"), dict) or not _paths(value):
            break
    template = Template(place=Place("t.yaml"), document=Document(value), options=LoadOptions())
    found = read_templates([template])
    assert found.facts or found.errors
    assert "hunter2" not in repr((found.facts, [str(error) for error in found.errors]))
    assert not [error for error in found.errors if "cannot be read" in error.message]
