"""What was sent once is sent the same again, key for key and letter for letter, so that the providers' caches keep it."""

import contextlib
import json
import re
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest
import pytest_asyncio

from backend.agent.budget import Budget
from backend.agent.loop import run_agent
from backend.domain import RunKind, RunStatus
from backend.events import Entry, ModelFinished, RunFinished, RunQueued
from tests.agent.doubles import NOW, Killed, MemoryJournal, MemoryWorkspace, RuleGate, a_run
from tests.agent.scripts import models_of
from tests.agent.speech import SPEECHES, Station, stations

pytestmark = pytest.mark.asyncio(loop_scope="module")

START = {"app/page.tsx": b"Hello\n", "package.json": b"{}"}
PLENTY = Budget(1_000_000, 20)
SCRIPT = [
    ("Looking.", [("read_file", {"path": "app/page.tsx", "start": 1}), ("list_files", {})]),
    ("", [("write_file", {"path": "lib/a.ts", "content": "export const a = 'ä';\n"})]),
    ("Checking.", [("run_command", {"timeout_s": 9, "command": "ls"})]),
    ("", [("finish", {"summary": "Done."})]),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at() -> AsyncIterator[dict[str, Station]]:
    async with stations() as found:
        yield found


async def run(station: Station, speech: str, journal: MemoryJournal, script: Any = SCRIPT, lived: int = 0) -> list[Any]:
    """The bodies of the run's requests."""
    station.will(*(SPEECHES[speech].say(text, calls) for text, calls in script))
    journal.kill_after = lived or None
    workspace = MemoryWorkspace(journal.tree(START))
    with contextlib.suppress(Killed):
        await run_agent(journal, workspace, RuleGate(), models_of(station.candidate), PLENTY)
    return [body for _, _, body in station.server.asked]


def parts(body: dict[str, Any], speech: str) -> tuple[str, list[str]]:
    """All but the history, and each message of the history, as they stand in the request."""
    history = SPEECHES[speech].history
    around = {name: value for name, value in body.items() if name != history}
    # Which answer OpenAI is to compare its cache with; no part of the prompt.
    around.get("prompt_cache_options", {}).pop("comparison_response_id", None)
    return json.dumps(around), [json.dumps(message) for message in body[history]]


@pytest.mark.parametrize("speech", SPEECHES)
async def test_each_request_of_a_run_begins_with_the_whole_of_the_one_before(speech, at):
    sent = [parts(body, speech) for body in await run(at[speech], speech, MemoryJournal(a_run()))]
    assert len(sent) == len(SCRIPT)
    for (around, earlier), (around_later, later) in pairwise(sent):
        assert around_later == around, "tools, instructions and settings stay"
        assert len(later) > len(earlier)
        assert later[: len(earlier)] == earlier


@pytest.mark.parametrize("speech", SPEECHES)
async def test_worker_that_takes_over_sends_what_the_lost_one_would_have_sent(speech, at):
    whole = [parts(body, speech) for body in await run(at[speech], speech, MemoryJournal(a_run()))]
    first = MemoryJournal(a_run())
    assert len(await run(at[speech], speech, first, lived=10)) == 2
    answers = len(first.events(ModelFinished))
    second = MemoryJournal(
        first.run, entries=[as_a_database_keeps_it(entry) for entry in first.entries], blobs=first.blobs
    )
    resumed = [parts(body, speech) for body in await run(at[speech], speech, second, SCRIPT[answers:])]
    assert 0 < len(resumed) < len(whole)
    assert unnamed(resumed) == unnamed(whole[-len(resumed) :])


def unnamed(sent: list[tuple[str, list[str]]]) -> str:
    """Without the ids that are made up anew in each run, where a provider gives none."""
    return re.sub(r"pyd_ai_[0-9a-f]+", "id", json.dumps(sent))


def as_a_database_keeps_it(entry: Entry) -> Entry:
    """Postgres's jsonb orders an object's keys by their lengths, then their letters."""

    def kept(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: kept(value[key]) for key in sorted(value, key=lambda key: (len(key), key))}
        return [kept(item) for item in value] if isinstance(value, list) else value

    return Entry.model_validate(kept(json.loads(entry.model_dump_json())))


@pytest.mark.parametrize("speech", SPEECHES)
async def test_runs_of_a_project_share_what_was_told_of_the_runs_before(speech, at):
    past: list[Entry] = []
    sent: list[tuple[str, list[str]]] = []
    for number, prompt in enumerate(("a counter", "make it blue", "and bigger", "smaller again")):
        run_id = f"r{number}"
        journal = MemoryJournal(a_run(prompt, id=run_id), past=past)
        bodies = await run(at[speech], speech, journal)
        sent.append(parts(bodies[0], speech))
        past = [
            *past,
            entry_of(run_id, RunQueued(kind=RunKind.PROMPT, prompt=prompt)),
            *journal.entries,
            entry_of(run_id, RunFinished(status=RunStatus.SUCCEEDED, verified=True, duration_s=1, cost_micros=1)),
        ]
    for (around, earlier), (around_later, later) in pairwise(sent):
        assert around_later == around
        told = shared(earlier, later)
        assert told >= shared_before_the_present(earlier), "only what stands now, and what is asked now, differs"


def shared(earlier: list[str], later: list[str]) -> int:
    return next((n for n, (a, b) in enumerate(zip(earlier, later, strict=False)) if a != b), len(earlier))


def shared_before_the_present(messages: list[str]) -> int:
    """How many messages come before the one that tells how the project stands."""
    return next(n for n, message in enumerate(messages) if "<project>" in message)


def entry_of(run_id: str, event: Any) -> Entry:
    return Entry(seq=1, run_id=run_id, at=NOW, event=event)


async def test_instructions_and_tools_hold_nothing_that_varies(at):
    await run(at["openai"], "openai", MemoryJournal(a_run()))
    body = at["openai"].server.asked[0][2]
    assert not re.search(r"\b20\d\d-\d\d|\b\d\d:\d\d\b|[0-9a-f]{12}", json.dumps([body["tools"], body["input"][0]]))


@pytest.mark.parametrize("speech", SPEECHES)
async def test_share_of_cached_input_is_in_the_journal(speech, at):
    at[speech].will(SPEECHES[speech].say("Hi.", cached=900))
    journal = MemoryJournal(a_run())
    await run_agent(journal, MemoryWorkspace(START), RuleGate(), models_of(at[speech].candidate), PLENTY)
    (finished,) = journal.events(ModelFinished)
    assert (finished.input_tokens, finished.cached_tokens, finished.estimated) == (1000, 900, False)
