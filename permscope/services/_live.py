"""How a service is read from a live account: what a service file's `LIVE` is made of.

A live reader asks the API and writes each answer down as the CloudFormation resource it would be deployed from, with
`session.resource(type, properties, name=..., call=...)`. The same `TEMPLATE` readers then make facts of it, so a stack
read as template and read live gives the same graph, and there is one place that knows what a property means:

    def _live_queues(session: Session) -> Iterable[LiveFact]:
        for url in session.pages("sqs", "list_queues", "QueueUrls", MaxResults=1000):
            answer = session.call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"])
            ...
            yield session.resource("AWS::SQS::Queue", {"KmsMasterKeyId": ...}, name=name, ref=url,
                                   call="sqs.get_queue_attributes")

    LIVE = (  # in the service's own file, or in `_live_<service>.py` where that would grow too long
        LiveReader(
            read=_live_queues,
            client="sqs",
            operations={
                "sqs.list_queues": "which queues there are",
                "sqs.get_queue_attributes": "the policy, the key and the dead-letter queue of a queue",
            },
        ),
    )

* `operations` names every call the reader makes and what stays hidden where it is denied; the session refuses any other
  call, `--print-policy` is made of it, and the summary of a collection quotes it.
* A reader runs once per account and Region; with `is_global=True` once per account (IAM, Organizations, CloudFront).
  All resources of one account and Region form one `Stack` (`session.stack`), so readers find each other's resources by
  name, `Ref` or ARN just as in a template; the stack is complete when every live reader is done, so a live reader
  itself finds nothing in it. Values the API gives are ARNs, names and ids; write them as they are.
* `session.call` gives the answer; `{}` where AWS answers that there is no such thing (`none=("NoSuchBucketPolicy",)`);
  `None` where the call failed, which is an `Unknown` already: go on without it.
* `session.pages` gives every item of a list operation, by botocore's paginator or by following its token.
* `session.map(function, items)` runs one function per item on several threads, in order: use it where every item costs
  a call. Inside it no further `map` is parallel.
* What `Fn::GetAtt` would return and no property says (`StreamArn`) goes into `attributes`; a policy that is a
  resource of its own in CloudFormation (`AWS::S3::BucketPolicy`) is one here, with the `call` that read it.
* Facts that no CloudFormation type says may be yielded too (`Account`, `ControlPolicy`).
* Environment values, secrets, code and payloads must not be put where a `TEMPLATE` reader would keep them; do not call
  operations that return them (`get_secret_value`, `get_function`) at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from permscope.catalog.cloudformation import TypeFacts, type_facts
from permscope.inventory.facts import AnyFact, Unknown
from permscope.inventory.located import source_of
from permscope.inventory.source import NOWHERE, Source
from permscope.lazy import dataclass, regex
from permscope.services.interface import Stack, TemplateResource

T = TypeVar("T")
R = TypeVar("R")
_PLACEHOLDER = regex(r"\{(\w+)\}")


@dataclass(slots=True, kw_only=True, eq=False)
class LiveResource(TemplateResource):
    """A resource of a live account, written down as the CloudFormation resource it would be deployed from.

    `logical_id` is its name, for messages; its facts have none.
    """

    def facts_about(self, source: object = None) -> dict[str, Any]:
        """The keyword arguments every fact of this resource shares."""
        place = source if isinstance(source, Source) else source_of(source, self.source)
        return {
            "source": place if place is not NOWHERE else self.source,
            "logical_id": None,
            "only_if": self.only_if,
            "stack": "",
        }


class Session:
    """One account and Region that answers are read from; as it stands here it asks nobody and knows nothing.

    `permscope.collect.live.session` asks AWS; `permscope.collect.authorization_details` has the answers in a file.

    Attributes:
        region: of the calls; for a global reader the Region its service is asked in.
        stack: of everything read from this account and Region; its `region` is this one.
    """

    def __init__(self, stack: Stack, *, account: str, partition: str, region: str) -> None:
        self.stack = stack
        self.account = account
        self.partition = partition
        self.region = region

    def call(
        self,
        client: str,
        operation: str,
        *,
        none: tuple[str, ...] = (),
        optional: bool = False,
        of: str = "",
        **arguments: Any,
    ) -> Mapping[str, Any] | None:
        """One API call.

        Args:
            client: boto3 client.
            operation: method of it.
            none: error codes by which the service says that there is no such thing.
            optional: whether a failure hides nothing, because the reader asks in another way then.
            of: name of what is asked about, for the `Unknown`; otherwise the first argument that is text.
            arguments: of the operation.

        Returns:
            The answer; an empty mapping for an error code in `none`; None when the call failed.
        """
        del client, operation, none, optional, of, arguments
        return None

    def pages(
        self,
        client: str,
        operation: str,
        key: str = "",
        *,
        none: tuple[str, ...] = (),
        of: str = "",
        **arguments: Any,
    ) -> Iterator[Any]:
        """Every item under `key` (`DistributionList.Items`) over all pages; whole pages where `key` is empty.

        Where a page cannot be read, the items before it have been given and the rest is an `Unknown`.
        """
        del client, operation, key, none, of, arguments
        return iter(())

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """`function` of each item, perhaps on several threads, in the order of the items."""
        return map(function, items)

    def offers(self, client: str, operation: str) -> bool:
        """Whether the SDK has the operation and the service did not refuse or miss it here before."""
        del client, operation
        return False

    def resource(
        self,
        type_name: str,
        properties: Mapping[str, Any],
        *,
        name: str,
        call: str,
        arn: str | None = None,
        ref: str | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> LiveResource:
        """What an answer says, as a CloudFormation resource.

        Args:
            type_name: CloudFormation type.
            properties: as in a template; None values are left out.
            name: physical name.
            call: `client.operation` that said so.
            arn: where the answer has it; otherwise made of the name where CloudFormation's ARN form allows that.
            ref: what `Ref` returns, where that is neither name nor ARN.
            attributes: what `Fn::GetAtt` returns besides.
        """
        facts = type_facts(type_name)
        arn = arn or _arn_of(self.stack, facts, name)
        return LiveResource(
            logical_id=name,
            type=type_name,
            properties={key: value for key, value in properties.items() if value is not None},
            stack=self.stack,
            source=self.source(call),
            name=name,
            arn=arn,
            ref=ref or (arn if facts is not None and facts.ref == "arn" and arn else name),
            attributes={key: value for key, value in (attributes or {}).items() if value},
        )

    def source(self, call: str | None) -> Source:
        """Where an answer came from."""
        return Source(call=call, account=self.account)

    def unknown(self, what: str, why: str, kind: str, *, call: str | None = None, about: str | None = None) -> Unknown:
        """A fact about something that could not be read."""
        return Unknown(what=what, why=why, kind=kind, about=about, source=self.source(call))


def _arn_of(stack: Stack, facts: TypeFacts | None, name: str) -> str | None:
    """The ARN that CloudFormation would make of a name; None where the name alone does not tell it."""
    if facts is None or not facts.arn_format or not facts.name_is_in_arn:
        return None
    known = {
        "partition": stack.partition,
        "region": stack.region,
        "account": stack.account,
        "name": name.removeprefix("/") if "/{name}" in facts.arn_format else name,
        "path": "/",
    }
    return _PLACEHOLDER.sub(lambda found: known[found[1]], facts.arn_format)


LiveFact = LiveResource | AnyFact


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveReader:
    """How a service, or a part of it, is read from a live account.

    Attributes:
        read: yields resources and facts.
        client: boto3 client of the service; where it is not offered in a Region, nothing is read there.
        operations: `client.operation` -> what is not known where it is denied, as a clause ("who may use a key").
        is_global: whether it is read once per account instead of once per Region.
    """

    read: Callable[[Session], Iterable[LiveFact]]
    client: str
    operations: Mapping[str, str]
    is_global: bool = False
