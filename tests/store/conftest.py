from pathlib import Path

import pytest

# The contract is no test module by name, but its assertions should explain themselves like one's.
pytest.register_assert_rewrite(*(f"tests.store.{file.stem}" for file in Path(__file__).parent.glob("contract_*.py")))
