"""That somebody has a page open is noted now and then, by however many pages."""

import asyncio

import pytest

from backend.domain import Unavailable, User
from backend.runs import looking
from backend.runs.looking import Looking
from tests.runs.stage import USER, Stage


class Notes:
    def __init__(self) -> None:
        self.looks: list[str] = []
        self.error: Exception | None = None

    async def look_at(self, user: User, project_id: str) -> None:
        self.looks.append(project_id)
        if self.error:
            raise self.error


def watched(notes: Notes) -> Looking:
    return Looking(notes)  # pyright: ignore[reportArgumentType]


async def test_many_pages_of_a_project_make_one_note_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    notes = Notes()
    looks = watched(notes)
    await asyncio.gather(*(looks.at(USER, project) for project in ["cats", "dogs"] * 100))
    assert sorted(notes.looks) == ["cats", "dogs"]
    monkeypatch.setattr(looking, "EVERY_S", 0.0)
    await looks.at(USER, "cats")
    assert sorted(notes.looks) == ["cats", "cats", "dogs"]


async def test_what_was_noted_long_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "EVERY_S", 0.0)
    looks = watched(Notes())
    for n in range(looking.REMEMBERED + 1):
        await looks.at(USER, f"project-{n}")
    assert len(looks._noted) <= 2


async def test_a_note_that_cannot_be_made_disturbs_nobody_who_looks() -> None:
    notes = Notes()
    notes.error = Unavailable("out of reach", passes=True)
    await watched(notes).at(USER, "cats")
    assert notes.looks == ["cats"]


async def test_a_look_reaches_what_the_reaper_goes_by(stage: Stage) -> None:
    run = await stage.runs.start(USER, None, "a page")
    async with stage.working():
        await stage.over(run)
    [unseen] = await stage.store.previews()
    assert unseen.looked_s is None
    await stage.runs.looking.at(USER, run.project_id)
    [seen] = await stage.store.previews()
    assert seen.looked_s is not None
