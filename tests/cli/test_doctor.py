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


@pytest.mark.parametrize(
    ("key", "ok", "said"),
    [
        ("", True, "a key of this machine"),
        ("k" * 40, True, "that key"),
        ("too short", False, "CODEFLOW_SECRETS_KEY is too short"),
    ],
)
async def test_key_of_the_apps_variables_is_told(key: str, ok: bool, said: str, tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {"E2B_API_KEY": "e", "CODEFLOW_DATA_DIR": tmp_path, "CODEFLOW_SECRETS_KEY": key or None}
    )
    (finding,) = [found for found in await diagnose(settings) if found.part == "variables"]
    assert finding.ok == ok
    assert said in finding.in_force + finding.action
    assert "kkk" not in str(finding)
