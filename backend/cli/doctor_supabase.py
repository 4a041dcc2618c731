"""What `codeflow doctor` finds of a Supabase project: the store, the right to work on runs, and sign-in."""

import time
from datetime import UTC, datetime

import jwt
from jwt.exceptions import PyJWTError

from backend.cli.finding import Finding
from backend.cli.worker_token import DAY_S, ROLE
from backend.config import Settings
from backend.domain import NotFound
from backend.runs.dispatch import ModalDispatch
from backend.store.opening import open_store

SOON_S = 14 * DAY_S
NO_SHARE = "doctor"
"""Nobody's token: the project that knows our functions says so."""


def half_set(settings: Settings) -> str | None:
    """The variable that is missing of the two Supabase needs; None when none or both are set."""
    if bool(settings.supabase_url) == bool(settings.supabase_publishable_key):
        return None
    return "SUPABASE_PUBLISHABLE_KEY" if settings.supabase_url else "SUPABASE_URL"


async def examine_store(settings: Settings) -> Finding:
    """Whether the project answers and the migrations are applied. Raises `Unavailable` with what to do."""
    store = await open_store(settings)
    try:
        await store.open_share(NO_SHARE)
    except NotFound:
        pass
    finally:
        await store.close()
    return Finding(part="store", ok=True, found=f"{settings.supabase_url}, migrations applied", in_force="Supabase")


async def examine_worker(settings: Settings) -> Finding:
    """Whose right the worker's token is, for how long, and whether the project takes it."""
    if not settings.supabase_worker_token:
        return Finding(
            part="worker",
            ok=True,
            found="SUPABASE_WORKER_TOKEN is not set",
            in_force="runs are worked on elsewhere",
            action="To work on runs in this process too: `codeflow worker-token --key FILE`, and set what it prints.",
        )
    new = "Make a new one: `codeflow worker-token --key FILE`."
    try:
        claims = jwt.decode(settings.supabase_worker_token.get_secret_value(), options={"verify_signature": False})
        role, ends = claims.get("role"), float(claims.get("exp", 0))
    except (PyJWTError, TypeError, ValueError):
        return Finding(part="worker", ok=False, found="SUPABASE_WORKER_TOKEN is no token", in_force="none", action=new)
    if role != ROLE:
        found = f"SUPABASE_WORKER_TOKEN has the role {role!r}, not {ROLE!r}"
        return Finding(part="worker", ok=False, found=found, in_force="none", action=new)
    day = f"{datetime.fromtimestamp(ends, UTC):%d %B %Y}"
    if ends < time.time():
        found = f"SUPABASE_WORKER_TOKEN ended on {day}"
        return Finding(part="worker", ok=False, found=found, in_force="none", action=new)
    store = await open_store(settings)
    try:
        waiting = await store.pending()
    finally:
        await store.close()
    return Finding(
        part="worker",
        ok=True,
        found=f"{waiting} runs wait; SUPABASE_WORKER_TOKEN lasts until {day}",
        in_force=f"up to {settings.workers} runs at once",
        action=f"It ends soon. {new}" if ends < time.time() + SOON_S else "",
    )


async def examine_dispatch(settings: Settings) -> Finding:
    """Whether Modal's endpoint takes the token. Raises `CodeFlowError` with what to do."""
    dispatch = ModalDispatch.for_settings(settings)
    assert dispatch
    try:
        await dispatch.check()
    finally:
        await dispatch.close()
    found = "CODEFLOW_DISPATCH_URL answers, and takes the token"
    return Finding(part="worker", ok=True, found=found, in_force="runs are worked on by Modal")


async def examine_sign_in(settings: Settings) -> Finding:
    """Whether sign-ins can be checked, and what seals the session. Raises `Unavailable` with what to do."""
    from backend.accounts.accounts import Accounts

    accounts = Accounts.open(settings)
    try:
        await accounts.check()
    finally:
        await accounts.close()
    ways = ", ".join(["e-mail", *accounts.providers])
    kept = settings.session_secret is None
    return Finding(
        part="sign-in",
        ok=True,
        found="sessions are sealed with " + ("a key in the data directory" if kept else "CODEFLOW_SESSION_SECRET"),
        in_force=f"by {ways}",
        action="With several web processes, or a disk that is not kept, set CODEFLOW_SESSION_SECRET." if kept else "",
    )
