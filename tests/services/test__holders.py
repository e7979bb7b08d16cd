"""Types of which only the policy, the key and the roles are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from permscope.inventory.facts import AnyFact, Resource, ResourcePolicy, RoleUse, Unknown
from permscope.inventory.located import LocatedDict
from permscope.services._holders import holder, policy_for, roles_of
from permscope.services.interface import Stack, TemplateResource

HERE = "${AWS::Region}:${AWS::AccountId}"
P = "arn:${AWS::Partition}"
VAULT = f"{P}:backup:{HERE}:backup-vault:v"
DOCUMENT: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "backup:CopyIntoBackupVault", "Resource": "*"}],
}


def resource(type_name: str, properties: dict[str, Any], stack: Stack | None = None, **more: Any) -> TemplateResource:
    """One resource of a template."""
    stack = stack or Stack()
    made = TemplateResource(
        logical_id="X", type=type_name, properties=LocatedDict(properties.items()), stack=stack, origin="X", **more
    )
    stack.resources["X"] = made
    return made


def of(facts: Iterable[AnyFact], kind: type) -> list[Any]:
    """The facts of one class."""
    return [fact for fact in facts if isinstance(fact, kind)]


def test_a_holder_gives_its_policy_and_its_key() -> None:
    """A vault keeps who may copy into it in `AccessPolicy` (aws-resource-backup-backupvault.html)."""
    key = f"{P}:kms:{HERE}:key/k"
    vault = resource("AWS::Backup::BackupVault", {"AccessPolicy": DOCUMENT, "EncryptionKeyArn": key}, arn=VAULT)
    facts = list(holder("AccessPolicy")(vault))
    assert [(fact.id, fact.attributes.get("kms_key_arn")) for fact in of(facts, Resource)] == [(VAULT, key)]
    (policy,) = of(facts, ResourcePolicy)
    assert (policy.resource_arn, policy.policy.name) == (VAULT, "X/AccessPolicy")


def test_a_holder_without_a_policy_gives_none() -> None:
    """Nothing is made up where the property is missing."""
    assert of(holder("AccessPolicy")(resource("AWS::Backup::BackupVault", {}, arn=VAULT)), ResourcePolicy) == []


def test_a_holder_of_a_service_gives_every_role_of_its_type() -> None:
    """The catalogue knows where a type takes roles; what the service does with them is not known."""
    role = f"{P}:iam::${{AWS::AccountId}}:role/backup"
    selection = resource("AWS::Backup::BackupSelection", {"BackupSelection": LocatedDict({"IamRoleArn": role}.items())})
    (use,) = of(holder(service="backup.amazonaws.com")(selection), RoleUse)
    assert (use.role_arn, use.service, use.required, use.exact) == (role, "backup.amazonaws.com", (), False)


def test_roles_are_found_in_lists_and_by_name() -> None:
    """Some properties take a role by name; a path of the catalogue goes through lists."""
    inputs = [LocatedDict({"KinesisStreamsInput": LocatedDict({"RoleARN": name}.items())}.items()) for name in "ab"]
    application = resource("AWS::KinesisAnalytics::Application", {"Inputs": inputs})
    found = roles_of(application, "Inputs[].KinesisStreamsInput.RoleARN")
    assert [text.text for text in found] == [f"{P}:iam::${{AWS::AccountId}}:role/{name}" for name in "ab"]


@pytest.mark.parametrize(
    ("named", "protected"),
    [
        (VAULT, VAULT),
        ("vault-name", f"{P}:backup:{HERE}:backup-vault:vault-name"),
        ("known", VAULT),
        ("${Param::Vault}", "${Param::Vault}"),
    ],
)
def test_a_policy_of_another_resource_names_it_by_arn_or_name(named: str, protected: str) -> None:
    """A name of this template is that resource; any other is made an ARN where one can be made."""
    stack = Stack()
    policy = resource("AWS::Test::Policy", {"Vault": named, "PolicyDocument": DOCUMENT}, stack)
    known = TemplateResource(
        logical_id="V", type="AWS::Backup::BackupVault", properties={}, stack=stack, name="known", arn=VAULT
    )
    stack.resources["V"] = known
    read = policy_for(
        "Vault", "PolicyDocument", arn=lambda of_it, name: of_it.stack.arn("backup", f"backup-vault:{name}")
    )
    assert [fact.resource_arn for fact in of(read(policy), ResourcePolicy)] == [protected]


def test_a_policy_of_a_name_that_makes_no_arn_is_unknown() -> None:
    """What it protects cannot be told, and that is said; what the policy says is judged all the same."""
    policy = resource("AWS::Test::Policy", {"Vault": "name", "PolicyDocument": DOCUMENT})
    facts = list(policy_for("Vault", "PolicyDocument")(policy))
    assert [fact.kind for fact in of(facts, Unknown)] == ["target"]
    assert [fact.resource_arn for fact in of(facts, ResourcePolicy)] == ["${Unknown::AWS::Test::Policy/X}"]


def test_every_reader_says_what_it_reads(read: Callable[..., list[Any]]) -> None:
    """A whole template goes the same way."""
    facts = read(
        "Resources: {V: {Type: AWS::Backup::BackupVault, Properties: {BackupVaultName: v, AccessPolicy: "
        "{Version: '2012-10-17', Statement: {Effect: Deny, Principal: '*', Action: 'backup:*', Resource: '*'}}}}}",
        ResourcePolicy,
    )
    assert [(fact.resource_arn, fact.policy.statements[0].effect) for fact in facts] == [(VAULT, "Deny")]
