"""That somebody has a project's page open, noted in the store now and then: their preview is kept awake meanwhile."""

import contextlib
import time

from backend.domain import CodeFlowError, User
from backend.store import Store

EVERY_S = 60.0
"""However many pages show a project, one note a minute."""
REMEMBERED = 1000


class Looking:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._noted: dict[str, float] = {}

    async def at(self, user: User, project_id: str) -> None:
        """The user's page of the project is open just now. Never fails: what is not noted is noted a minute later."""
        now = time.monotonic()
        if now - self._noted.get(project_id, now - EVERY_S) < EVERY_S:
            return
        if len(self._noted) >= REMEMBERED:
            self._noted = {known: at for known, at in self._noted.items() if now - at < EVERY_S}
        self._noted[project_id] = now
        with contextlib.suppress(CodeFlowError):
            await self._store.look_at(user, project_id)
