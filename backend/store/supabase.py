"""The store of many users: a Supabase project, reached over HTTPS alone."""

import re

from backend.domain import Unavailable
from backend.store.supabase_api import Api
from backend.store.supabase_followups import FollowUpPart
from backend.store.supabase_public import OperatorPart, SharePart
from backend.store.supabase_settings import SettingsPart
from backend.store.supabase_user import UserPart
from backend.store.supabase_watch import Watch
from backend.store.supabase_worker import WorkerPart


class SupabaseStore(UserPart, SettingsPart, FollowUpPart, SharePart, WorkerPart, OperatorPart):
    """`backend.store.Store` on Supabase. Open it with `SupabaseStore.open`.

    Every call has the rights of whoever makes it: a user's by their token (`User.token`), a worker's by
    `worker_token`, the operator's by `operator_key`. A call whose right this process was not given is `Unavailable`.
    """

    def __init__(self, api: Api) -> None:
        watch = Watch(api)
        WorkerPart.__init__(self, api, watch)
        self._api = api
        self._watch = watch

    @classmethod
    async def open(
        cls, url: str, publishable_key: str, worker_token: str | None = None, operator_key: str | None = None
    ) -> "SupabaseStore":
        """Asks nothing of the project yet. Raises `Unavailable` when `url` is no address."""
        if not re.fullmatch(r"https?://[^\s/?#@]+/?", url):
            raise Unavailable(
                "SUPABASE_URL is not the address of a Supabase project. It looks like https://<project>.supabase.co"
            )
        return cls(Api(url.rstrip("/"), publishable_key, worker_token, operator_key))

    async def close(self) -> None:
        await self._watch.close()
        await self._api.close()
