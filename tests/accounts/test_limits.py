"""Trying often is stopped, for a while, and only for who tried."""

import pytest
from starlette.requests import HTTPConnection

from backend.domain import LimitKind, LimitReached
from backend.web import limits
from backend.web.limits import RATES, Rate, RateLimits, caller


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rates(clock: Clock) -> RateLimits:
    return RateLimits({**RATES, "code": Rate(3, 60)}, clock)


def test_the_window_moves_with_each_try(rates: RateLimits, clock: Clock) -> None:
    for _ in range(3):
        rates.hit("code", "ada")
        clock.now += 10
    with pytest.raises(LimitReached) as refused:
        rates.hit("code", "ada")
    assert refused.value.kind is LimitKind.RATE
    assert refused.value.resets_at is not None
    assert "30 seconds" in refused.value.message
    clock.now += 30
    rates.hit("code", "ada")
    with pytest.raises(LimitReached):
        rates.hit("code", "ada")


def test_refused_tries_do_not_keep_the_door_shut(rates: RateLimits, clock: Clock) -> None:
    for _ in range(3):
        rates.hit("code", "ada")
    for _ in range(50):
        clock.now += 1
        with pytest.raises(LimitReached):
            rates.hit("code", "ada")
    clock.now += 10
    rates.hit("code", "ada")


def test_others_and_other_limits_are_not_touched(rates: RateLimits) -> None:
    for _ in range(3):
        rates.hit("code", "ada")
    rates.hit("code", "bob")
    rates.hit("mail", "ada")


def test_a_flood_of_names_takes_bounded_memory(rates: RateLimits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_KEYS", 100)
    for n in range(1000):
        rates.hit("code", str(n))
    for _ in range(3):
        rates.hit("code", "0")
    with pytest.raises(LimitReached):
        rates.hit("code", "0")
    assert len(rates._hits) == 100


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("testclient", "testclient"),
    ],
)
def test_the_caller_is_an_address_or_an_ipv6_network(host: str, key: str) -> None:
    assert caller(HTTPConnection({"type": "http", "headers": [], "client": (host, 1)})) == key
