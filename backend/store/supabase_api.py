"""Calls to a Supabase project: each with a light client of its own for whoever asks, over one pool, retried if that helps."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from postgrest import AsyncSelectRequestBuilder
from pydantic import SecretStr
from supabase import AsyncClient, AsyncClientOptions

from backend.domain import CodeFlowError, NotSignedIn, Unavailable, User
from backend.store.supabase_errors import SIGN_IN, understood
from backend.store.supabase_http import Refusal, open_pool
from backend.store.supabase_retry import PATIENCE_S, TRIES, passes, pause_s

PAGE = 1000
"""Rows the API gives at once, however many are asked for."""
BLOBS_AT_ONCE = 100
"""Contents read in one call; a larger answer would take too long to make."""

Row = dict[str, Any]
Query = Callable[[AsyncSelectRequestBuilder], AsyncSelectRequestBuilder]
"""Filters and order of a read."""


@dataclass(frozen=True)
class Caller:
    """Whose rights a call has."""

    key: str = field(repr=False)
    token: str = field(repr=False)
    refused: str | None = None
    """What a refused token means to the operator; None when it is a user's, who signs in again."""


class Api:
    """Every method raises errors of `backend.domain`, and nothing but those."""

    def __init__(self, url: str, publishable_key: str, worker_token: str | None, operator_key: str | None) -> None:
        self._url = url
        self._key = publishable_key
        self._worker_token = SecretStr(worker_token) if worker_token else None
        self._operator_key = SecretStr(operator_key) if operator_key else None
        self._pool = open_pool()

    async def close(self) -> None:
        await self._pool.aclose()

    def user(self, user: User) -> Caller:
        if user.token is None:
            raise NotSignedIn(SIGN_IN)
        return Caller(self._key, user.token.get_secret_value())

    def anybody(self) -> Caller:
        return Caller(
            self._key,
            self._key,
            "Supabase refuses SUPABASE_PUBLISHABLE_KEY. Copy it again from the project's settings, and check that "
            "the migrations are applied (`supabase db push`).",
        )

    def worker(self) -> Caller:
        if self._worker_token is None:
            raise Unavailable(
                "This process has no right to work on runs: SUPABASE_WORKER_TOKEN is not set. "
                "Set it to a token of the role codeflow_worker, or let workers run elsewhere."
            )
        return Caller(
            self._key,
            self._worker_token.get_secret_value(),
            "Supabase refuses SUPABASE_WORKER_TOKEN: it is over, or another project's. Make a new one.",
        )

    def operator(self) -> Caller:
        if self._operator_key is None:
            raise Unavailable(
                "This is for the operator alone, and SUPABASE_SECRET_KEY is not set. "
                "Set it for this one command, to a secret key of the Supabase project."
            )
        key = self._operator_key.get_secret_value()
        return Caller(key, key, "Supabase refuses SUPABASE_SECRET_KEY. Copy it again from the project's settings.")

    def overseer(self) -> Caller:
        """Who sees everybody's runs: the operator, else a worker. Raises `Unavailable` when this process is neither."""
        return self.operator() if self._operator_key else self.worker()

    async def call(self, caller: Caller, function: str, **arguments: Any) -> Any:
        """The function's answer. It must bear being called twice with the same arguments: it is, when an answer is lost."""
        return (await self.call_counted(caller, function, **arguments))[0]

    async def call_counted(self, caller: Caller, function: str, **arguments: Any) -> tuple[Any, bool]:
        """The same, and whether it was called more than once."""
        return await self._until_answered(caller, lambda client: client.rpc(function, arguments).execute())

    async def call_gone(self, caller: Caller, gone: type[CodeFlowError], function: str, **arguments: Any) -> Any:
        """The answer of a function that ends something. None: an earlier try did it, but its answer was lost.

        `gone` is what the function raises when there is nothing to end.
        """
        tried = 0

        def ask(client: AsyncClient) -> Awaitable[Any]:
            nonlocal tried
            tried += 1
            return client.rpc(function, arguments).execute()

        try:
            return (await self._until_answered(caller, ask))[0]
        except gone:
            if tried > 1:
                return None
            raise

    async def call_once(self, caller: Caller, function: str, **arguments: Any) -> Any:
        """The function's answer, without a second try."""
        try:
            return (await self._client(caller).rpc(function, arguments).execute()).data
        except (Refusal, httpx.HTTPError, UnicodeEncodeError) as error:
            raise _told(error, caller) from None

    async def rows(self, caller: Caller, table: str, columns: str, query: Query, limit: int | None = None) -> list[Row]:
        """Rows in the query's order, up to `limit`, in as many pages as it takes."""
        found: list[Row] = []
        while True:
            size = PAGE if limit is None else min(PAGE, limit - len(found))
            start = len(found)

            def ask(client: AsyncClient, start: int = start, size: int = size) -> Awaitable[Any]:
                return query(client.from_(table).select(columns)).range(start, start + size - 1).execute()

            page: list[Row] = (await self._until_answered(caller, ask))[0]
            found += page
            if len(page) < size or len(found) == limit:
                return found

    async def _until_answered(self, caller: Caller, ask: Callable[[AsyncClient], Awaitable[Any]]) -> tuple[Any, bool]:
        began = time.monotonic()
        tries = 0
        while True:
            tries += 1
            try:
                return (await ask(self._client(caller))).data, tries > 1
            except (Refusal, httpx.HTTPError, UnicodeEncodeError) as error:
                pause = pause_s(tries, error)
                if not passes(error) or tries == TRIES or time.monotonic() + pause > began + PATIENCE_S:
                    raise _told(error, caller) from None
            await asyncio.sleep(pause)

    def _client(self, caller: Caller) -> AsyncClient:
        # Never shared: a client that somebody signed in with would ask everybody else's questions as them.
        options = AsyncClientOptions(
            headers={"Authorization": f"Bearer {caller.token}"},
            httpx_client=self._pool,
            auto_refresh_token=False,
            persist_session=False,
            postgrest_client_retry=False,
        )
        return AsyncClient(self._url, caller.key, options)


def _told(error: Exception, caller: Caller) -> Exception:
    told = understood(error)
    if isinstance(told, NotSignedIn) and caller.refused:
        return Unavailable(caller.refused)
    return told


def filtered(**equal: str) -> Query:
    """The rows whose columns have these values."""

    def query(select: AsyncSelectRequestBuilder) -> AsyncSelectRequestBuilder:
        for column, value in equal.items():
            select = select.eq(column, value)
        return select

    return query


def ordered(query: Query, column: str) -> Query:
    return lambda select: query(select).order(column)
