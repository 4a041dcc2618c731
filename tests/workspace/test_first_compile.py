"""A page and a route handler first asked for at the same moment, which Next's compiler confuses: see `template/runtime/oneroute.cjs`."""

import asyncio
import json

import pytest

from backend.workspace.e2b import E2BWorkspaces
from backend.workspace.starter import starter_files

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio(loop_scope="session")]

ROUNDS = 3
"""Left alone, two of three new sandboxes give a page that loads itself anew without end."""
APP = {
    "app/page.tsx": b'"use client"\nimport { useState } from "react"\n'
    b"export default function Page() { const [n, set] = useState(0); return <button onClick={() => set(n + 1)}>{n}</button> }\n",
    "app/api/tasks/route.ts": b"export function GET() { return Response.json([]) }\n",
}
OPEN = f"node /opt/codeflow/check.cjs <<< '{json.dumps({'routes': ['/'], 'timeoutMs': 60_000})}'"


async def test_a_page_and_a_handler_first_asked_for_at_once_both_work(workspaces: E2BWorkspaces) -> None:
    for number in range(ROUNDS):
        workspace = await workspaces.open(f"first-{number}", None, starter_files())
        await workspace.write(APP)
        await workspace.inspect("node /opt/codeflow/noticed.cjs")
        answers = await asyncio.gather(workspace.fetch("/"), workspace.fetch("/api/tasks"))
        opened = json.loads((await workspace.inspect(OPEN)).stdout)
        await workspace.close()
        await workspaces.kill(workspace.sandbox_id)
        assert [answer.status for answer in answers] == [200, 200]
        assert opened["routes"][0]["errors"] == []
