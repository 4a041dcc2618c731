"""The Supabase store's calls: whole lists, one write for one call, and only with the caller's rights."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from pydantic import SecretStr

from backend.domain import LeaseLost, NotFound, NotSignedIn, RunKind, RunStatus, Unavailable, User
from backend.events import LogLines
from backend.store.supabase import SupabaseStore
from backend.store.supabase_retry import TRIES
from tests.store.faulty_proxy import FaultyProxy, Lose, Refuse
from tests.store.supabase_world import BehindProxy, OnSupabase, SupabaseWorld
from tests.store.world import STARTER, World, finished, frame, passed, said, sha

NOT_JSON = Refuse(502, "<html>Bad gateway</html>", {"Content-Type": "text/html"})
PASSING = {
    "a gateway without its server": NOT_JSON,
    "too many requests": Refuse(429, '{"message": "slow down"}', {"Retry-After": "0"}),
    "a schema not read yet": Refuse(503, '{"code": "PGRST002", "message": "schema cache"}'),
    "a serialization failure": Refuse(500, '{"code": "40001", "message": "could not serialize access"}'),
    "a deadlock": Refuse(500, '{"code": "40P01", "message": "deadlock detected"}'),
    "a database that starts up": Refuse(500, '{"code": "57P03", "message": "starting up"}'),
    "a lost answer": Lose(),
}


def lines(count: int) -> list[LogLines]:
    return [LogLines(source="dev", lines=[str(n)]) for n in range(count)]


class TestPages(OnSupabase):
    async def test_a_journal_longer_than_the_api_gives_at_once_is_read_whole(self, world: World) -> None:
        run, lease = await world.claimed()
        for _ in range(3):
            await world.store.append(lease, lines(500))
        expected = list(range(1, 1503))
        assert [e.seq for e in await world.store.entries(world.ada, run.project_id, limit=10_000)] == expected
        assert [e.seq for e in await world.store.leased_entries(lease, limit=10_000)] == expected
        await world.store.write_frame(lease, frame())
        entries, frames = await world.store.tail(world.ada, run.project_id, limit=10_000)
        assert ([e.seq for e in entries], [f.n for _, f in frames]) == (expected, [0])
        assert len(await world.store.entries(world.ada, run.project_id, limit=1200)) == 1200

    async def test_more_versions_than_the_api_gives_at_once_are_all_listed(self, world: SupabaseWorld) -> None:
        project = await world.project()
        world.server.sql(
            "insert into public.versions (id, project_id, number, title, manifest, created_at)"
            " select 'v' || n, %s, n, 'V', '{}', now() from generate_series(1, 1500) n",
            project.id,
        )
        assert [v.number for v in await world.store.versions(world.ada, project.id)] == list(range(1501))

    async def test_more_contents_than_are_read_in_one_call_come_whole(self, world: World) -> None:
        files = {f"f{n}.txt": f"content {n}".encode() for n in range(230)}
        project = await world.store.create_project(world.ada, "Many", files)
        tree = await world.store.tree(world.ada, project.id)
        found = await world.store.blobs(world.ada, project.id, list(tree.values()))
        assert {path: found[sha256] for path, sha256 in tree.items()} == files


class TestRetries(BehindProxy):
    async def test_what_is_written_is_written_once_though_every_first_answer_is_lost(
        self, world: SupabaseWorld, proxy: FaultyProxy
    ) -> None:
        store, ada = world.store, world.ada

        async def lost(call: Awaitable[object]) -> object:
            proxy.faults.append(Lose())
            answer = await call
            assert not proxy.faults
            return answer

        await lost(store.create_project(ada, "Cats", STARTER))
        [card] = await store.projects(ada)
        await lost(store.start_run(ada, card.id, "run-1", RunKind.PROMPT, "cats"))
        proxy.faults.append(Lose())
        claimed = await store.claim_run("w", 60)
        assert claimed
        run, _, lease = claimed
        assert run.attempt == 1
        events = [LogLines(source="dev", lines=["a"]), LogLines(source="dev", lines=["b"])]
        written = await lost(store.append(lease, events))
        assert written == (await store.entries(ada, card.id))[-2:]
        assert await lost(store.append(lease, [said()], step="model:0"))
        await lost(store.set_preview(card.id, lease, "sb1", "http://preview"))
        await lost(store.commit_version(lease, "v1", {}, passed()))
        await lost(store.finish_run(lease, finished()))
        types = [e.event.type for e in await store.entries(ada, card.id)]
        assert types == [
            "run.queued", "run.claimed", "log.lines", "log.lines", "model.finished", "version.committed", "run.finished",
        ]  # fmt: skip
        assert [v.number for v in await store.versions(ada, card.id)] == [0, 1]
        await lost(store.clear_preview(card.id, "sb1"))
        _, token = await store.create_share(
            ada, card.id, card_head := (await store.project(ada, card.id)).head_id, False
        )
        await lost(store.create_share(ada, card.id, card_head, False))
        assert len(await store.shares(ada, card.id)) == 2
        await lost(store.remix(world.eve, token))
        assert len(await store.projects(world.eve)) == 1
        await lost(store.delete_project(ada, card.id))
        assert await store.projects(ada) == []

    async def test_follow_ups_are_added_and_sent_once_though_every_first_answer_is_lost(
        self, world: SupabaseWorld, proxy: FaultyProxy
    ) -> None:
        store, ada, (run, lease) = world.store, world.ada, await world.claimed()

        async def waiting() -> list[str]:
            return [followup.id for followup in await store.followups(ada, run.project_id)]

        async def lost(function: str, call: Awaitable[object]) -> object:
            proxy.faults += [*([None] if function == "send_followup" else []), Lose()]
            answer = await call
            assert not proxy.faults
            assert proxy.asked[-1] == proxy.asked[-2] == f"POST /rest/v1/rpc/{function}"
            return answer

        for followup in ("a", "b", "c", "d"):
            assert await lost("add_followup", store.add_followup(ada, run.project_id, followup, "x"))
        await lost("move_followup", store.move_followup(ada, "d", "b"))
        await lost("remove_followup", store.remove_followup(ada, "c"))
        assert await waiting() == ["a", "d", "b"]
        await store.finish_run(lease, finished())
        await lost("send_due_followups", store.send_due_followups())
        assert await waiting() == ["d", "b"]
        stopped = await store.cancel_run(ada, "a")
        assert await lost("send_followup", store.send_followup(ada, run.project_id)) == await store.run(ada, "d")
        assert await waiting() == ["b"]
        assert stopped.status is RunStatus.CANCELLED
        assert (await store.usage(ada)).points_used == 3
        await lost(
            "fork_project", store.fork_project(ada, run.project_id, (await store.versions(ada, run.project_id))[0].id)
        )
        assert len(await store.projects(ada)) == 2

    async def test_a_released_lease_stays_released_though_the_answer_is_lost(
        self, world: SupabaseWorld, proxy: FaultyProxy
    ) -> None:
        _, lease = await world.claimed()
        proxy.faults.append(Lose())
        await world.store.release_lease(lease)
        with pytest.raises(LeaseLost):
            await world.store.release_lease(lease)

    async def test_two_equal_appends_are_two_entries_even_when_an_answer_is_lost(
        self, world: SupabaseWorld, proxy: FaultyProxy
    ) -> None:
        run, lease = await world.claimed()
        event = LogLines(source="dev", lines=["again"])
        first = await world.store.append(lease, [event])
        proxy.faults.append(Lose())
        second = await world.store.append(lease, [event])
        assert [e.seq for e in first + second] == [3, 4]
        assert len(await world.events(run)) == 4

    @pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
    async def test_what_passes_is_waited_out(
        self, world: SupabaseWorld, proxy: FaultyProxy, fault: Lose | Refuse
    ) -> None:
        project = await world.project()
        proxy.asked.clear()
        proxy.faults += [fault] * 2
        assert await world.store.project(world.ada, project.id) == project
        assert proxy.asked == ["GET /rest/v1/projects"] * 3

    async def test_what_does_not_pass_is_told_after_a_bounded_number_of_tries(
        self, world: SupabaseWorld, proxy: FaultyProxy
    ) -> None:
        project = await world.project()
        proxy.asked.clear()
        proxy.faults += [NOT_JSON] * 100
        with pytest.raises(Unavailable, match="Everything saved before is intact"):
            await world.store.project(world.ada, project.id)
        assert len(proxy.asked) == TRIES

    async def test_a_gateway_that_asks_for_patience_nobody_has_is_not_waited_for(
        self, world: SupabaseWorld, proxy: FaultyProxy
    ) -> None:
        proxy.faults.append(Refuse(429, headers={"Retry-After": "3600"}))
        with pytest.raises(Unavailable, match="in a minute"):
            await world.store.projects(world.ada)

    async def test_a_refusal_for_good_is_not_repeated(self, world: SupabaseWorld, proxy: FaultyProxy) -> None:
        for missing in (world.store.blob(world.ada, "none", sha(b"")), world.store.run(world.ada, "none")):
            proxy.asked.clear()
            with pytest.raises(NotFound):
                await missing
            assert len(proxy.asked) == 1

    async def test_a_frame_is_tried_once(self, world: SupabaseWorld, proxy: FaultyProxy) -> None:
        _, lease = await world.claimed()
        proxy.asked.clear()
        proxy.faults.append(NOT_JSON)
        with pytest.raises(Unavailable):
            await world.store.write_frame(lease, frame())
        assert proxy.asked == ["POST /rest/v1/rpc/write_frame"]


class TestCallers(OnSupabase):
    async def test_two_users_calls_through_one_store_never_mix(self, world: World) -> None:
        own = {user.id: await world.project(user) for user in (world.ada, world.eve)}

        async def look(user: User) -> None:
            assert [c.id for c in await world.store.projects(user)] == [own[user.id].id]
            assert (await world.store.project(user, own[user.id].id)).owner == user.id

        await asyncio.gather(*(look(user) for _ in range(50) for user in (world.ada, world.eve)))

    async def test_without_a_good_token_one_is_not_signed_in(self, world: SupabaseWorld) -> None:
        run, _ = await world.claimed()
        over = world.server.mint("authenticated", world.ada.id, expires_s=-3600)
        forged = world.server.mint("authenticated", world.ada.id)[:-40] + "A" * 40
        for token in (None, SecretStr(over), SecretStr(forged), SecretStr("garbage")):
            stranger = world.ada.model_copy(update={"token": token})
            calls: list[Callable[[], Awaitable[object]]] = [
                lambda user=stranger: world.store.project(user, run.project_id),
                lambda user=stranger: world.store.cancel_run(user, run.id),
                lambda user=stranger: world.store.usage(user),
            ]
            for call in calls:
                with pytest.raises(NotSignedIn, match="Sign in"):
                    await call()

    async def test_a_right_this_process_was_not_given_says_which_setting_gives_it(self, world: SupabaseWorld) -> None:
        store = await SupabaseStore.open(world.server.url, world.server.publishable_key)
        with pytest.raises(Unavailable, match="SUPABASE_WORKER_TOKEN is not set"):
            await store.claim_run("w", 15)
        with pytest.raises(Unavailable, match="SUPABASE_SECRET_KEY is not set"):
            await store.set_tier(world.ada.id, "pro")
        assert await store.projects(world.ada) == []
        await store.close()

    async def test_a_worker_with_an_old_token_is_the_operators_to_help(self, world: SupabaseWorld) -> None:
        over = world.server.mint("codeflow_worker", expires_s=-3600)
        store = await SupabaseStore.open(world.server.url, world.server.publishable_key, over, "sb_secret_wrong")
        with pytest.raises(Unavailable, match="refuses SUPABASE_WORKER_TOKEN"):
            await store.pending()
        with pytest.raises(Unavailable, match="refuses SUPABASE_SECRET_KEY"):
            await store.set_tier(world.ada.id, "pro")
        await store.close()

    async def test_a_users_token_opens_nothing_of_a_workers(self, world: SupabaseWorld) -> None:
        token = world.ada.token
        assert token
        store = await SupabaseStore.open(world.server.url, world.server.publishable_key, token.get_secret_value())
        await world.queued()
        with pytest.raises(Unavailable):
            await store.claim_run("w", 15)
        assert await world.store.pending() == 1
        await store.close()

    @pytest.mark.parametrize(
        "url", ["", "codeflow.supabase.co", "https://user:secret@x.supabase.co", "https://x.co/rest"]
    )
    async def test_what_is_no_projects_address_is_told_without_repeating_it(self, url: str) -> None:
        with pytest.raises(Unavailable, match="SUPABASE_URL") as told:
            await SupabaseStore.open(url, "key")
        assert "secret" not in told.value.message
