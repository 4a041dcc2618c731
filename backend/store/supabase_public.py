"""Shares, what anybody may do with their links, and what the operator sets."""

import hashlib
import secrets

from backend.domain import Project, Share, SharedVersion, User
from backend.store.supabase_api import Api
from backend.store.supabase_rows import decoded, new_id, to_limit, to_project, to_share, to_shared_version
from backend.store.supabase_watch import QUEUE, Watch

TOKEN_BYTES = 24


class SharePart:
    def __init__(self, api: Api, watch: Watch) -> None:
        self._api = api
        self._watch = watch

    async def create_share(self, user: User, project_id: str, version_id: str, history: bool) -> tuple[Share, str]:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        row = await self._api.call(
            self._api.user(user),
            "create_share",
            p_id=new_id(),
            p_project=project_id,
            p_version=version_id,
            p_token_hash=hashlib.sha256(token.encode()).hexdigest(),
            p_history=history,
            p_preview_project=new_id(),
        )
        return to_share(row), token

    async def shares(self, user: User, project_id: str) -> list[Share]:
        rows = await self._api.call(self._api.user(user), "project_shares", p_project=project_id)
        return [to_share(row) for row in rows]

    async def revoke_share(self, user: User, share_id: str) -> str | None:
        return await self._api.call(self._api.user(user), "revoke_share", p_id=share_id)

    async def remix(self, user: User, token: str) -> Project:
        caller = self._api.user(user)
        return to_project(await self._api.call(caller, "remix", p_token=token, p_project=new_id(), p_version=new_id()))

    async def open_share(self, token: str) -> SharedVersion:
        return to_shared_version(await self._api.call(self._api.anybody(), "open_share", p_token=token))

    async def share_picture(self, token: str) -> bytes:
        return decoded(await self._api.call(self._api.anybody(), "share_picture", p_token=token))

    async def wake_share(self, token: str) -> SharedVersion:
        answer = await self._api.call(self._api.anybody(), "wake_share", p_token=token)
        if not answer["ok"]:
            raise to_limit(answer)
        self._watch.wrote(QUEUE)
        return to_shared_version(answer["share"])


class OperatorPart:
    def __init__(self, api: Api, watch: Watch) -> None:
        self._api = api

    async def billing_event(self, body: str, signature: str) -> bool:
        return await self._api.call(self._api.anybody(), "billing_event", p_body=body, p_signature=signature)

    async def set_tier(self, account: str, tier_id: str) -> None:
        await self._api.call(self._api.operator(), "set_tier", p_account=account, p_tier=tier_id)

    async def set_app_secret(self, name: str, value: str | None) -> None:
        await self._api.call(self._api.operator(), "set_app_secret", p_name=name, p_value=value)
