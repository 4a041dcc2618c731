"""The payment provider's calls: signed, applied once, and nobody else's."""

import hashlib
import hmac
import json
import time
from typing import Any

import httpx

from tests.web.conftest import Site
from tests.web.people import as_user

SECRET = "whsec_for_these_tests"
ADA = as_user("ada")


def paid(account: str, event_id: str = "evt_1", *, status: str = "active") -> str:
    subscription: dict[str, Any] = {
        "id": "sub_1",
        "object": "subscription",
        "customer": "cus_1",
        "status": status,
        "metadata": {"user_id": account},
    }
    session = {
        "id": "cs_1",
        "object": "checkout.session",
        "customer": "cus_1",
        "client_reference_id": account,
        "payment_status": "paid",
        "status": "complete",
        "mode": "subscription",
        "metadata": {},
    }
    kind, thing = (
        ("checkout.session.completed", session)
        if status == "active"
        else ("customer.subscription.deleted", subscription)
    )
    made = int(time.time()) + (status != "active")
    return json.dumps({"id": event_id, "object": "event", "type": kind, "created": made, "data": {"object": thing}})


def signed(body: str, *, secret: str = SECRET, age_s: int = 0) -> dict[str, str]:
    """The headers of a call, as the provider makes it."""
    at = int(time.time()) - age_s
    signature = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={at},v1={signature}", "Content-Type": "application/json"}


async def call(site: Site, body: str, *, secret: str = SECRET, age_s: int = 0) -> httpx.Response:
    return await site.http.post("/billing/stripe", content=body, headers=signed(body, secret=secret, age_s=age_s))


async def tier(town: Site) -> str:
    return (await town.http.get("/api/usage", headers=ADA)).json()["tier"]["id"]


async def test_a_payment_moves_its_payer_up_once_and_its_end_down(town: Site) -> None:
    await town.stage.store.set_app_secret("billing_webhook", SECRET)
    assert (await town.http.post("/api/projects", json={"prompt": "a page"}, headers=ADA)).status_code == 201
    assert await tier(town) == "free"
    for _ in range(2):
        answer = await call(town, paid("ada"))
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert await tier(town) == "pro"
    assert (await call(town, paid("ada", "evt_2", status="canceled"))).status_code == 200
    assert await tier(town) == "free"


async def test_what_is_not_signed_by_the_provider_just_now_changes_nothing(town: Site) -> None:
    await town.stage.store.set_app_secret("billing_webhook", SECRET)
    assert (await town.http.post("/api/projects", json={"prompt": "a page"}, headers=ADA)).status_code == 201
    body = paid("ada")
    forged = await call(town, body, secret="whsec_guessed")
    stale = await call(town, body, age_s=3600)
    unsigned = await town.http.post("/billing/stripe", content=body)
    binary = await town.http.post("/billing/stripe", content=b"\xff\xfe", headers={"Stripe-Signature": "t=1,v1=0"})
    huge = await town.http.post("/billing/stripe", content=b" " * 1_000_001, headers={"Stripe-Signature": "t=1,v1=0"})
    for refused in (forged, stale, unsigned, binary, huge):
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "invalid_input")
    assert await tier(town) == "free"
