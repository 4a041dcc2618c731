"""Requests to `<port>-<sandbox id>.<domain>`: let in or refused, the sandbox woken for them, its port waited for."""

import asyncio
import logging
import time
from asyncio import Task
from functools import partial
from weakref import WeakKeyDictionary

from .channel import GuestError, answer
from .client import Client
from .exchange import Inner, NoAnswer, exchange
from .exposure import Exposure
from .machine import BootError
from .messages import CHUNK, BadMessage, RequestHead, read_request
from .preview_answers import bad_request, problem_answer, state_answer
from .preview_problems import GONE, OPEN, PAUSED, STUCK, WAITING, Problem, broken, closed, denied
from .routing import TRAFFIC_TOKEN, Router, admits, inner_host
from .sandbox import Sandbox

log = logging.getLogger(__name__)

PROBE = b"/__preview/state"
"""Asked by pages that wait; never reaches an app."""
IDLE_S = 300.0
LINGER_S = 2.0
NAVIGATION_S = 0.6
"""A person sees the waiting page after this."""
PATIENCE_S = 30.0
"""All other requests wait so long for a port that is to come."""
STARTING_S = 60.0
"""After its boot, a sandbox's start command may take so long to listen."""
LOOK_EVERY_S = 0.1


class Refused(Exception):
    """The request does not reach its port."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Previews:
    def __init__(self, router: Router, exposure: Exposure) -> None:
        self._router = router
        self._exposure = exposure
        self._waking: dict[str, Task[Sandbox]] = {}
        self._listened: WeakKeyDictionary[Sandbox, float] = WeakKeyDictionary()
        """The boot after which a sandbox's start command was seen listening."""

    async def serve(self, client: Client) -> bytes:
        """Answer a visitor until they go, or until a request that is for no preview: that one is returned, with all that follows."""
        reached: tuple[str, int] | None = None
        inner: Inner | None = None
        try:
            while True:
                try:
                    head = await asyncio.wait_for(read_request(client.reader), IDLE_S)
                except (BadMessage, TimeoutError) as error:
                    return await _last(client, bad_request(str(error)))
                if head is None:
                    return b""
                if (named := self._exposure.preview(head.host)) is None:
                    return bytes(head) + await client.rest()
                if inner and (named != reached or not inner.reusable):
                    inner.close()
                    inner = None
                reached = named
                try:
                    inner, goes_on = await self._visit(head, *named, client, inner)
                except Refused as refused:
                    return await _last(
                        client,
                        problem_answer(refused.problem, *named, page=navigation(head), bare=head.method == b"HEAD"),
                    )
                if not goes_on:
                    return b""
        finally:
            if inner:
                inner.close()

    async def _visit(
        self, head: RequestHead, sandbox_id: str, port: int, client: Client, inner: Inner | None
    ) -> tuple[Inner | None, bool]:
        if head.path == PROBE:
            await client.write(state_answer(await self._state(head, sandbox_id, port)))
            return inner, head.keeps_alive and head.body() == 0
        sandbox = self._admitted(head, sandbox_id)
        if inner is None or not sandbox.usable:
            inner = await self._inner(sandbox, port, NAVIGATION_S if navigation(head) else PATIENCE_S)
        reused = inner.used
        try:
            return inner, await exchange(_inwards(head, sandbox, port), client, inner)
        except NoAnswer as error:
            inner.close()
            if reused:  # as if it were the visitor's own connection: they know what they may ask again
                return inner, False
            raise Refused(broken(str(error))) from error

    def _admitted(self, head: RequestHead, sandbox_id: str) -> Sandbox:
        sandbox = self._router.get(sandbox_id)
        if sandbox is None or sandbox.state == "dead":
            raise Refused(GONE)
        token = head.first(TRAFFIC_TOKEN.encode()).decode("latin-1")
        if not admits(sandbox, token):
            raise Refused(denied(f"'{TRAFFIC_TOKEN}' is invalid" if token else f"'{TRAFFIC_TOKEN}' is missing"))
        return sandbox

    async def _inner(self, sandbox: Sandbox, port: int, patience_s: float) -> Inner:
        try:
            async with asyncio.timeout(patience_s):
                await self._awake(sandbox)
                return await self._connected(sandbox, port)
        except TimeoutError:
            raise Refused(WAITING) from None

    async def _awake(self, sandbox: Sandbox) -> None:
        if sandbox.state != "paused":
            return
        if not sandbox.request.auto_resume:
            raise Refused(PAUSED)
        waking = self._waking.get(sandbox.id)
        if waking is None:
            waking = self._waking[sandbox.id] = asyncio.create_task(self._router.running(sandbox.id))
            waking.add_done_callback(partial(self._woken, sandbox.id))
        try:
            await asyncio.shield(waking)
        except (GuestError, BootError, OSError) as error:
            raise Refused(STUCK) from error

    def _woken(self, sandbox_id: str, waking: Task[Sandbox]) -> None:
        self._waking.pop(sandbox_id)
        if not waking.cancelled() and (error := waking.exception()):
            log.warning("sandbox %s does not wake: %s", sandbox_id, error)

    async def _connected(self, sandbox: Sandbox, port: int) -> Inner:
        while True:
            try:
                reader, writer = await sandbox.channel.open({"op": "tcp", "port": port}, limit=CHUNK)
                try:
                    await answer(reader)
                except GuestError:
                    writer.close()
                    raise
            except GuestError as error:
                if not sandbox.usable:
                    raise Refused(GONE) from error
                if not self._starting(sandbox, port):
                    raise Refused(closed(port)) from error
                await asyncio.sleep(LOOK_EVERY_S)
            else:
                self._listened[sandbox] = sandbox.booted_at
                return Inner(reader, writer)

    def _starting(self, sandbox: Sandbox, port: int) -> bool:
        """Whether the start command is still to open this port."""
        return (
            port == sandbox.plan.template.ready_port
            and self._listened.get(sandbox) != sandbox.booted_at
            and time.monotonic() - sandbox.booted_at < STARTING_S
        )

    async def _state(self, head: RequestHead, sandbox_id: str, port: int) -> str:
        """What a page that waits is told, without waking anything."""
        try:
            sandbox = self._admitted(head, sandbox_id)
            if sandbox.state == "paused":
                return WAITING.kind if sandbox.id in self._waking else PAUSED.kind
            async with asyncio.timeout(NAVIGATION_S):
                (await self._connected(sandbox, port)).close()
        except TimeoutError:
            return WAITING.kind
        except Refused as refused:
            return refused.problem.kind
        return OPEN


def navigation(head: RequestHead) -> bool:
    """Whether a browser asks for a page to show to a person."""
    if head.method not in (b"GET", b"HEAD"):
        return False
    if mode := head.first(b"sec-fetch-mode"):
        return mode == b"navigate"
    return b"text/html" in head.first(b"accept") and b"mozilla" in head.first(b"user-agent").lower()


def _inwards(head: RequestHead, sandbox: Sandbox, port: int) -> RequestHead:
    """The request as the app sees it."""
    host = inner_host(sandbox, port, head.host)
    masked = head if host == head.host else head.replacing(b"Host", host.encode())
    return masked.without(TRAFFIC_TOKEN.encode())


async def _last(client: Client, reply: bytes) -> bytes:
    """Answer, then close."""
    await client.write(reply)
    await client.linger(LINGER_S)
    return b""
