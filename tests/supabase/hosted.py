"""The opt-in suite for a real project: `make test-hosted`, with SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY and SUPABASE_WORKER_TOKEN set.

Signs up two users on trial, and deletes them with all they made. Costs no model and no sandbox.
"""

import hashlib
import uuid

import pytest

from backend.accounts.accounts import Accounts
from backend.config import Settings
from backend.domain import CheckReport, LimitReached, NotFound, NotSignedIn, RunKind, RunStatus, User
from backend.events import RunFinished, ToolFinished
from backend.store.supabase import SupabaseStore

PAGE = b"export default () => <p>hosted</p>\n"
SHA = hashlib.sha256(PAGE).hexdigest()


async def test_a_real_project_keeps_its_promises() -> None:
    settings = Settings()
    if not settings.multi_user or not settings.supabase_worker_token:
        pytest.fail("Set SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY and SUPABASE_WORKER_TOKEN.")
    await keeps_its_promises(settings)


async def keeps_its_promises(settings: Settings) -> None:
    assert settings.supabase_url
    assert settings.supabase_publishable_key
    assert settings.supabase_worker_token
    accounts = Accounts.open(settings)
    store = await SupabaseStore.open(
        settings.supabase_url, settings.supabase_publishable_key, settings.supabase_worker_token.get_secret_value()
    )
    try:
        await accounts.check()
        ada, eve = (await accounts.anonymous()).user, (await accounts.anonymous()).user
        try:
            await _work(store, ada, eve)
        finally:
            for user in (ada, eve):
                await store.delete_account(user)
        with pytest.raises((NotFound, NotSignedIn)):
            await store.create_project(ada, "Too late", {})
    finally:
        await store.close()
        await accounts.close()


async def _work(store: SupabaseStore, ada: User, eve: User) -> None:
    project = await store.create_project(ada, "Hosted", {"app/page.tsx": b"starter"})
    for look in (store.project(eve, project.id), store.tree(eve, project.id), store.tail(eve, project.id)):
        with pytest.raises(NotFound):
            await look
    run_id = uuid.uuid4().hex
    run = await store.start_run(ada, project.id, run_id, RunKind.PROMPT, "a page")
    assert await store.start_run(ada, project.id, run_id, RunKind.PROMPT, "a page") == run
    assert (await store.usage(ada)).points_used == 1

    claimed = await store.claim_run("hosted", 60, run_id)
    assert claimed
    lease = claimed[2]
    wrote = ToolFinished(
        step="tool:0:0", call_id="c", tool="write", target="app/page.tsx", ok=True, result="written", duration_ms=1
    )
    await store.append(lease, [wrote], step=wrote.step, blobs=[PAGE])
    assert await store.append(lease, [wrote], step=wrote.step) == []
    report = CheckReport(passed=True, results=[], problems=[])
    version = await store.commit_version(lease, "a page", {"app/page.tsx": SHA}, report)
    end = {"status": RunStatus.SUCCEEDED, "verified": True, "version_id": version.id, "duration_s": 1.0}
    await store.finish_run(lease, RunFinished.model_validate({**end, "cost_micros": 1000}))
    assert (await store.usage(ada)).spent_micros == 1000
    assert await store.blobs(ada, project.id, [SHA]) == {SHA: PAGE}

    _, token = await store.create_share(ada, project.id, version.id, history=False)
    assert (await store.open_share(token)).prompts == []
    remix = await store.remix(eve, token)
    assert await store.tree(eve, remix.id) == {"app/page.tsx": SHA}

    await store.add_followup(ada, project.id, uuid.uuid4().hex, "bigger")
    second = await store.add_followup(ada, project.id, uuid.uuid4().hex, "smaller")
    await store.move_followup(ada, second.id, (await store.followups(ada, project.id))[0].id)
    sent = await store.send_followup(ada, project.id)
    assert sent
    assert sent.id == second.id
    assert (await store.cancel_run(ada, sent.id, undo=True)).status is RunStatus.CANCELLED
    assert [followup.prompt for followup in await store.followups(ada, project.id)] == ["bigger"]
    fork = await store.fork_project(ada, project.id, version.id)
    assert await store.tree(ada, fork.id) == {"app/page.tsx": SHA}

    points = (await store.usage(eve)).tier.points
    assert points
    for _ in range(points):
        await _prompt(store, eve)
    with pytest.raises(LimitReached):
        await _prompt(store, eve)


async def _prompt(store: SupabaseStore, user: User) -> None:
    """One that takes its point and is stopped at once."""
    project = await store.create_project(user, "More", {})
    run = await store.start_run(user, project.id, uuid.uuid4().hex, RunKind.PROMPT, "x")
    await store.cancel_run(user, run.id)
