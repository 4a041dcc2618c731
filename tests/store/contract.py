"""What every store promises (`backend.store`), as tests. A store's own test subclasses `StoreContract` and opens itself.

`World` lets time pass, so that leases run out without anybody waiting.
"""

from collections.abc import AsyncIterator

import pytest

from tests.store.contract_ends import EndPromises
from tests.store.contract_journal import JournalPromises
from tests.store.contract_users import UserPromises
from tests.store.world import World


class StoreContract(UserPromises, JournalPromises, EndPromises):
    """Subclass it with a fixture `world` that opens the store."""

    @pytest.fixture
    async def world(self) -> AsyncIterator[World]:
        raise NotImplementedError("A store's test provides its world.")
        yield  # noqa: PT022
