"""An agent of few words: so many turns, each a streamed answer, a file and a command, then a check. It resumes by the journal."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backend.events import CheckFinished, Delta, ModelFinished, ProjectTitled, StepStarted, ToolFinished
from backend.runs.job import Job
from backend.workspace.contract import Workspace

if TYPE_CHECKING:
    from backend.agent.loop import Outcome


@dataclass
class Actor:
    turns: int = 3
    pause_s: float = 0.0
    text: str = "export default 1\n"

    async def __call__(self, job: Job, workspace: Workspace) -> "Outcome":
        if not job.journal.title:
            await job.journal.append(ProjectTitled(title="Acted"))
        for turn in range(self.turns):
            await self._think(job, f"model:{turn}", turn)
            await self._write(job, workspace, f"tool:{turn}:0", f"app/page{turn}.tsx")
            await self._run(job, workspace, f"tool:{turn}:1", f"build {turn}")
        report = await self._check(job, workspace)
        # Late, since it takes seconds to import, which a process that is to be killed should not spend.
        from backend.agent.loop import Outcome

        return Outcome(report.passed, report.passed, self.turns > 0, None, report, "Done.")

    async def _think(self, job: Job, step: str, turn: int) -> None:
        if job.journal.done(step):
            return
        await job.journal.append(StepStarted(step=step, kind="model"))
        for word in ("I ", "write ", "a ", "page."):
            await job.journal.stream(step, Delta(part=0, kind="text", text=word))
            await asyncio.sleep(self.pause_s)
        answer = ModelFinished(
            step=step,
            model="actor",
            message={"turn": turn},
            text="I write a page.",
            cost_micros=100,
            duration_ms=1,
        )
        await job.journal.append(answer, step=step)

    async def _write(self, job: Job, workspace: Workspace, step: str, path: str) -> None:
        if job.journal.done(step):
            return
        await job.journal.append(StepStarted(step=step, kind="tool", tool="write", target=path))
        written = await workspace.write({path: self.text.encode()})
        await asyncio.sleep(self.pause_s)
        result = ToolFinished(
            step=step,
            call_id=step,
            tool="write",
            target=path,
            ok=True,
            result="Written.",
            changes=[w.change for w in written],
            duration_ms=1,
        )
        await job.journal.append(result, step=step, blobs=[w.content for w in written if w.content is not None])

    async def _run(self, job: Job, workspace: Workspace, step: str, command: str) -> None:
        if job.journal.done(step):
            return
        await job.journal.append(StepStarted(step=step, kind="tool", tool="run", target=command))
        done = await workspace.run(command, key=f"{job.run.id}/{step}")
        await asyncio.sleep(self.pause_s)
        result = ToolFinished(
            step=step,
            call_id=step,
            tool="run",
            target=command,
            ok=True,
            result=done.output,
            output=done.output,
            exit_code=done.exit_code,
            duration_ms=1,
        )
        await job.journal.append(result, step=step)

    async def _check(self, job: Job, workspace: Workspace):
        for entry in job.journal.entries:
            if isinstance(entry.event, CheckFinished):
                return entry.event.report
        await job.journal.append(StepStarted(step="check:0", kind="check"))
        checked = await job.gate(workspace)
        finished = CheckFinished(step="check:0", report=checked.report, duration_ms=1)
        await job.journal.append(finished, step="check:0", blobs=checked.blobs)
        return checked.report
