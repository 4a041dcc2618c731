import pytest

# The contract is no test module by name, but its assertions should explain themselves like one's.
pytest.register_assert_rewrite(
    "tests.store.contract_users", "tests.store.contract_journal", "tests.store.contract_ends"
)
