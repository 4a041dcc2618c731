"""One sandbox: its identity, its clock, its files and its machine.

The files outlive the machine. A sandbox that is *frozen* is paused with its processes standing still in memory; one that
*sleeps* is paused without any, and boots anew on the same files, with its template's start command.
"""

import asyncio
import contextlib
import logging
import subprocess
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Literal, Protocol

from . import records
from .channel import Channel, GuestError
from .layout import remove_tree
from .machine import Backend, BootError, Machine, Plan
from .names import new_access_token
from .records import Record
from .request import Request

log = logging.getLogger(__name__)

FREEZE_S = 10.0
State = Literal["booting", "running", "paused", "dead"]


class Owner(Protocol):
    """What a sandbox asks of the host it lives on."""

    async def admit(self, sandbox: "Sandbox") -> Plan:
        """What its processes need; raises `NoRoom`."""
        ...

    def dismiss(self, sandbox: "Sandbox") -> None:
        """It has no processes any more."""
        ...

    def forget(self, sandbox: "Sandbox") -> None:
        """It has ended."""
        ...


class Sandbox:
    def __init__(self, plan: Plan, backend: Backend, socket_path: str, owner: Owner) -> None:
        self.plan = plan
        self.id = plan.id
        self.token = new_access_token()
        self.traffic_token: str | None = None
        """What previews ask for when `request.network.allow_public_traffic` is false."""
        self.state: State = "booting"
        self.request = Request()
        self.started_at = time.time()
        self.ends_at = self.started_at
        self.used_at = self.started_at
        """When a client last started, paused, woke or timed it."""
        self.obstacle: str | None = None
        """Why it cannot be booted anew, in words."""
        self._owner = owner
        self._machine = Machine(backend, socket_path, self._died)
        self._given = False
        self._interrupted = False
        self._timer: asyncio.TimerHandle | None = None
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def channel(self) -> Channel:
        return self._machine.channel

    @property
    def pid(self) -> int:
        """The host's id of the sandbox's outermost process; 0 when it sleeps."""
        return self._machine.pid

    @property
    def booted_at(self) -> float:
        """When its machine last came up, by the monotonic clock."""
        return self._machine.booted_at

    @property
    def usable(self) -> bool:
        return self.state == "running" and self._machine.alive

    @property
    def frozen(self) -> bool:
        """Paused with its memory."""
        return self.state == "paused" and self._machine.alive

    @property
    def asleep(self) -> bool:
        """Paused without memory, and not about to wake."""
        return self.state == "paused" and not self._machine.alive and not self._lock.locked()

    async def boot(self, lay_out: Callable[[Plan], None]) -> None:
        """Lay out the files and start the guest; raises `BootError` or `NoRoom`."""
        self.plan = await self._owner.admit(self)
        try:
            await asyncio.to_thread(lay_out, self.plan)
        except subprocess.CalledProcessError as error:
            reason = error.stderr.decode(errors="replace").strip()[-500:]
            raise BootError(f"the sandbox's files cannot be laid out: {reason}") from error
        if self.state == "dead":
            raise BootError("the sandbox was killed while it booted")
        await self._machine.boot(self.plan)
        if self.state == "booting":
            self.state = "running"

    async def hand_over(self, request: Request) -> None:
        """Give the booted sandbox to the client who asked; from now on it outlives the host."""
        self.request = request
        self.traffic_token = None if request.network.allow_public_traffic else new_access_token()
        self.started_at = time.time()
        await self._tell_envs()
        self._given = True
        self.set_timeout(request.timeout_s)

    def restore(self, record: Record) -> None:
        """Be the one an earlier host wrote down: it sleeps. If it ran when that host ended, its time still goes on."""
        self.token, self.traffic_token = record.token, record.traffic_token
        self.request = record.request
        self.started_at, self.ends_at, self.used_at = record.started_at, record.ends_at, record.used_at
        self.state = "paused"
        self._given = True
        self._interrupted = not record.paused
        if self._interrupted:
            self._start_clock()

    def amend(self, request: Request) -> None:
        """Put other wishes, e.g. network rules, in the place of those it was created with."""
        self.request = request
        self._save()

    def set_timeout(self, seconds: float) -> None:
        """Let the sandbox end `seconds` from now; nothing while it is paused, for then no time passes."""
        if self.state == "dead" or (self.state == "paused" and not self._interrupted):
            return
        self.ends_at = time.time() + seconds
        self._start_clock()
        self._save()

    def extend(self, seconds: float) -> None:
        """Let the sandbox live at least `seconds` from now."""
        if time.time() + seconds > self.ends_at:
            self.set_timeout(seconds)

    async def pause(self, *, keep_memory: bool = True) -> bool:
        """Stop every process where it stands, or, without memory, end it; False when it was paused already.

        `/tmp` is memory. A guest that does not answer is paused without.
        """
        async with self._lock:
            if self.state == "paused":
                self._stop_clock()
            if self.state != "running":
                return False
            frozen = keep_memory and await self._freeze(on=True)
            if self.state != "running":
                return False
            self.state = "paused"
            self._stop_clock()
            if not frozen:
                await self._end_processes()
            return True

    async def resume(self, timeout_s: float) -> bool:
        """Go on after a pause; False when it was running already. Raises `BootError` or `NoRoom`, and sleeps on."""
        async with self._lock:
            if self.state != "paused":
                return False
            if not (self._machine.alive and await self._freeze(on=False)):
                await self._boot_again()
            if self.state != "paused":
                raise BootError("the sandbox ended while it woke")
            self.state = "running"
            self._interrupted = False
            self.set_timeout(timeout_s)
            return True

    async def drop_memory(self) -> bool:
        """Let a frozen sandbox sleep instead; False when it is not frozen."""
        async with self._lock:
            if not self.frozen:
                return False
            await self._end_processes()
            return True

    @asynccontextmanager
    async def standing_still(self) -> AsyncGenerator[None, None]:
        """No process of it writes meanwhile; raises `BootError` when they cannot be stopped."""
        async with self._lock:
            running = self.state == "running"
            if self.state == "dead" or (running and not await self._freeze(on=True)):
                raise BootError(f"sandbox {self.id} cannot be copied: it ended, or its agent does not answer")
            try:
                yield
            finally:
                if running and self.usable:
                    await self._freeze(on=False)

    async def kill(self, reason: str) -> None:
        """End it; returns when nothing of it runs. Its files go after that."""
        if self.state == "dead":
            return
        log.info("sandbox %s ends: %s", self.id, reason)
        await self._end()

    async def leave(self) -> None:
        """End its processes as the host ends: the next host finds its files, if a client has it."""
        self._cancel_timer()
        self.state = "dead"
        await self._machine.kill()
        if not self._given:
            await asyncio.to_thread(remove_tree, self.plan.folder)

    async def give_up(self, what: str) -> None:
        """End it because something in it went wrong, and say so with the last of its log."""
        if self.state == "dead":
            return
        said = self._machine.log_tail()
        log.error("sandbox %s died: %s%s", self.id, what, f"; its log ends: {said}" if said else "")
        await self._end()

    async def _freeze(self, *, on: bool) -> bool:
        """Whether all processes stand still, or go on."""
        try:
            async with asyncio.timeout(FREEZE_S):
                await self.channel.call({"op": "freeze", "on": on})
        except (GuestError, TimeoutError) as error:
            log.warning("sandbox %s cannot be %s: %s", self.id, "frozen" if on else "thawed", error or "no answer")
            return False
        return True

    async def _boot_again(self) -> None:
        if self.obstacle:
            raise BootError(f"sandbox {self.id} cannot be booted: {self.obstacle}")
        await self._end_processes()
        self.plan = await self._owner.admit(self)
        try:
            if self.state == "dead":
                raise BootError("the sandbox was killed while it booted")
            await self._machine.boot(self.plan)
            await self._tell_envs()
        except BaseException as error:
            await self._end_processes()
            if isinstance(error, OSError | GuestError):
                raise BootError(f"the sandbox did not boot: {error}") from error
            raise

    async def _tell_envs(self) -> None:
        if self.request.envs:
            await self.channel.call({"op": "envs", "envs": dict(self.request.envs)})

    async def _end_processes(self) -> None:
        await self._machine.kill()
        self._owner.dismiss(self)

    def _save(self) -> None:
        if not self._given or self.state == "dead":
            return
        self.used_at = time.time()
        record = Record(
            id=self.id,
            token=self.token,
            traffic_token=self.traffic_token,
            template=self.plan.template.name,
            mounts=self.plan.template.mounted,
            request=self.request,
            started_at=self.started_at,
            ends_at=self.ends_at,
            used_at=self.used_at,
            paused=self.state == "paused" and not self._interrupted,
        )
        try:
            records.write(self.plan.folder, record)
        except OSError as error:
            log.error("sandbox %s will not outlive this host: its record cannot be written: %s", self.id, error)

    def _start_clock(self) -> None:
        self._cancel_timer()
        self._timer = asyncio.get_running_loop().call_later(max(0.0, self.ends_at - time.time()), self._expire)

    def _stop_clock(self) -> None:
        """No time passes for one that its client, or its time-out, has paused."""
        self._cancel_timer()
        self._interrupted = False
        self._save()

    def _cancel_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self._spawn(self._pause_or_kill())

    async def _pause_or_kill(self) -> None:
        if self.request.pause_on_timeout:
            await self.pause(keep_memory=self.request.pause_keeps_memory)
        else:
            await self.kill("its time-out passed")

    def _died(self, how: str) -> None:
        self._spawn(self.give_up(f"its agent crashed ({how})"))

    async def _end(self) -> None:
        self.state = "dead"
        self._cancel_timer()
        with contextlib.suppress(OSError):
            records.forget(self.plan.folder)
        self._owner.forget(self)
        await self._end_processes()
        self._spawn(asyncio.to_thread(remove_tree, self.plan.folder))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
