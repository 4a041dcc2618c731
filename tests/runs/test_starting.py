"""What people send, and what is made of it."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from backend.domain import MAX_PROMPT_CHARS, Busy, InvalidInput, Run, RunStatus, Unavailable, User
from tests.runs.stage import USER, Stage

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("", "empty"),
        (" \n\t ", "empty"),
        ("a\0b", "NUL"),
        ("half \ud83d", "half a character"),
        ("x" * 200_000, "200,000 characters"),
    ],
)
async def test_a_prompt_that_cannot_be_used_says_why_and_leaves_nothing_behind(
    stage: Stage, prompt: str, told: str
) -> None:
    with pytest.raises(InvalidInput, match=told):
        await stage.runs.start(USER, None, prompt)
    assert await stage.store.projects(USER) == []


@pytest.mark.parametrize(
    "prompt", ["${process.exit()} `rm -rf /`", "<script>alert(1)</script>", "x" * MAX_PROMPT_CHARS]
)
async def test_a_prompt_full_of_code_or_as_long_as_allowed_is_taken_as_it_is(stage: Stage, prompt: str) -> None:
    run = await stage.runs.start(USER, None, prompt)
    assert (await stage.view(run)).runs[0].prompt == prompt


async def test_sending_a_first_prompt_twice_at_once_makes_one_project(stage: Stage) -> None:
    runs = await asyncio.gather(*(stage.runs.start(USER, None, "a page", run_id="chosen-by-page") for _ in range(5)))
    assert len({r.project_id for r in runs}) == 1
    assert [c.id for c in await stage.store.projects(USER)] == [runs[0].project_id]


async def test_a_first_prompt_whose_answer_was_lost_is_kept_and_found_when_it_is_sent_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_run = stage.store.start_run

    async def silent(*args: Any, **more: Any) -> Run:
        await start_run(*args, **more)
        raise Unavailable("The database does not answer.")

    monkeypatch.setattr(stage.store, "start_run", silent)
    with pytest.raises(Unavailable, match="does not answer"):
        await stage.runs.start(USER, None, "a page", run_id="chosen-by-page")
    monkeypatch.undo()
    run = await stage.runs.start(USER, None, "a page", run_id="chosen-by-page")
    assert [c.id for c in await stage.store.projects(USER)] == [run.project_id]


async def test_a_second_prompt_while_the_first_is_under_way_is_refused(stage: Stage) -> None:
    run = await stage.runs.start(USER, None, "a page")
    with pytest.raises(Busy, match="stop it"):
        await stage.runs.start(USER, run.project_id, "and more")


async def test_a_hundred_people_start_at_once_and_all_are_served(stage: Stage) -> None:
    stage.actor.turns = 1
    users = [User(id=f"user-{n}") for n in range(100)]
    runs = await asyncio.gather(*(stage.runs.start(user, None, "a page") for user in users))
    async with stage.working(slots=10):
        over: list[Run] = await asyncio.gather(*(stage.over(run, timeout_s=50) for run in runs))
    assert Counter(r.status for r in over) == {RunStatus.SUCCEEDED: 100}
    for user, run in zip(users, runs, strict=True):
        assert [c.id for c in await stage.store.projects(user)] == [run.project_id]


@pytest.mark.parametrize(
    ("image", "told"),
    [
        (("a.svg", "image/svg+xml", b"<svg/>"), "not a PNG"),
        (("a.png", "image/png", b"<html>"), "damaged"),
        (("a.webp", "image/webp", b"RIFF\x10\0\0\0WAVEfmt "), "damaged"),
        (("a.png", "image/png", PNG + bytes(6_000_000)), "larger than 5 MB"),
    ],
)
async def test_an_image_that_cannot_be_used_says_why(stage: Stage, image: tuple[str, str, bytes], told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        await stage.runs.start(USER, None, "like this", [image])


async def test_an_image_is_kept_with_its_prompt(stage: Stage) -> None:
    run = await stage.runs.start(USER, None, "like this", [("cat.png", "image/png", PNG)])
    attachment = (await stage.view(run)).runs[0].attachments[0]
    assert await stage.store.blob(USER, run.project_id, attachment.sha256) == PNG


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"\xff\xd8\xff\xe0" + bytes(9), "image/jpeg"),
        (b"GIF89a" + bytes(9), "image/gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
    ],
)
async def test_an_image_is_what_its_content_says_whatever_its_name_says(
    stage: Stage, content: bytes, media_type: str
) -> None:
    run = await stage.runs.start(USER, None, "like this", [("cat.png", "image/png", content)])
    assert (await stage.view(run)).runs[0].attachments[0].media_type == media_type


async def test_a_deleted_project_takes_its_sandbox_along(stage: Stage) -> None:
    run = await stage.runs.start(USER, None, "a page")
    async with stage.working():
        await stage.over(run)
    sandbox_id = stage.workspaces.opened[0].sandbox_id
    await stage.runs.delete(USER, run.project_id)
    assert not await stage.workspaces.alive(sandbox_id)
    assert await stage.store.projects(USER) == []
