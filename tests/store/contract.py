"""What every store promises (`backend.store`), as tests. A store's own test subclasses `StoreContract` and opens itself.

`World` is what such a test provides: time that passes without anybody waiting, people, and their tiers.
"""

from collections.abc import AsyncIterator

import pytest

from tests.store.contract_accounts import AccountPromises
from tests.store.contract_billing import BillingPromises, Provider
from tests.store.contract_ends import EndPromises
from tests.store.contract_isolation import IsolationPromises
from tests.store.contract_journal import JournalPromises
from tests.store.contract_leases import LeasePromises
from tests.store.contract_queue import QueuePromises
from tests.store.contract_settings import SettingsPromises
from tests.store.contract_shares import SharePromises
from tests.store.contract_travel import TravelPromises
from tests.store.contract_usage import UsagePromises
from tests.store.contract_users import UserPromises
from tests.store.world import World


class StoreContract(
    UserPromises,
    IsolationPromises,
    JournalPromises,
    LeasePromises,
    EndPromises,
    QueuePromises,
    TravelPromises,
    UsagePromises,
    SettingsPromises,
    SharePromises,
    AccountPromises,
    BillingPromises,
):
    """Subclass it with a fixture `world` that opens the store."""

    @pytest.fixture
    async def world(self) -> AsyncIterator[World]:
        raise NotImplementedError("A store's test provides its world.")

    @pytest.fixture
    async def provider(self, world: World) -> Provider:
        return await Provider.paying(world)
