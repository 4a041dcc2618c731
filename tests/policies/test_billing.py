"""Only what the payment provider signed just now counts, once, and the newest event has the last word."""

import hashlib
import hmac
import json
import time
import uuid
from typing import Any

import pytest

from tests.policies.scene import WEBHOOK_SECRET, Person, Scene
from tests.policies.session import Session

CUSTOMER = "cus_of_the_newcomer"
CHECKOUT, UPDATED, DELETED = (
    "checkout.session.completed",
    "customer.subscription.updated",
    "customer.subscription.deleted",
)


def event(kind: str, about: dict[str, Any], made: float = 0, name: str | None = None) -> str:
    created = int(time.time() + made)
    return json.dumps({"id": name or uuid.uuid4().hex, "type": kind, "created": created, "data": {"object": about}})


def signed(body: str, age_s: float = 0, secret: str = WEBHOOK_SECRET) -> dict[str, str]:
    at = int(time.time() - age_s)
    mac = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    return {"p_body": body, "p_signature": f"t={at},v1={mac}"}


def send(session: Session, body: str) -> bool:
    session.act("anon")
    return session.call("billing_event", **signed(body))


def checkout(person: Person, **more: Any) -> dict[str, Any]:
    return {"client_reference_id": person.id, "customer": CUSTOMER, **more}


def tier(session: Session, person: Person) -> str:
    session.act("authenticated", person.id)
    return session.call("usage")["tier"]["id"]


@pytest.mark.parametrize("length", [1, 63, 64, 65, 200])
def test_the_mac_is_rfc_2104s(session: Session, length: int) -> None:
    key, message = b"\xf0k" * length, "Grüße\n".encode() * length
    key = key[:length]
    expected = hmac.new(key, message, hashlib.sha256).digest()
    assert session.sql("select internal.hmac_sha256(%s, %s)", key, message) == [(expected,)]


def test_a_signature_may_stand_among_others(session: Session, scene: Scene) -> None:
    body = event(CHECKOUT, checkout(scene.newcomer))
    good = signed(body)["p_signature"]
    at, _, mac = good.partition(",")
    session.act("anon")
    for given in (f"{at},v1={'0' * 64},{mac}", f"{at},v0=abc,{mac},v1={'f' * 64}", f"{mac}, {at}"):
        with session.undone():
            assert session.call("billing_event", p_body=body, p_signature=given) is True


def test_whatever_is_wrong_with_a_signature_it_is_refused(session: Session, scene: Scene) -> None:
    body = event(CHECKOUT, checkout(scene.newcomer))
    good = signed(body)
    at, _, mac = good["p_signature"].partition(",")
    session.act("anon")
    wrong = [
        signed(body, secret="whsec_another"),
        signed(body, secret=""),
        signed(body, age_s=301 + 1),
        signed(body, age_s=-301 - 1),
        {**good, "p_body": body.replace(scene.newcomer.id, scene.stranger.id)},
        {**good, "p_body": body + " "},
        *({"p_body": body, "p_signature": s} for s in ("", at, mac, f"{at},{mac[:-1]}", f"{at},{mac}0", f"t=,{mac}")),
        {"p_body": body, "p_signature": f"{at},v0={mac[3:]}"},
        {"p_body": None, "p_signature": good["p_signature"]},
        {"p_body": body, "p_signature": None},
    ]
    for arguments in wrong:
        assert session.refusal("billing_event", **arguments).hint == "invalid_input", arguments
    assert tier(session, scene.newcomer) == "free"


def test_without_a_secret_not_even_an_empty_one_fits(session: Session, scene: Scene) -> None:
    session.act("service_role")
    session.call("set_app_secret", p_name="billing_webhook", p_value=None)
    session.act("anon")
    body = event(CHECKOUT, checkout(scene.newcomer))
    for secret in ("", WEBHOOK_SECRET):
        assert session.refusal("billing_event", **signed(body, secret=secret)).hint == "invalid_input"


def test_a_replayed_event_is_known_and_changes_nothing(session: Session, scene: Scene) -> None:
    body = event(CHECKOUT, checkout(scene.newcomer))
    assert send(session, body) is True
    session.act("service_role")
    session.call("set_tier", p_account=scene.newcomer.id, p_tier="free")
    assert send(session, body) is False
    assert tier(session, scene.newcomer) == "free"


def test_an_ended_subscription_is_not_revived_by_what_was_sent_before(session: Session, scene: Scene) -> None:
    send(session, event(CHECKOUT, checkout(scene.newcomer), made=-60))
    assert tier(session, scene.newcomer) == "pro"
    send(session, event(DELETED, {"customer": CUSTOMER}, made=-10))
    for late in (-30, -10):
        assert send(session, event(UPDATED, {"customer": CUSTOMER, "status": "active"}, made=late)) is True
        assert tier(session, scene.newcomer) == "free"
    send(session, event(UPDATED, {"customer": CUSTOMER, "status": "active"}, made=-5))
    assert tier(session, scene.newcomer) == "pro"


def test_an_end_that_overtakes_its_checkout_still_counts(session: Session, scene: Scene) -> None:
    send(session, event(DELETED, {"customer": CUSTOMER}, made=-10))
    send(session, event(CHECKOUT, checkout(scene.newcomer), made=-60))
    assert tier(session, scene.newcomer) == "free"


def test_a_customer_belongs_to_one_account_the_newest(session: Session, scene: Scene) -> None:
    send(session, event(CHECKOUT, checkout(scene.newcomer), made=-60))
    send(session, event(CHECKOUT, checkout(scene.stranger), made=-30))
    assert (tier(session, scene.newcomer), tier(session, scene.stranger)) == ("free", "pro")
    send(session, event(DELETED, {"customer": CUSTOMER}))
    assert tier(session, scene.stranger) == "free"


def test_an_address_is_found_however_it_is_written(session: Session, scene: Scene) -> None:
    about = {"customer_details": {"email": scene.newcomer.email.upper()}, "client_reference_id": None}
    assert send(session, event(CHECKOUT, about)) is True
    assert tier(session, scene.newcomer) == "pro"


@pytest.mark.parametrize("about", [{"client_reference_id": str(uuid.uuid4())}, {}, {"customer": CUSTOMER}])
def test_a_payment_of_nobody_here_is_refused_so_that_it_comes_again(session: Session, about: dict[str, str]) -> None:
    body = event(CHECKOUT, about)
    session.act("anon")
    for _ in range(2):
        assert session.refusal("billing_event", **signed(body)).hint == "not_found"


@pytest.mark.parametrize("name", ["anonymous", "platinum", ""])
def test_a_payment_cannot_name_a_tier_that_is_not_sold(session: Session, scene: Scene, name: str) -> None:
    body = event(CHECKOUT, checkout(scene.newcomer, metadata={"tier": name}))
    session.act("anon")
    assert session.refusal("billing_event", **signed(body)).hint == "not_found"


def test_the_operator_sets_a_tier_by_id_or_address(session: Session, scene: Scene) -> None:
    for account, name in ((scene.newcomer.id, "pro"), (scene.newcomer.email.upper(), "free")):
        session.act("service_role")
        session.call("set_tier", p_account=account, p_tier=name)
        assert tier(session, scene.newcomer) == name
    session.act("service_role")
    for account, name in (("nobody@example.com", "pro"), (scene.newcomer.id, "platinum"), ("", "pro")):
        assert session.refusal("set_tier", p_account=account, p_tier=name).hint == "not_found"
