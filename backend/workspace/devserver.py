"""The project's running dev server: is it up, what does it serve, what does it print."""

import asyncio
import base64
import contextlib
import re
import time
from collections.abc import Iterable
from urllib.parse import urlsplit

import httpx

from backend.telemetry import untold
from backend.workspace import SandboxLost, SandboxUnavailable
from backend.workspace.contract import Fetched
from backend.workspace.layout import PORT, START
from backend.workspace.output import plain
from backend.workspace.sandbox import Sandbox

LOG = "/tmp/codeflow/dev.log"
PID_FILE = "/tmp/codeflow/dev.pid"
RESTART_S = 20
READY_S = 60
"""How long a dev server may take to answer; cold, it takes about 5 s."""
MAX_BODY_BYTES = 2_000_000
_MAX_LOG_BYTES = 64_000
_PROBE_S = 10
_PROBE = "/_next/static/codeflow-probe"
"""Answered 404 by a dev server that is up, without compiling a page."""
_NO_ROUTE = re.compile(r'/_not-found|"page":"/(?:_error|404)"')
"""Where Next.js's answer says which of its own pages it gave: of the App Router, or of the Pages Router."""
_NOTICE_TRIES = 10
_NOTICE_S = 0.2

_RESTART = f"""
supervisor=$(cat {PID_FILE} 2> /dev/null)
served=$(cat /proc/$supervisor/task/$supervisor/children 2> /dev/null)
if kill -HUP $supervisor 2> /dev/null; then
  for wait in $(seq 100); do
    for process in $served; do [ ! -e /proc/$process ] || {{ sleep 0.05; continue 2; }}; done
    break
  done
else
  cd "$PROJECT" && setsid nohup {START} > /dev/null 2>&1 < /dev/null &
fi
"""
"""The supervisor starts the server anew; one that is gone itself is started again."""

_READ_LOG = f"""
size=$(stat -c %s {LOG} 2> /dev/null || echo 0)
[ "$size" -ge "$OFFSET" ] || OFFSET=0
echo "$OFFSET"
tail -c +$((OFFSET + 1)) {LOG} 2> /dev/null | head -c {_MAX_LOG_BYTES} | base64 -w0
"""


class DevServer:
    """`origin` is where to connect for the preview; its Host header is always the sandbox's own name for the port."""

    def __init__(self, sandbox: Sandbox, origin: str, project_dir: str) -> None:
        self._sandbox = sandbox
        self._dir = project_dir
        self._http = httpx.AsyncClient(
            base_url=origin,
            headers={"Host": sandbox.host(PORT), "Accept": "text/html,*/*", "User-Agent": "CodeFlow"},
            trust_env=urlsplit(origin).scheme == "https",
            limits=httpx.Limits(max_connections=20),
        )
        self._log_offset = 0
        self._compiling: asyncio.Task[None] | None = None
        self._to_compile: list[str] = []

    async def fetch(self, path: str, timeout_s: float) -> Fetched:
        """GET without following redirects; status 0 when nothing answered in time."""
        try:
            async with asyncio.timeout(timeout_s), self._http.stream("GET", path, timeout=timeout_s) as answer:
                body = b""
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > MAX_BODY_BYTES:
                        break
        except (TimeoutError, httpx.TimeoutException):
            return Fetched(0, f"Nothing answered within {timeout_s:g} s.")
        except httpx.TransportError as error:
            await self._check_alive()
            return Fetched(0, f"The connection failed: {error}")
        text = body.decode(errors="replace")
        if answer.status_code == 502 and _from_the_proxy(text):
            await self._check_alive()
            return Fetched(0, "The dev server is not running.")
        return Fetched(answer.status_code, text)

    async def answers(self, timeout_s: float) -> bool:
        """Whether it answers within the time."""
        deadline = time.monotonic() + timeout_s
        while (await self.fetch(_PROBE, min(_PROBE_S, timeout_s))).status == 0:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.1)
        return True

    async def wait_ready(self, timeout_s: float = READY_S) -> None:
        """Raises `SandboxUnavailable` with the log's tail when it never answers."""
        if not await self.answers(timeout_s):
            tail = "\n".join(await self.log_tail())
            raise SandboxUnavailable(
                f"The dev server did not answer within {timeout_s:g} s. Its log ends with:\n{tail or '(nothing)'}"
            )

    async def restart(self, timeout_s: float = RESTART_S) -> bool:
        """Kill it, however it hangs, and start it again. Whether it then answers."""
        await self._stop_compiling()
        await self._sandbox.shell(_RESTART, envs={"PROJECT": self._dir}, timeout_s=20)
        return await self.answers(timeout_s)

    async def log_tail(self) -> list[str]:
        tail = await self._sandbox.shell(f"tail -c 4000 {LOG} 2> /dev/null")
        return plain(tail.stdout).splitlines()[-20:]

    async def new_log_lines(self) -> list[str]:
        """Whole lines printed since the last call."""
        # Asked twice a second: as spans they would drown all else.
        with untold():
            self._log_offset, lines = await self._read_log(self._log_offset)
        return lines

    async def skip_log(self) -> None:
        """Forget what was printed until now."""
        size = await self._sandbox.shell(f"stat -c %s {LOG} 2> /dev/null || echo 0")
        self._log_offset = int(size.stdout.strip() or 0)

    def compile_ahead(self, routes: Iterable[str]) -> None:
        """Ask for the routes in the background, one at a time, so that nobody waits for their compilation later."""
        self._to_compile += [route for route in routes if route not in self._to_compile]
        if self._to_compile and (self._compiling is None or self._compiling.done()):
            self._compiling = asyncio.create_task(self._compile())

    async def close(self) -> None:
        await self._stop_compiling()
        await self._http.aclose()

    async def _compile(self) -> None:
        with contextlib.suppress(SandboxLost):
            while self._to_compile:
                await self._compile_route(self._to_compile.pop(0))

    async def _compile_route(self, route: str) -> None:
        """One that was written just now is asked for until the server has noticed it."""
        for _ in range(_NOTICE_TRIES):
            if not unrouted(await self.fetch(route, timeout_s=20)):
                return
            await asyncio.sleep(_NOTICE_S)

    async def _stop_compiling(self) -> None:
        self._to_compile.clear()
        if self._compiling:
            self._compiling.cancel()
            await asyncio.wait([self._compiling])

    async def _read_log(self, offset: int) -> tuple[int, list[str]]:
        printed = await self._sandbox.shell(_READ_LOG, envs={"OFFSET": str(offset)})
        start, _, encoded = printed.stdout.partition("\n")
        read = base64.b64decode(encoded)
        whole = read if len(read) == _MAX_LOG_BYTES and b"\n" not in read else read[: read.rfind(b"\n") + 1]
        return int(start or 0) + len(whole), plain(whole.decode(errors="replace")).splitlines()

    async def _check_alive(self) -> None:
        """Raises `SandboxLost` when the silence is the sandbox's end."""
        await self._sandbox.shell("true", timeout_s=10)


def unrouted(answer: Fetched) -> bool:
    """Whether Next.js knows no such route (yet); a page or handler of the app that answers 404 itself is another matter."""
    return answer.status == 404 and bool(_NO_ROUTE.search(answer.body))


def _from_the_proxy(body: str) -> bool:
    """Whether the service answers in the app's place: it names the sandbox, which the app does not know."""
    return body.startswith("{") and '"sandboxId"' in body
