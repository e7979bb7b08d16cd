"""Amazon Redshift: clusters and namespaces, their policies, and the roles SQL may act with.

External functions call Lambda with one of those roles
(https://docs.aws.amazon.com/redshift/latest/dg/udf-creating-a-lambda-sql-udf.html).
"""

from __future__ import annotations

from permscope.services._holders import holder

TEMPLATE = {
    "AWS::Redshift::Cluster": holder("NamespaceResourcePolicy", service="redshift.amazonaws.com"),
    "AWS::RedshiftServerless::Namespace": holder(
        "NamespaceResourcePolicy", service="redshift-serverless.amazonaws.com"
    ),
    "AWS::Redshift::ScheduledAction": holder(service="scheduler.redshift.amazonaws.com"),
}
SERVICE_PRINCIPALS = (
    "redshift.amazonaws.com",
    "redshift-serverless.amazonaws.com",
    "scheduler.redshift.amazonaws.com",
)
