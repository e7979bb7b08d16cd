"""Each service's part of a stack, read as template and read live, gives the same graph.

A template of `fixtures/live` is deployed by handing its properties, resolved as permscope resolves them, to the APIs
that CloudFormation would call: properties and parameters differ in case only, and where they do not, `_MADE` says so.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from permscope.audit.config import Config
from permscope.audit.run import run_audit
from permscope.cli.sides import read_sides
from permscope.collect.live.estate import Estate
from permscope.collect.load import LoadOptions, load
from permscope.collect.templates.document import parse_document
from permscope.collect.templates.facts import _resources
from permscope.collect.templates.files import Place
from permscope.collect.templates.stack import bind_template
from permscope.graph.build import build_graph
from permscope.graph.diff.compare import diff_graphs
from permscope.graph.model import PermissionGraph
from permscope.inventory.inventory import Inventory
from permscope.services import live_readers
from permscope.services.interface import Stack

ACCOUNT, REGION = "123456789012", "eu-west-1"
OPTIONS = LoadOptions(account=ACCOUNT, region=REGION, partition="aws")
WORLDS = Path(__file__).parents[3] / "fixtures" / "live"
_TOKEN = re.compile(r"\$\{(\w+)(?:\.(\w+))?\}")
Properties = dict[str, Any]


def fit(value: Any, shape: Any) -> Any:
    """A property's value as a parameter of an API: keys in its case, documents as text, numbers as numbers."""
    kind = shape.type_name
    if kind == "string":
        return value if isinstance(value, str) else json.dumps(value)
    if kind in ("integer", "long"):
        return int(value)
    if kind in ("double", "float"):
        return float(value)
    if kind == "boolean":
        return value in (True, "true")
    if kind == "list":
        return [fit(item, shape.member) for item in value]
    if kind == "map":
        return {key: fit(item, shape.value) for key, item in value.items()}
    if kind == "structure":
        members = {name.lower(): name for name in shape.members}
        known = {members[key.lower()]: item for key, item in value.items() if key.lower() in members}
        return {key: fit(item, shape.members[key]) for key, item in known.items()}
    return value


class Deployer:
    """Makes the resources of a template through the APIs that CloudFormation would call.

    Args:
        of: gives the client of a service.

    Attributes:
        values: token of the template (`Api`, `Api.RootResourceId`) -> what the deployment made of it.
        asked: the services whose APIs were called.
        made: other text that stands for what a deployment makes up -> what it made.
    """

    def __init__(self, of: Callable[[str], Any]) -> None:
        self.client = of
        self.asked: set[str] = set()
        self.values: dict[str, str] = {}
        self.made: dict[str, str] = {}

    def of(self, service: str) -> Any:
        """A client, which is remembered."""
        self.asked.add(service)
        return self.client(service)

    def deploy(self, text: str) -> None:
        """Make everything, in the order of the template."""
        bound = bind_template(parse_document(text, "template.yaml").value, Place("template.yaml"), OPTIONS)
        stack = Stack(partition="aws", region=REGION, account=ACCOUNT)
        for resource in _resources(bound, stack):
            stack.resources[resource.logical_id] = resource
            properties = json.loads(self.settled(json.dumps(resource.properties)))
            made = _MADE[resource.type](self, resource.name, properties) or {}
            for attribute, value in made.items():
                self.values[f"{resource.logical_id}.{attribute}".rstrip(".")] = value

    def settled(self, text: str) -> str:
        """A text with the tokens that a deployment has made something of."""
        text = _TOKEN.sub(lambda found: self.values.get(found[0][2:-1], found[0]), text)
        for token, value in self.made.items():
            text = text.replace(token, value)
        return text

    def call(self, operation: str, properties: Mapping[str, Any], **more: Any) -> Any:
        """Call an API with the properties that it has parameters for, and more."""
        service, _, name = operation.partition(".")
        client = self.of(service)
        shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[name]).input_shape
        return getattr(client, name)(**{**fit(properties, shape), **more})


Make = Callable[[Deployer, str, Properties], Mapping[str, str] | None]


def calling(operation: str, gives: Mapping[str, str] | None = None, **names: str) -> Make:
    """Make a resource with one call.

    Args:
        operation: `client.operation`.
        gives: attribute (`""` for `Ref`) -> path of its value in the answer.
        names: parameter -> property, where they are called differently.
    """

    def make(deployer: Deployer, _: str, properties: Properties) -> Mapping[str, str]:
        renamed = {parameter: properties[name] for parameter, name in names.items() if name in properties}
        answer = deployer.call(operation, {**properties, **renamed})
        found = {}
        for attribute, path in (gives or {}).items():
            value: Any = answer
            for step in path.split("."):
                value = value[step]
            found[attribute] = str(value)
        return found

    return make


def _role(deployer: Deployer, name: str, properties: Properties) -> None:
    boundary = properties.get("PermissionsBoundary")
    more = {"PermissionsBoundary": boundary} if boundary else {}
    deployer.call("iam.create_role", properties, RoleName=name, **more)
    _identity_policies(deployer, "role", name, properties)


def _user(deployer: Deployer, name: str, properties: Properties) -> None:
    deployer.call("iam.create_user", properties, UserName=name)
    _identity_policies(deployer, "user", name, properties)


def _identity_policies(deployer: Deployer, kind: str, name: str, properties: Properties) -> None:
    named: dict[str, Any] = {f"{kind.title()}Name": name}
    for policy in properties.get("Policies", ()):
        deployer.call(f"iam.put_{kind}_policy", policy, **named)
    for arn in properties.get("ManagedPolicyArns", ()):
        deployer.call(f"iam.attach_{kind}_policy", {}, PolicyArn=arn, **named)


def _managed_policy(deployer: Deployer, name: str, properties: Properties) -> None:
    deployer.call("iam.create_policy", properties, PolicyName=name)


def _instance_profile(deployer: Deployer, name: str, properties: Properties) -> None:
    deployer.call("iam.create_instance_profile", {}, InstanceProfileName=name)
    for role in properties["Roles"]:
        deployer.call("iam.add_role_to_instance_profile", {}, InstanceProfileName=name, RoleName=role)


def _oidc_provider(deployer: Deployer, _: str, properties: Properties) -> None:
    deployer.call("iam.create_open_id_connect_provider", properties, ClientIDList=properties["ClientIdList"])


def _function(deployer: Deployer, name: str, properties: Properties) -> None:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): ...")
    code = {"ZipFile": package.getvalue()}
    del properties["Code"]
    deployer.call("lambda.create_function", properties, FunctionName=name, Code=code)


def _permission(deployer: Deployer, _: str, properties: Properties) -> None:
    parts = (properties["Principal"], properties["Action"], properties.get("SourceArn", ""))
    statement = re.sub(r"\W", "-", "-".join(parts))[:100].replace("*", "any")
    deployer.call("lambda.add_permission", properties, StatementId=statement)


def _layer(deployer: Deployer, name: str, _: Properties) -> Mapping[str, str]:
    content = {"ZipFile": b"not a real archive"}
    answer = deployer.of("lambda").publish_layer_version(LayerName=name, Content=content)
    return {"": answer["LayerVersionArn"], "Id": str(answer["Version"])}


def _layer_permission(deployer: Deployer, _: str, properties: Properties) -> None:
    name, _, version = properties["LayerVersionArn"].rpartition(":")
    deployer.call(
        "lambda.add_layer_version_permission",
        properties,
        LayerName=name.rpartition(":")[2],
        VersionNumber=int(version),
        StatementId="shared",
    )


def _mapping(deployer: Deployer, _: str, properties: Properties) -> None:
    deployer.call("lambda.create_event_source_mapping", properties)


def _table(deployer: Deployer, name: str, properties: Properties) -> Mapping[str, str]:
    stream = {**properties["StreamSpecification"], "StreamEnabled": True}
    answer = deployer.call("dynamodb.create_table", properties, TableName=name, StreamSpecification=stream)
    return {"StreamLabel": answer["TableDescription"]["LatestStreamLabel"]}


def _queue_policy(deployer: Deployer, _: str, properties: Properties) -> None:
    document = json.dumps(properties["PolicyDocument"])
    for url in properties["Queues"]:
        own = deployer.of("sqs").get_queue_url(QueueName=url.rpartition("/")[2])["QueueUrl"]
        deployer.call("sqs.set_queue_attributes", {}, QueueUrl=own, Attributes={"Policy": document})


def _topic_policy(deployer: Deployer, _: str, properties: Properties) -> None:
    document = json.dumps(properties["PolicyDocument"])
    for arn in properties["Topics"]:
        deployer.of("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=document)


def _subscription(deployer: Deployer, _: str, properties: Properties) -> None:
    redrive = json.dumps(properties.pop("RedrivePolicy"))
    deployer.call("sns.subscribe", properties, Attributes={"RedrivePolicy": redrive})


def _bucket(deployer: Deployer, name: str, properties: Properties) -> None:
    s3 = deployer.of("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    block, owners = properties["PublicAccessBlockConfiguration"], properties["OwnershipControls"]
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)
    s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=owners)
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    rules = [{"ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"]}]
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
    wiring = properties["NotificationConfiguration"]
    notifications = {
        f"{kind}Configurations": [
            {f"{kind}Arn": one[kind], "Events": [one["Event"]]} for one in wiring[f"{kind}Configurations"]
        ]
        for kind in ("Queue", "Topic")
    }
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=notifications)


def _bucket_policy(deployer: Deployer, _: str, properties: Properties) -> None:
    deployer.of("s3").put_bucket_policy(Bucket=properties["Bucket"], Policy=json.dumps(properties["PolicyDocument"]))


def _method(deployer: Deployer, _: str, properties: Properties) -> None:
    deployer.call("apigateway.put_method", properties)
    where = {key: properties[key] for key in ("RestApiId", "ResourceId", "HttpMethod")}
    integration = properties["Integration"]
    method = integration.pop("IntegrationHttpMethod")
    deployer.call("apigateway.put_integration", {**integration, **where}, integrationHttpMethod=method)


def _api_account(deployer: Deployer, _: str, properties: Properties) -> None:
    change = {"op": "replace", "path": "/cloudwatchRoleArn", "value": properties["CloudWatchRoleArn"]}
    deployer.of("apigateway").update_account(patchOperations=[change])


def _bus_policy(deployer: Deployer, _: str, properties: Properties) -> None:
    statement = {**properties["Statement"], "Sid": properties["StatementId"]}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    deployer.of("events").put_permission(EventBusName=properties["EventBusName"], Policy=document)


def _rule(deployer: Deployer, name: str, properties: Properties) -> None:
    targets = properties.pop("Targets")
    deployer.call("events.put_rule", properties, Name=name)
    bus = {"EventBusName": properties["EventBusName"]} if "EventBusName" in properties else {}
    deployer.call("events.put_targets", {"Targets": targets, **bus}, Rule=name)


def _state_machine(deployer: Deployer, name: str, properties: Properties) -> None:
    deployer.call("stepfunctions.create_state_machine", properties, name=name)


def _destination(deployer: Deployer, name: str, properties: Properties) -> None:
    deployer.call("logs.put_destination", properties, destinationName=name)
    policy = properties["DestinationPolicy"]
    deployer.of("logs").put_destination_policy(destinationName=name, accessPolicy=policy)


def _secret(deployer: Deployer, name: str, properties: Properties) -> Mapping[str, str]:
    arn = str(deployer.call("secretsmanager.create_secret", properties, Name=name)["ARN"])
    suffix = deployer.made.setdefault(f"secret:{name}-??????", f"secret:{arn.rpartition(':')[2]}")
    return {"Suffix": suffix}


def _secret_policy(deployer: Deployer, _: str, properties: Properties) -> None:
    deployer.call("secretsmanager.put_resource_policy", properties)


def _repository(deployer: Deployer, name: str, properties: Properties) -> None:
    deployer.of("ecr").create_repository(repositoryName=name)
    document = json.dumps(properties["RepositoryPolicyText"])
    deployer.of("ecr").set_repository_policy(repositoryName=name, policyText=document)


def _file_system(deployer: Deployer, _: str, properties: Properties) -> Mapping[str, str]:
    made = str(deployer.of("efs").create_file_system(CreationToken="t")["FileSystemId"])
    document = json.dumps(properties["FileSystemPolicy"])
    deployer.of("efs").put_file_system_policy(FileSystemId=made, Policy=document)
    return {"": made}


def _pipeline(deployer: Deployer, name: str, properties: Properties) -> None:
    for stage in properties["Stages"]:
        for action in stage["Actions"]:
            action["ActionTypeId"] = {key[:1].lower() + key[1:]: value for key, value in action["ActionTypeId"].items()}
    deployer.call("codepipeline.create_pipeline", {"pipeline": {**properties, "name": name}})


def _receipt_rule_set(deployer: Deployer, name: str, properties: Properties) -> None:
    deployer.call("ses.create_receipt_rule_set", properties)
    deployer.of("ses").set_active_receipt_rule_set(RuleSetName=name)


def _receipt_rule(deployer: Deployer, _: str, properties: Properties) -> None:
    deployer.call("ses.create_receipt_rule", properties)


def _target_group(deployer: Deployer, _: str, properties: Properties) -> Mapping[str, str]:
    targets = properties.pop("Targets")
    (made,) = deployer.call("elbv2.create_target_group", properties)["TargetGroups"]
    deployer.of("elbv2").register_targets(TargetGroupArn=made["TargetGroupArn"], Targets=targets)
    return {"": made["TargetGroupArn"], "Id": made["TargetGroupArn"].rpartition("/")[2]}


def _config_rule(deployer: Deployer, _: str, properties: Properties) -> Mapping[str, str]:
    deployer.call("config.put_config_rule", {"ConfigRule": properties})
    (made,) = deployer.of("config").describe_config_rules()["ConfigRules"]
    return {"ConfigRuleId": made["ConfigRuleId"]}


def _instance(deployer: Deployer, _: str, properties: Properties) -> Mapping[str, str]:
    profile = {"Name": properties.pop("IamInstanceProfile")}
    made = deployer.call("ec2.run_instances", properties, MinCount=1, MaxCount=1, IamInstanceProfile=profile)
    return {"": made["Instances"][0]["InstanceId"]}


def _node_group(deployer: Deployer, _: str, properties: Properties) -> Mapping[str, str]:
    arn = str(deployer.call("eks.create_nodegroup", properties)["nodegroup"]["nodegroupArn"])
    return {"": arn.rpartition("/")[2]}


def _cluster(deployer: Deployer, _: str, properties: Properties) -> Mapping[str, str]:
    answer = deployer.call("emr.run_job_flow", properties)
    deployer.made[":elasticmapreduce:eu-west-1:"] = ":elasticmapreduce:us-east-1:"  # the server has one Region for it
    return {"": answer["JobFlowId"]}


_MADE: Mapping[str, Make] = {
    "AWS::EC2::Instance": _instance,
    "AWS::EKS::Cluster": calling("eks.create_cluster"),
    "AWS::EKS::Nodegroup": _node_group,
    "AWS::EMR::Cluster": _cluster,
    "AWS::SageMaker::NotebookInstance": calling("sagemaker.create_notebook_instance"),
    "AWS::ApiGateway::Account": _api_account,
    "AWS::ApiGateway::Authorizer": calling("apigateway.create_authorizer", {"": "id"}),
    "AWS::ApiGateway::Deployment": calling("apigateway.create_deployment", {"": "id"}),
    "AWS::ApiGateway::Method": _method,
    "AWS::ApiGateway::Resource": calling("apigateway.create_resource", {"": "id"}),
    "AWS::ApiGateway::RestApi": calling("apigateway.create_rest_api", {"": "id", "RootResourceId": "rootResourceId"}),
    "AWS::ApiGateway::Stage": calling("apigateway.create_stage"),
    "AWS::ApiGatewayV2::Api": calling("apigatewayv2.create_api", {"": "ApiId"}),
    "AWS::ApiGatewayV2::Integration": calling("apigatewayv2.create_integration", {"": "IntegrationId"}),
    "AWS::ApiGatewayV2::Route": calling("apigatewayv2.create_route", {"": "RouteId"}),
    "AWS::ApiGatewayV2::Stage": calling("apigatewayv2.create_stage"),
    "AWS::Batch::JobDefinition": calling("batch.register_job_definition", {"Id": "revision"}),
    "AWS::CloudWatch::Alarm": calling("cloudwatch.put_metric_alarm"),
    "AWS::CodeBuild::Project": calling("codebuild.create_project"),
    "AWS::CodeDeploy::Application": calling("codedeploy.create_application"),
    "AWS::CodeDeploy::DeploymentGroup": calling("codedeploy.create_deployment_group"),
    "AWS::CodePipeline::Pipeline": _pipeline,
    "AWS::Cognito::UserPool": calling("cognito-idp.create_user_pool", {"": "UserPool.Id"}, PoolName="UserPoolName"),
    "AWS::Cognito::UserPoolGroup": calling("cognito-idp.create_group"),
    "AWS::Config::ConfigRule": _config_rule,
    "AWS::DynamoDB::Table": _table,
    "AWS::ECR::Repository": _repository,
    "AWS::ECS::TaskDefinition": calling("ecs.register_task_definition", {"Id": "taskDefinition.revision"}),
    "AWS::EFS::AccessPoint": calling("efs.create_access_point", {"": "AccessPointId"}),
    "AWS::EFS::FileSystem": _file_system,
    "AWS::ElasticLoadBalancingV2::TargetGroup": _target_group,
    "AWS::Events::EventBus": calling("events.create_event_bus"),
    "AWS::Events::EventBusPolicy": _bus_policy,
    "AWS::Events::Rule": _rule,
    "AWS::IAM::InstanceProfile": _instance_profile,
    "AWS::IAM::ManagedPolicy": _managed_policy,
    "AWS::IAM::OIDCProvider": _oidc_provider,
    "AWS::IAM::Role": _role,
    "AWS::IAM::User": _user,
    "AWS::IoT::TopicRule": calling("iot.create_topic_rule"),
    "AWS::KMS::Alias": calling("kms.create_alias"),
    "AWS::KMS::Key": calling("kms.create_key", {"": "KeyMetadata.KeyId"}, Policy="KeyPolicy"),
    "AWS::Kinesis::ResourcePolicy": calling(
        "kinesis.put_resource_policy", ResourceARN="ResourceArn", Policy="ResourcePolicy"
    ),
    "AWS::Kinesis::Stream": calling("kinesis.create_stream", StreamName="Name"),
    "AWS::KinesisFirehose::DeliveryStream": calling("firehose.create_delivery_stream"),
    "AWS::Lambda::EventInvokeConfig": calling("lambda.put_function_event_invoke_config"),
    "AWS::Lambda::EventSourceMapping": _mapping,
    "AWS::Lambda::Function": _function,
    "AWS::Lambda::LayerVersion": _layer,
    "AWS::Lambda::LayerVersionPermission": _layer_permission,
    "AWS::Lambda::Permission": _permission,
    "AWS::Lambda::Url": calling("lambda.create_function_url_config", FunctionName="TargetFunctionArn"),
    "AWS::Logs::Destination": _destination,
    "AWS::Logs::LogGroup": calling("logs.create_log_group"),
    "AWS::Logs::ResourcePolicy": calling("logs.put_resource_policy"),
    "AWS::Logs::SubscriptionFilter": calling("logs.put_subscription_filter"),
    "AWS::OpenSearchService::Domain": calling("opensearch.create_domain"),
    "AWS::Pipes::Pipe": calling("pipes.create_pipe"),
    "AWS::S3::Bucket": _bucket,
    "AWS::S3::BucketPolicy": _bucket_policy,
    "AWS::SES::ReceiptRule": _receipt_rule,
    "AWS::SES::ReceiptRuleSet": _receipt_rule_set,
    "AWS::SNS::Subscription": _subscription,
    "AWS::SNS::Topic": calling("sns.create_topic", Name="TopicName"),
    "AWS::SNS::TopicPolicy": _topic_policy,
    "AWS::SQS::Queue": calling("sqs.create_queue"),
    "AWS::SQS::QueuePolicy": _queue_policy,
    "AWS::SSM::Parameter": calling("ssm.put_parameter"),
    "AWS::Scheduler::Schedule": calling("scheduler.create_schedule"),
    "AWS::Scheduler::ScheduleGroup": calling("scheduler.create_schedule_group"),
    "AWS::SecretsManager::ResourcePolicy": _secret_policy,
    "AWS::SecretsManager::RotationSchedule": calling("secretsmanager.rotate_secret"),
    "AWS::SecretsManager::Secret": _secret,
    "AWS::StepFunctions::Activity": calling("stepfunctions.create_activity"),
    "AWS::StepFunctions::StateMachine": _state_machine,
}
_IN_TEMPLATES_ONLY = frozenset({"AWS::ApiGateway::Deployment", "AWS::Events::EventBusPolicy"})
"""A deployment is a moment in time, and statements become the policy of their bus."""
_OF_EVERY_ACCOUNT = frozenset(
    {
        f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default",
        f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/default",
        f"arn:aws:athena:{REGION}:{ACCOUNT}:workgroup/primary",
        f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/orders",  # as soon as the function has run
    }
)


def name_of(id_: str) -> str:
    """An id; of what has no ARN, and so is called by its logical id or its name, the type."""
    return id_.partition("/")[0] if id_.startswith("AWS::") else id_


def nodes_of(graph: PermissionGraph, settled: Callable[[str], str]) -> set[Any]:
    """The nodes without the places they were read from."""
    return {
        (str(node.kind), name_of(settled(node.id)), node.type, node.auth)
        for node in graph.nodes.values()
        if node.id not in _OF_EVERY_ACCOUNT and node.type not in _IN_TEMPLATES_ONLY
    }


def edges_of(graph: PermissionGraph, settled: Callable[[str], str]) -> set[Any]:
    """The edges without the places they were read from."""
    return {
        (
            str(edge.kind),
            name_of(settled(edge.source)),
            name_of(settled(edge.target)),
            edge.mechanism,
            edge.event,
            edge.authorized,
            str(edge.decision),
            edge.qualifier,
            tuple(sorted(str(action) for action in edge.actions)),
            settled(json.dumps(edge.conditions, sort_keys=True, default=str)),
        )
        for edge in graph.edges
        if edge.target not in _OF_EVERY_ACCOUNT
    }


def attributes_of(inventory: Inventory, settled: Callable[[str], str]) -> dict[str, Any]:
    """What rules look at of each resource."""
    return {
        name_of(settled(id_)): {key: settled(str(value)) for key, value in resource.attributes.items()}
        for id_, resource in inventory.resources.items()
        if id_ not in _OF_EVERY_ACCOUNT and resource.type not in _IN_TEMPLATES_ONLY
    }


@pytest.mark.parametrize("world", sorted(WORLDS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_same_stack_gives_the_same_graph(
    world: Path, deploy: Any, collect_live: Callable[..., Estate], tmp_path: Path
) -> None:
    """Nodes, edges with decisions and conditions, attributes; so a diff finds nothing, told the account or not."""
    deployer = Deployer(deploy.of)
    deployer.deploy(world.read_text(encoding="utf-8"))
    readers = {name for name, reader in live_readers() if reader.client in deployer.asked}
    readers -= {"s3_variants.2"}  # the server lists every bucket as a directory bucket, too
    collect_live(readers=readers, timeout=30.0)
    template, live = load([str(world)], OPTIONS), load([str(tmp_path / "estate.json")])
    expected, found = build_graph(template), build_graph(live)
    assert nodes_of(found, str) == nodes_of(expected, deployer.settled)
    assert edges_of(found, str) == edges_of(expected, deployer.settled)
    known = attributes_of(live, str)
    for id_, attributes in attributes_of(template, deployer.settled).items():
        assert known.get(id_) == attributes, id_
    assert changes(world, tmp_path / "estate.json", OPTIONS) == []
    assert changes(world, tmp_path / "estate.json", LoadOptions()) == []
    said = [(each.rule, each.message, each.fix) for each in run_audit(live).findings]
    assert not [each for each in said if "None" in f"{each[1]} {each[2]}"]  # what is deployed has no logical id


def changes(world: Path, estate: Path, options: LoadOptions) -> list[str]:
    """What a template and its deployment differ in, either way round."""
    found = []
    for sides in ((estate, world), (world, estate)):
        read = read_sides([str(side) for side in sides], None, options, Config())
        found += [change.message for change in diff_graphs(build_graph(read.old), build_graph(read.new)).changes]
    return found
