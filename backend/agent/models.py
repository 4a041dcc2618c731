"""The models that work for runs: chosen once from the settings, with others to fall back on and to choose from."""

from dataclasses import dataclass, field, replace
from functools import partial

from backend.agent.candidate import TITLES, Candidate
from backend.agent.choosing import DEFAULTS, Incomplete, fallbacks, listed, named, pair_in_force, provider_in_force
from backend.config import ProviderName, Settings


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
class Choice:
    """A model a person may choose for a project."""

    id: str
    """`provider:model`; what `Models.chosen` takes."""
    model: str
    provider: str
    """The provider's name for people."""


@dataclass(frozen=True)
class Patience:
    """How long models that do not answer are asked again."""

    rounds: int = 6
    """How often each is asked."""
    first_s: float = 1.0
    most_s: float = 30.0
    told_s: float = 90.0
    """A provider that says when to come back is waited for so long; one that says later is not asked again."""
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
    listed: list[Candidate] = field(default_factory=list)
    """Others a project may choose."""
    critic: bool = True
    """Whether a model that sees is asked about the looks of what was built."""

    @classmethod
    def for_settings(cls, settings: Settings) -> "Models":
        """Choose by AI_PROVIDER, else by what is configured, else what runs on this machine, else the demo model.
        Never raises.
        """
        name, reason = provider_in_force(settings)
        if name == "demo":
            demo = _demo(settings)
            return cls(ProviderInfo("demo", demo.name, demo=True, reason=reason, fallbacks=[]), [demo], [])
        try:
            coder, namer = pair_in_force(name, settings)
            others = fallbacks(settings, coder)
            choices = listed(settings)
        except Incomplete as incomplete:
            model = settings.ai_model or DEFAULTS.get(name, ("",))[0]
            info = ProviderInfo(name, model, demo=False, reason=reason, fallbacks=[], problem=str(incomplete))
            return cls(info, [], [])
        info = ProviderInfo(name, coder.name, demo=False, reason=reason, fallbacks=[other.name for other, _ in others])
        return cls(
            info,
            [coder, *(c for c, _ in others)],
            [namer, *(n for _, n in others)],
            listed=choices,
            critic=settings.ai_critic,
        )

    def choices(self) -> list[Choice]:
        """What a project may choose from; the first is what it has when it chooses nothing. One or none: no choice."""
        return [Choice(candidate.id, candidate.name, candidate.title) for candidate in self._by_id().values()]

    def chosen(self, id: str | None) -> "Models":
        """The same, with the choice asked before all others. One that the settings no longer name changes nothing."""
        first = self._by_id().get(id or "")
        if first is None:
            return self
        return replace(self, coder=[first, *(other for other in self.coder if other.id != first.id)])

    def _by_id(self) -> dict[str, Candidate]:
        by_id: dict[str, Candidate] = {}
        for candidate in [*self.coder, *self.listed]:
            by_id.setdefault(candidate.id, candidate)
        return by_id


def named_choices(settings: Settings) -> list[Choice]:
    """`Models.choices` of a process that has no keys: as far as the settings name models."""
    return [Choice(f"{name}:{model}", model, TITLES[name]) for name, model in named(settings)]


def describe(settings: Settings) -> ProviderInfo:
    """What is in force with these settings. May ask a local server what it has, for at most two seconds."""
    return Models.for_settings(settings).info


def _demo(settings: Settings) -> Candidate:
    from backend.agent.demo import demo_model

    return Candidate("demo", "demo", partial(demo_model, settings.demo_pace))
