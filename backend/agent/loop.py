"""The agent: think, act, prove, until the app is proven or cannot be.

Its state is the message history, and every message follows from a step in the journal. So a run that was killed is
resumed by playing the same loop again: a step that is in the journal is taken from there, the first one that is not
is done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelResponse,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from backend.agent import history
from backend.agent.acting import act
from backend.agent.ahead import Ahead
from backend.agent.asking import ask
from backend.agent.budget import Budget, Clock
from backend.agent.cutting import Cuts
from backend.agent.forgetting import within_reach
from backend.agent.gate import Gate
from backend.agent.headstart import HeadStart
from backend.agent.journal import Journal
from backend.agent.mapping import mapped
from backend.agent.models import Models
from backend.agent.progress import Progress
from backend.agent.proving import Prover
from backend.agent.reviewing import Critic, as_request
from backend.agent.roles import CODER, PLANNER
from backend.agent.scope import Scope
from backend.agent.stops import Stopped
from backend.agent.titles import naming
from backend.agent.tools import PROVING
from backend.agent.tried import tried
from backend.domain import CheckReport, Failure, RunKind
from backend.events import ModelFinished, ToolFinished, spent_micros
from backend.workspace.contract import Workspace


@dataclass(frozen=True)
class Outcome:
    """How the work ended."""

    succeeded: bool
    verified: bool
    """Whether the files as they now are passed the checks in this run."""
    changed: bool
    """Whether the run changed any file. A question answered succeeds without."""
    failure: Failure | None
    report: CheckReport | None
    """What the checks found in the files as they now are; None when nothing was checked since the last change."""
    summary: str
    """For the person: what was done or answered."""


async def run_agent(
    journal: Journal,
    workspace: Workspace,
    gate: Gate,
    models: Models,
    budget: Budget,
    variables: Sequence[str] = (),
) -> Outcome:
    """Do what the run's prompt asks; `variables` names those of the app. Raises `LeaseLost` and `SandboxLost`; called again, it goes on after the last
    finished step.
    """
    work = _Work(journal, workspace, gate, models, budget, variables)
    async with naming(journal, models):
        try:
            return await work.through()
        except Stopped as stopped:
            return await work.stopped(stopped.failure)
        finally:
            await work.head_start.drop()


class _Work:
    def __init__(
        self,
        journal: Journal,
        workspace: Workspace,
        gate: Gate,
        models: Models,
        budget: Budget,
        variables: Sequence[str],
    ) -> None:
        self.journal, self.workspace, self.models, self.budget = journal, workspace, models, budget
        self.variables = variables
        found = history.paths_at_start(workspace.files, journal.entries)
        self.scope = Scope(journal.run.prompt, found)
        self.head_start = HeadStart(gate, workspace)
        self.role = PLANNER if journal.run.kind is RunKind.PLAN else CODER
        self.critic = Critic(journal, models)
        self.progress = Progress()
        self.prover = Prover(journal, workspace, self.head_start, self.progress)
        self.ahead = Ahead(workspace, self.scope, self.head_start, lambda: self.prover.passed)
        self.clock = Clock(journal.entries)
        self.finished = {
            e.event.step: e.event for e in journal.entries if isinstance(e.event, ModelFinished | ToolFinished)
        }
        self.cuts = Cuts()
        self.changed = False

    async def through(self) -> Outcome:
        project = await mapped(self.journal, self.workspace.files, self.variables)
        messages = await history.opening(self.journal, self.role, project)
        for turn in count():
            answer = await self.think(turn, messages)
            messages.append(answer)
            to_go_on = self.cuts.then(answer)
            if calls := answer.tool_calls:
                results = await self.do(turn, calls)
                self.progress.answered(calls, results)
                messages.append(ModelRequest(parts=[*self.as_parts(calls, results), *to_go_on]))
                done = next((result for result in results if result.tool == "finish" and result.ok), None)
                if done and await self.accepted(messages):
                    return self.outcome(summary=done.target)
            elif to_go_on:
                messages.append(ModelRequest(parts=to_go_on))
            elif not self.changed:
                return self.outcome(summary=answer.text or "")
            else:
                report = await self.prover.prove_anew()
                if not report.passed:
                    messages.append(ModelRequest(parts=[UserPromptPart(report.as_text())]))
                elif await self.accepted(messages):
                    return self.outcome(summary=answer.text or "")
            self.progress.require()
        raise AssertionError

    async def accepted(self, messages: list[ModelMessage]) -> bool:
        """Whether the critic lets the proven app go; what it finds is for the coder."""
        findings = await self.critic.review(self.prover.report)
        if findings:
            messages.append(ModelRequest(parts=[UserPromptPart(as_request(findings))]))
        return not findings

    async def think(self, turn: int, messages: Sequence[ModelMessage]) -> ModelResponse:
        """The model's answer to all there is so far."""
        event = self.finished.get(step := f"model:{turn}")
        if not isinstance(event, ModelFinished):
            self.budget.require(spent_micros(self.journal.entries), turn, self.clock.worked_s)
            event = await ask(self.journal, step, self.role, self.models, within_reach(messages), self.ahead)
        (message,) = ModelMessagesTypeAdapter.validate_python([event.message])
        assert isinstance(message, ModelResponse)
        return message

    async def do(self, turn: int, calls: Sequence[ToolCallPart]) -> list[ToolFinished]:
        """The results of an answer's tool calls, carried out in order, `finish` last."""
        results: list[ToolFinished] = []
        for place, call in sorted(enumerate(calls), key=lambda numbered: numbered[1].tool_name == "finish"):
            step = f"tool:{turn}:{place}"
            self.prover.begin(call, missed=[r.tool for r in results if not r.ok])
            event = self.finished.get(step)
            if not isinstance(event, ToolFinished):
                done = self.ahead.done(call)
                if done is None and call.tool_name not in PROVING:
                    await self.head_start.drop()
                event = await act(self.journal, step, call, done, self.workspace, self.prover.prove, self.scope)
            self.scope.note(event)
            if event.changes:
                self.changed = True
                self.prover.forget()
            results.append(event)
        await self.head_start.drop()
        return results

    def as_parts(self, calls: Sequence[ToolCallPart], results: Sequence[ToolFinished]) -> list[ToolReturnPart]:
        # Never marked as failed: providers would be sent the text wrapped and escaped as JSON.
        by_id = {call.tool_call_id: call for call in calls}
        return [
            ToolReturnPart(r.tool, r.result + self.progress.warning(by_id[r.call_id], r), r.call_id) for r in results
        ]

    async def stopped(self, failure: Failure) -> Outcome:
        """The end without success. What was built is checked all the same, so that the person knows how it stands."""
        if self.changed and not self.prover.report:
            await self.prover.prove_anew()
        return self.outcome(failure=failure.model_copy(update={"tried": tried(self.journal.entries)}))

    def outcome(self, *, summary: str = "", failure: Failure | None = None) -> Outcome:
        report = self.prover.report
        return Outcome(
            succeeded=failure is None,
            verified=report is not None and report.passed,
            changed=self.changed,
            failure=failure,
            report=report,
            summary=summary or (failure.message if failure else ""),
        )
