"""A payment provider's events, on SQLite: signed as Stripe signs, applied once, in the order they were made."""

import hashlib
import hmac
import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from backend.domain import InvalidInput
from backend.store.sqlite_accounts import find_account, require_tier
from backend.store.sqlite_part import Part
from backend.store.sqlite_scope import STORE
from backend.store.text import require_text

SECRET = "billing_webhook"
TOLERANCE_S = 300
PAYING = ("active", "trialing")
PAID_TIER = "pro"
"""Unless the payment's `metadata.tier` names another."""
UNPAID_TIER = "free"


@dataclass(frozen=True)
class Payment:
    """What an event says of a customer."""

    id: str
    made_at: float
    customer_id: str | None
    tier: str | None
    """None: the event changes no tier."""
    account: str | None = None
    """Who the customer is, by id or e-mail address; None where only earlier events know."""


class BillingPart(Part):
    async def billing_event(self, body: str, signature: str) -> bool:
        require_text(body, "event")

        def apply(db: sqlite3.Connection) -> bool:
            now = self._clock()
            secret = db.execute("select value from app_secrets where name = ?", (SECRET,)).fetchone()
            if secret is None:
                raise InvalidInput("No payment provider is set up here. Set the webhook's secret first.")
            _require_signature(body, signature, secret["value"], now)
            payment = _payment(body)
            if payment.tier:
                require_tier(db, payment.tier)
            noted = db.execute(
                "insert into billing_events (id, customer_id, tier, made_at, at) values (?, ?, ?, ?, ?)"
                " on conflict do nothing",
                (payment.id, payment.customer_id, payment.tier, payment.made_at, now),
            )
            if not noted.rowcount:
                return False
            _apply(db, payment)
            return True

        return await self.database.write(STORE, apply)


def _require_signature(body: str, signature: str, secret: str, now: float) -> None:
    parts = [part.strip().partition("=") for part in signature.split(",")]
    made = next((value for name, _, value in parts if name == "t"), "")
    if not made.isdecimal() or abs(now - int(made)) > TOLERANCE_S:
        raise InvalidInput("The event's signature is too old or has no time. Check this machine's clock.")
    expected = hmac.new(secret.encode(), f"{made}.{body}".encode(), hashlib.sha256).hexdigest()
    given = [value for name, _, value in parts if name == "v1"]
    if not any(hmac.compare_digest(value.encode(errors="replace"), expected.encode()) for value in given):
        raise InvalidInput("The event's signature is wrong. Check that the webhook's secret is the provider's.")


def _payment(body: str) -> Payment:
    try:
        event = json.loads(body)
        kind, about = event["type"], event["data"]["object"]
        return _read(str(event["id"]), float(event["created"]), kind, about)
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise InvalidInput("The event is not one of the payment provider's.") from e


def _read(event_id: str, made_at: float, kind: str, about: dict[str, Any]) -> Payment:
    customer_id, tier = about.get("customer"), (about.get("metadata") or {}).get("tier") or PAID_TIER
    match kind:
        case "checkout.session.completed":
            account = about.get("client_reference_id") or (about.get("customer_details") or {}).get("email") or ""
            paid = about.get("payment_status") != "unpaid"
            return Payment(event_id, made_at, customer_id, tier if paid else None, account)
        case "customer.subscription.created" | "customer.subscription.updated":
            return Payment(event_id, made_at, customer_id, tier if about.get("status") in PAYING else UNPAID_TIER)
        case "customer.subscription.deleted":
            # Times are whole seconds: within one, the end has the last word.
            return Payment(event_id, made_at + 0.5, customer_id, UNPAID_TIER)
        case _:
            return Payment(event_id, made_at, customer_id, None)


def _apply(db: sqlite3.Connection, payment: Payment) -> None:
    if payment.account is None:
        row = db.execute("select id from profiles where customer_id = ?", (payment.customer_id,)).fetchone()
        owner = row["id"] if row else None
    else:
        owner = find_account(db, payment.account)
    if payment.tier:
        _give(db, owner, payment.tier, payment.made_at)
    if payment.account is not None and payment.customer_id:
        _link(db, owner, payment.customer_id, payment.made_at)


def _give(db: sqlite3.Connection, owner: str | None, tier: str, made_at: float) -> None:
    """An event older than the newest one applied changes nothing."""
    db.execute(
        """update profiles set tier = :tier, billing_at = :made_at
        where id = :owner and (billing_at is null or billing_at <= :made_at)""",
        {"owner": owner, "tier": tier, "made_at": made_at},
    )


def _link(db: sqlite3.Connection, owner: str | None, customer_id: str, made_at: float) -> None:
    """The checkout says which user a customer is. Its subscription's events may have come before."""
    db.execute(
        "update profiles set customer_id = null, tier = ? where customer_id = ? and id <> ?",
        (UNPAID_TIER, customer_id, owner),
    )
    db.execute("update profiles set customer_id = ? where id = ?", (customer_id, owner))
    later = db.execute(
        """select tier, made_at from billing_events where customer_id = ? and tier is not null and made_at > ?
        order by made_at desc limit 1""",
        (customer_id, made_at),
    ).fetchone()
    if later:
        _give(db, owner, later["tier"], later["made_at"])
