"""Carry out one tool call and journal what came of it."""

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import ValidationError
from pydantic_ai.messages import ToolCallPart

from backend.agent.journal import Journal
from backend.agent.tools import CATALOGUE, Done, Hands, Refused, Tool
from backend.domain import CheckReport
from backend.events import Delta, StepStarted, ToolFinished
from backend.workspace import FileMissing, PathRefused
from backend.workspace.contract import Workspace

_MAX_ABOUT_CHARS = 2_000


async def act(
    journal: Journal, step: str, call: ToolCallPart, workspace: Workspace, prove: Callable[[], Awaitable[CheckReport]]
) -> ToolFinished:
    """The call's result, journaled under `step`. What the model can repair is a result too; what it cannot is
    raised.
    """

    async def say(output: str) -> None:
        await journal.stream(step, Delta(part=0, kind="output", text=output))

    begun = time.monotonic()
    about = ""
    try:
        tool = _parsed(call)
        about = tool.about[:_MAX_ABOUT_CHARS]
        await journal.append(StepStarted(step=step, kind="tool", tool=call.tool_name, target=about))
        done = await tool.run(Hands(workspace, step, say, prove))
    except (Refused, PathRefused, FileMissing) as refusal:
        done = Done(str(refusal), ok=False)
    finished = ToolFinished(
        step=step,
        call_id=call.tool_call_id,
        tool=call.tool_name,
        target=about,
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


def _parsed(call: ToolCallPart) -> Tool:
    kind = CATALOGUE.get(call.tool_name)
    if kind is None:
        raise Refused(f"There is no tool `{call.tool_name}`. The tools are: {', '.join(CATALOGUE)}.")
    try:
        return kind.model_validate(_arguments(call))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'arguments'}: {e['msg']}" for e in error.errors())
        raise Refused(
            f"The arguments of {call.tool_name} do not fit: {wrong}. Call it again with all of them."
        ) from None


def _arguments(call: ToolCallPart) -> dict[str, Any]:
    if not isinstance(call.args, str):
        return dict(call.args or {})
    try:
        arguments = json.loads(call.args or "{}", strict=False)
    except ValueError:
        raise Refused(
            f"The arguments of {call.tool_name} are not whole JSON; they may have been cut at your output limit. "
            "Call it again, with a smaller file if it was long."
        ) from None
    if not isinstance(arguments, dict):
        raise Refused(f"The arguments of {call.tool_name} must be a JSON object.")
    return arguments
