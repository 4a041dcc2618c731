"""A preview is shown in CodeFlow's own page and in nobody else's."""

from typing import Any

import httpx
import pytest

from backend.config import Settings
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
        ({"CODEFLOW_PREVIEW_DOMAIN": "previews.example.com"}, None),
    ],
)
def test_whoever_may_show_a_preview_follows_from_where_people_come(
    variables: dict[str, Any], ancestors: str | None
) -> None:
    assert framing(Settings(_env_file=None, **variables)).get(VARIABLE) == ancestors  # pyright: ignore[reportCallIssue]


@pytest.mark.sandbox
@pytest.mark.asyncio(loop_scope="session")
async def test_a_running_app_says_so_to_the_browser(service: SandboxService, workspace: E2BWorkspace) -> None:
    ancestors = (await workspace.inspect(f"printenv {VARIABLE}")).stdout.strip()
    host = httpx.URL(workspace.preview_url).netloc.decode()
    at = service.api_url or workspace.preview_url
    async with httpx.AsyncClient(base_url=at, headers={"Host": host}, trust_env=service.api_url is None) as http:
        answer = await http.get("/", timeout=60)
    assert answer.status_code == 200
    assert ancestors.startswith("'self' ")
    assert answer.headers["content-security-policy"] == f"frame-ancestors {ancestors}"
