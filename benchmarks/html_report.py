"""Time and size of the HTML report of a world with some five thousand nodes, and how long a browser takes to show it.

`python benchmarks/html_report.py [FUNCTIONS]`; seconds are CPU seconds of this process, those of the browser are wall
time. The browser is measured where Chromium, chromedriver and selenium are (`pip install 'permscope[browser]'`).
"""

from __future__ import annotations

import importlib.util
import shutil
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


def browse(page: str, folder: Path) -> dict[str, float]:
    """Seconds a headless browser takes for each part, from the click to the next frame."""
    program, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if importlib.util.find_spec("selenium") is None or program is None or driver is None:
        return {}
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"):
        options.add_argument(argument)
    options.add_argument(f"--user-data-dir={folder}/profile")
    file = folder / "report.html"
    file.write_text(page, encoding="utf-8")
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    browser.set_script_timeout(300)
    found = {}
    try:
        start = time.perf_counter()
        browser.get(file.as_uri())
        found["open, summary"] = time.perf_counter() - start
        for words, script in {
            "functions": "permscope.show('functions')",
            "filter functions": "const box = document.getElementById('filter-functions'); box.value = 'F16';"
            "box.dispatchEvent(new Event('input'))",
            "findings": "permscope.show('findings')",
            "access": "permscope.show('access')",
            "graph, overview": "permscope.show('graph')",
            "graph, a focus": "permscope.drawing.focus(permscope.page.bySeverity.at(-1).id)",
            "graph, everything": "document.getElementById('draw-all').click()",
        }.items():
            found[words] = browser.execute_async_script(
                "const done = arguments[0], start = performance.now();"
                f"{script};setTimeout(() => requestAnimationFrame(() => done((performance.now() - start) / 1000)), 30)"
            )
    finally:
        browser.quit()
    return found


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
        shown = browse(page, Path(folder))
    print(
        f"{len(audit.graph.nodes):,} nodes, {len(audit.graph.edges):,} edges: read and audited in "
        f"{audited - start:.1f} s, report in {done - audited:.1f} s, {len(page.encode()) / 1e6:.1f} MB"
    )
    print("\n".join(f"{seconds:6.2f} s  {words}" for words, seconds in shown.items()) or "no browser to measure")


if __name__ == "__main__":
    main()
