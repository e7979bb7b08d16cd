"""What the user says about the deployment of the templates that are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import NamedTuple

from permscope.inventory.tokens import ACCOUNT, PARTITION, REGION, URL_SUFFIX
from permscope.lazy import dataclass

_PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("us-iso-", "aws-iso"),
    ("eu-isoe-", "aws-iso-e"),
    ("eusc-", "aws-eusc"),
)
_SUFFIXES = {
    "aws": "amazonaws.com",
    "aws-us-gov": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
    "aws-eusc": "amazonaws.eu",
}


class Deployment(NamedTuple):
    """Where templates are deployed, as far as something tells."""

    account: str | None = None
    region: str | None = None
    partition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """How templates are bound to a deployment; what is None stays a token.

    Attributes:
        account: 12-digit id.
        stack_name: of the one stack that is read.
        parameters: parameter name -> value, from the command line.
        defaults: parameter values from the configuration; all others win over them.
        parameter_files: JSON or `samconfig.toml` files with parameter values; the command line wins over them.
        assumed: what holds where neither the user nor the input itself says where it is deployed.
        left_out: absolute paths that are not looked into below a directory; no part of what a template means.
    """

    account: str | None = None
    region: str | None = None
    partition: str | None = None
    stack_name: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    parameter_files: tuple[str, ...] = ()
    assumed: Deployment = Deployment()
    left_out: frozenset[str] = field(default=frozenset(), repr=False, compare=False)

    def bound(
        self, *, account: str | None = None, region: str | None = None, stack_name: str | None = None
    ) -> LoadOptions:
        """These options, completed by what an input says of its own deployment."""
        return replace(
            self,
            account=self.account or account,
            region=self.region or region,
            stack_name=self.stack_name or stack_name,
        )

    def settled(self) -> LoadOptions:
        """These options, where nobody says otherwise with the assumed deployment."""
        account, region, partition = self.assumed
        region = self.region or region
        return replace(
            self,
            account=self.account or account,
            region=region,
            partition=self.partition or (None if region else partition),
            assumed=Deployment(),
        )

    @property
    def known_partition(self) -> str | None:
        """The partition given, or the one the Region is in."""
        if self.partition or not self.region:
            return self.partition
        return next((name for prefix, name in _PARTITIONS if self.region.startswith(prefix)), "aws")


def pseudo_parameters(options: LoadOptions, label: str = "", *, stack_name: str | None = None) -> dict[str, object]:
    """The pseudo parameters of a stack, bound or tokens.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
    """
    partition = options.known_partition
    own = f"${{{label}/AWS.%s}}" if label else "${AWS::%s}"
    account, region, name = options.account or ACCOUNT, options.region or REGION, stack_name or own % "StackName"
    place = f"{partition or PARTITION}:cloudformation:{region}:{account}"
    return {
        "AWS::AccountId": account,
        "AWS::Region": region,
        "AWS::Partition": partition or PARTITION,
        "AWS::URLSuffix": _SUFFIXES.get(partition or "", URL_SUFFIX),
        "AWS::StackName": name,
        "AWS::StackId": f"arn:{place}:stack/{name}/{own % 'StackId'}",
        "AWS::NotificationARNs": [own % "NotificationARNs"],
    }
