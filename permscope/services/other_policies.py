"""Services of which permscope knows where their resource policy stands, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from permscope.services._holders import holder, policy_for
from permscope.services.interface import TemplateResource


def _arn(service: str, pattern: str) -> Callable[[TemplateResource, str], str]:
    return lambda resource, name: resource.stack.arn(service, pattern.format(name))


TEMPLATE = {
    "AWS::AIOps::InvestigationGroup": holder("InvestigationGroupPolicy"),
    "AWS::APS::ResourcePolicy": policy_for("WorkspaceArn", "PolicyDocument"),
    "AWS::CloudTrail::ResourcePolicy": policy_for("ResourceArn", "ResourcePolicy"),
    "AWS::DSQL::Cluster": holder("PolicyDocument"),
    "AWS::EventSchemas::RegistryPolicy": policy_for("RegistryName", "Policy", arn=_arn("schemas", "registry/{}")),
    "AWS::MediaPackageV2::ChannelPolicy": policy_for("ChannelName", "Policy"),
    "AWS::MediaPackageV2::OriginEndpointPolicy": policy_for("OriginEndpointName", "Policy"),
    "AWS::MediaStore::Container": holder("Policy"),
    "AWS::MediaTailor::ChannelPolicy": policy_for("ChannelName", "Policy", arn=_arn("mediatailor", "channel/{}")),
    "AWS::Oam::Sink": holder("Policy"),
    "AWS::RUM::AppMonitor": holder("ResourcePolicy", "PolicyDocument"),
    "AWS::SMSVOICE::ResourcePolicy": policy_for("ResourceArn", "PolicyDocument"),
    "AWS::Omics::SequenceStore": holder("S3AccessPolicy"),
    "AWS::SageMaker::ModelPackageGroup": holder("ModelPackageGroupPolicy"),
    "AWS::VpcLattice::ResourcePolicy": policy_for("ResourceArn", "Policy"),
}
