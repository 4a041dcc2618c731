"""What the parts of the SQLite store have in common."""

from collections.abc import Callable

from backend.store.pokes import Pokes
from backend.store.sqlite_database import Database


class Part:
    def __init__(self, database: Database, clock: Callable[[], float], default_tier: str) -> None:
        self.database = database
        self._pokes = Pokes()
        self._clock = clock
        self._default_tier = default_tier
        """Of users who sign in, until they are given another."""
