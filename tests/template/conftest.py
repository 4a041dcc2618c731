"""One sandbox for all tests of the template, with the starter's own page put back before each."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from e2b import AsyncSandbox

from backend.workspace.e2b import SandboxService
from backend.workspace.starter import starter_files

APP = "/home/user/app"
PAGE = f"{APP}/app/page.tsx"
ANSWERS = "for i in $(seq 200); do curl -sf http://127.0.0.1:3000/ -o /dev/null && exit 0; sleep 0.2; done; exit 1"


class Machine:
    """A sandbox of the template, as the runtime scripts see it."""

    def __init__(self, remote: AsyncSandbox) -> None:
        self.remote = remote

    async def run(self, command: str, timeout_s: float = 60) -> str:
        done = await self.remote.commands.run(command, cwd=APP, timeout=timeout_s)
        return done.stdout

    async def page(self, source: str | bytes) -> None:
        """Replace the page at once, and wait until the dev server noticed."""
        await self.remote.files.write(f"{APP}/page.draft", source)
        await self.run(f"mv page.draft {PAGE}; sleep 0.4")

    async def check(self, *routes: str, timeout_ms: int = 20_000, **options: Any) -> dict[str, Any]:
        await self.remote.files.write(
            "/tmp/request.json", json.dumps({"routes": routes or ["/"], "timeoutMs": timeout_ms, **options})
        )
        return json.loads(await self.run("node /opt/codeflow/check.cjs < /tmp/request.json"))

    async def messages(self, **options: Any) -> str:
        """All that went wrong at `/`, as one text."""
        report = await self.check(**options)
        return "\n".join(f"{e['file']}:{e['line']} {e['message']}" for e in report["routes"][0]["errors"])


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_machine(service: SandboxService) -> AsyncIterator[Machine]:
    remote = await AsyncSandbox.create(
        service.template,
        timeout=3600,
        api_key=service.api_key,
        api_url=service.api_url,
        sandbox_url=service.api_url,
        domain=service.domain,
    )
    machine = Machine(remote)
    await machine.run(ANSWERS)
    yield machine
    await remote.kill()


@pytest_asyncio.fixture(loop_scope="session")
async def machine(shared_machine: Machine) -> Machine:
    await shared_machine.page(starter_files()["app/page.tsx"])
    return shared_machine
