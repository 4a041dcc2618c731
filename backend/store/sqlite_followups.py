"""Prompts that wait for the run under way, on SQLite."""

import contextlib
import logging
import sqlite3
from collections.abc import Sequence

from backend.domain import (
    MAX_FOLLOWUPS,
    MAX_FOLLOWUPS_CHARS,
    MAX_PROMPT_CHARS,
    FollowUp,
    Hold,
    InvalidInput,
    LimitKind,
    LimitReached,
    NotFound,
    Run,
    RunKind,
    User,
)
from backend.store.pokes import QUEUE
from backend.store.sqlite_journal import active_run, hold, newest_run, put_attachments, tell_followups
from backend.store.sqlite_part import Part
from backend.store.sqlite_rows import (
    attachments_adapter,
    find_followups,
    owned_followup,
    owned_project,
    owned_run,
    to_followup,
    to_run,
)
from backend.store.sqlite_runs import Draft, is_known, queue_run
from backend.store.sqlite_scope import STORE, as_user
from backend.store.sqlite_usage import know, tier_of
from backend.store.text import require_id, require_text

log = logging.getLogger(__name__)

_UNSENDABLE = (InvalidInput, NotFound, sqlite3.IntegrityError, ValueError)
"""What is wrong with the follow-up itself, and stays so."""


class FollowUpPart(Part):
    async def followups(self, user: User, project_id: str) -> list[FollowUp]:
        def find(db: sqlite3.Connection) -> list[FollowUp]:
            owned_project(db, project_id)
            return find_followups(db, project_id, "my_followups")

        return await self.database.read(as_user(user), find)

    async def add_followup(
        self,
        user: User,
        project_id: str,
        followup_id: str,
        prompt: str,
        *,
        attachments: Sequence[tuple[str, str, bytes]] = (),
    ) -> FollowUp:
        require_id(followup_id)
        require_text(prompt, "prompt")

        def add(db: sqlite3.Connection) -> FollowUp:
            if known := _known(db, followup_id):
                return known
            owned_project(db, project_id)
            if newest_run(db, project_id) is None:
                raise InvalidInput(
                    "This project has had no prompt yet, so there is nothing to wait for. Start with one."
                )
            waiting = len(find_followups(db, project_id))
            if waiting >= MAX_FOLLOWUPS:
                raise InvalidInput(f"{waiting} prompts already wait. Wait until the next one is sent, or remove one.")
            _require_room(db, project_id, followup_id, prompt)
            now = self._clock()
            know(db, user, self._default_tier, now)
            images = put_attachments(db, project_id, attachments)
            row = db.execute(
                """insert into followups (id, project_id, owner, position, prompt, attachments, anonymous, created_at)
                values (?, ?, ?, (select coalesce(max(position), 0) + 1 from my_followups where project_id = ?),
                    ?, ?, ?, ?) returning *""",
                (
                    followup_id,
                    project_id,
                    user.id,
                    project_id,
                    prompt,
                    attachments_adapter.dump_json(images).decode(),
                    user.anonymous,
                    now,
                ),
            ).fetchone()
            tell_followups(db, project_id, now)
            return to_followup(row)

        followup = await self.database.write(as_user(user), add)
        self._pokes.poke(project_id)
        return followup

    async def change_followup(self, user: User, followup_id: str, prompt: str) -> FollowUp:
        require_text(prompt, "prompt")

        def change(db: sqlite3.Connection) -> tuple[str, FollowUp]:
            row = owned_followup(db, followup_id)
            project_id: str = row["project_id"]
            if row["prompt"] != prompt:
                _require_room(db, project_id, followup_id, prompt)
                db.execute("update followups set prompt = ? where id = ?", (prompt, followup_id))
                tell_followups(db, project_id, self._clock())
            return project_id, to_followup(owned_followup(db, followup_id))

        project_id, followup = await self.database.write(as_user(user), change)
        self._pokes.poke(project_id)
        return followup

    async def move_followup(self, user: User, followup_id: str, before: str | None) -> None:
        def move(db: sqlite3.Connection) -> str:
            project_id: str = owned_followup(db, followup_id)["project_id"]
            found = [followup.id for followup in find_followups(db, project_id, "my_followups")]
            if before is not None and before not in found:
                raise NotFound("There is no such waiting prompt to put it before. It may have been sent meanwhile.")
            if before == followup_id:
                return project_id
            order = [other for other in found if other != followup_id]
            order.insert(order.index(before) if before else len(order), followup_id)
            if order == found:
                return project_id
            db.executemany("update followups set position = ? where id = ?", list(enumerate(order, 1)))
            tell_followups(db, project_id, self._clock())
            return project_id

        self._pokes.poke(await self.database.write(as_user(user), move))

    async def remove_followup(self, user: User, followup_id: str) -> None:
        def remove(db: sqlite3.Connection) -> str | None:
            row = db.execute("select project_id from my_followups where id = ?", (followup_id,)).fetchone()
            if row is None:
                return None
            db.execute("delete from followups where id = ?", (followup_id,))
            if not find_followups(db, row["project_id"]):
                _let_go(db, row["project_id"])
            tell_followups(db, row["project_id"], self._clock())
            return row["project_id"]

        if project_id := await self.database.write(as_user(user), remove):
            self._pokes.poke(project_id)

    async def send_followup(self, user: User, project_id: str) -> Run | None:
        def send(db: sqlite3.Connection) -> Run | None:
            owned_project(db, project_id)
            followup, now = _first(db, project_id), self._clock()
            if followup is None:
                return None
            know(db, user, self._default_tier, now)
            return self._send(db, user, followup, now)

        run = await self.database.write(as_user(user), send)
        if run:
            self._pokes.poke(project_id)
            self._pokes.poke(QUEUE)
        return run

    async def send_due_followups(self) -> list[str]:
        sent: list[str] = []
        for project_id, owner in await self.database.read(STORE, _due):

            def send(db: sqlite3.Connection, project_id: str = project_id) -> Run | None:
                project = db.execute("select hold from my_projects where id = ?", (project_id,)).fetchone()
                followup, now = _first(db, project_id), self._clock()
                # Another worker may have been here since they were found due.
                if project is None or project["hold"] or followup is None or active_run(db, project_id):
                    return None
                try:
                    user = User(id=followup["owner"], anonymous=bool(followup["anonymous"]))
                    return self._send(db, user, followup, now)
                except LimitReached as e:
                    if e.kind in (LimitKind.POINTS, LimitKind.BUDGET):
                        hold(db, project_id, Hold.LIMIT, now)
                    return None

            def give_up(db: sqlite3.Connection, project_id: str = project_id) -> None:
                hold(db, project_id, Hold.FAILED, self._clock())

            # As the owner, who is charged: the worker's rights are not needed, and not lent.
            scope = as_user(User(id=owner))
            try:
                if run := await self.database.write(scope, send):
                    sent.append(run.id)
            except _UNSENDABLE:
                log.exception("The first follow-up of project %s cannot be sent", project_id)
                # One that cannot even be read cannot be told of either: it is met again, in nobody's way.
                with contextlib.suppress(*_UNSENDABLE):
                    await self.database.write(scope, give_up)
            self._pokes.poke(project_id)
        if sent:
            self._pokes.poke(QUEUE)
        return sent

    def _send(self, db: sqlite3.Connection, user: User, followup: sqlite3.Row, now: float) -> Run:
        """Make it a run. Raises what `queue_run` does, having written nothing."""
        project_id: str = followup["project_id"]
        images = attachments_adapter.validate_json(followup["attachments"])
        draft = Draft(followup["id"], project_id, RunKind.PROMPT, followup["prompt"], images)
        run = queue_run(db, user, tier_of(db, user, self._default_tier), draft, now)
        db.execute("delete from followups where id = ?", (run.id,))
        _let_go(db, project_id)
        tell_followups(db, project_id, now)
        return run


def _known(db: sqlite3.Connection, followup_id: str) -> FollowUp | None:
    """Whether it waits or was sent. Raises `NotFound` when the id is another user's."""
    if db.execute("select 1 from followups where id = ?", (followup_id,)).fetchone():
        return to_followup(owned_followup(db, followup_id))
    if not is_known(db, followup_id):
        return None
    run = to_run(owned_run(db, followup_id))
    return FollowUp(id=run.id, prompt=run.prompt, attachments=run.attachments, created_at=run.created_at)


def _require_room(db: sqlite3.Connection, project_id: str, followup_id: str, prompt: str) -> None:
    """For it to say this, beside the others."""
    if len(prompt) > MAX_PROMPT_CHARS:
        raise InvalidInput(f"The prompt is too long. Keep it below {MAX_PROMPT_CHARS:,} characters.")
    others = sum(len(other.prompt) for other in find_followups(db, project_id) if other.id != followup_id)
    if others + len(prompt) > MAX_FOLLOWUPS_CHARS:
        raise InvalidInput(
            f"The prompts that wait would be longer than {MAX_FOLLOWUPS_CHARS:,} characters together. "
            "Shorten this one, remove another, or wait until the next one is sent."
        )


def _first(db: sqlite3.Connection, project_id: str) -> sqlite3.Row | None:
    return db.execute(
        "select * from my_followups where project_id = ? order by position limit 1", (project_id,)
    ).fetchone()


def _let_go(db: sqlite3.Connection, project_id: str) -> None:
    db.execute("update projects set hold = null where id = ?", (project_id,))


def _due(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """(project id, owner) of those whose first follow-up may be sent, the longest waiting first."""
    rows = db.execute(
        """select f.project_id, f.owner from followups f join projects p on p.id = f.project_id
        where p.hold is null and not exists (select 1 from runs r
            where r.project_id = f.project_id and r.status in ('queued', 'running'))
        order by f.created_at"""
    )
    return list({row["project_id"]: (row["project_id"], row["owner"]) for row in rows}.values())
