"""A web process elsewhere tells Modal of queued runs, by the endpoint that proxy tokens open."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import uvicorn
from modal._runtime.asgi import magic_fastapi_app
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

import modal_app
from backend.cli.doctor_supabase import examine_dispatch
from backend.config import Settings
from backend.domain import CodeFlowError, Unavailable
from backend.runs import dispatch
from backend.runs.dispatch import ModalDispatch
from backend.runs.service import Runs
from modal_app import Queued
from tests.modal.conftest import Spawned
from tests.runs.stage import USER, Stage, until


async def _dispatch(queued: Queued) -> dict[str, bool]:
    return await modal_app.dispatch.local(queued)


ENDPOINT = magic_fastapi_app(_dispatch, "POST", docs=False)
"""What Modal makes of the function."""


@dataclass
class Proxy:
    """Modal's, in front of the endpoint: lets in only who has the token. `answers` are given first."""

    answers: list[int] = field(default_factory=list)
    refused: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        app: ASGIApp = ENDPOINT
        if (headers.get(b"modal-key"), headers.get(b"modal-secret")) != (b"wk-1", b"ws-1"):
            self.refused += 1
            app = Response("modal-http: missing credentials for proxy authorization", 401)
        elif self.answers:
            app = Response("not now", self.answers.pop(0))
        await app(scope, receive, send)


@pytest.fixture
def proxy() -> Proxy:
    return Proxy()


@pytest.fixture
async def url(container: None, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    monkeypatch.setattr(dispatch, "PAUSES_S", (0.0, 0.0, 0.0))
    server = uvicorn.Server(uvicorn.Config(proxy, log_level="warning", ws="none", lifespan="off"))
    sock = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    yield f"http://127.0.0.1:{sock.getsockname()[1]}/"
    server.should_exit = True
    await serving


async def test_every_run_that_is_queued_is_handed_over_and_a_repeated_start_only_while_it_waits(
    stage: Stage, url: str, spawned: Spawned
) -> None:
    async with _dispatching(stage, url) as runs:
        run = await runs.start(USER, None, "a page", run_id="run-1")
        await _told(spawned, ["run-1"])
        async with stage.working():
            await stage.over(run)
        assert await runs.start(USER, run.project_id, "a page", run_id="run-1")
        version = (await stage.store.versions(USER, run.project_id))[0]
        edit = await runs.edit(USER, run.project_id, {"a.txt": "a"})
        await runs.cancel(USER, edit.id)
        back = await runs.restore(USER, run.project_id, version.id)
        await runs.cancel(USER, back.id)
        wake = await runs.wake(USER, run.project_id)
        await _told(spawned, {"run-1", edit.id, back.id, wake.id})


async def test_an_endpoint_that_fails_is_called_again(stage: Stage, url: str, proxy: Proxy, spawned: Spawned) -> None:
    proxy.answers = [500, 429]
    async with _dispatching(stage, url) as runs:
        run = await runs.start(USER, None, "a page")
        await _told(spawned, [run.id])


@pytest.mark.parametrize(
    ("answers", "key", "says"),
    [
        ([503, 503, 503, 503], "wk-1", "answered 503: not now"),
        ([404], "wk-1", "leads nowhere"),
        ([], "wk-2", "Modal refused CODEFLOW_DISPATCH_KEY"),
    ],
)
async def test_a_run_that_cannot_be_handed_over_waits_for_the_reaper_and_the_log_says_why(
    stage: Stage,
    url: str,
    proxy: Proxy,
    spawned: Spawned,
    caplog: pytest.LogCaptureFixture,
    answers: list[int],
    key: str,
    says: str,
) -> None:
    proxy.answers = list(answers)
    with caplog.at_level(logging.ERROR, logger=dispatch.__name__):
        async with _dispatching(stage, url, key) as runs:
            run = await runs.start(USER, None, "a page")
            await until(lambda: _logged(caplog))
    assert f"Run {run.id} has to wait for the reaper" in caplog.text
    assert says in caplog.text
    assert "ws-1" not in caplog.text
    assert (proxy.answers, proxy.refused) == ([], 0 if key == "wk-1" else 1)
    assert spawned.runs == []
    assert await stage.store.claimable(10) == [run.id]


async def test_nobody_there_is_told_too(stage: Stage, url: str, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    async with _dispatching(stage, nobody) as runs:
        await runs.start(USER, None, "a page")
        await until(lambda: _logged(caplog))
    assert "CODEFLOW_DISPATCH_URL does not answer" in caplog.text


async def test_the_doctor_asks_the_endpoint_without_starting_anything(
    stage: Stage, url: str, proxy: Proxy, spawned: Spawned
) -> None:
    variables = {"SUPABASE_URL": "http://x", "SUPABASE_PUBLISHABLE_KEY": "sb", "CODEFLOW_DISPATCH_URL": url}
    token = {"CODEFLOW_DISPATCH_KEY": "wk-1", "CODEFLOW_DISPATCH_SECRET": "ws-1"}
    found = await examine_dispatch(Settings.model_validate({**variables, **token}))
    assert (found.ok, found.in_force) == (True, "runs are worked on by Modal")
    assert (spawned.runs, spawned.reaps) == ([], 0)
    with pytest.raises(CodeFlowError, match="Modal refused CODEFLOW_DISPATCH_KEY"):
        await examine_dispatch(Settings.model_validate({**variables, **token, "CODEFLOW_DISPATCH_SECRET": "ws-2"}))
    proxy.answers = [404]
    with pytest.raises(CodeFlowError, match="leads nowhere"):
        await examine_dispatch(Settings.model_validate({**variables, **token}))


def test_what_is_no_runs_id_is_refused() -> None:
    for wrong in ("", "../a", "a b", "a\n", "x" * 65):
        with pytest.raises(ValueError, match="run_id"):
            Queued(run_id=wrong)


def test_an_address_without_the_token_is_refused_in_words() -> None:
    variables = {"SUPABASE_URL": "http://x", "SUPABASE_PUBLISHABLE_KEY": "sb", "CODEFLOW_DISPATCH_URL": "http://y"}
    settings = Settings.model_validate({**variables, "CODEFLOW_DISPATCH_KEY": "wk-1"})
    with pytest.raises(Unavailable, match="CODEFLOW_DISPATCH_SECRET"):
        ModalDispatch.for_settings(settings)


@contextlib.asynccontextmanager
async def _dispatching(stage: Stage, url: str, key: str = "wk-1") -> AsyncIterator[Runs]:
    calls = ModalDispatch(url, key, "ws-1")
    yield Runs(stage.store, stage.workspaces, calls)
    await calls.close()


async def _logged(caplog: pytest.LogCaptureFixture) -> bool:
    return "has to wait" in caplog.text


async def _told(spawned: Spawned, run_ids: list[str] | set[str]) -> None:
    async def told() -> bool:
        return len(spawned.runs) >= len(run_ids)

    await until(told)
    assert sorted(spawned.runs) == sorted(run_ids)
