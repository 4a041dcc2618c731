"""`python -m benchmarks.alarms`: the gate on apps that work, again and again. Every alarm is a false one, and is printed."""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from backend.agent.demo.apps import APPS
from backend.checks import check
from backend.config import Settings
from backend.workspace.e2b import E2BWorkspace, E2BWorkspaces
from backend.workspace.starter import starter_files
from benchmarks.hosts import embedded

LAYOUT = "app/layout.tsx"


async def alarms(runs: int, scratch: Path, console: Console) -> int:
    """How many of `runs` checks found something in the demo's apps, which have nothing to be found."""
    found = 0
    async with embedded(Settings(CODEFLOW_DATA_DIR=scratch), scratch / "host", pool=1) as service:
        workspaces = E2BWorkspaces(service)
        workspace = await workspaces.open("alarms", None, starter_files())
        for app in APPS:
            await _lay_out(workspace, {path: text.encode() for path, text in app.files(app.name).items()})
            seconds: list[float] = []
            layout = workspace.files[LAYOUT]
            for run in range(-(-runs // len(APPS))):
                # A page that has not changed would not be pressed again.
                await workspace.write({LAYOUT: layout + f"// {run}\n".encode()})
                begun = time.perf_counter()
                report = (await check(workspace)).report
                seconds.append(time.perf_counter() - begun)
                if not report.passed:
                    found += 1
                    console.print(f"[red]{app.slug}[/]: {report.as_text()}")
            console.print(f"{app.slug}: {len(seconds)} checks, {statistics.median(seconds):.2f} s each (median)")
        await workspaces.kill(workspace.sandbox_id)
    return found


async def _lay_out(workspace: E2BWorkspace, files: dict[str, bytes]) -> None:
    """The starter with the app's files, and nothing of the app before."""
    await workspace.write({**dict.fromkeys(workspace.files), **starter_files(), **files})


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.alarms", description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    runs = parser.parse_args().runs
    console = Console()
    with tempfile.TemporaryDirectory(prefix="codeflow-alarms-", ignore_cleanup_errors=True) as scratch:
        found = asyncio.run(alarms(runs, Path(scratch), console))
    console.print(f"{found} false alarms")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
