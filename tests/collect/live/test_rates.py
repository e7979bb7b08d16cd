"""Calls that are spaced, so that a collection never slows down what runs in the account."""

from __future__ import annotations

import pytest

from permscope.collect.live import rates
from permscope.collect.live.rates import DEFAULT_RATE, RATES, Rate, rate_for


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """Seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that rates go by."""
    made = Clock()
    monkeypatch.setattr(rates, "time", made)
    return made


def test_a_seconds_worth_goes_at_once_and_the_rest_in_step(clock: Clock) -> None:
    """Ten a second: ten now, then one each tenth of a second."""
    rate = Rate(10)
    for _ in range(10):
        rate.wait()
    assert clock.now == pytest.approx(1000.0)
    for _ in range(25):
        rate.wait()
    assert clock.now == pytest.approx(1002.5)


def test_a_long_pause_saves_up_no_more_than_a_second(clock: Clock) -> None:
    """Otherwise a quiet minute would end in a burst that throttles the account."""
    rate = Rate(10)
    rate.wait()
    clock.now += 60
    for _ in range(20):
        rate.wait()
    assert clock.now == pytest.approx(1061.0)


@pytest.mark.parametrize(
    ("client", "fastest", "rate"),
    [("lambda", None, RATES["lambda"]), ("nobody-knows", None, DEFAULT_RATE), ("lambda", 2.0, 2.0)],
)
def test_what_the_user_says_comes_first(clock: Clock, client: str, fastest: float | None, rate: float) -> None:
    """Then what AWS documents of the service."""
    spaced = rate_for(client, fastest)
    for _ in range(round(rate) * 2):
        spaced.wait()
    assert clock.now == pytest.approx(1001.0)
