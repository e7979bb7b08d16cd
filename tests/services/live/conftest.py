"""Reads a service from an account whose answers are recorded: real clients of botocore, no network.

Requests are held to botocore's input shapes and answers to its output shapes, so a misspelt parameter or key fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest

boto3 = pytest.importorskip("boto3", reason="boto3 is not installed")

from botocore import xform_name  # noqa: E402
from botocore.validate import validate_parameters  # noqa: E402

from permscope.collect.live import collect  # noqa: E402
from permscope.collect.live.account import LiveAccount  # noqa: E402
from permscope.inventory.facts import AnyFact  # noqa: E402
from permscope.services import live_readers  # noqa: E402
from permscope.services._live import LiveReader  # noqa: E402

ACCOUNT = "123456789012"
REGION = "eu-west-1"

Answer = Mapping[str, Any] | str | Callable[[Mapping[str, Any]], "Mapping[str, Any] | str"]


@cache
def boto_session() -> Any:
    """One session for all tests: loading the models takes long."""
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)


class Recorded:
    """An account that answers from a mapping of `client.operation`.

    Args:
        answers: the answer to every call of an operation, a function of its arguments that gives it, or the code of
            the error it fails with.
    """

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.problems: list[str] = []
        self.account = LiveAccount(id=ACCOUNT, partition="aws", boto=self, home=REGION)  # type: ignore[arg-type]
        self.account.limits = type(self.account.limits)(threads=2, attempts=1, rate=1e6)

    def get_available_regions(self, *arguments: Any, **more: Any) -> list[str]:
        """As `boto3.Session` does."""
        found: list[str] = boto_session().get_available_regions(*arguments, **more)
        return found

    def client(self, name: str, **more: Any) -> Any:
        """A client that sends nothing."""
        made = boto_session().client(name, **more)
        made.meta.events.register("before-parameter-build.*.*", self._keep)
        made.meta.events.register("before-call.*.*", lambda **event: self._answer(name, **event))
        return made

    def _keep(self, params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["asked"] = dict(params)

    def _answer(self, client: str, model: Any, context: Mapping[str, Any], **_: Any) -> tuple[Any, Any]:
        name = f"{client}.{xform_name(model.name)}"
        asked = context["asked"]
        self.asked.append((name, asked))
        answer = self.answers.get(name)
        if callable(answer):
            answer = answer(asked)
        if answer is None:
            self.problems.append(f"{name} has no recorded answer")
            answer = "NotRecorded"
        if isinstance(answer, str):
            error = {"Error": {"Code": answer, "Message": answer}, "ResponseMetadata": {"HTTPStatusCode": 400}}
            return SimpleNamespace(status_code=400), error
        try:
            validate_parameters(answer, model.output_shape)
        except Exception as error:  # noqa: BLE001 - said once the reader is done
            self.problems.append(f"{name}: {error}")
        return SimpleNamespace(status_code=200), {**answer, "ResponseMetadata": {"HTTPStatusCode": 200}}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[Any]]]:
    """Read a part from recorded answers into facts, of the given classes where any are given.

    `account("events", answers, Trigger)` runs every live reader of `events`, and those in `more`; `asked` holds what
    was asked.
    """
    made: list[Recorded] = []

    def read(
        part: str, answers: Mapping[str, Answer], *kinds: type[AnyFact], more: Iterable[LiveReader] = ()
    ) -> list[Any]:
        readers = tuple(found for found in live_readers() if found[0].partition(".")[0] == part)
        assert readers, f"no part is called {part}"
        readers = (*readers, *((f"more.{number}", reader) for number, reader in enumerate(more)))
        monkeypatch.setattr(collect, "live_readers", lambda: readers)
        recorded = Recorded(answers)
        made.append(recorded)
        regions = {None if reader.is_global else REGION for _, reader in readers}
        parts = [collect.Part(recorded.account, region) for region in sorted(regions, key=str)]
        facts = [fact for found in collect.collect_parts(parts) for fact in found.facts]
        read.asked = recorded.asked  # type: ignore[attr-defined]
        return [fact for fact in facts if isinstance(fact, kinds)] if kinds else facts

    yield read
    problems = [problem for recorded in made for problem in recorded.problems]
    assert not problems
