"""All sandboxes of the host."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping

from .egress import Egress
from .identities import Identities, NoIdentity
from .layout import Layout
from .limits import Limits
from .machine import Backend, BootError, Plan
from .names import new_sandbox_id
from .request import Request
from .sandbox import Sandbox
from .snapshots import Snapshot
from .templates import BARE, Template


class UnknownTemplate(Exception):
    """No template of that name."""


class NoRoom(Exception):
    """The host holds as many sandboxes as it may."""


class Sandboxes:
    def __init__(
        self,
        *,
        layout: Layout,
        backend: Backend,
        templates: Mapping[str, Template],
        limits: Limits,
        egress: Egress | None,
        identities: Identities | None,
        max_count: int,
    ) -> None:
        self._layout = layout
        self._backend = backend
        self.templates = {BARE: Template(BARE), **templates}
        self._limits = limits
        self._egress = egress
        self._identities = identities
        self._max_count = max_count
        self._given: dict[str, Sandbox] = {}
        self._all: dict[str, Sandbox] = {}
        self.take_pooled: Callable[[str], Sandbox | None] = lambda template: None
        """Set by the pool: a booted sandbox of the template, if one is ready."""
        self.pooled: Callable[[], int] = lambda: 0
        """Set by the pool: how many are ready."""

    def __iter__(self) -> Iterator[Sandbox]:
        """The sandboxes clients were given."""
        return iter(list(self._given.values()))

    @property
    def every(self) -> list[Sandbox]:
        """Those of the pool included."""
        return list(self._all.values())

    def capacity(self) -> dict[str, int]:
        """How many there are: given to clients and awake, given and asleep, ready in the pool, and at most given."""
        paused = sum(sandbox.state == "paused" for sandbox in self)
        return {"running": len(self._given) - paused, "paused": paused, "ready": self.pooled(), "max": self._max_count}

    def get(self, sandbox_id: str) -> Sandbox | None:
        return self._given.get(sandbox_id)

    async def snapshot(self, sandbox: Sandbox, name: str | None = None) -> Snapshot:
        """Copy the sandbox's disk; `create` takes the snapshot's id or name for a template.

        A name that was used before means the new snapshot from now on. Raises `BootError`.
        """
        raise BootError("this host cannot take snapshots yet")

    def snapshots(self) -> list[Snapshot]:
        """Newest first."""
        return []

    def forget_snapshot(self, snapshot_id: str) -> bool:
        """Remove a snapshot by id or name; False when there is none. Sandboxes made from it go on."""
        return False

    async def fork(self, sandbox: Sandbox, count: int, timeout_s: float) -> list[Sandbox | BootError | NoRoom]:
        """`count` running sandboxes on copies of the disk, each by itself, or why it did not start.

        Memory is not forked: processes start anew, as after a pause without memory.
        """
        raise BootError("this host cannot fork yet")

    async def create(self, template_name: str, request: Request) -> Sandbox:
        """A running sandbox; raises `UnknownTemplate`, `NoRoom` or `BootError`."""
        template = self.templates.get(template_name)
        if template is None:
            raise UnknownTemplate(template_name)
        if len(self._given) >= self._max_count:
            raise NoRoom(f"this host runs {self._max_count} sandboxes already: kill one, or raise --max-sandboxes")
        sandbox = self.take_pooled(template_name) or await self.boot(template)
        await sandbox.hand_over(request)
        if not sandbox.usable:
            raise BootError("the sandbox died before it could be handed over")
        self._given[sandbox.id] = sandbox
        return sandbox

    async def boot(self, template: Template) -> Sandbox:
        """Boot a sandbox nobody is given yet; raises `NoRoom` or `BootError`."""
        sandbox_id = new_sandbox_id()
        try:
            identity = self._identities.take() if self._identities else None
        except NoIdentity:
            raise NoRoom("this host runs as many sandboxes as it may: kill one, or raise --max-sandboxes") from None
        egress_socket = await self._egress.open_door(sandbox_id, self._internet_of) if self._egress else None
        plan = Plan(
            id=sandbox_id,
            folder=self._layout.sandboxes / sandbox_id,
            template=template,
            envs={
                "E2B_SANDBOX": "true",
                "E2B_SANDBOX_ID": sandbox_id,
                "E2B_TEMPLATE_ID": template.name,
                **template.envs,
            },
            limits=self._limits,
            egress_socket=egress_socket,
            identity=identity,
        )
        sandbox = Sandbox(plan, self._backend, self._layout.socket_path(f"{sandbox_id}.guest"), self._forget)
        self._all[sandbox_id] = sandbox
        try:
            await sandbox.boot()
        except (BootError, OSError, asyncio.CancelledError) as error:
            await sandbox.kill("it did not boot")
            if isinstance(error, OSError):
                raise BootError(f"the sandbox did not boot: {error}") from error
            raise
        return sandbox

    def kill_all(self) -> None:
        for sandbox in self.every:
            with contextlib.suppress(OSError):
                sandbox.kill_now()

    def _internet_of(self, sandbox_id: str) -> bool:
        sandbox = self._all.get(sandbox_id)
        return sandbox is not None and sandbox.request.internet

    def _forget(self, sandbox: Sandbox) -> None:
        if self._all.pop(sandbox.id, None) is None:
            return
        if self._identities and sandbox.plan.identity:
            self._identities.give_back(sandbox.plan.identity)
        self._given.pop(sandbox.id, None)
        if self._egress:
            self._egress.close_door(sandbox.id)
