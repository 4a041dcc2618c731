"""One reader of the store serves all who watch a project: they come and go, are slow, lose their sign-in, and miss nothing."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from backend.domain import CodeFlowError, Lease, NotFound, NotSignedIn, RunKind, Unavailable, User
from backend.events import Delta, Frame, LogLines, ModelFinished, RunFinished, RunStatus, StepStarted
from backend.runs import watching
from backend.runs.watching import Viewer, Watching
from backend.store.sqlite import SqliteStore

PATIENCE_S = 60


@dataclass
class Witness:
    """The store, and who asked it for news."""

    store: SqliteStore
    reads: list[str] = field(default_factory=list)
    """The token of each."""
    entries: int = 0
    """Read."""
    watches: int = 0
    """Open now."""
    trouble: Callable[[str], CodeFlowError | None] = lambda token: None
    """What a token's read is answered with instead."""
    way_s: Callable[[], float] = lambda: 0.0
    """How long a read is under way, there and back."""

    async def tail(self, user: User, *place: Any) -> Any:
        token = user.token.get_secret_value() if user.token else ""
        self.reads.append(token)
        await asyncio.sleep(self.way_s())
        found = await self.store.tail(user, *place)
        self.entries += len(found[0])
        await asyncio.sleep(self.way_s())
        if error := self.trouble(token):
            raise error
        return found

    @contextmanager
    def watch(self, user: User, project_id: str) -> Iterator[Any]:
        self.watches += 1
        try:
            with self.store.watch(user, project_id) as poke:
                yield poke
        finally:
            self.watches -= 1


@dataclass
class Scene:
    witness: Witness
    watching: Watching
    project_id: str
    lease: Lease
    frames: int = 0

    @property
    def store(self) -> SqliteStore:
        return self.witness.store

    def viewer(self, who: str = "", after: int = 0, frames_after: int = 0) -> contextlib.AbstractContextManager[Viewer]:
        return self.watching.viewer(visitor(who), self.project_id, after, frames_after)

    async def write(self, count: int = 1) -> None:
        await self.store.append(self.lease, [LogLines(source="dev", lines=["a line"])] * count)

    async def stream(self, step: str, n: int) -> None:
        delta = Delta(part=0, kind="text", text=str(n))
        await self.store.write_frame(self.lease, Frame(run_id=self.lease.run_id, step=step, n=n, deltas=[delta]))

    async def end(self) -> int:
        """The journal's last entry, with which the run ends."""
        await self.store.finish_run(
            self.lease, RunFinished(status=RunStatus.SUCCEEDED, verified=True, duration_s=1, cost_micros=0)
        )
        return (await self.store.entries(visitor(""), self.project_id, limit=100_000))[-1].seq


def visitor(who: str) -> User:
    """The same user, signed in on so many devices."""
    return User(id="ada", token=SecretStr(who))


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    store = await SqliteStore.open(tmp_path / "codeflow.db")
    project = await store.create_project(visitor(""), "Watched", {})
    await store.start_run(visitor(""), project.id, "run", RunKind.PROMPT, "a page")
    claimed = await store.claim_run("w", 600)
    assert claimed
    witness = Witness(store)
    yield Scene(witness, Watching(witness), project.id, claimed[2])  # pyright: ignore[reportArgumentType]
    await store.close()


async def seen(viewer: Viewer, until: int) -> list[int]:
    """The entries the viewer is handed up to that one."""
    seqs: list[int] = []
    async with asyncio.timeout(PATIENCE_S):
        while not seqs or seqs[-1] < until:
            seqs += [entry.seq for entry in (await viewer.next()).entries]
    return seqs


async def so(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.005)


async def test_fifty_viewers_cost_the_store_what_one_does(scene: Scene) -> None:
    with ExitStack() as stack:
        viewers = [stack.enter_context(scene.viewer(f"device {n}")) for n in range(50)]
        await asyncio.gather(*(seen(viewer, 2) for viewer in viewers))
        await so(lambda: scene.witness.watches)
        ahead = [asyncio.create_task(seen(viewer, 32)) for viewer in viewers]
        await asyncio.sleep(0.2)
        scene.witness.reads.clear()
        for _ in range(30):
            await scene.write()
        for reading in ahead:
            assert await reading == list(range(3, 33))
        assert len(set(scene.witness.reads)) == 1, "all reads are in the name of one"
        assert len(scene.witness.reads) <= 30
        assert scene.witness.watches == 1
    await so(lambda: not scene.witness.watches)


async def test_nobody_reads_when_nobody_watches(scene: Scene) -> None:
    for _ in range(3):
        with scene.viewer() as first, scene.viewer() as second:
            await asyncio.gather(seen(first, 2), seen(second, 2))
            await so(lambda: scene.witness.watches == 1)
        await so(lambda: not scene.witness.watches)
    scene.witness.reads.clear()
    await scene.write(5)
    await asyncio.sleep(0.2)
    assert scene.witness.reads == []


async def test_who_has_seen_the_journal_already_costs_no_reading_of_it(scene: Scene) -> None:
    await scene.write(300)
    with scene.viewer(after=302) as first, scene.viewer(after=302) as second:
        ahead = [asyncio.create_task(seen(viewer, 303)) for viewer in (first, second)]
        await so(lambda: scene.witness.watches)
        await scene.write()
        assert [await reading for reading in ahead] == [[303], [303]]
    assert scene.witness.entries <= 6


async def test_when_the_one_leaves_in_whose_name_was_read_it_goes_on_in_anothers(scene: Scene) -> None:
    with ExitStack() as stack:
        before = stack.enter_context(ExitStack())
        await seen(before.enter_context(scene.viewer("device 0")), 2)
        for n in range(1, 6):
            now = stack.enter_context(ExitStack())
            viewer = now.enter_context(scene.viewer(f"device {n}"))
            await seen(viewer, 1 + n)
            await scene.write()
            before.close()
            assert await seen(viewer, 2 + n) == [2 + n]
            await so(lambda n=n: scene.witness.reads[-1] == f"device {n}")
            assert scene.witness.watches == 1
            before = now


async def test_whose_sign_in_is_over_hears_it_and_the_others_see_on(scene: Scene) -> None:
    with scene.viewer("over") as over, scene.viewer("good") as good:
        await seen(over, 2)
        await seen(good, 2)
        scene.witness.trouble = lambda token: NotSignedIn("Sign in.") if token == "over" else None
        await scene.write()
        assert await seen(good, 3) == [3]
        with scene.viewer("over") as again, pytest.raises(NotSignedIn):
            await again.next()
        await scene.write()
        with pytest.raises(NotSignedIn):
            await seen(over, 99)
        assert await seen(good, 4) == [4]


async def test_all_hear_that_the_project_is_gone(scene: Scene) -> None:
    last = await scene.end()
    with ExitStack() as stack:
        viewers = [stack.enter_context(scene.viewer(f"device {n}")) for n in range(5)]
        for viewer in viewers:
            await seen(viewer, last)
        await scene.store.delete_project(visitor(""), scene.project_id)
        for viewer in viewers:
            with pytest.raises(NotFound):
                await viewer.next()
    await so(lambda: not scene.witness.watches)


async def test_a_stranger_is_handed_nothing_of_what_the_owners_reader_finds(scene: Scene) -> None:
    with scene.viewer() as owner, scene.watching.viewer(User(id="eve"), scene.project_id) as stranger:
        await seen(owner, 2)
        await scene.write()
        await seen(owner, 3)
        with pytest.raises(NotFound):
            await stranger.next()


async def test_who_takes_nothing_delays_nobody_and_gets_it_all_later(scene: Scene) -> None:
    with scene.viewer("slow") as slow, scene.viewer("quick") as quick:
        await seen(slow, 2)
        await seen(quick, 2)
        ahead = asyncio.create_task(seen(quick, 3302))
        for _ in range(11):
            await scene.write(300)
        assert await ahead == list(range(3, 3303))
        await so(lambda: slow.behind)
        scene.witness.reads.clear()
        assert await seen(slow, 3302) == list(range(3, 3303))
        assert "slow" in scene.witness.reads, "what was not kept for it, it read itself"
        await scene.write()
        scene.witness.reads.clear()
        assert await seen(slow, 3303) == [3303]
        assert len(set(scene.witness.reads)) <= 1, "it has joined the others again"


async def test_a_store_that_does_not_answer_for_a_while_goes_unnoticed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "TROUBLE_S", 0.01)
    failures = [Unavailable("Nobody answers.")] * 4
    with scene.viewer() as one, scene.viewer() as other:
        await seen(one, 2)
        await seen(other, 2)
        scene.witness.trouble = lambda token: failures.pop() if failures else None
        await scene.write()
        assert await asyncio.gather(seen(one, 3), seen(other, 3)) == [[3], [3]]
        assert not failures


async def test_one_that_does_not_come_back_is_told_of_and_asked_again_by_the_next(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "TROUBLE_S", 0.01)
    monkeypatch.setattr(watching, "GIVE_UP_S", 0.03)
    with scene.viewer() as one, scene.viewer() as other:
        await seen(one, 2)
        await seen(other, 2)
        scene.witness.trouble = lambda token: Unavailable("Nobody answers.")
        await scene.write()
        for viewer in (one, other):
            with pytest.raises(Unavailable):
                await seen(viewer, 3)
        scene.witness.trouble = lambda token: None
        with scene.viewer(after=2) as back:
            assert await seen(back, 3) == [3]


async def test_a_place_that_is_none_disturbs_nobody(scene: Scene) -> None:
    with scene.viewer(after=10**9, frames_after=10**9) as lost:
        waiting = asyncio.create_task(lost.next())
        await so(lambda: scene.witness.watches)
        with scene.viewer() as viewer:
            await scene.stream("model:0", 0)
            await scene.write(3)
            assert await seen(viewer, 5) == [1, 2, 3, 4, 5]
        assert not waiting.done()
        waiting.cancel()


async def test_what_another_process_writes_reaches_all(scene: Scene) -> None:
    elsewhere = await SqliteStore.open(scene.store.database.path)
    with ExitStack() as stack:
        viewers = [stack.enter_context(scene.viewer()) for _ in range(5)]
        ahead = [asyncio.create_task(seen(viewer, 22)) for viewer in viewers]
        for _ in range(20):
            await elsewhere.append(scene.lease, [LogLines(source="dev", lines=["from there"])])
            await asyncio.sleep(0.01)
        for reading in ahead:
            assert await reading == list(range(1, 23))
    await elsewhere.close()


@pytest.mark.parametrize("seed", range(4))
async def test_whoever_comes_whenever_and_however_slow_misses_and_repeats_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(watching, "PAGE", 9)
    monkeypatch.setattr(watching, "WAITING", 30)
    monkeypatch.setattr(watching, "GATHER_S", 0.002)
    monkeypatch.setattr(watching, "TROUBLE_S", 0.001)
    chance = random.Random(seed)
    over = asyncio.Event()
    last = 0

    async def work() -> None:
        nonlocal last
        for turn in range(25):
            step = f"model:{turn}"
            await scene.store.append(scene.lease, [StepStarted(step=step, kind="model")])
            for n in range(chance.randrange(8)):
                await scene.stream(step, n)
                await asyncio.sleep(chance.choice((0, 0.003, 0.01)))
            answer = ModelFinished(step=step, model="m", message={}, text="", duration_ms=1)
            await scene.store.append(scene.lease, [answer], step=step)
            await scene.write(chance.choice((1, 1, 3, 40)))
        last = await scene.end()
        over.set()

    async def look(number: int) -> None:
        """Somebody whose browser connects again and again, from where it was."""
        await asyncio.sleep(chance.uniform(0, 0.3))
        page = Page()
        while not over.is_set() or page.seq < last:
            with scene.viewer(f"{number}", page.seq, page.frames_after) as viewer:
                for _ in range(chance.choice((1, 10, 100, 100))):
                    with contextlib.suppress(TimeoutError, Unavailable):
                        async with asyncio.timeout(chance.choice((0.001, 0.1, 0.5, 0.5))):
                            batch = await viewer.next()
                        page.show(batch)
                    await asyncio.sleep(chance.choice((0, 0, 0, 0.001, 0.05)))
                    if over.is_set() and page.seq == last:
                        break

    scene.witness.way_s = lambda: chance.choice((0, 0, 0.001, 0.01))
    scene.witness.trouble = lambda token: Unavailable("Just now.") if chance.random() < 0.02 else None
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        tasks.create_task(work())
        for number in range(12):
            tasks.create_task(look(number))
    await so(lambda: not scene.witness.watches)


@dataclass
class Page:
    """What somebody has seen; it does not take a gap, a repeat, or a frame of a step that is over."""

    seq: int = 0
    frames_after: int = 0
    over: set[str] = field(default_factory=set)
    pieces: dict[str, int] = field(default_factory=dict)

    def show(self, batch: watching.Batch) -> None:
        for entry in batch.entries:
            assert entry.seq == self.seq + 1
            self.seq = entry.seq
            if isinstance(entry.event, ModelFinished):
                self.over.add(entry.event.step)
        assert batch.seq == self.seq
        for position, frame in batch.frames:
            assert position > self.frames_after
            assert frame.step not in self.over
            assert frame.n == self.pieces.get(frame.step, -1) + 1, "no piece of the text is left out"
            self.pieces[frame.step] = frame.n
            self.frames_after = position
