"""Any server that speaks OpenAI's chat API: gateways, vLLM, LM Studio, llama.cpp, Ollama."""

import httpx
from pydantic_ai.models import Model

_PROBE = httpx.Timeout(2.0, connect=0.5)


def build(model: str, key: str | None, base_url: str, name: str = "compatible") -> Model:
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    from backend.agent.providers.chat import TolerantChatModel, TolerantClient

    # The SDK insists on a key; a server without one ignores it.
    client = TolerantClient(base_url=base_url, api_key=key or "none", max_retries=0)
    return TolerantChatModel(model, provider=OpenAICompatibleProvider(name, openai_client=client))


def served_models(base_url: str, key: str | None) -> list[str]:
    """The models the server lists; empty when it does not answer or has no list."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    try:
        answer = httpx.get(f"{base_url.rstrip('/')}/models", headers=headers, timeout=_PROBE)
        answer.raise_for_status()
        return [entry["id"] for entry in answer.json()["data"]]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
        return []
