"""What a person sets for a project, on Supabase: the model that works on it, and its app's variables."""

from datetime import datetime

from postgrest import AsyncSelectRequestBuilder

from backend.domain import NotFound, User
from backend.store.supabase_api import Api
from backend.store.text import require_model, require_variable


class SettingsPart:
    def __init__(self, api: Api) -> None:
        self._api = api

    async def set_model(self, user: User, project_id: str, model: str | None) -> None:
        require_model(model)
        await self._api.call(self._api.user(user), "set_model", p_project=project_id, p_model=model)

    async def set_variable(self, user: User, project_id: str, name: str, sealed: str | None) -> None:
        require_variable(name, sealed)
        caller = self._api.user(user)
        await self._api.call(caller, "set_variable", p_project=project_id, p_name=name, p_sealed=sealed)

    async def variables(self, user: User, project_id: str) -> list[tuple[str, datetime]]:
        def query(select: AsyncSelectRequestBuilder) -> AsyncSelectRequestBuilder:
            return select.eq("id", project_id).eq("kind", "app").order("name", foreign_table="variables")

        rows = await self._api.rows(self._api.user(user), "projects", "variables(name,updated_at)", query, limit=1)
        if not rows:
            raise NotFound("There is no such project. It may have been deleted; go back to your projects.")
        return [(row["name"], datetime.fromisoformat(row["updated_at"])) for row in rows[0]["variables"]]
