"""CloudWatch Synthetics: a canary is a function that AWS keeps, which runs with the canary's role.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Synthetics_Canaries_Roles.html
"""

from __future__ import annotations

from collections.abc import Iterator

from permscope.inventory.facts import AnyFact, Need
from permscope.inventory.located import LocatedStr
from permscope.services._answers import picked
from permscope.services._live import LiveFact, LiveReader, Session
from permscope.services._wiring import properties, role_uses
from permscope.services.interface import TemplateResource

SERVICE = "lambda.amazonaws.com"


def read_canary(resource: TemplateResource) -> Iterator[AnyFact]:
    """`AWS::Synthetics::Canary`: its script may do all that its role allows."""
    yield resource.resource(runtime_version=resource.text("RuntimeVersion"))
    needs = [Need(actions=("cloudwatch:PutMetricData",), resource_arn="*", why="to report its result")]
    for text in properties(resource, "ArtifactS3Location"):
        bucket, _, prefix = text.text.removeprefix("s3://").partition("/")
        path = f"{bucket}/{prefix.strip('/')}/*" if prefix.strip("/") else f"{bucket}/*"
        arn = LocatedStr(resource.stack.arn("s3", path, region="", account=""), text.source)
        needs.append(Need(actions=("s3:PutObject",), resource_arn=arn, why="to keep its artifacts"))
    yield from role_uses(resource, properties(resource, "ExecutionRoleArn"), SERVICE, needs, exact=False)


TEMPLATE = {"AWS::Synthetics::Canary": read_canary}


def read_live(session: Session) -> Iterator[LiveFact]:
    """Every canary."""
    for item in session.pages("synthetics", "describe_canaries", "Canaries"):
        yield session.resource(
            "AWS::Synthetics::Canary",
            picked(item, "RuntimeVersion", "ArtifactS3Location", "ExecutionRoleArn"),
            name=item["Name"],
            call="synthetics.describe_canaries",
        )


LIVE = (
    LiveReader(
        read=read_live,
        client="synthetics",
        operations={"synthetics.describe_canaries": "which roles canaries act with"},
    ),
)
