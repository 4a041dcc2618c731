"""OpenAI, through its Responses API: models keep their reasoning between tool calls there."""

from pydantic_ai.models import Model

from backend.agent.providers import MAX_ANSWER_TOKENS

URL = "https://api.openai.com/v1"


def build(model: str, key: str, base_url: str = URL) -> Model:
    from pydantic_ai.models.openai import OpenAIResponsesModel, OpenAIResponsesModelSettings
    from pydantic_ai.providers.openai import OpenAIProvider

    settings = OpenAIResponsesModelSettings(
        max_tokens=MAX_ANSWER_TOKENS,
        max_retries=0,
        parallel_tool_calls=True,
        cache=True,
        openai_store=False,
    )
    return OpenAIResponsesModel(model, provider=OpenAIProvider(base_url=base_url, api_key=key), settings=settings)
