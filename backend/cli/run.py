"""One run in a terminal: the same run the page starts, with its journal printed as it grows."""

import asyncio
import contextlib
import json
import signal
import sys

from rich.console import Console
from rich.markup import escape

from backend.cli.transcript import Transcript
from backend.config import Settings
from backend.domain import Run, RunStatus
from backend.events import Entry, RunFinished
from backend.web.services import Services
from backend.web.session import LOCAL_USER


async def run_prompt(settings: Settings, prompt: str, project_id: str | None, *, as_json: bool, leave: bool) -> int:
    """The exit status: 0 when the run succeeded and was verified, 130 when interrupted, else 1."""
    console = Console(stderr=as_json, highlight=False)
    interrupted = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, interrupted.set)

    services = await Services.open(settings)
    try:
        run = await services.runs.start(LOCAL_USER, project_id, prompt)
        with console.status("Preparing the sandbox …") as status:
            follow = asyncio.create_task(_follow(services, run, console, status.update, as_json=as_json))
            setup = asyncio.create_task(_show_setup(services, status.update))
            stop = asyncio.create_task(interrupted.wait())
            await asyncio.wait({follow, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not follow.done():
                await services.runs.cancel(LOCAL_USER, run.id)
                status.update("Stopping …")
            finished = await follow
            setup.cancel()
            stop.cancel()
        summary = await _summary(services, run, finished)
        if as_json:
            print(json.dumps(summary, ensure_ascii=False), flush=True)
        else:
            _tell(console, finished, summary)
        if summary["preview_url"] and not leave and not interrupted.is_set():
            console.print("The preview stays up until you press Ctrl-C.")
            await interrupted.wait()
        if finished.status is RunStatus.CANCELLED:
            return 130
        return 0 if finished.status is RunStatus.SUCCEEDED and finished.verified else 1
    finally:
        await services.close()


async def _show_setup(services: Services, update) -> None:
    shown = ""
    while not services.setup.ready:
        if services.setup.message != shown:
            shown = services.setup.message
            update(shown)
        await asyncio.sleep(0.2)


async def _follow(services: Services, run: Run, console: Console, update, *, as_json: bool) -> RunFinished:
    transcript = Transcript(console, update)
    async for batch in services.runs.watch(LOCAL_USER, run.project_id):
        for entry in batch.entries:
            if entry.run_id != run.id:
                continue
            if isinstance(entry.event, RunFinished):
                return entry.event
            if as_json:
                print(_line(entry), flush=True)
            else:
                transcript.show(entry.event)
    raise RuntimeError("The run's journal ended before the run did.")


def _line(entry: Entry) -> str:
    event = entry.event.model_dump(mode="json")
    return json.dumps(
        {"type": event.pop("type"), "run_id": entry.run_id, "seq": entry.seq, "at": entry.at.isoformat(), **event},
        ensure_ascii=False,
    )


async def _summary(services: Services, run: Run, finished: RunFinished) -> dict[str, object]:
    project = await services.store.project(LOCAL_USER, run.project_id)
    head = await services.store.version(LOCAL_USER, project.head_id)
    return {
        "type": "run.finished",
        "run_id": run.id,
        "project_id": run.project_id,
        "status": finished.status.value,
        "verified": finished.verified,
        "preview_url": project.preview_url,
        "version": head.number if finished.version_id else None,
        "duration_s": round(finished.duration_s, 3),
        "cost_micros": finished.cost_micros,
        "sandbox_s": finished.sandbox_s,
        "failure": finished.failure.model_dump(mode="json") if finished.failure else None,
    }


def _tell(console: Console, finished: RunFinished, summary: dict[str, object]) -> None:
    if finished.failure:
        tried = "".join(f"\n  - {attempt}" for attempt in finished.failure.tried)
        console.print(
            f"[red]✗ {escape(finished.failure.message)}[/red]{escape(tried)}\n  {finished.failure.action}",
            soft_wrap=True,
        )
    elif finished.status is RunStatus.CANCELLED:
        console.print("Stopped. What was written so far is kept.")
    elif finished.verified:
        console.print(f"[green]✓ Version {summary['version']} compiled, served and opened[/green]")
    if summary["preview_url"]:
        console.print(f"  {summary['preview_url']}", soft_wrap=True)
    console.print(f"  project {summary['project_id']} · {finished.duration_s:.0f} s", style="dim")
    sys.stdout.flush()
