"""Carry out file changes while the answer that asks for them still streams, so that the app compiles as it is written.

Nothing of it is journaled before the answer is whole. When the answer breaks off, the files go back to what they were; when
the worker dies, the next one gives the sandbox the journal's files.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from pydantic_ai.messages import ToolCallPart

from backend.agent.calls import carry_out
from backend.agent.headstart import HeadStart
from backend.agent.scope import Scope
from backend.agent.tools import CHANGING, Done, Finish, Hands, Refused
from backend.domain import CheckReport
from backend.workspace import WorkspaceError
from backend.workspace.contract import Workspace

_UNDO_S = 5


class Ahead:
    def __init__(self, workspace: Workspace, scope: Scope, head_start: HeadStart, proven: Callable[[], bool]) -> None:
        """`proven`: whether the files, before the answer, passed the checks as they are."""
        self._workspace, self._head_start, self._proven = workspace, head_start, proven
        self._hands = Hands(workspace, key="", say=_quiet, prove=_too_early, scope=scope)
        self.begin()

    def begin(self) -> None:
        """An answer begins."""
        self._open = True
        self._done: dict[tuple[str, str], Done] = {}
        self._before: dict[str, bytes | None] = {}

    def hear(self, tool: str) -> None:
        """A call begins to come. Nothing is left to do before it but what was done: the proof need not wait for its summary."""
        made = all(done.ok for done in self._done.values())
        if tool == Finish.name and self._open and made and (self._before or not self._proven()):
            self._head_start.begin()

    async def take(self, call: ToolCallPart) -> None:
        """A whole call has come. It is carried out if only file changes came before it: deeds keep the answer's order."""
        if call.tool_name != Finish.name:
            await self._head_start.drop()
        self._open = self._open and call.tool_name in CHANGING
        if not self._open:
            return
        before = dict(self._workspace.files)
        try:
            done = await carry_out(call, self._hands)
        except WorkspaceError:
            self._open = False
            return
        self._done[_key(call)] = done
        for written in done.written:
            self._before.setdefault(written.change.path, before.get(written.change.path))

    def done(self, call: ToolCallPart) -> Done | None:
        """What came of the call, if it was carried out already."""
        return self._done.pop(_key(call), None)

    async def settle(self, calls: Sequence[ToolCallPart]) -> None:
        """The answer is whole. Calls may come piece by piece in turns: what was taken for a whole one and was not is undone."""
        if self._done.keys() - set(map(_key, calls)):
            await self.undo()

    async def undo(self) -> None:
        """The answer broke off: put back what its calls changed. A sandbox that is lost has nothing to put back."""
        before = self._before
        self.begin()
        await self._head_start.drop()
        if before:
            with contextlib.suppress(WorkspaceError, TimeoutError):
                await asyncio.wait_for(self._workspace.write(before), _UNDO_S)


def _key(call: ToolCallPart) -> tuple[str, str]:
    return call.tool_call_id, str(call.args)


async def _quiet(_: str) -> None:
    return None


async def _too_early() -> CheckReport:
    raise Refused("The answer is not whole yet.")
