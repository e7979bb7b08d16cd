"""Several accounts are read in one run, and one that fails never loses the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from permscope.collect.live.accounts import Choice
from permscope.collect.live.estate import Estate
from permscope.collect.load import LoadOptions, load
from permscope.errors import CollectError
from permscope.graph.build import build_graph
from permscope.graph.model import EdgeKind
from permscope.inventory.facts import Account, ControlPolicy, Function, OrganizationPath

ACCOUNT, OTHER, REGION = "123456789012", "210987654321", "eu-west-1"

ORDERS = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders"


@pytest.fixture
def two(deploy: Any, client: Callable[..., Any]) -> None:
    """A function in each of two accounts; the one here lets the other account call it."""
    deploy.orders()
    other = type(deploy)(client, {"account": OTHER})
    other.function("caller", other.role("caller", "lambda:InvokeFunction", on=ORDERS))
    deploy.of("lambda").add_permission(
        FunctionName="orders", StatementId="other", Action="lambda:InvokeFunction", Principal=OTHER
    )


@pytest.mark.usefixtures("two")
def test_a_role_is_assumed_in_each_account(collect_live: Callable[..., Estate]) -> None:
    """`--role-name` with `--account` reads both accounts into one snapshot."""
    estate = collect_live(choice=Choice(accounts=(ACCOUNT, OTHER), role_name="reader"))
    assert estate.accounts == (ACCOUNT, OTHER)
    names = sorted(fact.name for fact in estate.facts if isinstance(fact, Function))
    assert names == ["caller", "orders"]
    assert {fact.id for fact in estate.facts if isinstance(fact, Account)} == {ACCOUNT, OTHER}


@pytest.mark.usefixtures("two")
def test_an_edge_crosses_accounts_that_were_collected_apart(
    collect_live: Callable[..., Estate], tmp_path: Path
) -> None:
    """Two snapshots read together are one world."""
    collect_live(output="one.json")
    collect_live(output="two.json.gz", choice=Choice(accounts=(OTHER,), role_name="reader"))
    graph = build_graph(load([str(tmp_path / "one.json"), str(tmp_path / "two.json.gz")]))
    edges = {(edge.source, edge.target) for edge in graph.edges_of(EdgeKind.CAN_INVOKE)}
    source = f"arn:aws:iam::{OTHER}:role/caller"
    assert (source, ORDERS) in edges


@pytest.mark.usefixtures("two")
def test_an_account_that_refuses_does_not_lose_the_others(aws: Any, collect_live: Callable[..., Estate]) -> None:
    """It is an unknown, and the rest is read."""
    aws.break_calls("AssumeRole", code="AccessDenied", status=403, times=1)
    estate = collect_live(choice=Choice(accounts=(OTHER, ACCOUNT), role_name="reader"))
    assert estate.accounts == (ACCOUNT,)
    (unknown,) = [fact for fact in estate.failures if fact.source.call == "sts.assume_role"]
    assert (unknown.kind, unknown.what) == ("denied", f"account `{OTHER}`")


@pytest.mark.usefixtures("two")
def test_an_organization_is_walked(client: Callable[..., Any], collect_live: Callable[..., Estate]) -> None:
    """Every active account is read, and the organization's tree and control policies with it."""
    organizations = client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    member = organizations.create_account(AccountName="m", Email="m@example.com")["CreateAccountStatus"]["AccountId"]
    organizations.create_policy(
        Name="no-iam",
        Description="-",
        Type="SERVICE_CONTROL_POLICY",
        Content='{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iam:*","Resource":"*"}}',
    )
    estate = collect_live(choice=Choice(organization=True))
    assert set(estate.accounts) == {ACCOUNT, member}
    paths = {fact.account: fact.path for fact in estate.facts if isinstance(fact, OrganizationPath)}
    assert paths[member][0].startswith("r-")
    assert paths[member][-1] == member
    names = {fact.policy.name for fact in estate.facts if isinstance(fact, ControlPolicy)}
    assert {"no-iam", "FullAWSAccess"} <= names
    (own,) = [fact for fact in estate.facts if isinstance(fact, Account) and fact.id == ACCOUNT]
    assert own.management
    assert own.organization


def test_profiles_are_read_one_after_the_other(
    aws: Any, collect_live: Callable[..., Estate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two profiles of one account are read once; a profile that does not exist is wrong usage."""
    config = tmp_path / "config"
    profile = "aws_access_key_id = a\naws_secret_access_key = b\nregion = eu-west-1\n"
    config.write_text(f"[profile one]\n{profile}[profile two]\n{profile}", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    estate = collect_live(choice=Choice(profiles=("one", "two")))
    assert estate.accounts == (ACCOUNT,)
    with pytest.raises(CollectError, match="no profile `three`"):
        collect_live(choice=Choice(profiles=("three",)))


def test_the_external_id_is_sent(aws: Any, collect_live: Callable[..., Estate]) -> None:
    """A role that asks for an external id gets it."""
    collect_live(choice=Choice(accounts=(OTHER,), role_name="team/reader", external_id="shared-word"))
    bodies = [text for text in aws.bodies if "Action=AssumeRole" in text]
    assert bodies
    assert all("ExternalId=shared-word" in text for text in bodies)
    assert all("role%2Fteam%2Freader" in text for text in bodies)


def test_regions_that_cannot_be_asked_for_are_unknown(aws: Any, collect_live: Callable[..., Estate]) -> None:
    """Where the account's Regions cannot be asked for, the configured one is read, and the others are unknown."""
    aws.break_calls("DescribeRegions", code="UnauthorizedOperation", status=403)
    estate = collect_live(regions=[])
    assert estate.parts == 2
    (unknown,) = [fact for fact in estate.failures if fact.source.call == "ec2.describe_regions"]
    assert unknown.kind == "denied"
    assert "other than eu-west-1" in unknown.why


def test_a_region_that_does_not_exist_is_unknown_and_not_empty(collect_live: Callable[..., Estate]) -> None:
    """Nobody answers in a Region whose name is misspelt; the others are read."""
    estate = collect_live(regions=["eu-west-1", "eu-wset-1"])
    assert estate.parts == 2
    (unknown,) = [fact for fact in estate.failures if fact.kind == "failed"]
    assert (unknown.what, unknown.source.account) == ("Region `eu-wset-1`", ACCOUNT)


def test_every_enabled_region_is_read(
    deploy: Any, client: Callable[..., Any], collect_live: Callable[..., Estate]
) -> None:
    """Without `--region`, a function anywhere is found."""
    other = type(deploy)(client, {"region": "us-west-2"})
    other.function("far", other.role())
    estate = collect_live(regions=[])
    assert [fact.kind for fact in estate.failures if fact.kind != "unsupported"] == []
    assert [fact.source.region for fact in estate.facts if isinstance(fact, Function)] == ["us-west-2"]
    assert estate.parts > 10


def test_a_control_policy_of_a_unit_takes_off_what_a_role_below_it_may(
    client: Callable[..., Any], deploy: Any, collect_live: Callable[..., Estate], tmp_path: Path
) -> None:
    """The way from the root over units to an account is read, and decides in the graph of the member."""
    organizations = client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    member = organizations.create_account(AccountName="m", Email="m@example.com")["CreateAccountStatus"]["AccountId"]
    (root,) = organizations.list_roots()["Roots"]
    outer = organizations.create_organizational_unit(ParentId=root["Id"], Name="all")["OrganizationalUnit"]["Id"]
    inner = organizations.create_organizational_unit(ParentId=outer, Name="shops")["OrganizationalUnit"]["Id"]
    organizations.move_account(AccountId=member, SourceParentId=root["Id"], DestinationParentId=inner)
    no_queues = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}}
    policy = organizations.create_policy(
        Name="no-queues", Description="-", Type="SERVICE_CONTROL_POLICY", Content=json.dumps(no_queues)
    )["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=policy, TargetId=outer)
    other = type(deploy)(client, {"account": member})
    arn = f"arn:aws:sqs:{REGION}:{member}:orders"
    other.of("sqs").create_queue(QueueName="orders")
    role = other.role("reader-of-queues", "sqs:ReceiveMessage", on=arn)
    collect_live(choice=Choice(organization=True))
    inventory = load([str(tmp_path / "estate.json")])
    (path,) = [fact.path for fact in inventory.of(OrganizationPath) if fact.account == member]
    assert path == (root["Id"], outer, inner, member)
    edges = {(edge.source, edge.target) for edge in build_graph(inventory).edges_of(EdgeKind.CAN_ACCESS)}
    assert (role, arn) not in edges
    organizations.detach_policy(PolicyId=policy, TargetId=outer)
    collect_live(choice=Choice(organization=True))
    graph = build_graph(load([str(tmp_path / "estate.json")]))
    assert (role, arn) in {(edge.source, edge.target) for edge in graph.edges_of(EdgeKind.CAN_ACCESS)}


def test_the_way_to_a_foreign_partner_is_an_edge_between_a_snapshot_and_a_template(
    deploy: Any, collect_live: Callable[..., Estate], tmp_path: Path
) -> None:
    """A template that is not deployed yet meets what is: its role may call a function that another account has."""
    deploy.orders()
    deploy.of("lambda").add_permission(
        FunctionName="orders", StatementId="other", Action="lambda:InvokeFunction", Principal=OTHER
    )
    collect_live()
    template = tmp_path / "caller.yaml"
    template.write_text(CALLER, encoding="utf-8")
    options = LoadOptions(account=OTHER, region=REGION, partition="aws")
    graph = build_graph(load([str(tmp_path / "estate.json"), str(template)], options))
    edges = {(edge.source, edge.target) for edge in graph.edges_of(EdgeKind.CAN_INVOKE)}
    assert (f"arn:aws:iam::{OTHER}:role/caller", ORDERS) in edges


CALLER = f"""
Resources:
  Caller:
    Type: AWS::IAM::Role
    Properties:
      RoleName: caller
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: {{Effect: Allow, Principal: {{Service: lambda.amazonaws.com}}, Action: "sts:AssumeRole"}}
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement: {{Effect: Allow, Action: "lambda:InvokeFunction", Resource: "{ORDERS}"}}
"""
