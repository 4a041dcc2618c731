"""One sandbox: its identity, its clock and its machine."""

import asyncio
import logging
import subprocess
import time
from collections.abc import Callable, Coroutine
from typing import Any, Literal

from .channel import Channel
from .layout import remove_tree
from .machine import Backend, BootError, Machine, Plan
from .names import new_access_token
from .request import DEFAULT_TIMEOUT_S as DEFAULT_TIMEOUT_S
from .request import Request

log = logging.getLogger(__name__)

State = Literal["booting", "running", "paused", "dead"]


class Sandbox:
    def __init__(self, plan: Plan, backend: Backend, socket_path: str, on_end: Callable[["Sandbox"], None]) -> None:
        self.plan = plan
        self.id = plan.id
        self.token = new_access_token()
        self.traffic_token: str | None = None
        """What previews ask for when `request.network.allow_public_traffic` is false."""
        self.state: State = "booting"
        self.request = Request()
        self.started_at = time.time()
        self.ends_at = self.started_at
        self._on_end = on_end
        self._backend = backend
        self._machine = Machine(backend, plan, socket_path, self._died)
        self._timer: asyncio.TimerHandle | None = None
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def channel(self) -> Channel:
        return self._machine.channel

    @property
    def pid(self) -> int:
        """The host's id of the sandbox's outermost process."""
        return self._machine.pid

    @property
    def booted_at(self) -> float:
        """When its machine last came up, by the monotonic clock."""
        return self._machine.booted_at

    @property
    def usable(self) -> bool:
        return self.state == "running" and self._machine.alive

    async def boot(self) -> None:
        """Lay out the files and start the guest; raises `BootError`."""
        try:
            await asyncio.to_thread(self._backend.lay_out, self.plan)
        except subprocess.CalledProcessError as error:
            reason = error.stderr.decode(errors="replace").strip()[-500:]
            raise BootError(f"the sandbox's files cannot be laid out: {reason}") from error
        await self._machine.boot()
        if self.state == "booting":
            self.state = "running"

    async def hand_over(self, request: Request) -> None:
        """Give the booted sandbox to the client who asked."""
        self.request = request
        self.traffic_token = None if request.network.allow_public_traffic else new_access_token()
        self.started_at = time.time()
        if request.envs:
            await self.channel.call({"op": "envs", "envs": dict(request.envs)})
        self.set_timeout(request.timeout_s)

    def set_timeout(self, seconds: float) -> None:
        """Let the sandbox end `seconds` from now."""
        self.ends_at = time.time() + seconds
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._expire)

    def extend(self, seconds: float) -> None:
        """Let the sandbox live at least `seconds` from now."""
        if time.time() + seconds > self.ends_at:
            self.set_timeout(seconds)

    def amend(self, request: Request) -> None:
        """Put other wishes, e.g. network rules, in the place of those it was created with."""
        self.request = request
        if not request.network.allow_public_traffic and self.traffic_token is None:
            self.traffic_token = new_access_token()

    async def pause(self, *, keep_memory: bool = True) -> bool:
        """Stop every process where it stands; False when it was paused already. Memory stays taken."""
        if not keep_memory:
            raise BootError("this host cannot pause without memory yet")
        async with self._lock:
            if self.state != "running":
                return False
            await self.channel.call({"op": "freeze", "on": True})
            self.state = "paused"
            if self._timer:
                self._timer.cancel()
            return True

    async def resume(self, timeout_s: float) -> bool:
        """Go on after a pause; False when it was running already."""
        async with self._lock:
            if self.state != "paused":
                return False
            await self.channel.call({"op": "freeze", "on": False})
            self.state = "running"
            self.set_timeout(timeout_s)
            return True

    async def kill(self, reason: str) -> None:
        """End it; returns when it is reaped. Its files go after that."""
        if self.state == "dead":
            return
        log.info("sandbox %s ends: %s", self.id, reason)
        self.kill_now()
        self._spawn(asyncio.to_thread(remove_tree, self.plan.folder))

    def kill_now(self) -> None:
        """End it without a word and leave its files, as the host does when it ends itself."""
        self.state = "dead"
        if self._timer:
            self._timer.cancel()
        self._machine.kill()
        self._on_end(self)

    def _expire(self) -> None:
        self._spawn(self._pause_or_kill())

    async def _pause_or_kill(self) -> None:
        if self.request.pause_on_timeout:
            await self.pause()
        else:
            await self.kill("its time-out passed")

    def _died(self, code: int) -> None:
        if self.state != "dead":
            log.warning("sandbox %s died: its guest ended with status %s", self.id, code)
            self.kill_now()
            self._spawn(asyncio.to_thread(remove_tree, self.plan.folder))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
