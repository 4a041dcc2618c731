"""All sandboxes of the host."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from . import records
from .channel import GuestError
from .egress import Egress
from .identities import Identities, Identity, NoIdentity
from .layout import Layout, remove_tree
from .limits import Limits
from .machine import Backend, BootError, Plan
from .names import new_sandbox_id
from .orphans import outlived
from .records import BadRecord, Record
from .request import Request
from .sandbox import Sandbox
from .snapshots import Snapshot, Snapshots, copy_disk
from .templates import BARE, Template

log = logging.getLogger(__name__)

FULL = "this host runs {} sandboxes already: kill or pause one, or raise --max-sandboxes"


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
        """`max_count`: given to clients at once, those not counted that are paused without memory."""
        self._layout = layout
        self._backend = backend
        self.templates = {BARE: Template(BARE), **templates}
        self._limits = limits
        self._egress = egress
        self._identities = identities
        self._max_count = max_count
        self._snapshots = Snapshots(layout.snapshots)
        self._given: dict[str, Sandbox] = {}
        self._housed: dict[str, Sandbox] = {}
        self._lent: dict[str, Identity] = {}
        self._coming = 0
        self.take_pooled: Callable[[str], Sandbox | None] = lambda template: None
        """Set by the pool: a booted sandbox of the template, if one is ready."""
        self.pooled: Callable[[], int] = lambda: 0
        """Set by the pool: how many are ready."""

    def __iter__(self) -> Iterator[Sandbox]:
        """The sandboxes clients were given."""
        return iter(list(self._given.values()))

    @property
    def every(self) -> list[Sandbox]:
        """Those that have processes, of the pool included."""
        return list(self._housed.values())

    def capacity(self) -> dict[str, int]:
        """How many there are: given to clients and awake, given and asleep, ready in the pool, and at most given."""
        paused = sum(sandbox.state == "paused" for sandbox in self)
        return {"running": len(self._given) - paused, "paused": paused, "ready": self.pooled(), "max": self._max_count}

    def get(self, sandbox_id: str) -> Sandbox | None:
        return self._given.get(sandbox_id)

    def restore(self) -> None:
        """Find the sandboxes earlier hosts on this directory left, and remove what else they left."""
        left = {folder.name: folder for folder in self._layout.sandboxes.iterdir()}
        haunted = outlived(left)
        for sandbox_id, folder in left.items():
            try:
                record = records.read(folder)
            except BadRecord as error:
                log.error("sandbox %s is gone: %s", sandbox_id, error)
                record = None
            if record is None:
                remove_tree(folder)
                continue
            sandbox = self._sandbox(sandbox_id, self.templates.get(record.template) or Template(record.template))
            sandbox.obstacle = self._obstacle(record, haunted)
            if sandbox.obstacle:
                log.error("sandbox %s cannot wake: %s", sandbox_id, sandbox.obstacle)
            self._given[sandbox_id] = sandbox
            sandbox.restore(record)

    def _obstacle(self, record: Record, haunted: set[str]) -> str | None:
        if record.id in haunted:
            return "processes of an earlier host still use its files; restart this host once they have ended"
        return self._misfit(record.template, record.mounts)

    def _misfit(self, template_name: str, mounts: tuple[str, ...]) -> str | None:
        """Why a disk cannot be used with today's template, in words."""
        template = self.templates.get(template_name)
        if template is None:
            return f"this host has no template '{template_name}': start it with --template {template_name}=…"
        if template.mounted != mounts:
            return f"template '{template_name}' has changed: it mounted {', '.join(mounts) or 'nothing'}"
        return None

    async def create(self, template_name: str, request: Request) -> Sandbox:
        """A running sandbox of a template, or on a copy of a snapshot, which goes by its id or name.

        Raises `UnknownTemplate`, `NoRoom` or `BootError`.
        """
        if template := self.templates.get(template_name):
            begin = partial(self._take_or_boot, template)
        elif snapshot := self._snapshots.find(template_name):
            begin = partial(self._boot_on, snapshot)
        else:
            raise UnknownTemplate(template_name)
        return await self._give(begin, request)

    async def _give(self, begin: Callable[[], Awaitable[Sandbox]], request: Request) -> Sandbox:
        async with self._place():
            sandbox = await begin()
            try:
                await sandbox.hand_over(request)
                if not sandbox.usable:
                    raise BootError("the sandbox died before it could be handed over")
            except (BootError, GuestError, asyncio.CancelledError) as error:
                await sandbox.kill("it could not be handed over")
                if isinstance(error, GuestError):
                    raise BootError(f"the sandbox could not be handed over: {error}") from error
                raise
            self._given[sandbox.id] = sandbox
        return sandbox

    async def boot(self, template: Template) -> Sandbox:
        """Boot a sandbox nobody is given yet; raises `NoRoom` or `BootError`."""
        return await self._boot(template, self._backend.lay_out)

    async def snapshot(self, sandbox: Sandbox, name: str | None = None) -> Snapshot:
        """Copy the sandbox's disk; `create` takes the snapshot's id or name for a template.

        Its processes stand still meanwhile; memory, and with it `/tmp`, is not kept. A name that was used before means
        the new snapshot from now on. Raises `BootError`.
        """
        snapshot = await self._copied(sandbox, name)
        await asyncio.to_thread(self._snapshots.keep, snapshot)
        return snapshot

    async def _copied(self, sandbox: Sandbox, name: str | None) -> Snapshot:
        async with sandbox.standing_still():
            return await asyncio.to_thread(
                self._snapshots.copy,
                sandbox.plan.folder,
                name=name,
                sandbox_id=sandbox.id,
                template=sandbox.plan.template.name,
                mounts=sandbox.plan.template.mounted,
            )

    def snapshots(self) -> list[Snapshot]:
        """Newest first."""
        return list(self._snapshots)

    def forget_snapshot(self, snapshot_id: str) -> bool:
        """Remove a snapshot by id or name; False when there is none. Sandboxes made from it go on."""
        snapshot = self._snapshots.find(snapshot_id)
        if snapshot:
            asyncio.get_running_loop().run_in_executor(None, remove_tree, self._snapshots.forget(snapshot))
        return snapshot is not None

    async def fork(self, sandbox: Sandbox, count: int, timeout_s: float) -> list[Sandbox | BootError | NoRoom]:
        """`count` running sandboxes on copies of the disk, each by itself, or why it did not start.

        Memory is not forked: processes start anew, as after a pause without memory. Raises `BootError` when the disk
        cannot be copied.
        """
        request = replace(sandbox.request, timeout_s=timeout_s)
        snapshot = await self._copied(sandbox, None)
        try:
            return list(await asyncio.gather(*(self._fork(snapshot, request) for _ in range(count))))
        finally:
            await asyncio.to_thread(remove_tree, self._snapshots.place(snapshot))

    async def _fork(self, snapshot: Snapshot, request: Request) -> Sandbox | BootError | NoRoom:
        try:
            return await self._give(partial(self._boot_on, snapshot), request)
        except (BootError, NoRoom) as error:
            return error

    async def admit(self, sandbox: Sandbox) -> Plan:
        """Lend a sandbox what its processes need: a place, if a client has it, an identity and a way out."""
        if sandbox.id in self._given:
            async with self._place():
                return await self._house(sandbox)
        return await self._house(sandbox)

    async def _house(self, sandbox: Sandbox) -> Plan:
        try:
            identity = self._identities.take() if self._identities else None
        except NoIdentity:
            raise NoRoom(FULL.format(self._max_count)) from None
        if identity:
            self._lent[sandbox.id] = identity
        self._housed[sandbox.id] = sandbox
        door = await self._egress.open_door(sandbox.id, self._asked_of) if self._egress else None
        return replace(sandbox.plan, identity=identity, egress_socket=door)

    def dismiss(self, sandbox: Sandbox) -> None:
        """Take back what was lent."""
        self._housed.pop(sandbox.id, None)
        if self._egress:
            self._egress.close_door(sandbox.id)
        if (identity := self._lent.pop(sandbox.id, None)) and self._identities:
            self._identities.give_back(identity)

    def forget(self, sandbox: Sandbox) -> None:
        self._given.pop(sandbox.id, None)

    async def leave(self) -> None:
        """End all processes as the host ends; those clients were given stay on disk for the next host."""
        sandboxes = {**self._given, **self._housed}.values()
        for error in await asyncio.gather(*(sandbox.leave() for sandbox in sandboxes), return_exceptions=True):
            if isinstance(error, Exception):
                log.error("a sandbox was not left in order: %s", error)

    @asynccontextmanager
    async def _place(self) -> AsyncGenerator[None, None]:
        """Hold a place for one more with processes; the longest frozen one's memory gives way. Raises `NoRoom`."""
        while self._awake() + self._coming >= self._max_count:
            frozen = min((one for one in self if one.frozen), key=lambda one: one.used_at, default=None)
            if frozen is None:
                raise NoRoom(FULL.format(self._max_count))
            if await frozen.drop_memory():
                log.info("sandbox %s sleeps: its place was needed", frozen.id)
        self._coming += 1
        try:
            yield
        finally:
            self._coming -= 1

    def _awake(self) -> int:
        return sum(sandbox_id in self._housed for sandbox_id in self._given)

    async def _take_or_boot(self, template: Template) -> Sandbox:
        return self.take_pooled(template.name) or await self.boot(template)

    async def _boot_on(self, snapshot: Snapshot) -> Sandbox:
        if obstacle := self._misfit(snapshot.template, snapshot.mounts):
            raise BootError(f"snapshot {snapshot.id} cannot be booted: {obstacle}")
        place = self._snapshots.place(snapshot)
        return await self._boot(self.templates[snapshot.template], lambda plan: copy_disk(place, plan.folder))

    async def _boot(self, template: Template, lay_out: Callable[[Plan], None]) -> Sandbox:
        sandbox = self._sandbox(new_sandbox_id(), template)
        try:
            await sandbox.boot(lay_out)
        except (BootError, NoRoom, OSError, asyncio.CancelledError) as error:
            await sandbox.kill("it did not boot")
            if isinstance(error, OSError):
                raise BootError(f"the sandbox did not boot: {error}") from error
            raise
        return sandbox

    def _sandbox(self, sandbox_id: str, template: Template) -> Sandbox:
        envs = {"E2B_SANDBOX": "true", "E2B_SANDBOX_ID": sandbox_id, "E2B_TEMPLATE_ID": template.name, **template.envs}
        plan = Plan(
            id=sandbox_id,
            folder=self._layout.sandboxes / sandbox_id,
            template=template,
            envs=envs,
            limits=self._limits,
            egress_socket=None,
            identity=None,
        )
        return Sandbox(plan, self._backend, self._layout.socket_path(f"{sandbox_id}.guest"), self)

    def _asked_of(self, sandbox_id: str) -> Request:
        sandbox = self._housed.get(sandbox_id)
        return sandbox.request if sandbox else Request(internet=False)
