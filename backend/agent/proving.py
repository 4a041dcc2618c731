"""Prove the work: send it through the gate, and remember what the gate said."""

import time
from collections.abc import Sequence

from pydantic_ai.messages import ToolCallPart

from backend.agent.gate import Gate
from backend.agent.journal import Journal
from backend.agent.progress import Progress
from backend.agent.tools import CHANGING, PROVING, Refused
from backend.domain import CheckReport
from backend.events import CheckFinished, StepStarted
from backend.telemetry import span
from backend.workspace.contract import Workspace

_MUST_SUCCEED = (*CHANGING, "add_packages")


class Prover:
    """A run's checks. The n-th call for a proof is the step `check:<n>`, whether the gate had to be asked or not."""

    def __init__(self, journal: Journal, workspace: Workspace, gate: Gate, progress: Progress) -> None:
        self.report: CheckReport | None = None
        """What the checks found in the files as they now are; None when files changed since."""
        self._journal, self._workspace, self._gate, self._progress = journal, workspace, gate, progress
        self._finished = {e.event.step: e.event for e in journal.entries if isinstance(e.event, CheckFinished)}
        self._number = -1
        self._recalled: CheckFinished | None = None
        self._refusal = ""

    def begin(self, call: ToolCallPart, missed: Sequence[str]) -> None:
        """A tool call comes up, after the tools `missed` failed in the same answer."""
        if call.tool_name in PROVING:
            self._next()
            unmade = [tool for tool in missed if tool in _MUST_SUCCEED] if call.tool_name == "finish" else []
            self._refusal = (
                f"Not finished: {', '.join(unmade)} failed in this same answer. See to that first." if unmade else ""
            )

    def forget(self) -> None:
        """Files changed: what the checks found is no longer true."""
        self.report = None

    async def prove_anew(self) -> CheckReport:
        """A proof nobody called a tool for."""
        self._next()
        self._refusal = ""
        return await self.prove()

    async def prove(self) -> CheckReport:
        """The gate's report on the files as they now are. Raises `Refused` when the answer contradicts itself."""
        if self._refusal:
            raise Refused(self._refusal)
        if self._recalled:
            return self._recalled.report
        if self.report and self.passed:
            return self.report
        begun = time.monotonic()
        await self._journal.append(StepStarted(step=self._step, kind="check"))
        with span("check", {"codeflow.step": self._step}) as told:
            checked = await self._gate(self._workspace)
            told.set_attribute("codeflow.passed", checked.report.passed)
        duration_ms = round((time.monotonic() - begun) * 1000)
        finished = CheckFinished(step=self._step, report=checked.report, duration_ms=duration_ms)
        await self._journal.append(finished, step=self._step, blobs=checked.blobs)
        self._note(checked.report)
        return checked.report

    @property
    def passed(self) -> bool:
        """Whether the files as they now are passed."""
        return self.report is not None and self.report.passed

    @property
    def _step(self) -> str:
        return f"check:{self._number}"

    def _next(self) -> None:
        self._number += 1
        self._recalled = self._finished.get(self._step)
        if self._recalled:
            self._note(self._recalled.report)

    def _note(self, report: CheckReport) -> None:
        self.report = report
        self._progress.checked(report)
