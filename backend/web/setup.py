"""Making the sandboxes ready while the page is already up."""

import asyncio
import contextlib
from dataclasses import dataclass


@dataclass(frozen=True)
class SetupState:
    message: str
    """What is being done, for a person."""
    fraction: float | None = None
    """How much of it is done, 0 to 1; None when nobody can tell."""
    error: str | None = None
    """Why sandboxes cannot be had, and what to do; the set-up has ended."""
    ready: bool = False


class Setup:
    """The state as it now is; `wait` returns when it becomes another."""

    def __init__(self) -> None:
        self.state = SetupState("Starting …")
        self._changed = asyncio.Event()

    @property
    def message(self) -> str:
        return self.state.message

    @property
    def fraction(self) -> float | None:
        return self.state.fraction

    @property
    def error(self) -> str | None:
        return self.state.error

    @property
    def ready(self) -> bool:
        return self.state.ready

    def progress(self, message: str, fraction: float | None = None) -> None:
        self._become(SetupState(message, fraction))

    def fail(self, error: str) -> None:
        self._become(SetupState("Sandboxes cannot be started.", error=error))

    def done(self, message: str) -> None:
        self._become(SetupState(message, 1.0, ready=True))

    async def wait(self, timeout_s: float) -> None:
        changed = self._changed
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await changed.wait()

    def _become(self, state: SetupState) -> None:
        if state != self.state:
            self.state = state
            self._changed.set()
            self._changed = asyncio.Event()
