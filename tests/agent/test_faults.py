"""Every fault a provider or the way to it can have, over HTTP and through the real SDKs, before the first word and in
the middle of an answer: another attempt or another model answers, nothing half-written stays, and nothing is for free.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import pytest_asyncio

from backend.agent.asking import ask
from backend.agent.history import opening
from backend.agent.models import Models, Patience
from backend.agent.roles import CODER
from backend.agent.stops import ModelFailed
from backend.domain import Failure, FailureCode
from backend.events import ModelFinished, ModelRestarted, ModelSpent, spent_micros
from tests.agent.doubles import MemoryJournal, MemoryWorkspace, a_run, ahead_of
from tests.agent.scripts import models_of
from tests.agent.speech import KEY, SPEECHES, Station, failing, quota_gone, refusing, said_inside, stations
from tests.agent.wire import Reply, chat, wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

START = {"app/page.tsx": b"Hello\n"}
HASTE = Patience(rounds=3, first_s=0.01, most_s=0.02, told_s=0.5, silence_s=20)
HALF = "Half of the"
CALLS = [
    ("write_file", {"path": "a.ts", "content": "half an idea\n"}),
    ("write_file", {"path": "app/page.tsx", "content": "Broken\n"}),
    ("write_file", {"path": "b.ts", "content": "never whole\n"}),
]


@dataclass(frozen=True)
class Case:
    reply: Callable[[str], Reply]
    reason: str
    again: bool = True
    """Whether the same model is asked again."""
    mid: bool = False
    """Whether some of the answer had come."""


def interrupted(ending: Callable[[str, Reply], Reply]) -> Callable[[str], Reply]:
    return lambda speech: ending(speech, SPEECHES[speech].begun(HALF, CALLS))


def then(reply: Reply, *events: object) -> Reply:
    return replace(reply, events=[*reply.events, *events])


BROKEN = "broke off|breaks off|cannot answer right now"
BEFORE = {
    "rate limit": Case(
        lambda s: failing(s, 429, "slow down", "rate_limit_exceeded"), "is limiting the rate of requests."
    ),
    "rate limit with Retry-After": Case(
        lambda s: failing(s, 429, "slow down", "rate_limit_exceeded", **{"retry-after": "0"}), "limiting the rate"
    ),
    "rate limit for longer than anybody waits": Case(
        lambda s: failing(s, 429, "slow down", "rate_limit_exceeded", **{"retry-after": "7200"}),
        "limiting the rate of requests, for another 2 hours",
        again=False,
    ),
    "no quota": Case(quota_gone, "has no quota left", again=False),
    "server error": Case(lambda s: failing(s, 500, "oops"), r"cannot answer right now \(HTTP 500\)"),
    "unavailable": Case(lambda s: failing(s, 503, "The model is overloaded"), r"cannot answer right now \(HTTP 503\)"),
    "overloaded": Case(lambda s: failing(s, 529, "Overloaded"), r"cannot answer right now \(HTTP 529\)"),
    "closed connection": Case(lambda s: Reply(deaf=True), "failed or broke off"),
    "malformed chunk": Case(lambda s: Reply(events=['{"choices": [{"del']), BROKEN),
    "no JSON at all": Case(lambda s: Reply(events=["<html>Bad gateway</html>"]), BROKEN),
    "error inside the stream": Case(
        lambda s: Reply(events=[said_inside(s, 429, "rate_limit_exceeded", "Rate limit reached")]), "limiting the rate"
    ),
    "refusal": Case(refusing, "refused to answer", again=False),
}
MIDDLE = {
    "cut": Case(interrupted(lambda s, r: replace(r, cut=True)), "broke off", mid=True),
    "malformed chunk": Case(interrupted(lambda s, r: then(r, '{"choices": [{"del')), BROKEN, mid=True),
    "rate limit inside the stream": Case(
        interrupted(lambda s, r: then(r, said_inside(s, 429, "rate_limit_exceeded", "Rate limit reached"))),
        "limiting the rate",
        mid=True,
    ),
    "server error inside the stream": Case(
        interrupted(lambda s, r: then(r, said_inside(s, 500, "server_error", "The server had an error"))),
        "cannot answer right now",
        mid=True,
    ),
    "refusal": Case(lambda s: refusing(s, HALF), "refused to answer", again=False, mid=True),
}
CASES = {f"{name}, before": case for name, case in BEFORE.items()} | {
    f"{name}, in the middle": case for name, case in MIDDLE.items()
}


async def asked(models: Models) -> tuple[ModelFinished, MemoryJournal, MemoryWorkspace]:
    journal, workspace = MemoryJournal(a_run()), MemoryWorkspace(START)
    finished = await asyncio.wait_for(
        ask(journal, "model:0", CODER, models, await opening(journal, CODER, ""), ahead_of(workspace, "a counter")),
        timeout=20,
    )
    return finished, journal, workspace


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at() -> AsyncIterator[dict[str, Station]]:
    async with stations() as found:
        yield found


@pytest.mark.parametrize("speech", SPEECHES)
@pytest.mark.parametrize("name", CASES)
async def test_another_attempt_answers_or_the_next_model_and_nothing_of_the_first_stays(name, speech, at):
    case, station, another = CASES[name], at[speech], at["another"]
    good = SPEECHES[speech].say("Whole.", cached=400)
    station.will(case.reply(speech), good)
    alone = models_of(station.candidate, patience=HASTE)
    if case.again:
        finished, journal, workspace = await asked(alone)
        assert (finished.text, finished.cached_tokens) == ("Whole.", 400)
        assert station.asked == 2, "the SDK itself must not retry"
        _was_undone_and_paid_for(case, journal, workspace, instead=station)
    else:
        failure = await _fails(alone)
        assert re.search(case.reason, failure.message)
        assert station.asked == 1

    station.will(case.reply(speech), good)
    another.will(chat("I am here."))
    finished, journal, workspace = await asked(models_of(station.candidate, another.candidate, patience=HASTE))
    assert (finished.text, finished.model) == ("I am here.", "another")
    assert (station.asked, another.asked) == (1, 1), "the next model is asked at once"
    _was_undone_and_paid_for(case, journal, workspace, instead=another)


async def _fails(models: Models) -> Failure:
    with pytest.raises(ModelFailed) as failed:
        await asked(models)
    failure = failed.value.failure
    assert failure.code is FailureCode.MODEL
    assert failure.action
    assert KEY not in failure.model_dump_json()
    return failure


def _was_undone_and_paid_for(case: Case, journal: MemoryJournal, workspace: MemoryWorkspace, instead: Station) -> None:
    (finished,) = journal.events(ModelFinished)
    (restarted,) = journal.events(ModelRestarted)
    assert restarted.model == instead.candidate.name
    assert re.search(case.reason, restarted.reason)
    assert len(finished.message["parts"]) == 1
    assert workspace.files == START
    lost = journal.events(ModelSpent)
    assert len(lost) == 1 if case.mid else all(spent.input_tokens for spent in lost)
    assert all(spent.purpose == "broken_off" and spent.cost_micros > 0 for spent in lost)
    assert spent_micros(journal.entries) == finished.cost_micros + sum(spent.cost_micros for spent in lost)


async def test_silence_is_given_up_on_before_the_first_word_and_in_the_middle():
    async def falls_silent(speech: str, reply: Reply) -> str:
        told = SPEECHES[speech]
        patience = Patience(rounds=9, first_s=0.01, most_s=0.01, silence_s=1.0)
        async with wire(reply, told.say("Whole.")) as server:
            finished, journal, workspace = await asked(models_of(told.candidate(server), patience=patience))
        assert workspace.files == START
        assert "breaks off" in journal.events(ModelRestarted)[0].reason
        return finished.text

    deaf = Reply(deaf=True, stall_s=60)
    half = {speech: replace(told.begun(HALF, CALLS), stall_s=60) for speech, told in SPEECHES.items()}
    silent = [(speech, reply) for speech in SPEECHES for reply in (deaf, half[speech])]
    assert await asyncio.gather(*(falls_silent(*each) for each in silent)) == ["Whole."] * 6


async def test_asking_is_bounded_and_the_person_is_told_of_every_model(at):
    patience = Patience(rounds=3, first_s=0.001, most_s=0.002)
    at["openai"].will(failing("openai", 503, "overloaded"))
    at["gemini"].will(refusing("gemini"))
    at["another"].will(failing("compatible", 500, "oops"))
    failure = await _fails(
        models_of(*(at[name].candidate for name in ("openai", "gemini", "another")), patience=patience)
    )
    assert [at[name].asked for name in ("openai", "gemini", "another")] == [3, 1, 3]
    for clue in (
        "gpt-6.1-sol: OpenAI cannot answer right now (HTTP 503).",
        "gemini-4-argon: Gemini refused",
        "another: ",
    ):
        assert clue in failure.message


def in_two_seconds() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)


@pytest.mark.parametrize(
    ("speech", "header", "said"),
    [
        ("openai", "retry-after", lambda: "1"),
        ("openai", "retry-after", in_two_seconds),
        ("compatible", "retry-after-ms", lambda: "400"),
        ("gemini", "", lambda: "0.4s"),
    ],
)
async def test_provider_that_says_when_to_come_back_is_not_asked_before(speech, header, said, at):
    limited = failing(speech, 429, "slow down", "rate_limit_exceeded", **({header: said()} if header else {}))
    if not header:
        info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": said()}
        limited.body["error"]["details"] = [info]
    at[speech].will(limited, SPEECHES[speech].say("Hi."))
    begun = time.monotonic()
    await asked(models_of(at[speech].candidate, patience=replace(HASTE, told_s=5)))
    assert time.monotonic() - begun >= 0.35, "the backoff alone is a few milliseconds"


async def test_while_one_provider_asks_to_be_left_alone_the_others_are_asked_again(at):
    at["openai"].will(failing("openai", 429, "slow down", "rate_limit_exceeded", **{"retry-after": "60"}))
    at["another"].will(failing("compatible", 500, "oops"), chat("Back."))
    models = models_of(at["openai"].candidate, at["another"].candidate, patience=replace(HASTE, told_s=90))
    finished, _, _ = await asked(models)
    assert finished.text == "Back."
    assert at["openai"].asked == 1
