"""What runs are charged for models: what providers report, what was cached, what came to nothing, what nobody reported."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from pydantic_ai.usage import RequestUsage

from backend.agent.budget import Budget
from backend.agent.cost import CEILING, Price, cost_micros
from backend.agent.loop import run_agent
from backend.agent.models import Models
from backend.events import ModelFinished, ModelSpent, spent_micros
from tests.agent.doubles import MemoryJournal, MemoryWorkspace, RuleGate, a_run
from tests.agent.scripts import models_of
from tests.agent.speech import SPEECHES, Station, chat_model, stations
from tests.agent.wire import Reply, chat, chunk

pytestmark = pytest.mark.asyncio(loop_scope="module")

START = {"app/page.tsx": b"Hello\n"}
PLENTY = Budget(1_000_000, 20)
MILLION = 1_000_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at() -> AsyncIterator[dict[str, Station]]:
    async with stations() as found:
        yield found


async def run(models: Models, budget: Budget = PLENTY) -> tuple[MemoryJournal, MemoryWorkspace]:
    journal, workspace = MemoryJournal(a_run()), MemoryWorkspace(START)
    await run_agent(journal, workspace, RuleGate(), models, budget)
    return journal, workspace


@pytest.mark.parametrize("speech", ["openai", "gemini"])
async def test_cached_input_costs_what_the_list_says_of_it(speech, at):
    prices = {}
    for cached in (0, 900):
        at[speech].will(SPEECHES[speech].say("Hi.", cached=cached))
        journal, _ = await run(models_of(at[speech].candidate))
        prices[cached] = journal.events(ModelFinished)[0].cost_micros
    candidate = at[speech].candidate
    dear = cost_micros(candidate.provider, candidate.name, RequestUsage(input_tokens=900))
    cheap = cost_micros(candidate.provider, candidate.name, RequestUsage(input_tokens=900, cache_read_tokens=900))
    assert 0 < cheap < dear
    assert prices[0] - prices[900] == dear - cheap


async def test_model_on_no_list_costs_the_ceiling_its_cached_input_too():
    usage = RequestUsage(input_tokens=MILLION, cache_read_tokens=MILLION, output_tokens=MILLION)
    assert cost_micros("compatible", "nobody-knows-this", usage) == (CEILING.input + CEILING.output) * MILLION
    assert cost_micros("openai", "gpt-77-nobody", usage, Price(1, 2)) == 3 * MILLION


async def test_thoughts_are_paid_for_as_output(at):
    reply = SPEECHES["gemini"].say("Hi.")
    chunks: list[Any] = list(reply.events)
    end = chunks.pop()
    usage = {"promptTokenCount": 1000, "candidatesTokenCount": 100, "thoughtsTokenCount": 400, "totalTokenCount": 1500}
    at["gemini"].will(replace(reply, events=[*chunks, {**end, "usageMetadata": usage}]))
    journal, _ = await run(models_of(at["gemini"].candidate))
    assert journal.events(ModelFinished)[0].output_tokens == 500


async def test_server_that_reports_nothing_is_charged_by_the_length_of_what_was_said(at):
    silent = Reply(events=[chunk({"content": "word " * 700}), chunk({}, "stop"), "[DONE]"])
    at["compatible"].will(silent)
    journal, _ = await run(models_of(at["compatible"].candidate))
    (finished,) = journal.events(ModelFinished)
    assert finished.estimated
    assert finished.output_tokens == 1000
    assert 1500 < finished.input_tokens < 20_000, "prompt and tools, at 3.5 characters a token"
    assert finished.cost_micros == finished.input_tokens * 4 + finished.output_tokens * 18


async def test_budget_ends_runs_of_servers_that_report_nothing(at):
    look = Reply(
        events=[
            chunk({"tool_calls": [{"index": 0, "id": "x", "function": {"name": "list_files", "arguments": "{}"}}]}),
            chunk({}, "tool_calls"),
            "[DONE]",
        ]
    )
    at["compatible"].will(look)
    journal, _ = await run(models_of(at["compatible"].candidate), Budget(max_micros=50_000, max_steps=80))
    assert 50_000 <= spent_micros(journal.entries) < 150_000
    assert at["compatible"].asked < 12


@pytest.mark.parametrize("speech", SPEECHES)
async def test_stopped_answer_is_paid_for_and_what_it_wrote_is_taken_back(speech, at):
    told = SPEECHES[speech]
    calls = [("write_file", {"path": name, "content": "export const a = 1;\n"}) for name in ("a.ts", "b.ts")]
    station = at[speech].will(replace(told.begun("Writing " * 20, calls), stall_s=60))
    journal, workspace = MemoryJournal(a_run()), MemoryWorkspace(START)
    work = asyncio.create_task(run_agent(journal, workspace, RuleGate(), models_of(station.candidate), PLENTY))
    async with asyncio.timeout(60):
        while "a.ts" not in workspace.files:
            await asyncio.sleep(0.01)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert workspace.files == START
    (spent,) = journal.events(ModelSpent)
    assert (spent.purpose, spent.model, spent.estimated) == ("stopped", station.candidate.name, True)
    assert spent.input_tokens > 1500
    assert 30 < spent.output_tokens < 200
    assert spent.cost_micros > 0


async def test_stop_before_the_first_word_costs_nothing(at):
    station = at["openai"].will(Reply(deaf=True, stall_s=60))
    journal = MemoryJournal(a_run())
    models = models_of(station.candidate)
    work = asyncio.create_task(run_agent(journal, MemoryWorkspace(START), RuleGate(), models, PLENTY))
    async with asyncio.timeout(60):
        while not station.asked:
            await asyncio.sleep(0.01)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert not journal.events(ModelSpent)


async def test_providers_own_report_is_preferred_to_a_guess_for_what_broke_off(at):
    half = SPEECHES["gemini"].say("Half of the", whole=False)
    usage = {"promptTokenCount": 1000, "cachedContentTokenCount": 800, "totalTokenCount": 1000}
    chunks: list[Any] = list(half.events)
    told = [{**event, "usageMetadata": usage} for event in chunks]
    at["gemini"].will(replace(half, events=told), SPEECHES["gemini"].say("Whole."))
    journal, _ = await run(models_of(at["gemini"].candidate))
    (lost,) = journal.events(ModelSpent)
    assert (lost.purpose, lost.input_tokens, lost.cached_tokens, lost.estimated) == ("broken_off", 1000, 800, False)
    (finished,) = journal.events(ModelFinished)
    assert spent_micros(journal.entries) == finished.cost_micros + lost.cost_micros


async def test_demo_model_and_models_of_this_machine_cost_nothing(at):
    at["another"].will(chat("Hi."))
    candidate = replace(chat_model(at["another"].server), provider="ollama")
    journal, _ = await run(models_of(candidate))
    assert journal.events(ModelFinished)[0].cost_micros == 0
