"""A project in memory: carries out the demo model's tool calls as the loop would, and keeps the history."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic_ai.direct import model_request_stream
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, ToolCallPart, ToolReturnPart, UserPromptPart
from pydantic_ai.models import Model

from backend.agent.demo import demo_model
from backend.agent.roles import CODER, Role
from backend.config import ROOT

PASSED = "All checks passed: types; 1 route served; page opened"
STARTER = ROOT / "template" / "starter"

Gate = Callable[[dict[str, str]], str]
"""The checks' report on some files."""


def property_types(files: dict[str, str]) -> str:
    """What a type checker says of the one component whose properties the expense tracker gets wrong at first."""
    table = files.get("components/expenses/expense-table.tsx", "")
    known = re.findall(r"^  (\w+): ", table.partition("type Props = {")[2].partition("};")[0], re.M)
    user = "components/expenses/tracker.tsx"
    for number, line in enumerate(files.get(user, "").splitlines(), 1):
        for given in re.findall(r" (\w+)=", line.partition("<ExpenseTable")[2]):
            if given not in known:
                problem = f"- [types] {user}:{number}: Property '{given}' does not exist on type 'Props'."
                return f"The checks failed. Repair these problems, then finish again.\n{problem}"
    return PASSED


def starter() -> dict[str, str]:
    paths = [path for path in STARTER.rglob("*") if path.is_file() and "node_modules" not in path.parts]
    texts = {path.relative_to(STARTER).as_posix(): path for path in paths if path.suffix in {".ts", ".tsx", ".css"}}
    return {name: path.read_text(encoding="utf-8") for name, path in texts.items()}


@dataclass
class Desk:
    """`files` are what the tools work on; `messages` the whole history."""

    files: dict[str, str] = field(default_factory=starter)
    gate: Gate = property_types
    messages: list[ModelMessage] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    edits: list[tuple[str, str]] = field(default_factory=list)
    model: Model = field(default_factory=lambda: demo_model(0))
    role: Role = CODER

    async def ask(self, prompt: str) -> list[ToolCallPart]:
        """One turn, to its end. Returns every call made in it."""
        project = "\n".join(["<project>", *sorted(self.files), "</project>"])
        self.messages.append(ModelRequest(parts=[UserPromptPart(project), UserPromptPart(prompt)]))
        return await self.go_on()

    async def go_on(self) -> list[ToolCallPart]:
        made: list[ToolCallPart] = []
        for _ in range(40):
            answer = await self.answer(self.messages)
            self.messages.append(answer)
            self.said.append(answer.text or "")
            calls = answer.tool_calls
            made += calls
            if not calls:
                return made
            results = [(call, self.carry_out(call.tool_name, call.args_as_dict())) for call in calls]
            parts = [ToolReturnPart(call.tool_name, result, call.tool_call_id) for call, result in results]
            self.messages.append(ModelRequest(parts=parts))
            if any(call.tool_name == "finish" and result.startswith("All checks passed") for call, result in results):
                return made
        raise AssertionError("the turn does not end")

    async def answer(self, messages: list[ModelMessage]) -> ModelResponse:
        async with model_request_stream(self.model, messages, model_request_parameters=self.role.parameters) as stream:
            async for _ in stream:
                pass
        return stream.get()

    def carry_out(self, tool: str, args: dict[str, Any]) -> str:
        match tool:
            case "list_files":
                return "\n".join(f"{path} ({len(text)} bytes)" for path, text in sorted(self.files.items()))
            case "read_file":
                return self.files.get(args["path"], f"There is no file `{args['path']}`.")
            case "write_file":
                self.files[args["path"]] = args["content"]
                return f"Created {args['path']}."
            case "edit_file":
                text = self.files[args["path"]]
                assert text.count(args["old"]) == 1, f"{args['path']}: `old` is there {text.count(args['old'])} times"
                assert args["old"] != args["new"]
                self.files[args["path"]] = text.replace(args["old"], args["new"])
                self.edits.append((args["path"], args["new"]))
                return f"Changed {args['path']}."
            case "finish":
                return self.gate(self.files)
            case _:
                raise AssertionError(f"no such tool: {tool}")
