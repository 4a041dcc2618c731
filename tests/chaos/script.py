"""A model that follows a script, slowly, and writes down every time it is asked."""

import asyncio
import json
import os
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from pydantic_ai.messages import ModelMessage, ModelRequest, UserPromptPart
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, FunctionModel

from backend.agent.models import Candidate, Models
from tests.agent.scripts import Say, answers_in_run, models_of

GOOD = "export default 1\n"
COMMAND = "make pages"
STEPS = {
    *(f"model:{turn}" for turn in range(6)),
    *("tool:0:0", "tool:0:1", "tool:1:0", "tool:2:0", "tool:3:0", "tool:4:0", "tool:4:1", "tool:5:0"),
}
"""Besides the checks."""
COMMAND_STEPS = ("tool:2:0", "tool:4:1")


def prompt(page: str) -> str:
    return f"Build the page {page}."


def answers(page: str) -> list[Say]:
    path = f"app/{page}/page.tsx"
    finish = ("finish", {"summary": f"The page {page}."})
    return [
        Say("I look first.", [("list_files", {}), ("read_file", {"path": "package.json"})]),
        Say("A page.", [("write_file", {"path": path, "content": "BROKEN\n" * 20})]),
        Say("A command.", [("run_command", {"command": COMMAND})]),
        Say("Done.", [finish]),
        Say("Repaired.", [("write_file", {"path": path, "content": GOOD}), ("run_command", {"command": COMMAND})]),
        Say("Done.", [finish]),
    ]


def scripted(folder: Path, pace_s: float) -> Models:
    async def stream(messages: list[ModelMessage], _: AgentInfo) -> AsyncIterator:
        page, turn = page_of(messages), answers_in_run(messages)
        _write(folder, page, turn)
        say = answers(page)[turn]
        for at in range(0, len(say.text), 5):
            await asyncio.sleep(pace_s)
            yield say.text[at : at + 5]
        for place, (tool, arguments) in enumerate(say.calls):
            yield {place: DeltaToolCall(name=tool, json_args="", tool_call_id=f"c{turn}-{place}")}
            written = json.dumps(arguments)
            for at in range(0, len(written), 40):
                await asyncio.sleep(pace_s)
                yield {place: DeltaToolCall(json_args=written[at : at + 40])}

    return models_of(
        Candidate("demo", "scripted", lambda: FunctionModel(stream_function=stream, model_name="scripted"))
    )


def page_of(messages: Sequence[ModelMessage]) -> str:
    """Which page the newest prompt asks for."""
    parts = [p for m in messages if isinstance(m, ModelRequest) for p in m.parts if isinstance(p, UserPromptPart)]
    found = re.findall(r"Build the page (\w+)\.", "\n".join(str(part.content) for part in parts))
    return found[-1]


def asked(folder: Path) -> Counter[tuple[str, int]]:
    """How often the model was asked for each answer, by page and turn."""
    calls = (folder / "calls.jsonl").read_text().splitlines()
    return Counter((page, turn) for page, turn in map(json.loads, calls))


def _write(folder: Path, page: str, turn: int) -> None:
    record = os.open(folder / "calls.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(record, f"{json.dumps([page, turn])}\n".encode())
    finally:
        os.close(record)
