"""Prompts that wait for the run under way, on Supabase."""

from collections.abc import Sequence

from postgrest import AsyncSelectRequestBuilder

from backend.domain import FollowUp, NotFound, Run, User
from backend.store.supabase_api import Api
from backend.store.supabase_rows import FOLLOWUP_COLUMNS, to_followup, to_images, to_limit, to_run
from backend.store.supabase_watch import Watch
from backend.store.text import require_id, require_text


class FollowUpPart:
    def __init__(self, api: Api, watch: Watch) -> None:
        self._api = api
        self._watch = watch

    async def followups(self, user: User, project_id: str) -> list[FollowUp]:
        def query(select: AsyncSelectRequestBuilder) -> AsyncSelectRequestBuilder:
            return select.eq("id", project_id).eq("kind", "app").order("position", foreign_table="followups")

        columns = f"followups({FOLLOWUP_COLUMNS})"
        rows = await self._api.rows(self._api.user(user), "projects", columns, query, limit=1)
        if not rows:
            raise NotFound("There is no such project. It may have been deleted; go back to your projects.")
        return [to_followup(row) for row in rows[0]["followups"]]

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
        row = await self._api.call(
            self._api.user(user),
            "add_followup",
            p_id=followup_id,
            p_project=project_id,
            p_prompt=prompt,
            p_attachments=to_images(attachments),
        )
        self._watch.wrote(project_id)
        return to_followup(row)

    async def change_followup(self, user: User, followup_id: str, prompt: str) -> FollowUp:
        require_text(prompt, "prompt")
        caller = self._api.user(user)
        row = await self._api.call(caller, "change_followup", p_id=followup_id, p_prompt=prompt)
        self._watch.wrote(row["project_id"])
        return to_followup(row)

    async def move_followup(self, user: User, followup_id: str, before: str | None) -> None:
        caller = self._api.user(user)
        self._watch.wrote(await self._api.call(caller, "move_followup", p_id=followup_id, p_before=before))

    async def remove_followup(self, user: User, followup_id: str) -> None:
        project_id = await self._api.call(self._api.user(user), "remove_followup", p_id=followup_id)
        if project_id is not None:
            self._watch.wrote(project_id)

    async def send_followup(self, user: User, project_id: str) -> Run | None:
        caller = self._api.user(user)
        while waiting := await self.followups(user, project_id):
            answer, repeated = await self._api.call_counted(
                caller, "send_followup", p_project=project_id, p_id=waiting[0].id
            )
            if answer is None or (answer.get("known") and not repeated):
                # Somebody else changed, or sent, the first one meanwhile.
                continue
            if not answer["ok"]:
                raise to_limit(answer, anonymous=user.anonymous)
            run = to_run(answer["run"])
            self._watch.queued(project_id)
            return run
        return None
