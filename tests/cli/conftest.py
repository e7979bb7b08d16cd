"""A git repository with a small application, and pull requests against it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from permscope.cli import permscope

APP = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Login
        Authorizers:
          Login:
            IdentitySource: $request.header.Authorization
            JwtConfiguration: {issuer: https://login.example.com, audience: [users]}
  UsersTable:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Uploads:
    Type: AWS::S3::Bucket
  DbSecret:
    Type: AWS::SecretsManager::Secret
  Jobs:
    Type: AWS::SQS::Queue
  PutUserFunction:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: users.put
      CodeUri: src/
      Policies:
        - Statement:
            - Sid: WriteUsers
              Effect: Allow
              Action: [dynamodb:PutItem, dynamodb:UpdateItem]
              Resource: !GetAtt UsersTable.Arn
      Events:
        Put:
          Type: HttpApi
          Properties: {ApiId: !Ref Api, Path: "/users/{id}", Method: put}
  GetUserFunction:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: users.get
      CodeUri: src/
      Policies:
        - DynamoDBReadPolicy: {TableName: !Ref UsersTable}
      Events:
        Get:
          Type: HttpApi
          Properties: {ApiId: !Ref Api, Path: "/users/{id}", Method: get}
        Health:
          Type: HttpApi
          Properties: {ApiId: !Ref Api, Path: /health, Method: get, Auth: {Authorizer: NONE}}
  WorkerFunction:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: worker.run
      CodeUri: src/
      Role: !GetAtt WorkerRole.Arn
      Events:
        Jobs:
          Type: SQS
          Properties: {Queue: !GetAtt Jobs.Arn}
  WorkerRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
      Policies:
        - PolicyName: work
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: [sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes]
                Resource: !GetAtt Jobs.Arn
              - Effect: Allow
                Action: s3:GetObject
                Resource: !Sub "${Uploads.Arn}/*"
                Condition: {StringEquals: {"s3:ExistingObjectTag/checked": "yes"}}
              - Effect: Allow
                Action: secretsmanager:GetSecretValue
                Resource: !Ref DbSecret
              - Sid: NotTheRoot
                Effect: Deny
                Action: s3:*
                Resource: !Sub "${Uploads.Arn}/private/*"
Outputs:
  QueueArn:
    Value: !GetAtt Jobs.Arn
    Export: {Name: jobs-queue}
"""
REPORTS = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  ReportFunction:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: report.run
      CodeUri: src/
      Policies:
        - Statement:
            - Effect: Allow
              Action: sqs:SendMessage
              Resource: !ImportValue jobs-queue
      Events:
        Nightly:
          Type: Schedule
          Properties: {Schedule: rate(1 day)}
  Store:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: nested/store.yaml
      Parameters: {Reader: !GetAtt ReportFunctionRole.Arn}
"""
STORE = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Reader: {Type: String}
Resources:
  Archive:
    Type: AWS::S3::Bucket
  ArchivePolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Archive
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Sid: ReportsRead
            Effect: Allow
            Principal: {AWS: !Ref Reader}
            Action: s3:GetObject
            Resource: !Sub "${Archive.Arn}/*"
"""
FILES = {"app.yaml": APP, "reports.yaml": REPORTS, "nested/store.yaml": STORE}


@dataclass
class Checkout:
    """A work tree on its own branch.

    Attributes:
        top: its root.
    """

    top: Path

    def git(self, *arguments: str) -> str:
        """Run git as somebody."""
        who = {
            f"GIT_{role}_{what}": f"test{'@example.com' if what == 'EMAIL' else ''}"
            for role in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | who
        environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        done = subprocess.run(
            ["git", "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false", *arguments],
            cwd=self.top,
            env=environment,
            capture_output=True,
            check=True,
            text=True,
        )
        return done.stdout

    def write(self, files: Mapping[str, str]) -> None:
        """Write files below the root."""
        for name, text in files.items():
            path = self.top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def edit(self, file: str, *edits: tuple[str, str]) -> None:
        """Replace texts in a file, each of which must be there."""
        path = self.top / file
        text = path.read_text(encoding="utf-8")
        for before, after in edits:
            assert before in text, before
            text = text.replace(before, after)
        path.write_text(text, encoding="utf-8")

    def commit(self, message: str = "change") -> str:
        """Commit everything; the id of the commit."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD").strip()


@pytest.fixture(scope="session")
def _repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    checkout = Checkout(tmp_path_factory.mktemp("repository"))
    checkout.git("init", "-q")
    checkout.write(FILES)
    checkout.commit("the application")
    checkout.git("checkout", "-q", "-b", "pull-request")
    return checkout.top


@pytest.fixture
def checkout(_repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A work tree of the application on a branch of its own, as working directory."""
    top = tmp_path / "work"
    shutil.copytree(_repository, top)
    monkeypatch.chdir(top)
    return Checkout(top)


@pytest.fixture
def run() -> Callable[..., Any]:
    """Run the command line; errors of permscope become exit code 2 as in `main`."""

    def call(*arguments: str) -> Any:
        return CliRunner().invoke(permscope, list(arguments))

    return call


@pytest.fixture
def run_json(run: Callable[..., Any]) -> Callable[[Sequence[str]], dict[str, Any]]:
    """Run a command with `--format json`; its document, and the exit code under `exit`."""

    def call(*arguments: str) -> dict[str, Any]:
        result = run(*arguments, "--format", "json")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return {**json.loads(result.stdout), "exit": result.exit_code}

    return call  # type: ignore[return-value]
