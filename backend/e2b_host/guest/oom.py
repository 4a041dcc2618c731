"""Which of the sandbox's processes the kernel ends first when memory runs out."""

import contextlib
import os
from collections.abc import Iterator

AGENT, COMMANDS = b"500", b"1000"
"""Sandboxes go before anything else of the machine, and in a sandbox what it runs before its agent."""


class OomScore:
    def __init__(self) -> None:
        """Open while there is the right to: a process that changes its user loses it."""
        try:
            self._file: int | None = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            self._file = None
        self._be(AGENT)

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """What is started meanwhile has, and passes on, the score of commands."""
        self._be(COMMANDS)
        try:
            yield
        finally:
            self._be(AGENT)

    def _be(self, score: bytes) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.pwrite(self._file, score, 0)
