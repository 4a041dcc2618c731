"""A project of hundreds of requests still knows what was decided."""

from backend.agent.remembering import MAX_CHARS, briefly
from backend.domain import Failure, FailureCode, RunKind
from backend.events import RunQueued
from tests.agent.test_history import asked, ended, said, wrote


def test_each_request_is_a_line_with_what_came_of_it():
    failed = Failure(code=FailureCode.BUDGET, message="It cost too much.", action="")
    text = briefly(
        [
            [asked("a board\nwith columns"), said("I will."), wrote(tool="finish", target="A board stands."), ended()],
            [asked("everything at once"), ended(failure=failed)],
            [RunQueued(kind=RunKind.RESTORE, prompt="Back to version 1")],
        ]
    )
    assert "- a board with columns → A board stands." in text
    assert "- everything at once → (failed: It cost too much.)" in text
    assert "- (Back to version 1)" in text


def test_two_hundred_requests_fit_and_none_is_forgotten():
    runs = [
        [asked(f"decision {n}: " + "because " * 60), said("Done, " + "and more " * 60), ended()] for n in range(200)
    ]
    text = briefly(runs)
    assert len(text) < MAX_CHARS + 2_000
    assert all(f"decision {n}:" in text for n in range(200))
    assert "Done, and more" in text.splitlines()[-2], "the newest are told with what was answered"


def test_what_does_not_fit_at_all_is_counted():
    runs = [[asked(f"decision {n}: " + "because " * 60), ended()] for n in range(900)]
    text = briefly(runs)
    assert len(text) < MAX_CHARS + 2_000
    assert "requests before these are not told.)" in text
    assert "decision 899:" in text


def test_it_grows_by_its_end_alone():
    runs = [[asked(f"decision {n}"), said(f"Did {n}."), ended()] for n in range(40)]
    before, after = (briefly(runs[:n]).splitlines()[:-1] for n in (30, 40))
    assert after[: len(before)] == before
