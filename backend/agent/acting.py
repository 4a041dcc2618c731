"""Carry out one tool call, unless that was done already, and journal what came of it."""

import time

from pydantic_ai.messages import ToolCallPart

from backend.agent.calls import about, carry_out
from backend.agent.journal import Journal
from backend.agent.scope import Scope
from backend.agent.tools import Done, Hands, Prove
from backend.agent.tracing import traced
from backend.events import Delta, StepStarted, ToolFinished
from backend.workspace.contract import Workspace


@traced
async def act(
    journal: Journal,
    step: str,
    call: ToolCallPart,
    done: Done | None,
    workspace: Workspace,
    prove: Prove,
    scope: Scope,
) -> ToolFinished:
    """The call's result, journaled under `step`. `done`: what came of it, if it was carried out ahead."""

    async def say(output: str) -> None:
        await journal.stream(step, Delta(part=0, kind="output", text=output))

    target = about(call)
    await journal.append(StepStarted(step=step, kind="tool", tool=call.tool_name, target=target))
    begun = time.monotonic()
    # A sandbox outlives the run: the same step of a later one is another deed.
    hands = Hands(workspace, f"{journal.run.id}/{step}", say, prove, scope)
    done = done or await carry_out(call, hands)
    finished = ToolFinished(
        step=step,
        call_id=call.tool_call_id,
        tool=call.tool_name,
        target=target,
        ok=done.ok,
        result=done.text,
        changes=[written.change for written in done.written],
        output=done.output,
        exit_code=done.exit_code,
        duration_ms=round((time.monotonic() - begun) * 1000),
    )
    blobs = [written.content for written in done.written if written.content is not None]
    await journal.append(finished, step=step, blobs=blobs)
    return finished
