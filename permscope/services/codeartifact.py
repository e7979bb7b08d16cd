"""AWS CodeArtifact: domains and repositories, their policies.

https://docs.aws.amazon.com/codeartifact/latest/ug/repo-policies.html
"""

from __future__ import annotations

from permscope.services._holders import holder

TEMPLATE = {
    "AWS::CodeArtifact::Domain": holder("PermissionsPolicyDocument"),
    "AWS::CodeArtifact::Repository": holder("PermissionsPolicyDocument"),
}
SERVICE_PRINCIPALS = ("codeartifact.amazonaws.com",)
