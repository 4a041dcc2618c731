"""What a person reads when a limit is reached."""

from datetime import UTC, datetime, timedelta

import pytest

from backend.domain import LimitKind
from backend.store.limits import limit_reached

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "limit", "left", "message"),
    [
        (
            LimitKind.POINTS,
            10,
            timedelta(hours=5),
            "You have used all 10 prompts of your tier. Go on in 5 hours, or now ",
        ),
        (LimitKind.POINTS, 1, timedelta(minutes=40), "You have used your one prompt. Go on in 40 minutes, or now "),
        (
            LimitKind.BUDGET,
            2_500_000,
            timedelta(days=3),
            "used up the $2.50 your tier may spend on models. Go on in 3 days",
        ),
        (LimitKind.CONCURRENT, 1, None, "CodeFlow is already working on another of your prompts. Wait or stop one; "),
        (LimitKind.CONCURRENT, 4, None, "CodeFlow is already working on 4 prompts of yours. Wait or stop one; "),
        (LimitKind.PREVIEWS, 10, None, "10 previews of yours are awake. Wait until the first ones sleep; "),
        (LimitKind.RATE, 1, timedelta(seconds=12), "started too often of late. Try again in a moment."),
    ],
)
def test_a_limit_says_what_it_is_and_when_one_can_go_on(
    kind: LimitKind, limit: int, left: timedelta | None, message: str
) -> None:
    resets_at = NOW + left if left else None
    reached = limit_reached(kind, limit, resets_at, NOW)
    assert message in reached.message
    assert (reached.kind, reached.resets_at) == (kind, resets_at)


@pytest.mark.parametrize("kind", [LimitKind.POINTS, LimitKind.BUDGET, LimitKind.CONCURRENT, LimitKind.PREVIEWS])
def test_the_way_up_is_an_account_for_who_has_none_and_a_larger_tier_for_others(kind: LimitKind) -> None:
    assert "with an account" in limit_reached(kind, 3, NOW, NOW, anonymous=True).message
    assert "with a larger tier" in limit_reached(kind, 3, NOW, NOW).message
