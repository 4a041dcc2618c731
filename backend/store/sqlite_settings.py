"""What a person sets for a project, on SQLite: the model that works on it, and its app's variables."""

import sqlite3
from datetime import datetime

from backend.domain import MAX_VARIABLES, InvalidInput, User
from backend.store.sqlite_part import Part
from backend.store.sqlite_rows import moment, owned_project
from backend.store.sqlite_scope import as_user
from backend.store.text import require_model, require_variable


class SettingsPart(Part):
    async def set_model(self, user: User, project_id: str, model: str | None) -> None:
        require_model(model)

        def choose(db: sqlite3.Connection) -> None:
            owned_project(db, project_id)
            db.execute("update projects set model = ? where id = ?", (model, project_id))

        await self.database.write(as_user(user), choose)

    async def set_variable(self, user: User, project_id: str, name: str, sealed: str | None) -> None:
        require_variable(name, sealed)

        def put(db: sqlite3.Connection) -> None:
            owned_project(db, project_id)
            if sealed is None:
                db.execute("delete from variables where project_id = ? and name = ?", (project_id, name))
                return
            db.execute(
                """insert into variables (project_id, name, sealed, updated_at) values (?, ?, ?, ?)
                on conflict (project_id, name) do update set sealed = excluded.sealed, updated_at = excluded.updated_at""",
                (project_id, name, sealed, self._clock()),
            )
            sql = "select count(*) from my_variables where project_id = ?"
            if db.execute(sql, (project_id,)).fetchone()[0] > MAX_VARIABLES:
                raise InvalidInput(
                    f"A project has at most {MAX_VARIABLES} variables. Remove one that the app does not need."
                )

        await self.database.write(as_user(user), put)

    async def variables(self, user: User, project_id: str) -> list[tuple[str, datetime]]:
        def find(db: sqlite3.Connection) -> list[tuple[str, datetime]]:
            owned_project(db, project_id)
            sql = "select name, updated_at from my_variables where project_id = ? order by name"
            return [(row["name"], moment(row["updated_at"])) for row in db.execute(sql, (project_id,))]

        return await self.database.read(as_user(user), find)
