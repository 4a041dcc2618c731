"""Which models the settings speak of: the one in force, those to fall back on, those a person may choose from."""

from functools import partial
from typing import get_args

from backend.agent.candidate import Candidate
from backend.agent.cost import Price
from backend.agent.providers import compatible, gemini, ollama, openai
from backend.config import ProviderName, Settings

DEFAULTS: dict[ProviderName, tuple[str, str]] = {
    "openai": ("gpt-6.1-sol", "gpt-6-luna"),
    "gemini": ("gemini-4-argon", "gemini-3.5-flash-lite"),
}
"""Coder and namer where AI_MODEL and AI_MODEL_SMALL are missing. The other providers say themselves what they have."""

NO_FALLBACK = "none"

_NAMED: dict[str, ProviderName] = {name: name for name in get_args(ProviderName) if name != "demo"}

Pair = tuple[Candidate, Candidate]
"""Coder and namer of a provider."""


class Incomplete(Exception):
    """A provider lacks a setting, or a setting names what there is not; the message says which, and what to do."""


def provider_in_force(settings: Settings) -> tuple[ProviderName, str]:
    """And why that one, in a sentence. May ask a local server what it has."""
    if settings.ai_provider:
        return settings.ai_provider, f"AI_PROVIDER is {settings.ai_provider}."
    if settings.openai_base_url:
        return "compatible", "OPENAI_BASE_URL is set."
    if settings.openai_api_key:
        return "openai", "OPENAI_API_KEY is set."
    if settings.gemini_api_key:
        return "gemini", "GEMINI_API_KEY is set."
    if ollama.installed_models(settings.ollama_host):
        return "ollama", f"No key is set, and Ollama answers at {settings.ollama_host}."
    return "demo", "No key is set and no Ollama answers. Set OPENAI_API_KEY or GEMINI_API_KEY for a real model."


def pair_in_force(name: ProviderName, settings: Settings) -> Pair:
    """Raises `Incomplete`."""
    return _pair("AI_PROVIDER", name, settings.ai_model, settings, settings.ai_model_small)


def fallbacks(settings: Settings, first: Candidate) -> list[Pair]:
    """Who is asked when the first does not answer, in this order: AI_FALLBACK's, else every provider with a key of its
    own. Raises `Incomplete`.
    """
    if settings.ai_fallback.strip().lower() == NO_FALLBACK:
        return []
    if settings.ai_fallback.strip():
        pairs = [_pair("AI_FALLBACK", *entry, settings) for entry in _entries("AI_FALLBACK", settings.ai_fallback)]
    else:
        pairs = [_pair("AI_FALLBACK", name, None, settings) for name in _with_a_key(settings) if name != first.provider]
    return list({pair[0].id: pair for pair in pairs if pair[0].id != first.id}.values())


def listed(settings: Settings) -> list[Candidate]:
    """Models of AI_MODELS, in its order. Raises `Incomplete`."""
    return [_pair("AI_MODELS", *entry, settings)[0] for entry in _entries("AI_MODELS", settings.ai_models)]


def named(settings: Settings) -> list[tuple[ProviderName, str]]:
    """The model in force, if it is set, and those of AI_MODELS by their names alone: for a process without their keys."""
    in_force: list[tuple[ProviderName, str | None]] = []
    if settings.ai_provider and settings.ai_provider != "demo":
        in_force.append((settings.ai_provider, settings.ai_model))
    try:
        entries = [*in_force, *_entries("AI_MODELS", settings.ai_models)]
    except Incomplete:
        entries = in_force
    found: dict[tuple[ProviderName, str], None] = {}
    for name, model in entries:
        if known := model or DEFAULTS.get(name, ("",))[0]:
            found[name, known] = None
    return list(found)


def _entries(variable: str, text: str) -> list[tuple[ProviderName, str | None]]:
    """`provider[:model]`, with commas between. A model's name may hold colons."""
    entries: list[tuple[ProviderName, str | None]] = []
    for entry in filter(None, map(str.strip, text.split(","))):
        name, _, model = entry.partition(":")
        if name not in _NAMED:
            raise Incomplete(
                f"{variable} names `{entry}`, and there is no provider `{name}`. Write provider or provider:model, with commas "
                f"between; the providers are {', '.join(_NAMED)}."
            )
        entries.append((_NAMED[name], model or None))
    return entries


def _with_a_key(settings: Settings) -> list[ProviderName]:
    """Providers that can step in with a model of their own choice, in the order they are preferred."""
    return [name for name in DEFAULTS if _secret(name, settings)]


def _secret(name: ProviderName, settings: Settings) -> str:
    """With a base URL, OPENAI_API_KEY is that server's: OpenAI must not see it, unless it was asked for by name or the
    server has a key of its own.
    """
    openais = not settings.openai_base_url or settings.ai_provider == "openai" or bool(settings.compatible_api_key)
    match name:
        case "openai":
            secret = settings.openai_api_key if openais else None
        case "compatible":
            secret = settings.compatible_api_key or (None if openais else settings.openai_api_key)
        case "gemini":
            secret = settings.gemini_api_key
        case _:
            secret = None
    return secret.get_secret_value() if secret else ""


def _pair(variable: str, name: ProviderName, big: str | None, settings: Settings, small: str | None = None) -> Pair:
    """Of the provider that `variable` asks for. Raises `Incomplete`."""
    match name:
        case "openai" | "gemini":
            return _with_key(variable, name, big, settings, small)
        case "compatible":
            return _compatible(variable, big, settings, small)
        case "ollama":
            return _ollama(variable, big, settings, small)
        case _:
            raise ValueError(name)


def _with_key(variable: str, name: ProviderName, big: str | None, settings: Settings, small: str | None) -> Pair:
    key_variable = "OPENAI_API_KEY" if name == "openai" else "GEMINI_API_KEY"
    key = _secret(name, settings)
    if not key and name == "openai" and settings.openai_api_key:
        raise Incomplete(
            f"{variable} asks for openai, but OPENAI_API_KEY is taken for the key of the server at OPENAI_BASE_URL. Set "
            "COMPATIBLE_API_KEY to that server's key (any word, if it needs none)."
        )
    if not key:
        instead = "choose another AI_PROVIDER" if variable == "AI_PROVIDER" else f"take {name} out of {variable}"
        raise Incomplete(f"{variable} asks for {name}, but {key_variable} is missing. Set it, or {instead}.")
    build = openai.build if name == "openai" else gemini.build
    names = (big or DEFAULTS[name][0], small or DEFAULTS[name][1])
    coder, namer = (Candidate(name, n, partial(build, n, key), key_variable, key, _unlisted(settings)) for n in names)
    return coder, namer


def _compatible(variable: str, big: str | None, settings: Settings, small: str | None) -> Pair:
    url, key = settings.openai_base_url, _secret("compatible", settings)
    if not url:
        raise Incomplete(
            f"{variable} asks for compatible, but OPENAI_BASE_URL is missing. Set it to the server's address, such as http://127.0.0.1:8000/v1."
        )
    if not big:
        served = compatible.served_models(url, key)
        if len(served) != 1:
            listed = f" It has: {', '.join(served[:12])}." if served else ""
            needed = (
                "AI_MODEL, the name of the model to use"
                if variable == "AI_PROVIDER"
                else "a name of a model, compatible:name"
            )
            raise Incomplete(f"The server at OPENAI_BASE_URL needs {needed}.{listed}")
        big = served[0]
    key_variable = "COMPATIBLE_API_KEY" if settings.compatible_api_key else "OPENAI_API_KEY"
    coder, namer = (
        Candidate("compatible", n, partial(compatible.build, n, key, url), key_variable, key, _unlisted(settings))
        for n in (big, small or big)
    )
    return coder, namer


def _ollama(variable: str, big: str | None, settings: Settings, small: str | None) -> Pair:
    host = settings.ollama_host
    if not big:
        installed = ollama.installed_models(host)
        if not installed:
            raise Incomplete(
                f"{variable} asks for ollama, but none with a model answers at {host}. Start it and run `ollama pull qwen3-coder`, or set OLLAMA_HOST."
            )
        big = ollama.best_coder(installed)
    coder, namer = (Candidate("ollama", n, partial(ollama.build, n, host)) for n in (big, small or big))
    return coder, namer


def _unlisted(settings: Settings) -> Price:
    return Price(settings.ai_price_input, settings.ai_price_output)
