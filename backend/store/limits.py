"""What a person is told when a limit is reached: what it is, when it resets, and the way up."""

from datetime import datetime, timedelta

from backend.domain import LimitKind, LimitReached


def limit_reached(
    kind: LimitKind, limit: int, resets_at: datetime | None, now: datetime, *, anonymous: bool = False
) -> LimitReached:
    """`limit` is in the kind's own unit: prompts, prompts at once, millionths of a US dollar, previews, starts."""
    up = "with an account" if anonymous else "with a larger tier"
    when = _in(resets_at, now)
    match kind:
        case LimitKind.POINTS:
            prompts = "your one prompt" if limit == 1 else f"all {limit} prompts of your tier"
            message = f"You have used {prompts}. Go on {when}, or now {up}."
        case LimitKind.CONCURRENT:
            prompts = "another of your prompts" if limit == 1 else f"{limit} prompts of yours"
            message = f"CodeFlow is already working on {prompts}. Wait or stop one; {up} more can run at once."
        case LimitKind.BUDGET:
            message = (
                f"Your prompts have used up the ${limit / 1_000_000:.2f} your tier may spend on models. "
                f"Go on {when}, or now {up}."
            )
        case LimitKind.PREVIEWS:
            message = (
                f"{limit} previews of yours are awake. Wait until the first ones sleep; {up} more can be awake at once."
            )
        case LimitKind.RATE:
            message = f"This preview was started too often of late. Try again {when}."
    return LimitReached(message, kind, resets_at)


def _in(moment: datetime | None, now: datetime) -> str:
    left = moment - now if moment else timedelta()
    minutes = round(left.total_seconds() / 60)
    if minutes < 2:
        return "in a moment"
    if minutes < 90:
        return f"in {minutes} minutes"
    hours = round(minutes / 60)
    return f"in {hours} hours" if hours < 36 else f"in {round(hours / 24)} days"
