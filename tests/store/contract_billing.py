"""What every store promises of payments: only what the provider signed is applied, once, and the newest wins.

Events have the shape of Stripe's: https://docs.stripe.com/api/events/object.
"""

import asyncio
import hashlib
import hmac
import json
from typing import Any

import pytest

from backend.domain import InvalidInput, NotFound, User
from tests.store.world import World

SECRET = "whsec_of_the_test"
CUSTOMER = "cus_1"


class Provider:
    """Makes and signs events; each has the next id, and is a second younger than the last."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._made = 0

    @classmethod
    async def paying(cls, world: World) -> "Provider":
        """Set up in the store, whose users are on the free tier."""
        await world.store.set_app_secret("billing_webhook", SECRET)
        for user in (world.ada, world.eve):
            await world.store.set_tier(user.id, "free")
        return cls(world)

    def event(self, kind: str, about: dict[str, Any], age_s: float = 0) -> str:
        self._made += 1
        created = int(self._world.now_s()) + self._made - int(age_s)
        return json.dumps({"id": f"evt_{self._made}", "type": kind, "created": created, "data": {"object": about}})

    def checkout(self, user: User, age_s: float = 0, **more: Any) -> str:
        about = {"customer": CUSTOMER, "client_reference_id": user.id, "payment_status": "paid", **more}
        return self.event("checkout.session.completed", about, age_s)

    def subscription(self, status: str, age_s: float = 0, verb: str = "updated") -> str:
        return self.event(f"customer.subscription.{verb}", {"customer": CUSTOMER, "status": status}, age_s)

    def signature(self, body: str, secret: str = SECRET, age_s: float = 0) -> str:
        made = int(self._world.now_s() - age_s)
        mac = hmac.new(secret.encode(), f"{made}.{body}".encode(), hashlib.sha256).hexdigest()
        return f"t={made},v1={mac},v0=of-an-older-scheme"

    async def send(self, body: str) -> bool:
        return await self._world.store.billing_event(body, self.signature(body))


async def tier_of(world: World, user: User | None = None) -> str:
    return (await world.store.usage(user or world.ada)).tier.id


class BillingPromises:
    async def test_a_checkout_gives_its_user_the_paid_tier(self, world: World, provider: Provider) -> None:
        assert await provider.send(provider.checkout(world.ada))
        assert (await tier_of(world), await tier_of(world, world.eve)) == ("pro", "free")

    async def test_a_checkout_finds_its_user_by_address_too(self, world: World, provider: Provider) -> None:
        body = provider.checkout(world.ada, client_reference_id=None, customer_details={"email": world.ada.email})
        assert await provider.send(body)
        assert await tier_of(world) == "pro"

    async def test_a_checkout_that_is_not_paid_yet_gives_nothing(self, world: World, provider: Provider) -> None:
        assert await provider.send(provider.checkout(world.ada, payment_status="unpaid"))
        assert await tier_of(world) == "free"
        assert await provider.send(provider.subscription("active"))
        assert await tier_of(world) == "pro"

    async def test_a_checkout_names_the_tier_in_its_metadata(self, world: World, provider: Provider) -> None:
        await world.store.set_tier(world.ada.id, "pro")
        await provider.send(provider.checkout(world.ada, metadata={"tier": "free"}))
        assert await tier_of(world) == "free"

    @pytest.mark.parametrize(
        ("status", "tier"), [("active", "pro"), ("trialing", "pro"), ("past_due", "free"), ("unpaid", "free")]
    )
    async def test_a_subscription_gives_its_customer_what_it_is_worth(
        self, world: World, provider: Provider, status: str, tier: str
    ) -> None:
        await provider.send(provider.checkout(world.ada))
        await provider.send(provider.subscription(status))
        assert await tier_of(world) == tier

    async def test_the_end_of_a_subscription_is_the_end_of_its_tier(self, world: World, provider: Provider) -> None:
        await provider.send(provider.checkout(world.ada))
        await provider.send(provider.subscription("active", verb="deleted"))
        assert await tier_of(world) == "free"

    async def test_an_event_is_applied_once_however_often_it_comes(self, world: World, provider: Provider) -> None:
        paid = provider.checkout(world.ada)
        answers = await asyncio.gather(*(provider.send(paid) for _ in range(10)))
        assert sorted(answers) == [False] * 9 + [True]
        await world.store.set_tier(world.ada.id, "free")
        assert not await provider.send(paid)
        assert await tier_of(world) == "free"

    async def test_an_older_event_that_comes_later_changes_nothing(self, world: World, provider: Provider) -> None:
        await provider.send(provider.checkout(world.ada, age_s=60))
        await provider.send(provider.subscription("active", verb="deleted"))
        assert await provider.send(provider.subscription("active", age_s=30))
        assert await tier_of(world) == "free"

    async def test_of_two_events_of_one_second_the_end_has_the_last_word(
        self, world: World, provider: Provider
    ) -> None:
        await provider.send(provider.checkout(world.ada))
        await provider.send(provider.subscription("active", verb="deleted"))
        assert await provider.send(provider.subscription("active", age_s=1))
        assert await tier_of(world) == "free"

    async def test_what_came_before_the_checkout_that_names_the_customer_counts(
        self, world: World, provider: Provider
    ) -> None:
        await provider.send(provider.subscription("active"))
        await provider.send(provider.subscription("canceled"))
        await provider.send(provider.checkout(world.ada, age_s=30))
        assert await tier_of(world) == "free"
        await provider.send(provider.subscription("active"))
        assert await tier_of(world) == "pro"

    async def test_a_customer_is_one_user_the_last_who_checked_out(self, world: World, provider: Provider) -> None:
        await provider.send(provider.checkout(world.ada))
        await provider.send(provider.checkout(world.eve))
        assert (await tier_of(world), await tier_of(world, world.eve)) == ("free", "pro")
        await provider.send(provider.subscription("canceled"))
        assert (await tier_of(world), await tier_of(world, world.eve)) == ("free", "free")

    async def test_events_about_other_things_are_taken_and_change_nothing(
        self, world: World, provider: Provider
    ) -> None:
        assert await provider.send(provider.event("invoice.paid", {"customer": CUSTOMER}))
        assert await provider.send(provider.subscription("active"))
        assert await tier_of(world) == "free"

    async def test_a_checkout_of_nobody_here_is_refused_and_can_come_again(
        self, world: World, provider: Provider
    ) -> None:
        body = provider.checkout(User(id="2f1a0000-0000-4000-8000-000000000000"))
        for _ in range(2):
            with pytest.raises(NotFound):
                await provider.send(body)

    @pytest.mark.parametrize("how", ["another's", "of another body", "stale", "of the future", "without time", "empty"])
    async def test_what_the_provider_did_not_sign_just_now_is_refused(
        self, world: World, provider: Provider, how: str
    ) -> None:
        body = provider.checkout(world.ada)
        signature = {
            "another's": provider.signature(body, secret="whsec_of_eve"),
            "of another body": provider.signature(provider.checkout(world.eve)),
            "stale": provider.signature(body, age_s=400),
            "of the future": provider.signature(body, age_s=-400),
            "without time": provider.signature(body).partition(",")[2],
            "empty": "",
        }[how]
        with pytest.raises(InvalidInput):
            await world.store.billing_event(body, signature)
        assert await tier_of(world) == "free"
        assert await provider.send(body), "what was refused is not known"

    async def test_one_good_signature_of_several_is_enough(self, world: World, provider: Provider) -> None:
        body = provider.checkout(world.ada)
        assert await world.store.billing_event(body, f"v1={'0' * 64},{provider.signature(body)}")

    @pytest.mark.parametrize("body", ["", "no json", "[]", "{}", '{"id": "evt", "type": "x", "created": "soon"}'])
    async def test_a_signed_body_that_is_no_event_is_refused(self, world: World, provider: Provider, body: str) -> None:
        with pytest.raises(InvalidInput):
            await provider.send(body)

    async def test_without_the_providers_secret_nothing_is_taken(self, world: World, provider: Provider) -> None:
        await world.store.set_app_secret("billing_webhook", None)
        with pytest.raises(InvalidInput):
            await provider.send(provider.checkout(world.ada))
        await world.store.set_app_secret("billing_webhook", "whsec_new")
        with pytest.raises(InvalidInput):
            await provider.send(provider.checkout(world.ada))
