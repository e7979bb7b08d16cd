"""Which actions make a resource run the functions that are wired to it: to write to a source is to invoke."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from permscope.catalog.actions import ActionSet, load
from permscope.graph.model import Edge

# CloudFormation type -> actions after which the resource runs what is wired to it.
FEEDING_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "AWS::S3::Bucket": (
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:RestoreObject",
        "s3:PutObjectTagging",
        "s3:PutObjectAcl",
        "s3:ReplicateObject",
    ),
    "AWS::SQS::Queue": ("sqs:SendMessage",),
    "AWS::SNS::Topic": ("sns:Publish",),
    "AWS::Kinesis::Stream": ("kinesis:PutRecord", "kinesis:PutRecords"),
    "AWS::KinesisFirehose::DeliveryStream": ("firehose:PutRecord", "firehose:PutRecordBatch"),
    "AWS::DynamoDB::Table": (
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "dynamodb:BatchWriteItem",
        "dynamodb:PartiQLInsert",
        "dynamodb:PartiQLUpdate",
        "dynamodb:PartiQLDelete",
    ),
    "AWS::Events::EventBus": ("events:PutEvents",),
    "AWS::StepFunctions::StateMachine": ("states:StartExecution", "states:StartSyncExecution"),
    "AWS::Logs::LogGroup": ("logs:PutLogEvents",),
    "AWS::IoT::TopicRule": ("iot:Publish",),
    "AWS::CodeCommit::Repository": ("codecommit:GitPush", "codecommit:PutFile", "codecommit:CreateCommit"),
    "AWS::Cognito::UserPool": ("cognito-idp:AdminCreateUser", "cognito-idp:AdminInitiateAuth"),
    "AWS::CodePipeline::Pipeline": ("codepipeline:StartPipelineExecution",),
    "AWS::Lex::BotAlias": ("lex:RecognizeText", "lex:RecognizeUtterance", "lex:StartConversation"),
    "AWS::SecretsManager::Secret": ("secretsmanager:RotateSecret",),
    "AWS::AppSync::GraphQLApi": ("appsync:GraphQL",),
    "AWS::MSK::Cluster": ("kafka-cluster:WriteData",),
    "AWS::Pipes::Pipe": ("pipes:StartPipe",),
}
_SAME = {
    "AWS::DynamoDB::GlobalTable": "AWS::DynamoDB::Table",
    "AWS::MSK::ServerlessCluster": "AWS::MSK::Cluster",
    "AWS::S3::Bucket": "AWS::S3::Bucket",
}


@lru_cache(maxsize=256)
def feeding_actions(resource_type: str | None) -> ActionSet:
    """The actions that feed a resource of a type; empty where no action is known to."""
    if resource_type is None:
        return ActionSet.empty
    return load().action_set(FEEDING_ACTIONS.get(_SAME.get(resource_type, resource_type), ()))


def feeds(edge: Edge, resource_type: str | None) -> bool:
    """Whether an access edge to a resource of a type lets the principal run what is wired to it."""
    return not edge.actions.isdisjoint(feeding_actions(resource_type))
