"""Why a preview does not show, in words for programs (E2B's own) and for people."""

from dataclasses import dataclass

from .channel import NOT_FOUND

OPEN = "open"


@dataclass(frozen=True)
class Problem:
    kind: str
    """Told to the page's script, which reloads when it changes."""
    status: int
    message: str
    """For programs; the SDK looks for "was not found" and "port is not open"."""
    title: str
    text: str
    hint: str = ""
    """A line of code, or nothing."""


WAITING = Problem(
    "waiting",
    503,
    "The sandbox is running but port is not open",
    "Waking up",
    "The app starts again. This page turns into it as soon as it answers, usually within seconds.",
)
GONE = Problem(
    "gone",
    502,
    NOT_FOUND,
    "This sandbox is gone",
    "Its time was up, or it was stopped. If it belongs to a project, go back there and wake its preview: the files are safe.",
)
PAUSED = Problem(
    "paused",
    502,
    f"{NOT_FOUND}: it is paused",
    "This sandbox is paused",
    "It wakes up only when whoever started it says so, not by a visit. This page reloads itself once it runs.",
)
STUCK = Problem(
    "paused",
    503,
    f"{NOT_FOUND}: it does not wake up",
    "This sandbox does not wake up",
    "Its host could not start it again just now. Reload this page in a minute, or go back to the project.",
)


def closed(port: int) -> Problem:
    return Problem(
        "closed",
        502,
        "The sandbox is running but port is not open",
        f"Nothing listens on port {port}",
        "The sandbox runs, but no server in it answers here. Start one; this page reloads itself when it listens on",
        f"127.0.0.1:{port}",
    )


def broken(how: str) -> Problem:
    return Problem(
        "broken",
        502,
        f"The app gave no proper answer: {how}",
        "The app gave no proper answer",
        "Something listens here, but what it said is not a web page's answer. Its log in the sandbox says more.",
    )


def denied(why: str) -> Problem:
    return Problem(
        "denied",
        403,
        f"Sandbox is secured with traffic access token. Token header {why}",
        "Not public",
        "This sandbox answers only requests that carry its traffic access token. Ask whoever started it.",
    )
