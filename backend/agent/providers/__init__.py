"""Where models come from: one file a provider. Their SDKs are slow to import, so each is imported when its first
model is built.
"""

from typing import cast

from pydantic_ai.settings import ModelSettings

from backend.config import ProviderName

MAX_ANSWER_TOKENS = 48_000
"""Of one answer, thinking included: bounds by how much a single call can overspend the budget."""


def request_settings(provider: ProviderName, project_id: str) -> ModelSettings | None:
    """What a request says beside its messages. OpenAI finds a prompt in its caches by the key that comes with it."""
    return cast(ModelSettings, {"openai_prompt_cache_key": project_id}) if provider == "openai" else None
