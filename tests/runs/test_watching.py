"""Readers see the journal as it is, however they come and go."""

import asyncio
import random
from contextlib import aclosing

import pytest

from backend.domain import NotFound, User
from backend.events import Delta, Entry, Frame
from backend.runs.journal import RunJournal, coalesce, storable
from backend.views import ProjectView, fold
from tests.runs.stage import USER, Stage


async def busy_journal(stage: Stage) -> tuple[str, list[Entry]]:
    """A project with several runs of different ends."""
    first = await stage.runs.start(USER, None, "a page")
    async with stage.working():
        await stage.over(first)
        stage.actor.text = "BROKEN"
        await stage.over(await stage.runs.start(USER, first.project_id, "break it"))
        await stage.over(await stage.runs.edit(USER, first.project_id, {"app/page0.tsx": "fine"}))
    await stage.runs.rename(USER, first.project_id, "Renamed")
    queued = await stage.runs.start(USER, first.project_id, "never mind")
    await stage.runs.cancel(USER, queued.id)
    return first.project_id, await stage.store.entries(USER, first.project_id)


async def test_folding_in_parts_with_repeats_equals_folding_at_once(stage: Stage) -> None:
    project_id, entries = await busy_journal(stage)
    whole = ProjectView(id=project_id, title="")
    for entry in entries:
        fold(whole, entry)
    chance = random.Random(7)
    for _ in range(60):
        cut = chance.randrange(len(entries) + 1)
        part = ProjectView(id=project_id, title="")
        for entry in entries[:cut]:
            fold(part, entry)
        # As a page gets it: the view as JSON, then the rest, some of which it has seen already.
        part = ProjectView.model_validate_json(part.model_dump_json())
        for entry in entries[max(0, cut - chance.randrange(5)) :]:
            fold(part, Entry.model_validate_json(entry.model_dump_json()))
        assert part == whole
    assert whole == await stage.runs.view(USER, project_id)


async def test_a_reader_from_any_place_gets_exactly_what_follows(stage: Stage) -> None:
    project_id, entries = await busy_journal(stage)
    for after in (0, 1, len(entries) // 2, len(entries) - 1):
        async with aclosing(stage.runs.watch(USER, project_id, after)) as batches:
            batch = await anext(batches)
            assert [e.seq for e in batch.entries] == list(range(after + 1, len(entries) + 1))


async def test_many_readers_of_a_run_under_way_all_see_the_same(stage: Stage) -> None:
    stage.actor.pause_s = 0.01
    run = await stage.runs.start(USER, None, "a page")

    async def read() -> tuple[list[int], str]:
        seqs: list[int] = []
        streamed = ""
        async with aclosing(stage.runs.watch(USER, run.project_id)) as batches:
            async for batch in batches:
                seqs += [e.seq for e in batch.entries]
                streamed += "".join(d.text for _, f in batch.frames for d in f.deltas if f.step == "model:0")
                if batch.entries and batch.entries[-1].event.type == "run.finished":
                    return seqs, streamed
        raise AssertionError

    async with stage.working():
        seen = await asyncio.gather(*(read() for _ in range(8)))
    assert len({tuple(seqs) for seqs, _ in seen}) == 1
    assert seen[0][0] == list(range(1, len(seen[0][0]) + 1))
    for _, streamed in seen:
        assert "I write a page.".startswith(streamed)


async def test_a_stranger_cannot_watch(stage: Stage) -> None:
    run = await stage.runs.start(USER, None, "a page")
    with pytest.raises(NotFound):
        await anext(stage.runs.watch(User(id="eve"), run.project_id))


async def test_streamed_pieces_are_gathered_into_few_frames_that_end_with_their_step(stage: Stage) -> None:
    run = await stage.runs.start(USER, None, "a page")
    claimed = await stage.store.claim_run("w", 15)
    assert claimed
    journal = await RunJournal.open(stage.store, *claimed)
    text = [f"word{n} " for n in range(200)]
    for word in text:
        await journal.stream("model:0", Delta(part=0, kind="text", text=word))
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.12)
    frames = [f for _, f in await stage.store.frames(USER, run.project_id)]
    assert "".join(d.text for f in frames for d in f.deltas) == "".join(text)
    assert len(frames) < 20
    assert [f.n for f in frames] == sorted({f.n for f in frames})
    await journal.close()


def test_neighbouring_pieces_of_one_part_are_joined() -> None:
    pieces = [
        Delta(part=0, kind="text", text="a"),
        Delta(part=0, kind="text", text="b"),
        Delta(part=1, kind="tool", tool="write", text="{"),
        Delta(part=1, kind="tool", tool="write", text="}"),
        Delta(part=0, kind="text", text="c"),
    ]
    assert [(d.part, d.text) for d in coalesce(pieces)] == [(0, "ab"), (1, "{}"), (0, "c")]


def test_what_no_store_can_hold_is_replaced_in_what_models_and_programs_print() -> None:
    frame = Frame(run_id="r", step="s", n=0, deltas=[Delta(part=0, kind="output", text="a\0b \ud83d c")])
    assert storable(frame).deltas[0].text == "a\ufffdb ? c"
    fine = Frame(run_id="r", step="s", n=0, deltas=[Delta(part=0, kind="output", text="a\\u0000 \U0001f408")])
    assert storable(fine) == fine
