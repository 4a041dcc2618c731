"""What Modal's containers are given, and a stand-in for its queue of inputs, which only an account has."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

import modal_app
from tests.runs.conftest import stage
from tests.supabase.project import SupabaseServer

__all__ = ["bare", "container", "spawned", "stage"]

VARIABLES = (
    "SUPABASE_URL",
    "SUPABASE_PUBLISHABLE_KEY",
    "SUPABASE_WORKER_TOKEN",
    "CODEFLOW_SESSION_SECRET",
    "E2B_API_KEY",
)


@dataclass
class Spawned:
    """The inputs that workers and the reaper were spawned with, as Modal would keep them."""

    runs: list[str] = field(default_factory=list)
    reaps: int = 0

    async def run_agent(self, run_id: str) -> None:
        self.runs.append(run_id)

    async def reap(self) -> None:
        self.reaps += 1


@pytest.fixture
def spawned(monkeypatch: pytest.MonkeyPatch) -> Spawned:
    spawned = Spawned()
    for name in ("run_agent", "reap"):
        monkeypatch.setattr(modal_app, name, SimpleNamespace(spawn=SimpleNamespace(aio=getattr(spawned, name))))
    return spawned


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A container of an account without the secret."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    # Where there is no .env.
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def container(bare: None, supabase_server: SupabaseServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """This process and its children have what the secret `codeflow` holds; nobody answers at the sandboxes' address."""
    given = {
        "SUPABASE_URL": supabase_server.url,
        "SUPABASE_PUBLISHABLE_KEY": supabase_server.publishable_key,
        "SUPABASE_WORKER_TOKEN": supabase_server.mint("codeflow_worker"),
        "CODEFLOW_SESSION_SECRET": "secret-of-the-tests-with-32-characters",
        "E2B_API_KEY": "e2b_0000",
        "E2B_API_URL": "http://127.0.0.1:9",
        "AI_PROVIDER": "demo",
        "CODEFLOW_DEMO_PACE": "0",
        "CODEFLOW_DATA_DIR": str(tmp_path),
    }
    for variable, value in given.items():
        monkeypatch.setenv(variable, value)
