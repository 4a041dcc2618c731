"""Which models work for a run: chosen once from the settings, with others to fall back on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial

from pydantic_ai.models import Model

from backend.agent.cost import CEILING, Price
from backend.agent.providers import compatible, gemini, ollama, openai
from backend.config import ProviderName, Settings

DEFAULTS: dict[ProviderName, tuple[str, str]] = {
    "openai": ("gpt-6.1-sol", "gpt-6-luna"),
    "gemini": ("gemini-4-argon", "gemini-3.5-flash-lite"),
}
"""Coder and namer where AI_MODEL and AI_MODEL_SMALL are missing. The other providers say themselves what they have."""

TITLES: dict[ProviderName, str] = {
    "openai": "OpenAI",
    "gemini": "Gemini",
    "compatible": "The model server",
    "ollama": "Ollama",
    "demo": "The demo model",
}


@dataclass
class Candidate:
    """One model that may be asked. Its SDK is imported when `model` is first wanted."""

    provider: ProviderName
    name: str
    build: Callable[[], Model] = field(repr=False)
    key_variable: str = ""
    secret: str = field(default="", repr=False)
    unlisted: Price = CEILING
    """What its tokens cost when no price list names it."""

    @cached_property
    def model(self) -> Model:
        return self.build()

    @property
    def title(self) -> str:
        return TITLES[self.provider]


@dataclass(frozen=True)
class ProviderInfo:
    """What is in force, for `doctor` and the page's badge."""

    name: ProviderName
    model: str
    demo: bool
    reason: str
    """Why this one, in a sentence."""
    fallbacks: list[str]
    problem: str = ""
    """Why it cannot answer as it is set up, and what to do; empty when it can."""


@dataclass(frozen=True)
class Patience:
    """How long a model that does not answer is asked again."""

    rounds: int = 6
    first_s: float = 1.0
    most_s: float = 30.0
    told_s: float = 90.0
    """A provider that says when to come back is believed up to so long."""
    silence_s: float = 240.0
    """A stream that sends nothing for so long has broken off. Models that think before they speak need minutes."""


@dataclass(frozen=True)
class Models:
    """The models of one process. Their connections belong to the event loop that first asks them."""

    info: ProviderInfo
    coder: list[Candidate]
    """In the order they are asked; empty when `info.problem` says why."""
    namer: list[Candidate]
    patience: Patience = Patience()

    @classmethod
    def for_settings(cls, settings: Settings) -> "Models":
        """Choose by AI_PROVIDER, else by what is configured, else what runs on this machine, else the demo model.
        Never raises.
        """
        name, reason = _choice(settings)
        if name == "demo":
            demo = _demo(settings)
            return cls(ProviderInfo("demo", demo.name, demo=True, reason=reason, fallbacks=[]), [demo], [])
        try:
            coder, namer = _pair(name, settings, chosen=True)
        except _Incomplete as incomplete:
            info = ProviderInfo(
                name,
                settings.ai_model or DEFAULTS.get(name, ("",))[0],
                demo=False,
                reason=reason,
                fallbacks=[],
                problem=str(incomplete),
            )
            return cls(info, [], [])
        others = [_pair(other, settings, chosen=False) for other in _configured(settings) if other != name]
        info = ProviderInfo(name, coder.name, demo=False, reason=reason, fallbacks=[pair[0].name for pair in others])
        return cls(info, [coder, *(pair[0] for pair in others)], [namer, *(pair[1] for pair in others)])


def describe(settings: Settings) -> ProviderInfo:
    """What is in force with these settings. May ask a local server what it has, for at most two seconds."""
    return Models.for_settings(settings).info


class _Incomplete(Exception):
    """The chosen provider lacks a setting; the message says which."""


def _configured(settings: Settings) -> list[ProviderName]:
    """Providers that can step in with a model of their own choice, in the order they are preferred."""
    names: list[ProviderName] = []
    # With a base URL, the key is that server's: OpenAI must not see it, unless it was asked for by name.
    if settings.openai_api_key and (not settings.openai_base_url or settings.ai_provider == "openai"):
        names.append("openai")
    if settings.gemini_api_key:
        names.append("gemini")
    return names


def _choice(settings: Settings) -> tuple[ProviderName, str]:
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


def _pair(name: ProviderName, settings: Settings, *, chosen: bool) -> tuple[Candidate, Candidate]:
    """Coder and namer of a provider. AI_MODEL and AI_MODEL_SMALL speak of the chosen provider only."""
    big = settings.ai_model if chosen else None
    small = settings.ai_model_small if chosen else None
    match name:
        case "openai" | "gemini":
            variable = "OPENAI_API_KEY" if name == "openai" else "GEMINI_API_KEY"
            secret = settings.openai_api_key if name == "openai" else settings.gemini_api_key
            if not secret:
                raise _Incomplete(
                    f"AI_PROVIDER is {name}, but {variable} is missing. Set it, or choose another AI_PROVIDER."
                )
            key, build = secret.get_secret_value(), openai.build if name == "openai" else gemini.build
            names = (big or DEFAULTS[name][0], small or DEFAULTS[name][1])
            coder, namer = (
                Candidate(name, n, partial(build, n, key), variable, key, _unlisted(settings)) for n in names
            )
            return coder, namer
        case "compatible":
            return _compatible(settings, big, small)
        case "ollama":
            return _ollama(settings, big, small)
        case _:
            raise ValueError(name)


def _compatible(settings: Settings, big: str | None, small: str | None) -> tuple[Candidate, Candidate]:
    url, key = settings.openai_base_url, settings.openai_api_key.get_secret_value() if settings.openai_api_key else None
    if not url:
        raise _Incomplete(
            "AI_PROVIDER is compatible, but OPENAI_BASE_URL is missing. Set it to the server's address, such as http://127.0.0.1:8000/v1."
        )
    if not big:
        served = compatible.served_models(url, key)
        if len(served) != 1:
            listed = f" It has: {', '.join(served[:12])}." if served else ""
            raise _Incomplete(f"The server at OPENAI_BASE_URL needs AI_MODEL, the name of the model to use.{listed}")
        big = served[0]
    names = (big, small or big)
    coder, namer = (
        Candidate(
            "compatible", n, partial(compatible.build, n, key, url), "OPENAI_API_KEY", key or "", _unlisted(settings)
        )
        for n in names
    )
    return coder, namer


def _ollama(settings: Settings, big: str | None, small: str | None) -> tuple[Candidate, Candidate]:
    host = settings.ollama_host
    if not big:
        installed = ollama.installed_models(host)
        if not installed:
            raise _Incomplete(
                f"AI_PROVIDER is ollama, but none with a model answers at {host}. Start it and run `ollama pull qwen3-coder`, or set OLLAMA_HOST."
            )
        big = ollama.best_coder(installed)
    coder, namer = (Candidate("ollama", n, partial(ollama.build, n, host)) for n in (big, small or big))
    return coder, namer


def _unlisted(settings: Settings) -> Price:
    return Price(settings.ai_price_input, settings.ai_price_output)


def _demo(settings: Settings) -> Candidate:
    from backend.agent.demo import demo_model

    return Candidate("demo", "demo", partial(demo_model, settings.demo_pace))
