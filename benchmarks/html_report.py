"""Time and size of the HTML report of a world with some five thousand nodes.

`python benchmarks/html_report.py [FUNCTIONS]`; seconds are CPU seconds of this process.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from permscope.audit.run import run_audit
from permscope.collect.load import LoadOptions, load
from permscope.report.html_report import render


def template(functions: int) -> str:
    """Functions with a role and a queue each, every one writing to the queue of the next."""
    parts = ["Resources:"]
    for number in range(functions):
        target = (number + 1) % functions if number % 9 else number
        parts.append(
            f"""
  F{number}: {{Type: "AWS::Lambda::Function", Properties: {{Role: !GetAtt R{number}.Arn, Code: {{}}}}}}
  Q{number}: {{Type: "AWS::SQS::Queue"}}
  M{number}:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {{FunctionName: !Ref F{number}, EventSourceArn: !GetAtt Q{number}.Arn}}
  R{number}:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{{Effect: Allow, Principal: {{Service: lambda.amazonaws.com}}, Action: "sts:AssumeRole"}}]
      ManagedPolicyArns: ["arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"]
      Policies:
        - PolicyName: p
          PolicyDocument:
            Statement: [{{Effect: Allow, Action: "sqs:SendMessage", Resource: !GetAtt Q{target}.Arn}}]"""
        )
    return "\n".join(parts) + "\n"


def main() -> None:
    """Print nodes, edges, seconds and megabytes."""
    functions = int(sys.argv[1]) if len(sys.argv) > 1 else 1_700
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "template.yaml").write_text(template(functions), encoding="utf-8")
        start = time.process_time()
        inventory = load([folder], LoadOptions())
        audit = run_audit(inventory)
        audited = time.process_time()
        page = render(audit.graph, audit.findings, inventory.errors, rules=audit.rules)
        done = time.process_time()
    print(
        f"{len(audit.graph.nodes):,} nodes, {len(audit.graph.edges):,} edges: read and audited in "
        f"{audited - start:.1f} s, report in {done - audited:.1f} s, {len(page.encode()) / 1e6:.1f} MB"
    )


if __name__ == "__main__":
    main()
