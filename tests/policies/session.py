"""One connection that acts as anybody, with the role and the claims that PostgREST would set."""

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString, cast

import psycopg
from psycopg.types.json import Jsonb

OWNER = "postgres"
DENIED = "42501"
_ARRAYS = {"p_hashes", "p_blobs"}


@dataclass(frozen=True)
class Refused:
    """What the database said instead of an answer."""

    code: str
    hint: str | None
    message: str


class Session:
    """Statements of one transaction; `sql` speaks as whoever `act` named last, at first as the owner of the schema."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def act(self, role: str, user: str | None = None, **claims: Any) -> None:
        said = {"role": role, **({"sub": user} if user else {}), **claims}
        self.connection.execute(
            "select set_config('request.jwt.claims', %s, true), set_config('role', %s, true)", (json.dumps(said), role)
        )

    def sql(self, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Raises `psycopg.Error`."""
        cursor = self.connection.execute(cast(LiteralString, statement), arguments or None)
        return cursor.fetchall() if cursor.description else []

    def call(self, function: str, **arguments: Any) -> Any:
        """Call one of `public`'s functions. Raises `psycopg.Error`."""
        named = ", ".join(f"{name} => %s" for name in arguments)
        values = [_argument(name, value) for name, value in arguments.items()]
        return self.sql(f"select public.{function}({named})", *values)[0][0]

    def attempt(self, statement: str, *arguments: Any) -> list[tuple[Any, ...]] | Refused:
        """As `sql`. After a refusal nothing more can be said until `undone` ends."""
        try:
            return self.sql(statement, *arguments)
        except psycopg.Error as error:
            return _refused(error)

    def attempt_call(self, function: str, **arguments: Any) -> Any:
        """As `call`. After a refusal nothing more can be said until `undone` ends."""
        try:
            return self.call(function, **arguments)
        except psycopg.Error as error:
            return _refused(error)

    def refusal(self, function: str, **arguments: Any) -> Refused:
        """What a call that must fail is told."""
        with self.undone():
            answer = self.attempt_call(function, **arguments)
        assert isinstance(answer, Refused), f"{function} answered {answer}"
        return answer

    @contextmanager
    def undone(self) -> Iterator[None]:
        """What happens inside has not happened afterwards, and whoever spoke before speaks again."""
        with self.connection.transaction(force_rollback=True):
            yield


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _argument(name: str, value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict | list) and name not in _ARRAYS else value


def _refused(error: psycopg.Error) -> Refused:
    return Refused(error.sqlstate or "", error.diag.message_hint, error.diag.message_primary or str(error))
