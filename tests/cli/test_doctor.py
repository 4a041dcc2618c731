"""What `codeflow doctor` says of the models."""

from pathlib import Path

import pytest

from backend.cli.doctor import diagnose
from backend.config import Settings


@pytest.mark.parametrize(
    ("fallback", "in_force", "action"),
    [
        ("gemini,openai:gpt-6-luna", "openai · gpt-6.1-sol → gemini-4-argon → gpt-6-luna", ""),
        ("claude", "none", "AI_FALLBACK names `claude`, and there is no provider `claude`."),
    ],
)
async def test_chain_is_shown_or_what_is_wrong_with_it(
    fallback: str, in_force: str, action: str, tmp_path: Path
) -> None:
    variables = {"AI_PROVIDER": "openai", "OPENAI_API_KEY": "k", "GEMINI_API_KEY": "g", "AI_FALLBACK": fallback}
    settings = Settings.model_validate(
        {**variables, "AI_MODEL": None, "E2B_API_KEY": "e", "CODEFLOW_DATA_DIR": tmp_path}
    )
    (finding,) = [found for found in await diagnose(settings) if found.part == "provider"]
    assert (finding.ok, finding.in_force) == (not action, in_force)
    assert finding.action.startswith(action)
