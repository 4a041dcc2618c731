"""The real SDKs against a server that speaks their protocols."""

import json

import pytest

from backend.agent.asking import ask
from backend.agent.budget import Budget
from backend.agent.history import opening
from backend.agent.loop import run_agent
from backend.agent.models import Models
from backend.agent.roles import CODER
from backend.agent.stops import ModelFailed
from backend.domain import Attachment, FailureCode
from backend.events import Delta, ModelFinished
from tests.agent import wire as speak
from tests.agent.doubles import MemoryJournal, MemoryWorkspace, RuleGate, a_run, ahead_of, failing, passing
from tests.agent.scripts import models_of
from tests.agent.speech import KEY, chat_model, gemini_model, openai_model
from tests.agent.wire import Reply, Wire, wire

ARGS = json.dumps({"path": "app/page.tsx", "content": "export default function Page() {}\n"})


async def asked(models: Models, journal: MemoryJournal | None = None) -> tuple[ModelFinished, MemoryJournal]:
    journal = journal or MemoryJournal(a_run())
    return await ask(
        journal, "model:0", CODER, models, await opening(journal, CODER, ""), ahead_of(MemoryWorkspace({}), "")
    ), journal


def streamed(journal: MemoryJournal, kind: str) -> list[Delta]:
    return [delta for _, delta in journal.deltas if delta.kind == kind]


@pytest.mark.parametrize("speech", ["chat", "responses", "gemini"])
async def test_answer_streams_its_words_and_its_tool_calls_and_is_journaled_whole(speech):
    calls = [("write_file", ARGS), ("finish", '{"summary": "Done."}')]
    reply = {
        "chat": lambda: speak.chat("Here it is.", calls),
        "responses": lambda: speak.responses("Here it is.", calls),
        "gemini": lambda: speak.gemini("Here it is.", [(name, json.loads(args)) for name, args in calls]),
    }[speech]()
    build = {"chat": chat_model, "responses": openai_model, "gemini": gemini_model}[speech]
    async with wire(reply) as server:
        finished, journal = await asked(models_of(build(server)))
    assert finished.text == "Here it is."
    assert "".join(delta.text for delta in streamed(journal, "text")) == "Here it is."
    written = [delta for delta in streamed(journal, "tool") if delta.tool == "write_file"]
    assert json.loads("".join(delta.text for delta in written)) == json.loads(ARGS)
    assert (finished.input_tokens, finished.output_tokens) == (1000, 100)
    assert finished.cost_micros > 0
    assert [part["tool_name"] for part in finished.message["parts"] if part["part_kind"] == "tool-call"] == [
        "write_file",
        "finish",
    ]
    if speech != "gemini":
        assert len(written) > 3, "a file can be watched being written"


async def test_every_tool_and_the_prompt_reach_the_wire():
    async with wire(speak.chat("Hi.")) as server:
        await asked(models_of(chat_model(server)))
    path, headers, body = server.asked[0]
    assert path == "/v1/chat/completions"
    assert headers["authorization"] == f"Bearer {KEY}"
    assert [tool["function"]["name"] for tool in body["tools"]] == [
        "list_files", "read_file", "search", "write_file", "edit_file", "move_file", "delete_file",
        "run_command", "add_packages", "check", "finish",
    ]  # fmt: skip
    assert body["messages"][-1] == {"role": "user", "content": "a counter"}


@pytest.mark.parametrize("speech", ["chat", "responses", "gemini"])
async def test_stream_that_ends_politely_without_a_finish_reason_is_not_taken_for_an_answer(speech):
    say = {"chat": speak.chat, "responses": speak.responses, "gemini": speak.gemini}[speech]
    build = {"chat": chat_model, "responses": openai_model, "gemini": gemini_model}[speech]
    half = say("Half of the")
    half.events = half.events[: -3 if speech == "chat" else -1]
    async with wire(half, say("Whole.")) as server:
        finished, _ = await asked(models_of(build(server)))
    assert finished.text == "Whole."


@pytest.mark.parametrize("build", [openai_model, chat_model, gemini_model])
@pytest.mark.parametrize("status", [401, 403])
async def test_refused_key_fails_at_once_and_never_shows_the_key(build, status):
    async with wire(speak.refused(status, f"Incorrect API key provided: {KEY}")) as server:
        with pytest.raises(ModelFailed) as failed:
            await asked(models_of(build(server)))
    failure = failed.value.failure
    assert failure.code is FailureCode.MODEL
    assert "refused the API key" in failure.message
    assert "_API_KEY" in failure.action
    assert KEY not in failure.model_dump_json()
    assert len(server.asked) == 1


async def test_wrong_gemini_key_is_recognised_though_it_comes_as_a_bad_request():
    body = {
        "error": {
            "code": 400,
            "message": "API key not valid. Please pass a valid API key.",
            "status": "INVALID_ARGUMENT",
        }
    }
    async with wire(Reply(status=400, body=body)) as server:
        with pytest.raises(ModelFailed, match="Gemini refused the API key"):
            await asked(models_of(gemini_model(server)))


async def test_rejected_request_says_what_the_provider_said_without_the_key():
    async with wire(speak.refused(400, f"this model cannot call tools; key {KEY}")) as server:
        with pytest.raises(ModelFailed) as failed:
            await asked(models_of(chat_model(server)))
    assert "cannot call tools" in failed.value.failure.message
    assert KEY not in failed.value.failure.message
    assert KEY[:12] not in failed.value.failure.message


async def test_unknown_model_names_the_setting_to_change():
    async with wire(speak.refused(404, "model not found", "model_not_found")) as server:
        with pytest.raises(ModelFailed) as failed:
            await asked(models_of(chat_model(server, "gpt-99")))
    assert "gpt-99" in failed.value.failure.message
    assert "AI_MODEL" in failed.value.failure.action


async def test_nobody_listening_ends_after_a_bounded_number_of_attempts():
    dead = Wire(url="http://127.0.0.1:9")
    with pytest.raises(ModelFailed) as failed:
        await asked(models_of(chat_model(dead)))
    assert "connection" in failed.value.failure.message
    assert "kept" in failed.value.failure.action


async def test_empty_answers_are_asked_again():
    async with wire(speak.chat(""), speak.chat("Hi.")) as server:
        finished, _ = await asked(models_of(chat_model(server)))
    assert finished.text == "Hi."


async def test_attached_image_is_shown_to_the_model():
    png = b"\x89PNG\r\n\x1a\n"
    run = a_run("like this", attachments=[Attachment(name="a.png", media_type="image/png", sha256="ab")])
    async with wire(speak.chat("I see.")) as server:
        await asked(models_of(chat_model(server)), MemoryJournal(run, blobs={"ab": png}))
    text, image = server.asked[0][2]["messages"][-1]["content"]
    assert text["text"] == "like this"
    assert image["image_url"]["url"].startswith("data:image/png;base64,")


@pytest.mark.parametrize("speech", ["chat", "responses", "gemini"])
async def test_whole_run_over_the_wire_reads_writes_and_finishes(speech):
    build = {"chat": chat_model, "responses": openai_model, "gemini": gemini_model}[speech]
    say = {"chat": speak.chat, "responses": speak.responses, "gemini": speak.gemini}[speech]

    def reply(text: str, *calls: tuple[str, dict[str, str]]) -> Reply:
        return say(text, [(name, args if speech == "gemini" else json.dumps(args)) for name, args in calls])

    workspace, journal = MemoryWorkspace({"app/page.tsx": b"Hello from the page\n"}), MemoryJournal(a_run())
    async with wire(
        reply("Looking.", ("read_file", {"path": "app/page.tsx"}), ("list_files", {})),
        reply("Changing.", ("edit_file", {"path": "app/page.tsx", "old": "Hello", "new": "Bye"})),
        reply("", ("finish", {"summary": "It says bye."})),
    ) as server:
        outcome = await run_agent(journal, workspace, RuleGate(), models_of(build(server)), Budget(1_000_000, 9))
    assert outcome.verified
    assert outcome.summary == "It says bye."
    assert workspace.files["app/page.tsx"] == b"Bye from the page\n"
    second, third = (json.dumps(body) for _, _, body in server.asked[1:])
    assert "Hello from the page" in second
    assert "Changed app/page.tsx" in third
    stable = {"chat": "messages", "responses": "input", "gemini": "contents"}[speech]
    earlier, later = (body[stable] for _, _, body in server.asked[1:])
    assert later[: len(earlier)] == earlier, "what was sent once is sent the same again, so that caches hold"
    assert all(body["tools"] == server.asked[0][2]["tools"] for _, _, body in server.asked)


async def test_report_of_failed_checks_reaches_the_model_as_plain_lines():
    workspace, journal = MemoryWorkspace({"a.ts": b"x"}), MemoryJournal(a_run())
    gate = RuleGate(lambda files: failing() if files["a.ts"] == b"x" else passing())
    async with wire(
        speak.chat("", [("finish", '{"summary": "."}')]),
        speak.chat("", [("write_file", '{"path": "a.ts", "content": "y"}'), ("finish", '{"summary": "."}')]),
    ) as server:
        await run_agent(journal, workspace, gate, models_of(chat_model(server)), Budget(1_000_000, 9))
    assert server.asked[1][2]["messages"][-1]["content"] == failing().as_text()


async def test_run_begun_with_one_provider_goes_on_with_another():
    workspace, journal = MemoryWorkspace({"app/page.tsx": b"Hello\n"}), MemoryJournal(a_run())
    first = speak.responses("Looking.", [("read_file", '{"path": "app/page.tsx"}')])
    async with (
        wire(first, speak.refused(503, "overloaded")) as going,
        wire(speak.gemini("It says hello.")) as coming,
    ):
        models = models_of(openai_model(going), gemini_model(coming))
        outcome = await run_agent(journal, workspace, RuleGate(), models, Budget(1_000_000, 9))
    assert outcome.summary == "It says hello."
    assert "Hello" in json.dumps(coming.asked[0][2]["contents"])
    assert [event.model for event in journal.events(ModelFinished)] == ["gpt-6.1-sol", "gemini-4-argon"]
