"""`codeflow deploy modal`: nothing is deployed that could not work, and no more is told than workers need."""

import json
import stat
import sys
from pathlib import Path

import pytest

from backend.cli.deploy import KEPT, deploy, examine, kept, put, shortcomings
from backend.config import ROOT, Settings
from backend.domain import Unavailable
from tests.supabase.project import SupabaseServer

ENOUGH = {
    "SUPABASE_URL": "https://abc.supabase.co",
    "SUPABASE_PUBLISHABLE_KEY": "sb_publishable_1",
    "SUPABASE_WORKER_TOKEN": "a-token",
    "CODEFLOW_SESSION_SECRET": "x" * 32,
    "E2B_API_KEY": "e2b_1",
    "OPENAI_API_KEY": "sk-1",
}
OF_ONE_PROCESS = {
    "CODEFLOW_DATA_DIR", "CODEFLOW_CACHE_DIR", "CODEFLOW_HOST", "CODEFLOW_PORT", "CODEFLOW_WORKERS", "CODEFLOW_CHROMIUM",
    "CODEFLOW_SANDBOX_POOL", "CODEFLOW_SANDBOX_EGRESS", "CODEFLOW_UNSAFE_LOCAL", "CODEFLOW_DISPATCH_URL",
    "CODEFLOW_PREVIEW_DOMAIN", "CODEFLOW_PREVIEW_PORT", "CODEFLOW_PREVIEW_BIND",
    "CODEFLOW_DISPATCH_KEY", "CODEFLOW_DISPATCH_SECRET", "OLLAMA_HOST", "SUPABASE_SECRET_KEY",
}  # fmt: skip
"""Variables that Modal's containers have no use for, or no right to."""
RECORDER = """
import json, os, stat, sys
told = sys.argv[2:]
if "--from-json" in told:
    path = told[-1]
    told = {"words": told[:-1], "values": json.load(open(path)), "mode": stat.S_IMODE(os.stat(path).st_mode)}
with open(sys.argv[1], "a") as log:
    log.write(json.dumps(told) + "\\n")
sys.exit(3 if "deploy" in told and "broken" in sys.argv[1] else 0)
"""
"""Stands for Modal's command line, which does nothing without an account."""


def settings(**variables: str) -> Settings:
    return Settings.model_validate({**ENOUGH, **variables})


def test_enough_is_enough() -> None:
    assert shortcomings(settings()) == []
    assert shortcomings(settings(OPENAI_API_KEY="", AI_PROVIDER="demo")) == []


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        *(({name: ""}, f"- {name} is not set") for name in ENOUGH if name != "OPENAI_API_KEY"),
        ({"OPENAI_API_KEY": ""}, "- no model: set one of OPENAI_API_KEY"),
        ({"AI_PROVIDER": "ollama"}, "- AI_PROVIDER is ollama"),
        ({"OPENAI_BASE_URL": "http://localhost:8000/v1"}, "- OPENAI_BASE_URL leads to this machine"),
        ({"SUPABASE_URL": "http://127.0.0.1:54321"}, "- SUPABASE_URL leads to this machine"),
    ],
)
async def test_what_is_missing_is_said_and_nothing_deployed(variables: dict[str, str], line: str) -> None:
    with pytest.raises(Unavailable) as refused:
        await deploy(settings(**variables))
    head, only = refused.value.message.split("\n")
    assert head.startswith("Nothing was deployed")
    assert only.startswith(line)


async def test_what_supabase_does_not_take_is_not_deployed(supabase_server: SupabaseServer) -> None:
    real = {"SUPABASE_URL": supabase_server.url, "SUPABASE_PUBLISHABLE_KEY": supabase_server.publishable_key}
    await examine(settings(**real, SUPABASE_WORKER_TOKEN=supabase_server.mint("codeflow_worker")))
    ended = supabase_server.mint("codeflow_worker", expires_s=-10)
    with pytest.raises(Unavailable, match=r"SUPABASE_WORKER_TOKEN ended .* worker-token"):
        await examine(settings(**real, SUPABASE_WORKER_TOKEN=ended))


def test_modals_own_command_line_says_that_nobody_is_signed_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET", "MODAL_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("MODAL_CONFIG_PATH", str(tmp_path / "none.toml"))
    with pytest.raises(Unavailable, match=r"`modal token new` does it\.\n.*Token missing"):
        put(settings())


def test_the_secret_is_written_before_the_app_and_holds_what_workers_may_know(tmp_path: Path) -> None:
    log = tmp_path / "log"
    put(settings(SUPABASE_SECRET_KEY="opens-all", CODEFLOW_PORT="1"), _recorder(tmp_path, log))
    asked, secret, app = [json.loads(line) for line in log.read_text().splitlines()]
    assert asked == ["token", "info"]
    assert secret["words"] == ["secret", "create", "codeflow", "--force", "--from-json"]
    assert secret["values"] == ENOUGH
    assert secret["mode"] == stat.S_IRUSR | stat.S_IWUSR
    assert app == ["deploy", str(ROOT / "modal_app.py")]


def test_where_spans_are_sent_goes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    traces = {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector.example.com", "OTEL_EXPORTER_OTLP_HEADERS": "a=b"}
    for name, value in traces.items():
        monkeypatch.setenv(name, value)
    assert kept(settings()) == ENOUGH | traces


def test_a_deployment_that_failed_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"`modal deploy .*modal_app.py` failed with 3"):
        put(settings(), _recorder(tmp_path, tmp_path / "broken"))


def test_each_variable_is_either_for_modals_containers_or_not() -> None:
    known = {field.alias for field in Settings.model_fields.values()}
    assert set(KEPT) | OF_ONE_PROCESS == known
    assert not set(KEPT) & OF_ONE_PROCESS


def _recorder(folder: Path, log: Path) -> list[str]:
    script = folder / "modal.py"
    script.write_text(RECORDER)
    return [sys.executable, str(script), str(log)]
