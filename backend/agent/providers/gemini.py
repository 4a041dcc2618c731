"""Google's Gemini API."""

from pydantic_ai.models import Model

from backend.agent.providers import MAX_ANSWER_TOKENS

URL = "https://generativelanguage.googleapis.com"


def build(model: str, key: str, base_url: str = URL) -> Model:
    from pydantic_ai.models.google import GoogleModel, GoogleModelSettings
    from pydantic_ai.providers.google import GoogleProvider

    settings = GoogleModelSettings(max_tokens=MAX_ANSWER_TOKENS, google_thinking_config={"include_thoughts": True})
    return GoogleModel(model, provider=GoogleProvider(api_key=key, base_url=base_url), settings=settings)
