"""What runs a function in an account that moto simulates, made and read through its APIs."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

moto = pytest.importorskip("moto", reason="moto is not installed")
boto3 = pytest.importorskip("boto3", reason="boto3 is not installed")

from permscope.collect.live import collect  # noqa: E402
from permscope.collect.live.account import Limits, LiveAccount  # noqa: E402
from permscope.inventory.facts import Trigger, Unknown  # noqa: E402
from permscope.services import live_readers  # noqa: E402

ACCOUNT, REGION = "123456789012", "eu-west-1"
PARTS = {
    "apigateway",
    "apigatewayv2",
    "cloudwatch",
    "cognito",
    "config",
    "elasticloadbalancing",
    "events",
    "firehose",
    "iot",
    "lambda",
    "logs",
    "pipes",
    "scheduler",
    "ses",
    "stepfunctions",
}


@pytest.fixture
def mocked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty account in this process."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with moto.mock_aws():
        yield


def client(name: str) -> Any:
    """A client of the simulated account."""
    return boto3.client(name, region_name=REGION)


def make_function() -> tuple[str, str]:
    """The ARNs of a function and its role."""
    services = ["lambda.amazonaws.com", "states.amazonaws.com"]
    statement = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("a.py", "")
    made = client("lambda").create_function(
        FunctionName="f", Runtime="python3.12", Role=role, Handler="a.h", Code={"ZipFile": code.getvalue()}
    )
    return made["FunctionArn"], role


def wire_apis(function: str) -> None:
    """A method and a route."""
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"
    rest = client("apigateway")
    api = rest.create_rest_api(name="rest")["id"]
    root = rest.get_resources(restApiId=api)["items"][0]["id"]
    held: dict[str, str] = {
        "restApiId": api,
        "resourceId": rest.create_resource(restApiId=api, parentId=root, pathPart="orders")["id"],
        "httpMethod": "GET",
    }
    rest.put_method(**held, authorizationType="NONE")
    rest.put_integration(**held, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    rest.create_deployment(restApiId=api, stageName="live")
    http = client("apigatewayv2")
    api = http.create_api(Name="http", ProtocolType="HTTP")["ApiId"]
    integration = http.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0"
    )
    http.create_route(ApiId=api, RouteKey="GET /x", Target=f"integrations/{integration['IntegrationId']}")
    http.create_stage(ApiId=api, StageName="$default")


def wire_events(function: str, role: str) -> None:
    """Rules, a schedule, a pipe, a state machine and a subscription."""
    events = client("events")
    events.create_event_bus(Name="shop")
    events.put_rule(Name="daily", ScheduleExpression="rate(1 day)")
    events.put_rule(Name="paid", EventBusName="shop", EventPattern='{"source": ["a"]}')
    events.put_targets(Rule="daily", Targets=[{"Id": "1", "Arn": function}])
    events.put_targets(Rule="paid", EventBusName="shop", Targets=[{"Id": "1", "Arn": function}])
    client("scheduler").create_schedule(
        Name="s",
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": function, "RoleArn": role},
    )
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
    client("pipes").create_pipe(Name="p", RoleArn=role, Source=queue, Target=function)
    definition = {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": function, "End": True}}}
    client("stepfunctions").create_state_machine(name="m", roleArn=role, definition=json.dumps(definition))
    logs = client("logs")
    logs.create_log_group(logGroupName="/g")
    logs.put_subscription_filter(logGroupName="/g", filterName="x", filterPattern="", destinationArn=function)


def wire_others(function: str, role: str) -> None:
    """A user pool, an alarm, rules of IoT, Config and SES, a target group, a delivery stream."""
    client("cognito-idp").create_user_pool(PoolName="p", LambdaConfig={"PreSignUp": function})
    client("cloudwatch").put_metric_alarm(
        AlarmName="a",
        AlarmActions=[function],
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="x",
        Namespace="y",
        Period=60,
        Statistic="Sum",
        Threshold=1,
    )
    action = {"lambda": {"functionArn": function}}
    client("iot").create_topic_rule(ruleName="t", topicRulePayload={"sql": "SELECT * FROM 'a'", "actions": [action]})
    details = [{"EventSource": "aws.config", "MessageType": "ConfigurationItemChangeNotification"}]
    source = {"Owner": "CUSTOM_LAMBDA", "SourceIdentifier": function, "SourceDetails": details}
    client("config").put_config_rule(ConfigRule={"ConfigRuleName": "c", "Source": source})
    ses = client("ses")
    ses.create_receipt_rule_set(RuleSetName="s")
    rule = {"Name": "r", "Enabled": True, "Actions": [{"LambdaAction": {"FunctionArn": function}}]}
    ses.create_receipt_rule(RuleSetName="s", Rule=rule)
    balancing = client("elbv2")
    group = balancing.create_target_group(Name="g", TargetType="lambda")["TargetGroups"][0]["TargetGroupArn"]
    balancing.register_targets(TargetGroupArn=group, Targets=[{"Id": function}])
    parameters = [{"ParameterName": "LambdaArn", "ParameterValue": function}]
    processors = [{"Type": "Lambda", "Parameters": parameters}]
    client("firehose").create_delivery_stream(
        DeliveryStreamName="d",
        ExtendedS3DestinationConfiguration={
            "RoleARN": role,
            "BucketARN": "arn:aws:s3:::b",
            "ProcessingConfiguration": {"Enabled": True, "Processors": processors},
        },
    )


@pytest.mark.usefixtures("mocked")
def test_everything_that_runs_a_function_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """One trigger for each wiring; what moto does not know is an unknown and loses nothing else."""
    function, role = make_function()
    wire_apis(function)
    wire_events(function, role)
    wire_others(function, role)
    readers = tuple(found for found in live_readers() if found[0].partition(".")[0] in PARTS)
    monkeypatch.setattr(collect, "live_readers", lambda: readers)
    limits = Limits(threads=4, attempts=1, rate=1e6)
    account = LiveAccount(id=ACCOUNT, partition="aws", boto=boto3.Session(), home=REGION, limits=limits)
    (part,) = collect.collect_parts([collect.Part(account, REGION)])
    found = [fact for fact in part.facts if isinstance(fact, Trigger)]
    assert {fact.function_arn for fact in found} == {function}
    assert sorted(fact.event for fact in found) == [
        "alarm",
        "cognito-pre-sign-up",
        "config-rule",
        "event-rule",
        "firehose-transformation",
        "http-route",
        "iot-rule",
        "logs-subscription",
        "pipe-target",
        "rest-method",
        "schedule",
        "schedule",
        "ses-receipt-rule",
        "state-machine-task",
        "target-group",
    ]
    missing = [fact.why for fact in part.facts if isinstance(fact, Unknown)]
    assert all("implemented" in why or "not known:" in why for why in missing)
