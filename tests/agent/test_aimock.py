"""The real SDKs against a mock of the providers' wires that others keep: it knows nothing of how we think they speak."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.agent.budget import Budget
from backend.agent.candidate import Candidate
from backend.agent.loop import Outcome, run_agent
from backend.agent.models import Patience
from backend.agent.providers import compatible, gemini, openai
from backend.events import ModelFinished, ModelRestarted, ModelSpent
from tests.agent.aimock import aimock, next_request_fails
from tests.agent.doubles import MemoryJournal, MemoryWorkspace, RuleGate, a_run
from tests.agent.scripts import models_of

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore:FUNCTION_CALL is not a valid FinishReason"),
]

START = {"app/page.tsx": b"Hello\n"}
WIRES = ("openai", "gemini", "compatible")
EDIT = {"path": "app/page.tsx", "edits": [{"old": "Hello", "new": "Bye"}]}
FILE = {"path": "lib/a.ts", "content": "export const a = 1;\n"}


def on(message: str, response: dict[str, Any], *, match: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"match": {"userMessage": message, **(match or {})}, "response": response, **more}


def calls(*made: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return {"toolCalls": [{"name": name, "arguments": json.dumps(args)} for name, args in made]}


FIXTURES = [
    on("a counter", calls(("finish", {"summary": "It says bye."})), match={"toolResultContains": "Changed app/page.tsx"}),
    on("a counter", calls(("write_file", FILE), ("edit_file", EDIT)), match={"hasToolResult": True}),
    on("a counter", {"content": "Looking.", **calls(("read_file", {"path": "app/page.tsx"}), ("list_files", {}))}),
    on("too long", {"content": "This goes on and on", "finishReason": "length"}),
    on("smaller pieces", {"content": "In short: it works."}),
    on("hi", {"content": "Hi."}),
    *(
        on(f"breaks off for {wire}", {"content": "On and on. " * 20}, match={"sequenceIndex": 0}, truncateAfterChunks=6)
        for wire in WIRES
    ),
    on("breaks off", {"content": "Whole."}),
]  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("aimock")
    with aimock(FIXTURES, folder) as url:
        yield url


@pytest.fixture(scope="module")
def candidates(server: str) -> dict[str, Candidate]:
    return {
        "openai": Candidate("openai", "gpt-6.1-sol", lambda: openai.build("gpt-6.1-sol", "k", f"{server}/v1")),
        "gemini": Candidate("gemini", "gemini-4-argon", lambda: gemini.build("gemini-4-argon", "k", server)),
        "compatible": Candidate("compatible", "local", lambda: compatible.build("local", "k", f"{server}/v1")),
    }


async def run(candidate: Candidate, prompt: str) -> tuple[Outcome, MemoryJournal, MemoryWorkspace]:
    journal, workspace = MemoryJournal(a_run(prompt)), MemoryWorkspace(START)
    # Longer than the second that it asks to be left alone for.
    models = models_of(candidate, patience=Patience(rounds=3, first_s=0.01, most_s=0.02, told_s=5))
    return await run_agent(journal, workspace, RuleGate(), models, Budget(1_000_000, 9)), journal, workspace


@pytest.mark.parametrize("wire", WIRES)
async def test_whole_run_reads_writes_and_finishes(wire, candidates):
    outcome, journal, workspace = await run(candidates[wire], "a counter")
    assert outcome.verified
    assert outcome.summary == "It says bye."
    assert workspace.files == {"app/page.tsx": b"Bye\n", "lib/a.ts": b"export const a = 1;\n"}
    assert not journal.events(ModelRestarted)


# For Responses, aimock tells of it in another way than OpenAI does.
@pytest.mark.parametrize("wire", ["gemini", "compatible"])
async def test_cut_answer_is_gone_on_with(wire, candidates):
    outcome, journal, _ = await run(candidates[wire], "too long")
    assert outcome.summary == "In short: it works."
    assert len(journal.events(ModelFinished)) == 2


@pytest.mark.parametrize("wire", WIRES)
async def test_cut_connection_is_asked_again_and_leaves_nothing(wire, candidates):
    outcome, journal, workspace = await run(candidates[wire], f"breaks off for {wire}")
    assert outcome.summary == "Whole."
    assert workspace.files == START
    assert len(journal.events(ModelRestarted)) == 1
    assert all(spent.purpose == "broken_off" for spent in journal.events(ModelSpent))


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("status", [429, 500, 503])
async def test_error_is_waited_out(wire, status, server, candidates):
    next_request_fails(server, status, message="Not now", type="rate_limit_error" if status == 429 else "server_error")
    outcome, journal, _ = await run(candidates[wire], "hi")
    assert outcome.summary == "Hi."
    (restarted,) = journal.events(ModelRestarted)
    assert ("limiting the rate" if status == 429 else f"HTTP {status}") in restarted.reason
