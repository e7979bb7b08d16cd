"""Ways to become another principal, as a table: what must be allowed, and whose rights that gives.

Every way is one of four primitives, so a new compute service is one row. Ids are those of pathfinding.cloud
(https://pathfinding.cloud), where it has the path; what AWS says of the danger:
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from __future__ import annotations

from typing import NamedTuple


class NewWork(NamedTuple):
    """Start something new with a passed role: `iam:PassRole` and `actions`, for a role that trusts `service`."""

    id: str
    service: str
    actions: tuple[str, ...]


class ExistingWork(NamedTuple):
    """Change or enter something that runs with a role already: `actions` on a resource of `type`."""

    id: str
    type: str
    actions: tuple[str, ...]


class OnIdentity(NamedTuple):
    """Change an identity itself.

    Attributes:
        action: on the role, user or group.
        kind: `role`, `user` or `group`.
        gives: `self` where it helps whoever already is that principal, `access` where it makes one that principal.
    """

    id: str
    action: str
    kind: str
    gives: str


NEW_WORK = (
    NewWork("lambda-001", "lambda.amazonaws.com", ("lambda:CreateFunction", "lambda:InvokeFunction")),
    NewWork("lambda-002", "lambda.amazonaws.com", ("lambda:CreateFunction", "lambda:CreateEventSourceMapping")),
    NewWork("lambda-006", "lambda.amazonaws.com", ("lambda:CreateFunction", "lambda:AddPermission")),
    NewWork("lambda-007", "lambda.amazonaws.com", ("lambda:UpdateFunctionConfiguration",)),
    NewWork("ec2-001", "ec2.amazonaws.com", ("ec2:RunInstances",)),
    NewWork("ec2-003", "ec2.amazonaws.com", ("ec2:RequestSpotInstances",)),
    NewWork("cloudformation-001", "cloudformation.amazonaws.com", ("cloudformation:CreateStack",)),
    NewWork(
        "cloudformation-003",
        "cloudformation.amazonaws.com",
        ("cloudformation:CreateStackSet", "cloudformation:CreateStackInstances"),
    ),
    NewWork("cloudformation-004", "cloudformation.amazonaws.com", ("cloudformation:UpdateStackSet",)),
    NewWork(
        "cloudformation-005",
        "cloudformation.amazonaws.com",
        ("cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"),
    ),
    NewWork("codebuild-001", "codebuild.amazonaws.com", ("codebuild:CreateProject", "codebuild:StartBuild")),
    NewWork("codebuild-004", "codebuild.amazonaws.com", ("codebuild:CreateProject", "codebuild:StartBuildBatch")),
    NewWork(
        "datapipeline-001",
        "datapipeline.amazonaws.com",
        ("datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition", "datapipeline:ActivatePipeline"),
    ),
    NewWork("ecs-001", "ecs-tasks.amazonaws.com", ("ecs:RegisterTaskDefinition", "ecs:CreateService")),
    NewWork("ecs-004", "ecs-tasks.amazonaws.com", ("ecs:RegisterTaskDefinition", "ecs:RunTask")),
    NewWork("ecs-005", "ecs-tasks.amazonaws.com", ("ecs:RegisterTaskDefinition", "ecs:StartTask")),
    NewWork("batch-001", "ecs-tasks.amazonaws.com", ("batch:RegisterJobDefinition", "batch:SubmitJob")),
    NewWork("glue-001", "glue.amazonaws.com", ("glue:CreateDevEndpoint",)),
    NewWork("glue-003", "glue.amazonaws.com", ("glue:CreateJob", "glue:StartJobRun")),
    NewWork("glue-004", "glue.amazonaws.com", ("glue:CreateJob", "glue:CreateTrigger")),
    NewWork("glue-005", "glue.amazonaws.com", ("glue:UpdateJob", "glue:StartJobRun")),
    NewWork("glue-006", "glue.amazonaws.com", ("glue:UpdateJob", "glue:CreateTrigger")),
    NewWork("glue-007", "glue.amazonaws.com", ("glue:CreateSession", "glue:RunStatement")),
    NewWork("sagemaker-001", "sagemaker.amazonaws.com", ("sagemaker:CreateNotebookInstance",)),
    NewWork("sagemaker-002", "sagemaker.amazonaws.com", ("sagemaker:CreateTrainingJob",)),
    NewWork("sagemaker-003", "sagemaker.amazonaws.com", ("sagemaker:CreateProcessingJob",)),
    NewWork(
        "bedrock-001",
        "bedrock-agentcore.amazonaws.com",
        (
            "bedrock-agentcore:CreateCodeInterpreter",
            "bedrock-agentcore:StartCodeInterpreterSession",
            "bedrock-agentcore:InvokeCodeInterpreter",
        ),
    ),
    NewWork("apprunner-001", "tasks.apprunner.amazonaws.com", ("apprunner:CreateService",)),
    NewWork("braket-001", "braket.amazonaws.com", ("braket:CreateJob",)),
    NewWork("emr-001", "elasticmapreduce.amazonaws.com", ("elasticmapreduce:RunJobFlow",)),
    NewWork(
        "emrserverless-001",
        "emr-serverless.amazonaws.com",
        ("emr-serverless:CreateApplication", "emr-serverless:StartJobRun"),
    ),
    NewWork(
        "gamelift-001",
        "gamelift.amazonaws.com",
        ("gamelift:CreateBuild", "gamelift:CreateFleet", "gamelift:RequestUploadCredentials"),
    ),
    NewWork(
        "kinesisanalytics-001",
        "kinesisanalytics.amazonaws.com",
        ("kinesisanalytics:CreateApplication", "kinesisanalytics:StartApplication"),
    ),
    NewWork("omics-001", "omics.amazonaws.com", ("omics:CreateWorkflow", "omics:StartRun")),
    NewWork("scheduler-001", "scheduler.amazonaws.com", ("scheduler:CreateSchedule",)),
    NewWork("ssm-003", "ssm.amazonaws.com", ("ssm:CreateDocument", "ssm:StartAutomationExecution")),
    NewWork("stepfunctions-001", "states.amazonaws.com", ("states:CreateStateMachine", "states:StartExecution")),
    NewWork("events-001", "events.amazonaws.com", ("events:PutRule", "events:PutTargets")),
    NewWork("pipes-001", "pipes.amazonaws.com", ("pipes:CreatePipe",)),
)
EXISTING_WORK = (
    ExistingWork("lambda-003", "AWS::Lambda::Function", ("lambda:UpdateFunctionCode",)),
    ExistingWork("lambda-008", "AWS::Lambda::Function", ("lambda:UpdateFunctionConfiguration",)),
    ExistingWork(
        "stepfunctions-002", "AWS::StepFunctions::StateMachine", ("states:UpdateStateMachine", "states:StartExecution")
    ),
    ExistingWork("codebuild-002", "AWS::CodeBuild::Project", ("codebuild:StartBuild",)),
    ExistingWork("codebuild-003", "AWS::CodeBuild::Project", ("codebuild:StartBuildBatch",)),
    ExistingWork("apprunner-002", "AWS::AppRunner::Service", ("apprunner:UpdateService",)),
    ExistingWork("glue-002", "AWS::Glue::DevEndpoint", ("glue:UpdateDevEndpoint",)),
    ExistingWork(
        "sagemaker-004", "AWS::SageMaker::NotebookInstance", ("sagemaker:CreatePresignedNotebookInstanceUrl",)
    ),
    ExistingWork("ssm-001", "AWS::EC2::Instance", ("ssm:StartSession",)),
    ExistingWork("ssm-002", "AWS::EC2::Instance", ("ssm:SendCommand",)),
    ExistingWork("ecs-006", "AWS::ECS::Service", ("ecs:ExecuteCommand",)),
    ExistingWork("batch-002", "AWS::Batch::JobDefinition", ("batch:SubmitJob",)),
)
ON_IDENTITY = (
    OnIdentity("iam-005", "iam:PutRolePolicy", "role", "self"),
    OnIdentity("iam-009", "iam:AttachRolePolicy", "role", "self"),
    OnIdentity("iam-023", "iam:DeleteRolePermissionsBoundary", "role", "boundary"),
    OnIdentity("iam-012", "iam:UpdateAssumeRolePolicy", "role", "access"),
    OnIdentity("iam-007", "iam:PutUserPolicy", "user", "self"),
    OnIdentity("iam-008", "iam:AttachUserPolicy", "user", "self"),
    OnIdentity("iam-022", "iam:DeleteUserPermissionsBoundary", "user", "boundary"),
    OnIdentity("iam-002", "iam:CreateAccessKey", "user", "access"),
    OnIdentity("iam-004", "iam:CreateLoginProfile", "user", "access"),
    OnIdentity("iam-006", "iam:UpdateLoginProfile", "user", "access"),
    OnIdentity("iam-010", "iam:AttachGroupPolicy", "group", "self"),
    OnIdentity("iam-011", "iam:PutGroupPolicy", "group", "self"),
    OnIdentity("iam-013", "iam:AddUserToGroup", "group", "join"),
)
ON_OWN_POLICY = (
    ("iam-001", "iam:CreatePolicyVersion"),
    ("iam-024", "iam:SetDefaultPolicyVersion"),
)
"""Actions on a customer managed policy that is attached to the principal itself."""
