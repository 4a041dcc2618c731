"""The Supabase store when something is down, missing or wrong: it says so in words, and gives no secret away."""

import asyncio
import logging
import threading
import traceback
from collections.abc import Awaitable, Callable

import pytest
from pydantic import SecretStr

from backend.domain import InvalidInput, LeaseLost, NotFound, NotSignedIn, Unavailable
from backend.store.supabase import SupabaseStore
from tests.store.faulty_proxy import FaultyProxy, Lose, Refuse
from tests.store.supabase_world import OnSupabase, SupabaseWorld, opened
from tests.store.world import STARTER


class TestOutages(OnSupabase):
    async def test_a_database_that_is_down_is_told_in_words_and_works_again_afterwards(
        self, world: SupabaseWorld
    ) -> None:
        project = await world.project()
        world.server.stop_postgres()
        try:
            for call in (world.store.projects(world.ada), world.store.pending(), world.store.open_share("x" * 32)):
                with pytest.raises(Unavailable, match="Everything saved before is intact"):
                    await call
        finally:
            world.server.start_postgres()
        assert await world.store.project(world.ada, project.id) == project

    async def test_a_project_nobody_answers_for_is_told_in_words(self, world: SupabaseWorld) -> None:
        store = await SupabaseStore.open("http://127.0.0.1:9", "key")
        with pytest.raises(Unavailable, match="cannot be reached"):
            await store.projects(world.ada)
        await store.close()

    async def test_a_project_without_our_migrations_says_what_to_do(self, world: SupabaseWorld) -> None:
        world.server.sql("alter function public.project_cards(integer) rename to project_cards_gone")
        world.server.reload_schema()
        try:
            with pytest.raises(Unavailable, match="supabase db push"):
                await world.store.projects(world.ada)
        finally:
            world.server.sql("alter function public.project_cards_gone(integer) rename to project_cards")
            world.server.reload_schema()

    async def test_nothing_is_left_behind(self, world: SupabaseWorld) -> None:
        threads, tasks = set(threading.enumerate()), asyncio.all_tasks()
        store = await opened(world.server)
        project = await store.create_project(world.ada, "Cats", STARTER)
        with store.watch(world.ada, project.id) as poke:
            await poke.wait(5)
            await asyncio.gather(*(store.projects(world.ada) for _ in range(20)))
        await store.close()
        assert asyncio.all_tasks() <= tasks
        # The event loop keeps a few of its own, for looking up names.
        assert [t for t in set(threading.enumerate()) - threads if not t.name.startswith("asyncio_")] == []


class TestSecrets(OnSupabase):
    async def test_no_key_token_or_secret_is_in_any_error_or_log_record(
        self, world: SupabaseWorld, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert world.ada.token
        worker = world.server.mint("codeflow_worker")
        wrong = world.server.mint("authenticated", world.ada.id, expires_s=-3600)
        proxy = FaultyProxy(world.server.url)
        secrets = [world.ada.token.get_secret_value(), worker, wrong, world.server.secret_key, "whsec_top"]
        told: list[BaseException] = []

        async def failing(call: Awaitable[object]) -> None:
            with pytest.raises((Unavailable, InvalidInput, NotSignedIn, NotFound, LeaseLost)) as error:
                await call
            told.append(error.value)

        async with proxy.serving():
            keys = world.server.publishable_key, worker, world.server.secret_key
            store = await SupabaseStore.open(proxy.url, *keys)
            with caplog.at_level(logging.DEBUG):
                project = await store.create_project(world.ada, "Cats", STARTER)
                share, token = await store.create_share(world.ada, project.id, project.head_id, False)
                secrets.append(token)
                await store.open_share(token)
                await store.set_app_secret("billing_webhook", "whsec_top")
                await failing(store.project(world.ada.model_copy(update={"token": SecretStr(wrong)}), project.id))
                await failing(store.billing_event("{}", "t=1,v1=00"))
                failures: list[tuple[Lose | Refuse, Callable[[], Awaitable[object]]]] = [
                    (
                        Refuse(500, '{"code": "XX000", "message": "whsec_top"}'),
                        lambda: store.set_app_secret("x", "whsec_top"),
                    ),
                    (Refuse(401, '{"message": "Invalid API key"}'), lambda: store.open_share(token)),
                    (Refuse(403, f'{{"message": "{worker}"}}'), lambda: store.pending()),
                    (
                        Refuse(400, f'{{"code": "23514", "message": "x", "details": "{token}"}}'),
                        lambda: store.remix(world.ada, token),
                    ),
                ]
                for fault, call in failures:
                    proxy.faults.append(fault)
                    await failing(call())
                await failing(store.rename_project(world.ada, project.id, "\0"))
                await store.revoke_share(world.ada, share.id)
                await failing(store.open_share(token))
                await store.close()
        assert len(told) == len(failures) + 4
        texts = [record.getMessage() for record in caplog.records]
        texts += [
            text for error in told for text in (*traceback.format_exception(error), repr(error), repr(vars(error)))
        ]
        texts += [repr(world.ada), repr(store.__dict__)]
        for text in texts:
            assert not any(secret in text for secret in secrets), text
