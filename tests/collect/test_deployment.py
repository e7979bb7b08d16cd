"""Where what was read is deployed."""

from __future__ import annotations

from permscope.collect.deployment import deployment_of, unsettled
from permscope.collect.templates.options import Deployment, LoadOptions
from permscope.inventory.facts import Account, AnyFact, Function, Resource
from permscope.inventory.inventory import Inventory

ONE, OTHER = "111111111111", "222222222222"


def function(region: str = "eu-west-1", account: str = ONE, partition: str = "aws") -> Function:
    """A function somewhere."""
    return Function(
        arn=f"arn:{partition}:lambda:{region}:{account}:function:{region}",
        name=region,
        role_arn="arn:aws:iam::1:role/r",
    )


def place(*facts: AnyFact) -> Deployment:
    """Where facts are deployed."""
    return deployment_of(Inventory(facts))


def test_one_account_with_functions_in_one_region_is_a_place() -> None:
    """Its account, Region and partition; what every Region has by itself does not count."""
    bus = Resource(id=f"arn:aws:events:us-east-1:{ONE}:event-bus/default", type="AWS::Events::EventBus", name="default")
    assert place(Account(id=ONE), bus, function()) == Deployment(ONE, "eu-west-1", "aws")
    assert place(Account(id=ONE), function("cn-north-1", partition="aws-cn")).partition == "aws-cn"


def test_what_is_in_several_places_is_in_none() -> None:
    """Functions in two Regions leave the Region open, two accounts leave everything open."""
    assert place(Account(id=ONE), function(), function("us-east-1")) == Deployment(ONE, None, "aws")
    assert place(Account(id=ONE), Account(id=OTHER), function()) == Deployment()
    assert place(function(), function(account=OTHER)) == Deployment()
    assert place() == Deployment()


def test_tokens_are_no_place() -> None:
    """A template that nobody bound tells nothing, and says what it lacks."""
    arn = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:f"
    facts = (Account(id="${AWS::AccountId}"), Function(arn=arn, name="f", role_arn=""))
    assert place(*facts) == Deployment()
    assert unsettled(Inventory(facts)) == ("account", "region")
    assert unsettled(Inventory((Account(id=ONE), function()))) == ()


def test_what_is_assumed_is_the_last_to_be_asked() -> None:
    """What the user says wins, and a Region decides on the partition."""
    assumed = Deployment(ONE, "cn-north-1", "aws-cn")
    given = LoadOptions(account=OTHER, assumed=assumed).settled()
    assert (given.account, given.region, given.known_partition) == (OTHER, "cn-north-1", "aws-cn")
    assert LoadOptions(region="eu-west-1", assumed=assumed).settled().known_partition == "aws"
    assert LoadOptions(assumed=Deployment(ONE, None, "aws-cn")).settled().known_partition == "aws-cn"
    assert LoadOptions(assumed=assumed).bound(account=OTHER).settled().account == OTHER
