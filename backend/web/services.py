"""Everything the web needs, opened and closed together."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from backend.config import Settings
from backend.domain import CodeFlowError
from backend.runs.agents import agent_work, check_app
from backend.runs.dispatch import Dispatch, LocalDispatch, ModalDispatch
from backend.runs.reaper import Reaper
from backend.runs.service import Runs
from backend.runs.worker import Worker
from backend.store import Store
from backend.store.opening import open_store
from backend.web.limits import RateLimits
from backend.web.setup import Setup
from backend.workspace.awaited import AwaitedWorkspaces
from backend.workspace.contract import Workspaces

if TYPE_CHECKING:
    from backend.accounts.accounts import Accounts
    from backend.agent.models import Choice, Models
    from backend.workspace.embedded import EmbeddedHost

log = logging.getLogger(__name__)


class Services:
    """Open with `Services.open`; `setup` tells how far the sandboxes are, which are made ready in the background."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        accounts: "Accounts | None" = None,
        dispatch: Dispatch | None = None,
    ) -> None:
        self.settings = settings
        self.store = store
        self.accounts = accounts
        """None: without sign-in, for one user."""
        self.limits = RateLimits()
        self.setup = Setup()
        self.workspaces: Workspaces = AwaitedWorkspaces()
        self.dispatch = dispatch or ModalDispatch.for_settings(settings)
        """None: nobody elsewhere is told of queued runs."""
        self.runs = Runs(store, self.workspaces, self.dispatch)
        self.isolation: dict[str, Any] | None = None
        """How generated code is kept apart: `kind`, and a `message` for a person. None until known."""
        self._host: EmbeddedHost | None = None
        choose = _choose_models if self.dispatch is None else _name_models
        self._models = asyncio.create_task(asyncio.to_thread(choose, settings))
        worker = Worker(store, self.workspaces, check_app, agent_work(self.models), settings)
        self._local = LocalDispatch(worker, Reaper(store, self.workspaces, settings.sandbox_keep_s))
        self._starting: asyncio.Task[None] | None = None
        self._checking: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, settings: Settings, dispatch: Dispatch | None = None) -> "Services":
        """Returns as soon as the store is open. Raises `Unavailable` when it cannot be.

        `dispatch` starts workers elsewhere; missing: what the settings say.
        """
        accounts = _open_accounts(settings) if settings.multi_user else None
        services = cls(settings, await open_store(settings), accounts, dispatch)
        services._starting = asyncio.create_task(services._start_work())
        if accounts:
            services._checking = asyncio.create_task(_check_sign_in(accounts))
        return services

    async def models(self) -> "Models":
        """Which models work, once that is known; where workers are elsewhere, those the settings name."""
        return await asyncio.shield(self._models)

    async def choices(self) -> "list[Choice]":
        """What projects may choose from."""
        from backend.agent.models import named_choices

        models = await self.models()
        keyless = not models.coder or (self.dispatch is not None and models.info.demo)
        return named_choices(self.settings) if keyless else models.choices()

    async def sandboxes(self) -> dict[str, int] | None:
        """How many the host of this process has (`EmbeddedHost.capacity`); None: there is no such host, or it is silent."""
        return await self._host.capacity() if self._host else None

    async def close(self) -> None:
        """Hand back unfinished runs, then let everything go."""
        for task in (self._starting, self._checking):
            if task:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        await self._local.close()
        if self.dispatch:
            await self.dispatch.close()
        if self._host:
            await self._host.stop()
        if self.accounts:
            await self.accounts.close()
        await self.store.close()

    async def _start_work(self) -> None:
        assert isinstance(self.workspaces, AwaitedWorkspaces)
        settings = self.settings
        may_work = settings.supabase_worker_token is not None or not settings.multi_user
        if self.dispatch is None and settings.workers and may_work:
            self._local.start_worker()
            await self._start_sandboxes(self.workspaces)
            return
        if settings.e2b_api_key:
            # For closing the sandboxes of what is deleted.
            self.workspaces.provide(await self._sandboxes())
        self.setup.done("Runs are worked on elsewhere.")

    async def _start_sandboxes(self, workspaces: AwaitedWorkspaces) -> None:
        try:
            workspaces.provide(await self._sandboxes())
            # Not earlier: until now, nobody could tell which sandboxes are alive.
            self._local.start_reaper()
            self.setup.done("Ready")
        except CodeFlowError as e:
            log.error("Sandboxes cannot be started: %s", e.message)
            workspaces.refuse(e.message)
            self.setup.fail(e.message)
        except Exception as e:
            log.exception("Sandboxes cannot be started")
            message = (
                f"The sandbox host could not be started ({type(e).__name__}: {str(e)[:300]}). Run `codeflow doctor`."
            )
            workspaces.refuse(message)
            self.setup.fail(message)

    async def _sandboxes(self) -> Callable[[], Workspaces]:
        from backend.workspace.e2b import E2BWorkspaces, SandboxService

        settings = self.settings
        if settings.e2b_api_key:
            where = "a host that speaks E2B's API" if settings.e2b_api_url else "E2B's virtual machines"
            self.isolation = {"kind": "e2b", "message": where}
            remote = E2BWorkspaces(SandboxService.for_settings(settings))
            return lambda: remote
        from backend.workspace.embedded import EmbeddedHost
        from backend.workspace.installation import installation

        self.setup.progress("Preparing the sandbox …")
        self._host = host = await EmbeddedHost.start(settings, self.setup.progress)
        self.isolation = host.isolation

        mark = installation(settings)

        def embedded() -> Workspaces:
            # Anew each time: a host that had to be started again has another key.
            return E2BWorkspaces(
                SandboxService(
                    api_key=host.api_key,
                    template=settings.e2b_template,
                    timeout_s=settings.sandbox_timeout_s,
                    api_url=host.api_url,
                    domain=host.domain,
                    preview_scheme=host.preview_scheme,
                    installation=mark,
                )
            )

        return embedded


def _open_accounts(settings: Settings) -> "Accounts":
    # Brings the `supabase` package with it, which an installation without accounts never loads.
    from backend.accounts.accounts import Accounts

    return Accounts.open(settings)


async def _check_sign_in(accounts: "Accounts") -> None:
    """The page is up already, and tells each visitor the same; the operator reads it here at once."""
    try:
        await accounts.check()
    except CodeFlowError as e:
        log.error("Nobody can sign in: %s", e.message)


def _choose_models(settings: Settings) -> "Models":
    from backend.agent.models import Models

    return Models.for_settings(settings)


def _name_models(settings: Settings) -> "Models":
    # Their keys are the workers' alone.
    models = _choose_models(settings)
    return replace(models, info=replace(models.info, problem=""))
