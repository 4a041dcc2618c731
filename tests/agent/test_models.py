"""Which model is chosen from which settings, and what it costs."""

import asyncio
import subprocess
import sys
from dataclasses import replace

import pytest
from pydantic_ai.messages import BinaryContent
from pydantic_ai.models.function import FunctionModel
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.usage import RequestUsage

from backend.agent.asking import ask
from backend.agent.cost import Price, cost_micros
from backend.agent.history import opening
from backend.agent.models import DEFAULTS, Candidate, Models, describe
from backend.agent.roles import CODER
from backend.agent.stops import ModelFailed
from backend.agent.titles import title, title_from_words
from backend.config import Settings
from backend.domain import Attachment
from tests.agent import wire as speak
from tests.agent.doubles import MemoryJournal, MemoryWorkspace, a_run, ahead_of
from tests.agent.scripts import models_of, told
from tests.agent.speech import chat_model
from tests.agent.wire import Reply, wire

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch):
    for name in (
        "AI_PROVIDER",
        "AI_MODEL",
        "AI_MODEL_SMALL",
        "AI_FALLBACK",
        "AI_MODELS",
        "COMPATIBLE_API_KEY",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "GEMINI_API_KEY",
        "OLLAMA_HOST",
    ):
        monkeypatch.delenv(name, raising=False)


def settings(**variables: str) -> Settings:
    return Settings.model_validate({"OLLAMA_HOST": NOBODY, **variables})


@pytest.mark.parametrize(
    ("variables", "name", "model", "fallbacks"),
    [
        ({}, "demo", "demo", []),
        ({"OPENAI_API_KEY": "k"}, "openai", DEFAULTS["openai"][0], []),
        ({"GEMINI_API_KEY": "g"}, "gemini", DEFAULTS["gemini"][0], []),
        ({"OPENAI_API_KEY": "k", "GEMINI_API_KEY": "g"}, "openai", DEFAULTS["openai"][0], [DEFAULTS["gemini"][0]]),
        (
            {"OPENAI_API_KEY": "k", "GEMINI_API_KEY": "g", "AI_PROVIDER": "gemini"},
            "gemini",
            DEFAULTS["gemini"][0],
            [DEFAULTS["openai"][0]],
        ),
        ({"OPENAI_API_KEY": "k", "AI_MODEL": "gpt-6-astra"}, "openai", "gpt-6-astra", []),
        ({"OPENAI_BASE_URL": NOBODY, "AI_MODEL": "qwen"}, "compatible", "qwen", []),
        ({"OPENAI_BASE_URL": NOBODY, "OPENAI_API_KEY": "k", "AI_MODEL": "qwen"}, "compatible", "qwen", []),
        ({"AI_PROVIDER": "ollama", "AI_MODEL": "llama4"}, "ollama", "llama4", []),
        ({"AI_PROVIDER": "demo", "OPENAI_API_KEY": "k"}, "demo", "demo", []),
    ],
)
def test_model_follows_from_the_settings(variables, name, model, fallbacks):
    info = describe(settings(**variables))
    assert (info.name, info.model, info.fallbacks, info.problem) == (name, model, fallbacks, "")
    assert info.demo == (name == "demo")
    assert info.reason


@pytest.mark.parametrize(
    ("variables", "clue"),
    [
        ({"AI_PROVIDER": "openai"}, "OPENAI_API_KEY"),
        ({"AI_PROVIDER": "gemini", "OPENAI_API_KEY": "k"}, "GEMINI_API_KEY"),
        ({"AI_PROVIDER": "compatible"}, "OPENAI_BASE_URL"),
        ({"OPENAI_BASE_URL": NOBODY}, "AI_MODEL"),
        ({"AI_PROVIDER": "ollama"}, "ollama pull"),
    ],
)
async def test_choice_that_lacks_something_is_not_replaced_in_silence(variables, clue):
    models = Models.for_settings(settings(**variables))
    assert clue in models.info.problem
    assert not models.info.demo
    with pytest.raises(ModelFailed, match=clue):
        await ask(MemoryJournal(a_run()), "model:0", CODER, models, [], ahead_of(MemoryWorkspace({}), ""))


KEYS = {"OPENAI_API_KEY": "k", "GEMINI_API_KEY": "g"}
SERVER = {"OPENAI_BASE_URL": NOBODY, "COMPATIBLE_API_KEY": "c"}


@pytest.mark.parametrize(
    ("variables", "asked"),
    [
        ({"AI_FALLBACK": "gemini"}, ["openai:gpt-6.1-sol", "gemini:gemini-4-argon"]),
        ({"AI_FALLBACK": "none"}, ["openai:gpt-6.1-sol"]),
        ({"AI_FALLBACK": " "}, ["openai:gpt-6.1-sol", "gemini:gemini-4-argon"]),
        (
            {"AI_FALLBACK": "gemini, compatible:qwen3-coder ,openai:gpt-6-luna", **SERVER, "AI_PROVIDER": "openai"},
            ["openai:gpt-6.1-sol", "gemini:gemini-4-argon", "compatible:qwen3-coder", "openai:gpt-6-luna"],
        ),
        (
            {"AI_FALLBACK": "ollama:qwen3-coder:30b,gemini:gemini-3.5-flash-lite"},
            ["openai:gpt-6.1-sol", "ollama:qwen3-coder:30b", "gemini:gemini-3.5-flash-lite"],
        ),
        (
            {"AI_PROVIDER": "gemini", "AI_MODEL": "gemini-9", "AI_FALLBACK": "gemini:gemini-9,openai,openai,gemini"},
            ["gemini:gemini-9", "openai:gpt-6.1-sol", "gemini:gemini-4-argon"],
        ),
    ],
)
def test_models_are_asked_in_the_order_of_the_fallback_chain(variables, asked):
    models = Models.for_settings(settings(**KEYS, **variables))
    assert models.info.problem == ""
    assert [candidate.id for candidate in models.coder] == asked
    assert models.info.fallbacks == [candidate.name for candidate in models.coder[1:]]
    assert len(models.namer) == len(models.coder)


@pytest.mark.parametrize(
    ("variables", "clue"),
    [
        ({"AI_FALLBACK": "openay"}, "AI_FALLBACK names `openay`, and there is no provider `openay`"),
        ({"AI_FALLBACK": "gpt-6-luna"}, "Write provider or provider:model"),
        ({"AI_FALLBACK": "demo"}, "the providers are openai, gemini, compatible, ollama"),
        (
            {"AI_FALLBACK": "gemini", "GEMINI_API_KEY": ""},
            "GEMINI_API_KEY is missing. Set it, or take gemini out of AI_FALLBACK",
        ),
        ({"AI_FALLBACK": "compatible:qwen"}, "OPENAI_BASE_URL is missing"),
        ({"AI_FALLBACK": "compatible", **SERVER, "AI_PROVIDER": "openai"}, "compatible:name"),
        ({"AI_FALLBACK": "openai", "OPENAI_BASE_URL": NOBODY, "AI_MODEL": "qwen"}, "COMPATIBLE_API_KEY"),
        ({"AI_FALLBACK": "ollama"}, "ollama pull"),
        ({"AI_MODELS": "openai:gpt-6-luna;gemini"}, None),
        ({"AI_MODELS": "claude:opus"}, "AI_MODELS names `claude:opus`"),
    ],
)
def test_chain_or_list_that_cannot_work_says_what_to_change(variables, clue):
    models = Models.for_settings(settings(**{**KEYS, **variables}))
    if clue:
        assert clue in models.info.problem
        assert not models.coder, "nobody finds out in the middle of an outage"
    else:
        assert models.choices()[-1].id == "openai:gpt-6-luna;gemini"


def test_person_chooses_from_the_models_in_force_and_those_listed():
    models = Models.for_settings(settings(**KEYS, AI_MODELS="openai:gpt-6-luna, gemini"))
    assert [(choice.id, choice.model, choice.provider) for choice in models.choices()] == [
        ("openai:gpt-6.1-sol", "gpt-6.1-sol", "OpenAI"),
        ("gemini:gemini-4-argon", "gemini-4-argon", "Gemini"),
        ("openai:gpt-6-luna", "gpt-6-luna", "OpenAI"),
    ]
    assert order(models.chosen("openai:gpt-6-luna")) == ["gpt-6-luna", "gpt-6.1-sol", "gemini-4-argon"]
    assert order(models.chosen("gemini:gemini-4-argon")) == ["gemini-4-argon", "gpt-6.1-sol"]
    for none in (None, "", "openai:gpt-4-taken-away"):
        assert order(models.chosen(none)) == ["gpt-6.1-sol", "gemini-4-argon"]


def order(models: Models) -> list[str]:
    return [candidate.name for candidate in models.coder]


async def test_chosen_model_answers_and_the_others_stand_behind_it():
    async with wire(speak.refused(503, "overloaded")) as down, wire(speak.chat("Hi.")) as up:
        models = replace(models_of(chat_model(up, "first")), listed=[chat_model(down, "chosen")])
        models = models.chosen("compatible:chosen")
        journal = MemoryJournal(a_run())
        messages = await opening(journal, CODER, "")
        finished = await ask(journal, "model:0", CODER, models, messages, ahead_of(MemoryWorkspace({}), ""))
    assert (len(down.asked), finished.model) == (1, "first")


async def test_ollama_that_answers_is_used_before_the_demo():
    tags = {"models": [{"name": "llama3.3:70b"}, {"name": "qwen3-coder:30b"}]}
    async with wire(Reply(body=tags)) as server:
        info = await in_thread(lambda: describe(settings(OLLAMA_HOST=server.url)))
    assert (info.name, info.model) == ("ollama", "qwen3-coder:30b")


async def test_server_with_one_model_needs_no_name_and_one_with_many_lists_them():
    async with wire(Reply(body={"data": [{"id": "only-one"}]})) as server:
        one = await in_thread(lambda: describe(settings(OPENAI_BASE_URL=server.url)))
    async with wire(Reply(body={"data": [{"id": "a"}, {"id": "b"}]})) as server:
        many = await in_thread(lambda: describe(settings(OPENAI_BASE_URL=server.url)))
    assert one.model == "only-one"
    assert "a, b" in many.problem


async def in_thread(work):
    return await asyncio.to_thread(work)


def test_choosing_a_provider_imports_no_sdk():
    code = (
        "import sys; from backend.agent.models import describe; from backend.config import Settings\n"
        "describe(Settings.model_validate({'OPENAI_API_KEY': 'k', 'GEMINI_API_KEY': 'g'}))\n"
        "import backend.agent.loop\n"
        "assert not {'openai', 'google.genai'} & set(sys.modules), 'an SDK was imported'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_key_is_never_printed():
    models = Models.for_settings(settings(OPENAI_API_KEY="sk-very-secret"))
    assert "sk-very-secret" not in repr(models)


def test_key_of_one_server_is_never_sent_to_another():
    elsewhere = {"OPENAI_BASE_URL": NOBODY, "OPENAI_API_KEY": "k", "AI_MODEL": "qwen", "GEMINI_API_KEY": "g"}
    for provider in ("compatible", "gemini", "openai"):
        models = Models.for_settings(settings(**elsewhere, AI_PROVIDER=provider))
        asked = {candidate.provider for candidate in [*models.coder, *models.namer]}
        assert not {"openai", "compatible"} <= asked
    named = {**elsewhere, "AI_PROVIDER": "openai", "AI_FALLBACK": "compatible:qwen"}
    assert [candidate.secret for candidate in Models.for_settings(settings(**named)).coder] == ["k", ""]
    both = {**named, "AI_PROVIDER": "compatible", "AI_FALLBACK": "openai", "COMPATIBLE_API_KEY": "c"}
    assert [candidate.secret for candidate in Models.for_settings(settings(**both)).coder] == ["c", "k"]


def test_prices_come_from_the_list_and_are_never_nothing_for_what_is_paid():
    usage = RequestUsage(input_tokens=1_000_000, output_tokens=100_000)
    for provider, (coder, namer) in DEFAULTS.items():
        assert cost_micros(provider, coder, usage) > cost_micros(provider, namer, usage) > 0
    assert cost_micros("compatible", "nobody-knows-this", usage) == 4_000_000 + 1_800_000
    assert cost_micros("compatible", "nobody-knows-this", usage, Price(1, 2)) == 1_200_000
    assert cost_micros("ollama", "qwen3-coder", usage) == cost_micros("demo", "demo", usage) == 0


async def test_model_that_cannot_see_is_told_that_there_was_an_image():
    heard = []

    async def stream(messages, _):
        heard.extend(messages)
        yield "I cannot see it."

    blind = FunctionModel(stream_function=stream, profile=ModelProfile(supports_image_input=False))
    run = a_run("like this", attachments=[Attachment(name="a.png", media_type="image/png", sha256="ab")])
    journal = MemoryJournal(run, blobs={"ab": b"png"})
    messages = await opening(journal, CODER, "")
    await ask(
        journal,
        "model:0",
        CODER,
        models_of(Candidate("demo", "blind", lambda: blind)),
        messages,
        ahead_of(MemoryWorkspace({}), ""),
    )
    assert "which this model cannot see" in told(heard)
    assert not any(isinstance(c, BinaryContent) for m in heard for p in m.parts for c in getattr(p, "content", []))


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a kanban board for a small team", "Kanban board for a small team"),
        ("Please build me an expense tracker. It should have charts.", "Expense tracker"),
        ("can you make a Next.js app\nwith dark mode", "Next.js app"),
        ("   ", "New app"),
        ("x" * 300, "X" + "x" * 39),
        (
            "Build a marketplace where neighbours can lend each other tools and books",
            "Marketplace where neighbours can lend",
        ),
    ],
)
def test_title_from_the_prompts_own_words(prompt, expected):
    assert title_from_words(prompt) == expected
    assert len(title_from_words(prompt)) <= 40


async def test_title_is_the_namers_and_the_prompts_when_it_is_down():
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    reply = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "usage": usage}
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": '"Coffee Counter."\n'}}
    async with wire(Reply(body={**reply, "choices": [choice]})) as server:
        models = Models(describe(settings(OPENAI_API_KEY="k")), [], [chat_model(server)])
        name, paid = await title(models, "build a counter for coffee")
    assert name == "Coffee Counter"
    assert [(p.purpose, p.input_tokens, p.output_tokens, p.cost_micros) for p in paid] == [("title", 1000, 100, 5800)]
    async with wire(speak.refused(500, "down")) as server:
        models = Models(describe(settings(OPENAI_API_KEY="k")), [], [chat_model(server)])
        assert await title(models, "build a counter for coffee") == ("Counter for coffee", [])
