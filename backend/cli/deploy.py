"""`codeflow deploy modal`: say what is missing, else put this installation's settings and code on Modal."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from backend.cli.doctor_supabase import examine_sign_in, examine_store, examine_worker
from backend.config import ROOT, Settings
from backend.domain import Unavailable
from backend.runs import needs

MODAL = (sys.executable, "-m", "modal")
APP = ROOT / "modal_app.py"
SECRET = "codeflow"

KEPT = (
    *dict.fromkeys((*needs.WORKER, *needs.PAGE)),
    "AI_PROVIDER", "AI_MODEL", "AI_MODEL_SMALL", "OPENAI_API_KEY", "OPENAI_BASE_URL", "GEMINI_API_KEY",
    "COMPATIBLE_API_KEY", "AI_FALLBACK", "AI_MODELS", "AI_CRITIC", "AI_PRICE_INPUT", "AI_PRICE_OUTPUT", "CODEFLOW_RUN_BUDGET_MICROS",
    "CODEFLOW_RUN_MAX_STEPS", "CODEFLOW_RUN_MAX_S", "CODEFLOW_DEMO_PACE",
    "E2B_API_URL", "E2B_DOMAIN", "CODEFLOW_E2B_TEMPLATE", "CODEFLOW_SANDBOX_TIMEOUT", "CODEFLOW_SANDBOX_KEEP", "CODEFLOW_SIGN_IN_WITH",
    "CODEFLOW_PUBLIC_URL", "CODEFLOW_UPGRADE_URL", "CODEFLOW_PREVIEW_ORIGINS", "CODEFLOW_LEASE", "CODEFLOW_LOG",
    "CODEFLOW_METRICS_TOKEN", "CODEFLOW_SECRETS_KEY",
)  # fmt: skip
"""What Modal's secret holds of the settings. Not SUPABASE_SECRET_KEY, which opens every row."""
TRACES = "OTEL_"
"""What begins so is OpenTelemetry's: where spans are sent is kept too."""
MODELS = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "GEMINI_API_KEY")

HOW = {
    "SUPABASE_URL": "the Supabase project's address (docs/supabase.md)",
    "SUPABASE_PUBLISHABLE_KEY": "the Supabase project's publishable key",
    "SUPABASE_WORKER_TOKEN": "`codeflow worker-token --key FILE` makes it",
    "CODEFLOW_SESSION_SECRET": "32 random characters or more, which seal the sessions",
    "E2B_API_KEY": "a key of E2B's dashboard; `codeflow template` then builds the sandboxes' template there, once",
}

NEXT = """Deployed. The addresses that end in -web and -dispatch are the page's and the endpoint's.
For a page elsewhere: `modal workspace proxy-tokens create`, and set CODEFLOW_DISPATCH_URL, CODEFLOW_DISPATCH_KEY and
CODEFLOW_DISPATCH_SECRET there (docs/deploy.md)."""


async def deploy(settings: Settings) -> None:
    """Raises `Unavailable` that says what is missing, or which command failed; Modal's output goes to the terminal."""
    if not APP.exists():
        raise Unavailable(f"{APP} is missing. Run this in a checkout of CodeFlow.")
    if lacking := shortcomings(settings):
        raise Unavailable("\n".join(["Nothing was deployed. In the environment or in .env:", *lacking]))
    await examine(settings)
    await asyncio.to_thread(put, settings)


def shortcomings(settings: Settings) -> list[str]:
    """What containers elsewhere could not work with, a line for each."""
    lines = [f"- {name} is not set: {how}" for name, how in HOW.items() if not needs.value(settings, name)]
    if settings.ai_provider == "ollama":
        lines.append("- AI_PROVIDER is ollama, which runs on this machine: Modal does not reach it. Choose another.")
    elif settings.ai_provider != "demo" and not any(needs.value(settings, name) for name in MODELS):
        lines.append(f"- no model: set one of {', '.join(MODELS)}, or AI_PROVIDER=demo for the scripted one")
    for name in ("SUPABASE_URL", "OPENAI_BASE_URL", "E2B_API_URL"):
        host = urlsplit(needs.value(settings, name)).hostname or ""
        if host == "localhost" or host.startswith("127."):
            lines.append(f"- {name} leads to this machine ({host}): Modal does not reach it")
    return lines


async def examine(settings: Settings) -> None:
    """Ask Supabase whether it takes what is set. Raises `Unavailable`."""
    for part in (examine_store, examine_worker, examine_sign_in):
        found = await part(settings)
        if not found.ok:
            raise Unavailable(f"Nothing was deployed. {found.found}. {found.action}")


def put(settings: Settings, modal: Sequence[str] = MODAL) -> None:
    """Put the settings into Modal's secret, then the code into its app. Raises `Unavailable`."""
    asked = subprocess.run([*modal, "token", "info"], capture_output=True, text=True)
    if asked.returncode:
        said = (asked.stderr or asked.stdout).strip()
        raise Unavailable(
            f"Nothing was deployed: Modal's command line is not signed in; `modal token new` does it.\n{said}"
        )
    with tempfile.TemporaryDirectory() as folder:
        # Not as arguments, which everybody on this machine can read.
        values = Path(folder) / "secret.json"
        values.touch(mode=0o600)
        values.write_text(json.dumps(kept(settings)))
        _call(modal, "secret", "create", SECRET, "--force", "--from-json", str(values))
    _call(modal, "deploy", str(APP))


def kept(settings: Settings) -> dict[str, str]:
    """What Modal's secret shall hold."""
    traces = {name: value for name, value in os.environ.items() if name.startswith(TRACES)}
    return traces | {name: value for name in KEPT if (value := needs.value(settings, name))}


def _call(modal: Sequence[str], *words: str) -> None:
    status = subprocess.run([*modal, *words], cwd=ROOT).returncode
    if status:
        raise Unavailable(f"`modal {' '.join(words[:3])}` failed with {status}: see what it says above.")
