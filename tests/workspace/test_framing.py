"""A preview is shown in CodeFlow's own page and in nobody else's."""

from typing import Any

import httpx
import pytest

from backend.config import Settings
from backend.workspace.devserver import PORT
from backend.workspace.e2b import E2BWorkspace, SandboxService
from backend.workspace.framing import VARIABLE, framing


@pytest.mark.parametrize(
    ("variables", "ancestors"),
    [
        ({}, "'self' http://localhost:* http://127.0.0.1:*"),
        (
            {"CODEFLOW_HOST": "0.0.0.0", "CODEFLOW_PUBLIC_URL": "https://codeflow.example.com/"},
            "'self' https://codeflow.example.com https://huggingface.co http://localhost:* http://127.0.0.1:*",
        ),
        ({"CODEFLOW_HOST": "0.0.0.0"}, None),
    ],
)
def test_whoever_may_show_a_preview_follows_from_where_people_come(
    variables: dict[str, Any], ancestors: str | None
) -> None:
    assert framing(Settings(_env_file=None, **variables)).get(VARIABLE) == ancestors  # pyright: ignore[reportCallIssue]


@pytest.mark.sandbox
@pytest.mark.asyncio(loop_scope="session")
async def test_a_running_app_says_so_to_the_browser(service: SandboxService, workspace: E2BWorkspace) -> None:
    assert service.api_url
    host = f"{PORT}-{workspace.sandbox_id}.{service.domain}"
    async with httpx.AsyncClient(base_url=service.api_url, headers={"Host": host}, trust_env=False) as http:
        answer = await http.get("/", timeout=60)
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == "frame-ancestors 'self' http://localhost:* http://127.0.0.1:*"
