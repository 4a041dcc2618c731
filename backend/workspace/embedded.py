"""The embedded sandbox host, prepared and kept running beside this process."""

import asyncio
import contextlib
import json
import logging
import os
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx

from backend.config import Settings
from backend.workspace import SandboxUnavailable
from backend.workspace.embedded_process import HostProcess, HostTaken, Serving
from backend.workspace.framing import framing
from backend.workspace.provision import Progress, provision
from backend.workspace.provision_node import node_runtime, npm_config, registry_host

log = logging.getLogger(__name__)

_ASK_S = 5.0
_LOOK_EVERY_S = 2.0
_AGAIN_AFTER_S = 1.0
_AGAIN_AT_MOST_S = 30.0


class EmbeddedHost:
    """What the E2B SDK needs to talk to the host: `api_url` (also its `sandbox_url`), `domain`, `api_key`; and the `isolation` in force.

    A host that dies is started again on the same port, with a new `api_key`: read the fields each time. When another process already serves
    sandboxes from this data directory, that one is shared, and taken over when it ends.
    """

    def __init__(self, settings: Settings, template: Path, egress: list[str], *, expose_api: bool) -> None:
        self._settings = settings
        self._expose_api = expose_api
        self._template = template
        self._egress = egress
        self._process: HostProcess | None = None
        self._serving: Serving | None = None
        self._keeper: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls, settings: Settings, progress: Progress, *, port: int = 0, expose_api: bool = False
    ) -> "EmbeddedHost":
        """Prepare the cache if need be, then serve. `progress` is called in this event loop. `expose_api`: the API answers
        by whatever name it is reached, not by this machine's own alone.

        Raises `Unavailable` (no Node, network or room) or `SandboxUnavailable` (no isolation, port taken) with what to do.
        """
        loop = asyncio.get_running_loop()

        def report(message: str, fraction: float | None) -> None:
            loop.call_soon_threadsafe(progress, message, fraction)

        template = await asyncio.to_thread(provision, settings, report)
        config = await asyncio.to_thread(lambda: npm_config(node_runtime()))
        progress("Starting the sandbox host", None)
        host = cls(settings, template, [registry_host(config), *settings.sandbox_egress_hosts], expose_api=expose_api)
        await host._serve_first(port or settings.preview_port)
        host._keeper = asyncio.create_task(host._keep())
        return host

    @property
    def api_url(self) -> str:
        return self._now.api_url

    @property
    def domain(self) -> str:
        return self._now.domain

    @property
    def preview_scheme(self) -> Literal["http", "https"]:
        """How browsers reach previews: by https where a proxy ends TLS."""
        return "https" if (self._settings.preview_domain or "").startswith("https:") else "http"

    @property
    def api_key(self) -> str:
        return self._now.api_key

    @property
    def isolation(self) -> dict[str, Any]:
        return self._now.isolation

    async def capacity(self) -> dict[str, int] | None:
        """How many sandboxes are `running`, `paused`, `ready` in the pool, and allowed (`max`); None: it does not answer."""
        return await _asked(self._now, "/capacity")

    async def stop(self) -> None:
        """Returns when the host and its sandboxes are gone; a shared host goes on."""
        if self._keeper:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._process:
            await asyncio.to_thread(self._process.stop)
            self._facts.unlink(missing_ok=True)
            self._process = None

    @property
    def _now(self) -> Serving:
        assert self._serving
        return self._serving

    @property
    def _data_dir(self) -> Path:
        return self._settings.data_dir / "sandboxes"

    @property
    def _facts(self) -> Path:
        """Where a serving host is found by other processes of the same user."""
        return self._settings.data_dir / "sandbox-host.json"

    @property
    def _port(self) -> Path:
        """Where it listened last: sandboxes outlive it, and so should their previews' addresses."""
        return self._settings.data_dir / "sandbox-port"

    async def _serve_first(self, port: int) -> None:
        if not port and self._port.is_file():
            with contextlib.suppress(SandboxUnavailable):
                await self._serve(int(self._port.read_text()))
                return
        await self._serve(port)

    async def _serve(self, port: int) -> None:
        try:
            self._process = await asyncio.to_thread(self._start, port)
            self._serving = self._process.serving
            self._publish(self._serving)
        except HostTaken:
            shared = await self._shared()
            if shared is None:
                raise
            self._process, self._serving = None, shared

    def _start(self, port: int) -> HostProcess:
        return HostProcess.start(
            self._settings,
            data_dir=self._data_dir,
            template=self._template,
            port=port,
            pool=self._settings.sandbox_pool,
            egress=self._egress,
            envs=framing(self._settings),
            domain=urlsplit(self._settings.preview_domain).netloc if self._settings.preview_domain else None,
            bind=self._settings.preview_bind,
            expose_api=self._expose_api,
        )

    def _publish(self, serving: Serving) -> None:
        draft = self._facts.with_suffix(".draft")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(vars(serving), file)
        draft.replace(self._facts)
        self._port.write_text(str(httpx.URL(serving.api_url).port))

    async def _shared(self) -> Serving | None:
        """The host another process serves, if it answers."""
        try:
            serving = Serving(**json.loads(self._facts.read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return None if await _asked(serving, "/v2/sandboxes") is None else serving

    async def _keep(self) -> None:
        """Serve again whenever the host is gone."""
        pause = _AGAIN_AFTER_S
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            if self._process.running if self._process else await self._shared():
                pause = _AGAIN_AFTER_S
                continue
            words = self._process.last_words if self._process else "another process ended it"
            log.error("the sandbox host is gone (%s); it starts again", words)
            await asyncio.sleep(pause)
            pause = min(_AGAIN_AT_MOST_S, pause * 2)
            await self._serve_again()

    async def _serve_again(self) -> None:
        port = httpx.URL(self.api_url).port or 0
        for attempt in (port,) if self._settings.preview_port else (port, 0):
            with contextlib.suppress(SandboxUnavailable):
                await self._serve(attempt)
                return
        log.error("the sandbox host does not start; trying again")


async def _asked(serving: Serving, path: str) -> Any:
    """What the host answers; None when it does not."""
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(
                f"{serving.api_url}{path}", headers={"X-API-KEY": serving.api_key}, timeout=_ASK_S
            )
        return answer.json() if answer.status_code == 200 else None
    except (OSError, ValueError, httpx.HTTPError):
        return None
