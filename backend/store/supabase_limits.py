"""A limit's answer as an error that says the way on."""

from datetime import UTC, datetime, timedelta
from typing import Any

from backend.domain import LimitKind, LimitReached, User


def limit_reached(answer: dict[str, Any], user: User | None, now: datetime | None = None) -> LimitReached:
    """For `{"ok": false, "kind", "limit", "resets_at"}`."""
    kind = LimitKind(answer["kind"])
    resets_at = datetime.fromisoformat(answer["resets_at"]) if answer.get("resets_at") else None
    limit, when = answer.get("limit"), _in(resets_at, now or datetime.now(UTC))
    match kind:
        case LimitKind.POINTS:
            what = f"You have used all {limit} prompts of your tier. New ones come {when}{_way_up(user)}."
        case LimitKind.CONCURRENT:
            many = "another project's prompt" if limit == 1 else f"{limit} prompts"
            what = (
                f"CodeFlow is already working on {many} of yours. Wait until one is done, or stop one{_way_up(user)}."
            )
        case LimitKind.BUDGET:
            what = (
                f"Your prompts have used up what your tier may spend on models. It begins anew {when}{_way_up(user)}."
            )
        case LimitKind.RATE:
            what = f"This preview was started too often of late. Try again {when}."
    return LimitReached(what, kind, resets_at)


def _way_up(user: User | None) -> str:
    return "; with an account you have more" if user and user.anonymous else "; a higher tier has more"


def _in(moment: datetime | None, now: datetime) -> str:
    left = moment - now if moment else timedelta()
    minutes = round(left.total_seconds() / 60)
    if minutes < 2:
        return "in a moment"
    if minutes < 90:
        return f"in {minutes} minutes"
    hours = round(minutes / 60)
    return f"in {hours} hours" if hours < 36 else f"in {round(hours / 24)} days"
