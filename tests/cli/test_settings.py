"""Every variable is documented where people look for it."""

import re

from backend.config import ROOT, Settings


def test_the_example_of_an_env_file_names_every_variable_and_no_other() -> None:
    named = re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert sorted(named) == sorted(field.alias for field in Settings.model_fields.values() if field.alias)
