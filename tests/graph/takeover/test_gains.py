"""What escalation paths come to in small worlds: who is gained, and who only looks as if."""

from __future__ import annotations

from typing import Any

import pytest

from permscope.graph.model import Decision, EdgeKind

SECRET = "{Effect: Allow, Action: 'secretsmanager:GetSecretValue', Resource: '*'}"
HERE = "${AWS::Region}:${AWS::AccountId}"


def allow(*actions: str, on: str = "'*'", only: str = "") -> str:
    """An Allow statement in one line."""
    condition = f", Condition: {only}" if only else ""
    return f"{{Effect: Allow, Action: [{', '.join(repr(action) for action in actions)}], Resource: {on}{condition}}}"


def deny(*actions: str, on: str = "'*'") -> str:
    """A Deny statement in one line."""
    return allow(*actions, on=on).replace("Allow", "Deny", 1)


def role(name: str, *statements: str, trusts: str = "Service: lambda.amazonaws.com", more: str = "") -> str:
    """A role with an inline policy."""
    action = "sts:AssumeRoleWithWebIdentity" if "Federated" in trusts else "sts:AssumeRole"
    return f"""\
  {name}:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: {{Effect: Allow, Principal: {{{trusts}}}, Action: '{action}'}}
      {more}
      Policies:
        - PolicyName: own
          PolicyDocument: {{Version: '2012-10-17', Statement: [{", ".join(statements)}]}}
"""


def user(name: str, *statements: str, more: str = "") -> str:
    """A user with an inline policy."""
    lines = role(name, *statements, more=more).splitlines()
    kept = [line for number, line in enumerate(lines) if number not in (3, 4, 5)]
    return "\n".join(kept).replace("AWS::IAM::Role", "AWS::IAM::User") + "\n"


def gained(made: Any, source: str = "Weak") -> dict[str, tuple[str, Decision]]:
    """What a principal can take over: label -> category and decision."""
    edges = made.edges(EdgeKind.CAN_TAKE_OVER, source)
    return {
        made.graph.nodes[edge.target].label: (edge.attributes["category"], edge.decision)
        for edge in edges
        if edge.decision is not Decision.DENY
    }


NEW = [
    ("ec2", ["ec2:RunInstances"]),
    ("ec2", ["ec2:RequestSpotInstances"]),
    ("lambda", ["lambda:CreateFunction", "lambda:InvokeFunction"]),
    ("lambda", ["lambda:CreateFunction", "lambda:CreateEventSourceMapping"]),
    ("lambda", ["lambda:CreateFunction", "lambda:AddPermission"]),
    ("glue", ["glue:CreateDevEndpoint"]),
    ("glue", ["glue:CreateJob", "glue:StartJobRun"]),
    ("glue", ["glue:UpdateJob", "glue:CreateTrigger"]),
    ("codebuild", ["codebuild:CreateProject", "codebuild:StartBuild"]),
    ("cloudformation", ["cloudformation:CreateStack"]),
    ("ecs-tasks", ["ecs:RegisterTaskDefinition", "ecs:RunTask"]),
    ("ecs-tasks", ["batch:RegisterJobDefinition", "batch:SubmitJob"]),
    ("sagemaker", ["sagemaker:CreateNotebookInstance"]),
    ("sagemaker", ["sagemaker:CreateTrainingJob"]),
    ("tasks.apprunner", ["apprunner:CreateService"]),
    ("states", ["states:CreateStateMachine", "states:StartExecution"]),
    ("scheduler", ["scheduler:CreateSchedule"]),
    ("scheduler", ["scheduler:UpdateSchedule"]),
    ("pipes", ["pipes:CreatePipe"]),
    ("events", ["events:PutRule", "events:PutTargets"]),
    ("events", ["events:PutTargets"]),
    ("datapipeline", ["datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition",
                      "datapipeline:ActivatePipeline"]),
    ("ssm", ["ssm:CreateDocument", "ssm:StartAutomationExecution"]),
    ("elasticmapreduce", ["elasticmapreduce:RunJobFlow"]),
    ("ec2", ["elasticmapreduce:RunJobFlow"]),
    ("bedrock-agentcore", ["bedrock-agentcore:CreateCodeInterpreter", "bedrock-agentcore:StartCodeInterpreterSession",
                           "bedrock-agentcore:InvokeCodeInterpreter"]),
]  # fmt: skip
NEW_IDS = ["+".join(actions) for _, actions in NEW]


@pytest.mark.parametrize(("service", "actions"), NEW, ids=NEW_IDS)
def test_something_new_runs_with_a_passed_role(world: Any, service: str, actions: list[str]) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html."""
    strong = role("Strong", SECRET, trusts=f"Service: {service}.amazonaws.com")
    passing = allow("iam:PassRole", on="!GetAtt Strong.Arn")
    assert gained(world(strong, role("Weak", passing, allow(*actions))))["Strong"][0] == "new-work"


@pytest.mark.parametrize(("service", "actions"), NEW, ids=NEW_IDS)
def test_near_misses_of_a_passed_role_gain_nothing(world: Any, service: str, actions: list[str]) -> None:
    """Another service is trusted or named, a Deny is in the way, the role is no stronger, or it cannot be passed."""
    strong = role("Strong", SECRET, trusts=f"Service: {service}.amazonaws.com")
    start, passing = allow(*actions), allow("iam:PassRole", on="!GetAtt Strong.Arn")
    other = "{StringEquals: {'iam:PassedToService': kendra.amazonaws.com}}"
    for resources in (
        (role("Strong", SECRET, trusts="Service: kendra.amazonaws.com"), role("Weak", passing, start)),
        (strong, role("Weak", allow("iam:PassRole", only=other), start)),
        (strong, role("Weak", passing, start, deny(actions[-1]))),
        (strong, role("Weak", passing, start, SECRET)),
        (strong, role("Weak", start)),
        (strong, role("Weak", allow("iam:PassRole", on="'arn:aws:iam::999999999999:role/*'"), start)),
    ):
        assert gained(world(*resources)) == {}


FUNCTION = """\
  Work:
    Type: AWS::Lambda::Function
    Properties: {Runtime: python3.12, Handler: a.b, Code: {ZipFile: x}, Role: !GetAtt Strong.Arn}
  Daily:
    Type: AWS::Events::Rule
    Properties: {ScheduleExpression: rate(1 day), Targets: [{Id: a, Arn: !GetAtt Work.Arn}]}
  Allow:
    Type: AWS::Lambda::Permission
    Properties: {Action: 'lambda:InvokeFunction', FunctionName: !Ref Work, Principal: events.amazonaws.com}
"""
EXISTING = [
    ("lambda", FUNCTION, ["lambda:UpdateFunctionCode"]),
    ("lambda", FUNCTION, ["lambda:UpdateFunctionConfiguration"]),
    (
        "states",
        (
            "  Work: {Type: AWS::StepFunctions::StateMachine, Properties: {RoleArn: !GetAtt Strong.Arn, Definition: "
            "{StartAt: a, States: {a: {Type: Succeed}}}}}\n"
        ),
        ["states:UpdateStateMachine", "states:StartExecution"],
    ),
    (
        "codebuild",
        (
            "  Work: {Type: AWS::CodeBuild::Project, Properties: {ServiceRole: !GetAtt Strong.Arn, Artifacts: "
            "{Type: NO_ARTIFACTS}, Source: {Type: NO_SOURCE, BuildSpec: x}}}\n"
        ),
        ["codebuild:StartBuild"],
    ),
    (
        "ec2",
        (
            "  Work: {Type: AWS::EC2::Instance, Properties: {ImageId: ami-1, IamInstanceProfile: !Ref Profile}}\n"
            "  Profile: {Type: AWS::IAM::InstanceProfile, Properties: {Roles: [!Ref Strong]}}\n"
        ),
        ["ssm:SendCommand"],
    ),
    (
        "ec2",
        (
            "  Work: {Type: AWS::EC2::Instance, Properties: {ImageId: ami-1, IamInstanceProfile: !Ref Profile}}\n"
            "  Profile: {Type: AWS::IAM::InstanceProfile, Properties: {Roles: [!Ref Strong]}}\n"
        ),
        ["ssm:StartSession"],
    ),
    (
        "ec2",
        (
            "  Work: {Type: AWS::CodeDeploy::DeploymentGroup, Properties: {ApplicationName: app,\n"
            "    DeploymentGroupName: g, ServiceRoleArn: !GetAtt Deploys.Arn,\n"
            "    Ec2TagFilters: [{Key: app, Value: web, Type: KEY_AND_VALUE}]}}\n"
            "  Web: {Type: AWS::EC2::Instance, Properties: {ImageId: ami-1, IamInstanceProfile: !Ref Profile,\n"
            "    Tags: [{Key: app, Value: web}]}}\n"
            "  Profile: {Type: AWS::IAM::InstanceProfile, Properties: {Roles: [!Ref Strong]}}\n"
            + role("Deploys", SECRET, trusts="Service: codedeploy.amazonaws.com")
        ),
        ["codedeploy:CreateDeployment", "codedeploy:RegisterApplicationRevision", "codedeploy:GetDeploymentConfig"],
    ),
    (
        "ecs-tasks",
        (
            "  Work: {Type: AWS::ECS::TaskDefinition, Properties: {TaskRoleArn: !GetAtt Strong.Arn, "
            "ContainerDefinitions: [{Name: a, Image: b}]}}\n"
        ),
        ["ecs:ExecuteCommand", "ecs:DescribeTasks"],
    ),
]


@pytest.mark.parametrize(("service", "work", "actions"), EXISTING, ids=[actions[0] for _, _, actions in EXISTING])
def test_something_that_runs_already_is_changed_or_entered(
    world: Any, service: str, work: str, actions: list[str]
) -> None:
    """Its role is gained; not past a Deny, nor by an equal."""
    strong = role("Strong", SECRET, trusts=f"Service: {service}.amazonaws.com")
    assert gained(world(strong, work, role("Weak", allow(*actions))))["Strong"][0] == "existing-work"
    assert gained(world(strong, work, role("Weak", allow(*actions), deny(actions[0])))) == {}
    assert gained(world(strong, work, role("Weak", allow(*actions), SECRET))) == {}


@pytest.mark.parametrize(("service", "work", "actions"), EXISTING[:-1], ids=[each[2][0] for each in EXISTING[:-1]])
def test_the_same_actions_elsewhere_gain_nothing(world: Any, service: str, work: str, actions: list[str]) -> None:
    """A grant on something else does not reach what runs here."""
    strong = role("Strong", SECRET, trusts=f"Service: {service}.amazonaws.com")
    elsewhere = allow(*actions, on=f"!Sub 'arn:aws:{actions[0].partition(':')[0]}:{HERE}:nothing/of-the-kind'")
    assert gained(world(strong, work, role("Weak", elsewhere))) == {}


def test_a_deployment_gains_nothing_where_the_group_deploys_to_no_instance(world: Any) -> None:
    """The group's own role only carries a deployment out; of functions one chooses among published versions."""
    group = (
        "  Work: {Type: AWS::CodeDeploy::DeploymentGroup, Properties: {ApplicationName: app, DeploymentGroupName: g,\n"
        "    ServiceRoleArn: !GetAtt Strong.Arn}}\n"
    )
    actions = [
        "codedeploy:CreateDeployment",
        "codedeploy:RegisterApplicationRevision",
        "codedeploy:GetDeploymentConfig",
    ]
    strong = role("Strong", SECRET, trusts="Service: codedeploy.amazonaws.com")
    assert gained(world(strong, group, role("Weak", allow(*actions)))) == {}


def test_a_deny_on_the_one_function_takes_it_away(world: Any) -> None:
    """What is left of `*` are functions nobody knows."""
    weak = role("Weak", allow("lambda:UpdateFunctionCode"), deny("lambda:*", on="!GetAtt Work.Arn"))
    assert gained(world(role("Strong", SECRET), FUNCTION, weak)) == {}


IMAGE = (
    "  Work: {{Type: AWS::Lambda::Function, Properties: {{PackageType: Image, Role: !GetAtt Strong.Arn, Code: {0}}}}}\n"
)
PUSH = ("ecr:PutImage", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload")
REGISTRY = "!Sub '${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/"


@pytest.mark.parametrize(
    ("code", "actions", "more", "found"),
    [
        ("{S3Bucket: art, S3Key: a.zip}", ("s3:PutObject",), "", True),
        ("{S3Bucket: art, S3Key: a.zip, S3ObjectVersion: v1}", ("s3:PutObject",), "", False),
        (f"{{ImageUri: {REGISTRY}app:latest'}}", PUSH, "", True),
        (f"{{ImageUri: {REGISTRY}app@sha256:{'0' * 64}'}}", PUSH, "", False),
        ("{ImageUri: '999999999999.dkr.ecr.eu-west-1.amazonaws.com/app:latest'}", PUSH, "", False),
        (
            f"{{ImageUri: {REGISTRY}${{Images}}:v1'}}",
            PUSH,
            "  Images: {Type: AWS::ECR::Repository, Properties: {ImageTagMutability: IMMUTABLE}}\n",
            False,
        ),
        (
            f"{{ImageUri: {REGISTRY}${{Images}}:v1'}}",
            PUSH,
            "  Images: {Type: AWS::ECR::Repository}\n",
            True,
        ),
    ],
)
def test_code_is_replaced_where_it_can_change(
    world: Any, code: str, actions: tuple[str, ...], more: str, found: bool
) -> None:
    """Not a named object version, not a digest, not an immutable tag, and nothing of another account.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
    """
    made = world(role("Strong", SECRET), IMAGE.format(code), more, role("Weak", allow(*actions)))
    assert ("Strong" in gained(made)) is found


@pytest.mark.parametrize(
    ("layer", "on", "found"),
    [
        ("arn:aws:lambda:eu-west-1:753240598075:layer:Adapter:24", "'*'", False),
        ("!Sub 'arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:layer:own:3'", "'*'", True),
        ("arn:aws:lambda:eu-west-1:111122223333:layer:own:3", "'arn:aws:lambda:*:111122223333:layer:*'", True),
    ],
)
def test_layers_are_published_in_the_own_account_only(world: Any, layer: str, on: str, found: bool) -> None:
    """An account that a statement names may be the one that the template goes to; one that `*` covers is another."""
    work = FUNCTION.replace("Code:", f"Layers: [{layer}], Code:")
    made = world(role("Strong", SECRET), work, role("Weak", allow("lambda:PublishLayerVersion", on=on)))
    assert ("Strong" in gained(made)) is found


BOUNDARY = """\
  Cap:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: ['s3:*', 'iam:*'], Resource: '*'}]}
"""
CAPPED = "{StringEquals: {'iam:PermissionsBoundary': !Ref Cap}}"
MODEST = "{ArnEquals: {'iam:PolicyARN': 'arn:aws:iam::aws:policy/ReadOnlyAccess'}}"
MIGHTY = "{ArnEquals: {'iam:PolicyARN': 'arn:aws:iam::aws:policy/AdministratorAccess'}}"


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (allow("iam:PutRolePolicy"), True),
        (allow("iam:AttachRolePolicy", on="!Sub 'arn:aws:iam::${AWS::AccountId}:role/*'"), True),
        (allow("iam:PutRolePolicy", on="'arn:aws:iam::999999999999:role/*'"), False),
        (allow("iam:PutRolePolicy", only=CAPPED), False),
        (allow("iam:AttachRolePolicy", only=CAPPED), False),
        (allow("iam:AttachRolePolicy", only=MODEST), False),
        (allow("iam:AttachRolePolicy", only=MIGHTY), True),
        (allow("iam:PutUserPolicy"), False),
    ],
)
def test_a_role_gives_itself_rights(world: Any, statement: str, found: bool) -> None:
    """Not where every identity it changes stays within a boundary, and not with policies that change no permissions.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate
    """
    assert ("Weak" in gained(world(BOUNDARY, role("Weak", statement)))) is found


def test_a_user_is_meant_by_the_variable_of_its_name(world: Any) -> None:
    """`${aws:username}` is oneself, and nobody else.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """
    own = "!Sub 'arn:aws:iam::${AWS::AccountId}:user/${!aws:username}'"
    rights = allow("iam:PutUserPolicy", "iam:CreateAccessKey", on=own)
    made = world(user("Weak", rights), user("Strong", SECRET))
    assert gained(made) == {"Weak": ("self-escalation", Decision.ALLOW)}


@pytest.mark.parametrize(
    ("trusts", "found"), [("AWS: !GetAtt Weak.Arn", True), ("Service: lambda.amazonaws.com", False)]
)
def test_whoever_raises_a_role_must_be_trusted_by_it(world: Any, trusts: str, found: bool) -> None:
    """`sts:AssumeRole` needs the trust of the role.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use.html
    """
    weak = role("Weak", allow("iam:AttachRolePolicy", "sts:AssumeRole", on="!GetAtt Strong.Arn"))
    assert ("Strong" in gained(world(role("Strong", SECRET, trusts=trusts), weak))) is found


def test_users_of_an_identity_pool_get_another_role(world: Any) -> None:
    """Cognito is named as a provider in the trust policy, and as a service in `iam:PassedToService`.

    https://docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html
    """
    strong = role("Strong", SECRET, trusts="Federated: cognito-identity.amazonaws.com")
    weak = role("Weak", allow("cognito-identity:SetIdentityPoolRoles", "iam:PassRole"))
    assert gained(world(strong, weak))["Strong"][0] == "new-work"


@pytest.mark.parametrize(
    ("removal", "cap", "found"),
    [
        ("iam:DeleteRolePermissionsBoundary", "iam:*", True),
        ("iam:PutRolePermissionsBoundary", "iam:*", True),
        ("iam:DeleteRolePermissionsBoundary", "s3:*", False),
    ],
)
def test_a_boundary_that_its_holder_may_remove_is_none(world: Any, removal: str, cap: str, found: bool) -> None:
    """The boundary itself decides whether it can be removed."""
    boundary = BOUNDARY.replace("['s3:*', 'iam:*']", f"'{cap}'")
    made = world(boundary, role("Weak", allow(removal), more="PermissionsBoundary: !Ref Cap"))
    assert ("Weak" in gained(made)) is found


@pytest.mark.parametrize(
    ("allowed", "cap", "category"),
    [
        (allow("iam:PutRolePolicy"), "'iam:PutRolePolicy'", None),
        (allow("iam:PutRolePolicy"), "'iam:PutRolePolicy', 's3:*'", "self-escalation"),
        (allow("iam:PutRolePolicy", "s3:*"), "'iam:PutRolePolicy', 's3:*'", None),
        (allow("iam:PutRolePolicy", "s3:*", on="!GetAtt Weak.Arn"), "'iam:PutRolePolicy', 's3:*'", "self-escalation"),
        (allow("iam:CreatePolicyVersion"), "'iam:CreatePolicyVersion'", "boundary-removal"),
        (allow("iam:CreatePolicyVersion", on="!Ref Cap"), "'iam:CreatePolicyVersion'", "boundary-removal"),
        (allow("iam:CreatePolicyVersion", on="!GetAtt Weak.Arn"), "'iam:CreatePolicyVersion'", None),
    ],
)
def test_nobody_gives_itself_more_than_its_boundary_leaves(
    world: Any, allowed: str, cap: str, category: str | None
) -> None:
    """Whatever the policies of an identity say, it has only what its boundary allows too, unless it may rewrite that.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    boundary = BOUNDARY.replace("'s3:*', 'iam:*'", cap)
    made = world(boundary, role("Weak", allowed, more="PermissionsBoundary: !Ref Cap"))
    assert gained(made).get("Weak", (None,))[0] == category


def test_a_boundary_in_no_input_leaves_open_what_is_gained(world: Any) -> None:
    """It may cap everything or nothing."""
    more = "PermissionsBoundary: arn:aws:iam::111111111111:policy/elsewhere"
    assert gained(world(role("Weak", allow("iam:PutRolePolicy"), more=more))) == {
        "Weak": ("self-escalation", Decision.CONDITIONAL)
    }


def test_whoever_raises_another_gains_what_its_boundary_leaves(world: Any) -> None:
    """A role that its boundary keeps to what one has already is no gain."""
    weak = role("Weak", allow("iam:AttachRolePolicy", "sts:AssumeRole", on="!GetAtt Strong.Arn"))
    strong = role("Strong", SECRET, trusts="AWS: !GetAtt Weak.Arn", more="PermissionsBoundary: !Ref Cap")
    nothing = BOUNDARY.replace("'s3:*', 'iam:*'", "'sts:AssumeRole'").replace(
        "Resource: '*'", "Resource: !GetAtt Strong.Arn"
    )
    assert "Strong" in gained(world(BOUNDARY, strong, weak))
    assert "Strong" not in gained(world(nothing, strong, weak))


def test_what_aws_keeps_to_itself_is_not_raised(world: Any) -> None:
    """Nobody changes the policies of a service-linked role (`UnmodifiableEntity`).

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html
    """
    linked = role("Linked", SECRET, trusts="AWS: !GetAtt Weak.Arn", more="Path: /aws-service-role/ecs.amazonaws.com/")
    weak = role("Weak", allow("iam:UpdateAssumeRolePolicy", "sts:AssumeRole"), trusts="Service: ec2.amazonaws.com")
    assert "Linked" not in gained(world(linked, weak))
    assert "Linked" in gained(world(linked.replace("/aws-service-role/", "/own/"), weak))
