"""Models on this machine, through Ollama's OpenAI-compatible API."""

import httpx
from pydantic_ai.models import Model

from backend.agent.providers import compatible

_PROBE = httpx.Timeout(1.0, connect=0.3)
_GOOD_CODERS = ("qwen3-coder", "devstral", "gpt-oss", "qwen2.5-coder", "coder", "qwen3", "llama")


def build(model: str, host: str) -> Model:
    return compatible.build(model, None, f"{host.rstrip('/')}/v1", name="ollama")


def installed_models(host: str) -> list[str]:
    """What `ollama list` shows; empty when no Ollama answers within a second."""
    try:
        answer = httpx.get(f"{host.rstrip('/')}/api/tags", timeout=_PROBE)
        answer.raise_for_status()
        return [entry["name"] for entry in answer.json()["models"]]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
        return []


def best_coder(models: list[str]) -> str:
    """The installed model most likely to call tools and write code well."""
    return next((model for wanted in _GOOD_CODERS for model in models if wanted in model), models[0])
