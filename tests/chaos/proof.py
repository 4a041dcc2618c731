"""What must be true of every run, whatever happened to those who worked on it."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from backend.agent.journal import UNDO_STEP
from backend.domain import Run, RunStatus
from backend.events import Entry, FollowUpsChanged, RunFinished, StepStarted, ToolFinished
from backend.runs.journal import result_of
from tests.chaos.place import STARTER, Place, Watched
from tests.chaos.script import COMMAND, COMMAND_STEPS, GOOD, STEPS, asked

ONCE = ("run.queued", "run.finished", "version.committed")


async def well_done(place: Place, projects: list[Watched]) -> int:
    """Every run succeeded and is told without a gap, a repeat or a loss. How many model calls were made again."""
    again = 0
    for project in projects:
        again += await _project(place, project)
    return again


async def taken_back(place: Place, project: Watched, run: Run, before: Mapping[str, str]) -> None:
    """The stopped run, which had written something, is over once and left nothing behind."""
    entries = await place.store.entries(place.user, project.id)
    assert [e.seq for e in entries] == list(range(1, len(entries) + 1))
    own = [e for e in entries if e.run_id == run.id]
    ends = [e.event.status for e in own if isinstance(e.event, RunFinished)]
    assert ends == [RunStatus.CANCELLED], f"{ends}\n{place.log}"
    results = Counter(step for e in own if (step := result_of(e.event)))
    assert set(results.values()) == {1}, results
    assert UNDO_STEP in results
    assert await place.store.tree(place.user, project.id) == before


async def each_command_took_effect_once(place: Place, projects: list[Watched]) -> None:
    """By the sandboxes' own record. Only a lost sandbox may take one with it."""
    effects = place.sandboxes.effects()
    assert {e.command for e in effects} <= {COMMAND}
    runs = sum(len(p.runs) for p in projects)
    keys = Counter(e.key for e in effects)
    assert len(effects) == runs * len(COMMAND_STEPS)
    assert set(keys.values()) == {1}


async def _project(place: Place, project: Watched) -> int:
    entries = await place.store.entries(place.user, project.id)
    assert [e.seq for e in entries] == list(range(1, len(entries) + 1))
    assert project.seen == entries[: len(project.seen)], "what a page was told is what there is"
    assert {e.run_id for e in entries} == {run.id for run in project.runs}
    again = 0
    for run, page in zip(project.runs, project.pages, strict=True):
        # What waits for it may change after it is over.
        own = [e for e in entries if e.run_id == run.id and not isinstance(e.event, FollowUpsChanged)]
        finished = own[-1].event
        assert isinstance(finished, RunFinished), f"the run's last word is {finished.type}"
        assert finished.status is RunStatus.SUCCEEDED, f"{finished.failure}\n{place.log}"
        now = await place.store.run(place.user, run.id)
        _well_formed(own, now.attempt)
        calls = {turn: times for (asked_for, turn), times in asked(place.folder).items() if asked_for == page}
        assert set(calls) == set(range(6))
        assert sum(calls.values()) - 6 <= now.attempt - 1, "only the call in flight is made again"
        again += sum(calls.values()) - 6
    await _files(place, project)
    return again


def _well_formed(own: list[Entry], attempts: int) -> None:
    types = Counter(e.event.type for e in own)
    assert [types[kind] for kind in ONCE] == [1, 1, 1], types
    assert types["run.claimed"] == attempts
    results = [step for e in own if (step := result_of(e.event))]
    assert max(Counter(results).values()) == 1, results
    assert {step for step in results if not step.startswith("check")} == STEPS
    assert sum(step.startswith("check") for step in results) == 2
    begun: set[str] = set()
    for entry in own:
        if isinstance(entry.event, StepStarted):
            begun.add(entry.event.step)
        elif step := result_of(entry.event):
            assert step in begun, f"{step} ended without having begun"


async def _files(place: Place, project: Watched) -> None:
    wanted = dict(STARTER) | {f"app/{page}/page.tsx": GOOD.encode() for page in project.pages}
    manifest = {path: hashlib.sha256(body).hexdigest() for path, body in wanted.items()}
    assert await place.store.tree(place.user, project.id) == manifest
    versions = await place.store.versions(place.user, project.id)
    assert [v.number for v in versions] == list(range(len(project.runs) + 1))
    assert [v.run_id for v in versions[1:]] == [run.id for run in project.runs]
    assert versions[-1].manifest == manifest
    assert all(v.verified for v in versions[1:])


def all_alike(projects: list[Watched]) -> None:
    """The n-th runs of all projects say the same, though each was disturbed elsewhere."""
    for n in range(max(len(project.runs) for project in projects)):
        told = {json.dumps(_told(project, n), sort_keys=True) for project in projects if len(project.runs) > n}
        assert len(told) == 1, "\n\n".join(sorted(told))


def _told(project: Watched, n: int) -> dict[str, Any]:
    """The results of the project's n-th run, by step, without what time and names made of them."""
    told: dict[str, Any] = {}
    for entry in project.seen:
        step = result_of(entry.event)
        if entry.run_id != project.runs[n].id or step is None:
            continue
        said = entry.event.model_dump_json(exclude={"duration_ms", "message", "report"})
        if isinstance(entry.event, ToolFinished):
            assert entry.event.call_id
        for number, page in enumerate(project.pages):
            said = said.replace(page, f"page{number}")
        told[step] = said
    return told
